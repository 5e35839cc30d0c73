"""The hourly price of one resource: priced, stated free, or unpriced - and never zero by mistake."""

from decimal import Decimal
from typing import Any

import pytest

from factories_prices import DATABASE, PRICES, database, entry, free, known, nat, policy
from factories_world import live, planned
from tidegate.cost.pricing import (
    CostsNothing,
    Priced,
    Pricing,
    Unpriced,
    price,
    price_of_live,
    price_of_planned,
)
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable

LONDON, VIRGINIA = "eu-west-2", "us-east-1"
SIZE = {"unit": "GB-month", "times": {"size": 1}}


def of(prices: Any, region: str = LONDON, side: Any = "live", **attributes: Any) -> Pricing:
    return price("thing", region, known(**attributes), side, prices)


# With the project's prices.


@pytest.mark.parametrize(
    ("region", "usd"), [(LONDON, "0.05"), (VIRGINIA, "0.045")], ids=["london", "a-second-region-too"]
)
def test_a_forgotten_nat_gateway(region: str, usd: str) -> None:
    found = price_of_live(nat(region), PRICES)
    assert isinstance(found, Priced)
    assert found.at_least == Decimal(usd)
    assert found.by_use == ("traffic through a NAT gateway",)


def test_a_nat_gateway_where_nobody_knows_the_price() -> None:
    found = price_of_live(nat("ap-south-2"), PRICES)
    assert found == Unpriced(reason="itself: no price of aws_nat_gateway in ap-south-2 fits")


def test_demos_database_is_the_sum_of_its_parts() -> None:
    found = price_of_live(database(), PRICES)
    assert isinstance(found, Priced)
    # Each part is rounded up at the tenth digit: 0.018, 20 x 0.133 / 730, no address, 0.40 / 730.
    assert {part.name: str(part.usd_per_hour) for part in found.parts} == {
        "machine": "0.0180000000",
        "storage": "0.0036438357",
        "address": "0",
        "secret": "0.0005479453",
    }
    assert found.at_least == Decimal("0.0221917810")
    assert "20 x 0.133 USD per GB-month: offer EUW2-RDS:GP3-Storage" in [part.said for part in found.parts]


@pytest.mark.parametrize("name", sorted(DATABASE))
@pytest.mark.parametrize("value", [Absent(), Unreadable("denied"), UnknownUntilApply(), None], ids=str)
def test_a_database_of_which_something_decisive_is_unknown_has_no_price(name: str, value: Any) -> None:
    attributes = {key: each for key, each in database().attributes.items() if key != name}
    if value is not None:
        attributes[name] = value
    found = price("aws_db_instance", LONDON, attributes, "live", PRICES)
    assert isinstance(found, Unpriced)
    assert f"{name} is " in found.reason
    assert Decimal(0) < found.at_least <= price_of_live(database(), PRICES).at_least


@pytest.mark.parametrize(
    "changes", [{"instance_class": "db.r6g.large"}, {"engine": "oracle-ee"}, {"multi_az": True}], ids=str
)
def test_a_database_of_another_class_has_no_price(changes: dict[str, Any]) -> None:
    found = price_of_live(database(**changes), PRICES)
    assert isinstance(found, Unpriced)
    assert found.reason == "machine: no price of aws_db_instance in eu-west-2 fits"


def test_an_endpoint_costs_by_its_kind() -> None:
    def endpoint(**attributes: Any) -> Pricing:
        return price("aws_vpc_endpoint", LONDON, known(**attributes), "plan", PRICES)

    assert isinstance(endpoint(vpc_endpoint_type="Gateway"), CostsNothing)
    assert endpoint(vpc_endpoint_type="Interface").at_least == Decimal("0.033")
    assert isinstance(endpoint(vpc_endpoint_type="Resource"), Unpriced)
    assert endpoint() == Unpriced(reason="vpc_endpoint_type is not among the facts")


def test_a_service_costs_nothing_without_tasks_and_has_no_price_without_their_size() -> None:
    replica = {"scheduling_strategy": "REPLICA", "launch_type": "FARGATE"}

    def service(**attributes: Any) -> Pricing:
        return price("aws_ecs_service", LONDON, known(**replica | attributes), "live", PRICES)

    assert isinstance(service(desired_count=0), CostsNothing)
    assert isinstance(service(desired_count=0, scheduling_strategy="DAEMON", cpu=256), Unpriced)
    scaled = service(desired_count=3)
    assert isinstance(scaled, Unpriced)
    assert "cpu is not among the facts" in scaled.reason
    # 3 x (0.25 vCPU x 0.04656 + 0.5 GB x 0.00511 + 0.005)
    assert service(desired_count=3, cpu="256", memory="512").at_least == Decimal("0.057585")


