"""`tidegate prices refresh`: what it prints, writes and ends with. The price list is scripted."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from factories_prices import DATABASE, known
from manifests import POLICIES
from tidegate import cli
from tidegate.commands.price_file import with_entries
from tidegate.cost.price_region import make_prices
from tidegate.cost.pricing import Priced, price
from tidegate.environments import load, load_policies, prices_path
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.price_list import DAMAGED, FoundPrice, ListedPrice
from tidegate.models.prices import Offer
from tidegate.settings import settings

NAT = "NatGateway-Hours"
TEXT = (POLICIES / "prices.yaml").read_text("utf-8")
UNITS = {
    each.offer: {"GB-month": "GB-Mo", "GB": "GB", "LCU-hour": "LCU-Hrs"}.get(each.unit, "Hrs")
    for policy in [load_policies(load("dev_min")).prices]
    for each in (*policy.prices, *policy.usage)
    if each.offer is not None
}


class PriceList:
    """Every offer in every region for 0.0512 USD, but for what a test changes by use."""

    def __init__(self) -> None:
        self.changed: dict[str, Observed[FoundPrice]] = {}

    def __call__(self, clients: object, offer: Offer, region: str) -> Observed[FoundPrice]:
        listed = ListedPrice(
            usd=Decimal("0.0512000000"), unit=UNITS[offer], version="20261105190012", published=date(2026, 11, 5)
        )
        there = offer.model_copy(update={"usage_type": f"EUC1-{offer.usage}"})
        return self.changed.get(offer.usage, Known(FoundPrice(offer=there, listed=listed)))


@pytest.fixture
def price_list(monkeypatch: pytest.MonkeyPatch) -> PriceList:
    found = PriceList()
    monkeypatch.setattr("tidegate.collectors.aws.price_list.find_listed_price", found)
    return found


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "policies"
    directory.mkdir()
    for path in POLICIES.glob("*.yaml"):
        (directory / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(directory))
    settings.cache_clear()
    return directory


@pytest.fixture
def refresh(
    policies: Path, price_list: PriceList, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Exit status and what was printed."""

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["tidegate", "prices", "refresh", *arguments])
        status = cli.main()
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


def test_new_entries_are_written_and_the_rest_stays_byte_for_byte(refresh: Any, tmp_path: Path) -> None:
    target = tmp_path / "new.yaml"
    status, said = refresh("--region", "eu-central-1", "--write", str(target))
    assert (status, said.count(" USD per ")) == (0, 22)
    assert "aws_nat_gateway itself: 0.0512 USD per hour, offer EUC1-NatGateway-Hours, version 20261105190012" in said
    assert f"{target}: prices.yaml, 22 added for eu-central-1" in said
    text = target.read_text("utf-8")
    added = [line for line in text.splitlines() if line not in TEXT.splitlines()]
    assert [line for line in text.splitlines() if line not in added] == TEXT.splitlines()
    today = datetime.now(UTC).date().isoformat()
    assert added[1] == (
        '  - {types: [aws_nat_gateway], region: eu-central-1, usd: "0.0512", unit: hour, source: "offer '
        'EUC1-NatGateway-Hours, version 20261105190012", offer: {service: AmazonEC2, usage_type: '
        f'EUC1-NatGateway-Hours}}, date: "{today}"}}'
    )


def test_what_is_written_loads_and_prices_a_database_there(refresh: Any) -> None:
    target = prices_path(load("dev_min"))
    assert refresh("--region", "eu-central-1", "--write", str(target))[0] == 0
    prices = load_policies(load("dev_min")).prices
    assert isinstance(price("aws_db_instance", "eu-central-1", known(**DATABASE), "plan", prices), Priced)
    status, said = refresh("--region", "eu-central-1", "--write", str(target))
    assert (status, "eu-central-1: 0 made, 0 not" in said) == (0, True)


def test_without_a_name_nothing_is_written(refresh: Any, policies: Path) -> None:
    before = {path: path.read_bytes() for path in policies.iterdir()}
    assert refresh("--region", "eu-central-1")[0] == 0
    assert {path: path.read_bytes() for path in policies.iterdir()} == before


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (Absent(), 1, "PRICE-GONE aws_nat_gateway itself: the price list of eu-central-1 has no such product"),
        (Unreadable("AccessDenied"), 2, "PRICE-UNREADABLE aws_nat_gateway itself: unreadable: AccessDenied"),
        (Unreadable(f"{DAMAGED}: unit is blank"), 2, "the page of the price list is damaged, and no price is taken"),
    ],
)
def test_what_has_no_answer_is_not_written(
    refresh: Any, price_list: PriceList, tmp_path: Path, answer: Any, status: int, said: str
) -> None:
    price_list.changed[NAT] = answer
    target = tmp_path / "new.yaml"
    ended, found = refresh("--region", "eu-central-1", "--write", str(target))
    assert ended == status
    assert said in found
    assert "aws_nat_gateway], region: eu-central-1, usd" not in target.read_text("utf-8").partition("usage:")[0]


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("eu-west-9", "eu-west-9 is no region of AWS that this version knows; eu-west-"),
        ("cn-north-1", "cn-north-1 is a region of the partition aws-cn, which is not supported"),
        ("us-gov-west-1", "the partition aws-us-gov"),
        ("us-iso-east-1", "the partition aws-iso,"),
    ],
)
def test_a_region_that_cannot_be_used_is_refused_by_name(refresh: Any, region: str, said: str) -> None:
    status, found = refresh("--region", region)
    assert status == 64
    assert said in " ".join(found.replace("│", " ").split())


def test_the_sandbox_marks_its_prices(refresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_PROFILE", "sandbox")
    settings.cache_clear()
    assert (
        "STAND-IN of the sandbox, no price of AWS: offer EUC1-NatGateway-Hours" in refresh("--region", "eu-south-1")[1]
    )


@pytest.mark.parametrize("ending", ["", "\n", "\n\n# the end\n"])
def test_a_section_is_begun_where_there_is_none_and_no_line_is_joined(ending: str) -> None:
    given = load_policies(load("dev_min")).prices
    made = make_prices(given, "eu-central-1", lambda it, where: PriceList()(None, it, where), today=date(2026, 11, 29))
    head = "version: 1\ncurrency: USD\nhours_per_month: 730\nprices:\n" + TEXT.split("\nprices:\n")[1].split("\n")[1]
    text, number = with_entries(head + ending, made)
    assert number == len(made)
    assert text.startswith(head + "\n  # eu-central-1, from the price list.\n  - {types: [aws_nat_gateway]")
    assert text.count("\nusage:\n") == 1
