"""MUTATION-AUTHORIZATION. In the second before terraform applies, everything that was true must still be true.

Nobody upstream is trusted: a person may clear just this task. So guards, plan file, state, identity, lease, latch,
locks and intent are read afresh and held against each other here.
"""

import re
from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import latch_blockers, lease_ours_blockers
from tidegate.gates.rules_evidence import evidence_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, dag_of, identity_blockers
from tidegate.gates.rules_intent import intent_blockers
from tidegate.gates.rules_locks import no_lock_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, MAINTAINER, SAME_DAG, STATE_BUCKET
from tidegate.gates.rules_state_version import newer_state_blockers
from tidegate.gates.rules_time_to_live import still_ended_blockers
from tidegate.gates.rules_unsaved import unsaved_blockers
from tidegate.models.authorization import AuthorizationFacts, GuardingSnapshot
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.remedy import Person, Remedy, Trigger

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PLAN_AGAIN = Remedy.of(SAME_DAG)


def blockers(facts: AuthorizationFacts) -> Iterator[Blocker]:
    """Yield every reason why terraform must not apply now; nothing is applied to a stack that is left alone."""
    if not facts.targeted:
        return each(
            identity_blockers(facts.caller, facts.tools),
            _guards(facts),
            _left_alone(facts),
            lease_ours_blockers(facts.control.lease),
            evidence_blockers(facts.evidence_writable),
        )
    return each(
        identity_blockers(facts.caller, facts.tools),
        _guards(facts),
        _plan_file(facts),
        _state(facts),
        lease_ours_blockers(facts.control.lease),
        _latch(facts),
        _platform_run(facts),
        _needed(facts),
        no_lock_blockers(facts.stack, facts.locks),
        still_ended_blockers(facts.ended_lives, dag_of(facts.tools, "m9_teardown_cost_check")),
        intent_blockers(facts.intent, facts.stack, SAME_DAG),
        evidence_blockers(facts.evidence_writable),
        unsaved_blockers(facts.unsaved, facts.stack),
    )


def _guards(facts: AuthorizationFacts) -> Iterator[Blocker]:
    if not facts.guards:
        yield Blocker(
            code="GUARD-MISSING",
            summary="no gate guards this mutation",
            resource=f"stack {facts.stack}",
            observed="0 guarding snapshots",
            expected="at least the snapshot that judged the plan",
            remedy=Remedy.of(Person(MAINTAINER, "give the lane its guards in plugins/tidegate/lanes/phases.py")),
        )
    for number, guard in enumerate(facts.guards, start=1):
        if isinstance(guard, Known):
            yield from _guard(guard.value)
        else:
            yield unusable(
                guard,
                Need(
                    stem="GUARD",
                    what="a guarding snapshot",
                    resource=f"guard {number} of {len(facts.guards)} of stack {facts.stack}",
                    expected="a snapshot that passed in this run",
                    remedy=_PLAN_AGAIN,
                ),
            )


def _guard(guard: GuardingSnapshot) -> Iterator[Blocker]:
    passed = guard.status == "pass" and guard.overall_pass is True and not guard.stopping
    beside = guard.status == "fail" and guard.overall_pass is False and guard.stopping == ()
    if not passed and not beside:
        yield Blocker(
            code="GUARD-NOT-PASSED",
            summary=f"{guard.gate} did not pass",
            resource=guard.uri,
            observed=", ".join(guard.stopping or ()) or f"status {guard.status}, overall_pass {guard.overall_pass}",
            expected="a pass, or nothing that concerns this stack",
            remedy=Remedy.of(Person(FINDER, "follow the remedies in that snapshot"), SAME_DAG),
        )
    if guard.sha256_recorded != guard.sha256_stored or not _SHA256.fullmatch(guard.sha256_stored):
        yield Blocker(
            code="GUARD-DIGEST-MISMATCH",
            summary=f"the stored snapshot of {guard.gate} is not the one that its task handed over",
            resource=guard.uri,
            observed=f"stored {guard.sha256_stored or 'none'}",
            expected=f"handed over {guard.sha256_recorded or 'none'}",
            remedy=_PLAN_AGAIN,
        )
    if guard.expired:
        yield Blocker(
            code="GUARD-EXPIRED",
            summary=f"the pass of {guard.gate} does not count any more",
            resource=guard.uri,
            observed="valid_until is over",
            expected="a pass that is still valid",
            remedy=_PLAN_AGAIN,
        )

    if guard.policy_changed:
        yield Blocker(
            code="GUARD-STALE",
            summary=f"{guard.gate} passed under another policy",
            resource=guard.uri,
            observed="another policy digest than today's",
            expected="a pass under the manifest and the policies as they are now",
            remedy=_PLAN_AGAIN,
        )


def _left_alone(facts: AuthorizationFacts) -> Iterator[Blocker]:
    """A stack that this run does not target has no plan to apply, and a build has no such stacks."""
    seen = [f"{guard.gate} vouches for plan {guard.plan_sha256}" for guard in _with_plan(facts)]
    if not isinstance(facts.plan_file_sha256, Absent):
        seen.append(f"plan file {shown(facts.plan_file_sha256)}")
    if facts.direction != "destroy":
        seen.append(f"direction {facts.direction}")
    if seen:
        yield Blocker(
            code="TARGET-CONTRADICTORY",
            summary="the stack is left alone by this run, and yet something is to be applied to it",
            resource=f"stack {facts.stack}",
            observed=", ".join(seen),
            expected="a teardown without a plan of this stack",
            remedy=_PLAN_AGAIN,
        )


