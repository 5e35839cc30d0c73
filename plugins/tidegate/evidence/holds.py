"""The hold that keeps scheduled builds off: numbered write-once records below `control/<env>/holds/`.

The newest counts. A person sets and lifts it (`lanes/hold.py`). It ends by itself at its `until`.
"""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tidegate.evidence.control import Series
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoredObject
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.schedule import Hold


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    number: int
    is_set: bool
    until: AwareDatetime = Field(strict=False)
    reason: str = Field(min_length=1)
    who: str = Field(min_length=1)
    recorded_by: str = Field(min_length=1)
    recorded_at: AwareDatetime = Field(strict=False)
    evidence: dict[str, str]
    digest: str


def hold_series(store: EvidenceStore, environment: str) -> Series:
    """The numbered records."""
    return Series(store, f"control/{environment}/holds")


def read_hold(store: EvidenceStore, environment: str) -> Observed[Hold]:
    """The newest record, in force or not. Absent: there never was a hold."""
    match hold_series(store, environment).newest():
        case Known((number, record)):
            try:
                found = _Record.model_validate(record)
            except ValidationError as error:
                return Unreadable(f"hold record {number}: {error.error_count()} fields do not fit")
            return Known(Hold(**found.model_dump(exclude={"evidence", "digest"})))
        case other:
            return other


def record_hold(
    store: EvidenceStore,
    environment: str,
    *,
    is_set: bool,
    until: datetime,
    reason: str,
    who: str,
    recorded_by: str,
    at: datetime,
    evidence: dict[str, str],
) -> StoredObject:
    """Set a hold until a moment, or lift it. Raises StoreError.

    A newest record that cannot be read is no obstacle: the new one is readable again. `evidence` is `uri` and `sha256`
    of the snapshot behind it.
    """
    series = hold_series(store, environment)
    record: dict[str, Any] = {
        "is_set": is_set,
        "until": until.isoformat(),
        "reason": reason,
        "who": who,
        "recorded_by": recorded_by,
        "recorded_at": at.isoformat(),
        "evidence": evidence,
    }
    while True:
        try:
            return series.append(record, after=series.highest())
        except AlreadyExists:
            continue
