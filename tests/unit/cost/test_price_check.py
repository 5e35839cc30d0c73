"""Our prices against the price list: what agrees, what does not, and what nobody can say."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories_prices import PRICES, entry, policy
from tidegate.cost.price_check import CheckedPrice, check_prices, subjects
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.price_list import ListedPrice
from tidegate.models.prices import Offer

TODAY = date(2026, 11, 22)
OFFER = {"service": "AmazonEC2", "usage_type": "EUW2-Thing-Hours", "region": "eu-west-2"}
USAGE = {"region": "all", "what": "calls", "usd": "0.01", "unit": "request", "source": "a source", "date": "2026-10-05"}


def listed(usd: str = "1", unit: str = "Hrs") -> Known[ListedPrice]:
    return Known(ListedPrice(usd=Decimal(usd), unit=unit, version="20261105190012", published=date(2026, 11, 5)))


def checked(answer: Observed[ListedPrice], today: date = TODAY, **changes: Any) -> CheckedPrice:
    """One price of 1 USD per hour, held against this answer."""
    (found,) = check_prices(
        policy(entry(**{"offer": OFFER} | changes)), lambda offer, region: answer, today=today, max_age_days=180
    )
    return found


def codes(found: CheckedPrice) -> list[str]:
    return [finding.code for finding in found.findings]


@pytest.mark.parametrize("usd", ["1", "1.0", "1.0000000000"])
@pytest.mark.parametrize("unit", ["Hrs", "hours", "Hour", "HOURS"])
def test_a_price_that_agrees(usd: str, unit: str) -> None:
    found = checked(listed(usd, unit))
    assert codes(found) == []
    assert (found.section, found.number, found.age_days, found.unreadable) == ("prices", 0, 48, False)
    assert found.listed is not None


@pytest.mark.parametrize("usd", ["0.9999999999", "1.0000000001", "2", "0"])
def test_a_price_that_differs(usd: str) -> None:
    found = checked(listed(usd))
    assert codes(found) == ["PRICE-DIFFERS"]
    assert found.differs
    assert f"1 USD per hour here, {usd} in the price list" == found.findings[0].said
    assert ("free" in found.findings[0].remedy) is (usd == "0")


def test_a_price_that_is_gone() -> None:
    found = checked(Absent())
    assert codes(found) == ["PRICE-GONE"]
    assert (found.listed, found.unreadable) == (None, False)
    assert found.findings[0].said == "the price list has no such product on demand"
    assert found.findings[0].remedy == "correct `offer`, or take the price from elsewhere"


def test_an_answer_that_is_none() -> None:
    found = checked(Unreadable("denied"))
    assert codes(found) == ["PRICE-UNREADABLE"]
    assert found.findings[0].said == "unreadable: denied"
    assert found.findings[0].remedy == (
        "allow pricing:GetProducts, or say in `offer` which product is meant; then check again"
    )
    assert found.unreadable


@pytest.mark.parametrize("unit", ["GB-Mo", "Quantity", "Hrs ", "h"])
def test_another_unit_cannot_be_compared_whatever_the_amount(unit: str) -> None:
    for usd in ("1", "2"):
        found = checked(listed(usd, unit))
        assert codes(found) == ["PRICE-UNREADABLE"]
        assert found.findings[0].said == f"the price list counts {unit}, this entry hour"
        assert found.findings[0].remedy == "correct `offer` or `unit` of the entry"
        assert found.listed is None, "such an amount must not be written down"


@pytest.mark.parametrize(
    ("read_on", "expected"),
    [
        (TODAY - timedelta(days=181), ["PRICE-OLD"]),
        (TODAY - timedelta(days=180), []),
        (TODAY, []),
        (TODAY + timedelta(days=1), ["PRICE-DATED-AHEAD"]),
        (date(2028, 2, 29), ["PRICE-DATED-AHEAD"]),
    ],
)
def test_the_age(read_on: date, expected: list[str]) -> None:
    found = checked(listed(), date=read_on.isoformat())
    assert codes(found) == expected
    assert found.age_days == (TODAY - read_on).days


def test_age_and_limit_are_named() -> None:
    found = checked(listed(), date="2026-01-01")
    assert found.findings[0].said == "read on 2026-01-01, 325 days ago; budget.prices_max_age_days is 180"


def test_a_date_ahead_is_named() -> None:
    found = checked(listed(), date="2026-11-23")
    assert found.findings[0].said == "dated 2026-11-23, and today is 2026-11-22"


def test_what_differs_and_is_old_is_both() -> None:
    assert codes(checked(listed("2"), date="2026-01-01")) == ["PRICE-DIFFERS", "PRICE-OLD"]


@pytest.mark.parametrize(
    ("read_on", "expected"), [("2020-01-01", []), ("2026-11-22", []), ("2026-11-23", ["PRICE-DATED-AHEAD"])]
)
def test_what_is_not_in_the_price_list_is_checked_by_hand(read_on: str, expected: list[str]) -> None:
    def read(offer: Offer, region: str) -> Observed[ListedPrice]:
        raise AssertionError("nothing to ask for")

    (found,) = check_prices(policy(entry(date=read_on)), read, today=TODAY, max_age_days=180)
    assert codes(found) == expected
    assert found.listed is None


def test_a_unit_that_nobody_can_translate_cannot_be_compared() -> None:
    """AWS has no product that is counted so, and no name for it is known."""
    offer = {"service": "AWSBudgets", "usage_type": "Action", "region": "us-east-1"}
    prices = policy(usage=[USAGE | {"unit": "action-day", "offer": offer}])
    _, found = check_prices(prices, lambda offer, region: listed("0.01", "Days"), today=TODAY, max_age_days=180)
    assert codes(found) == ["PRICE-UNREADABLE"]
    assert found.listed is None


def test_each_offer_is_asked_for_once_and_in_its_region() -> None:
    prices = policy(
        entry(offer=OFFER),
        entry(types=["other"], offer=OFFER),
        entry(types=["other"], region="us-east-1", offer={"service": "AmazonEC2", "usage_type": "Thing-Hours"}),
        entry(types=["third"]),
        usage=[USAGE | {"offer": {"service": "AWSCostExplorer", "usage_type": "Call", "region": "us-east-1"}}],
    )
    asked: list[tuple[str, str]] = []

    def read(offer: Offer, region: str) -> Observed[ListedPrice]:
        asked.append((offer.usage_type, region))
        return listed() if region == "eu-west-2" else listed("0.01", "Requests")

    found = check_prices(prices, read, today=TODAY, max_age_days=180)
    assert asked == [("EUW2-Thing-Hours", "eu-west-2"), ("Thing-Hours", "us-east-1"), ("Call", "us-east-1")]
    assert [(each.section, each.number, codes(each)) for each in found] == [
        ("prices", 0, []),
        ("prices", 1, []),
        ("prices", 2, ["PRICE-UNREADABLE"]),
        ("prices", 3, []),
        ("usage", 0, []),
    ]
    assert [each.name for each in found] == ["thing", "other", "other", "third", "calls"]


def test_every_offer_of_ours_is_asked_for_where_its_usage_type_is_sold() -> None:
    prefixes = {"EUW2": "eu-west-2", "USE1": "us-east-1"}
    assert len(subjects(PRICES)) > 20
    for offer, region in subjects(PRICES):
        prefix = offer.usage_type.partition("-")[0]
        assert prefixes.get(prefix, "us-east-1") == region, offer
