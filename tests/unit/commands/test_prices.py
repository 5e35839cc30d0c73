"""`tidegate prices check`: what it prints, writes and ends with. The price list is scripted."""

import difflib
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from factories_prices import PRICES
from manifests import POLICIES
from tidegate import cli
from tidegate.commands.price_file import refreshed
from tidegate.cost.price_check import check_prices
from tidegate.environments import load, load_policies, prices_path
from tidegate.evidence.canonical import plain
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.price_list import ListedPrice
from tidegate.models.prices import Offer
from tidegate.settings import settings

TODAY = date(2026, 11, 22)
TEXT = (POLICIES / "prices.yaml").read_text("utf-8")
NAT = "EUW2-NatGateway-Hours"
AWS_UNITS = {"GB-month": "GB-Mo", "month": "Secrets", "GB": "GB", "LCU-hour": "LCU-Hrs", "request": "Requests"}
OURS = {
    (each.offer, each.offer.region or each.region): ListedPrice(
        usd=each.usd, unit=AWS_UNITS.get(each.unit, "Hrs"), version="20261105190012", published=date(2026, 11, 5)
    )
    for each in (*PRICES.prices, *PRICES.usage)
    if each.offer is not None
}


class PriceList:
    """AWS's answers: our own prices, but for what a test changes by usage type."""

    def __init__(self) -> None:
        self.changed: dict[str, Observed[ListedPrice]] = {}

    def change(self, usage_type: str, usd: str) -> None:
        listed = ListedPrice(usd=Decimal(usd), unit="Hrs", version="20261112000000", published=date(2026, 11, 12))
        self.changed[usage_type] = Known(listed)

    def __call__(self, clients: object, offer: Offer, region: str) -> Observed[ListedPrice]:
        return self.changed.get(offer.usage_type, Known(OURS[offer, region]))


@pytest.fixture
def price_list(monkeypatch: pytest.MonkeyPatch) -> PriceList:
    found = PriceList()
    monkeypatch.setattr("tidegate.collectors.aws.price_list.read_listed_price", found)
    return found


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our prices in a directory of the test, all read today."""
    directory = tmp_path / "policies"
    directory.mkdir()
    for path in POLICIES.glob("*.yaml"):
        (directory / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(directory))
    settings.cache_clear()
    path = directory / "prices.yaml"
    today = datetime.now(UTC).date().isoformat()
    path.write_text(TEXT.replace("2026-10-05", today).replace("2026-11-22", today), "utf-8")
    return path


@pytest.fixture
def check(
    prices: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Exit status and what was printed."""
    monkeypatch.setenv("COLUMNS", "300")

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["tidegate", "prices", "check", *arguments])
        status = cli.main()
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


def row(said: str, usage_type: str) -> str:
    (found,) = [line for line in said.splitlines() if usage_type in line and "PRICE-" not in line.partition(" ")[0]]
    return found


def test_all_agree(check: Any, price_list: PriceList) -> None:
    status, said = check("--environment", "dev_min")
    assert status == 0
    assert row(said, f" {NAT} ").split() == [
        *("aws_nat_gateway", "eu-west-2", NAT, "0.05", "per", "hour", "0.05", "20261105190012", "2026-11-05"),
        *("0", "d", "agrees"),
    ]
    assert "not in the price list: check by hand" in row(said, "public summary of the AWS Systems Manager price page")
    assert "73 prices: 34 agree, 0 with findings; 39 not in the price list: check by hand" in said


def test_a_difference(check: Any, price_list: PriceList) -> None:
    price_list.change(NAT, "0.0520000000")
    status, said = check()
    assert status == 1
    assert "PRICE-DIFFERS prices.0 aws_nat_gateway in eu-west-2: 0.05 USD per hour here, 0.052 in" in said
    assert "remedy    tidegate prices check --write FILE" in said


def test_what_is_gone(check: Any, price_list: PriceList) -> None:
    price_list.changed[NAT] = Absent()
    status, said = check()
    assert status == 1
    assert "PRICE-GONE prices.0 aws_nat_gateway in eu-west-2: the price list has no such product" in said


def test_what_cannot_be_read_weighs_more_than_a_difference(check: Any, price_list: PriceList) -> None:
    price_list.change(NAT, "0.06")
    price_list.changed["NatGateway-Hours"] = Unreadable("GetProducts: AccessDenied")
    status, said = check()
    assert status == 2
    assert "PRICE-DIFFERS prices.0" in said
    assert "PRICE-UNREADABLE prices.1 aws_nat_gateway in us-east-1: unreadable: GetProducts: AccessDenied" in said


@pytest.mark.parametrize(("days", "status"), [(180, 0), (181, 1)])
def test_the_manifest_says_how_old_a_price_may_be(
    check: Any, price_list: PriceList, prices: Path, days: int, status: int
) -> None:
    today = datetime.now(UTC).date()
    text = prices.read_text("utf-8")
    prices.write_text(text.replace(today.isoformat(), (today - timedelta(days=days)).isoformat(), 1), "utf-8")
    ended, said = check()
    assert ended == status
    assert (f"PRICE-OLD prices.0 aws_nat_gateway in eu-west-2: read on {today - timedelta(days=days)}" in said) is (
        status == 1
    )


