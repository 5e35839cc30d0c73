"""A state that was not saved closes every gate through which its stack would be planned, applied or forgotten."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import factories_audit as audit
import factories_control as control
import factories_world as world
from factories_state import unsaved
from tidegate.gates.registry import by_id
from tidegate.models.observed import Absent, Known, Unreadable

PLANLESS = Unreadable("a state that terraform could not save comes first")


def scope(found: Any) -> Any:
    facts = world.scope_facts()
    return replace(facts, stacks=tuple(replace(it, unsaved=found, plan=PLANLESS) for it in facts.stacks))


CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("PLAN-GUARD", lambda found: world.plan_facts(unsaved=found, plan=PLANLESS)),
    ("MUTATION-AUTHORIZATION", lambda found: control.authorization_facts(unsaved=found)),
    ("TEARDOWN-SCOPE", scope),
    ("STATE-LOCKS", lambda found: audit.locks_facts(stacks=(audit.lock_state(unsaved=found),), expected_stacks=())),
]


@pytest.mark.parametrize(("gate", "facts"), CASES)
def test_it_is_the_one_reason(gate: str, facts: Callable[[Any], Any]) -> None:
    seen = facts(Known(unsaved(refusal="somebody holds the lock")))
    (blocker,) = by_id(gate).evaluate(seen, judged_at=seen.observed_at)
    assert blocker.code == "STATE-NOT-SAVED"
    assert "m2_20260213T201427Z left it on host worker-3, at work/dev_min" in blocker.observed
    assert blocker.observed.endswith("not pushed: somebody holds the lock")
    assert "let the state bucket take writes" in blocker.remedy.text


@pytest.mark.parametrize(("gate", "facts"), CASES)
def test_not_knowing_closes_it_as_well(gate: str, facts: Callable[[Any], Any]) -> None:
    seen = facts(Unreadable("denied"))
    codes = [it.code for it in by_id(gate).evaluate(seen, judged_at=seen.observed_at)]
    assert codes == ["UNSAVED-STATE-UNREADABLE"]


def test_a_plan_that_is_missing_for_another_reason_is_said() -> None:
    facts = world.plan_facts(plan=Unreadable("no lock"), unsaved=Absent())
    assert [it.code for it in by_id("PLAN-GUARD").evaluate(facts, judged_at=world.NOW)] == ["PLAN-UNREADABLE"]


def test_the_copy_in_the_bucket_is_named_before_the_host() -> None:
    facts = world.plan_facts(unsaved=Known(unsaved(uri="s3://state/demo.errored/1")), plan=PLANLESS)
    (blocker,) = by_id("PLAN-GUARD").evaluate(facts, judged_at=world.NOW)
    assert "left it in s3://state/demo.errored/1; not pushed: nobody tried yet" in blocker.observed
