"""State locks: who holds them, whether the holder is alive, and releasing a dead one's with proof (ST6)."""

from datetime import datetime, timedelta
from typing import Any, Literal

from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.stack_backend import backend_settings
from tidegate.collectors.aws.state import read_state
from tidegate.evidence.control import Series
from tidegate.evidence.store import StoreError
from tidegate.lanes.run import LaneRun, now
from tidegate.models.authorization import Intent
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.readiness import StackLocks
from tidegate.models.state import StateLock
from tidegate.terraform.lock_release import LockNotReleased, delete_judged_lock
from tidegate.terraform.process import HEARTBEAT_SECONDS

_CLOCK = timedelta(seconds=5)
_BEAT = 2 * timedelta(seconds=HEARTBEAT_SECONDS)


def collect_stack_locks(run: LaneRun, stacks: tuple[str, ...]) -> tuple[StackLocks, ...]:
    """The locks of these stacks, each with what is known about its holder."""
    return tuple(stack_locks(run, stack) for stack in stacks)


def release_dead_locks(run: LaneRun) -> None:
    """Release locks whose holder is proven dead: its process is gone from this host, and the state did not change in
    the meantime. Every release leaves a numbered record under `control/<env>/released_locks/`.
    """
    for stack in run.environment.stacks:
        version = read_state(run.clients, run.environment, stack).version
        found = stack_locks(run, stack)
        if not isinstance(found.locks, Known) or not found.locks.value or found.liveness != "dead":
            continue
        if read_state(run.clients, run.environment, stack).version != version:
            run.log(f"the state of {stack} moved while its lock was looked at: not released")
            continue
        try:
            release_judged(run, stack, found.locks.value, proof=found.evidence, state=shown(version))
        except (LockNotReleased, StoreError) as error:
            run.log(f"the lock of {stack} is not released: {error}")


def release_judged(
    run: LaneRun, stack: str, locks: tuple[StateLock, ...], *, proof: str, state: str, reason: str = ""
) -> None:
    """Delete exactly these locks; the record is written first. Raises LockNotReleased and StoreError."""
    for name in sorted({lock.name for lock in locks}):
        _record_release(run, stack, name, proof, state, reason)  # evidence first
    settings = backend_settings(run.environment, stack)
    for lock in locks:
        delete_judged_lock(run.clients, settings, lock)
        run.log(f"released lock {lock.name} ({lock.kind}) of {stack}: {proof}")


def stack_locks(run: LaneRun, stack: str) -> StackLocks:
    """The locks of one stack, with what is known about their holder."""
    locks, intents = read_state_locks(run.clients, run.environment, stack), run.intents(stack)
    alive, why = _liveness(locks, intents.unfinished(), intents.read())
    return StackLocks(stack=stack, locks=locks, liveness=alive, evidence=why)


def _liveness(
    locks: Observed[tuple[StateLock, ...]], intent: Observed[Intent], record: Observed[dict[str, Any]]
) -> tuple[Literal["none", "live", "dead", "unknown"], str]:
    """Dead only if every held lock was taken by the very terraform that the record shows as gone or ended."""
    held = locks.value if isinstance(locks, Known) else ()
    match intent:
        case Known(found) if found.liveness != "dead":
            return found.liveness, f"terraform {found.operation} of {found.task} on host {found.host}"
        case Known() | Absent():
            pass
        case other:
            return "unknown", f"intent record: {shown(other)}"
    if not held:
        return "none", "no lock, and no terraform of tidegate is recorded as unfinished"
    if isinstance(record, Known) and all(_taken_by(lock, record.value) for lock in held):
        last = record.value
        how = "is gone from" if last["ended_at"] is None else f"ended with status {last['returncode']} on"
        task = f"{last['dag_id']}/{last['run_id']}/{last['task_id']}"
        return "dead", f"terraform {last['operation']} of {task} {how} host {last['host']}"
    return "unknown", "the lock is not of the last terraform that tidegate started here"


def _taken_by(lock: StateLock, record: dict[str, Any]) -> bool:
    """Whether a lock has the host, the operation and a matching time of the recorded terraform."""
    try:
        started = datetime.fromisoformat(record["started_at"])
        last_seen = datetime.fromisoformat(record["ended_at"] or record["heartbeat_at"])
    except (KeyError, TypeError, ValueError):
        return False
    return (
        lock.created is not None
        and lock.who.endswith(f"@{record.get('host')}")
        and lock.operation.lower().endswith(str(record.get("operation")))
        and started - _CLOCK <= lock.created <= last_seen + _BEAT
    )


def _record_release(run: LaneRun, stack: str, lock_id: str, proof: str, state: str, reason: str) -> None:
    series = Series(run.remote, f"control/{run.environment.name}/released_locks")

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "stack": stack,
            "lock_id": lock_id,
            "proof": proof,
            "reason": reason,
            "state": state,
            "execution_id": run.execution_id,
            "released_at": now().isoformat(),
        }

    series.append_next(record)
