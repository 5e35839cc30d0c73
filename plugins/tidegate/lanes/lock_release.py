"""Releases one named state lock when a person asks: the lock of a laptop that is gone, or a damaged lock (ST6)."""

import socket
from typing import Any, Literal

from tidegate.collectors.aws.state import read_state
from tidegate.evidence.lock_looks import look_at_lock
from tidegate.evidence.store import StoreError
from tidegate.lanes.locks import release_judged, stack_locks
from tidegate.lanes.readiness import caller, evidence_writable, tools
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.models.facts import Facts, Source
from tidegate.models.lock_release import LockReleaseFacts
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.readiness import StackLocks
from tidegate.models.state import LockLook, StateLock, StateVersion
from tidegate.terraform.lock_release import LockNotReleased


def collect_lock_release(run: LaneRun) -> LockReleaseFacts:
    """UNLOCK.A. Takes the run lease and records its first look at the lock. Raises KeyError for an unknown stack."""
    lease = run.acquire_lease()
    who, what = caller(run), tools(run)
    stack, lock_id = str(run.params.get("stack", "")), str(run.params.get("lock_id", "")).strip()
    before = read_state(run.clients, run.environment, stack).version
    found = stack_locks(run, stack)
    state = read_state(run.clients, run.environment, stack).version
    held = found.locks.value if isinstance(found.locks, Known) else ()
    named = tuple(lock for lock in held if lock.name == lock_id)
    holder, evidence = _holder(run, found, named)
    observed_at = now()
    look: Observed[LockLook] = Absent()
    if named and before != state:
        look = Unreadable("the state moved while its lock was looked at")
    elif named and isinstance(state, Known | Absent):
        look = look_at_lock(run.remote, run.environment.name, stack, named, _version_id(state), at=observed_at)
    return LockReleaseFacts(
        observed_at=observed_at,
        sources=tuple(Source(name=name, data_as_of=observed_at) for name in ("sts", "dynamodb", "state", "evidence")),
        caller=who,
        tools=what,
        environment=run.environment.name,
        confirm=str(run.params.get("confirm", "")),
        reason=str(run.params.get("reason", "")),
        lease=lease,
        stack=stack,
        lock_id=lock_id,
        locks=found.locks,
        holder=holder,
        holder_evidence=evidence,
        intent=run.intents(stack).unfinished(),
        state=state,
        look=look,
        lock_wait_seconds=run.environment.deadlines.lock_wait,
        evidence_writable=evidence_writable(run),
    )


def release_named(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the pass: delete exactly the judged lock, if the state has not changed since.

    Raises ActionBlocked and StoreError.
    """
    if not isinstance(facts, LockReleaseFacts) or not facts.named:
        raise LookupError("no judged lock to release")
    state = read_state(run.clients, run.environment, facts.stack).version
    if state != facts.state:
        raise ActionBlocked(
            f"STATE-MOVED state of {facts.stack}: somebody wrote it after the last look | observed: {shown(state)} | "
            f"expected: {shown(facts.state)} | remedy: find the holder; the lock stays"
        )
    proof = f"{facts.holder}: {facts.holder_evidence}"
    try:
        release_judged(run, facts.stack, facts.named, proof=proof, state=shown(facts.state), reason=facts.reason)
    except LockNotReleased as error:
        raise ActionBlocked(
            f"LOCK-MOVED state of {facts.stack}: the lock is not the judged one any more | observed: {error} | "
            f"expected: lock {facts.lock_id} as it was judged | remedy: trigger {run.environment.name}.release_lock "
            "with the lock_id that M2 or M9 names now"
        ) from error


def _holder(
    run: LaneRun, found: StackLocks, named: tuple[StateLock, ...]
) -> tuple[Literal["outside", "dead", "live", "unknown"], str]:
    """Who holds the named lock. On a host where tidegate ran terraform, the holder must be proven dead."""
    if not named:
        return "unknown", "no such lock"
    try:
        hosts = _hosts(run)
    except StoreError as error:
        return "unknown", str(error)
    ours = sorted({lock.who for lock in named if lock.who.rpartition("@")[2] in hosts})
    if not ours:
        who = ", ".join(sorted({lock.who for lock in named if lock.who})) or "nobody that it names"
        return "outside", f"{who} is no worker on which this deployment is known to have run terraform"
    alive: Literal["dead", "live", "unknown"] = "unknown"
    if found.liveness in ("dead", "live"):
        alive = "dead" if found.liveness == "dead" else "live"
    return alive, found.evidence


def _hosts(run: LaneRun) -> frozenset[str]:
    """Hosts of this deployment: this one, and those in the records of started terraforms. Raises StoreError."""
    hosts = {socket.gethostname()}
    for stack in run.environment.stacks:
        log = run.intents(stack)
        for record in (log.read(), log.last_apply_record()):
            match record:
                case Known(found):
                    hosts.add(str(found.get("host")))
                case Absent():
                    continue
                case other:
                    raise StoreError(f"intent record of {stack}", shown(other))
    return frozenset(hosts)


def _version_id(state: Known[StateVersion] | Absent) -> str:
    return state.value.version_id if isinstance(state, Known) else ""
