"""Collectors of the cost guardrails: the month of every platform in the scope, reported and projected (CO5, CO6)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tidegate.collectors.aws.cost import month_to_date, read_budget_spend
from tidegate.collectors.aws.state import read_state
from tidegate.collectors.confluent.costs import read_bill
from tidegate.cost.ladder import UNKNOWN, Report
from tidegate.cost.marketplace import without_products
from tidegate.cost.month import projected_of, projection_of, reported_of, reports_of, said_usd
from tidegate.evidence.control import first_apply, read_latch
from tidegate.lanes.confluent import confluent_api, confluent_endpoint
from tidegate.lanes.cost_history import last_seen, widest_scope
from tidegate.lanes.own_reads import ExplorerRead, read_explorer
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.standing import read_inventories
from tidegate.models.confluent import ConfluentBill, ConfluentBilling, ConfluentBillingFacts
from tidegate.models.cost import CostFacts, DailyCost
from tidegate.models.facts import Coverage, Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.policy import PolicyException

_EXCEPTIONS = ("COST-SCOPE-NARROWED", "CONFLUENT-DAYS-MISSING")
"""Rules whose exceptions these gates know."""


def collect_cost(run: LaneRun) -> CostFacts:
    """The month to date from AWS Budgets, Cost Explorer and, where the scope says so, Confluent, carried on to now.

    The same in M2.B, M9.G and the audit; the hourly check asks Cost Explorer nothing (CO7).
    """
    read_at = now()
    environment, wanted = run.environment, run.environment.budget
    budgets = read_budget_spend(run.clients, environment)
    explorer = read_explorer(run, read_at)
    confluent = read_confluent(run, read_at) if "confluent" in environment.cost_scope else None
    days, marketplace = _counted_once(run, explorer.days, confluent)
    facts = CostFacts(
        observed_at=read_at,
        sources=tuple(_sources(run, read_at, budgets, explorer, confluent)),
        cost_scope=environment.cost_scope,
        read_scope=("aws",) if confluent is None else ("aws", "confluent"),
        widest_scope=widest_scope(run, read_at),
        exceptions=_exceptions(run),
        start=explorer.start,
        end=explorer.end,
        expected_unit=wanted.unit,
        alerts=wanted.alerts_usd,
        stop=wanted.stop_usd,
        limit=wanted.limit_usd,
        latched=run.phase == "m9" and _latched(run),
        read_at=read_at,
        billing_lag_hours={str(platform): hours for platform, hours in environment.billing_lag_hours.items()},
        budgets=budgets,
        budget_expected=not isinstance(budgets, Absent) or _budget_expected(run),
        days=days,
        own_reads=explorer.own,
        confluent=confluent,
        marketplace_usd=marketplace,
        inventories=read_inventories(run, read_at),
        prices=run.policies.prices,
        prices_max_age_days=wanted.prices_max_age_days,
        last_seen=last_seen(run, explorer.newest_at),
        **_NOT_YET,
    )
    facts = shown_results(replace(facts, observed_at=now()))
    run.log(_sentence(facts, explorer))
    return facts


def _counted_once(
    run: LaneRun, days: Observed[tuple[DailyCost, ...]], confluent: ConfluentBilling | None
) -> tuple[Observed[tuple[DailyCost, ...]], Decimal]:
    """The days without Confluent's products on AWS Marketplace, and what those products charged.

    While Confluent's own bill is not known, they stay in the AWS bill: they must be counted somewhere.
    """
    section = run.environment.confluent
    products = () if section is None else section.marketplace_products
    if not products or not isinstance(days, Known) or confluent is None or not isinstance(confluent.bill, Known):
        return days, Decimal(0)
    without, amount = without_products(days.value, products)
    run.log(f"paid to Confluent through AWS Marketplace: {amount}, counted with Confluent's own bill")
    return Known(without), amount


def _latched(run: LaneRun) -> bool:
    latch = read_latch(run.remote, run.environment.name)
    return isinstance(latch, Known) and latch.value.is_set


_NOT_YET: dict[str, Any] = {
    **dict.fromkeys(("reported", "projected", "total", "forecast", "usd_per_hour"), Decimal(0)),
    "hours_until_next_rung": None,
    "rung": UNKNOWN,
}
"""What is computed from the other facts."""


def shown_results(facts: CostFacts) -> CostFacts:
    """The facts with the results that people look for."""
    projection = projection_of(facts)
    return replace(
        facts,
        reported=reported_of(projection),
        projected=projected_of(projection),
        total=projection.at_least,
        forecast=projection.forecast,
        usd_per_hour=projection.usd_per_hour,
        hours_until_next_rung=projection.hours_until_next_rung,
        rung=projection.rung,
    )


def _sentence(facts: CostFacts, explorer: ExplorerRead) -> str:
    """The month in one sentence."""
    reports = reports_of(facts)
    least = "at least " if facts.rung == UNKNOWN else ""
    left = facts.hours_until_next_rung
    then = "no rung to come at this rate" if left is None else f"the next rung in {said_usd(round(left, 1))} hours"
    return (
        f"since {facts.start}: reported {', '.join(_said(report) for report in reports)} {facts.expected_unit}; "
        f"projected {said_usd(facts.projected)} since the reports at {said_usd(facts.usd_per_hour)} an hour; "
        f"together {least}{said_usd(facts.total)}, rung {facts.rung}, {then}, stop at {facts.stop}; {explorer.said}"
    )


def _sources(
    run: LaneRun, read_at: datetime, budgets: Observed[Any], explorer: ExplorerRead, confluent: ConfluentBilling | None
) -> Iterator[Source]:
    lag = timedelta(hours=run.environment.billing_lag_hours["aws"])
    yield _billing("aws-budgets", read_at - lag, budgets)
    yield _billing("aws-cost-explorer", (explorer.own.read_at or read_at) - lag, explorer.days)
    if confluent is not None:
        yield _billing("confluent-costs", confluent.data_as_of, confluent.bill)


def _budget_expected(run: LaneRun) -> bool:
    """Core makes the budget, so before the first build there is none. A teardown asks for it all the same.

    A build never waits for it, or a deleted budget could never be made again: M2.C makes it, M2.I judges it. Until then
    Cost Explorer must answer. A budget that cannot be read does not count as gone.
    """
    if run.phase in ("m2", "m9"):
        return run.phase == "m9"
    for name, stack in run.environment.stacks.items():
        if stack.lifecycle == "persistent":
            held = read_state(run.clients, run.environment, name).resources
            if not isinstance(held, Absent) and held != Known(()):
                return True
    return False


def collect_confluent_billing(run: LaneRun) -> ConfluentBillingFacts:
    """M9.G for Confluent: every line of the month to date, added up per day and per line type."""
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
    """One read of the costs API, with what it is compared with. Never raises for what Airflow or Confluent answer."""
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
    """Absent if the manifest names no account, so that there is nothing to ask."""
    if run.environment.confluent is None:
        return Absent()
    with confluent_api(run) as api:
        return read_bill(api.value, start, end) if isinstance(api, Known) else api


def _standing_since(run: LaneRun) -> Observed[datetime]:
    """The time of the first apply of a Confluent stack in the open platform run. A closed run has none.

    A platform run can be open for days before anything of Confluent is made.
    """
    if not run.environment.stacks_with_identities:
        return Absent()
    match run.platform_run:
        case Known(platform) if platform.closed_by is not None:
            return Absent()
        case Known(platform) if platform.opened_at.tzinfo is None:
            return Unreadable(f"platform run {platform.id} was opened at a time without a zone")
        case Known(platform):
            return _first_applied(run, platform.opened_at)
        case other:
            return other


def _first_applied(run: LaneRun, since: datetime) -> Observed[datetime]:
    name = run.environment.name
    stacks = run.environment.stacks_with_identities
    found = [first_apply(run.remote, name, stack, since=since) for stack in stacks]
    for unusable in found:
        if not isinstance(unusable, Known | Absent):
            return unusable
    moments = [it.value for it in found if isinstance(it, Known)]
    return Known(min(moments)) if moments else Absent()


def _exceptions(run: LaneRun) -> tuple[PolicyException, ...]:
    return tuple(exception for exception in run.environment.exceptions if exception.rule in _EXCEPTIONS)


def _billing(name: str, as_of: datetime, read: Observed[Any]) -> Source:
    reason = read.reason if isinstance(read, Unreadable) else "not configured" if isinstance(read, Absent) else ""
    covered = Coverage(subject="month to date", status="unreadable" if reason else "read", reason=reason)
    return Source(name=name, data_as_of=as_of, coverage=(covered,))


def _said(report: Report) -> str:
    return f"{report.source} {'not known' if report.amount is None else report.amount}"
