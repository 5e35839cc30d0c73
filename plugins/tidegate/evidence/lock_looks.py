"""Since when a lock is known to lie there unchanged, over an unmoved state (ST6): on record, whoever looked.

Numbered write-once records under `control/<environment>/lock_looks/<stack>/<lock>/`; the newest counts, and a new one
is written only when the state has moved since.
"""

from datetime import datetime
from typing import Any

from tidegate.evidence.control import Series
from tidegate.evidence.store import EvidenceStore, StoreError
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.state import LockLook, StateLock


def look_at_lock(
    store: EvidenceStore,
    environment: str,
    stack: str,
    locks: tuple[StateLock, ...],
    state_version: str,
    *,
    at: datetime,
) -> Observed[LockLook]:
    """The first look at exactly these bytes over this state; made now when there is none. `locks` are of one name."""
    content = sorted(f"{lock.kind}:{lock.sha256}" for lock in locks)
    series = Series(store, f"control/{environment}/lock_looks/{stack}/{locks[0].name}")
    match series.newest():
        case Known((number, record)):
            try:
                if (record["content"], record["state_version"]) == (content, state_version):
                    return Known(LockLook(seen_at=_moment(record["seen_at"]), state_version=state_version))
            except (KeyError, ValueError, TypeError) as error:
                return Unreadable(f"look {number} at {locks[0].name}: {type(error).__name__}: {error}")
        case Absent():
            pass
        case other:
            return other

    def record_look(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {"content": content, "state_version": state_version, "seen_at": at.isoformat()}

    try:
        series.append_next(record_look)
    except StoreError as error:
        return Unreadable(str(error))
    return Known(LockLook(seen_at=at, state_version=state_version))


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no zone")
    return moment
