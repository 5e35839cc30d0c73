"""The month as this run's cost guardrail saw it."""

from tidegate.cost.month import projection_of
from tidegate.lanes.guards import facts_of, handed_over_snapshot
from tidegate.lanes.run import LaneRun
from tidegate.models.cost import CostFacts, MonthSoFar
from tidegate.models.observed import Known, Observed, Unreadable

TASK = "b_cost_guardrail"


def month_so_far(run: LaneRun) -> Observed[MonthSoFar]:
    """From the facts that `b_cost_guardrail` of this run handed over; a guardrail that did not pass tells nothing."""
    snapshot = handed_over_snapshot(run, TASK)
    if not isinstance(snapshot, Known):
        return snapshot
    if not snapshot.value.overall_pass:
        return Unreadable(f"{TASK} of this run did not pass")
    facts = facts_of(snapshot.value, CostFacts)
    if not isinstance(facts, Known):
        return facts
    projection = projection_of(facts.value)
    return Known(
        MonthSoFar(
            at_least=projection.at_least,
            usd_per_hour=projection.usd_per_hour,
            hours_left=projection.hours_left,
            limit=facts.value.limit,
            complete=projection.complete,
        )
    )
