"""What the ladder, the rates and the projection keep to together: more never costs less, and doubt never lowers.

Over grids: hypothesis is no dependency of ours. `test_projection.py` has the same for reports, rates and ages.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest

from factories_prices import (
    LADDER,
    NOW,
    PRICES,
    STOP,
    database,
    entry,
    free,
    known,
    nat,
    policy,
    rate,
    reported,
    scanned,
)
from factories_prices import reports as all_reports
from factories_world import live
from tidegate.cost.ladder import BUDGETS, reaches_stop, rung_of
from tidegate.cost.projection import Projection, Reported, month_end, project
from tidegate.cost.run_rate import run_rate
from tidegate.models.facts import Coverage
from tidegate.models.inventory import LiveResource
from tidegate.models.prices import PricePolicy

RANK = {"none": 0, "10": 1, "20": 2, "28": 3, "unknown": 4}
"""Nothing is above `unknown`: it stops builds as the stop does."""

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def projected(said: Sequence[Reported], usd: Any = "0", now: datetime = NOW, **changes: Any) -> Projection:
    rates = changes.pop("rates", {"aws": rate(usd), "confluent": rate()})
    return project(said, rates, now=now, **{"alerts": LADDER, "stop": STOP} | changes)


def never_lower(low: Projection, high: Projection) -> bool:
    return (
        high.at_least >= low.at_least
        and high.usd_per_hour >= low.usd_per_hour
        and high.forecast >= low.forecast
        and high.stops >= low.stops
        and RANK[high.rung] >= RANK[low.rung]
    )


# Every rung at its edges.

EDGES = [
    ("9.99", "none", False),
    ("10", "10", False),
    ("10.01", "10", False),
    ("19.99", "10", False),
    ("20", "20", False),
    ("20.01", "20", False),
    ("27.99", "20", False),
    ("28", "28", True),
    ("28.01", "28", True),
    ("29.99", "28", True),
    ("30", "28", True),
]


@pytest.mark.parametrize(("spend", "rung", "stops"), EDGES)
def test_the_ladder_at_the_edges(spend: str, rung: str, stops: bool) -> None:
    amount = Decimal(spend)
    assert (rung_of(amount, LADDER), reaches_stop(amount, STOP)) == (rung, stops)


@pytest.mark.parametrize(("spend", "rung", "stops"), EDGES)
@pytest.mark.parametrize("reported_share", [Decimal(0), Decimal("0.5"), Decimal(1)])
def test_the_projection_at_the_edges(spend: str, rung: str, stops: bool, reported_share: Decimal) -> None:
    """Half of the amounts has five decimals at most, so that the hour that is projected is exact."""
    amount = Decimal(spend) * reported_share
    said = (reported(amount, data_as_of=NOW - timedelta(hours=1)),)
    found = projected(said, Decimal(spend) - amount, rates={"aws": rate(Decimal(spend) - amount)})
    assert (found.at_least, found.rung, found.stops) == (Decimal(spend), rung, stops)


@pytest.mark.parametrize("stop", ["29.99", "30"])
def test_a_stop_that_is_no_rung_is_reached_exactly_at_it(stop: str) -> None:
    for spend in ("28", "29.98", "29.99", "30", "30.01"):
        found = projected(all_reports(explorer=spend), stop=Decimal(stop))
        assert (found.stops, found.rung) == (Decimal(spend) >= Decimal(stop), "28")


# More resources, dearer prices.

TASK = known(launch_type="FARGATE", cpu="256", memory="512")
STANDING: tuple[LiveResource, ...] = (
    nat(),
    nat("us-east-1"),
    database(),
    live("aws_eip", "eipalloc-1"),
    live("aws_ecs_task", "task-1", attributes=TASK),
    live("aws_vpc"),
)
REPORTS = (("0", "0"), ("9.99", "9"), (None, "19.99"), ("27.99", None))


def worlds() -> Iterator[tuple[LiveResource, ...]]:
    """Every set of these resources, and one of them many times."""
    for chosen in product((False, True), repeat=len(STANDING)):
        yield tuple(each for each, there in zip(STANDING, chosen, strict=True) if there)
    for number in (1, 10, 200):
        yield tuple(replace(nat(), id=f"nat-{which}") for which in range(number))


def of_world(resources: Sequence[LiveResource], said: Sequence[Reported], prices: PricePolicy = PRICES) -> Projection:
    return projected(said, rates={"aws": run_rate(scanned(*resources), prices), "confluent": rate()})


@pytest.mark.parametrize("amounts", REPORTS, ids=str)
def test_one_more_resource_never_costs_less(amounts: tuple[Any, Any]) -> None:
    said = all_reports(*amounts)
    for resources in worlds():
        low = of_world(resources, said)
        for more in (*STANDING, live("aws_sagemaker_domain", "d-1"), database(multi_az=True)):
            high = of_world((*resources, replace(more, id="one-more")), said)
            assert never_lower(low, high), (resources, more)


def test_an_unknown_thing_is_unknown_however_much_is_known_beside_it() -> None:
    for resources in worlds():
        high = of_world((*resources, live("aws_sagemaker_domain", "d-1")), all_reports())
        assert (high.rung, high.complete) == ("unknown", False)
        assert high.at_least == of_world(resources, all_reports()).at_least


def test_a_dearer_price_never_costs_less_and_a_price_of_what_stands_more() -> None:
    said = all_reports(explorer="9.5")
    moved = 0
    for number, price in enumerate(PRICES.prices):
        worlds = [of_world(STANDING, said)]
        for factor in (Decimal("1.0001"), Decimal(2), Decimal(100), Decimal(10_000)):
            dearer = price.model_copy(update={"usd": price.usd * factor})
            prices = (*PRICES.prices[:number], dearer, *PRICES.prices[number + 1 :])
            worlds.append(of_world(STANDING, said, PRICES.model_copy(update={"prices": prices})))
        assert all(never_lower(low, high) for low, high in pairwise(worlds)), price
        totals = [world.at_least for world in worlds]
        assert len(set(totals)) in {1, len(worlds)}, "it counts or it does not, whatever it is"
        moved += len(set(totals)) > 1
    assert moved == 9, "two gateways, the database's machine, disk and secret, the address, three parts of the task"


def test_a_price_that_is_taken_away_leaves_a_lower_bound_and_never_a_rung() -> None:
    resources = [live("thing", "a"), live("other", "b"), live("third", "c")]
    nothing = free(types=["third"])
    both = policy(entry(types=["thing"], usd="0.5"), entry(types=["other"], usd="0.5"), free=[nothing])
    one = policy(entry(types=["thing"], usd="0.5"), free=[nothing])
    found, less = (of_world(resources, all_reports(), prices) for prices in (both, one))
    assert (found.at_least, found.rung, found.complete) == (Decimal(24), "20", True)
    assert (less.at_least, less.rung, less.complete) == (Decimal(12), "unknown", False)
    assert [problem.subject for problem in less.problems] == ["other b in eu-west-2"]


# Doubt never lowers.


def doubts() -> Iterator[Reported]:
    """Reports that cannot be carried on, beside those that can."""
    yield reported(None, "a third source")
    yield reported("5", "a third source", read_at=NOW + SECOND, data_as_of=NOW)
    yield reported("5", "a third source", data_as_of=NOW + SECOND)
    yield reported("5", "a third source", read_at=NOW - 20 * DAY, data_as_of=NOW - 21 * DAY)
    yield reported("-5", "a third source")
    yield reported(None, "a third source", platform="elsewhere")


@pytest.mark.parametrize("doubt", list(doubts()), ids=lambda it: f"{it.amount}-{it.read_at:%d}-{it.data_as_of:%d}")
def test_one_more_report_never_lowers_what_the_others_tell(doubt: Reported) -> None:
    for amount, usd, age in product(("0", "9.99", "27.99", "28"), ("0", "0.05", "1"), (0, 1, 24)):
        as_of = NOW - timedelta(hours=age)
        said = (reported(amount, BUDGETS, data_as_of=as_of), reported("1", data_as_of=as_of))
        rates = {"aws": rate(usd)}
        low, high = projected(said, rates=rates), projected((*said, doubt), rates=rates)
        assert never_lower(low, high), (amount, usd, age)


def test_what_was_not_read_never_lowers() -> None:
    said = all_reports(explorer="9.99")
    denied = Coverage(subject="aws_eip@us-east-1", status="unreadable", reason="the region is disabled")
    for resources in worlds():
        scan = scanned(*resources)
        partly = replace(scan, coverage=(*scan.coverage, denied))
        low = projected(said, rates={"aws": run_rate(scan, PRICES), "confluent": rate()})
        high = projected(said, rates={"aws": run_rate(partly, PRICES), "confluent": rate()})
        assert never_lower(low, high)
        assert high.rung == "unknown"


def test_a_clock_that_went_back_never_lowers() -> None:
    for amount, usd in product(("0", "9.99", "28"), ("0", "1")):
        said = all_reports(explorer=amount)
        assert never_lower(projected(said, usd), projected(said, usd, last_seen=NOW + SECOND))


def test_a_stale_report_does_not_hide_the_stop_that_another_makes_certain() -> None:
    """Cost Explorer's answer is kept for hours, so it may be of last month when Budgets was read a moment ago."""
    budgets = reported("27", BUDGETS)
    stale = reported("3", read_at=NOW - 20 * DAY, data_as_of=NOW - 21 * DAY)
    found = projected((budgets, stale), rates={"aws": rate("0.05")})
    (aws,) = found.platforms
    assert (aws.hours, aws.data_as_of, found.at_least) == (24, stale.data_as_of, Decimal("28.2"))
    assert (found.stops, found.rung) == (True, "unknown")


