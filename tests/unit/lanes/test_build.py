"""What M2's stack lanes observe before and after an apply."""

from types import SimpleNamespace
from typing import Any

import pytest

import factories_world as world_of
from factories_world import NOW, SHA, apply_end, state_version
from standins import dev_min, three_stacks
from tidegate.collectors.aws.state import StateRead
from tidegate.gates.registry import by_id
from tidegate.lanes import build
from tidegate.lanes.plan_facts import plan_facts
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.state import ApplyEnd, StateResource

VPC = StateResource(address="aws_vpc.this", type="aws_vpc", id="vpc-1")
BUDGET = "aws_budgets_budget.monthly"


def state(*tainted: str, serial: int = 9) -> StateRead:
    return StateRead(
        version=Known(state_version(serial=serial)),
        resources=Known((VPC,)),
        tainted=Known(tainted),
        outputs=Known({"vpc_id": "vpc-1", "ecs_cluster_name": "x", "parameter_prefix": "/x"}),
    )


@pytest.fixture(autouse=True)
def same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "now", lambda: NOW)
    monkeypatch.setattr(build, "read_state_locks", lambda *_: Known(()))
    monkeypatch.setattr(build, "read_state", lambda *_: state())


# After the apply.


def applied(world: Any, recorded: Observed[ApplyEnd], *, has_changes: bool = True) -> Any:
    """Facts of demo's verify lane after a plan with or without changes, and what is recorded of its apply."""
    plan = world_of.plan(world_of.planned("aws_vpc.this", "create"), has_changes=has_changes)
    world.left("m2", "f_demo.plan_and_guard", world_of.plan_facts(plan=Known(plan)))
    run = world.run("m2", "f_demo.verify")
    run.intents = lambda _stack: SimpleNamespace(last_apply=lambda: recorded)
    return build.collect_applied(run)


def codes(facts: Any) -> list[str]:
    return [blocker.code for blocker in by_id("APPLIED-STATE").evaluate(facts, judged_at=NOW)]


def test_an_apply_that_ended_well(world: Any) -> None:
    facts = applied(world, Known(apply_end()))
    assert (facts.applied, facts.planned_sha256, facts.apply_end) == (True, SHA, Known(apply_end()))
    assert codes(facts) == []


@pytest.mark.parametrize(
    ("recorded", "code"),
    [
        pytest.param(Known(apply_end(returncode=1)), "APPLY-NOT-COMPLETED", id="it-ended-with-an-error"),
        pytest.param(Known(apply_end(returncode=None)), "APPLY-NOT-COMPLETED", id="it-was-not-seen-to-end"),
        pytest.param(Known(apply_end(plan_sha256="c" * 64)), "APPLY-NOT-COMPLETED", id="it-had-another-plan"),
        pytest.param(Absent(), "APPLY-RECORD-MISSING", id="it-never-ran"),
        pytest.param(Unreadable("403"), "APPLY-RECORD-UNREADABLE", id="nobody-can-tell"),
    ],
)
def test_an_apply_whose_task_a_person_marked_as_success(world: Any, recorded: Observed[ApplyEnd], code: str) -> None:
    assert codes(applied(world, recorded)) == [code]


def test_a_plan_without_changes_was_not_applied(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "read_state", lambda *_: state(serial=8))
    facts = applied(world, Unreadable("nobody looks"), has_changes=False)
    assert (facts.applied, facts.apply_end) == (False, Absent())
    assert codes(facts) == []


def test_what_is_left_tainted_blocks(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "read_state", lambda *_: state("aws_vpc.this"))
    facts = applied(world, Known(apply_end()))
    assert (facts.tainted, facts.protected_addresses) == (Known(("aws_vpc.this",)), ())
    assert codes(facts) == ["RESOURCE-TAINTED"]


def test_core_is_protected(world: Any) -> None:
    world.left("m2", "c_core.plan_and_guard", world_of.plan_facts())
    run = world.run("m2", "c_core.verify")
    run.intents = lambda _stack: SimpleNamespace(last_apply=lambda: Known(apply_end()))
    assert build.collect_applied(run).protected_addresses == ("*",)


