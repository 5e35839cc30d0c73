"""Collectors of the guardrails that stand beside the stacks: budget, teardown viability, state ownership, cost."""

from tidegate.collectors.aws.budget import collect_budget
from tidegate.lanes.run import LaneRun, now
from tidegate.models.budget import BudgetFacts


def collect_budget_guardrail(run: LaneRun) -> BudgetFacts:
    """M2.I: the budget, its ladder, and whether anybody hears its alerts."""
    return collect_budget(run.clients, run.environment, now())
