"""Which teardown of a stack has begun and not ended, so that the next one can finish it (TD6).

Numbered write-once records under `control/<environment>/teardowns/<stack>/`: "begun" right before the first destroy,
"ended" when the stack is found empty or is built anew.
"""

from collections.abc import Sequence
from typing import Any

from tidegate.evidence.control import Series
from tidegate.evidence.store import EvidenceStore, StoreError
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.plan import BegunTeardown, FrozenResource
from tidegate.models.snapshot import InputRecord
from tidegate.models.state import StateResource


def unfinished_teardown(store: EvidenceStore, environment: str, stack: str) -> Observed[BegunTeardown]:
    """The teardown that began and did not end. Absent: none did."""
    match _series(store, environment, stack).newest():
        case Known((number, record)):
            try:
                return _begun(record) if record["status"] == "begun" else _ended(record)
            except (KeyError, TypeError, ValueError) as error:
                return Unreadable(f"teardown record {number} of {stack}: {type(error).__name__}: {error}")
        case other:
            return other


def newest_destroy_set(store: EvidenceStore, environment: str, stack: str) -> Observed[tuple[FrozenResource, ...]]:
    """What the newest teardown of a stack had frozen to go, whether it ended or not. Absent: none ever began."""
    series = _series(store, environment, stack)
    match series.newest():
        case Known((number, record)):
            try:
                while record["status"] != "begun":
                    _ended(record)
                    if number == 1:
                        return Absent()
                    number -= 1
                    record = series.record(number)[1]
                return Known(_begun(record).value.destroy_set)
            except (KeyError, TypeError, ValueError, StoreError) as error:
                return Unreadable(f"teardown record {number} of {stack}: {type(error).__name__}: {error}")
        case other:
            return other


def begin_teardown(
    store: EvidenceStore,
    environment: str,
    stack: str,
    *,
    execution_id: str,
    scope: InputRecord,
    destroy_set: Sequence[StateResource],
) -> None:
    """Record what is about to go. A teardown that goes on with an earlier one keeps the record of that one.

    Raises StoreError.
    """
    if isinstance(unfinished_teardown(store, environment, stack), Known):
        return

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "status": "begun",
            "stack": stack,
            "execution_id": execution_id,
            "scope": scope.model_dump(),
            "destroy_set": [{"type": it.type, "id": it.id, "name": it.name} for it in destroy_set],
        }

    _series(store, environment, stack).append_next(record)


def end_teardown(store: EvidenceStore, environment: str, stack: str, *, execution_id: str, outcome: str) -> None:
    """Record that nothing is left to finish: `outcome` is "destroyed" or "rebuilt". Raises StoreError."""
    if isinstance(unfinished_teardown(store, environment, stack), Absent):
        return

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {"status": "ended", "stack": stack, "execution_id": execution_id, "outcome": outcome}

    _series(store, environment, stack).append_next(record)


def _series(store: EvidenceStore, environment: str, stack: str) -> Series:
    return Series(store, f"control/{environment}/teardowns/{stack}")


def _begun(record: dict[str, Any]) -> Known[BegunTeardown]:
    scope = InputRecord.model_validate(record["scope"])
    return Known(
        BegunTeardown(
            execution_id=str(record["execution_id"]),
            scope_uri=scope.uri,
            scope_sha256=scope.sha256,
            destroy_set=tuple(
                FrozenResource(type=str(it["type"]), id=str(it["id"]), name=str(it.get("name", "")))
                for it in record["destroy_set"]
            ),
        )
    )


def _ended(record: dict[str, Any]) -> Absent:
    if record["status"] != "ended":
        raise ValueError(f"status {record['status']!r}, expected begun or ended")
    return Absent()
