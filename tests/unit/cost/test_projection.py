"""Reported cost carried on to now, and what may never lower it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factories_guardrails import bill, billed, billing, daily, spent
from factories_prices import LADDER, NOW, PRICES, STOP, nat, rate, reported, reports, scanned
from factories_world import live
from tidegate.cost.ladder import BUDGETS, CONFLUENT, rung_of_total, total_of
from tidegate.cost.projection import Problem, Projection, Reported, month_end, month_start, project
from tidegate.cost.run_rate import RunRate, run_rate
from tidegate.models.observed import Known, Unreadable

RANK = {"none": 0, "10": 1, "20": 2, "28": 3, "unknown": 4}
"""Nothing is above `unknown`: it stops builds as the stop does."""

NOTHING_STANDS = {"aws": rate(), "confluent": rate()}


def projected(
    said: Sequence[Reported] = reports(), rates: dict[str, RunRate] | None = None, now: datetime = NOW, **changes: Any
) -> Projection:
    given = NOTHING_STANDS if rates is None else rates
    return project(said, given, now=now, **{"alerts": LADDER, "stop": STOP} | changes)


def standing(usd_per_hour: str) -> dict[str, RunRate]:
    return {"aws": rate(usd_per_hour), "confluent": rate()}


# Rungs.


@pytest.mark.parametrize("share", ["0", "0.25", "1"])
@pytest.mark.parametrize(
    ("spend", "rung", "stops"),
    [
        ("0", "none", False),
        ("9.99", "none", False),
        ("10", "10", False),
        ("19.99", "10", False),
        ("20", "20", False),
        ("27.99", "20", False),
        ("28", "28", True),
        ("30", "28", True),
    ],
)
def test_the_rung_at_its_edges_whatever_share_is_reported(spend: str, rung: str, stops: bool, share: str) -> None:
    """The rest has been spent since, in the 24 hours that no bill tells yet."""
    amount = Decimal(spend) * Decimal(share)
    found = projected(reports(explorer=amount), standing(str((Decimal(spend) - amount) / 24)))
    assert Decimal(spend) <= found.at_least <= Decimal(spend) + Decimal("1E-10")
    assert (found.rung, found.stops, found.complete) == (rung, stops, True)


@pytest.mark.parametrize(
    ("amount", "usd_per_hour", "hours"),
    [
        ("9.99", "0.01", "1"),
        ("10", "0.5", "20"),
        ("20", "1", "8"),
        ("27.99", "0.05", "0.2"),
        ("28", "1", None),
        ("30", "1", None),
        ("9.99", "0", None),
    ],
)
def test_hours_until_the_next_rung(amount: str, usd_per_hour: str, hours: str | None) -> None:
    found = projected((reported(amount, data_as_of=NOW),), {"aws": rate(usd_per_hour)})
    assert found.hours_until_next_rung == (None if hours is None else Decimal(hours))


def test_a_forgotten_nat_gateway_in_a_second_region() -> None:
    found = projected(
        reports(budgets="9.50", explorer="9.00"),
        {"aws": run_rate(scanned(nat("us-east-1")), PRICES)} | {"confluent": rate()},
    )
    aws, confluent = found.platforms
    assert (aws.reported, aws.hours, aws.usd_per_hour, aws.projected) == (
        Decimal("9.50"),
        Decimal(24),
        Decimal("0.045"),
        Decimal("1.08"),
    )
    assert confluent.projected == 0
    assert (found.at_least, found.rung, found.complete) == (Decimal("10.58"), "10", True)
    # 9.42 USD to 20, at 0.045 an hour; 15 days and 4 hours are left of February.
    assert found.hours_until_next_rung == Decimal("209.3333333334")
    assert (found.at, found.hours_left) == (NOW, 364)
    assert found.forecast == Decimal("10.58") + 364 * Decimal("0.045")


def test_a_rate_of_zero_leaves_the_forecast_at_what_was_spent() -> None:
    assert projected(reports(explorer="9.99")).forecast == Decimal("9.99")


AMOUNTS = ("0", "9.99", "10", "20", "27.99", "28", None)


@pytest.mark.parametrize("budgets", [*AMOUNTS, "-1"])
def test_the_reports_alone_are_what_the_ladder_says(budgets: str | None) -> None:
    for explorer, confluent in product(AMOUNTS, repeat=2):
        total = total_of(
            Unreadable("denied") if budgets is None else spent(budgets),
            Unreadable("denied") if explorer is None else Known((daily(1, explorer),)),
            billing(bill=Unreadable("denied") if confluent is None else Known(bill(billed(1, confluent)))),
            unit="USD",
            start=date(2026, 2, 1),
            end=date(2026, 2, 14),
        )
        found = projected(reports(budgets, explorer, confluent))
        assert (found.at_least, found.complete) == (total.at_least, total.complete)
        assert found.rung == rung_of_total(total, LADDER)


# Months and time zones.


@pytest.mark.parametrize(
    ("now", "as_of", "hours"),
    [
        ("2026-02-13T20:00", "2026-02-12T20:00", "24"),
        ("2026-02-01T00:00", "2026-01-31T00:00", "0"),
        ("2026-02-01T00:30", "2026-01-31T00:30", "0.5"),
        ("2026-02-01T23:59", "2026-01-31T23:59", None),
        ("2026-02-02T00:00", "2026-02-01T00:00", "24"),
        ("2026-02-28T23:59", "2026-02-27T23:59", "24"),
        ("2026-01-01T01:00", "2025-12-31T01:00", "1"),
        ("2028-02-29T12:00", "2028-02-28T12:00", "24"),
    ],
)
def test_hours_since_the_bill_never_reach_into_the_month_before(now: str, as_of: str, hours: str | None) -> None:
    moment, vouched = (datetime.fromisoformat(it).replace(tzinfo=UTC) for it in (now, as_of))
    said = (reported("1", read_at=moment, data_as_of=vouched),)
    (aws,) = projected(said, {"aws": rate("1")}, moment).platforms
    expected = Decimal(1439) / 60 if hours is None else Decimal(hours)
    assert aws.hours == expected
    assert aws.reported == 1


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        ("2026-02-13T20:14:27.5+00:00", "2026-02-01", "2026-03-01"),
        ("2026-12-31T23:59:59+00:00", "2026-12-01", "2027-01-01"),
        ("2028-02-29T00:00:00+00:00", "2028-02-01", "2028-03-01"),
        ("2026-03-01T00:00:00+00:00", "2026-03-01", "2026-04-01"),
        ("2026-03-01T00:30:00+01:00", "2026-02-01", "2026-03-01"),
        ("2026-02-28T20:00:00-05:00", "2026-03-01", "2026-04-01"),
    ],
)
def test_months_are_utcs(moment: str, start: str, end: str) -> None:
    found = datetime.fromisoformat(moment)
    assert month_start(found) == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert month_end(found) == datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert month_start(found).tzinfo is UTC, "not the zone of the machine, which may be UTC as well"


@pytest.mark.parametrize(
    "zone", [UTC, timezone(timedelta(hours=-12)), timezone(timedelta(hours=14)), ZoneInfo("Europe/London")], ids=str
)
@pytest.mark.parametrize(
    "now", [NOW, datetime(2026, 3, 1, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)]
)
def test_the_zone_in_which_a_time_is_told_changes_nothing(zone: Any, now: datetime) -> None:
    def said(tell: Any) -> Projection:
        report = reported("9", read_at=tell(now), data_as_of=tell(now - timedelta(hours=24)))
        return projected((report,), {"aws": rate("0.05")}, tell(now), last_seen=tell(now))

    assert said(lambda moment: moment.astimezone(zone)) == said(lambda moment: moment)


@pytest.mark.parametrize("which", ["now", "last_seen", "read_at", "data_as_of"])
def test_a_time_without_a_zone_is_a_defect(which: str) -> None:
    naive = NOW.replace(tzinfo=None)
    report = reported(**{which: naive}) if which in {"read_at", "data_as_of"} else reported()
    times = {which: naive} if which in {"now", "last_seen"} else {}
    with pytest.raises(ValueError, match="has no time zone"):
        projected((report,), {"aws": rate()}, **times)


def test_no_report_at_all_is_a_defect() -> None:
    with pytest.raises(ValueError, match="at least one report"):
        projected(())


# What is not known.


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "now", "cause", "said", "counted"),
    [
        pytest.param({"data_as_of": NOW + HOUR}, NOW, "clock", "vouches for", "9", id="future-bill"),
        pytest.param({"read_at": NOW + HOUR}, NOW, "clock", "after now", "9", id="read-in-the-future"),
        pytest.param({}, NOW + timedelta(days=20), "month_changed", "a new month has begun", "0", id="new-month"),
        pytest.param({}, NOW - timedelta(days=20), "clock", "after now", "0", id="back-into-another-month"),
        pytest.param({"amount": None}, NOW, "unreported", "does not tell", "0", id="unreadable"),
    ],
)
def test_a_report_that_cannot_be_carried_on(changes: Any, now: datetime, cause: str, said: str, counted: str) -> None:
    found = projected((replace(reported("9"), **changes),), {"aws": rate("0.05")}, now)
    (problem,) = found.problems
    assert (problem.cause, problem.subject) == (cause, "Cost Explorer")
    assert said in problem.said
    assert (found.complete, found.rung) == (False, "unknown")
    (aws,) = found.platforms
    assert aws.reported == Decimal(counted)
    assert aws.hours == (24 if cause == "unreported" else 0)


def test_a_clock_that_jumps_backwards() -> None:
    found = projected(last_seen=NOW + HOUR)
    assert [problem.cause for problem in found.problems] == ["clock"]
    assert found.problems[0].subject == "now"
    assert found.rung == "unknown"
    assert projected(last_seen=NOW).complete


def test_everything_that_is_not_known_is_named() -> None:
    denied = rate("0", unread=("aws_eip@us-east-1: the region is disabled",))
    stranger = run_rate(scanned(nat(), live("aws_sagemaker_domain", "d-1")), PRICES)
    found = projected(reports(explorer=None, confluent=None), {"aws": replace(stranger, unread=denied.unread)})
    assert [(problem.cause, problem.subject) for problem in found.problems] == [
        ("unreported", "Cost Explorer"),
        ("unpriced", "aws_sagemaker_domain d-1 in eu-west-2"),
        ("unread", "aws"),
        ("unreported", CONFLUENT),
        ("no_inventory", "confluent"),
    ]
    assert found.at_least == Decimal("1.2")  # the gateway, for 24 hours


def test_an_inventory_whose_bill_nobody_reads() -> None:
    found = projected((reported("1"),), {"aws": rate(), "confluent": rate("0.14")})
    assert found.problems == (
        Problem(cause="unreported", subject="confluent", said="it has an inventory, and no source reports its cost"),
    )
    assert found.usd_per_hour == Decimal("0.14")


def test_where_nobody_looked_the_rate_is_an_amount_nevertheless() -> None:
    found = projected(rates={})
    assert found.usd_per_hour == 0
    assert isinstance(found.usd_per_hour, Decimal), "a number of another kind is written down differently"


def test_what_is_certain_reaches_the_stop_whatever_else_is_unknown() -> None:
    found = projected(reports(explorer="28", confluent=None), {})
    assert (found.rung, found.stops, found.complete) == ("unknown", True, False)


def test_the_oldest_bill_of_a_platform_counts() -> None:
    older = reported("1", BUDGETS, data_as_of=NOW - timedelta(hours=30))
    (aws,) = projected((reported("2"), older), {"aws": rate("1")}).platforms
    assert (aws.reported, aws.hours, aws.data_as_of) == (2, 30, NOW - timedelta(hours=30))


def test_a_bill_without_lag_is_carried_on_from_its_read() -> None:
    before = NOW - timedelta(hours=5)
    (aws,) = projected((reported("2", read_at=before, data_as_of=before),), {"aws": rate("1")}).platforms
    assert (aws.hours, aws.projected) == (5, 5)


# Properties, over a grid: hypothesis is no dependency of ours.


RATES = ("0", "0.0004166", "0.05", "1")
AGES = (0, 1, 24, 72)


def world(budgets: Any, explorer: Any, confluent: Any, usd: Any, age: int, *, priced: bool = True) -> Projection:
    as_of = NOW - timedelta(hours=age)
    said = tuple(replace(it, data_as_of=as_of) for it in reports(budgets, explorer, confluent))
    unknown = () if priced else ("aws_eip@eu-west-2: denied",)
    return projected(said, {"aws": rate(usd, unread=unknown), "confluent": rate()})


def higher(one: Any, values: Sequence[Any]) -> list[Any]:
    """Larger amounts, and not knowing."""
    return [other for other in values if other is None or (one is not None and Decimal(other) >= Decimal(one))]


GRID = list(product(AMOUNTS, AMOUNTS, AMOUNTS, RATES, AGES))


@pytest.mark.parametrize("position", range(5), ids=["budgets", "explorer", "confluent", "rate", "age"])
def test_the_rung_rises_with_every_input_and_an_unknown_never_lowers_it(position: int) -> None:
    values: Sequence[Any] = (AMOUNTS, AMOUNTS, AMOUNTS, RATES, AGES)[position]
    kept = {inputs: world(*inputs) for inputs in GRID}
    for inputs, low in kept.items():
        for other in higher(inputs[position], values):
            high = kept[(*inputs[:position], other, *inputs[position + 1 :])]
            assert RANK[high.rung] >= RANK[low.rung], (inputs, other)
            if other is not None:
                assert high.at_least >= low.at_least
                assert high.forecast >= low.forecast
                assert high.stops >= low.stops


def test_what_cannot_be_read_or_priced_never_lowers_it() -> None:
    for inputs in GRID:
        known, unknown = world(*inputs), world(*inputs, priced=False)
        assert unknown.rung == "unknown"
        assert RANK[unknown.rung] >= RANK[known.rung]
        assert unknown.at_least == known.at_least
        assert unknown.stops == known.stops


def test_time_that_passes_never_lowers_it_within_a_month() -> None:
    moments = [NOW + timedelta(hours=hours) for hours in (0, 1, 24, 100, 363)]
    for usd, amount in product(RATES, ("0", "9.99", "27.99")):
        totals = [projected(reports(explorer=amount), standing(usd), moment).at_least for moment in moments]
        assert totals == sorted(totals)


def test_hours_until_the_next_rung_shrink_as_the_rate_grows() -> None:
    for amount in ("0", "9.99", "10", "27.99"):
        # Read this very moment, so that only the rate differs.
        said = (reported(amount, data_as_of=NOW),)
        hours = [projected(said, {"aws": rate(usd)}).hours_until_next_rung for usd in RATES[1:]]
        assert None not in hours
        assert hours == sorted(hours, key=lambda it: it or Decimal(0), reverse=True)
