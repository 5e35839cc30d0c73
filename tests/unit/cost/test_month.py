"""The month of a cost guardrail's facts, at the edges of the ladder and with sources of different age."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories_guardrails import NOW, bill, billed, billing, both_platforms, cost_facts, daily, own_reads, spent
from factories_prices import database, nat, price_of_database
from factories_world import inventory
from tidegate.cost.month import CLOCKS_APART, projected_of, projection_of, reported_of, said_usd
from tidegate.gates.cost_guardrail import GATE
from tidegate.models.cost import CostFacts
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known, Unreadable

NOTHING: tuple[LiveResource, ...] = ()
DEMO = (database(),)
FORGOTTEN = (nat(),)
"""For 20 hours that no bill tells: 1 USD."""


def told(spend: str, found: tuple[LiveResource, ...], hours: int = 20, **changes: Any) -> CostFacts:
    """AWS Budgets reports so much, and vouches up to so many hours ago."""
    given: dict[str, Any] = {
        "observed_at": NOW,
        "read_at": NOW,
        "billing_lag_hours": {"aws": hours, "confluent": 72},
        "budgets": spent(spend),
        "inventories": {"aws": inventory(*found)},
    }
    return cost_facts(**given | changes)


@pytest.mark.parametrize(
    ("spend", "found", "rung", "stops"),
    [
        ("9.99", NOTHING, "none", False),
        ("10", NOTHING, "10", False),
        ("20", NOTHING, "20", False),
        ("27.99", NOTHING, "20", False),
        ("28", NOTHING, "28", True),
        ("9.99", DEMO, "10", False),
        ("10", DEMO, "10", False),
        ("20", DEMO, "20", False),
        ("27.99", DEMO, "28", True),
        ("28", DEMO, "28", True),
        ("9.99", FORGOTTEN, "10", False),
        ("10", FORGOTTEN, "10", False),
        ("20", FORGOTTEN, "20", False),
        ("26.99", FORGOTTEN, "20", False),
        ("27", FORGOTTEN, "28", True),
        ("27.99", FORGOTTEN, "28", True),
        ("28", FORGOTTEN, "28", True),
    ],
)
def test_the_rungs_at_their_edges(spend: str, found: tuple[LiveResource, ...], rung: str, stops: bool) -> None:
    """Rung, stop, and whether the latch is set: exactly by the blocker of the stop."""
    facts = told(spend, found)
    projection = projection_of(facts)
    assert (projection.rung, projection.stops, projection.complete) == (rung, stops, True)
    codes = [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]
    assert codes == (["COST-STOP-REACHED"] if stops else [])


def test_reported_and_projected_add_up() -> None:
    projection = projection_of(told("9.99", DEMO))
    assert reported_of(projection) == Decimal("9.99")
    assert projected_of(projection) == price_of_database() * 20
    assert projection.at_least == reported_of(projection) + projected_of(projection)


def test_a_first_build_is_told_by_cost_explorer_alone() -> None:
    facts = told("0", NOTHING, budgets=Absent(), budget_expected=False)
    projection = projection_of(facts)
    assert (projection.complete, projection.at_least) == (True, Decimal("6.5"))


def test_a_budget_that_should_be_there_makes_the_rung_unknown() -> None:
    assert projection_of(told("0", NOTHING, budgets=Absent())).rung == "unknown"


OLD = own_reads(asked=False, needed=False, read_at=NOW - timedelta(days=2))


def test_an_older_report_that_tells_no_more_is_superseded() -> None:
    """Budgets has told what was spent since: two days are not projected on top of it."""
    facts = told("6.5", FORGOTTEN, own_reads=OLD)
    assert projected_of(projection_of(facts)) == Decimal(1)


def test_an_older_report_that_tells_more_still_counts() -> None:
    facts = told("6.49", FORGOTTEN, own_reads=OLD)
    projection = projection_of(facts)
    assert (reported_of(projection), projected_of(projection)) == (Decimal("6.5"), Decimal("0.05") * 68)


def test_a_report_of_the_first_moment_of_the_month_is_superseded_too() -> None:
    facts = told("6.5", FORGOTTEN, own_reads=replace(OLD, read_at=datetime(2026, 2, 1, tzinfo=UTC)))
    assert projected_of(projection_of(facts)) == Decimal(1)


def test_a_report_without_lag_supersedes_an_older_one() -> None:
    assert projected_of(projection_of(told("6.5", FORGOTTEN, hours=0, own_reads=OLD))) == 0


@pytest.mark.parametrize("spend", ["1", "7"], ids=["tells-less", "tells-more"])
@pytest.mark.parametrize("read_at", [NOW + timedelta(hours=1), NOW - timedelta(days=20)])
def test_a_report_of_another_time_supersedes_nothing(read_at: Any, spend: str) -> None:
    """It is a problem of its own and stays one, and the other is carried on for its 20 hours."""
    facts = told(spend, FORGOTTEN, own_reads=replace(OLD, read_at=read_at))
    projection = projection_of(facts)
    assert {problem.subject for problem in projection.problems} == {"Cost Explorer"}
    assert projected_of(projection) == Decimal(1)
    if read_at > NOW:
        assert reported_of(projection) == max(Decimal("6.5"), Decimal(spend))


@pytest.mark.parametrize(
    ("ahead", "projected"),
    [
        pytest.param(timedelta(0), "1", id="one-clock"),
        pytest.param(timedelta(minutes=3), "1", id="a-little-ahead"),
        pytest.param(CLOCKS_APART, "1", id="as-far-as-clocks-may-differ"),
        pytest.param(CLOCKS_APART + timedelta(microseconds=1), None, id="too-far"),
    ],
)
def test_a_clock_that_is_a_little_ahead_vouches_for_no_more(ahead: timedelta, projected: str | None) -> None:
    """The report was read now at the latest, and vouches up to 20 hours before."""
    alone: dict[str, Any] = {"days": Absent(), "own_reads": replace(OLD, read_at=None)}
    projection = projection_of(told("6.5", FORGOTTEN, read_at=NOW + ahead, **alone))
    assert projection.complete is (projected is not None)
    assert projected_of(projection) == Decimal(projected or 0)


def test_without_an_answer_budgets_alone_is_projected() -> None:
    facts = told("6.5", FORGOTTEN, days=Absent(), own_reads=replace(OLD, read_at=None))
    projection = projection_of(facts)
    assert (projection.complete, projection.at_least) == (True, Decimal("7.5"))
    needed = replace(facts, own_reads=replace(OLD, read_at=None, needed=True))
    assert projection_of(needed).rung == "unknown"


def test_each_platform_counts() -> None:
    facts = both_platforms(inventories={"aws": inventory(), "confluent": inventory()})
    assert projection_of(facts).at_least == Decimal("9.75")
    assert projection_of(replace(facts, inventories={"aws": inventory()})).rung == "unknown"


def test_a_bill_that_nobody_could_read_is_named_by_its_source() -> None:
    (problem,) = projection_of(both_platforms(confluent=billing(bill=Unreadable("403")))).problems
    assert (problem.cause, problem.subject) == ("unreported", "Confluent")


def test_without_the_lag_of_aws_the_gate_is_closed() -> None:
    """The manifest always names it. To take it for zero would project too little."""
    assert judged(told("0", NOTHING, billing_lag_hours={"confluent": 72})) == ["GATE-BROKEN"]


# The first of a month, when AWS Budgets may still show the month before.

FIRST = datetime(2026, 3, 1, 5, tzinfo=UTC)


def on_the_first(budgets: Any, explorer: str | None, at: datetime = FIRST) -> CostFacts:
    """An hourly check with (or without) an answer in the record."""
    days = Absent() if explorer is None else Known((daily(1, explorer, day=at.date().replace(day=1)),))
    read_at = None if explorer is None else at
    return cost_facts(
        observed_at=at,
        read_at=at,
        start=date(2026, 3, 1),
        end=date(2026, 3, 2),
        budgets=budgets,
        days=days,
        own_reads=own_reads(asked=False, needed=False, read_at=read_at),
        last_seen=Absent(),
    )


def judged(facts: CostFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=facts.observed_at)]


def test_on_the_first_cost_explorer_tells_and_budgets_adds_nothing() -> None:
    facts = on_the_first(spent("29"), "0.5")
    projection = projection_of(facts)
    assert (projection.at_least, projection.rung, projection.complete, judged(facts)) == (
        Decimal("0.5"),
        "none",
        True,
        [],
    )


@pytest.mark.parametrize("budgets", [Unreadable("403"), Absent()])
def test_on_the_first_budgets_must_still_be_readable(budgets: Any) -> None:
    facts = on_the_first(budgets, "0.5")
    assert projection_of(facts).rung == "unknown"
    assert len(judged(facts)) == 1


def test_on_the_first_cost_explorer_may_set_the_stop() -> None:
    assert judged(on_the_first(spent("1"), "28")) == ["COST-STOP-REACHED"]


def test_on_the_first_budgets_alone_makes_no_stop_certain() -> None:
    """Its rung is shown and told; the latch is not set by what may be last month's."""
    facts = on_the_first(spent("29"), None)
    projection = projection_of(facts)
    assert (projection.at_least, projection.rung, projection.stops) == (Decimal(29), "28", False)
    assert judged(facts) == []
    (notice,) = replace(facts, total=projection.at_least).notices
    assert notice.key == "rung/2026-03/28"


