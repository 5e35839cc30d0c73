"""The verdict's operator: whatever happens to its own try, the lease is given back, and only its own try is chained."""

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tidegate.environments import load
from tidegate.lanes import closing
from tidegate.lanes.phases import phase_of
from tidegate.operators import verdict
from tidegate.operators.verdict import PhaseVerdictOperator


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was closed, in order: the published verdict, or None."""
    found: list[Any] = []
    monkeypatch.setattr(closing, "close", lambda _run, published: found.append(published))
    monkeypatch.setattr(verdict, "resolve", lambda _path: None)
    monkeypatch.setattr(verdict, "collected", lambda _run, _collect: SimpleNamespace(lanes=()))
    monkeypatch.setattr(PhaseVerdictOperator, "open", lambda _self, _context: SimpleNamespace())
    return found


def execute() -> None:
    lane = phase_of(load("dev_min"), "m2").verdict
    PhaseVerdictOperator(task_id=lane.task_id, lane=lane, environment="dev_min").execute({})


def test_the_published_verdict_is_closed_and_then_concluded(closed: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    judged = SimpleNamespace(published="this try's")
    monkeypatch.setattr(verdict, "judge_and_push", lambda _run, facts, _context: (facts, judged))
    concluded: list[Any] = []
    monkeypatch.setattr(verdict, "conclude", lambda _run, _facts, given: concluded.append((list(closed), given)))
    execute()
    assert concluded == [(["this try's"], judged)]


@pytest.mark.parametrize("error", [AirflowFailException("EVIDENCE-UNREACHABLE"), ZeroDivisionError("a defect")])
def test_a_try_without_a_verdict_chains_none(
    closed: list[Any], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(verdict, "judge_and_push", refuse)
    with pytest.raises(type(error)):
        execute()
    assert closed == [None]


def test_a_verdict_that_is_not_chained_fails_the_task(closed: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise closing.ClosingBlocked("EVIDENCE-CONFLICT x")

    monkeypatch.setattr(closing, "close", refuse)
    judged = SimpleNamespace(published="this try's")
    monkeypatch.setattr(verdict, "judge_and_push", lambda _run, facts, _context: (facts, judged))
    with pytest.raises(AirflowFailException, match="EVIDENCE-CONFLICT"):
        execute()