# Before the plan.


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens in M2.C's plan lane, in order: marks are taken off, the state is read, the plan is made."""
    happened: list[str] = []

    def take(_run: Any, stack: str, reason: str) -> tuple[str, ...]:
        happened.append(f"taken off {stack}: {reason}")
        return (BUDGET,)

    def read(*_: Any) -> StateRead:
        happened.append("read")
        return state(BUDGET)

    monkeypatch.setattr(build, "take_marks_off", take)
    monkeypatch.setattr(build, "read_state", read)
    monkeypatch.setattr(build, "make_plan", lambda *_: happened.append("planned") or Known(world_of.plan()))
    return happened


def test_tainted_resources_are_seen_before_the_plan(world: Any, marks: list[str]) -> None:
    facts = build.collect_plan(world.run("m2", "c_core.plan_and_guard"))
    assert marks == ["read", "planned"]
    assert (facts.tainted, facts.untainted, facts.repair_drift_reason) == (Known((BUDGET,)), (), None)
    found = {blocker.code for blocker in by_id("PLAN-GUARD").evaluate(facts, judged_at=NOW)}
    assert "RESOURCE-TAINTED" in found


def test_a_repair_takes_the_marks_off_before_the_state_is_read(world: Any, marks: list[str]) -> None:
    params = {"repair_drift": True, "repair_reason": "cut off"}
    facts = build.collect_plan(world.run("m2", "c_core.plan_and_guard", params=params))
    assert marks == ["taken off core: cut off", "read", "planned"]
    assert (facts.untainted, facts.repair_drift_reason) == ((BUDGET,), "cut off")


# What the plan costs (CO6).

MONTH = Known(world_of.month_so_far())


def test_the_plan_is_held_against_the_month_and_the_manifest(
    world: Any, marks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "month_so_far", lambda _: MONTH)
    run = world.run("m2", "f_demo.plan_and_guard")
    facts = build.collect_plan(run)
    assert marks == ["read", "planned"]
    budget = run.environment.budget
    assert (facts.month, facts.region) == (MONTH, run.environment.region)
    assert facts.plan_limit_usd_per_month == budget.plan_limit_usd_per_month
    assert facts.prices_max_age_days == budget.prices_max_age_days
    assert {kind for price in facts.prices.free for kind in price.types} >= {"aws_vpc"}
    assert len(facts.prices.prices) == 1, "prices of what is not in the plan"
    assert world.said == ["this plan adds 0.000 USD an hour, 0.00 a month; 25.70 left until the stop at 28"]


def test_a_stack_in_a_region_of_its_own_has_the_prices_of_that(world: Any, marks: list[str]) -> None:
    run = world.run("m2", "f_demo.plan_and_guard")
    stacks = run.environment.stacks
    elsewhere = stacks["demo"].model_copy(update={"region": "us-east-1"})
    run.environment = run.environment.model_copy(update={"stacks": {**stacks, "demo": elsewhere}})
    assert build.collect_plan(run).region == "us-east-1"
    assert marks


@pytest.mark.parametrize(
    ("stack", "counted"),
    [("core", (24, None)), ("confluent", (72, None)), ("demo", (24, 24))],
)
def test_only_an_ephemeral_stack_counts_for_its_time_to_live(stack: str, counted: tuple[int, int | None]) -> None:
    environment, policies = three_stacks(), dev_min()[1]
    given: dict[str, Any] = {
        "plan": Known(world_of.plan()),
        "state": Absent(),
        "observed_at": NOW,
        "sources": (),
        "today": NOW.date(),
    }
    facts = plan_facts(environment, policies, stack=stack, **given, drift_blocks=False, tainted=Absent(), month=MONTH)
    assert (facts.counted_hours.lag, facts.counted_hours.lives) == counted


@pytest.mark.parametrize("month", [Absent(), Unreadable("403")])
def test_a_guardrail_that_handed_nothing_over_is_no_licence_to_build(
    world: Any, marks: list[str], monkeypatch: pytest.MonkeyPatch, month: Any
) -> None:
    monkeypatch.setattr(build, "month_so_far", lambda _: month)
    facts = build.collect_plan(world.run("m2", "f_demo.plan_and_guard"))
    assert isinstance(facts.month, Unreadable)
    assert marks


@pytest.mark.parametrize("reason", [None, "", "   "])
def test_a_repair_without_a_reason_takes_nothing_off(world: Any, marks: list[str], reason: str | None) -> None:
    params = {"repair_drift": True, "repair_reason": reason}
    build.collect_plan(world.run("m2", "c_core.plan_and_guard", params=params))
    assert marks == ["read", "planned"]
