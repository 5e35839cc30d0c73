"""LOCK-RELEASE. A lock is released by a person, by its name, after two looks, and never one of ours that lives (ST6).

A holder outside this deployment, a laptop that was thrown away, can prove nothing: the person's reason, one lock wait
without any change of lock or state, and the record take the place of the proof.
"""

from collections.abc import Iterator
from datetime import timedelta

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import lease_held_blockers
from tidegate.gates.rules_evidence import evidence_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_intent import intent_blockers
from tidegate.gates.rules_locks import lock_unreadable, said_lock
from tidegate.gates.rules_observed import Need, readable, unusable
from tidegate.gates.rules_remedies import FINDER, STATE_BUCKET, allow
from tidegate.gates.rules_request import confirmation_blockers, reason_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.lock_release import LockReleaseFacts
from tidegate.models.observed import Known
from tidegate.models.remedy import Person, Remedy, Trigger, Wait

_DAG = "release_lock"


def blockers(facts: LockReleaseFacts) -> Iterator[Blocker]:
    """Yield every reason why the lock stays."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        confirmation_blockers(facts.confirm, facts.environment, _DAG),
        reason_blockers(facts.reason, facts.environment, _DAG),
        lease_held_blockers(facts.lease),
        _named(facts),
        _holder(facts),
        intent_blockers(
            facts.intent, facts.stack, Trigger("<dag>", {"stack": facts.stack}, ("lock_id", "confirm", "reason"))
        ),
        _state(facts),
        _looks(facts),
        evidence_blockers(facts.evidence_writable),
    )


def _named(facts: LockReleaseFacts) -> Iterator[Blocker]:
    if not isinstance(facts.locks, Known):
        yield lock_unreadable(facts.stack, facts.locks)
    elif not facts.named:
        held = sorted({lock.name for lock in facts.locks.value})
        yield Blocker(
            code="LOCK-NOT-THERE",
            summary="no lock of this name is held on the state",
            resource=f"state of {facts.stack}",
            observed=", ".join(held) or "nobody holds the state",
            expected=f"lock {facts.lock_id or 'of a given lock_id'}",
            remedy=Remedy.of(
                Trigger("<dag>", {"stack": facts.stack}, ("lock_id", "confirm", "reason")),
                note="Nothing is to be released when nobody holds the state",
            ),
        )


def _holder(facts: LockReleaseFacts) -> Iterator[Blocker]:
    if facts.named and facts.holder not in ("outside", "dead"):
        yield Blocker(
            code="LOCK-HOLDER-NOT-DEAD",
            summary="the lock is of a worker of this deployment, and its terraform is not proven dead",
            resource=f"state of {facts.stack}",
            observed=f"{said_lock(facts.named[0])}; holder {facts.holder}: {facts.holder_evidence}",
            expected="a holder outside this deployment, or one that is proven dead",
            remedy=Remedy.of(
                Person(FINDER, "see on the named host whether terraform still runs, and let it end"),
                Trigger("<environment>.m2_substrate_build", {"release_dead_lock": True}),
                note="M9 releases the lock of a holder that is proven dead as well",
            ),
        )


def _state(facts: LockReleaseFacts) -> Iterator[Blocker]:
    need = Need(
        stem="STATE",
        what="the state",
        resource=f"state of {facts.stack}",
        expected="a state that does not move, or none",
        remedy=STATE_BUCKET,
    )
    return readable(facts.state, need)


def _looks(facts: LockReleaseFacts) -> Iterator[Blocker]:
    """Two looks, one lock wait apart, at the same bytes over the same state; a change of either begins anew."""
    if not facts.named:
        return
    if not isinstance(facts.look, Known):
        need = Need(
            stem="LOCK-LOOK",
            what="since when the lock is known to lie there",
            resource=f"state of {facts.stack}",
            expected="a record of the first look",
            remedy=allow("read and write control/ in the evidence bucket"),
        )
        yield unusable(facts.look, need)
        return
    due = facts.look.value.seen_at + timedelta(seconds=facts.lock_wait_seconds)
    if facts.observed_at < due:
        yield Blocker(
            code="LOCK-LOOK-TOO-YOUNG",
            summary="the second look at the lock is still to come",
            resource=f"state of {facts.stack}",
            observed=f"lock and state are as they are since {facts.look.value.seen_at.isoformat()}",
            expected=f"unchanged for {facts.lock_wait_seconds} s (deadlines.lock_wait)",
            remedy=Remedy.of(
                Wait(f"this task has looked again, which counts from {due.isoformat()} on"),
                note="If the state has moved, somebody works on it: find the holder",
            ),
        )


GATE = Gate(
    id="LOCK-RELEASE",
    title="A named state lock may be released",
    owner="platform",
    requirements=("ST6", "ST4", "ID1", "ID2", "ID3"),
    facts=LockReleaseFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "backend", "evidence", "stacks"),
    transient_codes=frozenset({"LEASE-HELD", "LOCK-LOOK-TOO-YOUNG"}),
)