def test_on_the_first_another_platform_may_set_the_stop() -> None:
    """Of AWS Budgets alone nothing is certain; what Confluent bills is."""
    both = both_platforms(confluent=billing(bill=Known(bill(billed(1, "28", day=FIRST.date())))))
    facts = replace(
        on_the_first(spent("1"), None),
        confluent=replace(both.confluent, data_as_of=FIRST - timedelta(hours=72)),
        inventories=both.inventories,
    )
    projection = projection_of(facts)
    assert (projection.at_least, projection.stops) == (Decimal(29), True)


@pytest.mark.parametrize(("hours", "expected"), [(23, []), (24, ["COST-STOP-REACHED"])])
def test_after_the_lag_budgets_counts_again(hours: int, expected: list[str]) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hours)
    assert judged(replace(on_the_first(spent("29"), None, at), end=at.date() + timedelta(days=1))) == expected


# What people are told once.


def shown(total: str, **changes: Any) -> CostFacts:
    return cost_facts(**{"total": Decimal(total), "reported": Decimal(total)} | changes)


def test_below_the_first_rung_there_is_nothing_to_hear() -> None:
    assert shown("9.99").notices == ()


@pytest.mark.parametrize(("total", "rung"), [("10", "10"), ("19.99", "10"), ("20", "20"), ("28", "28"), ("40", "28")])
def test_a_rung_is_told_by_month_and_height(total: str, rung: str) -> None:
    (notice,) = shown(total).notices
    assert notice.key == f"rung/2026-02/{rung}"
    assert notice.summary.startswith(f"The cost of this month has reached the rung of {rung} USD: ")


def test_a_rung_says_what_and_how_long() -> None:
    (notice,) = shown("10", projected=Decimal("0.5"), hours_until_next_rung=Decimal("200.4")).notices
    assert notice.summary.endswith("10.00 reported, 0.50 projected, 10.00 together; the next rung in 200 hours.")
    (notice,) = shown("28").notices
    assert notice.summary.endswith("28.00 together; no rung to come at this rate.")


def test_a_rung_is_told_also_where_something_is_unknown() -> None:
    (notice,) = shown("12", rung="unknown", budgets=Unreadable("403")).notices
    assert notice.key == "rung/2026-02/10"


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "0"),
        ("0E-10", "0"),
        ("0.00004", "0"),
        ("28.0", "28"),
        ("10", "10"),
        ("0.53260", "0.5326"),
        ("0.53264", "0.5326"),
        ("-1.5", "-1.5"),
    ],
)
def test_amounts_for_people(amount: str, said: str) -> None:
    assert said_usd(Decimal(amount)) == said


def test_a_day_below_zero_hides_nothing() -> None:
    days = Known((daily(1, "-30"), *(daily(number) for number in range(2, 14))))
    assert projection_of(cost_facts(budgets=spent("0"), days=days)).at_least == Decimal(6)