# Months.

MONTHS = [(2026, month) for month in range(1, 13)] + [(2028, 2), (2100, 2), (2000, 2)]


@pytest.mark.parametrize(("year", "month"), MONTHS)
def test_the_first_and_the_last_second_of_every_month(year: int, month: int) -> None:
    days = monthrange(year, month)[1]
    first = datetime(year, month, 1, tzinfo=UTC)
    last = datetime(year, month, days, 23, 59, 59, tzinfo=UTC)
    assert month_end(first) == month_end(last) == last + SECOND

    begun = projected((reported("0", read_at=first, data_as_of=first - DAY),), rates={"aws": rate("1")}, now=first)
    assert begun.complete
    assert begun.at_least == 0, "what stood in the month before is not this month's"
    assert (begun.hours_left, begun.forecast) == (24 * days, 24 * days)

    ended = projected((reported("0", read_at=last, data_as_of=last - DAY),), rates={"aws": rate("1")}, now=last)
    assert ended.complete
    assert ended.at_least == 24
    assert Decimal(24) < ended.forecast < Decimal("24.001")


@pytest.mark.parametrize(("year", "month"), MONTHS)
def test_read_before_midnight_and_judged_after(year: int, month: int) -> None:
    midnight = month_end(datetime(year, month, 1, tzinfo=UTC))
    before = reported("27", read_at=midnight - SECOND, data_as_of=midnight - DAY)
    assert projected((before,), rates={"aws": rate()}, now=midnight - SECOND).complete

    for late in (timedelta(0), timedelta(microseconds=1), SECOND):
        found = projected((before,), rates={"aws": rate("1")}, now=midnight + late)
        assert [problem.cause for problem in found.problems] == ["month_changed"]
        assert (found.rung, found.at_least, found.stops) == ("unknown", 0, False)

    anew = replace(before, amount=Decimal(0), read_at=midnight)
    assert projected((anew,), rates={"aws": rate()}, now=midnight).rung == "none"


def test_the_same_month_of_another_year_is_another_month() -> None:
    year_ago = NOW.replace(year=NOW.year - 1)
    found = projected((reported("27", read_at=year_ago, data_as_of=year_ago),), rates={"aws": rate("1")})
    assert (found.at_least, found.rung) == (0, "unknown")


@pytest.mark.parametrize("zone", ["+14:00", "-12:00", "+05:45"])
@pytest.mark.parametrize("moment", ["2026-01-31T23:59:59", "2026-02-01T00:00:00", "2028-02-29T23:59:59"])
def test_a_zone_in_which_another_month_has_begun_changes_nothing(zone: str, moment: str) -> None:
    now = datetime.fromisoformat(f"{moment}+00:00")
    there = now.astimezone(datetime.fromisoformat(f"{moment}{zone}").tzinfo)
    assert there.utcoffset() != now.utcoffset()
    said = (reported("9", read_at=now, data_as_of=now - DAY),)
    # Equal moments of two zones are equal; what is written down must be the same, too.
    assert repr(projected(said, "0.05", there)) == repr(projected(said, "0.05", now))
