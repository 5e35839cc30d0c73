"""PLAN-GUARD on cost: what a build adds, against its price, the limit of a plan, the stop and the month (CO6)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from factories_prices import DATABASE, PRICES, known
from factories_world import NOW, month_so_far, plan, plan_facts, planned
from tidegate.alerts.fingerprint import fingerprint
from tidegate.gates.plan_guard import GATE
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable
from tidegate.models.plan import CountedHours, PlannedResource

ADDRESS = "aws_db_instance.this"
TYPES = ("aws_db_instance", "aws_vpc", "aws_ssm_parameter", "aws_nat_gateway", "aws_sagemaker_domain")
UNPRICED, OLD = "COST-PLAN-UNPRICED", "COST-PRICES-OLD"
LIMIT, OVER, MONTH = "COST-PLAN-OVER-LIMIT", "COST-PLAN-OVER-STOP", "COST-MONTH-UNKNOWN"
NO_MONTH = (Unreadable("no cost guardrail"), Known(month_so_far(complete=False)))
OLD_PRICES = {"today": date(2027, 10, 5)}


def the_database(*actions: str, before: Any = None, **changes: Any) -> PlannedResource:
    """Demo's database: 0.0221917810 USD an hour, 16.20 a month."""
    return planned(ADDRESS, *(actions or ("create",)), attributes=known(**DATABASE | changes), before=before)


def judged(*resources: PlannedResource, **changes: Any) -> tuple[Blocker, ...]:
    given: dict[str, Any] = {"prices": PRICES, "allowed_types": TYPES, "forbidden": plan_facts().forbidden[1:]}
    return GATE.evaluate(plan_facts(*resources, **given | changes), judged_at=NOW)


def codes(*resources: PlannedResource, **changes: Any) -> list[str]:
    return [blocker.code for blocker in judged(*resources, **changes)]


def test_a_build_of_demo_is_paid_for() -> None:
    assert codes(the_database(), planned("aws_vpc.this", "create"), planned("aws_ssm_parameter.a", "create")) == []


# A price.


def test_what_has_no_price_is_named_with_the_way_to_one() -> None:
    (blocker,) = judged(planned("aws_sagemaker_domain.x", "create"))
    assert (blocker.code, blocker.resource) == (UNPRICED, "aws_sagemaker_domain.x")
    assert blocker.observed == "no price of aws_sagemaker_domain in eu-west-2 fits"
    assert "include/policies/prices.yaml" in blocker.remedy.text


@pytest.mark.parametrize("changes", [{"multi_az": True}, {"instance_class": "db.r6g.large"}, {"engine": "oracle-ee"}])
def test_a_resource_of_another_shape_has_no_price(changes: dict[str, Any]) -> None:
    assert codes(the_database(**changes)) == [UNPRICED]


@pytest.mark.parametrize("value", [UnknownUntilApply(), Unreadable("sensitive"), Absent()])
def test_an_attribute_that_is_not_known_leaves_it_without_price(value: Any) -> None:
    resource = planned(ADDRESS, "create", attributes=known(**DATABASE) | {"instance_class": value})
    assert codes(resource) == [UNPRICED]


def test_a_region_without_a_price() -> None:
    assert codes(the_database(), region="us-east-1") == [UNPRICED]


def test_an_action_of_the_future_is_said_once() -> None:
    assert codes(the_database("explode")) == ["PLAN-ACTION-UNKNOWN"]
    assert codes(the_database("create", "update")) == [UNPRICED]


# The limit of one plan.


@pytest.mark.parametrize(("limit", "expected"), [("16.2000001300", []), ("16.20", [LIMIT]), ("0", [LIMIT])])
def test_a_plan_above_the_manifests_limit(limit: str, expected: list[str]) -> None:
    assert codes(the_database(), plan_limit_usd_per_month=Decimal(limit)) == expected


def test_over_the_limit_names_three_at_most() -> None:
    four = (planned(f"aws_db_instance.{name}", "create", attributes=known(**DATABASE)) for name in "abcd")
    (blocker,) = judged(*four)
    assert blocker.observed.endswith("an hour: aws_db_instance.a, aws_db_instance.b, aws_db_instance.c")


def test_over_the_limit_names_what_costs_most() -> None:
    (blocker,) = judged(the_database(), planned("aws_nat_gateway.a", "create"), planned("aws_vpc.this", "create"))
    assert blocker.code == LIMIT
    assert blocker.observed.endswith("an hour: aws_nat_gateway.a, aws_db_instance.this")
    assert blocker.expected == "at most 25 USD a month"
    assert "budget.plan_limit_usd_per_month" in blocker.remedy.text


# The stop.


@pytest.mark.parametrize(
    ("spent", "expected"),
    [("0", []), ("22.6739725599", []), ("22.6739725600", [OVER]), ("28", [OVER]), ("31", [OVER])],
)
def test_what_it_adds_until_the_month_ends_stays_below_the_stop(spent: str, expected: list[str]) -> None:
    """240 hours at 0.0221917810 USD are 5.3260274400 USD."""
    assert codes(the_database(), month=Known(month_so_far(at_least=Decimal(spent)))) == expected


def test_a_demo_counts_for_its_time_to_live() -> None:
    """And for the lag: 48 hours are 1.0652054880 USD."""
    demo = {"counted_hours": CountedHours(lag=24, lives=24)}
    assert codes(the_database(), month=Known(month_so_far(at_least=Decimal("26.93"))), **demo) == []
    assert codes(the_database(), month=Known(month_so_far(at_least=Decimal("26.94"))), **demo) == [OVER]


