"""Core alone: what such a run leaves out, and that what it was asked for is read from its evidence, never from conf."""

from dataclasses import replace
from typing import Any

import pytest

import factories_control as control
from factories_world import NOW
from standins import three_stacks
from tidegate.evidence.control import read_platform_run
from tidegate.gates.registry import by_id
from tidegate.lanes import readiness
from tidegate.lanes.phases import phase_of
from tidegate.lanes.targets import asked_for, not_targets, nothing_to_do
from tidegate.models.observed import Absent, Known, Unreadable

ENVIRONMENT = three_stacks()
KEPT = {
    "a_readiness",
    "b_backend_readiness",
    "c_core.plan_and_guard",
    "c_core.apply",
    "c_core.verify",
    "i_budget_guardrail",
}


@pytest.fixture
def alone(world: Any) -> Any:
    facts = control.build_readiness_facts(
        observed_at=NOW, stacks="core", persistent=("core",), locks=(control.stack_locks(stack="core"),)
    )
    assert world.left("m2", "a_readiness", facts, environment=ENVIRONMENT).passed
    return world


def run(world: Any, task: str, **changes: Any) -> Any:
    return world.run("m2", task, environment=ENVIRONMENT, **changes)


def test_all_lanes_that_do_not_concern_core_are_left_out(alone: Any) -> None:
    every = {lane.task_id for lane in phase_of(ENVIRONMENT, "m2").lanes}
    assert set(not_targets(run(alone, "j_phase_verdict"))) == every - KEPT
    facts = nothing_to_do(run(alone, "f_demo.apply"))
    assert facts is not None
    assert (facts.stack, facts.target, facts.recorded_in) == ("demo", "core", "a_readiness")


def test_a_build_leaves_nothing_out(world: Any) -> None:
    world.left("m2", "a_readiness", control.build_readiness_facts(observed_at=NOW), environment=ENVIRONMENT)
    assert not_targets(run(world, "j_phase_verdict", params={"stacks": "core"})) == {}


@pytest.mark.parametrize("pushed", [Absent(), Unreadable("lost")])
def test_the_conf_alone_leaves_nothing_out(world: Any, pushed: Any) -> None:
    world.handed_over["a_readiness"] = pushed
    assert asked_for(run(world, "f_demo.apply", params={"stacks": "core"})) == "all"
    assert nothing_to_do(run(world, "f_demo.apply", params={"stacks": "core"})) is None


def test_it_opens_no_platform_run(alone: Any) -> None:
    first = run(alone, "a_readiness", params={"stacks": "core"})
    assert first.platform_run_id is None
    facts = control.build_readiness_facts(stacks="core", persistent=("core",))
    readiness.open_platform_run(first, facts, {})
    assert read_platform_run(alone.remote, "dev_min") == Absent()
    readiness.open_platform_run(run(alone, "a_readiness"), control.build_readiness_facts(), {})
    assert read_platform_run(alone.remote, "dev_min") != Absent()


def test_its_authorisation_asks_neither_latch_nor_platform_run() -> None:
    set_, none = Known(control.latch(is_set=True)), Absent()
    facts = control.authorization_facts(control=control.control(latch=set_, platform_run=none), alone=True)
    gate = by_id("MUTATION-AUTHORIZATION")
    assert gate.evaluate(facts, judged_at=facts.observed_at) == ()
    codes = {it.code for it in gate.evaluate(replace(facts, alone=False), judged_at=facts.observed_at)}
    assert codes == {"LATCH-SET", "PLATFORM-RUN-NOT-OURS"}
