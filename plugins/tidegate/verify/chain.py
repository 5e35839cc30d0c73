"""Walks the numbered chain of verdicts: no gap, every link holds, and this execution's verdict is the one recorded."""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pydantic import ValidationError

from tidegate.evidence.store import EvidenceStore
from tidegate.models.snapshot import Snapshot
from tidegate.models.verdict_record import VerdictRecord
from tidegate.verify.documents import Document, parse_sealed
from tidegate.verify.findings import KEEP, Finding, schema_mismatch
from tidegate.verify.subject import Subject

READERS = 8
"""So many records are read side by side: after a year of hourly checks there are thousands."""

_RECHAIN = "clear the verdict task of the run, so that its verdict is chained"


BLOCK = 200
"""So many records are read at a time by whoever does not read them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain as a store holds it, all of it or its newest part."""

    prefix: str
    length: int
    """How many files it has, readable or not."""
    records: dict[int, VerdictRecord]
    """By number; those that can be read as one. The newest of the chain, with none left out between them."""
    walked: int
    """Of how many the links were followed."""
    findings: tuple[Finding, ...]
    """What is wrong with the chain itself."""


def read_chain(store: EvidenceStore, environment: str) -> Chain:
    """Read every record and hold it against its neighbours. Raises StoreError."""
    prefix = f"evidence/{environment}/verdicts"
    keys = store.keys(f"{prefix}/")
    records, findings = _records(store, keys)
    return _chain(prefix, keys, records, [*findings, *_gaps(prefix, keys)], len(keys))


