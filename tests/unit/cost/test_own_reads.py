"""What asking Cost Explorer costs."""

from datetime import timedelta
from decimal import Decimal

import pytest

from factories_prices import NOW, PRICES, policy
from tidegate.cost.own_reads import page_price, pages_within, young_enough
from tidegate.models.observed import Absent, Known


def test_the_price_of_a_page_is_in_the_prices() -> None:
    assert page_price(PRICES) == Known(Decimal("0.01"))
    assert page_price(policy()) == Absent()


def used(**changes: object) -> dict[str, object]:
    return {
        "region": "all",
        "what": "page of Cost Explorer",
        "usd": "0.02",
        "unit": "request",
        "source": "a source",
        "date": "2026-10-05",
        **changes,
    }


def test_the_dearest_one_counts_and_no_other_unit() -> None:
    assert page_price(policy(usage=[used(), used(region="eu-west-2", usd="0.03")])) == Known(Decimal("0.03"))
    assert page_price(policy(usage=[used(unit="GB")])) == Absent()
    assert page_price(policy(usage=[used(types=["thing"])])) == Absent()


@pytest.mark.parametrize(("limit", "pages"), [("1", 100), ("0.99", 99), ("0.019", 1), ("0.009", 0), ("0", 0)])
def test_pages_within_the_limit(limit: str, pages: int) -> None:
    assert pages_within(Decimal(limit), Decimal("0.01")) == pages


def test_a_limit_a_trace_below_a_whole_page_is_not_rounded_up() -> None:
    """More digits than a quotient has."""
    assert pages_within(Decimal("0." + "9" * 40), Decimal("0.01")) == 99


@pytest.mark.parametrize(
    ("age", "limit", "young"),
    [
        (timedelta(hours=8), 8, False),
        (timedelta(hours=8, microseconds=-1), 8, True),
        (timedelta(0), 0, False),
        (timedelta(0), 1, True),
        (timedelta(hours=-1), 0, True),
    ],
)
def test_an_answer_is_young_until_the_limit(age: timedelta, limit: int, young: bool) -> None:
    assert young_enough(NOW - age, NOW, limit) is young


@pytest.mark.parametrize(("hours", "young"), [(23, True), (24, False)])
def test_an_answer_of_three_pages_is_young_for_three_times_as_long(hours: int, young: bool) -> None:
    assert young_enough(NOW - timedelta(hours=hours), NOW, 8, 3) is young
