"""Reads every attempt of every snapshot of an execution. What cannot be read as one becomes a finding."""

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from tidegate.evidence.canonical import document_digest, seal
from tidegate.evidence.layout import Place, attempt_of
from tidegate.evidence.store import EvidenceStore, StoredObject
from tidegate.models.snapshot import Snapshot
from tidegate.verify.findings import Finding, digest_mismatch, missing, schema_mismatch, unknown
from tidegate.verify.subject import PROOF, Required, Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One attempt. `snapshot` None: it is not readable as one, and a finding says why."""

    required: Required
    attempt: int
    stored: StoredObject
    snapshot: Snapshot | None

    @property
    def key(self) -> str:
        """Where it lies in the store."""
        return self.stored.key


@dataclass(slots=True)
class Execution:
    """Everything that a store holds of an execution."""

    subject: Subject
    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    """By task."""

    def of(self, task: str) -> list[Document]:
        """The attempts of a task, oldest first."""
        return sorted(
            (document for document in self.documents if document.required.task == task), key=lambda it: it.attempt
        )

    def newest(self, task: str) -> Document | None:
        """The newest attempt of a task."""
        return next(reversed(self.of(task)), None)


def parse_sealed(content: bytes, file: str) -> tuple[dict[str, Any] | None, Finding | None]:
    """A sealed document, or why it is none. Every byte counts, also one that JSON does not care for."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        return None, digest_mismatch(file, f"no digest can be computed: {error}", "sealed JSON")
    if not isinstance(document, dict):
        return None, digest_mismatch(file, f"a JSON {type(document).__name__}", "a sealed JSON object")
    try:
        digest, sealed = document_digest(document), seal(document)
    except (ValueError, TypeError, RecursionError) as error:
        return None, digest_mismatch(file, f"no digest can be computed: {error}", "sealed JSON")
    if document.get("digest") != digest:
        return None, digest_mismatch(file, f"digest {digest} of the content", f"digest {document.get('digest')}")
    if sealed != content:
        return None, digest_mismatch(file, "bytes that are not the sealed form of the content", "the bytes as written")
    return document, None


def parse_snapshot(document: dict[str, Any], file: str) -> tuple[Snapshot | None, Finding | None]:
    """The snapshot in a sealed document, or why it is none. Nothing is converted: what is not exact does not fit."""
    try:
        snapshot = Snapshot.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors())
        return None, schema_mismatch(file, said, "a document of schema tidegate.snapshot 1")
    again = snapshot.model_dump(mode="json", by_alias=True)
    differing = sorted(name for name in {*again, *document} if again.get(name) != document.get(name))
    if differing:
        return None, schema_mismatch(file, f"fields in another form: {', '.join(differing)}", "times in UTC with Z")
    return snapshot, None


def read_execution(store: EvidenceStore, subject: Subject) -> Execution:
    """Read what the store holds. Raises StoreUnreachable."""
    execution = Execution(subject)
    for required in subject.required:
        if required.snapshot != PROOF:
            _read_place(store, execution, required, subject.place(required))
    runs = {it.snapshot.platform_run for it in execution.documents if it.snapshot is not None}
    for required in subject.required:
        if required.snapshot == PROOF:
            for platform_run in sorted(runs, key=str) or [None]:
                _read_place(store, execution, required, subject.place(required, platform_run))
    _strangers(store, execution)
    return execution


def _read_place(store: EvidenceStore, execution: Execution, required: Required, place: Place) -> None:
    subject = execution.subject
    if not execution.of(required.task):  # of two platform runs, the one that has something keeps the place
        execution.places[required.task] = place
    stem = subject.stem(place)
    attempts = sorted(n for key in store.keys(f"{stem}.") if (n := attempt_of(stem, key)) is not None)
    for attempt in attempts:
        stored, content = store.read(subject.key(place, attempt))
        document, finding = parse_sealed(content, stored.key)
        snapshot = None
        if document is not None:
            snapshot, finding = parse_snapshot(document, stored.key)
        if snapshot is not None and required.snapshot == PROOF and snapshot.execution_id != subject.execution_id:
            continue  # another execution's attempt to prove the same platform run
        if finding is not None:
            execution.findings.append(finding)
        execution.documents.append(Document(required=required, attempt=attempt, stored=stored, snapshot=snapshot))
    for attempt in sorted(set(range(1, max(attempts, default=1))) - set(attempts)):
        execution.findings.append(
            missing(subject.key(place, attempt), f"attempts {', '.join(map(str, attempts))}", f"attempt {attempt} too")
        )


def _strangers(store: EvidenceStore, execution: Execution) -> None:
    """Files of the execution that no lane of its phase writes."""
    known = {document.key for document in execution.documents}
    for folder in execution.subject.folders():
        for key in store.keys(folder):
            if key not in known:
                execution.findings.append(
                    unknown(
                        "FILE-UNKNOWN",
                        key,
                        "a file that no lane of this phase writes",
                        "snapshots of the phase's lanes only",
                        "verify with the version of tidegate that wrote it; if none did, find out who put it there",
                    )
                )
