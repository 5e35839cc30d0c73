"""The verdict rests on the evidence as it is, and verdicts are chained by number and digest."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
import factories_world as world_of
from factories_world import NOW
from standins import MemoryStore, dev_min
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.store import StoredObject, StoreError
from tidegate.gates.registry import by_id
from tidegate.lanes.phases import teardown_phase
from tidegate.lanes.verdict import chain_verdict, collect_verdict, verdict_series
from tidegate.models.observed import Absent, Known, Unreadable

VERDICTS = "evidence/dev_min/verdicts"
FACTS = {
    "a_readiness": control.teardown_readiness_facts(observed_at=NOW),
    "b_scope_freeze": world_of.scope_facts(),
    "d_demo.destroy": control.authorization_facts(observed_at=NOW, direction="destroy"),
    "d_demo.verify": world_of.destroyed_facts(),
    "f_residual_scan": world_of.residual_facts(),
    "h_teardown_proof": world_of.proof_facts(),
}
SUCCESS = dict.fromkeys(FACTS, "success")
A_KEY = "evidence/dev_min/run_control/m9_20260213T201427Z/m9_a_readiness_snapshot.json"


@pytest.fixture
def whole(world: Any) -> Any:
    """A teardown all of whose lanes passed."""
    for task, facts in FACTS.items():
        assert world.left("m9", task, facts).passed
    return world


def collect(world: Any, states: dict[str, str] | None = None, **changes: Any) -> Any:
    given = SUCCESS if states is None else states
    return collect_verdict(world.run("m9", "i_phase_verdict", task_states=lambda: given, **changes))


def codes(facts: Any) -> list[str]:
    return [blocker.code for blocker in by_id("PHASE-VERDICT").evaluate(facts, judged_at=facts.observed_at)]


def lane_of(facts: Any, task: str = "a_readiness") -> Any:
    (lane,) = [lane for lane in facts.lanes if lane.task == task]
    return lane


# What the verdict rests on.


def test_all_lanes_passed(whole: Any) -> None:
    facts = collect(whole)
    assert codes(facts) == []
    assert [lane.task for lane in facts.lanes] == [lane.task_id for lane in teardown_phase(dev_min()[0]).lanes]
    assert (facts.phase, facts.execution_id, facts.environment, facts.profile) == (
        "m9",
        "m9_20260213T201427Z",
        "dev_min",
        "sandbox",
    )
    lane = lane_of(facts)
    assert lane.lane == "M9.A"
    assert lane.gate == "TEARDOWN-READINESS"
    assert lane.handed_over_digest == lane.stored_digest == Known(whole.handed_over["a_readiness"]["digest"])
    assert (lane.digest_valid, lane.status, lane.overall_pass, lane.expired) == (
        Known(True),
        Known("pass"),
        Known(True),
        Known(False),
    )
    assert lane.uri == f"s3://the-evidence/{A_KEY}"


def test_it_rests_on_every_snapshot(whole: Any) -> None:
    run = whole.run("m9", "i_phase_verdict", task_states=lambda: SUCCESS)
    collect_verdict(run)
    assert {given.sha256 for given in run.inputs} == {document["digest"] for document in whole.handed_over.values()}


def test_what_was_never_reached(world: Any) -> None:
    facts = collect(world, {"a_readiness": "failed", "b_scope_freeze": "upstream_failed"})
    assert lane_of(facts, "b_scope_freeze").task_state == "upstream_failed"
    assert lane_of(facts, "f_residual_scan").task_state == "none"
    assert lane_of(facts).stored_digest == Absent()
    assert lane_of(facts).uri == f"s3://the-evidence/{A_KEY}"
    assert codes(facts) == ["LANE-MISSING", *["LANE-NOT-RUN"] * 5]


def test_a_failed_lane_brings_its_blockers(whole: Any) -> None:
    failing = replace(FACTS["a_readiness"], confirm="something else")
    assert not whole.left("m9", "a_readiness", failing, try_number=2).passed
    facts = collect(whole, {**SUCCESS, "a_readiness": "failed"})
    lane = lane_of(facts)
    assert (lane.status, lane.overall_pass) == (Known("fail"), Known(False))
    assert len(lane.blockers) == 1
    assert "| remedy: " in lane.blockers[0]
    assert lane.uri.endswith("m9_a_readiness_snapshot.attempt2.json")
    assert codes(facts) == ["LANE-BLOCKED"]


def test_an_older_pass_never_stands_in(whole: Any) -> None:
    del whole.handed_over["a_readiness"]
    facts = collect(whole)
    assert lane_of(facts).handed_over_digest == Absent()
    assert codes(facts) == ["LANE-SUPERSEDED"]


def test_a_lane_that_handed_over_something_else(whole: Any) -> None:
    whole.handed_over["a_readiness"] = Unreadable("a_readiness handed over a str, expected a snapshot")
    assert codes(collect(whole)) == ["LANE-UNREADABLE"]
    whole.handed_over["a_readiness"] = {"status": "pass"}
    facts = collect(whole)
    assert lane_of(facts).handed_over_digest == Unreadable("a_readiness handed over something without a digest")
    assert codes(facts) == ["LANE-UNREADABLE"]


def test_a_tampered_lane(whole: Any, tampered: Any) -> None:
    tampered(whole, A_KEY)
    facts = collect(whole)
    assert lane_of(facts).digest_valid == Known(False)
    assert "LANE-TAMPERED" in codes(facts)


@pytest.mark.parametrize("content", [b"", b"[]", b"not json", seal({"status": "pass"})])
def test_a_lane_whose_snapshot_is_broken(whole: Any, content: bytes) -> None:
    whole.remote.objects[A_KEY] = content
    lane = lane_of(collect(whole))
    observed = (lane.stored_digest, lane.digest_valid, lane.status, lane.overall_pass, lane.expired)
    assert all(isinstance(value, Unreadable) for value in observed)
    assert "LANE-UNREADABLE" in codes(collect(whole))


def test_a_number_beyond_json_in_a_stored_snapshot_is_no_crash(world: Any) -> None:
    world.left("m9", "a_readiness", FACTS["a_readiness"])
    content = world.remote.objects[A_KEY]
    world.remote.objects[A_KEY] = content.replace(b'"facts": {', b'"facts": {"n": 1e999, ', 1)
    facts = collect(world)
    assert lane_of(facts).digest_valid != Known(True)
    assert "LANE-UNREADABLE" in codes(facts)


def test_an_expired_pass(whole: Any, moment: Any) -> None:
    moment.now = NOW + timedelta(hours=25)
    facts = collect(whole)
    assert lane_of(facts).expired == Known(True)
    assert set(codes(facts)) == {"LANE-STALE"}


def test_a_pass_under_another_policy(whole: Any) -> None:
    environment, _ = dev_min()
    changed = environment.model_copy(update={"preserve": environment.preserve.model_copy(update={"ids": ("more",)})})
    facts = collect(whole, environment=changed)
    stale = {lane.gate for lane in facts.lanes if lane.expired == Known(True)}
    assert stale == {lane.gate for lane in facts.lanes if "preserve" in by_id(lane.gate).policy_sections}
    assert "TEARDOWN-SCOPE" in stale
    assert set(codes(facts)) == {"LANE-STALE"}


def test_a_pass_that_another_task_did_not_survive(whole: Any) -> None:
    assert codes(collect(whole, {**SUCCESS, "d_demo.destroy": "failed"})) == ["LANE-TASK-FAILED"]


def test_a_snapshot_of_another_profile(whole: Any) -> None:
    assert set(codes(collect(whole, profile="aws"))) == {"LANE-FOREIGN"}


def test_a_store_without_an_answer(whole: Any) -> None:
    run = whole.run("m9", "i_phase_verdict", task_states=lambda: SUCCESS)
    assert run.execution_id
    whole.remote.refusing = {"keys", "read"}
    facts = collect_verdict(run)
    assert all(isinstance(lane.stored_digest, Unreadable) for lane in facts.lanes)
    assert "LANE-UNREADABLE" in codes(facts)
    assert not {"LANE-NOT-RUN", "LANE-MISSING"} & set(codes(facts))


def test_the_bootstrap_is_judged_from_the_mirror(world: Any) -> None:
    world.remote.refusing = {"create", "read", "keys"}
    world.left("m1", "a_identity_and_tools", control.identity_facts(observed_at=NOW))
    world.left("m1", "b_bootstrap", control.bootstrap_facts(observed_at=NOW))
    world.handed_over.clear()
    states = {"a_identity_and_tools": "success", "b_bootstrap": "success", "c_backend_readiness": "upstream_failed"}
    facts = collect_verdict(world.run("m1", "d_phase_verdict", task_states=lambda: states))
    assert [lane.status for lane in facts.lanes] == [Known("pass"), Known("pass"), Absent()]
    assert codes(facts) == ["LANE-NOT-RUN"]


# The chain.

VERDICT = {"overall_pass": True, "digest": "d" * 64}


def chained(world: Any, document: dict[str, Any] | None = None, **changes: Any) -> int:
    run = world.run("m9", "i_phase_verdict", **changes)
    return chain_verdict(run, "s3://evidence/verdict.json", "v1", document or VERDICT)


def record(world: Any, number: int) -> dict[str, Any]:
    return unseal(world.remote.objects[f"{VERDICTS}/{number:06d}.json"])


def test_the_first_verdict(world: Any) -> None:
    assert chained(world) == 1
    found = record(world, 1)
    assert found == {
        "schema": {"name": "tidegate.verdict-record", "version": 1},
        "number": 1,
        "phase": "m9",
        "execution_id": "m9_20260213T201427Z",
        "overall_pass": True,
        "verdict": {"uri": "s3://evidence/verdict.json", "version_id": "v1", "sha256": "d" * 64},
        "previous": None,
        "recorded_at": NOW.isoformat(),
        "digest": found["digest"],
    }


def test_each_verdict_names_the_one_before_it(world: Any) -> None:
    assert [chained(world), chained(world, {**VERDICT, "overall_pass": False}), chained(world)] == [1, 2, 3]
    for number in (2, 3):
        previous = record(world, number - 1)
        assert record(world, number)["previous"] == {"number": number - 1, "sha256": previous["digest"]}
    assert record(world, 2)["overall_pass"] is False


def test_verdicts_of_all_phases_are_one_chain(world: Any) -> None:
    assert chained(world) == 1
    run = world.run("m2", "j_phase_verdict")
    assert chain_verdict(run, "s3://evidence/other.json", None, VERDICT) == 2
    assert (record(world, 2)["phase"], record(world, 2)["previous"]["number"]) == ("m2", 1)


def test_whoever_was_slower_names_the_faster_one(world: Any) -> None:
    class Busy(MemoryStore):
        """Somebody else's verdict arrives right before the first one of this store."""

        def create(self, key: str, content: bytes) -> StoredObject:
            if key == f"{VERDICTS}/000001.json" and key not in self.objects:
                self.objects[key] = seal({"number": 1, "by": "faster"})
            return super().create(key, content)

    world.remote = Busy()
    assert chained(world) == 2
    assert record(world, 2)["previous"] == {"number": 1, "sha256": record(world, 1)["digest"]}


def test_a_chain_that_cannot_be_read_is_not_continued(world: Any) -> None:
    chained(world)
    world.remote.objects[f"{VERDICTS}/000001.json"] = b"broken"
    with pytest.raises(StoreError, match="cannot append"):
        chained(world)
    assert [key for key in world.remote.objects if key.startswith(VERDICTS)] == [f"{VERDICTS}/000001.json"]


def test_a_link_of_the_chain_cannot_be_changed_unnoticed(world: Any) -> None:
    chained(world, {**VERDICT, "overall_pass": False})
    key = f"{VERDICTS}/000001.json"
    document = json.loads(world.remote.objects[key])
    world.remote.objects[key] = json.dumps({**document, "overall_pass": True}).encode()
    assert isinstance(verdict_series(world.run("m9", "i_phase_verdict")).newest(), Unreadable)
