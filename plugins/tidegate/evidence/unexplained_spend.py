"""Records of money that no bill has explained, `control/<environment>/unexplained_spend/`: the newest one counts.

Each holds everything that is open. A record that cannot be read, or that a later version wrote, is never taken for
"nothing is open".
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tidegate.evidence.canonical import plain
from tidegate.evidence.control import Series
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoreError
from tidegate.models.bill import UnexplainedSpend, Why
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.scalars import Said

SCHEMA = "tidegate.unexplained_spend"
VERSION = 1


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Literal["tidegate.unexplained_spend"]
    version: Literal[1]


class _Spend(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service: Said
    region: str
    why: Why
    since: date
    last: date
    usd_per_day: Decimal = Field(allow_inf_nan=False)
    seen_by: Said


class _Record(BaseModel):
    schema_: _Schema = Field(alias="schema")
    open: tuple[_Spend, ...]


def unexplained_series(store: EvidenceStore, environment: str) -> Series:
    """The numbered records."""
    return Series(store, f"control/{environment}/unexplained_spend")


def unexplained_spend(store: EvidenceStore, environment: str) -> Known[tuple[UnexplainedSpend, ...]] | Unreadable:
    """What is open. Without any record nothing ever was."""
    match unexplained_series(store, environment).newest():
        case Known((number, record)):
            return _open(number, record)
        case Absent():
            return Known(())
        case unreadable:
            return unreadable


def record_unexplained(
    store: EvidenceStore,
    environment: str,
    *,
    judged: tuple[UnexplainedSpend, ...],
    now_open: tuple[UnexplainedSpend, ...],
    recorded_by: str,
    at: datetime,
    evidence: dict[str, str],
    log: Callable[[str], None] = lambda _line: None,
) -> None:
    """Record what is open after a bill was judged. `judged`: the records that the judgement saw.

    Nothing is written when nothing changes. Somebody else's record since stays: of a subject that the judgement did
    not see, nothing is closed. `evidence` is `uri` and `sha256` of the snapshot behind it. Raises StoreError, also when
    the newest record cannot be read: a new one would hide what it holds.
    """
    series = unexplained_series(store, environment)
    while True:
        before = unexplained_spend(store, environment)
        if not isinstance(before, Known):
            raise StoreError(series.prefix, f"nothing is recorded: {before.reason}")
        seen = {each.subject for each in (*judged, *now_open)}
        then = (*now_open, *(each for each in before.value if each.subject not in seen))
        if set(then) == set(before.value):
            return
        record = {
            "schema": {"name": SCHEMA, "version": VERSION},
            "open": plain(then),
            "recorded_by": recorded_by,
            "recorded_at": at.isoformat(),
            "evidence": evidence,
        }
        try:
            series.append(record, after=series.highest())
        except AlreadyExists:
            continue
        subjects = {each.subject for each in then}
        known = {each.subject for each in before.value}
        for spend in then:
            if spend.subject not in known:
                log(f"open from now on: {spend.subject} charges {spend.usd_per_day} USD a day, which nothing explains")
        for spend in before.value:
            if spend.subject not in subjects:
                log(f"closed: {spend.subject}, unexplained since {spend.since}")
        return


def _open(number: int, record: dict[str, Any]) -> Known[tuple[UnexplainedSpend, ...]] | Unreadable:
    schema = record.get("schema")
    version = schema.get("version") if isinstance(schema, dict) else None
    if isinstance(version, int) and version > VERSION:
        return Unreadable(f"record {number} is of version {version}; this tidegate reads up to {VERSION}")
    try:
        parsed = _Record.model_validate(record)
    except ValidationError as error:
        return Unreadable(f"record {number} is damaged: {error.error_count()} fields do not fit")
    return Known(tuple(UnexplainedSpend(**each.model_dump()) for each in parsed.open))
