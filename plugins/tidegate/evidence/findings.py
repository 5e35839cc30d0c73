"""Records of open findings, `control/<environment>/findings/` (RE3). Each holds all that is open; the newest counts.

A record that cannot be read, or that a later version wrote, is never taken for "nothing is open".
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tidegate.evidence.canonical import plain
from tidegate.evidence.control import Series
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoreError
from tidegate.models.findings import Finding
from tidegate.models.observed import Absent, Known, Unreadable

SCHEMA = "tidegate.findings"
VERSION = 1


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Literal["tidegate.findings"]
    version: Literal[1]


class _Finding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: str = Field(min_length=1)
    id: str = Field(min_length=1)
    region: str = Field(min_length=1)
    since: AwareDatetime
    seen_by: str = Field(min_length=1)
    code: str = Field(min_length=1)
    held_by: str | None


class _Record(BaseModel):
    schema_: _Schema = Field(alias="schema")
    open: tuple[_Finding, ...]


def findings_series(store: EvidenceStore, environment: str) -> Series:
    """The numbered records."""
    return Series(store, f"control/{environment}/findings")


def open_findings(store: EvidenceStore, environment: str) -> Known[tuple[Finding, ...]] | Unreadable:
    """What is open, oldest first. Without any record nothing ever was."""
    match findings_series(store, environment).newest():
        case Known((number, record)):
            return _open(number, record)
        case Absent():
            return Known(())
        case unreadable:
            return unreadable


def record_findings(
    store: EvidenceStore,
    environment: str,
    *,
    seen: Sequence[Finding],
    gone: Sequence[Finding],
    recorded_by: str,
    at: datetime,
    evidence: dict[str, str],
    log: Callable[[str], None] = lambda _line: None,
) -> tuple[Finding, ...]:
    """Open what was seen, close what is gone, and give what is open then. Nothing is written when nothing changes.

    A finding that is open already keeps its beginning. `gone` closes exactly the finding that was asked for, not one
    of the same resource that was opened since. `evidence` is `uri` and `sha256` of the snapshot behind it. Raises
    StoreError, also when the newest record cannot be read: a new one would hide what it holds.
    """
    series = findings_series(store, environment)
    while True:
        before = open_findings(store, environment)
        if not isinstance(before, Known):
            raise StoreError(series.prefix, f"nothing is recorded: {before.reason}")
        kept = tuple(finding for finding in before.value if finding not in gone)
        subjects = {finding.subject for finding in kept}
        new: dict[tuple[str, str, str], Finding] = {}
        for finding in seen:
            if finding.subject not in subjects:
                new.setdefault(finding.subject, finding)
        closed = [finding for finding in before.value if finding in gone]
        if not new and not closed:
            return before.value
        now_open = (*kept, *new.values())
        record = {
            "schema": {"name": SCHEMA, "version": VERSION},
            "open": plain(now_open),
            "opened": plain(tuple(new.values())),
            "closed": plain(closed),
            "recorded_by": recorded_by,
            "recorded_at": at.isoformat(),
            "evidence": evidence,
        }
        try:
            series.append(record, after=series.highest())
        except AlreadyExists:
            continue
        for finding in new.values():
            log(f"open finding recorded: {finding.type} {finding.id} {finding.region} ({finding.code})")
        for finding in closed:
            log(f"finding closed, a live look says gone: {finding.type} {finding.id} {finding.region}")
        return now_open


def _open(number: int, record: dict[str, Any]) -> Known[tuple[Finding, ...]] | Unreadable:
    schema = record.get("schema")
    version = schema.get("version") if isinstance(schema, dict) else None
    if isinstance(version, int) and version > VERSION:
        return Unreadable(f"findings record {number} is of version {version}; this tidegate reads up to {VERSION}")
    try:
        parsed = _Record.model_validate(record)
    except ValidationError as error:
        return Unreadable(f"findings record {number} is damaged: {error.error_count()} fields do not fit")
    return Known(tuple(Finding(**finding.model_dump()) for finding in parsed.open))