def test_a_price_dated_ahead_loads_and_is_refused_here(check: Any, price_list: PriceList, prices: Path) -> None:
    today = datetime.now(UTC).date()
    text = prices.read_text("utf-8")
    prices.write_text(text.replace(today.isoformat(), "2999-12-31", 1), "utf-8")
    assert load_policies(load("dev_min")).prices.prices[0].date == date(2999, 12, 31)
    status, said = check()
    assert status == 1
    assert "PRICE-DATED-AHEAD prices.0 aws_nat_gateway in eu-west-2: dated 2999-12-31, and today is" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--environment", "none"), "unknown environment 'none'"),
        (("--write", "/nowhere/at/all.yaml"), "expected a file in a directory that exists"),
        (("--write", "/dev/full"), "No space left on device"),
        (("--write", "/"), "expected a file in a directory that exists"),
        (("--refresh",), "No such option"),
        (("now",), "unexpected extra argument"),
    ],
)
def test_wrong_usage(check: Any, price_list: PriceList, arguments: tuple[str, ...], said: str) -> None:
    status, found = check(*arguments)
    assert status == 64
    assert said in found


def test_prices_that_cannot_be_used(check: Any, price_list: PriceList, prices: Path) -> None:
    prices.write_text("version: 1\ncurrency: EUR\n", "utf-8")
    status, said = check()
    assert status == 64
    assert "prices.yaml:2: currency: " in said


# The refreshed file.


def changes(old: str, new: str) -> list[str]:
    """The lines that differ, each with + or -."""
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return [line for line in lines if line.startswith(("+ ", "- "))]


def test_without_a_name_nothing_is_written(check: Any, price_list: PriceList, prices: Path) -> None:
    price_list.change(NAT, "0.06")
    before = {path: path.read_bytes() for path in prices.parent.iterdir()}
    assert check()[0] == 1
    assert {path: path.read_bytes() for path in prices.parent.iterdir()} == before


def test_only_what_changed_is_written_and_comments_stay(
    check: Any, price_list: PriceList, prices: Path, tmp_path: Path
) -> None:
    price_list.change(NAT, "0.0600000000")
    before, target = prices.read_text("utf-8"), tmp_path / "new.yaml"
    status, said = check("--write", str(target))
    assert status == 1
    assert f"{target}: prices.yaml, 1 refreshed" in said
    assert prices.read_text("utf-8") == before
    removed, added = changes(before, target.read_text("utf-8"))
    assert (
        removed[2:]
        .replace('usd: "0.05"', 'usd: "0.06"')
        .replace(f'source: "offer {NAT}"', f'source: "offer {NAT}, version 20261112000000"')
        == (added[2:])
    )


def test_the_policy_itself_only_when_it_is_named(check: Any, price_list: PriceList, prices: Path) -> None:
    price_list.change(NAT, "0.06")
    assert prices_path(load("dev_min")) == prices
    assert check("--write", str(prices))[0] == 1
    assert check()[0] == 0


def refresh(text: str, price_list: PriceList, **changed: Any) -> tuple[str, int]:
    listed = check_prices(
        PRICES, lambda offer, region: price_list(None, offer, region), today=TODAY, max_age_days=changed.get("age", 180)
    )
    return refreshed(text, listed, TODAY)


def test_nothing_to_refresh_changes_no_byte() -> None:
    assert refresh(TEXT, PriceList()) == (TEXT, 0)


def test_an_old_price_that_agrees_gets_its_date_and_version_but_keeps_its_amount() -> None:
    text, number = refresh(TEXT, PriceList(), age=47)
    assert number == 34
    assert 'usd: "0.10", unit: GB-month, times: {allocated_storage: 1}, source: "offer EUW2-RDS:Charged' in text
    assert 'and :IdleAddress, one price in every region, version 20261105190012"' in text
    by_hand = [line for line in changes(TEXT, text) if "offer:" not in line]
    assert by_hand == []


def test_a_version_takes_the_place_of_the_one_before() -> None:
    price_list = PriceList()
    price_list.change(NAT, "0.06")
    old = TEXT.replace(f'"offer {NAT}"', f'"offer {NAT}, version 20260101000000"')
    listed = check_prices(
        PRICES.model_validate(plain(PRICES) | {"prices": _with_version()}),
        lambda offer, region: price_list(None, offer, region),
        today=TODAY,
        max_age_days=180,
    )
    text, number = refreshed(old, listed, TODAY)
    assert number == 1
    assert f'"offer {NAT}, version 20261112000000"' in text


def _with_version() -> list[dict[str, Any]]:
    prices: list[dict[str, Any]] = plain(PRICES.prices)
    prices[0]["source"] += ", version 20260101000000"
    return prices


@pytest.mark.parametrize("answer", ["free", "gone", "unreadable", "another unit"])
def test_what_has_no_price_in_the_list_is_left_as_it_is(answer: str) -> None:
    price_list = PriceList()
    price_list.change(NAT, "0")
    other = ListedPrice(usd=Decimal(7), unit="GB", version="1", published=TODAY)
    price_list.changed[NAT] = {
        "free": price_list.changed[NAT],
        "gone": Absent(),
        "unreadable": Unreadable("denied"),
        "another unit": Known(other),
    }[answer]
    assert refresh(TEXT, price_list) == (TEXT, 0)
