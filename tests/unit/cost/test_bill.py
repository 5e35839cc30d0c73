"""Which money nothing explains, and when that is over."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories_bill import (
    HERE,
    NEVER,
    OPEN,
    PROVEN,
    RDS,
    UNHEARD,
    Standing,
    bill,
    day,
    spend,
)
from tidegate.cost.bill import apart, open_now, reported, seen_in, watched_from
from tidegate.models.observed import Absent, Known, Unreadable

COMPUTE = "Amazon Elastic Compute Cloud - Compute"


@pytest.mark.parametrize(
    ("service", "region", "standing", "on", "why"),
    [
        pytest.param(RDS, HERE, OPEN, 18, None, id="the-scan-looked-there"),
        pytest.param(RDS, "eu-west-1", OPEN, 18, "no_listing", id="the-scan-did-not-look-for-databases-there"),
        pytest.param(COMPUTE, "eu-west-1", OPEN, 18, None, id="another-region-that-was-looked-at"),
        pytest.param(COMPUTE, "ap-south-1", OPEN, 18, "no_listing", id="a-region-that-was-not"),
        pytest.param(UNHEARD, HERE, OPEN, 18, "no_listing", id="a-service-that-nobody-knows"),
        pytest.param(UNHEARD, HERE, NEVER, 18, "no_listing", id="also-where-nothing-was-ever-built"),
        pytest.param("AmazonCloudWatch", HERE, OPEN, 18, None, id="a-built-stack-may-write-logs"),
        pytest.param("AmazonCloudWatch", HERE, NEVER, 18, "no_listing", id="nothing-was-built-that-could"),
        pytest.param("AmazonCloudWatch", "eu-west-1", OPEN, 18, "no_listing", id="not-where-it-does-not-stand"),
        pytest.param(RDS, HERE, PROVEN, 15, None, id="the-day-of-grace"),
        pytest.param(RDS, HERE, PROVEN, 16, "after_proof", id="the-first-day-after-the-proof"),
        pytest.param(COMPUTE, "eu-west-1", PROVEN, 16, "after_proof", id="wherever-it-is"),
        pytest.param("AmazonCloudWatch", HERE, PROVEN, 16, "after_proof", id="logs-that-nobody-writes-any-more"),
        pytest.param("Amazon Simple Storage Service", HERE, PROVEN, 18, None, id="what-core-keeps"),
        pytest.param("Amazon Simple Storage Service", "us-east-1", PROVEN, 18, "after_proof", id="not-elsewhere"),
        pytest.param("Amazon Simple Storage Service", "us-east-1", OPEN, 18, "no_listing", id="nor-before"),
        pytest.param("AWS Budgets", "us-east-1", PROVEN, 18, None, id="a-service-without-regions"),
        pytest.param("AWS Data Transfer", "eu-north-1", PROVEN, 18, None, id="traffic-of-the-buckets"),
        pytest.param("Amazon Route 53", "global", OPEN, 18, None, id="global-is-listed-at-home"),
        pytest.param("Amazon Route 53", "us-east-1", OPEN, 18, None, id="under-whatever-region"),
        pytest.param("Amazon Route 53", "global", PROVEN, 18, "after_proof", id="no-stack-holds-a-zone"),
        pytest.param("Amazon DynamoDB", "NoRegion", PROVEN, 18, None, id="without-a-region-it-is-here"),
        pytest.param(RDS, "NoRegion", OPEN, 18, None, id="and-what-is-listed-at-home-is-looked-at"),
        pytest.param("Tax", "NoRegion", PROVEN, 18, None, id="tax"),
        pytest.param("AWS Support (Business)", "", PROVEN, 18, None, id="support"),
        pytest.param("AWS Cost Explorer", "us-east-1", PROVEN, 18, None, id="its-own-price"),
        pytest.param(UNHEARD, HERE, PROVEN, 21, "after_proof", id="a-day-that-is-not-reported-in-full"),
    ],
)
def test_what_explains_a_charge(service: str, region: str, standing: Standing, on: int, why: str | None) -> None:
    found = seen_in(bill({on: ((service, region, "0.50"),)}), standing)
    told = [(it.service, it.region, it.why, it.since, it.last, it.usd_per_day) for it in found]
    when = date(2026, 11, on)
    assert told == ([] if why is None else [(service, region, why, when, when, Decimal("0.50"))])


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        (("0.01",), False),
        (("0.010000001",), True),
        (("0.009", "0.002"), True),
        (("0.50", "-0.50"), False),
        (("-3",), False),
        (("0",), False),
    ],
)
def test_a_cent_wakes_nobody(amounts: tuple[str, ...], told: bool) -> None:
    charges = {18: tuple((UNHEARD, HERE, amount) for amount in amounts)}
    assert bool(seen_in(bill(charges), OPEN)) is told


def test_a_refund_hides_no_other_service() -> None:
    found = seen_in(bill({18: (("Refunded", HERE, "-9"), (UNHEARD, HERE, "0.50"))}), OPEN)
    assert [it.service for it in found] == [UNHEARD]


def test_days_of_one_charge_are_one() -> None:
    charges = {12: ((UNHEARD, HERE, "0.50"),), 10: ((UNHEARD, HERE, "0.20"),), 14: ((UNHEARD, "eu-west-1", "1"),)}
    here, there = sorted(seen_in(bill(charges), OPEN), key=lambda it: it.last)
    assert (here.since, here.last, here.usd_per_day) == (date(2026, 11, 10), date(2026, 11, 12), Decimal("0.50"))
    assert (there.region, there.since, there.seen_by) == ("eu-west-1", date(2026, 11, 14), "audit_20261121T020000Z")


@pytest.mark.parametrize(
    ("closed", "lag", "first"),
    [
        (datetime(2026, 11, 14, 0, 0, tzinfo=UTC), 24, 16),
        (datetime(2026, 11, 14, 23, 59, tzinfo=UTC), 24, 16),
        (datetime(2026, 11, 14, 0, 0, tzinfo=UTC), 48, 16),
        (datetime(2026, 11, 14, 0, 1, tzinfo=UTC), 48, 17),
        (datetime(2026, 11, 14, 12, 0, tzinfo=UTC), 72, 18),
    ],
)
def test_nothing_counts_before_a_lag_has_passed(closed: datetime, lag: int, first: int) -> None:
    assert watched_from(closed, lag) == date(2026, 11, first)


@pytest.mark.parametrize(("as_of", "last"), [(timedelta(0), 19), (timedelta(microseconds=-1), 18)])
def test_which_days_are_reported(as_of: timedelta, last: int) -> None:
    facts = bill()
    assert isinstance(facts.data_as_of, Known)
    facts = replace(facts, data_as_of=Known(facts.data_as_of.value + as_of))
    assert reported(facts) == tuple(date(2026, 11, number) for number in range(1, last + 1))
    assert reported(replace(facts, data_as_of=Absent())) == ()


@pytest.mark.parametrize(
    ("last", "is_open"),
    [
        pytest.param(17, False, id="the-18th-and-the-19th-are-quiet"),
        pytest.param(18, True, id="one-quiet-day"),
        pytest.param(21, True, id="today"),
    ],
)
def test_two_quiet_days_end_it(last: int, is_open: bool) -> None:
    charges = {last: ((UNHEARD, HERE, "0.50"),)}
    assert bool(open_now(bill(charges), OPEN)) is is_open
    assert bool(open_now(bill(open=Known((spend(last=date(2026, 11, last)),))), OPEN)) is is_open


def test_what_goes_on_keeps_its_beginning() -> None:
    before = spend(last=date(2026, 11, 17))
    (now,) = open_now(bill({18: ((UNHEARD, HERE, "0.70"),)}, open=Known((before,))), OPEN)
    assert now == replace(before, last=date(2026, 11, 18), usd_per_day=Decimal("0.70"))


def test_a_record_outlives_the_turn_of_the_month() -> None:
    """The new month's bill has one reported day: that is no two."""
    before = spend(since=date(2026, 10, 28), last=date(2026, 10, 31))
    first = replace(bill(), days=Known((day(1), day(2))), data_as_of=Known(datetime(2026, 11, 2, tzinfo=UTC)))
    assert open_now(replace(first, open=Known((before,))), OPEN) == (before,)
    third = replace(bill(open=Known((before,))), data_as_of=Known(datetime(2026, 11, 3, tzinfo=UTC)))
    assert open_now(third, OPEN) == ()


