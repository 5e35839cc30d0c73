"""State locks: who holds them, and is that holder alive (ST4, ST6)."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import BOOTSTRAP, FINDER, MANIFEST_STACKS, SAME_DAG, allow
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.readiness import StackLocks
from tidegate.models.remedy import Clear, Person, Remedy, Trigger, Wait
from tidegate.models.state import StateLock, each_lock

_RELEASE = Remedy.of(
    Trigger("<dag>", {"release_dead_lock": True}), note="The lock is released only with proof that its holder is gone"
)


def stack_lock_blockers(locks: tuple[StackLocks, ...], expected_stacks: tuple[str, ...]) -> Iterator[Blocker]:
    """For the first lane of a phase. `STATE-LOCKED` may clear by itself. All of `expected_stacks` must be there."""
    seen = {stack.stack for stack in locks}
    for name in expected_stacks:
        if name not in seen:
            yield lock_not_looked_at(name)
    for stack in locks:
        yield from _of_stack(stack)


def no_lock_blockers(stack: str, locks: Observed[tuple[StateLock, ...]]) -> Iterator[Blocker]:
    """For the second before a mutation: nobody may hold the state, dead or alive."""
    if not isinstance(locks, Known):
        yield lock_unreadable(stack, locks)
        return
    for lock in each_lock(locks.value):
        if lock.damage:
            yield lock_damaged(stack, lock)
            continue
        yield _locked(
            stack, said_lock(lock), Remedy.of(Wait("its holder has finished"), SAME_DAG, alternative=_RELEASE.steps)
        )


def said_lock(lock: StateLock) -> str:
    """Who holds a lock, for what, since when."""
    since = lock.created.isoformat() if lock.created else "an unknown time"
    return f"{lock.who} holds lock {lock.id} ({lock.kind}) for {lock.operation} since {since}"


def _of_stack(stack: StackLocks) -> Iterator[Blocker]:
    every = each_lock(stack.locks.value if isinstance(stack.locks, Known) else ())
    yield from (lock_damaged(stack.stack, lock) for lock in every if lock.damage)
    held = tuple(lock for lock in every if not lock.damage)
    if not isinstance(stack.locks, Known):
        yield lock_unreadable(stack.stack, stack.locks)
    if stack.liveness == "dead":
        yield from (_stale(stack, lock) for lock in held)
    elif held:
        for lock in held:
            observed = f"{said_lock(lock)}; holder {stack.liveness}: {stack.evidence}"
            yield _locked(stack.stack, observed, _wait(stack, lock))
    elif stack.liveness != "none" and not every:
        yield _locked(stack.stack, f"no lock, but a holder {stack.liveness}: {stack.evidence}", _wait(stack))


def _wait(stack: StackLocks, lock: StateLock | None = None) -> Remedy:
    if stack.liveness == "live":
        return Remedy.of(Wait("it has finished"), Clear())
    if lock is not None:
        return Remedy.of(
            Person(lock.who, "let its holder end the command"),
            Clear(),
            alternative=(*_by_name(stack.stack).steps, Clear()),
            note=f"Where that host is gone for good and no worker of this deployment, release lock {lock.name} by name",
        )
    return Remedy.of(
        Person(FINDER, "see on the named host whether terraform still runs", "docs/runbooks/stale-lock.md"), Clear()
    )


def _by_name(stack: str) -> Remedy:
    """A person names the lock: that is the approval, so nobody fills it in."""
    return Remedy.of(
        Trigger("<environment>.release_lock", {"stack": stack}, ("lock_id", "confirm", "reason")),
        note="It looks twice (docs/runbooks/stale-lock.md)",
    )


def lock_damaged(stack: str, lock: StateLock) -> Blocker:
    """A lock that can be read and does not say whose it is, or since when."""
    return Blocker(
        code="STATE-LOCK-DAMAGED",
        summary="the state is locked by something that is no whole lock",
        resource=f"state of {stack}",
        observed=f"{lock.name} ({lock.kind}): {lock.damage}",
        expected="no lock, or one with id, holder and time",
        remedy=Remedy.of(*_by_name(stack).steps, Clear(), note=f"The lock_id is {lock.name}"),
    )


def _locked(stack: str, observed: str, remedy: Remedy) -> Blocker:
    return Blocker(
        code="STATE-LOCKED",
        summary="somebody else may be writing this state",
        resource=f"state of {stack}",
        observed=observed,
        expected="no lock, and no terraform that may still run",
        remedy=remedy,
    )


def _stale(stack: StackLocks, lock: StateLock) -> Blocker:
    return Blocker(
        code="STATE-LOCK-STALE",
        summary="the holder of this lock is gone and left it behind",
        resource=f"state of {stack.stack}",
        observed=f"{said_lock(lock)}; holder dead: {stack.evidence}",
        expected="no lock",
        remedy=_RELEASE,
    )


def lock_unreadable(stack: str, locks: Absent | Unreadable) -> Blocker:
    """Nobody can say whether a lock is held."""
    if isinstance(locks, Absent):
        return Blocker(
            code="LOCK-TABLE-MISSING",
            summary="there is no lock table, so nobody can hold or see a lock",
            resource=f"state of {stack}",
            observed="no lock table",
            expected="the lock table of the manifest (backend.lock_table)",
            remedy=Remedy.of(BOOTSTRAP, Clear()),
        )
    return unusable(
        locks,
        Need(
            stem="STATE-LOCK",
            what="the lock",
            resource=f"state of {stack}",
            expected="an answer from the lock table and the lock file",
            remedy=allow("read the lock table and the state bucket"),
        ),
    )


def lock_not_looked_at(stack: str) -> Blocker:
    """A stack of the manifest for which there is no answer about locks."""
    return Blocker(
        code="STATE-LOCK-MISSING",
        summary="nobody looked for a lock here",
        resource=f"state of {stack}",
        observed="no answer about locks",
        expected="an answer from the lock table and the lock file",
        remedy=MANIFEST_STACKS,
    )
