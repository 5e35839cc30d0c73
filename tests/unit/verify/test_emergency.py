"""Facts of stop and release come back from the evidence as they were, so that their judgement can be repeated."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

import factories_emergency as emergency
from factories_guardrails import dag_status
from tidegate.evidence.canonical import plain
from tidegate.gates.registry import by_id
from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Known, Unreadable

FACTS: dict[str, tuple[Callable[[], Facts], ...]] = {
    "EMERGENCY-LATCH": (
        emergency.emergency_latch_facts,
        lambda: emergency.emergency_latch_facts(latch=Absent(), write_problem="AccessDenied", target=()),
        lambda: emergency.emergency_latch_facts(latch=Unreadable("403")),
    ),
    "EMERGENCY-TEARDOWN": (
        emergency.emergency_teardown_facts,
        lambda: emergency.emergency_teardown_facts(run_state=Known("queued"), verdict=Absent()),
        lambda: emergency.emergency_teardown_facts(m9=dag_status(paused=Known(True)), verdict=Unreadable("x")),
    ),
    "EMERGENCY-RELEASE": (
        emergency.emergency_release_facts,
        lambda: emergency.emergency_release_facts(cost=Absent(), latch=Absent()),
        lambda: emergency.emergency_release_facts(cost=Unreadable("403")),
    ),
}


@pytest.mark.parametrize(
    ("gate", "facts"),
    [
        pytest.param(gate, make(), id=f"{gate}-{number}")
        for gate, made in FACTS.items()
        for number, make in enumerate(made)
    ],
)
def test_facts_come_back_the_same(gate: str, facts: Any) -> None:
    stored = json.dumps(plain(replace(facts)))
    again = TypeAdapter(by_id(gate).facts).validate_json(stored, strict=True)
    assert again == facts
    assert plain(again) == json.loads(stored)
