"""TIME-TO-LIVE-EXTENSION. A person lets a stack that stands live longer, with a reason, within the manifest's bound.

While the emergency latch is set nothing is extended (CO4). A record that is missing or broken does not block: the new
one on top of it is the way out.
"""

from collections.abc import Iterator
from datetime import timedelta

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import latch_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import BUILD, FINDER, OPERATOR
from tidegate.gates.rules_request import confirmation_blockers, reason_blockers
from tidegate.gates.rules_time_to_live import resource_count_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.remedy import Clear, Person, Remedy, Trigger, Wait
from tidegate.models.time_to_live import ExtensionFacts

_DAG = "extend_time_to_live"


def blockers(facts: ExtensionFacts) -> Iterator[Blocker]:
    """Yield every reason why the end stays as it is."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        confirmation_blockers(facts.confirm, facts.environment, _DAG),
        reason_blockers(facts.reason, facts.environment, _DAG),
        _stack(facts),
        resource_count_blockers(facts.stack, facts.resource_count),
        _stands(facts),
        latch_blockers(facts.latch, f"{facts.environment}.emergency_release"),
        _hours(facts),
        _under_way(facts),
    )


def _stack(facts: ExtensionFacts) -> Iterator[Blocker]:
    if facts.stack not in facts.extendable:
        offered = " or ".join(facts.extendable)
        yield Blocker(
            code="EXTENSION-STACK-UNKNOWN",
            summary="the stack has no time to live",
            resource=f"stack {facts.stack or 'none'}",
            observed=f"stack = {facts.stack!r}",
            expected=offered or "a stack with a time to live, of which this environment has none",
            remedy=Remedy.of(Trigger("<dag>", {"stack": facts.extendable[0]}, ("hours", "confirm", "reason")))
            if facts.extendable
            else Remedy((), note="Nothing is to be done: what stands in this environment has no end"),
        )


def _stands(facts: ExtensionFacts) -> Iterator[Blocker]:
    if isinstance(facts.resource_count, Known) and facts.resource_count.value < 1:
        yield Blocker(
            code="EXTENSION-NOTHING-STANDS",
            summary="the stack does not stand, so there is nothing to extend",
            resource=f"stack {facts.stack}",
            observed="0 resources in its state",
            expected="a stack that was built",
            remedy=Remedy.of(BUILD, note="Its time_to_live_hours set the time"),
        )


def _hours(facts: ExtensionFacts) -> Iterator[Blocker]:
    latest = facts.observed_at + timedelta(hours=facts.max_hours)
    if facts.hours < 1:
        yield Blocker(
            code="EXTENSION-HOURS-INVALID",
            summary="it is not said by how many hours",
            resource=f"stack {facts.stack}",
            observed=f"hours = {facts.hours}",
            expected=f"1 to {facts.max_hours}",
            remedy=Remedy.of(
                Trigger("<dag>", {}, ("stack", "hours", "confirm", "reason")),
                note=f"Hours are between 1 and {facts.max_hours}",
            ),
        )
    elif facts.ends_at > latest:
        yield Blocker(
            code="EXTENSION-TOO-LONG",
            summary="the new end is further away than the manifest allows",
            resource=f"stack {facts.stack}",
            observed=f"{facts.starts_at.isoformat()} and {facts.hours} hours: {facts.ends_at.isoformat()}",
            expected=f"at most {facts.max_hours} hours from now: {latest.isoformat()}",
            remedy=Remedy.of(
                Trigger("<dag>", {}, ("stack", "hours", "confirm", "reason")), note="With fewer hours, or later"
            ),
        )


def _under_way(facts: ExtensionFacts) -> Iterator[Blocker]:
    if facts.teardown is None:
        return
    dag = f"{facts.environment}.m9_teardown_cost_check"
    if facts.teardown.is_under_way:
        yield Blocker(
            code="EXTENSION-TOO-LATE",
            summary="the time has ended, and the stack is being torn down",
            resource=f"{dag} run {facts.teardown.run_id}",
            observed=shown(facts.teardown.state),
            expected="no teardown under way",
            remedy=Remedy.of(
                Wait("that run has ended"),
                BUILD,
                alternative=(Person(FINDER, "mark that run as failed in Airflow before it destroys"), Clear()),
            ),
        )
    elif not isinstance(facts.teardown.state, (Known, Absent)):
        yield unusable(
            facts.teardown.state,
            Need(
                stem="EXTENSION-TEARDOWN",
                what="the teardown of the stack whose time has ended",
                resource=f"{dag} run {facts.teardown.run_id}",
                expected="no teardown under way",
                remedy=Remedy.of(Person(OPERATOR, "see in Airflow whether it runs"), Clear()),
            ),
        )


GATE = Gate(
    id="TIME-TO-LIVE-EXTENSION",
    title="The time to live of a stack may be extended",
    owner="finops",
    requirements=("CO4", "ID1", "ID2", "ID3"),
    facts=ExtensionFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "evidence", "stacks", "time_to_live"),
)
