"""The widest cost scope that a teardown ever had to prove, `control/<environment>/cost_scope/` (EV4, ADR 14).

Numbered write-once records. Each is wider than the one before it, so there are never more of them than platforms: all
of them are read each time, and a narrow one that somebody adds, or a number that is missing, makes nothing narrower.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tidegate.evidence.control import Series
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoredObject, StoreError
from tidegate.models.cost import PLATFORMS
from tidegate.models.observed import Absent, Known, Observed, Unreadable

SCHEMA = "tidegate.cost-scope"
VERSION = 1


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Literal["tidegate.cost-scope"]
    version: Literal[1]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")

    schema_: _Schema = Field(alias="schema")
    number: int
    scope: tuple[str, ...] = Field(min_length=1)
    recorded_by: str
    recorded_at: AwareDatetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedScope:
    """One record, and where it lies."""

    scope: tuple[str, ...]
    stored: StoredObject
    digest: str


def cost_scope_series(store: EvidenceStore, environment: str) -> Series:
    """The numbered records."""
    return Series(store, f"control/{environment}/cost_scope")


def recorded_scopes(store: EvidenceStore, environment: str) -> Observed[tuple[RecordedScope, ...]]:
    """Every record, in order. Absent: there is none yet. Unreadable also when one is missing, or there are too many."""
    series = cost_scope_series(store, environment)
    try:
        highest = series.highest()
        if highest > len(PLATFORMS):
            return Unreadable(f"{series.prefix}: record {highest}, and no more than {len(PLATFORMS)} can be wider")
        found = tuple(_read(series, number) for number in range(1, highest + 1))
    except StoreError as error:
        return Unreadable(str(error))
    except ValueError as error:
        return Unreadable(f"{series.prefix}: {error}")
    return Known(found) if found else Absent()


def record_scope(
    store: EvidenceStore, environment: str, scope: tuple[str, ...], *, recorded_by: str, at: datetime
) -> None:
    """Record a scope where it is wider than all that is recorded. Raises StoreError, also when that cannot be read."""
    series = cost_scope_series(store, environment)
    while True:
        match recorded_scopes(store, environment):
            case Known(records):
                number, known = len(records), {platform for it in records for platform in it.scope}
            case Absent():
                number, known = 0, set()
            case Unreadable(reason):
                raise StoreError(series.prefix, reason)
        if set(scope) <= known:
            return
        record = {
            "schema": {"name": SCHEMA, "version": VERSION},
            "scope": sorted({*scope, *known}),
            "recorded_by": recorded_by,
            "recorded_at": at.isoformat(),
        }
        try:
            series.append(record, after=number)
            return
        except AlreadyExists:
            continue


def _read(series: Series, number: int) -> RecordedScope:
    stored, document = series.record(number)
    try:
        record = _Record.model_validate(document)
    except ValidationError as error:
        raise ValueError(f"record {number} is damaged: {error.error_count()} fields do not fit") from error
    return RecordedScope(scope=record.scope, stored=stored, digest=record.digest)
