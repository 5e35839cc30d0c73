"""State locks of stacks: who holds them, is the holder alive, and releasing a dead one's with proof (ST6)."""

from typing import Any, Literal

from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.state import read_state
from tidegate.evidence.control import Series
from tidegate.lanes.run import LaneRun, now
from tidegate.models.authorization import Intent
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.readiness import StackLocks
from tidegate.models.state import StateLock
from tidegate.terraform import workspace


def collect_stack_locks(run: LaneRun, stacks: tuple[str, ...]) -> tuple[StackLocks, ...]:
    """The locks of these stacks, each with what is known about its holder."""
    return tuple(_stack_locks(run, stack) for stack in stacks)


def release_dead_locks(run: LaneRun) -> None:
    """Release locks whose holder is proven dead: its process is gone from this host, and the state did not move while
    we looked. Every release leaves a numbered record under `control/<env>/released_locks/`.
    """
    for stack in run.environment.stacks:
        serial = read_state(run.clients, run.environment, stack).version
        found = _stack_locks(run, stack)
        if not isinstance(found.locks, Known) or not found.locks.value or found.liveness != "dead":
            continue
        prepared, _ = workspace.prepare(run.environment, stack)
        terraform = run.terraform(prepared)
        terraform.init()
        if read_state(run.clients, run.environment, stack).version != serial:
            run.log(f"the state of {stack} moved while its lock was looked at: not released")
            continue
        for lock_id in sorted({lock.id for lock in found.locks.value}):
            terraform.force_unlock(lock_id)
            _record_release(run, stack, lock_id, found, shown(serial))


def _stack_locks(run: LaneRun, stack: str) -> StackLocks:
    locks = read_state_locks(run.clients, run.environment, stack)
    alive, why = _liveness(locks, run.intents(stack).unfinished(), run)
    return StackLocks(stack=stack, locks=locks, liveness=alive, evidence=why)


def _liveness(
    locks: Observed[tuple[StateLock, ...]], intent: Observed[Intent], run: LaneRun
) -> tuple[Literal["none", "live", "dead", "unknown"], str]:
    held = isinstance(locks, Known) and bool(locks.value)
    match intent:
        case Known(found) if found.liveness == "dead":
            return (
                "dead" if held else "none"
            ), f"terraform {found.operation} of {found.task} is gone from host {found.host}"
        case Known(found):
            return found.liveness, f"terraform {found.operation} of {found.task} on host {found.host}"
        case Absent():
            return ("unknown" if held else "none"), "no terraform of tidegate is recorded as unfinished"
        case other:
            return "unknown", f"intent record: {shown(other)}"


def _record_release(run: LaneRun, stack: str, lock_id: str, found: StackLocks, serial: str) -> None:
    series = Series(run.remote, f"control/{run.environment.name}/released_locks")

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "stack": stack,
            "lock_id": lock_id,
            "proof": found.evidence,
            "state": serial,
            "execution_id": run.execution_id,
            "released_at": now().isoformat(),
        }

    series.append_next(record)
    run.log(f"released lock {lock_id} of {stack}: {found.evidence}")