def test_a_standalone_task_costs_by_its_size() -> None:
    task = live("aws_ecs_task", "c/1", attributes=known(launch_type="FARGATE", cpu="1024", memory="2048"))
    assert price_of_live(task, PRICES).at_least == Decimal("0.06178")


def test_a_plan_does_not_show_the_machines_of_a_fleet() -> None:
    fleet = price("aws_ec2_fleet", LONDON, {}, "plan", PRICES)
    assert isinstance(fleet, Unpriced)
    assert fleet.reason.endswith("forbidden; a plan does not show which machines it would start")
    assert isinstance(price("aws_ec2_fleet", LONDON, {}, "live", PRICES), CostsNothing)


def test_confluents_basic_cluster() -> None:
    basic = price("confluent_kafka_cluster", LONDON, known(**{"basic.#": 1}), "plan", PRICES)
    assert isinstance(basic, CostsNothing)
    assert basic.by_use == ("eCKU after the first", "traffic in and out", "stored messages")
    dedicated = price("confluent_kafka_cluster", LONDON, known(**{"basic.#": 0}), "plan", PRICES)
    assert isinstance(dedicated, Unpriced)


def test_a_type_that_nobody_wrote_down_is_not_free() -> None:
    found = price_of_planned(planned("aws_sagemaker_domain.x", "create"), PRICES, LONDON)
    assert found == Unpriced(reason="no price of aws_sagemaker_domain in eu-west-2 fits")


# The rules of prices.


@pytest.mark.parametrize(
    ("unit", "usd_per_hour"), [("hour", "1.0000000000"), ("month", "0.0013698631")], ids=["hour", "month"]
)
def test_hours_and_months_are_rounded_up(unit: str, usd_per_hour: str) -> None:
    assert str(of(policy(entry(unit=unit))).at_least) == usd_per_hour


@pytest.mark.parametrize(
    ("changes", "attributes", "usd_per_hour"),
    [
        ({"unit": "GB-month", "usd": "730", "times": {"size": 1}}, {"size": 8}, "8"),
        ({"unit": "GB-hour", "times": {"size": 1024}}, {"size": "512"}, "0.5"),
        ({"unit": "node-hour", "times": {"nodes": 1, "size": 2}, "count": 3}, {"nodes": 2, "size": 5.0}, "15"),
        ({"unit": "node-hour", "times": {"nodes": 1}}, {"nodes": 0}, "0"),
    ],
)
def test_measured_units(changes: Any, attributes: Any, usd_per_hour: str) -> None:
    found = of(policy(entry(**changes)), **attributes)
    assert isinstance(found, Priced)
    assert found.at_least == Decimal(usd_per_hour)


@pytest.mark.parametrize("size", [-1, True, "many", "", "NaN", "Infinity", 10**9, float("nan"), ["8"], None], ids=str)
def test_what_is_no_number(size: Any) -> None:
    found = of(policy(entry(**SIZE)), size=size)
    assert isinstance(found, Unpriced)
    assert "expected a number from 0 on" in found.reason


def test_the_regions_own_price_comes_before_that_of_all() -> None:
    prices = policy(entry(usd="3"), entry(region=LONDON, usd="2"))
    assert of(prices).at_least == 2
    assert of(prices, VIRGINIA).at_least == 3


def test_a_part_that_has_no_price_here_leaves_the_resource_unpriced() -> None:
    prices = policy(entry(), entry(region=LONDON, part="disk", usd="2"))
    assert of(prices).at_least == 3
    assert of(prices, VIRGINIA) == Unpriced(reason="disk: no price of thing in us-east-1 fits", at_least=Decimal(1))


def test_two_prices_that_fit_are_none() -> None:
    found = of(policy(entry(when={"a": 1}), entry(when={"b": 1})), a=1, b=1)
    assert found == Unpriced(reason="itself: 2 prices fit at once")


def test_one_that_may_fit_besides_one_that_fits_is_none() -> None:
    found = of(policy(entry(when={"a": 1}), entry(when={"b": 1})), a=1)
    assert found == Unpriced(reason="itself: b is not among the facts")


def test_every_doubt_is_named_once() -> None:
    found = of(policy(entry(when={"a": 1}), entry(when={"a": 2}), entry(when={"b": 1})))
    assert found == Unpriced(reason="itself: a is not among the facts, b is not among the facts")


