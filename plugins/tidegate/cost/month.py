"""The month as facts of a cost guardrail tell it, carried on to their time (CO6).

Pure, so that evidence can be judged again.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from tidegate.cost.ladder import BUDGETS, CONFLUENT, EXPLORER, Report, total_of
from tidegate.cost.projection import Projection, Reported, month_start, project
from tidegate.cost.run_rate import run_rate
from tidegate.models.cost import CostFacts, Money
from tidegate.models.observed import Absent, Known, Observed

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of two workers may differ before one of them is taken to have jumped."""


def projection_of(facts: CostFacts) -> Projection:
    """Reported and projected cost of every platform in the scope, at the time of the facts."""
    reports = list(_reports(facts))
    if not budget_may_be_of_last_month(facts):
        return _projected(facts, reports)
    without = [replace(it, amount=None) if it.source == BUDGETS else it for it in reports]
    if any(it.source == EXPLORER and it.amount is not None for it in reports):
        # AWS Budgets must still be readable; what it tells is left out.
        return _projected(facts, [it for it in reports if it.source != BUDGETS or it.amount is None])
    return replace(_projected(facts, reports), stops=_projected(facts, without).stops)


def budget_may_be_of_last_month(facts: CostFacts) -> bool:
    """AWS Budgets is refreshed a few times a day: on the first of a month it may still show the month before.

    While the billing lag reaches back before the month it adds nothing where Cost Explorer tells, and never makes the
    stop certain where nobody else tells.
    """
    return facts.read_at - timedelta(hours=facts.billing_lag_hours["aws"]) < month_start(facts.read_at)


def reports_of(facts: CostFacts) -> tuple[Report, ...]:
    """What each source says about the month."""
    spent, unit = _without_marketplace(facts), facts.expected_unit
    return total_of(spent, facts.days, facts.confluent, unit=unit, start=facts.start, end=facts.end).reports


def _without_marketplace(facts: CostFacts) -> Observed[Money]:
    """What AWS Budgets tells, less what Confluent's own bill tells as well; never turned below zero by that."""
    if not isinstance(facts.budgets, Known) or not facts.marketplace_usd:
        return facts.budgets
    money = facts.budgets.value
    return Known(replace(money, amount=max(money.amount - facts.marketplace_usd, min(money.amount, Decimal(0)))))


def _projected(facts: CostFacts, reports: list[Reported]) -> Projection:
    now, seen = facts.observed_at, facts.last_seen
    rates = {platform: run_rate(inventory, facts.prices) for platform, inventory in facts.inventories.items()}
    return project(
        _without_superseded([_as_of(report, now) for report in reports], now),
        rates,
        now=now,
        alerts=facts.alerts,
        stop=facts.stop,
        last_seen=seen.value - CLOCKS_APART if isinstance(seen, Known) else None,
    )


def reported_of(projection: Projection) -> Decimal:
    """USD that is reported, all platforms."""
    return sum((each.reported for each in projection.platforms), start=Decimal(0))


def projected_of(projection: Projection) -> Decimal:
    """USD since the reports vouch, all platforms."""
    return sum((each.projected for each in projection.platforms), start=Decimal(0))


def said_usd(amount: Decimal) -> str:
    """An amount for people: at most four digits behind the point."""
    return f"{round(amount, 4).normalize():f}"


def explorer_counts(facts: CostFacts) -> bool:
    """Must Cost Explorer tell? Only a lane that never asks it does without, and only while AWS Budgets tells."""
    return facts.own_reads.needed or not isinstance(facts.days, Absent) or not isinstance(facts.budgets, Known)


def budget_counts(facts: CostFacts) -> bool:
    """Must AWS Budgets tell? Not before core has made the budget."""
    return facts.budget_expected or not isinstance(facts.budgets, Absent)


def nobody_can_tell_yet(facts: CostFacts) -> bool:
    """Nothing was ever built, and a lane that never asks found no answer in the record: unknown, and no defect."""
    unread = isinstance(facts.days, Absent) and not facts.own_reads.needed
    return unread and isinstance(facts.budgets, Absent) and not facts.budget_expected


def _reports(facts: CostFacts) -> Iterator[Reported]:
    amounts = {it.source: it.amount for it in reports_of(facts)}
    lag = timedelta(hours=facts.billing_lag_hours["aws"])
    if budget_counts(facts):
        yield Reported(
            source=BUDGETS,
            platform="aws",
            amount=amounts[BUDGETS],
            read_at=facts.read_at,
            data_as_of=facts.read_at - lag,
        )
    if explorer_counts(facts):
        read_at = facts.own_reads.read_at or facts.read_at
        yield Reported(
            source=EXPLORER, platform="aws", amount=amounts[EXPLORER], read_at=read_at, data_as_of=read_at - lag
        )
    if facts.confluent is not None:
        yield Reported(
            source=CONFLUENT,
            platform="confluent",
            amount=amounts[CONFLUENT],
            read_at=facts.read_at,
            data_as_of=facts.confluent.data_as_of,
        )


def _as_of(report: Reported, now: datetime) -> Reported:
    """A read of a worker whose clock is a little ahead was made now at the latest."""
    ahead = report.read_at - now
    if timedelta(0) < ahead <= CLOCKS_APART:
        return replace(report, read_at=now, data_as_of=report.data_as_of - ahead)
    return report


def _without_superseded(reports: list[Reported], now: datetime) -> list[Reported]:
    """Leave out an older report that tells no more than a newer one of its platform.

    What stands would be counted from the older one on, although the newer one has told what was spent since.
    """
    first = month_start(now)
    sound = [it for it in reports if first <= it.read_at <= now and it.data_as_of <= it.read_at]

    def superseded(old: Reported) -> bool:
        return any(
            new.platform == old.platform
            and new.data_as_of > old.data_as_of
            and new.amount is not None
            and old.amount is not None
            and new.amount >= old.amount
            for new in sound
        )

    return [it for it in reports if it not in sound or not superseded(it)]
