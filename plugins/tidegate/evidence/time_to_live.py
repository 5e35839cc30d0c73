"""When the time of an ephemeral stack ends: numbered write-once records below `control/<env>/time_to_live/<stack>/`.

A build of the stack renews it and a person extends it. The record of a stack that was torn down stays, and means
nothing: it counts only while the state holds resources.
"""

from datetime import datetime, timedelta
from typing import Any

from tidegate.evidence.control import Series
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoredObject
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.time_to_live import TimeToLive


def time_to_live_series(store: EvidenceStore, environment: str, stack: str) -> Series:
    """The records of one stack."""
    return Series(store, f"control/{environment}/time_to_live/{stack}")


def read_time_to_live(store: EvidenceStore, environment: str, stack: str) -> Observed[TimeToLive]:
    """The newest record of a stack. Absent: there never was one."""
    match time_to_live_series(store, environment, stack).newest():
        case Known((number, record)):
            try:
                return Known(_parsed(number, record, stack))
            except (KeyError, TypeError, ValueError) as error:
                return Unreadable(f"time to live record {number} of {stack}: {type(error).__name__}: {error}")
        case other:
            return other


def renew_time_to_live(
    store: EvidenceStore, environment: str, stack: str, *, hours: int, set_by: str, reason: str, at: datetime
) -> datetime:
    """From now on the stack may stand for so many hours; returns when it ends. Raises StoreError.

    A newest record that cannot be read is no obstacle: the new one is readable again.
    """
    series = time_to_live_series(store, environment, stack)
    ends_at = at.replace(microsecond=0) + timedelta(hours=hours)
    record = _record(stack, ends_at=ends_at, hours=hours, set_by=set_by, reason=reason, at=at)
    while True:
        try:
            series.append(record, after=series.highest())
            return ends_at
        except AlreadyExists:
            continue


def extend_time_to_live(
    store: EvidenceStore,
    environment: str,
    stack: str,
    judged: Observed[TimeToLive],
    *,
    ends_at: datetime,
    hours: int,
    set_by: str,
    reason: str,
    at: datetime,
) -> StoredObject:
    """Record a new end, right after the record that was judged. Raises AlreadyExists when another followed it, and
    StoreError.
    """
    series = time_to_live_series(store, environment, stack)
    match judged:
        case Known(record):
            number = record.number
        case Absent():
            number = 0
        case _:
            number = series.highest()
    return series.append(
        _record(stack, ends_at=ends_at, hours=hours, set_by=set_by, reason=reason, at=at), after=number
    )


def _record(stack: str, *, ends_at: datetime, hours: int, set_by: str, reason: str, at: datetime) -> dict[str, Any]:
    return {
        "stack": stack,
        "ends_at": ends_at.isoformat(),
        "hours": hours,
        "set_by": set_by,
        "reason": reason,
        "set_at": at.isoformat(),
    }


def _parsed(number: int, record: dict[str, Any], stack: str) -> TimeToLive:
    found = TimeToLive(
        number=number,
        stack=_text(record["stack"]),
        ends_at=_moment(record["ends_at"]),
        hours=_count(record["hours"]),
        set_by=_text(record["set_by"]),
        reason=_text(record["reason"]),
        set_at=_moment(record["set_at"]),
    )
    if found.stack != stack:
        raise ValueError(f"it is one of {found.stack}")
    if found.ends_at <= found.set_at:
        raise ValueError(f"it ends at {found.ends_at.isoformat()}, before it was set at {found.set_at.isoformat()}")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a text, found {value!r}")
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with a zone, found {value!r}")
    return moment


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"expected a number of hours, found {value!r}")
    return value
