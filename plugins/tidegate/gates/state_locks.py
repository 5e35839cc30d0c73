"""STATE-LOCKS. Nobody holds a state longer than work takes, and no terraform was lost on the way (ST6)."""

from collections.abc import Iterator
from datetime import timedelta

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_locks import lock_damaged, lock_not_looked_at, lock_unreadable, said_lock
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_remedies import BUILD, FINDER, INTENTS, TEARDOWN, allow
from tidegate.gates.rules_unsaved import unsaved_blockers
from tidegate.models.audit import StackLockState, StateLocksFacts
from tidegate.models.authorization import Intent
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.remedy import Clear, Person, Remedy
from tidegate.models.state import StateLock, each_lock

CLOCK_TOLERANCE = timedelta(minutes=5)
"""A lock that was taken later than this from now has no age that could be trusted."""

_RUNBOOK = Remedy.of(
    Person(FINDER, "find the holder and, if that is gone, release the lock with proof", "docs/runbooks/stale-lock.md"),
    Clear(),
)
_HARMLESS = frozenset({"plan"})
"""What changes no resource: it may be lost."""


def blockers(facts: StateLocksFacts) -> Iterator[Blocker]:
    """Every stack of the manifest, then the run lease."""
    seen = {stack.stack for stack in facts.stacks}
    for name in facts.expected_stacks:
        if name not in seen:
            yield lock_not_looked_at(name)
    for stack in facts.stacks:
        yield from each(
            _locks(facts, stack), _intent(stack), _last_apply(stack), unsaved_blockers(stack.unsaved, stack.stack)
        )
    yield from _lease(facts)


def _locks(facts: StateLocksFacts, stack: StackLockState) -> Iterator[Blocker]:
    if not isinstance(stack.locks, Known):
        yield lock_unreadable(stack.stack, stack.locks)
        return
    for lock in each_lock(stack.locks.value):
        if lock.damage:
            yield lock_damaged(stack.stack, lock)
        else:
            yield from _age(facts, stack, lock)


def _age(facts: StateLocksFacts, stack: StackLockState, lock: StateLock) -> Iterator[Blocker]:
    """A young lock is somebody at work. One that says no time, or one to come, ages from its first look on record."""
    since = stack.first_looks.get(lock.name)
    if lock.created is not None and lock.created - facts.observed_at <= CLOCK_TOLERANCE:
        since = lock.created
    if since is None:
        yield Blocker(
            code="LOCK-AGE-UNKNOWN",
            summary="the state is locked, and nobody can tell since when",
            resource=f"state of {stack.stack}",
            observed=said_lock(lock),
            expected="a lock that says when it was taken, not in the future",
            remedy=_RUNBOOK,
        )
    elif facts.observed_at - since > timedelta(minutes=facts.max_lock_minutes):
        yield Blocker(
            code="LOCK-OLD",
            summary="the state is locked longer than work on it takes",
            resource=f"state of {stack.stack}",
            observed=f"{said_lock(lock)}; seen since {since.isoformat()}",
            expected=f"no lock older than {facts.max_lock_minutes} minutes (audit.max_lock_minutes)",
            remedy=_RUNBOOK,
        )


def _intent(stack: StackLockState) -> Iterator[Blocker]:
    match stack.intent:
        case Known(found) if found.liveness == "dead" and found.operation not in _HARMLESS:
            yield _lost(stack, f"{found.operation} of {found.task} ({found.execution_id})")
        case other:
            yield from readable(
                other,
                Need(
                    stem="INTENT",
                    what="the record of started terraforms",
                    resource=f"stack {stack.stack}",
                    expected="none, or one that has ended",
                    remedy=INTENTS,
                ),
            )


def _last_apply(stack: StackLockState) -> Iterator[Blocker]:
    """An apply that nobody saw end is lost as well when a later record has taken the place of its own."""
    match stack.last_apply:
        case Known(apply) if apply.is_lost and _is_past(stack.intent):
            yield _lost(stack, f"apply of {apply.task} ({apply.execution_id})")
        case other:
            yield from readable(
                other,
                Need(
                    stem="LAST-APPLY",
                    what="how the newest apply ended",
                    resource=f"stack {stack.stack}",
                    expected="none, or one that has ended",
                    remedy=INTENTS,
                ),
            )


def _is_past(intent: Observed[Intent]) -> bool:
    """No terraform is recorded as started and not ended, or only a plan."""
    return isinstance(intent, Absent) or (isinstance(intent, Known) and intent.value.operation in _HARMLESS)


def _lost(stack: StackLockState, what: str) -> Blocker:
    return Blocker(
        code="TERRAFORM-LOST",
        summary="a terraform that changes resources is gone, and nobody saw how it ended",
        resource=f"stack {stack.stack}",
        observed=f"{what}, dead",
        expected="every terraform seen to end",
        remedy=Remedy.of(
            BUILD, alternative=(TEARDOWN,), note="The plan shows what is half made (docs/runbooks/stale-lock.md)"
        ),
    )


def _lease(facts: StateLocksFacts) -> Iterator[Blocker]:
    """A released lease ends at its last heartbeat; one that ran out was left by a run that ended without a verdict."""
    match facts.lease:
        case Known(holder) if holder.heartbeat_at < holder.expires_at < facts.observed_at:
            yield Blocker(
                code="LEASE-RAN-OUT",
                summary="a run let its lease run out and never gave it back",
                resource=f"run lease, {holder.execution_id}",
                observed=f"{holder.dag_id} run {holder.run_id}, last heard of at {holder.heartbeat_at.isoformat()}, "
                f"ran out at {holder.expires_at.isoformat()}",
                expected="a lease that the verdict of its run gave back",
                remedy=Remedy.of(
                    Person(
                        FINDER, f"open run {holder.run_id} of {holder.dag_id} in Airflow and clear its verdict task"
                    ),
                    Clear(),
                ),
            )
        case other:
            yield from readable(
                other,
                Need(
                    stem="LEASE",
                    what="the run lease",
                    resource="run lease",
                    expected="a lease, or none",
                    remedy=allow("read control/ in the evidence bucket"),
                ),
            )


GATE = Gate(
    id="STATE-LOCKS",
    title="No state lock is older than work takes",
    owner="platform",
    requirements=("TD8", "ST6", "ST3"),
    facts=StateLocksFacts,
    blockers=blockers,
    policy_sections=("audit", "backend", "stacks"),
    version=2,
)
