"""A state of a newer provider is the one reason why there is no plan, with both versions and the ways out."""

from dataclasses import replace
from typing import Any

import pytest

import factories_world as world
from factories_state import newer
from tidegate.gates.registry import by_id
from tidegate.models.observed import Absent, Known, Unreadable

SAID = Unreadable("created by a newer provider version")


def facts(gate: str, found: Any) -> Any:
    if gate == "PLAN-GUARD":
        return world.plan_facts(plan=SAID, too_new=found)
    scope = world.scope_facts()
    return replace(scope, stacks=tuple(replace(it, plan=SAID, too_new=found) for it in scope.stacks))


@pytest.mark.parametrize("gate", ["PLAN-GUARD", "TEARDOWN-SCOPE"])
def test_both_versions_and_both_ways(gate: str) -> None:
    (blocker,) = by_id(gate).evaluate(facts(gate, Known(newer())), judged_at=world.NOW)
    assert blocker.code == "STATE-TOO-NEW"
    assert "aws_subnet.a has schema version 9 in serial 8 (version v2)" in blocker.observed
    assert "the worker's registry.terraform.io/hashicorp/aws is 5.100.0" in blocker.observed
    assert ".terraform.lock.hcl" in blocker.remedy.text
    assert "restore_state_version = demo:v1 and your own state_reason" in blocker.remedy.text


def test_without_an_older_state_none_is_offered() -> None:
    (blocker,) = by_id("PLAN-GUARD").evaluate(facts("PLAN-GUARD", Known(newer(older=""))), judged_at=world.NOW)
    assert "restore_state_version" not in blocker.remedy.text


@pytest.mark.parametrize(
    ("found", "codes"),
    [(Absent(), ["PLAN-UNREADABLE"]), (Unreadable("403"), ["PLAN-UNREADABLE", "STATE-UNREADABLE"])],
)
def test_otherwise_terraforms_own_words(found: Any, codes: list[str]) -> None:
    judged = by_id("PLAN-GUARD").evaluate(facts("PLAN-GUARD", found), judged_at=world.NOW)
    assert [it.code for it in judged] == codes
