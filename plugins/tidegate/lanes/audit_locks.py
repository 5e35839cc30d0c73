"""AUDIT.G: who holds a state, which terraform was lost, and who let the run lease run out (TD8, ST6)."""

from tidegate.collectors.aws.locks import read_state_locks
from tidegate.evidence.unsaved import read_unsaved
from tidegate.lanes.run import LaneRun, now
from tidegate.models.audit import StackLockState, StateLocksFacts
from tidegate.models.facts import Source


def collect_locks(run: LaneRun) -> StateLocksFacts:
    """The locks and the started terraforms of every stack, and the run lease; the audit takes none of them."""
    observed_at = now()
    names = tuple(run.environment.stacks)
    return StateLocksFacts(
        observed_at=observed_at,
        sources=tuple(Source(name=name, data_as_of=observed_at) for name in ("dynamodb", "state", "evidence")),
        expected_stacks=names,
        max_lock_minutes=run.environment.audit.max_lock_minutes,
        stacks=tuple(
            StackLockState(
                stack=name,
                locks=read_state_locks(run.clients, run.environment, name),
                intent=run.intents(name).unfinished(),
                last_apply=run.intents(name).last_apply(),
                unsaved=read_unsaved(run.remote, run.environment.name, name),
            )
            for name in names
        ),
        lease=run.lease.check(dag_id=run.dag_id, run_id=run.run_id, now=observed_at).holder,
    )
