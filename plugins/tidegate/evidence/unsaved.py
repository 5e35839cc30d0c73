"""Which state of a stack was not saved, on record: every worker finds the stack closed until it is settled (RE5).

Numbered write-once records under `control/<environment>/unsaved_states/<stack>/`: "open", then "settled".
"""

from datetime import datetime
from typing import Any

from tidegate.evidence.control import Series
from tidegate.evidence.store import EvidenceStore
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.unsaved import UnsavedState

_FIELDS = ("stack", "execution_id", "task", "host", "path", "sha256")


def read_unsaved(store: EvidenceStore, environment: str, stack: str) -> Observed[UnsavedState]:
    """The state that was not saved. Absent: none, or it is settled. A damaged record is Unreadable: it settles none."""
    match _series(store, environment, stack).newest():
        case Known((number, record)):
            try:
                return _open(number, environment, record) if record["status"] == "open" else _settled(record)
            except (KeyError, TypeError, ValueError) as error:
                return Unreadable(f"record {number} of unsaved states of {stack}: {type(error).__name__}: {error}")
        case other:
            return other


def settled_digests(store: EvidenceStore, environment: str, stack: str) -> frozenset[str]:
    """Digests of the files that were settled. Raises StoreError, and ValueError for a damaged record."""
    series = _series(store, environment, stack)
    records = (series.record(number)[1] for number in range(1, series.highest() + 1))
    return frozenset(str(record["sha256"]) for record in records if record.get("status") == "settled")


def record_unsaved(
    store: EvidenceStore,
    environment: str,
    stack: str,
    *,
    execution_id: str,
    task: str,
    host: str,
    path: str,
    uri: str | None,
    sha256: str,
    written_by_intent: bool,
    last_version_id: str | None,
    planned_addresses: tuple[str, ...],
    at: datetime,
    refusal: str = "",
) -> None:
    """Close the stack until this state is settled. Raises StoreError."""

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "status": "open",
            "stack": stack,
            "execution_id": execution_id,
            "task": task,
            "host": host,
            "path": path,
            "uri": uri,
            "sha256": sha256,
            "written_by_intent": written_by_intent,
            "last_version_id": last_version_id,
            "planned_addresses": list(planned_addresses),
            "recorded_at": at.isoformat(),
            "refusal": refusal,
        }

    _series(store, environment, stack).append_next(record)


def settle_unsaved(
    store: EvidenceStore,
    environment: str,
    unsaved: UnsavedState,
    *,
    outcome: str,
    execution_id: str,
    reason: str,
    at: datetime,
) -> None:
    """Open the stack again: it was "pushed" or "discarded". Raises AlreadyExists when another record followed."""
    _series(store, environment, unsaved.stack).append(
        {
            "status": "settled",
            "stack": unsaved.stack,
            "sha256": unsaved.sha256,
            "outcome": outcome,
            "reason": reason,
            "execution_id": execution_id,
            "recorded_at": at.isoformat(),
        },
        after=unsaved.number,
    )


def _series(store: EvidenceStore, environment: str, stack: str) -> Series:
    return Series(store, f"control/{environment}/unsaved_states/{stack}")


def _open(number: int, environment: str, record: dict[str, Any]) -> Known[UnsavedState]:
    for name in _FIELDS:
        if not isinstance(record[name], str) or not record[name]:
            raise ValueError(f"{name} is {record[name]!r}, expected a text")
    moment = datetime.fromisoformat(record["recorded_at"])
    if moment.tzinfo is None:
        raise ValueError(f"recorded_at {record['recorded_at']!r} has no zone")
    return Known(
        UnsavedState(
            number=number,
            environment=environment,
            **{name: record[name] for name in _FIELDS},
            uri=None if record["uri"] is None else str(record["uri"]),
            written_by_intent=record["written_by_intent"] is True,
            last_version_id=None if record["last_version_id"] is None else str(record["last_version_id"]),
            planned_addresses=tuple(str(it) for it in record["planned_addresses"]),
            recorded_at=moment,
            refusal=str(record.get("refusal", "")),
        )
    )


def _settled(record: dict[str, Any]) -> Absent:
    if record["status"] != "settled":
        raise ValueError(f"status {record['status']!r}, expected open or settled")
    return Absent()
