"""Prices of another region: what it lacks, and that nothing is written but what its price list answered."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from factories_prices import DATABASE, PRICES, entry, known, policy
from tidegate.cost.price_region import MadePrice, make_prices, patterns
from tidegate.cost.pricing import Priced, price
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.price_list import DAMAGED, FoundPrice, ListedPrice
from tidegate.models.prices import Offer, PricePolicy

TODAY = date(2026, 11, 29)
REGION = "eu-central-1"
OFFER = {"service": "AmazonEC2", "usage_type": "EUW2-Thing-Hours"}
HERE: dict[str, Any] = {"region": "eu-west-2", "offer": OFFER}
UNITS = {"GB-month": "GB-Mo", "month": "Secrets", "GB": "GB", "LCU-hour": "LCU-Hrs", "request": "Requests"}


def found(usd: str = "1.5", unit: str = "Hrs", **offer: Any) -> Known[FoundPrice]:
    listed = ListedPrice(usd=Decimal(usd), unit=unit, version="20261105190012", published=date(2026, 11, 5))
    named = Offer.model_validate({**OFFER, "usage_type": "EUC1-Thing-Hours", **offer})
    return Known(FoundPrice(offer=named, listed=listed))


def made(answer: Observed[FoundPrice], *prices: dict[str, Any], **more: Any) -> tuple[MadePrice, ...]:
    given = policy(*(prices or (entry(**HERE),)))
    return make_prices(given, REGION, lambda offer, region: answer, today=TODAY, **more)


def everything(prices: PricePolicy, region: str, asked: list[Any] | None = None) -> tuple[MadePrice, ...]:
    """The project's own prices, made for a region by a price list that has them all, a cent dearer."""
    units = {each.offer: UNITS.get(each.unit, "Hrs") for each in (*prices.prices, *prices.usage) if each.offer}

    def find(offer: Offer, where: str) -> Observed[FoundPrice]:
        if asked is not None:
            asked.append((offer, where))
        listed = ListedPrice(usd=Decimal("0.07"), unit=units[offer], version="1", published=TODAY)
        named = offer.model_copy(update={"usage_type": f"EUC1-{offer.usage}"})
        return Known(FoundPrice(offer=named, listed=listed))

    return make_prices(prices, region, find, today=TODAY)


def with_made(prices: PricePolicy, these: tuple[MadePrice, ...]) -> PricePolicy:
    standing = [each.entry for each in these if each.entry is not None and each.pattern.section == "prices"]
    return PricePolicy.model_validate(
        prices.model_dump(mode="json")
        | {"prices": [each.model_dump(mode="json") for each in (*prices.prices, *standing)]}
    )


def test_an_entry_is_what_the_price_list_answered() -> None:
    (each,) = made(found())
    assert each.entry is not None
    assert (each.entry.region, each.entry.usd, each.entry.date) == (REGION, Decimal("1.5"), TODAY)
    assert each.entry.source == "offer EUC1-Thing-Hours, version 20261105190012"
    assert each.entry.offer == Offer(service="AmazonEC2", usage_type="EUC1-Thing-Hours")


def test_a_stand_in_says_that_it_is_one() -> None:
    (each,) = made(found(), source="STAND-IN: offer")
    assert each.entry is not None
    assert each.entry.source.startswith("STAND-IN: offer EUC1-")


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Absent(), "PRICE-GONE", "the price list of eu-central-1 has no such product on demand"),
        (Unreadable("AccessDenied"), "PRICE-UNREADABLE", "AccessDenied"),
        (
            Unreadable(f"GetProducts: {DAMAGED}: unit is blank"),
            "PRICE-UNREADABLE",
            "the page of the price list is damaged",
        ),
        (found("0"), "PRICE-FREE", "it costs nothing in eu-central-1"),
        (found(unit="GB-Mo"), "PRICE-BY-HAND", "the price list counts GB-Mo, an entry like this one hour"),
    ],
)
def test_without_a_usable_answer_there_is_no_entry(answer: Any, code: str, said: str) -> None:
    (each,) = made(answer)
    assert each.entry is None
    assert each.finding is not None
    assert each.finding.code == code
    assert said in each.finding.said