def test_a_listing_that_looks_now_ends_it() -> None:
    before = spend(COMPUTE, region="ap-south-1", last=date(2026, 11, 19))
    facts = bill(open=Known((before,)))
    assert open_now(facts, OPEN) == (before,)
    assert open_now(replace(facts, looked_at=Known(("aws_instance@ap-south-1",))), OPEN) == ()


@pytest.mark.parametrize("looked_at", [Unreadable("no scan"), Absent()])
def test_without_a_scan_nothing_ends_and_nothing_is_accused(looked_at: Any) -> None:
    before = spend(COMPUTE, region="ap-south-1", last=date(2026, 11, 19))
    facts = bill({18: ((RDS, "eu-west-1", "1"),)}, open=Known((before,)), looked_at=looked_at)
    assert open_now(facts, OPEN) == (before,)
    unheard = bill({18: ((UNHEARD, HERE, "1"),)}, looked_at=looked_at)
    assert [it.service for it in open_now(unheard, OPEN)] == [UNHEARD]


def test_a_build_does_not_end_what_an_earlier_one_left() -> None:
    """While demo stands its own database charges as well: only a bill without any ends it."""
    before = spend(RDS, why="after_proof", last=date(2026, 11, 12))
    standing_again = dict.fromkeys(range(13, 20), ((RDS, HERE, "0.40"),))
    facts = bill(standing_again, open=Known((before,)))
    assert seen_in(facts, OPEN) == ()
    assert open_now(facts, OPEN) == (replace(before, last=date(2026, 11, 19), usd_per_day=Decimal("0.40")),)
    quiet = bill({13: ((RDS, HERE, "0.40"),)}, open=Known((before,)))
    assert open_now(quiet, OPEN) == ()


def test_an_explained_day_before_the_last_makes_it_no_older() -> None:
    before = spend(RDS, why="after_proof", last=date(2026, 11, 18))
    facts = bill({5: ((RDS, HERE, "0.40"),)}, open=Known((before,)))
    assert open_now(facts, OPEN) == (before,), "the 19th alone is quiet"


def test_without_a_bill_everything_stays_open() -> None:
    before = spend(last=date(2026, 11, 1))
    facts = bill(open=Known((before,)))
    assert open_now(replace(facts, days=Unreadable("down")), OPEN) == (before,)
    assert open_now(replace(facts, data_as_of=Absent()), OPEN) == (before,)
    assert open_now(facts, OPEN) == ()


def test_what_no_resource_makes_is_added_up() -> None:
    charges = {1: (("Tax", "NoRegion", "1.20"), (UNHEARD, HERE, "4")), 2: (("Tax", "NoRegion", "0.30"),)}
    assert apart(bill(charges)) == {"Tax": Decimal("1.50")}
