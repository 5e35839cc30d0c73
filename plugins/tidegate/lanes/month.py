"""The month as this run's cost guardrail saw it."""

from tidegate.lanes.run import LaneRun
from tidegate.models.cost import MonthSoFar
from tidegate.models.observed import Observed, Unreadable


def month_so_far(run: LaneRun) -> Observed[MonthSoFar]:
    """From the facts that `b_cost_guardrail` of this run handed over."""
    return Unreadable(f"no cost guardrail in {run.execution_id}")
