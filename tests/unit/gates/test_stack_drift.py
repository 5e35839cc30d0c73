"""STACK-DRIFT: what was changed behind Terraform's back, and what the configuration wants otherwise."""

from dataclasses import replace
from typing import Any

import pytest

from factories_audit import changed_resource, drift_facts, drift_plan, stack_drift
from factories_world import NOW, state_version
from tidegate.gates.stack_drift import GATE
from tidegate.models.audit import StackDriftFacts
from tidegate.models.observed import Absent, Known, Unreadable

DARK = Unreadable("Error acquiring the state lock")
EMPTY = Known(state_version(resource_count=0))
GONE = stack_drift(state=Absent(), plan=Absent())


def codes(facts: StackDriftFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


def planned(**changes: Any) -> StackDriftFacts:
    return drift_facts(stack_drift(plan=Known(drift_plan(**changes))))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(drift_facts(), [], id="as-it-was-left"),
        pytest.param(drift_facts(GONE), [], id="not-up"),
        pytest.param(drift_facts(stack_drift(state=EMPTY, plan=Absent())), [], id="empty-state"),
        pytest.param(drift_facts(stack_drift("core", state=Absent(), plan=Absent())), [], id="no-core-is-a-fact"),
        pytest.param(drift_facts(replace(GONE, applied_before=Known("m2_x"))), ["STATE-GONE"], id="lost"),
        pytest.param(
            drift_facts(stack_drift(state=EMPTY, plan=Absent(), applied_before=Known("m2_x"))),
            ["STATE-GONE"],
            id="emptied",
        ),
        pytest.param(drift_facts(stack_drift(applied_before=Known("m2_x"))), [], id="it-is-up"),
        pytest.param(
            drift_facts(replace(GONE, applied_before=DARK)), ["APPLIED-BEFORE-UNREADABLE"], id="nobody-can-say"
        ),
        pytest.param(drift_facts(stack_drift(state=DARK, plan=DARK)), ["STATE-UNREADABLE"], id="state-unreadable"),
        pytest.param(drift_facts(stack_drift(plan=DARK)), ["PLAN-UNREADABLE"], id="lock-held"),
        pytest.param(drift_facts(stack_drift(plan=Absent())), ["PLAN-UNREADABLE"], id="up-and-not-planned"),
        pytest.param(
            drift_facts(stack_drift(state=Known(state_version(resource_count=1)), plan=Absent())),
            ["PLAN-UNREADABLE"],
            id="one-resource-is-up",
        ),
        pytest.param(planned(complete=False), ["PLAN-INCOMPLETE"], id="incomplete"),
        pytest.param(
            planned(drifted=(changed_resource("a.x"), changed_resource("a.y")), has_changes=True),
            ["STACK-DRIFTED", "STACK-DRIFTED"],
            id="each-that-drifted",
        ),
        pytest.param(
            planned(pending=(changed_resource("a.x"), changed_resource("a.y")), has_changes=True),
            ["STACK-CHANGES-PENDING"],
            id="pending-once",
        ),
        pytest.param(
            planned(drifted=(changed_resource(),), pending=(changed_resource("a.y"),), has_changes=True),
            ["STACK-DRIFTED", "STACK-CHANGES-PENDING"],
            id="both",
        ),
        pytest.param(planned(outputs=("vpc_id",), has_changes=True), ["STACK-CHANGES-PENDING"], id="an-output"),
        pytest.param(planned(has_changes=True), ["STACK-CHANGES-PENDING"], id="only-the-status-says-so"),
        pytest.param(
            drift_facts(stack_drift(), expected_stacks=("core", "demo")), ["STACK-NOT-LOOKED-AT"], id="left-out"
        ),
    ],
)
def test_blockers(facts: StackDriftFacts, expected: list[str]) -> None:
    assert codes(facts) == expected


def test_drift_is_told_by_address_and_attribute() -> None:
    (blocker,) = GATE.evaluate(planned(drifted=(changed_resource(),), has_changes=True), judged_at=NOW)
    assert blocker.resource == "aws_ecs_cluster.this"
    assert blocker.observed == "differs in setting, tags; an apply would update"


def test_what_is_gone_differs_in_its_existence() -> None:
    gone = changed_resource(attributes=(), actions=("create",))
    (blocker,) = GATE.evaluate(planned(drifted=(gone,), has_changes=True), judged_at=NOW)
    assert blocker.observed == "differs in its existence; an apply would create"


@pytest.mark.parametrize(
    ("count", "left_out"), [(1, ""), (10, ""), (11, ", and 1 more"), (13, ", and 3 more")], ids=str
)
def test_many_changes_are_one_sentence(count: int, left_out: str) -> None:
    """Ten by name, the others by their number."""
    many = tuple(changed_resource(f"a.x{number}") for number in range(count))
    (blocker,) = GATE.evaluate(planned(pending=many, has_changes=True), judged_at=NOW)
    named = ", ".join(f"a.x{number} (update: setting, tags)" for number in range(min(count, 10)))
    assert blocker.observed == named + left_out


def test_what_is_made_anew_differs_in_all() -> None:
    new = changed_resource(attributes=(), actions=("create",))
    (blocker,) = GATE.evaluate(planned(pending=(new,), has_changes=True), judged_at=NOW)
    assert blocker.observed == "aws_ecs_cluster.this (create: all)"
