"""The month as this run's cost guardrail saw it."""

from datetime import UTC

from tidegate.cost.month import projection_of
from tidegate.cost.projection import month_start
from tidegate.lanes.guards import facts_of, handed_over_snapshot
from tidegate.lanes.run import LaneRun, now
from tidegate.models.cost import CostFacts, MonthSoFar
from tidegate.models.observed import Known, Observed, Unreadable

TASK = "b_cost_guardrail"


def month_so_far(run: LaneRun) -> Observed[MonthSoFar]:
    """From the facts that `b_cost_guardrail` of this run handed over. A guardrail that did not pass gives no answer.

    Nor does one of the previous month: a new month has new bills.
    """
    snapshot = handed_over_snapshot(run, TASK)
    if not isinstance(snapshot, Known):
        return snapshot
    if not snapshot.value.overall_pass:
        return Unreadable(f"{TASK} of this run did not pass")
    facts = facts_of(snapshot.value, CostFacts)
    if not isinstance(facts, Known):
        return facts
    if month_start(facts.value.observed_at) != month_start(now()):
        seen = facts.value.observed_at.astimezone(UTC)
        return Unreadable(f"{TASK} of this run looked at {seen:%Y-%m}; a new month has begun since")
    projection = projection_of(facts.value)
    return Known(
        MonthSoFar(
            at_least=projection.at_least,
            usd_per_hour=projection.usd_per_hour,
            hours_left=projection.hours_left,
            stop=facts.value.stop,
            complete=projection.complete,
        )
    )
