"""Holds the documents that a snapshot rests on against the digests that it recorded of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tidegate.evidence.store import EvidenceStore, NotThere
from tidegate.models.snapshot import InputRecord, Snapshot
from tidegate.verify.documents import Document, Execution, parse_sealed
from tidegate.verify.findings import KEEP, Finding, missing


@dataclass(slots=True)
class Inputs:
    """Checks inputs and counts those that lie elsewhere (plans in the work bucket, evidence outside a mirror)."""

    store: EvidenceStore
    execution: Execution
    checked: int = 0
    elsewhere: int = 0
    _read: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)

    def findings(self, document: Document, snapshot: Snapshot) -> Iterator[Finding]:
        """Of every input of a snapshot that lies in the same store. Raises StoreUnreachable."""
        places = tuple(self.execution.places.values())
        for given in snapshot.inputs:
            key = self.execution.subject.key_of(given.uri, places)
            if key is None or not key.endswith(".json"):
                self.elsewhere += 1
                continue
            self.checked += 1
            yield from self._check(document, given, key)

    def _check(self, document: Document, given: InputRecord, key: str) -> Iterator[Finding]:
        known = next((it for it in self.execution.documents if it.key == key), None)
        if known is not None:
            digest, version = (known.snapshot.digest if known.snapshot else None), known.stored.version_id
        else:
            try:
                digest, version = self._foreign(key)
            except NotThere:
                yield missing(key, "no such file", f"digest {given.sha256}, an input of {document.key}")
                return
            if digest is None:
                yield self._mismatch(document, key, "content without a valid digest", f"digest {given.sha256}")
                return
        if digest is None:
            return  # a finding about the file itself says so already
        if digest != given.sha256:
            yield self._mismatch(document, key, f"digest {digest}", f"digest {given.sha256}")
        elif version is not None and given.version_id is not None and version != given.version_id:
            yield self._mismatch(document, key, f"version {version}", f"version {given.version_id}")

    def _foreign(self, key: str) -> tuple[str | None, str | None]:
        if key not in self._read:
            stored, content = self.store.read(key)
            document, _ = parse_sealed(content, key)
            self._read[key] = (None if document is None else str(document["digest"]), stored.version_id)
        return self._read[key]

    def _mismatch(self, document: Document, key: str, observed: str, expected: str) -> Finding:
        return Finding(
            code="INPUT-MISMATCH",
            file=key,
            observed=observed,
            expected=f"{expected}, as recorded in {document.key}",
            remedy=KEEP,
        )