def test_a_damaged_page_is_nothing_that_a_grant_mends() -> None:
    (damaged,), (denied,) = made(Unreadable(f"x: {DAMAGED}")), made(Unreadable("AccessDenied"))
    assert damaged.finding is not None
    assert denied.finding is not None
    assert "ask again later" in damaged.finding.remedy
    assert "pricing:GetProducts" in denied.finding.remedy
    assert "pricing:GetProducts" not in damaged.finding.remedy


@pytest.mark.parametrize(
    ("prices", "names"),
    [
        ([entry(**HERE)], ["thing itself"]),
        ([entry(region="eu-west-2")], []),  # by hand: there is nothing to ask for
        ([entry(offer={**OFFER, "region": "eu-west-2"})], []),  # it holds everywhere
        ([entry(**HERE), entry(region=REGION)], []),
        ([entry(**HERE), entry(region=REGION, part="disk")], ["thing itself"]),
        ([entry(**HERE), entry(region=REGION, when={"size": "s"})], []),  # one resource could fit both
        ([entry(**HERE, when={"size": "s"}), entry(region=REGION, when={"size": ["s", "m"]})], []),
        ([entry(**HERE, when={"size": "s"}), entry(region=REGION, when={"size": "m"})], ["thing itself"]),
        ([entry(**HERE, when={"on": True}), entry(region=REGION, when={"on": 1})], ["thing itself"]),
        ([entry(**HERE, where="plan"), entry(region=REGION, where="live")], ["thing itself"]),
        ([entry(**HERE, where="plan"), entry(region=REGION)], []),
        ([entry(**HERE), entry(region="us-east-1", offer=OFFER)], ["thing itself"]),  # each once
    ],
)
def test_what_a_region_lacks(prices: list[dict[str, Any]], names: list[str]) -> None:
    assert [each.name for each in patterns(policy(*prices), REGION)] == names


def test_usage_is_told_once_per_region() -> None:
    use = {"types": ["thing"], "region": "eu-west-2", "what": "traffic", "usd": "1", "unit": "GB", "source": "s"}
    use |= {"date": "2026-10-05", "offer": OFFER}
    assert [it.section for it in patterns(policy(usage=[use]), REGION)] == ["usage"]
    assert patterns(policy(usage=[use, use | {"region": REGION, "offer": None}]), REGION) == ()


def test_zones_are_counted_as_in_the_region_that_has_most() -> None:
    few, many = entry(**HERE, count=3), entry(region="us-east-1", count=6)
    (each,) = made(found(), few, many)
    assert each.entry is not None
    assert each.entry.model_dump()["count"] == 6


def test_after_a_refresh_nothing_is_asked_for_again_and_no_price_of_another_region_is_taken() -> None:
    asked: list[tuple[Offer, str]] = []
    these = everything(PRICES, REGION, asked)
    assert len(these) > 20
    assert {where for _, where in asked} == {REGION}
    assert len(asked) == len(set(asked))
    assert {each.entry.region for each in these if each.entry is not None} == {REGION}
    whole = with_made(PRICES, these)
    assert [each for each in patterns(whole, REGION) if each.section == "prices"] == []
    database = price("aws_db_instance", REGION, known(**DATABASE), "plan", whole)
    assert isinstance(database, Priced)
    machine = next(part for part in database.parts if part.name == "machine")
    assert machine.usd_per_hour == Decimal("0.07")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_region_that_has_some_prices_is_completed(region: str) -> None:
    whole = with_made(PRICES, everything(PRICES, region))
    assert isinstance(price("aws_db_instance", region, known(**DATABASE), "plan", whole), Priced)


@pytest.mark.parametrize(
    ("usage_type", "fits"),
    [
        ("NatGateway-Hours", True),
        ("EU-NatGateway-Hours", True),
        ("APN1-NatGateway-Hours", True),
        ("EUC1-NatGateway-Hours-Reserved", False),
        ("EUC1-Other-NatGateway-Hours", False),
        ("euc1-NatGateway-Hours", False),
    ],
)
def test_the_same_use_in_any_region(usage_type: str, fits: bool) -> None:
    check: Callable[[str], bool] = Offer(service="AmazonEC2", usage_type="EUW2-NatGateway-Hours").fits_as
    assert check(usage_type) is fits
