"""The verdict's operator: whatever happens, the lease is given back, and only its own try is chained and told."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tidegate.environments import load
from tidegate.lanes import closing
from tidegate.lanes import found as found_by_lanes
from tidegate.lanes.phases import phase_of
from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Person, Remedy
from tidegate.operators import telling, verdict
from tidegate.operators.verdict import PhaseVerdictOperator

WAY = Remedy.of(Person("who", "what"))


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was closed, in order: the published verdict, or None."""
    found: list[Any] = []
    monkeypatch.setattr(closing, "close", lambda _run, published: found.append(published))
    monkeypatch.setattr(verdict, "resolve", lambda _path: None)
    monkeypatch.setattr(verdict, "collected", lambda _run, _collect: SimpleNamespace(lanes=()))
    monkeypatch.setattr(PhaseVerdictOperator, "open", lambda _self, _context: SimpleNamespace(phase="m2"))
    monkeypatch.setattr(found_by_lanes, "found", lambda _run: ())
    return found


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What people were told, in order: a judged verdict, or the sentence of one that is not in the evidence."""
    found: list[Any] = []

    def tell(_run: Any, given: Any, _context: Any) -> tuple[Any, ...]:
        found.append(given)
        return ()

    monkeypatch.setattr(telling, "tell_of_verdict", tell)
    monkeypatch.setattr(telling, "tell_of_no_verdict", tell)
    return found


def execute() -> None:
    lane = phase_of(load("dev_min"), "m2").verdict
    PhaseVerdictOperator(task_id=lane.task_id, lane=lane, environment="dev_min").execute({})


def test_the_published_verdict_is_closed_and_then_concluded(closed: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    judged = SimpleNamespace(published="this try's", blockers=())
    monkeypatch.setattr(verdict, "judge_and_push", lambda _run, facts, _context: (facts, judged))
    concluded: list[Any] = []
    monkeypatch.setattr(verdict, "conclude", lambda _run, _facts, given, told: concluded.append((list(closed), given)))
    execute()
    assert concluded == [(["this try's"], judged)]


def judged_as(monkeypatch: pytest.MonkeyPatch, *, passed: bool, phase: str = "m2") -> Any:
    """Let the verdict judge so."""
    blockers = () if passed else (Blocker("LANE-BLOCKED", "a", "b", "c", "d", WAY),)
    judged = SimpleNamespace(published="this try's", passed=passed, blockers=blockers)
    lane = SimpleNamespace(name="M2.J", on_pass=None, on_fail=None, mutates_after=False)
    run = SimpleNamespace(phase=phase, lane=lane)
    monkeypatch.setattr(PhaseVerdictOperator, "open", lambda _self, _context: run)
    monkeypatch.setattr(verdict, "judge_and_push", lambda _run, facts, _context: (facts, judged))
    return judged


@pytest.mark.parametrize("passed", [True, False])
def test_people_are_told_after_the_closing_and_before_the_task_fails(
    closed: list[Any], told: list[Any], monkeypatch: pytest.MonkeyPatch, passed: bool
) -> None:
    judged = judged_as(monkeypatch, passed=passed)
    with nullcontext() if passed else pytest.raises(AirflowFailException, match="blocked by 1: LANE-BLOCKED"):
        execute()
    assert (closed, told) == (["this try's"], [judged])


UNDELIVERED = Blocker("ALERT-UNDELIVERED", "not taken", "channel sns", "c", "d", WAY)


@pytest.mark.parametrize("phase", ["m1", "m2", "m9", "stop", "release", "extend"])
def test_a_verdict_that_passed_stays_passed_when_nobody_could_be_told(
    closed: list[Any], monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    judged_as(monkeypatch, passed=True, phase=phase)
    monkeypatch.setattr(telling, "tell_of_verdict", lambda *_: (UNDELIVERED,))
    execute()


@pytest.mark.parametrize("phase", ["audit", "hourly"])
def test_a_watch_that_could_not_tell_what_it_noticed_fails(
    closed: list[Any], monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    judged_as(monkeypatch, passed=True, phase=phase)
    monkeypatch.setattr(telling, "tell_of_verdict", lambda *_: (UNDELIVERED,))
    with pytest.raises(AirflowFailException, match="ALERT-UNDELIVERED channel sns"):
        execute()


def test_a_defect_in_telling_never_hides_a_closed_gate(closed: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> Any:
        raise ZeroDivisionError("a defect")

    judged_as(monkeypatch, passed=False)
    monkeypatch.setattr(telling, "tell_of_verdict", crash)
    with pytest.raises(AirflowFailException, match="blocked by 1: LANE-BLOCKED"):
        execute()


def test_a_verdict_that_the_evidence_did_not_take_is_told(
    closed: list[Any], told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise AirflowFailException("EVIDENCE-UNREACHABLE s3://b: x")

    monkeypatch.setattr(verdict, "judge_and_push", refuse)
    with pytest.raises(AirflowFailException, match="EVIDENCE-UNREACHABLE"):
        execute()
    assert (closed, told) == ([None], ["EVIDENCE-UNREACHABLE s3://b: x"])


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


def test_a_verdict_that_is_not_chained_fails_the_task_and_is_told(
    closed: list[Any], told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise closing.ClosingBlocked("EVIDENCE-CONFLICT x")

    monkeypatch.setattr(closing, "close", refuse)
    judged = SimpleNamespace(published="this try's", blockers=())
    monkeypatch.setattr(verdict, "judge_and_push", lambda _run, facts, _context: (facts, judged))
    with pytest.raises(AirflowFailException, match="EVIDENCE-CONFLICT"):
        execute()
    assert told == ["EVIDENCE-CONFLICT x"]
