"""The month so far: from this run's own cost guardrail, and only if it passed."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import factories_guardrails as guardrails
from factories_guardrails import NOW
from factories_prices import nat
from factories_world import inventory
from tidegate.evidence.canonical import seal, unseal
from tidegate.lanes import month
from tidegate.lanes.month import month_so_far
from tidegate.models.observed import Absent, Known, Unreadable

TASK = "b_cost_guardrail"
PLAN = "c_core.plan_and_guard"
FACTS = replace(
    guardrails.cost_facts(read_at=NOW - timedelta(hours=1)),
    inventories={"aws": inventory(nat())},
    prices_max_age_days=730,
)


@pytest.fixture(autouse=True)
def at(moment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    moment.now = NOW
    monkeypatch.setattr(month, "now", moment)


def test_what_the_cost_guardrail_of_this_run_saw(world: Any) -> None:
    assert world.left("m2", TASK, FACTS).passed
    run = world.run("m2", PLAN)
    found = month_so_far(run)
    assert isinstance(found, Known)
    assert found.value.at_least == Decimal("6.5") + 25 * Decimal("0.05")
    assert (found.value.usd_per_hour, found.value.stop, found.value.complete) == (Decimal("0.05"), Decimal(28), True)
    month_end = datetime(2026, 3, 1, tzinfo=NOW.tzinfo)
    assert found.value.hours_left == Decimal((month_end - NOW) // timedelta(microseconds=1)) / Decimal(3_600_000_000)
    assert [given.uri.rpartition("/")[2] for given in run.inputs] == ["m2_b_cost_guardrail_snapshot.json"]


def test_a_month_that_changed_between_guardrail_and_plan_tells_nothing(world: Any, moment: Any) -> None:
    assert world.left("m2", TASK, FACTS).passed
    moment.now = datetime(2026, 2, 28, 23, 59, 59, tzinfo=NOW.tzinfo)
    assert isinstance(month_so_far(world.run("m2", PLAN)), Known)
    moment.now = datetime(2026, 3, 1, tzinfo=NOW.tzinfo)
    assert month_so_far(world.run("m2", PLAN)) == Unreadable(
        "b_cost_guardrail of this run looked at 2026-02; a new month has begun since"
    )


def test_nothing_was_handed_over(world: Any) -> None:
    assert month_so_far(world.run("m2", PLAN)) == Absent()


def test_a_guardrail_that_did_not_pass_tells_nothing(world: Any) -> None:
    assert not world.left("m2", TASK, replace(FACTS, budgets=Unreadable("403"))).passed
    assert month_so_far(world.run("m2", PLAN)) == Unreadable("b_cost_guardrail of this run did not pass")


def test_a_snapshot_that_was_changed_tells_nothing(world: Any, tampered: Any) -> None:
    world.left("m2", TASK, replace(FACTS, budgets=Unreadable("403")))
    (key,) = [key for key in world.remote.objects if "m2_b_cost_guardrail" in key]
    tampered(world, key)
    assert isinstance(month_so_far(world.run("m2", PLAN)), Unreadable)


def test_another_snapshot_than_the_one_handed_over_tells_nothing(world: Any) -> None:
    world.left("m2", TASK, FACTS)
    world.handed_over[TASK] = {**world.handed_over[TASK], "digest": "0" * 64}
    assert isinstance(month_so_far(world.run("m2", PLAN)), Unreadable)


def test_facts_of_another_type_tell_nothing(world: Any) -> None:
    """Under that snapshot."""
    judged = world.left("m2", TASK, FACTS)
    (key,) = [key for key in world.remote.objects if "m2_b_cost_guardrail" in key]
    changed = seal({**judged.published.document, "facts": {"observed_at": NOW.isoformat()}})
    world.remote.objects[key] = changed
    world.handed_over[TASK] = unseal(changed)
    found = month_so_far(world.run("m2", PLAN))
    assert isinstance(found, Unreadable)
    assert found.reason.endswith("fields do not fit CostFacts")