@pytest.mark.parametrize("changes", [{"when": {"size": 1}}, SIZE], ids=["a-condition", "a-quantity"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "size is not among the facts"),
        (Unreadable("denied"), "size is unreadable: denied"),
        (UnknownUntilApply(), "size is unknown until apply"),
    ],
    ids=["missing", "unreadable", "unknown"],
)
def test_why_an_attribute_does_not_help_is_said(changes: Any, value: Any, reason: str) -> None:
    attributes = {} if value is None else {"size": value}
    found = price("thing", LONDON, attributes, "live", policy(entry(**changes)))
    assert found == Unpriced(reason=f"itself: {reason}")
    assert isinstance(found.at_least, Decimal), "a number of another kind is written down differently"


def test_a_condition_that_does_not_hold_needs_no_others() -> None:
    assert of(policy(entry(when={"a": 1, "b": 1}), entry(when={"a": 2})), a=2).at_least == 1


@pytest.mark.parametrize(
    ("wanted", "value", "outcome"),
    [
        (1, 1, Priced),
        ([1, 2], 2, Priced),
        (1, 2, Unpriced),
        (1, True, Unpriced),
        (True, 1, Unpriced),
        ([1, False], True, Unpriced),
        (1, "1", Unpriced),
        (["a", 1], "a", Priced),
    ],
)
def test_values_are_compared_with_their_kind(wanted: Any, value: Any, outcome: type) -> None:
    assert isinstance(of(policy(entry(when={"a": wanted})), a=value), outcome)


def test_a_value_of_another_kind_is_not_a_no() -> None:
    """`free` would be lifted by a boolean that came as text; then nobody knows."""
    found = of(policy(entry(), free=[free(when={"public": False})]), public="false")
    assert found == Unpriced(reason="public is a str")


def test_free_as_a_whole_and_in_part() -> None:
    whole = policy(entry(), free=[free(when={"a": 1})])
    assert of(whole, a=1) == CostsNothing(reason="nothing to pay for")
    assert of(whole, a=2).at_least == 1
    part = policy(entry(), entry(part="address", when={"a": 2}), free=[free(part="address", when={"a": 1})])
    assert (of(part, a=1).at_least, of(part, a=2).at_least) == (1, 2)
    found = of(part, a=1)
    assert isinstance(found, Priced)
    assert [each.said for each in found.parts if each.name == "address"] == ["nothing to pay for"]


def test_what_costs_nothing_in_one_region_does_in_another() -> None:
    prices = policy(entry(), free=[free(region=LONDON)])
    assert (of(prices).at_least, of(prices, VIRGINIA).at_least) == (0, 1)


def test_live_and_plan() -> None:
    prices = policy(entry(usd="2", where="live"), entry(usd="3", where="plan"))
    assert (of(prices).at_least, of(prices, side="plan").at_least) == (2, 3)
    assert isinstance(of(policy(entry(where="live")), side="plan"), Unpriced)
    assert price_of_live(live("thing"), prices).at_least == 2
    assert price_of_planned(planned("thing.this", "create"), prices, LONDON).at_least == 3


def test_the_reason_of_a_gap_is_said() -> None:
    gaps = [{"types": ["thing"], "region": VIRGINIA, "reason": "nothing is built there", "date": "2026-10-05"}]
    prices = policy(entry(region=LONDON), gaps=gaps)
    assert of(prices, VIRGINIA) == Unpriced(
        reason="itself: no price of thing in us-east-1 fits; nothing is built there"
    )


@pytest.mark.parametrize("side", ["live", "plan"])
def test_the_gap_of_one_side_is_not_said_of_the_other(side: str) -> None:
    gaps = [{"types": ["thing"], "where": side, "reason": f"only {side} has none", "date": "2026-10-05"}]
    prices = policy(entry(when={"a": 1}), gaps=gaps)
    other = "plan" if side == "live" else "live"
    nothing_fits = "itself: no price of thing in eu-west-2 fits"
    assert of(prices, side=side, a=2) == Unpriced(reason=f"{nothing_fits}; only {side} has none")
    assert of(prices, side=other, a=2) == Unpriced(reason=nothing_fits)


def test_what_is_on_its_way_out_counts_until_it_is_gone() -> None:
    for status in ("deleting", "stopped", "failed"):
        assert price_of_live(live("aws_nat_gateway", "n", status=status), PRICES).at_least == Decimal("0.05")


def test_a_price_holds_for_every_alias() -> None:
    prices = policy(entry(types=["thing", "alias"]))
    assert price("alias", LONDON, {"a": Known(1)}, "live", prices).at_least == 1