def read_newest(
    store: EvidenceStore, environment: str, *, enough: Callable[[dict[int, VerdictRecord]], bool], turn: int
) -> Chain:
    """Read the chain from its newest record back until that is enough, and one block of what is older.

    Raises StoreError. No number may be missing anywhere. Links are followed in what is read. The block is another one
    each `turn`, so that the whole chain is read again in as many turns as it has blocks; its records are not among
    those of the answer.
    """
    prefix = f"evidence/{environment}/verdicts"
    keys = store.keys(f"{prefix}/")
    records: dict[int, VerdictRecord] = {}
    findings = [*_gaps(prefix, keys)]
    left = keys
    while left and not (records and enough(records)):
        found, wrong = _records(store, left[-BLOCK:])
        records, findings, left = {**found, **records}, [*findings, *wrong], left[:-BLOCK]
    walked = len(keys) - len(left)
    if left:
        first = BLOCK * (turn % -(-len(left) // BLOCK))
        behind = min(first + BLOCK, len(left))
        older, wrong = _records(store, keys[first : behind + 1])  # one more: the link from block to block
        findings += [*wrong, *_links(prefix, older), *_contradictions(prefix, older)]
        walked += behind - first
    return _chain(prefix, keys, records, findings, walked)


def _records(store: EvidenceStore, keys: tuple[str, ...]) -> tuple[dict[int, VerdictRecord], list[Finding]]:
    records: dict[int, VerdictRecord] = {}
    findings: list[Finding] = []
    with ThreadPoolExecutor(READERS) as readers:
        for record, finding in readers.map(lambda key: read_record(store, key), keys):
            if finding is not None:
                findings.append(finding)
            if record is not None:
                records[record.number] = record
    return records, findings


def _chain(
    prefix: str, keys: tuple[str, ...], records: dict[int, VerdictRecord], findings: Iterable[Finding], walked: int
) -> Chain:
    found = (*findings, *_links(prefix, records), *_contradictions(prefix, records))
    return Chain(prefix=prefix, length=len(keys), records=records, walked=walked, findings=found)


def verdict_findings(chain: Chain, subject: Subject, verdict: Document | None) -> list[Finding]:
    """Whether the chain records the newest verdict of an execution as it is."""
    if verdict is None or verdict.snapshot is None:
        return []
    return list(_ours(chain.prefix, chain.records, subject, verdict, verdict.snapshot))


def read_record(store: EvidenceStore, key: str) -> tuple[VerdictRecord | None, Finding | None]:
    """One record of the chain, or what is wrong with it. Raises StoreError."""
    document, finding = parse_sealed(store.read(key)[1], key)
    if document is None:
        return None, finding
    try:
        record = VerdictRecord.model_validate_json(json.dumps(document), strict=True)
    except ValidationError as error:
        return None, schema_mismatch(key, f"{error.error_count()} fields do not fit", "a verdict record")
    if not key.endswith(f"/{record.number:06d}.json"):
        return None, _link(key, f"number {record.number} inside", "the number in the file's name")
    return record, None


def _gaps(prefix: str, keys: tuple[str, ...]) -> Iterator[Finding]:
    there = set(keys)
    stems = [key.removeprefix(f"{prefix}/").removesuffix(".json") for key in keys]
    for number in range(1, max((int(stem) for stem in stems if stem.isascii() and stem.isdigit()), default=1)):
        key = f"{prefix}/{number:06d}.json"
        if key not in there:
            yield Finding(code="CHAIN-GAP", file=key, observed="no such record", expected="no gap", remedy=KEEP)


def _links(prefix: str, records: dict[int, VerdictRecord]) -> Iterator[Finding]:
    for number, record in sorted(records.items()):
        key, previous = f"{prefix}/{number:06d}.json", record.previous
        if number == 1 and previous is not None:
            yield _link(key, f"a link to record {previous.number}", "no link, for it is the first")
        elif number > 1 and (previous is None or previous.number != number - 1):
            observed = "no link" if previous is None else f"a link to record {previous.number}"
            yield _link(key, observed, f"a link to record {number - 1}")
        elif previous is not None and number - 1 in records and previous.sha256 != records[number - 1].digest:
            yield _link(key, f"a link to digest {previous.sha256}", f"digest {records[number - 1].digest}")


def _contradictions(prefix: str, records: dict[int, VerdictRecord]) -> Iterator[Finding]:
    """A rerun adds an attempt with an address of its own; of one attempt there can be no two verdicts."""
    first: dict[str, VerdictRecord] = {}
    for number, record in sorted(records.items()):
        before = first.setdefault(record.verdict.uri, record)
        for name, observed, expected in (
            ("digest", record.verdict.sha256, before.verdict.sha256),
            ("overall_pass", record.overall_pass, before.overall_pass),
            ("execution_id", record.execution_id, before.execution_id),
            ("phase", record.phase, before.phase),
        ):
            if observed != expected:
                yield Finding(
                    code="CHAIN-CONTRADICTION",
                    file=f"{prefix}/{number:06d}.json",
                    observed=f"{name} {observed} of {record.verdict.uri}",
                    expected=f"{name} {expected}, as in record {before.number}",
                    remedy=KEEP,
                )


def _ours(
    prefix: str, records: dict[int, VerdictRecord], subject: Subject, verdict: Document, snapshot: Snapshot
) -> Iterator[Finding]:
    ours = [record for record in records.values() if record.execution_id == subject.execution_id]
    if not ours:
        yield Finding(
            code="VERDICT-UNCHAINED",
            file=verdict.key,
            observed=f"none of {len(records)} records names {subject.execution_id}",
            expected="a record in the chain",
            remedy=_RECHAIN,
        )
        return
    newest = max(ours, key=lambda record: record.number)
    for name, observed, expected in (
        ("digest", newest.verdict.sha256, snapshot.digest),
        ("overall_pass", newest.overall_pass, snapshot.overall_pass),
        ("phase", newest.phase, subject.phase),
        ("uri", newest.verdict.uri, f"s3://{subject.bucket}/{verdict.key}"),
        ("version_id", newest.verdict.version_id, _version(newest, verdict)),
    ):
        if observed != expected:
            yield Finding(
                code="CHAIN-VERDICT-MISMATCH",
                file=f"{prefix}/{newest.number:06d}.json",
                observed=f"{name} {observed}",
                expected=f"{name} {expected} of {verdict.key}",
                remedy=KEEP,
            )


def _version(record: VerdictRecord, verdict: Document) -> str | None:
    """Files have no versions, and M1's verdict was recorded before it had one: then the record's own counts."""
    if record.verdict.version_id is None or verdict.stored.version_id is None:
        return record.verdict.version_id
    return verdict.stored.version_id


def _link(key: str, observed: str, expected: str) -> Finding:
    return Finding(code="CHAIN-LINK-MISMATCH", file=key, observed=observed, expected=expected, remedy=KEEP)
