"""The cost ladder."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from factories_guardrails import bill, billed, billing, daily, spent
from tidegate.cost.ladder import Total, reaches_stop, rung_of, rung_of_total, total_of
from tidegate.models.cost import DailyCost
from tidegate.models.observed import Known, Unreadable

LADDER = (Decimal(10), Decimal(20), Decimal(28))
FEBRUARY: dict[str, Any] = {"unit": "USD", "start": date(2026, 2, 1), "end": date(2026, 2, 14)}


@pytest.mark.parametrize(
    ("reported", "rung"),
    [
        ("-1", "none"),
        ("0", "none"),
        ("9.9999999999", "none"),
        ("10", "10"),
        ("19.99", "10"),
        ("20.00", "20"),
        ("27.9999999999", "20"),
        ("28", "28"),
        ("1000", "28"),
    ],
)
def test_the_rung_is_the_highest_one_reached(reported: str, rung: str) -> None:
    assert rung_of(Decimal(reported), LADDER) == rung
    assert rung_of(Decimal(reported), reversed(LADDER)) == rung


def test_without_alerts_there_is_no_rung() -> None:
    assert rung_of(Decimal(99), ()) == "none"


@pytest.mark.parametrize(("reported", "stops"), [("27.9999999999", False), ("28", True), ("28.01", True), ("0", False)])
def test_the_stop_is_reached_exactly_at_it(reported: str, stops: bool) -> None:
    assert reaches_stop(Decimal(reported), Decimal(28)) is stops


@pytest.mark.parametrize(
    ("at_least", "complete", "rung"),
    [("9.99", True, "none"), ("20", True, "20"), ("28", True, "28"), ("28", False, "unknown"), ("0", False, "unknown")],
)
def test_a_source_that_does_not_tell_leaves_no_rung(at_least: str, complete: bool, rung: str) -> None:
    total = Total(at_least=Decimal(at_least), complete=complete, reports=())
    assert rung_of_total(total, LADDER) == rung


def test_money_stays_decimal_also_where_nothing_was_reported() -> None:
    total = total_of(spent("0"), Known(()), None, **FEBRUARY)
    assert [type(report.amount) for report in total.reports] == [Decimal, Decimal]
    assert type(total.at_least) is Decimal


@pytest.mark.parametrize(
    ("days", "amount"),
    [
        pytest.param((daily(1, "20"), daily(13, "7")), "27", id="days-of-the-month"),
        pytest.param((daily(1, "20"), replace(daily(1, "20"), day=date(2026, 1, 31))), "20", id="the-month-before"),
        pytest.param((daily(1, "20"), daily(14, "20")), "20", id="a-day-to-come"),
        pytest.param((daily(1, "20"), daily(1, "20")), "20", id="twice"),
        pytest.param((daily(1, "20"), replace(daily(2, "20"), days=27)), "20", id="more-than-a-day"),
    ],
)
def test_only_days_of_the_period_count_and_each_once(days: tuple[DailyCost, ...], amount: str) -> None:
    found = total_of(spent("0"), Known(days), None, **FEBRUARY)
    assert (found.at_least, found.complete) == (Decimal(amount), True)


def test_another_currency_tells_nothing() -> None:
    yen = replace(daily(2, "4000"), cost=replace(daily(2, "4000").cost, unit="JPY"))
    found = total_of(spent("4000", unit="JPY"), Known((daily(1, "1"), yen)), None, **FEBRUARY)
    assert [report.amount for report in found.reports] == [None, None]
    assert (found.at_least, found.complete) == (Decimal(0), False)


# Properties, over every combination of these reports. Nothing is above `unknown`: it stops builds as the stop does.

AMOUNTS = (None, "-5", "0", "9.99", "10", "10.01", "19.99", "20", "27.99", "28", "1000")
RANK = {"none": 0, "10": 1, "20": 2, "28": 3, "unknown": 4}


def total(budgets: str | None, explorer: str | None, confluent: str | None) -> Total:
    """What the ladder makes of three reports; None: the source cannot be read."""
    denied = Unreadable("denied")
    return total_of(
        denied if budgets is None else spent(budgets),
        denied if explorer is None else Known((daily(1, explorer),)),
        billing(bill=denied if confluent is None else Known(bill(billed(1, confluent)))),
        **FEBRUARY,
    )


@pytest.mark.parametrize("position", [0, 1, 2], ids=["budgets", "explorer", "confluent"])
def test_the_ladder_rises_with_every_report_and_an_unknown_never_lowers_it(position: int) -> None:
    totals = {reports: total(*reports) for reports in product(AMOUNTS, repeat=3)}
    for reports, low in totals.items():
        for larger in AMOUNTS:
            given = reports[position]
            if larger is not None and (given is None or Decimal(larger) < Decimal(given)):
                continue
            high = totals[(*reports[:position], larger, *reports[position + 1 :])]
            assert RANK[rung_of_total(high, LADDER)] >= RANK[rung_of_total(low, LADDER)], (reports, larger)
            if larger is not None:
                assert high.at_least >= low.at_least, (reports, larger)
                assert reaches_stop(high.at_least, Decimal(28)) >= reaches_stop(low.at_least, Decimal(28))
