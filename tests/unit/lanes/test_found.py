"""What a verdict has to tell comes from the snapshots of this very try."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

import factories_control as control
import factories_guardrails as guardrails
import factories_time_to_live as lives
import factories_world as world_facts
from factories_alerts import notice
from factories_world import NOW
from standins import dev_min
from tidegate.evidence.control import set_latch
from tidegate.evidence.store import LocalStore
from tidegate.gates import registry
from tidegate.lanes import found
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.judging import judge
from tidegate.lanes.phases import phase_of
from tidegate.lanes.verdict import collect_verdict
from tidegate.models.alert import About
from tidegate.models.facts import CollectorBroken
from tidegate.models.notice import Notice
from tidegate.models.observed import Unreadable

TASK = "c_network_posture"


def posture(**changes: Any) -> Any:
    return world_facts.posture_facts(observed_at=NOW, **changes)


def the_lane(world: Any) -> Any:
    (lane,) = found.found(world.run("audit", "n_phase_verdict"))
    return lane


def test_a_lane_that_passed_has_looked(world: Any) -> None:
    judged = world.left("audit", TASK, posture())
    lane = the_lane(world)
    assert (lane.lane, lane.gate, lane.judged) == ("AUDIT.C", "NETWORK-POSTURE", True)
    assert lane.blockers == judged.blockers
    assert lane.uri == judged.published.stored.uri


def test_the_newest_attempt_is_named(world: Any) -> None:
    world.left("audit", TASK, posture())
    world.left("audit", TASK, posture())
    assert the_lane(world).uri.endswith(".attempt2.json")


def test_a_collector_that_crashed_has_blockers_and_has_not_looked(world: Any) -> None:
    world.left("audit", TASK, CollectorBroken(observed_at=NOW, error="KeyError: 'x'"))
    lane = the_lane(world)
    assert [blocker.code for blocker in lane.blockers] == ["COLLECTOR-BROKEN"]
    assert not lane.judged


def test_facts_that_were_too_old_are_no_look(world: Any) -> None:
    world.left(
        "audit", TASK, posture().__class__(**{**_fields(posture()), "observed_at": world_facts.NOW.replace(year=2025)})
    )
    assert not the_lane(world).judged


@pytest.mark.parametrize(
    ("phase", "task", "asked", "looked"),
    [
        ("audit", "f_cost_guardrail", True, True),
        ("audit", "f_cost_guardrail", False, True),
        ("hourly", "a_cost_guardrail", False, False),
    ],
)
def test_the_hourly_check_which_never_asks_cost_explorer_closes_nothing_of_the_audit(
    world: Any, phase: Any, task: str, asked: bool, looked: bool
) -> None:
    own = guardrails.own_reads(asked=asked)
    world.left(phase, task, guardrails.cost_facts(observed_at=NOW, own_reads=own))
    verdict = {"audit": "n_phase_verdict", "hourly": "c_phase_verdict"}[phase]
    (lane,) = found.found(world.run(phase, verdict))
    assert (lane.gate, lane.judged) == ("COST-GUARDRAIL", looked)


def test_what_else_the_hourly_check_looks_at_it_closes(world: Any) -> None:
    world.left("hourly", "b_time_to_live", lives.time_to_live_facts(observed_at=NOW))
    (lane,) = found.found(world.run("hourly", "c_phase_verdict"))
    assert (lane.gate, lane.judged) == ("TIME-TO-LIVE", True)


def _fields(facts: Any) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}


@pytest.mark.parametrize("handed", [None, Unreadable("gone"), {"digest": "x"}])
def test_what_did_not_arrive_is_left_to_the_verdict(world: Any, handed: Any) -> None:
    if handed is not None:
        world.handed_over[TASK] = handed
    assert found.found(world.run("audit", "n_phase_verdict")) == ()


def test_what_was_changed_or_belongs_to_another_run_is_left_to_the_verdict(world: Any) -> None:
    document = world.left("audit", TASK, posture()).published.document
    for change in ({"status": "fail"}, {"execution_id": "audit_20200101T000000Z"}):
        world.handed_over[TASK] = {**document, **change}
        assert found.found(world.run("audit", "n_phase_verdict")) == ()


def test_the_bootstrap_hands_nothing_over_and_is_told_of_all_the_same(world: Any) -> None:
    world.left("m1", "a_identity_and_tools", control.identity_facts(observed_at=NOW))
    world.handed_over.clear()
    (lane,) = found.found(world.run("m1", "d_phase_verdict"))
    assert lane.gate == "IDENTITY-AND-TOOLS"


def test_notices_come_from_the_facts(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Noticing(type(posture())):  # type: ignore[misc]
        @property
        def notices(self) -> tuple[Notice, ...]:
            return (notice(f"of {self.region}" if hasattr(self, "region") else "n"),)

    gate = replace(registry.by_id("NETWORK-POSTURE"), facts=Noticing)
    monkeypatch.setitem(registry._BY_ID, gate.id, gate)
    world.left("audit", TASK, Noticing(**_fields(posture())))
    assert len(the_lane(world).notices) == 1


def judged_for_good(world: Any, phase: Any, verdict: str, task: str = TASK) -> Any:
    """The verdict over what its lanes left, and what its run takes them for."""
    run = world.run(phase, verdict, task_states=lambda: {task: "failed"})
    facts = collect_verdict(run)
    return judge(run, facts), found.found(world.run(phase, verdict))


def test_who_comes_later_finds_the_same_in_the_evidence(world: Any) -> None:
    world.left("audit", TASK, CollectorBroken(observed_at=NOW, error="KeyError: 'x'"))
    world.left("audit", "b_continuity", CollectorBroken(observed_at=NOW, error="KeyError: 'x'"))
    judged, told = judged_for_good(world, "audit", "n_phase_verdict")
    verdict = parse_snapshot(judged.published.document)
    later = found.rested_on(dev_min()[0], "audit", verdict, world.local, world.remote)
    assert len(later) == 2
    assert later == told
    elsewhere = LocalStore(world.directory / "elsewhere")
    assert found.rested_on(dev_min()[0], "audit", verdict, elsewhere, world.remote) == told


@pytest.mark.parametrize(
    ("phase", "task", "verdict", "platform_run"),
    [
        ("m2", "g_network_posture", "j_phase_verdict", "platform_1"),
        ("m9", "h_teardown_proof", "i_phase_verdict", "platform_1"),
        ("m9", "h_teardown_proof", "i_phase_verdict", None),
    ],
)
def test_so_does_who_comes_after_a_build_or_a_proof_of_a_platform_run_with_or_without_number(
    world: Any, phase: Any, task: str, verdict: str, platform_run: str | None
) -> None:
    world.handed_over["a_readiness"] = {"platform_run": platform_run}
    world.left(phase, task, CollectorBroken(observed_at=NOW, error="KeyError: 'x'"))
    judged, told = judged_for_good(world, phase, verdict, task)
    assert [lane.gate for lane in told] == [phase_of(dev_min()[0], phase).lane(task).gate]
    snapshot = parse_snapshot(judged.published.document)
    assert snapshot.platform_run == platform_run
    assert found.rested_on(dev_min()[0], phase, snapshot, world.local, world.remote) == told


def test_a_snapshot_that_the_verdict_does_not_rest_on_is_not_taken(world: Any) -> None:
    world.left("audit", TASK, CollectorBroken(observed_at=NOW, error="KeyError: 'x'"))
    judged, _ = judged_for_good(world, "audit", "n_phase_verdict")
    world.left("audit", TASK, posture())
    verdict = parse_snapshot(judged.published.document)
    assert found.rested_on(dev_min()[0], "audit", verdict, world.local, world.remote) == ()


def test_the_bootstraps_snapshots_are_found_in_the_mirror(world: Any) -> None:
    world.left("m1", "a_identity_and_tools", control.identity_facts(observed_at=NOW))
    judged, told = judged_for_good(world, "m1", "d_phase_verdict")
    verdict = parse_snapshot(judged.published.document)
    assert found.rested_on(dev_min()[0], "m1", verdict, world.local, world.remote) == told


def test_a_run_of_the_stop_is_asked_for_by_its_latch(world: Any) -> None:
    def cause(run_id: str) -> str:
        return found.about(world.run("m9", "i_phase_verdict", run_id=run_id), "", None).asked_by

    assert cause("stop_20260213T201427Z__try1") == ""
    set_latch(world.remote, "dev_min", reason="cost", recorded_by="m9_20200101T000000Z", at=NOW)
    assert cause("stop_20260213T201427Z__try1") == "stop of latch 1"
    assert cause("ttl__demo__20260213T201427Z__2") == "ttl__demo__20260213T201427Z"
    assert cause("manual__1") == ""


def test_the_latch_is_read_only_for_a_run_of_the_stop(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.remote, "keys", pytest.fail)
    assert found.asked_by(world.remote, "dev_min", "cost_stop__3") == "cost_stop__3"


def test_facts_without_notices_have_none(world: Any) -> None:
    world.left("audit", TASK, posture())
    assert the_lane(world).notices == ()


def alerts(world: Any) -> list[str]:
    run = world.run("audit", "n_phase_verdict")
    judged = world.left("audit", "n_phase_verdict", control.verdict_facts(observed_at=NOW, phase="audit"))
    of = found.about(run, "https://airflow.example/run", judged)
    assert of == About(
        environment="dev_min",
        profile="sandbox",
        phase="audit",
        execution_id="audit_20260213T201427Z",
        link="https://airflow.example/run",
        evidence=judged.published.stored.uri,
        asked_by="",
    )
    return [alert.key for alert in found.alerts_of(run.remote, of, found.found(run), judged.blockers)]


def test_a_latch_that_this_execution_set_is_told(world: Any) -> None:
    run = world.run("audit", "n_phase_verdict")
    set_latch(world.remote, "dev_min", reason="cost", recorded_by=run.execution_id, at=NOW)
    assert "stop/1" in alerts(world)


def test_a_latch_that_another_set_is_not(world: Any) -> None:
    set_latch(world.remote, "dev_min", reason="cost", recorded_by="m9_20200101T000000Z", at=NOW)
    assert "stop/1" not in alerts(world)


def test_a_latch_that_cannot_be_read_is_not_told(world: Any) -> None:
    world.remote.objects["control/dev_min/latch/000001.json"] = b"{"
    assert not [key for key in alerts(world) if key.startswith("stop/")]


def test_without_a_verdict_no_evidence_is_named(world: Any) -> None:
    assert found.about(world.run("audit", "n_phase_verdict"), "", None).evidence == ""
