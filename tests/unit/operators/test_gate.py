"""What an operator refuses before it looks, and what it makes of a collector that crashes."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tidegate.environments import load
from tidegate.models.facts import CollectorBroken
from tidegate.operators.gate import collected, refuse_under_a_finished_verdict


def run(**states: str) -> Any:
    return SimpleNamespace(
        environment=load("dev_min"), phase="m2", task_id="g_network_posture", task_states=lambda: states
    )


@pytest.mark.parametrize("state", ["success", "failed"])
def test_a_lane_cleared_without_its_verdict_is_refused(state: str) -> None:
    with pytest.raises(AirflowFailException, match="CLEAR-DOWNSTREAM-TOO"):
        refuse_under_a_finished_verdict(run(j_phase_verdict=state))


@pytest.mark.parametrize("states", [{}, {"j_phase_verdict": "None"}, {"g_network_posture": "failed"}])
def test_a_lane_above_an_open_verdict_goes_on(states: dict[str, str]) -> None:
    refuse_under_a_finished_verdict(run(**states))


def crash(_run: Any) -> Any:
    raise KeyError("x")


@pytest.mark.parametrize(("collect", "said"), [(crash, "KeyError: 'x'"), (lambda _run: "text", "it gave a str")])
def test_a_crash_is_an_observation(collect: Any, said: str) -> None:
    facts = collected(run(), collect)
    assert isinstance(facts, CollectorBroken)
    assert facts.error == said