def _platform_run(facts: AuthorizationFacts) -> Iterator[Blocker]:
    """A build works on the platform run that its first lane found or opened, and on no other (LC1)."""
    if facts.direction == "destroy" or facts.alone:
        return
    newest = facts.control.platform_run
    if isinstance(newest, Known) and newest.value.closed_by is None and newest.value.id == facts.platform_run:
        return
    observed = shown(newest)
    if isinstance(newest, Known):
        observed = f"{newest.value.id}, " + ("open" if newest.value.closed_by is None else "closed")
    yield Blocker(
        code="PLATFORM-RUN-NOT-OURS",
        summary="the platform run that this build works on is not the one that is open",
        resource="platform run",
        observed=observed,
        expected=f"{facts.platform_run}, open",
        remedy=_PLAN_AGAIN,
    )


def _needed(facts: AuthorizationFacts) -> Iterator[Blocker]:
    """What others need goes after them: when they are gone, or, once the emergency stop tears down, when they had their
    turn (RE2). The order of the tasks gives them that.
    """
    if facts.direction != "destroy" or isinstance(facts.emergency, Known):
        return
    for stack, count in facts.needed_by.items():
        if not isinstance(count, Known):
            yield unusable(
                count,
                Need(
                    stem="DOWNSTREAM-STATE",
                    what="the number of resources of a stack that needs this one",
                    resource=stack,
                    expected="0 resources",
                    remedy=STATE_BUCKET,
                ),
            )
        elif count.value != 0:
            yield Blocker(
                code="DOWNSTREAM-STANDS",
                summary=f"a stack that needs {facts.stack} still stands, so {facts.stack} stays",
                resource=stack,
                observed=f"{count.value} resources; emergency stop: {shown(facts.emergency)}",
                expected="0 resources, or a teardown that the emergency stop triggered",
                remedy=Remedy.of(
                    Person(FINDER, f"follow the remedies of the destroy of {stack}"),
                    Trigger(
                        dag_of(facts.tools, "m9_teardown_cost_check"),
                        {"target": f"{stack}+{facts.stack}"},
                        ("confirm",),
                    ),
                ),
            )


def _with_plan(facts: AuthorizationFacts) -> list[GuardingSnapshot]:
    return [guard.value for guard in facts.guards if isinstance(guard, Known) and guard.value.plan_sha256]


def _plan_file(facts: AuthorizationFacts) -> Iterator[Blocker]:
    guards, file = _with_plan(facts), facts.plan_file_sha256
    if not guards:
        yield Blocker(
            code="PLAN-UNGUARDED",
            summary="no gate judged the plan that would be applied",
            resource=f"plan of {facts.stack}",
            observed="0 guarding snapshots with a plan digest",
            expected="a snapshot that vouches for this plan",
            remedy=_PLAN_AGAIN,
        )
    if not isinstance(file, Known):
        yield unusable(
            file,
            Need(
                stem="PLAN-FILE",
                what="the plan file",
                resource=f"plan of {facts.stack}",
                expected=" and ".join(guard.plan_sha256 for guard in guards) or "the guarded plan",
                remedy=Remedy.of(SAME_DAG, note="Plans expire in the work bucket"),
            ),
        )
        return
    for guard in guards:
        if file.value != guard.plan_sha256:
            yield Blocker(
                code="PLAN-ALTERED",
                summary=f"the plan file is not the one that {guard.gate} judged",
                resource=f"plan of {facts.stack}",
                observed=f"sha256 {file.value}",
                expected=f"sha256 {guard.plan_sha256}",
                remedy=_PLAN_AGAIN,
            )


def _state(facts: AuthorizationFacts) -> Iterator[Blocker]:
    now: tuple[int | None, str | None]
    match facts.state:
        case Known(version):
            now = version.serial, version.lineage
            yield from newer_state_blockers(facts.stack, version, facts.tools)
        case Absent():
            now = None, None
        case other:
            yield unusable(
                other,
                Need(
                    stem="STATE",
                    what="the state",
                    resource=f"state of {facts.stack}",
                    expected="the state that the plan was made from",
                    remedy=STATE_BUCKET,
                ),
            )
            return
    for guard in _with_plan(facts):
        if now != (guard.state_serial, guard.state_lineage):
            yield Blocker(
                code="STATE-MOVED",
                summary=f"the state is not the one that {guard.gate} saw",
                resource=f"state of {facts.stack}",
                observed=_said_state(*now),
                expected=_said_state(guard.state_serial, guard.state_lineage),
                remedy=_PLAN_AGAIN,
            )


def _said_state(serial: int | None, lineage: str | None) -> str:
    if serial is None and lineage is None:
        return "no state"
    known = "an unknown serial" if serial is None else f"serial {serial}"
    return f"{known} of an unknown lineage" if lineage is None else f"{known} of lineage {lineage}"


def _latch(facts: AuthorizationFacts) -> Iterator[Blocker]:
    if facts.direction != "destroy" and not facts.alone:  # whatever is not a destroy builds
        yield from latch_blockers(facts.control.latch, dag_of(facts.tools, "emergency_release"))


GATE = Gate(
    id="MUTATION-AUTHORIZATION",
    title="Guards, plan, state, identity, lease, latch, locks and evidence still allow the apply",
    owner="platform",
    requirements=("ID1", "ID2", "ID3", "ST4", "ST6", "CO4", "TD2", "RE2"),
    facts=AuthorizationFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "backend", "evidence", "work", "stacks"),
    version=3,
)
