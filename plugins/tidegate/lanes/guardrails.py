"""Collectors of the guardrails that stand beside the stacks: budget, teardown viability, state ownership, cost."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tidegate.collectors.aws.budget import collect_budget
from tidegate.collectors.aws.cost import month_to_date, read_budget_spend, read_daily_cost
from tidegate.collectors.aws.state import read_state
from tidegate.cost.ladder import rung_of
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.scope import preserve_set, stack_scope
from tidegate.lanes.spec import dag_id_of
from tidegate.models.budget import BudgetFacts
from tidegate.models.cost import CostFacts
from tidegate.models.facts import Coverage, Source
from tidegate.models.observed import Known, Observed, Unreadable, shown
from tidegate.models.ownership import OwnedState, OwnershipFacts
from tidegate.models.viability import ViabilityFacts


def collect_budget_guardrail(run: LaneRun) -> BudgetFacts:
    """M2.I: the budget, its ladder, and whether anybody hears its alerts."""
    return collect_budget(run.clients, run.environment, now())


def collect_ownership(run: LaneRun) -> OwnershipFacts:
    """M2.H: the state of every stack, as it lies in S3 now."""
    observed_at = now()
    return OwnershipFacts(
        observed_at=observed_at,
        sources=(Source(name="state", data_as_of=observed_at),),
        expected_stacks=tuple(run.environment.stacks),
        states=tuple(
            OwnedState(
                stack=name,
                destroyable=stack.destroyable,
                resources=read_state(run.clients, run.environment, name).resources,
            )
            for name, stack in run.environment.stacks.items()
        ),
    )


def collect_viability(run: LaneRun) -> ViabilityFacts:
    """M2.I: a real destroy plan of every destroyable stack, downstream first, and the DAGs that would apply it."""
    observed_at = now()
    destroyable = tuple(name for name, stack in run.environment.stacks.items() if stack.destroyable)
    stacks = tuple(stack_scope(run, name) for name in reversed(destroyable))
    return ViabilityFacts(
        observed_at=now(),
        sources=tuple(Source(name=name, data_as_of=observed_at) for name in ("terraform", "state", "airflow")),
        destroyable=destroyable,
        stacks=stacks,
        preserve_set=preserve_set(run),
        protected_types=run.environment.preserve.types,
        protected_ids=run.environment.preserve.ids,
        protected_prefixes=run.environment.preserve.id_prefixes,
        m9=run.dag_status(dag_id_of(run.environment.name, "m9")),
        emergency_stop=run.dag_status(dag_id_of(run.environment.name, "stop")),
    )


def collect_cost(run: LaneRun) -> CostFacts:
    """M9.G: the month to date, from AWS Budgets and from Cost Explorer."""
    observed_at = now()
    start, end = month_to_date(observed_at)
    budgets = read_budget_spend(run.clients, run.environment)
    days = read_daily_cost(run.clients, start, end)
    as_of = observed_at - timedelta(hours=run.environment.billing_lag_hours["aws"])
    wanted = run.environment.budget
    totals: list[Observed[Decimal]] = [
        Known(budgets.value.amount) if isinstance(budgets, Known) else budgets,
        Known(sum((day.cost.amount for day in days.value), start=Decimal(0))) if isinstance(days, Known) else days,
    ]
    known = [total.value for total in totals if isinstance(total, Known)]
    rung = rung_of(max(known), wanted.alerts_usd) if len(known) == len(totals) else "unknown"
    run.log(
        f"since {start}: AWS Budgets {shown(totals[0])}, Cost Explorer {shown(totals[1])} {wanted.unit}, "
        f"as of {as_of:%Y-%m-%d %H:%M} UTC; rung {rung}, stop at {wanted.stop_usd}"
    )
    return CostFacts(
        observed_at=observed_at,
        sources=(_billing("aws-budgets", as_of, budgets), _billing("aws-cost-explorer", as_of, days)),
        cost_scope=run.environment.cost_scope,
        read_scope=("aws",),
        start=start,
        end=end,
        expected_unit=wanted.unit,
        alerts=wanted.alerts_usd,
        stop=wanted.stop_usd,
        budgets=budgets,
        days=days,
        rung=rung,
    )


def _billing(name: str, as_of: datetime, read: Observed[Any]) -> Source:
    reason = read.reason if isinstance(read, Unreadable) else ""
    covered = Coverage(subject="month to date", status="unreadable" if reason else "read", reason=reason)
    return Source(name=name, data_as_of=as_of, coverage=(covered,))
