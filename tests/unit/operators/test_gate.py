"""What an operator refuses before it looks, and what it makes of a collector that crashes."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout
from structlog.testing import capture_logs

from tidegate.environments import load
from tidegate.evidence.store import StoreUnreachable
from tidegate.lanes.run import ActionBlocked
from tidegate.models.blocker import Blocker
from tidegate.models.facts import CollectorBroken
from tidegate.models.remedy import Person, Remedy
from tidegate.operators import gate
from tidegate.operators.gate import collected, conclude, refuse_under_a_finished_verdict


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


def test_a_lane_that_takes_too_long_leaves_a_snapshot_and_its_terraform_is_asked_to_stop() -> None:
    """Airflow's timeout is no Exception: it would pass by every other door."""
    asked: list[str] = []
    lane = SimpleNamespace(interrupt=lambda: asked.append("interrupted"))

    def slow(_run: Any) -> Any:
        raise AirflowTaskTimeout("Timeout")

    facts = collected(lane, slow)
    assert isinstance(facts, CollectorBroken)
    assert facts.error == "the lane took longer than its part of the deadline"
    assert asked == ["interrupted"]


WAY = Remedy.of(Person("who", "what"))


def closing(monkeypatch: pytest.MonkeyPatch, act: Any, *, blocked: bool, on_fail: str | None = "m:act") -> Any:
    """Conclude a lane whose actions are this one."""
    monkeypatch.setattr(gate, "resolve", lambda path: act)
    lane = SimpleNamespace(name="M9.G", on_pass=None, on_fail=on_fail, stack=None, mutates_after=False)
    blockers = (Blocker("COST-STOP-REACHED", "a", "b", "c", "d", WAY),) if blocked else ()
    judged = SimpleNamespace(passed=not blocked, blockers=blockers, published=SimpleNamespace(document={"x": 1}))
    return conclude(SimpleNamespace(lane=lane), "facts", judged)


def test_what_follows_a_closed_gate_happens_before_its_task_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    with pytest.raises(AirflowFailException, match=r"^M9.G blocked by 1: COST-STOP-REACHED$"):
        closing(monkeypatch, lambda *given: seen.append(given[1:]), blocked=True)
    assert seen == [("facts", {"x": 1})]


def test_a_blocker_is_an_error_in_the_log_with_all_that_on_call_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as lines, pytest.raises(AirflowFailException):
        closing(monkeypatch, lambda *given: None, blocked=True)
    assert [(line["log_level"], line["event"]) for line in lines] == [
        (
            "error",
            "BLOCKED COST-STOP-REACHED b\n  a\n  observed  c\n  expected  d\n  do this   what (who)\n"
            "  runbook   docs/runbooks/blocked-run.md",
        )
    ]


def test_it_does_not_follow_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    closing(monkeypatch, crash, blocked=False)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ActionBlocked("EMERGENCY-LATCH-UNWRITABLE x"), "EMERGENCY-LATCH-UNWRITABLE x"),
        (StoreUnreachable("k", "no answer"), "EVIDENCE-UNREACHABLE"),
    ],
)
def test_when_it_cannot_happen_the_task_says_both(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    def refuse(*_: Any) -> None:
        raise error

    with pytest.raises(AirflowFailException, match=rf"^M9.G blocked by 1: COST-STOP-REACHED; {said}"):
        closing(monkeypatch, refuse, blocked=True)


def test_a_crash_in_it_never_opens_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TypeError):
        closing(monkeypatch, crash, blocked=True)
