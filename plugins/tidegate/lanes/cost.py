"""Collectors of M9.G: the month to date of every platform in the scope (CO5)."""

from datetime import date, datetime, timedelta
from typing import Any

from tidegate.collectors.aws.cost import month_to_date, read_budget_spend, read_daily_cost
from tidegate.collectors.confluent.costs import read_bill
from tidegate.cost.ladder import Report, rung_of_total, total_of
from tidegate.lanes.confluent import confluent_api, confluent_endpoint
from tidegate.lanes.cost_history import widest_scope
from tidegate.lanes.run import LaneRun, now
from tidegate.models.confluent import ConfluentBill, ConfluentBilling, ConfluentBillingFacts
from tidegate.models.cost import CostFacts
from tidegate.models.facts import Coverage, Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.policy import PolicyException

_EXCEPTIONS = ("COST-SCOPE-NARROWED", "CONFLUENT-DAYS-MISSING")
"""Rules whose exceptions these gates know."""


def collect_cost(run: LaneRun) -> CostFacts:
    """M9.G: the month to date, from AWS Budgets, Cost Explorer and, where the scope says so, Confluent."""
    observed_at = now()
    start, end = month_to_date(observed_at)
    budgets = read_budget_spend(run.clients, run.environment)
    days = read_daily_cost(run.clients, start, end)
    as_of = observed_at - timedelta(hours=run.environment.billing_lag_hours["aws"])
    sources = [_billing("aws-budgets", as_of, budgets), _billing("aws-cost-explorer", as_of, days)]
    confluent = read_confluent(run, observed_at) if "confluent" in run.environment.cost_scope else None
    if confluent is not None:
        sources.append(_billing("confluent-costs", confluent.data_as_of, confluent.bill))
    wanted = run.environment.budget
    total = total_of(budgets, days, confluent)
    rung = rung_of_total(total, wanted.alerts_usd)
    run.log(
        f"since {start}: {', '.join(_said(report) for report in total.reports)} {wanted.unit}; "
        f"together {'' if total.complete else 'at least '}{total.at_least}; rung {rung}, stop at {wanted.stop_usd}"
    )
    return CostFacts(
        observed_at=observed_at,
        sources=tuple(sources),
        cost_scope=run.environment.cost_scope,
        read_scope=("aws",) if confluent is None else ("aws", "confluent"),
        widest_scope=widest_scope(run),
        exceptions=_exceptions(run),
        start=start,
        end=end,
        expected_unit=wanted.unit,
        alerts=wanted.alerts_usd,
        stop=wanted.stop_usd,
        budgets=budgets,
        days=days,
        confluent=confluent,
        rung=rung,
    )


def collect_confluent_billing(run: LaneRun) -> ConfluentBillingFacts:
    """M9.G, Confluent's half: every line of the month to date, added up per day and per line type."""
    observed_at = now()
    billing = read_confluent(run, observed_at)
    bill = billing.bill
    if isinstance(bill, Known):
        new = [f"{it.product} {it.line_type} ({it.lines})" for it in bill.value.kinds if not it.documented]
        run.log(
            f"Confluent since {billing.start}: {bill.value.total} USD on {len(bill.value.days)} days, "
            f"{bill.value.credits} credits left out; line types that this version does not know, counted all the "
            f"same: {', '.join(new) or 'none'}"
        )
    return ConfluentBillingFacts(
        observed_at=observed_at,
        sources=(_billing("confluent-costs", billing.data_as_of, bill),),
        billing=billing,
        exceptions=_exceptions(run),
    )


def read_confluent(run: LaneRun, observed_at: datetime) -> ConfluentBilling:
    """One read of the costs API, with what it must be held against. Never raises for what Airflow or Confluent say."""
    start, end = month_to_date(observed_at)
    endpoint = confluent_endpoint(run.environment, run.profile)
    return ConfluentBilling(
        endpoint=endpoint.value if isinstance(endpoint, Known) else "",
        start=start,
        end=end,
        data_as_of=observed_at - timedelta(hours=run.environment.billing_lag_hours["confluent"]),
        standing_since=_standing_since(run),
        bill=_bill(run, start, end),
    )


def _bill(run: LaneRun, start: date, end: date) -> Observed[ConfluentBill]:
    """Absent: the manifest names no account, so that there is nothing to ask."""
    if run.environment.confluent is None:
        return Absent()
    with confluent_api(run) as api:
        return read_bill(api.value, start, end) if isinstance(api, Known) else api


def _standing_since(run: LaneRun) -> Observed[datetime]:
    """The opening of the open platform run: a Confluent stack stands within one, and is gone when it is closed."""
    if not run.environment.stacks_by_lifecycle("messaging"):
        return Absent()
    match run.platform_run:
        case Known(platform) if platform.closed_by is not None:
            return Absent()
        case Known(platform) if platform.opened_at.tzinfo is None:
            return Unreadable(f"platform run {platform.id} was opened at a time without a zone")
        case Known(platform):
            return Known(platform.opened_at)
        case other:
            return other


def _exceptions(run: LaneRun) -> tuple[PolicyException, ...]:
    return tuple(exception for exception in run.environment.exceptions if exception.rule in _EXCEPTIONS)


def _billing(name: str, as_of: datetime, read: Observed[Any]) -> Source:
    reason = read.reason if isinstance(read, Unreadable) else "not configured" if isinstance(read, Absent) else ""
    covered = Coverage(subject="month to date", status="unreadable" if reason else "read", reason=reason)
    return Source(name=name, data_as_of=as_of, coverage=(covered,))


def _said(report: Report) -> str:
    return f"{report.source} {'not known' if report.amount is None else report.amount}"
