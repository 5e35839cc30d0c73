"""The verdict rests on the evidence as it is, and verdicts are chained by number and digest."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
import factories_guardrails as guardrails
import factories_world as world_of
from factories_world import NOW
from standins import MemoryStore, dev_min, three_stacks
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.store import StoredObject, StoreError
from tidegate.gates.registry import by_id
from tidegate.lanes import outcome
from tidegate.lanes.judging import leave_not_run
from tidegate.lanes.phases import teardown_phase
from tidegate.lanes.targets import nothing_to_do
from tidegate.lanes.verdict import chain_verdict, collect_verdict, verdict_series
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.remedy import Clear, Remedy

VERDICTS = "evidence/dev_min/verdicts"
FACTS = {
    "a_readiness": control.teardown_readiness_facts(observed_at=NOW),
    "b_scope_freeze": world_of.scope_facts(),
    "c_pre_destroy": guardrails.pre_destroy_facts(observed_at=NOW),
    "d_demo.destroy": control.authorization_facts(observed_at=NOW, direction="destroy"),
    "d_demo.verify": world_of.destroyed_facts(),
    "f_residual_scan": world_of.residual_facts(),
    "f_preserved": world_of.preserved_facts(),
    "g_cost_guardrail": replace(guardrails.cost_facts_on(NOW.date()), observed_at=NOW),
    "h_teardown_proof": world_of.proof_facts(),
}
SUCCESS = dict.fromkeys(FACTS, "success")
A_KEY = "evidence/dev_min/run_control/m9_20260213T201427Z/m9_a_readiness_snapshot.json"


@pytest.fixture(autouse=True)
def states(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many resources the state of a stack holds now, by stack; none unless a test says so."""
    counts: dict[str, int] = {}

    def read(_clients: Any, _environment: Any, stack: str) -> Any:
        held = Known((world_of.state_resource(),) * counts.get(stack, 0))
        return SimpleNamespace(resources=held)

    monkeypatch.setattr(outcome, "read_state", read)
    return counts


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
    assert (lane.execution_id, lane.environment, lane.profile) == (
        Known("m9_20260213T201427Z"),
        Known("dev_min"),
        Known("sandbox"),
    )
    assert lane.uri == f"s3://the-evidence/{A_KEY}"
    assert [(source.name, source.data_as_of) for source in facts.sources] == [
        ("evidence", facts.observed_at),
        ("airflow", facts.observed_at),
    ]


def test_a_teardown_of_everything_says_so(whole: Any) -> None:
    facts = collect(whole)
    assert (facts.outcome, facts.standing) == ("demo is gone and proven; the platform run is closed", ())


def test_what_still_stands_is_said_with_what_it_spends(whole: Any, states: dict[str, int]) -> None:
    """RE6: the verdict is green, and nobody takes it for the end."""
    states["confluent"] = 11
    assert whole.left("m9", "h_teardown_proof", FACTS["h_teardown_proof"], environment=_with_confluent()).passed
    facts = collect(whole, environment=_with_confluent())
    (standing,) = facts.standing
    assert (standing.stack, standing.resources) == ("confluent", Known(11))
    assert facts.outcome == (
        "demo is gone and proven; still deployed: confluent (11 resources, USD/h not known); "
        "the platform run stays open"
    )


def test_what_is_gone_and_not_proven_is_not_called_proven(whole: Any) -> None:
    facts = collect(whole, {**SUCCESS, "h_teardown_proof": "failed"})
    assert facts.outcome == "demo is gone and NOT proven; the platform run stays open"


def test_a_target_that_stands_is_not_called_gone(whole: Any, states: dict[str, int]) -> None:
    states["demo"] = 3
    assert collect(whole).outcome.startswith("still deployed: demo (3 resources, ")


def test_a_skip_counts_only_where_the_frozen_target_excludes_the_stack(whole: Any) -> None:
    environment = _with_confluent()
    world = whole
    given = {"environment": environment}
    for task in ("e_confluent.destroy", "e_confluent.verify", "e_confluent.orphans"):
        run = world.run("m9", task, **given)
        facts = nothing_to_do(run)
        assert facts is not None
        world.handed_over[task] = leave_not_run(run, facts).document
    skipped = dict.fromkeys(("e_confluent.destroy", "e_confluent.verify", "e_confluent.orphans"), "skipped")
    found = collect(world, {**SUCCESS, **skipped}, **given)
    assert {lane.task for lane in found.lanes if lane.no_target} == set(skipped)
    assert not [code for code in _of(found, "e_confluent.") if code]
    scope = world_of.scope()
    both = world_of.scope_facts(scope, replace(scope, stack="confluent"), target="demo+confluent")
    world.left("m9", "b_scope_freeze", both, **given)
    found = collect(world, {**SUCCESS, **skipped}, **given)
    assert not {lane.task for lane in found.lanes if lane.no_target}
    assert _of(found, "e_confluent.") == ["LANE-NOT-RUN"] * 3


