"""What a verdict has to tell comes from the snapshots of this very try."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

import factories_control as control
import factories_world as world_facts
from factories_alerts import notice
from factories_world import NOW
from tidegate.evidence.control import set_latch
from tidegate.gates import registry
from tidegate.lanes import found
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


def test_facts_without_notices_have_none(world: Any) -> None:
    world.left("audit", TASK, posture())
    assert the_lane(world).notices == ()


def alerts(world: Any) -> list[str]:
    run = world.run("audit", "n_phase_verdict")
    judged = world.left("audit", "n_phase_verdict", control.verdict_facts(observed_at=NOW, phase="audit"))
    of = found.about(run, "https://airflow.example/run", judged)
    assert of.evidence == judged.published.stored.uri
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
