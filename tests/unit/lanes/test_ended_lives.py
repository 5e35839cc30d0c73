"""M9 triggered by an ended time to live: what was built again or extended while it waited is kept."""

from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
from factories_control import NOW
from standins import three_stacks
from tidegate.evidence.time_to_live import renew_time_to_live
from tidegate.gates.registry import by_id
from tidegate.lanes import readiness, teardown
from tidegate.lanes.ended_lives import ended_lives
from tidegate.lanes.readiness import collect_teardown_readiness
from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Absent, Known, Unreadable

HOUR = timedelta(hours=1)
ENDED = NOW - HOUR
TRIGGERED = {"target": "demo", "confirm": "dev_min", "time_to_live_ended": ENDED.isoformat()}


@pytest.fixture(autouse=True)
def _others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lease, caller, tools, locks and states as they must be."""
    monkeypatch.setattr(readiness, "now", lambda: NOW)
    monkeypatch.setattr(LaneRun, "acquire_lease", lambda _run: control.OURS)
    monkeypatch.setattr(readiness, "caller", lambda _run: control.caller())
    monkeypatch.setattr(readiness, "tools", lambda _run: control.tools())
    locks = lambda _run, stacks: tuple(control.stack_locks(stack=stack) for stack in stacks)  # noqa: E731
    monkeypatch.setattr(readiness, "collect_stack_locks", locks)
    states = lambda _run, stacks: tuple(control.stack_state(stack=stack) for stack in stacks)  # noqa: E731
    monkeypatch.setattr(readiness, "_states", states)


def renewed(world: Any, ends_at: Any) -> None:
    """Demo's time ends then."""
    at = ends_at - 2 * HOUR
    renew_time_to_live(world.remote, "dev_min", "demo", hours=2, set_by="m2_1", reason="built by m2_1", at=at)


def of_readiness(world: Any, **params: Any) -> list[str]:
    facts = collect_teardown_readiness(world.run("m9", "a_readiness", params={**TRIGGERED, **params}))
    return [blocker.code for blocker in by_id("TEARDOWN-READINESS").evaluate(facts, judged_at=NOW)]


def of_authorisation(world: Any, monkeypatch: pytest.MonkeyPatch, **params: Any) -> list[str]:
    guarded = control.authorization_facts
    monkeypatch.setattr(teardown, "authorization_facts", lambda *_a, **_k: guarded(direction="destroy"))
    facts = teardown.authorize_destroy(world.run("m9", "d_demo.destroy", params={**TRIGGERED, **params}))
    return [blocker.code for blocker in by_id("MUTATION-AUTHORIZATION").evaluate(facts, judged_at=NOW)]


@pytest.mark.parametrize(
    ("ends_at", "codes"),
    [
        pytest.param(ENDED, [], id="nothing-came-between"),
        pytest.param(ENDED - HOUR, [], id="a-new-end-is-over-already"),
        pytest.param(ENDED + timedelta(seconds=1), ["TIME-TO-LIVE-MOVED"], id="a-second-later"),
        pytest.param(NOW + 8 * HOUR, ["TIME-TO-LIVE-MOVED"], id="built-again"),
    ],
)
def test_what_was_built_again_since_is_kept(
    world: Any, monkeypatch: pytest.MonkeyPatch, ends_at: Any, codes: list[str]
) -> None:
    renewed(world, ends_at)
    assert of_readiness(world) == codes
    assert of_authorisation(world, monkeypatch) == codes


def test_a_time_that_moves_after_the_first_lane_is_seen_before_the_destroy(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed(world, ENDED)
    assert of_readiness(world) == []
    renewed(world, NOW + 8 * HOUR)
    assert of_authorisation(world, monkeypatch) == ["TIME-TO-LIVE-MOVED"]


def test_a_record_that_is_gone_or_broken_is_no_end(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert of_readiness(world) == ["TIME-TO-LIVE-MOVED"]
    world.remote.create("control/dev_min/time_to_live/demo/000001.json", b"{")
    assert of_readiness(world) == of_authorisation(world, monkeypatch) == ["TIME-TO-LIVE-MOVED"]


@pytest.mark.parametrize("given", ["soon", "2026-02-13T19:14:27", "0"])
def test_an_end_that_is_no_time_stops_the_teardown(world: Any, given: str) -> None:
    renewed(world, ENDED)
    assert of_readiness(world, time_to_live_ended=given) == ["TIME-TO-LIVE-MOVED"]


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_person_tears_down_what_may_still_stand(
    world: Any, monkeypatch: pytest.MonkeyPatch, nothing: str | None
) -> None:
    renewed(world, NOW + 8 * HOUR)
    assert of_readiness(world, time_to_live_ended=nothing) == []
    assert of_authorisation(world, monkeypatch, time_to_live_ended=nothing) == []


def test_only_targets_with_a_time_to_live_are_looked_at(world: Any) -> None:
    run = world.run("m9", "a_readiness", environment=three_stacks(), params=TRIGGERED)
    (life,) = ended_lives(run, ("confluent", "demo"))
    assert (life.stack, life.triggered_by, life.record) == ("demo", Known(ENDED), Absent())
    assert ended_lives(run, ("confluent",)) == ()
    unsaid = world.run("m9", "a_readiness", params={**TRIGGERED, "time_to_live_ended": "soon"})
    assert ended_lives(unsaid, ("demo",))[0].triggered_by == Unreadable("'soon' is no time")


def test_the_remedy_names_the_new_end_and_the_way_by_hand(world: Any) -> None:
    renewed(world, NOW + 8 * HOUR)
    facts = collect_teardown_readiness(world.run("m9", "a_readiness", params=TRIGGERED))
    (blocker,) = by_id("TEARDOWN-READINESS").evaluate(facts, judged_at=NOW)
    assert blocker.observed == "ends at 2026-02-14T04:14:27+00:00; record 1, set by m2_1: built by m2_1"
    assert (
        "m9_teardown_cost_check with target = demo and your own confirm. Without time_to_live_ended"
        in blocker.remedy.text
    )
