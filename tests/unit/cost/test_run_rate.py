"""What everything that was found costs by the hour."""

from decimal import Decimal

from factories_prices import PRICES, database, nat, scanned
from factories_world import live
from tidegate.cost.run_rate import run_rate
from tidegate.models.facts import Coverage


def test_the_sum_of_what_is_there() -> None:
    found = run_rate(scanned(nat(), nat("us-east-1"), live("aws_vpc")), PRICES)
    assert found.usd_per_hour == Decimal("0.095")
    assert found.complete
    assert len(found.lines) == 3


def test_nothing_there_costs_nothing() -> None:
    found = run_rate(scanned(), PRICES)
    assert (found.usd_per_hour, found.complete) == (Decimal(0), True)
    assert isinstance(found.usd_per_hour, Decimal), "a number of another kind is written down differently"


def test_what_has_no_price_is_named_and_the_rest_counted() -> None:
    unknown = live("aws_sagemaker_domain", "d-1")
    found = run_rate(scanned(nat(), unknown, database(multi_az=True)), PRICES)
    assert not found.complete
    assert [line.resource.id for line in found.unpriced] == ["d-1", "fraud-platform-dev-min-demo"]
    assert found.usd_per_hour == Decimal("0.05") + Decimal("0.0041917810")  # the database's storage and secret


def test_what_was_not_read_is_named() -> None:
    denied = Coverage(subject="aws_eip@us-east-1", status="unreadable", reason="the region is disabled")
    expected = ("aws_eip@us-east-1", "aws_lb@us-east-1")
    found = run_rate(scanned(coverage=(denied,), expected_coverage=expected), PRICES)
    assert found.unread == ("aws_eip@us-east-1: the region is disabled", "aws_lb@us-east-1: not read")
    assert not found.complete


def test_a_scan_that_had_to_cover_nothing_vouches_for_nothing() -> None:
    found = run_rate(scanned(coverage=(), expected_coverage=()), PRICES)
    assert (found.complete, found.unread) == (False, ("inventory: it had to cover nothing",))
