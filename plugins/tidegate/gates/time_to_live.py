"""TIME-TO-LIVE. No ephemeral stack stands longer than its record allows, and none without a record (TD8).

A stack whose manifest says `time_to_live: false` has none of its own: what needs it comes and goes, and what it
costs is the cost guardrail's business.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_bill import unexplained_blockers
from tidegate.gates.rules_findings import finding_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_remedies import FINDER
from tidegate.gates.rules_time_to_live import bounds_blockers, record_blockers, resource_count_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.remedy import Person, Remedy, Step, Trigger, Wait
from tidegate.models.time_to_live import StackLife, TimeToLive, TimeToLiveFacts


def blockers(facts: TimeToLiveFacts) -> Iterator[Blocker]:
    """Yield every stack that stands too long, and every one of which that cannot be told."""
    yield from identity_blockers(facts.caller, facts.tools)
    for life in facts.stacks:
        yield from resource_count_blockers(life.stack, life.resource_count)
        if not isinstance(life.resource_count, Known) or life.resource_count.value > 0:
            yield from _standing(facts, life)
    if facts.findings is not None:
        yield from finding_blockers(facts.findings, tearing_down=False)
        if facts.unexplained is not None:
            yield from unexplained_blockers(facts.unexplained, facts.findings.exceptions, facts.findings.today)


def _standing(facts: TimeToLiveFacts, life: StackLife) -> Iterator[Blocker]:
    yield from record_blockers(life.stack, life.record, facts.environment)
    if isinstance(life.record, Known):
        record = life.record.value
        yield from each(
            bounds_blockers(
                record, observed_at=facts.observed_at, max_hours=facts.max_hours, environment=facts.environment
            ),
            _ended(facts, life, record),
        )


def _ended(facts: TimeToLiveFacts, life: StackLife, record: TimeToLive) -> Iterator[Blocker]:
    if record.has_ended(facts.observed_at):
        yield Blocker(
            code="TIME-TO-LIVE-ENDED",
            summary="the stack stands although its time has ended",
            resource=f"stack {life.stack}",
            observed=f"ended at {record.ends_at.isoformat()}; set by {record.set_by}: {record.reason}",
            expected="a stack that is torn down by then, or a later end",
            remedy=Remedy.of(
                *_teardown(facts, life),
                alternative=(
                    Trigger(
                        f"{facts.environment}.extend_time_to_live",
                        {"stack": life.stack},
                        ("hours", "confirm", "reason"),
                    ),
                ),
                note="An extension helps before a teardown starts",
            ),
        )


def _teardown(facts: TimeToLiveFacts, life: StackLife) -> tuple[Step, ...]:
    dag = f"{facts.environment}.m9_teardown_cost_check"
    by_hand = Trigger(dag, {"target": life.stack}, ("confirm",))
    if life.teardown is None:
        return (by_hand,)
    named = f"{dag} run {life.teardown.run_id}"
    match life.teardown.state:
        case Absent() if life.teardown.keeps_failing:
            failed = ", ".join(life.teardown.failed_before)
            return Person(FINDER, f"{failed} failed: read the log of the last one and mend what it names"), by_hand
        case Absent():
            return (Wait(f"{named}, which this task triggers, has ended"),)
        case Known(state):
            return (Wait(f"{named}, which is {state}, has ended"),)
        case Unreadable():
            return Person(FINDER, f"see in Airflow whether {named} runs"), by_hand
        case _:
            return (by_hand,)


GATE = Gate(
    id="TIME-TO-LIVE",
    title="No ephemeral stack stands longer than it may",
    owner="finops",
    requirements=("TD8", "CO4", "ID1", "ID2", "ID3"),
    facts=TimeToLiveFacts,
    blockers=blockers,
    version=3,
    policy_sections=(*IDENTITY_SECTIONS, "evidence", "stacks", "time_to_live", "policies.forbidden", "exceptions"),
)