def test_over_the_stop_says_what_is_left() -> None:
    (blocker,) = judged(the_database(), month=Known(month_so_far(at_least=Decimal(27))))
    assert blocker.observed == (
        "5.3260274400 USD in 240 hours, and 1 USD are left of the stop; 0.0221917810 an hour: aws_db_instance.this"
    )
    assert blocker.expected == "less than is left until the stop at 28 USD"
    assert "m9_teardown" in blocker.remedy.text


def test_an_amount_or_age_that_moves_is_no_new_finding() -> None:
    """The same is told once, although less is left every hour and prices grow older every day."""

    def told(**changes: Any) -> list[str]:
        return sorted({fingerprint("PLAN-GUARD", it) for it in judged(the_database(), **changes)})

    assert told(month=Known(month_so_far(at_least=Decimal(27)))) == told(
        month=Known(month_so_far(at_least=Decimal(26), hours_left=Decimal(239)))
    )
    assert told(today=date(2027, 4, 4)) == told(today=date(2027, 4, 5)) != []


def test_a_lower_bound_may_be_over_the_stop_already() -> None:
    assert codes(the_database(), month=Known(month_so_far(at_least=Decimal(27), complete=False))) == [MONTH, OVER]


# The month.


@pytest.mark.parametrize("month", NO_MONTH)
def test_an_unknown_month_stops_what_adds(month: Any) -> None:
    (blocker,) = judged(the_database(), month=month)
    assert (blocker.code, blocker.resource) == (MONTH, "demo")


def test_why_nobody_knows_is_said() -> None:
    (blocker,) = judged(the_database(), month=Unreadable("403 of Confluent"))
    assert "403 of Confluent" in blocker.observed


def test_what_nobody_can_price_needs_a_month_too() -> None:
    assert codes(the_database(multi_az=True), month=Unreadable("x")) == [UNPRICED, MONTH]


@pytest.mark.parametrize(
    ("month", "said"),
    [
        (Known(month_so_far(complete=False)), "something about it is unknown; what is known is a lower bound"),
        (UnknownUntilApply(), "unknown until apply"),
    ],
)
def test_whether_a_lower_bound_is_known_is_said(month: Any, said: str) -> None:
    (blocker,) = judged(the_database(), month=month)
    assert blocker.observed == said


def test_offline_there_is_no_month() -> None:
    assert codes(the_database(), month=Absent()) == []


# The age of prices.


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        pytest.param(date(2026, 10, 4), [OLD] * 3, id="not-yet"),
        pytest.param(date(2026, 10, 5), [], id="of-today"),
        pytest.param(date(2027, 4, 3), [], id="on-the-last-day"),
        pytest.param(date(2027, 4, 4), [OLD] * 3, id="too-old"),
    ],
)
def test_prices_have_an_age(today: date, expected: list[str]) -> None:
    """Machine, storage and secret of the database were read on 2026-10-05; they count for 180 days."""
    assert codes(the_database(), today=today) == expected


def test_an_old_price_is_named_with_its_date_and_once() -> None:
    blockers = judged(
        the_database(), planned("aws_db_instance.b", "create", attributes=known(**DATABASE)), **OLD_PRICES
    )
    named = [blocker for blocker in blockers if blocker.code == OLD]
    assert len(named) == 3
    assert any("EUW2-InstanceUsage:db.t4g.micro" in blocker.resource for blocker in named)
    assert {blocker.observed for blocker in named} == {"read on 2026-10-05, 365 days ago"}
    (future,) = judged(planned("aws_nat_gateway.a", "create"), today=date(2026, 10, 4), plan_limit_usd_per_month=99)
    assert future.observed == "read on 2026-10-05, which has not come yet"


def test_old_prices_of_every_resource_are_named() -> None:
    blockers = judged(
        the_database(), planned("aws_nat_gateway.a", "create"), plan_limit_usd_per_month=Decimal(99), **OLD_PRICES
    )
    assert [blocker.code for blocker in blockers if blocker.code == OLD] == [OLD] * 4


# What is never stopped by cost.

SPENT: dict[str, Any] = {
    **OLD_PRICES,
    "month": Unreadable("nobody looked"),
    "plan_limit_usd_per_month": Decimal(0),
}


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(planned("aws_vpc.this", "create"), id="free"),
        pytest.param(the_database("no-op"), id="it-stands"),
        pytest.param(the_database("delete", before=known(**DATABASE)), id="removed"),
        pytest.param(the_database("update", before=known(**DATABASE)), id="another-tag"),
        pytest.param(planned("aws_nat_gateway.a", "update", before={}), id="another-tag-without-attributes"),
        pytest.param(the_database("update", before=known(**DATABASE | {"instance_class": "db.t4g.small"})), id="less"),
        pytest.param(planned("aws_sagemaker_domain.x", "delete"), id="without-price-and-going"),
    ],
)
def test_a_plan_that_adds_nothing_or_saves(resource: PlannedResource) -> None:
    assert codes(resource, **SPENT) == []


def test_a_larger_machine_adds_the_difference() -> None:
    larger = the_database("update", before=known(**DATABASE), instance_class="db.t4g.small")
    assert codes(larger, plan_limit_usd_per_month=Decimal("13.14")) == []  # 0.018 x 730
    assert codes(larger, plan_limit_usd_per_month=Decimal("13.13")) == [LIMIT]


def test_what_stood_unknown_counts_in_full() -> None:
    assert codes(the_database("update"), plan_limit_usd_per_month=Decimal("16.2")) == [LIMIT]


def test_a_destroy_plan_is_never_stopped_by_cost() -> None:
    destroy = Known(plan(planned("aws_sagemaker_domain.x", "create"), purpose="destroy"))
    assert codes(plan=destroy, **SPENT) == ["PLAN-PURPOSE"]
