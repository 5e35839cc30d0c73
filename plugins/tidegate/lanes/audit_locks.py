"""AUDIT.G: who holds a state lock, which terraform was lost, and who let the run lease expire (TD8, ST6)."""

from datetime import datetime

from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.state import read_state
from tidegate.evidence.lock_looks import look_at_lock
from tidegate.evidence.unsaved import read_unsaved
from tidegate.lanes.run import LaneRun, now
from tidegate.models.audit import StackLockState, StateLocksFacts
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.state import StateLock


def collect_locks(run: LaneRun) -> StateLocksFacts:
    """The locks and started terraforms of every stack, and the run lease. The audit takes none of them."""
    observed_at = now()
    names = tuple(run.environment.stacks)
    locks = {name: read_state_locks(run.clients, run.environment, name) for name in names}
    return StateLocksFacts(
        observed_at=observed_at,
        sources=tuple(Source(name=name, data_as_of=observed_at) for name in ("dynamodb", "state", "evidence")),
        expected_stacks=names,
        max_lock_minutes=run.environment.audit.max_lock_minutes,
        stacks=tuple(
            StackLockState(
                stack=name,
                locks=locks[name],
                first_looks=_first_looks(run, name, locks[name]),
                intent=run.intents(name).unfinished(),
                last_apply=run.intents(name).last_apply(),
                unsaved=read_unsaved(run.remote, run.environment.name, name),
            )
            for name in names
        ),
        lease=run.lease.check(dag_id=run.dag_id, run_id=run.run_id, now=observed_at).holder,
    )


def _first_looks(run: LaneRun, stack: str, locks: Observed[tuple[StateLock, ...]]) -> dict[str, datetime]:
    """When a lock was first recorded, for locks that carry no time or one in the future."""
    held = locks.value if isinstance(locks, Known) else ()
    undated = {lock.name for lock in held if lock.sha256 and (lock.created is None or lock.created > now())}
    state = read_state(run.clients, run.environment, stack).version if undated else Absent()
    if not isinstance(state, Known | Absent):
        return {}
    version = state.value.version_id if isinstance(state, Known) else ""
    found: dict[str, datetime] = {}
    for name in sorted(undated):
        named = tuple(lock for lock in held if lock.name == name)
        look = look_at_lock(run.remote, run.environment.name, stack, named, version, at=now())
        if isinstance(look, Known):
            found[name] = look.value.seen_at
    return found
