"""What a plan would add to what is spent by the hour."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from factories_prices import DATABASE, PRICES, database, entry, known, policy, price_of_database
from factories_world import month_so_far, plan, planned
from tidegate.cost.estimate import PlanEstimate, Room, estimate, estimate_of, room_in, said
from tidegate.models.observed import Known, UnknownUntilApply, Unreadable
from tidegate.models.plan import CountedHours, PlannedResource

LONDON = "eu-west-2"
ADDRESS = "aws_db_instance.this"
COSTS = price_of_database()


def the_database(*actions: str, **changes: Any) -> PlannedResource:
    return planned(ADDRESS, *actions, attributes=known(**DATABASE | changes))


def of(*resources: PlannedResource, before: Any = None) -> PlanEstimate:
    return estimate(plan(*resources), PRICES, LONDON, before)


def test_a_build_of_demo() -> None:
    found = of(the_database("create"), planned("aws_vpc.this", "create"), planned("aws_subnet.a", "create"))
    assert found.complete
    assert found.usd_per_hour == COSTS
    assert found.usd_per_month == Decimal("16.2000001300")
    assert [change.address for change in found.changes if change.usd_per_hour] == [ADDRESS]


@pytest.mark.parametrize("actions", [("no-op",), ("read",), ("forget",)], ids="+".join)
def test_what_stays_adds_nothing(actions: tuple[str, ...]) -> None:
    found = of(the_database(*actions), planned("aws_sagemaker_domain.x", *actions))
    assert (found.usd_per_hour, found.changes, found.complete) == (Decimal(0), (), True)


@pytest.mark.parametrize("actions", [("create",), ("forget", "create"), ("create", "forget")], ids="+".join)
def test_what_is_new_counts_in_full(actions: tuple[str, ...]) -> None:
    assert of(the_database(*actions), before={ADDRESS: known(**DATABASE)}).usd_per_hour == COSTS


@pytest.mark.parametrize("actions", [("update",), ("delete", "create"), ("create", "delete")], ids="+".join)
def test_what_changes_counts_its_difference(actions: tuple[str, ...]) -> None:
    larger = the_database(*actions, instance_class="db.t4g.small")
    assert of(larger, before={ADDRESS: known(**DATABASE)}).usd_per_hour == Decimal("0.018")
    smaller = the_database(*actions)
    assert of(
        smaller, before={ADDRESS: known(**DATABASE | {"instance_class": "db.t4g.small"})}
    ).usd_per_hour == Decimal("-0.018")


@pytest.mark.parametrize("actions", [("update",), ("delete", "create")], ids="+".join)
def test_what_changes_counts_in_full_where_nobody_knows_what_was(actions: tuple[str, ...]) -> None:
    for before in (None, {}, {ADDRESS: {}}, {ADDRESS: known(engine="postgres")}):
        assert of(the_database(*actions), before=before).usd_per_hour == COSTS


def test_a_removal_saves_only_what_is_known() -> None:
    gone = planned(ADDRESS, "delete")
    assert of(gone, before={ADDRESS: known(**DATABASE)}).usd_per_hour == -COSTS
    nothing = of(gone)
    assert (nothing.usd_per_hour, nothing.complete) == (Decimal(0), True)
    assert not nothing.changes[0].usd_per_hour.is_signed()


def test_what_stood_is_priced_as_a_plan_shows_it() -> None:
    prices = policy(entry(usd="2", where="live"), entry(usd="3", where="plan"))
    gone = planned("thing.this", "delete", before={})
    (change,) = estimate_of(plan(gone), prices, LONDON).changes
    assert (change.address, change.usd_per_hour) == ("thing.this", Decimal(-3))


def test_what_decides_a_price_only_live_decides_nothing_here() -> None:
    """The plan does not show it, so it cannot make a change of what stays as it was."""
    prices = policy(entry(where="live", when={"seen": 1}), entry(where="plan", when={"planned": 1}))
    stays = planned("thing.this", "update", attributes=known(planned=2), before=known(planned=2))
    found = estimate_of(plan(stays), prices, LONDON)
    assert [(change.address, change.unknown) for change in found.changes] == [("thing.this", None)]
    moved = estimate_of(plan(replace(stays, before=known(planned=1))), prices, LONDON)
    assert not moved.complete


def test_without_a_price_nobody_knows_what_is_added() -> None:
    found = of(the_database("create", multi_az=True), planned("aws_sagemaker_domain.x", "create"))
    assert not found.complete
    assert [change.unknown for change in found.changes] == [
        "machine: no price of aws_db_instance in eu-west-2 fits",
        "no price of aws_sagemaker_domain in eu-west-2 fits",
    ]
    assert found.usd_per_hour == Decimal("0.0041917810")  # storage and secret are known


def test_what_is_not_known_saves_nothing() -> None:
    unknown = planned(ADDRESS, "update", attributes=known(**DATABASE) | {"instance_class": UnknownUntilApply()})
    found = of(unknown, before={ADDRESS: known(**DATABASE)})
    assert not found.complete
    assert found.usd_per_hour > 0


def test_what_decides_the_price_and_stays_as_it_was_adds_nothing_also_without_a_price() -> None:
    oracle = known(**DATABASE | {"engine": "oracle-ee"})
    found = of(planned(ADDRESS, "update", attributes=oracle), before={ADDRESS: oracle})
    assert (found.usd_per_hour, found.complete) == (Decimal(0), True)
    fewer = {name: value for name, value in oracle.items() if name != "engine"}
    assert not of(planned(ADDRESS, "update", attributes=fewer), before={ADDRESS: fewer}).complete
    stranger = planned("aws_sagemaker_domain.x", "update")
    assert not of(stranger, before={"aws_sagemaker_domain.x": {}}).complete


@pytest.mark.parametrize("actions", [("invoke",), ("create", "update")], ids="+".join)
def test_actions_that_nobody_knows(actions: tuple[str, ...]) -> None:
    found = of(the_database(*actions))
    assert not found.complete
    assert found.changes[0].unknown == f"nobody knows what {'+'.join(actions)} does"


# Against the stop.


def room(spent: str = "0", hours_left: str = "364", lives: int | None = None, lag: int = 24) -> Room:
    month = month_so_far(at_least=Decimal(spent), hours_left=Decimal(hours_left))
    return room_in(of(the_database("create")), month, CountedHours(lag=lag, lives=lives))


@pytest.mark.parametrize(
    ("amount", "fits"),
    [("0", True), ("19.9221917159", True), ("19.9221917160", False), ("28", False), ("31", False)],
)
def test_a_plan_stays_below_the_stop_until_the_month_ends(amount: str, fits: bool) -> None:
    found = room(amount)
    assert found.left == Decimal(28) - Decimal(amount)
    assert found.adds == Decimal("8.0778082840")  # 364 x 0.0221917810
    assert found.below_stop is fits


@pytest.mark.parametrize(
    ("hours_left", "lives", "lag", "hours"),
    [
        pytest.param("364", None, 24, "364", id="until-the-month-ends"),
        pytest.param("364", 24, 24, "48", id="its-time-to-live-and-the-lag"),
        pytest.param("30", 24, 24, "30", id="the-month-ends-before"),
        pytest.param("2", 24, 24, "24", id="the-lag-counts-at-once"),
        pytest.param("2", None, 72, "72", id="confluent-lags-longer"),
    ],
)
def test_how_long_it_counts(hours_left: str, lives: int | None, lag: int, hours: str) -> None:
    found = room("0", hours_left, lives, lag)
    assert found.hours == Decimal(hours)
    assert found.adds == COSTS * Decimal(hours)


def test_what_adds_nothing_reaches_no_stop() -> None:
    gone = of(planned(ADDRESS, "delete"), before={ADDRESS: known(**DATABASE)})
    assert room_in(gone, month_so_far(at_least=Decimal(40)), CountedHours(lag=24, lives=None)).below_stop


@pytest.mark.parametrize(
    ("usd", "fits"),
    [("0", True), ("0.0000000001", False), ("0.01", False)],
    ids=["nothing", "the-least-amount", "less-than-a-dollar"],
)
def test_after_the_stop_only_what_adds_nothing_has_room(usd: str, fits: bool) -> None:
    adds = PlanEstimate(changes=(), usd_per_hour=Decimal(usd), usd_per_month=Decimal(0))
    found = room_in(adds, month_so_far(at_least=Decimal(40)), CountedHours(lag=1, lives=0))
    assert (found.adds, found.left, found.below_stop) == (Decimal(usd), Decimal(-12), fits)


def test_the_database_costs_the_same_live_and_planned() -> None:
    assert of(the_database("create")).usd_per_hour == COSTS
    assert database().type == the_database("create").type


def test_a_plan_says_itself_what_stood_before() -> None:
    larger = replace(the_database("update", instance_class="db.t4g.small"), before=known(**DATABASE))
    assert estimate_of(plan(larger), PRICES, LONDON).usd_per_hour == Decimal("0.018")
    assert estimate_of(plan(replace(larger, before=None)), PRICES, LONDON).usd_per_hour > COSTS


def test_the_prices_that_were_used_are_kept_with_their_dates() -> None:
    (change,) = of(the_database("create")).changes
    dates = {part.name: part.read_on for part in change.parts}
    read_on = date(2026, 10, 5)
    assert dates == {"machine": read_on, "storage": read_on, "secret": read_on, "address": None}


@pytest.mark.parametrize(
    ("resource", "month", "line"),
    [
        pytest.param(
            the_database("create"),
            Known(month_so_far()),
            "this plan adds 0.022 USD an hour, 16.20 a month; 25.70 left until the stop at 28",
            id="adds",
        ),
        pytest.param(
            the_database("delete"),
            Known(month_so_far(complete=False)),
            "this plan adds 0.000 USD an hour, 0.00 a month; at most 25.70 left until the stop at 28",
            id="not-all-of-the-month-is-known",
        ),
        pytest.param(
            replace(the_database("delete"), before=known(**DATABASE)),
            Unreadable("403"),
            "this plan saves 0.022 USD an hour, 16.20 a month; nobody knows what is left of the stop",
            id="saves",
        ),
        pytest.param(
            the_database("create", multi_az=True),
            Known(month_so_far()),
            "this plan adds at least 0.004 USD an hour, 3.06 a month; 25.70 left until the stop at 28",
            id="not-everything-has-a-price",
        ),
    ],
)
def test_one_line_for_people(resource: PlannedResource, month: Any, line: str) -> None:
    assert said(estimate_of(plan(resource), PRICES, LONDON), month) == line


def test_half_of_the_last_digit_is_rounded_up_for_people() -> None:
    halves = PlanEstimate(changes=(), usd_per_hour=Decimal("0.0225"), usd_per_month=Decimal("16.425"))
    line = said(halves, Known(month_so_far(at_least=Decimal("27.995"))))
    assert line == "this plan adds 0.023 USD an hour, 16.43 a month; 0.01 left until the stop at 28"
