"""The cost ladder: which rung a reported cost has reached, and whether it has reached the stop (CO4, CO5).

Pure. There is one ladder for the sum of all platforms. AWS tells its cost twice; the larger report counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tidegate.models.confluent import ConfluentBilling
from tidegate.models.cost import DailyCost, Money
from tidegate.models.observed import Known, Observed

NONE = "none"
UNKNOWN = "unknown"

BUDGETS = "AWS Budgets"
EXPLORER = "Cost Explorer"
CONFLUENT = "Confluent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one source says about the month; None: it does not tell."""

    source: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """The month of all platforms. `at_least` is certain also where a source does not tell."""

    at_least: Decimal
    complete: bool
    """Every source has told."""
    reports: tuple[Report, ...]


def total_of(
    budgets: Observed[Money],
    days: Observed[tuple[DailyCost, ...]],
    confluent: ConfluentBilling | None,
    *,
    unit: str,
    start: date,
    end: date,
) -> Total:
    """The larger of the two AWS reports plus Confluent's, where it was asked (`confluent` not None).

    Amounts below zero count as nothing, so that they cannot hide what another source reports. An amount in another
    currency than `unit` tells nothing. Of Cost Explorer each day from `start` up to `end`, exclusive, counts once.
    """
    spent = budgets.value if isinstance(budgets, Known) and budgets.value.unit == unit else None
    aws = (
        Report(source=BUDGETS, amount=None if spent is None else spent.amount),
        Report(source=EXPLORER, amount=_explorer(days, unit, start, end)),
    )
    others: tuple[Report, ...] = ()
    if confluent is not None:
        bill = confluent.bill
        others = (Report(source=CONFLUENT, amount=bill.value.total if isinstance(bill, Known) else None),)
    nothing = Decimal(0)
    at_least = max(it.amount or nothing for it in aws)  # never below zero: Cost Explorer's is not
    at_least += sum((max(it.amount or nothing, nothing) for it in others), start=nothing)
    reports = (*aws, *others)
    return Total(at_least=at_least, complete=all(it.amount is not None for it in reports), reports=reports)


def rung_of(reported: Decimal, alerts: Iterable[Decimal]) -> str:
    """The highest alert that the cost has reached, as text, or `none`. Exactly on a rung is on it."""
    reached = [alert for alert in alerts if reported >= alert]
    return str(max(reached)) if reached else NONE


def rung_of_total(total: Total, alerts: Iterable[Decimal]) -> str:
    """The rung of all platforms together; `unknown` when a source does not tell."""
    return rung_of(total.at_least, alerts) if total.complete else UNKNOWN


def reaches_stop(reported: Decimal, stop: Decimal) -> bool:
    """True from the stop on."""
    return reported >= stop


def _explorer(days: Observed[tuple[DailyCost, ...]], unit: str, start: date, end: date) -> Decimal | None:
    if not isinstance(days, Known) or any(day.cost.unit != unit for day in days.value):
        return None
    counted: dict[date, Decimal] = {}
    for day in days.value:
        if start <= day.day < end and day.days == 1:
            counted.setdefault(day.day, max(day.cost.amount, Decimal(0)))
    return sum(counted.values(), start=Decimal(0))