def _with_confluent() -> Any:
    return three_stacks().model_copy(update={"cost_scope": ("aws",)})


def _of(facts: Any, prefix: str) -> list[str]:
    chosen = tuple(lane for lane in facts.lanes if lane.task.startswith(prefix))
    return codes(replace(facts, lanes=chosen))


def test_it_rests_on_every_snapshot(whole: Any) -> None:
    run = whole.run("m9", "i_phase_verdict", task_states=lambda: SUCCESS)
    collect_verdict(run)
    assert {given.sha256 for given in run.inputs} == {document["digest"] for document in whole.handed_over.values()}
    stored = whole.remote.read(A_KEY)[0]
    assert stored.version_id is not None
    assert (stored.uri, stored.version_id) in {(given.uri, given.version_id) for given in run.inputs}


def test_what_was_never_reached(world: Any) -> None:
    facts = collect(world, {"a_readiness": "failed", "b_scope_freeze": "upstream_failed"})
    assert lane_of(facts, "b_scope_freeze").task_state == "upstream_failed"
    assert lane_of(facts, "f_residual_scan").task_state == "none"
    assert lane_of(facts).stored_digest == Absent()
    assert lane_of(facts).uri == f"s3://the-evidence/{A_KEY}"
    assert codes(facts) == ["LANE-MISSING", *["LANE-NOT-RUN"] * 8]


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
    whose = (lane.execution_id, lane.environment, lane.profile)
    assert all(
        isinstance(value, Unreadable) and value.reason not in (None, "", "None") for value in (*observed, *whose)
    )
    assert lane.handed_over_digest == Known(whole.handed_over["a_readiness"]["digest"])
    assert (lane.blockers, lane.uri) == ((), f"s3://the-evidence/{A_KEY}")
    assert "LANE-UNREADABLE" in codes(collect(whole))


def test_a_number_beyond_json_in_a_stored_snapshot_is_no_crash(world: Any) -> None:
    world.left("m9", "a_readiness", FACTS["a_readiness"])
    content = world.remote.objects[A_KEY]
    world.remote.objects[A_KEY] = content.replace(b'"facts": {', b'"facts": {"n": 1e999, ', 1)
    facts = collect(world)
    assert lane_of(facts).digest_valid != Known(True)
    assert "LANE-UNREADABLE" in codes(facts)


def test_a_pass_counts_up_to_its_last_moment(whole: Any, moment: Any) -> None:
    moment.now = NOW + timedelta(hours=24)
    assert lane_of(collect(whole)).expired == Known(False)


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
    for lane in facts.lanes:
        assert isinstance(lane.stored_digest, Unreadable)
        assert lane.stored_digest.reason not in (None, "", "None")
        assert lane.handed_over_digest == Known(whole.handed_over[lane.task]["digest"])
        assert lane.blockers == ()
        assert lane.uri.startswith("s3://the-evidence/evidence/")
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


@pytest.mark.parametrize(
    ("unstarted", "started", "summary"),
    [
        (Known(frozenset({"a_identity_and_tools"})), False, "its worker never reported a start"),
        (Known(frozenset()), True, "the evidence holds no snapshot of it"),
        (Unreadable("GetTaskBreadcrumbs: no"), None, "the evidence holds no snapshot of it"),
    ],
)
def test_a_task_whose_worker_never_started_is_said_to_be_that(
    world: Any, unstarted: Any, started: bool | None, summary: str
) -> None:
    states = {"a_identity_and_tools": "failed", "b_bootstrap": "upstream_failed"}
    run = world.run("m1", "d_phase_verdict", task_states=lambda: states, unstarted_tasks=lambda: unstarted)
    facts = collect_verdict(run)
    assert lane_of(facts, "a_identity_and_tools").worker_started is started
    (missing,) = [
        it for it in by_id("PHASE-VERDICT").evaluate(facts, judged_at=facts.observed_at) if it.code == "LANE-MISSING"
    ]
    assert summary in missing.summary
    assert missing.remedy == Remedy.of(Clear("a_identity_and_tools"))


def test_a_mirror_that_cannot_be_read_says_why(world: Any, tmp_path: Path) -> None:
    world.left("m1", "a_identity_and_tools", control.identity_facts(observed_at=NOW))
    run = world.run("m1", "d_phase_verdict", task_states=dict)
    (path,) = tmp_path.rglob("m1_a_identity_and_tools_snapshot.json")
    path.write_bytes(b"not json")
    lane = lane_of(collect_verdict(run), "a_identity_and_tools")
    assert isinstance(lane.handed_over_digest, Unreadable)
    assert str(lane.handed_over_digest.reason).startswith("a_identity_and_tools: ")


def test_a_bootstrap_that_left_nothing_is_looked_for_in_the_mirror(world: Any) -> None:
    facts = collect_verdict(world.run("m1", "d_phase_verdict", task_states=dict))
    first, *_ = facts.lanes
    assert (first.stored_digest, first.handed_over_digest, first.blockers) == (Absent(), Absent(), ())
    assert not first.uri.startswith("s3://")


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
