"""When a sensor looks again, what it gives to its timer, and that a clean look always gets its second one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred
from structlog.testing import capture_logs

import factories_world as world
from standins import dev_min
from tidegate.gates.registry import by_id
from tidegate.lanes import judging
from tidegate.lanes.phases import phase_of
from tidegate.models.observed import Absent, Known
from tidegate.sensors import guardrail
from tidegate.sensors.guardrail import GuardrailSensor

LOOK_AGAIN = 20


class Bench:
    """A sensor of M9.F whose collector gives these facts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lane = phase_of(dev_min()[0], "m9").lane("f_residual_scan")
        self.facts: Any = None
        self.kept: list[Any] = []
        self.concluded: list[Any] = []
        run = SimpleNamespace(profile="sandbox", kept="untouched")
        monkeypatch.setattr(guardrail, "lane_run", lambda *_: run)
        monkeypatch.setattr(guardrail, "refuse_under_a_finished_verdict", lambda _run: None)
        monkeypatch.setattr(guardrail, "skip_what_has_nothing_to_do", lambda _run, _context: None)
        monkeypatch.setattr(guardrail, "resolve", lambda _path: None)
        monkeypatch.setattr(guardrail, "collected", self._collected)
        monkeypatch.setattr(guardrail, "judge_and_push", lambda _run, facts, _context: (facts, "judged"))
        monkeypatch.setattr(guardrail, "conclude", lambda *given: self.concluded.append(given[1:]))
        monkeypatch.setattr(judging, "look", self._look)

    def _collected(self, run: Any, _collect: Any) -> Any:
        self.kept.append(run.kept)
        return self.facts

    def _look(self, _run: Any, facts: Any) -> Any:
        return by_id(self.lane.gate).evaluate(facts, judged_at=facts.observed_at)

    def sensor(self, waits: int = 900) -> GuardrailSensor:
        lane = replace(self.lane, waits_seconds=waits)
        return GuardrailSensor(task_id="f", lane=lane, environment="dev_min", look_again_seconds=LOOK_AGAIN)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def clean_now(pause: int = 20) -> Any:
    """A first clean look that has just ended."""
    moment = datetime.now(UTC)
    this = world.look(began=moment - timedelta(seconds=3), ended=moment)
    return world.residual_facts(observed_at=moment, looks=world.looks(pause_seconds=pause, first=Absent(), this=this))


@pytest.mark.parametrize("waits", [900, 0], ids=["in-time", "after-the-deadline"])
def test_a_clean_look_gets_its_second_one(bench: Bench, waits: int) -> None:
    bench.facts = clean_now(pause=300)
    with capture_logs() as lines, pytest.raises(TaskDeferred) as deferred:
        bench.sensor(waits).execute({})
    waiting = [(line["log_level"], line["event"]) for line in lines if line["event"].startswith("WAITING")]
    ((level, line),) = waiting
    assert (level, line.splitlines()[0]) == ("warning", "WAITING RESIDUAL-UNCONFIRMED residual scan")
    trigger: Any = deferred.value.trigger
    assert 298 <= trigger.seconds <= 300
    assert trigger.kept["subjects"] == list(bench.facts.looks.this.subjects)
    assert (deferred.value.method_name, bench.kept) == ("look_again", [None])
    event = {"deadline": trigger.deadline, "kept": trigger.kept}
    bench.facts = world.residual_facts()
    bench.sensor(waits).look_again({}, event)
    assert bench.kept == [None, trigger.kept]
    assert bench.concluded == [(bench.facts, "judged")]


def test_it_acts_after_each_look_before_it_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    acted: list[Any] = []
    monkeypatch.setattr(guardrail, "act", lambda _run, action, facts: acted.append((action, facts)))
    bench.facts = first = clean_now(pause=300)
    with pytest.raises(TaskDeferred):
        bench.sensor().execute({})
    bench.facts = world.residual_facts()
    bench.sensor().look_again({}, "x")
    removes = "tidegate.lanes.log_groups:remove_written_again"
    assert acted == [(removes, first), (removes, bench.facts)]


def test_a_look_that_finds_something_leaves_nothing_to_the_next(bench: Bench) -> None:
    going = world.live("aws_nat_gateway", "nat-1", status="deleting")
    bench.facts = world.residual_facts(going, looks=world.looks(first=Known(world.look(-1))))
    with pytest.raises(TaskDeferred) as deferred:
        bench.sensor().execute({})
    trigger: Any = deferred.value.trigger
    assert (trigger.seconds, trigger.kept) == (LOOK_AGAIN, None)


def test_what_is_on_its_way_out_is_waited_for_until_the_deadline_only(bench: Bench) -> None:
    bench.facts = world.residual_facts(world.live("aws_nat_gateway", "nat-1", status="deleting"))
    bench.sensor(waits=0).execute({})
    assert bench.concluded == [(bench.facts, "judged")]


def test_a_finding_closes_at_once(bench: Bench) -> None:
    bench.facts = world.residual_facts(world.live("aws_nat_gateway", "nat-1"))
    bench.sensor().execute({})
    assert bench.concluded == [(bench.facts, "judged")]


def test_a_confirmation_that_was_due_long_ago_and_did_not_come_ends_at_the_deadline(bench: Bench) -> None:
    """As when the first look is always lost: no task waits for ever."""
    bench.facts = world.residual_facts(looks=world.looks(first=Absent()))
    bench.sensor(waits=0).look_again({}, "x")
    assert bench.concluded == [(bench.facts, "judged")]


def test_a_first_clean_look_that_took_longer_than_the_pause_gets_its_second_one(bench: Bench) -> None:
    """On a slow machine the pause is over before the look is judged."""
    bench.facts = world.residual_facts(looks=world.looks(first=Absent()))
    with pytest.raises(TaskDeferred) as deferred:
        bench.sensor(waits=0).execute({})
    trigger: Any = deferred.value.trigger
    assert trigger.seconds == 1
    assert bench.concluded == []


def test_an_event_that_cannot_be_read_makes_it_the_last_look(bench: Bench) -> None:
    bench.facts = world.residual_facts(world.live("aws_nat_gateway", "nat-1", status="deleting"))
    bench.sensor().look_again({}, "x")
    assert bench.concluded
    assert bench.kept == [None]
