"""AUDIT.K: which passes people rely on, and under which policy they were made."""

import json
from pathlib import Path
from typing import Any

import pytest

from factories_evidence import M2, M9, START, Evidence
from standins import MemoryStore
from tidegate import environments
from tidegate.evidence.canonical import seal
from tidegate.evidence.control import close_platform_run, open_platform_run
from tidegate.evidence.derived import policy_digest
from tidegate.gates.registry import by_id
from tidegate.gates.standing_passes import GATE
from tidegate.lanes import audit_passes
from tidegate.lanes.audit_passes import collect_passes
from tidegate.models.control import PlatformRun
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent

MANIFEST = environments.load("dev_min")
POLICIES = environments.load_policies(MANIFEST)
RUN = PlatformRun(id="platform_1", opened_by=M2, opened_at=START, closed_by=None)
COST = f"evidence/dev_min/run_control/{M9}/m9_g_cost_guardrail_snapshot.json"
PROOF = "evidence/runs/platform_20261121T093000Z/teardown/teardown_proof.json"


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_passes, "now", lambda: START)


def objects(root: Path, cost_scope: tuple[str, ...], *executions: str) -> dict[str, bytes]:
    """Executions that passed under the manifest with this cost scope, as they lie in a bucket."""
    environment = MANIFEST.model_copy(update={"cost_scope": cost_scope})
    for execution in executions:
        Evidence(root, execution, remote=True, cost_scope=cost_scope).lanes().verdict()
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.json")}
    proof = json.loads(found[PROOF])
    for reference in proof["facts"]["references"]:  # the factory's are invented
        gate = by_id(reference["gate"])
        reference["policy_digest"] = policy_digest(
            environment, POLICIES, gate=gate.id, version=gate.version, sections=gate.policy_sections
        )
    found[PROOF] = seal(proof)
    return found


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return objects(tmp_path_factory.mktemp("passed"), MANIFEST.cost_scope, M2, M9)


@pytest.fixture
def store(passed: dict[str, bytes]) -> MemoryStore:
    """A build and a teardown, both passed under today's manifest."""
    found = MemoryStore()
    found.objects = dict(passed)
    return found


def collected(world: Any, store: MemoryStore, environment: Environment = MANIFEST) -> Any:
    return collect_passes(world.run("audit", "k_standing_passes", remote=store, environment=environment))


def found(facts: Any) -> list[tuple[str, str]]:
    blockers = GATE.evaluate(facts, judged_at=START)
    return [(blocker.code, blocker.summary.partition(" passed")[0]) for blocker in blockers]


def test_nothing_was_ever_judged(world: Any) -> None:
    facts = collected(world, MemoryStore())
    assert (facts.cost, facts.proof, facts.build) == (Absent(), Absent(), Absent())
    assert found(facts) == []


def test_passes_of_today(world: Any, store: MemoryStore) -> None:
    open_platform_run(store, "dev_min", RUN)  # type: ignore[arg-type]
    facts = collected(world, store)
    assert (facts.cost.value.execution_id, facts.build.value.execution_id) == (M9, M2)
    assert facts.proof.value.policies[0].gate == "TEARDOWN-PROOF"
    assert len(facts.build.value.policies) > 10
    assert found(facts) == []


def test_the_build_is_relied_on_only_while_a_platform_run_is_open(world: Any, store: MemoryStore) -> None:
    assert collected(world, store).build == Absent()
    open_platform_run(store, "dev_min", RUN)  # type: ignore[arg-type]
    assert collected(world, store).build != Absent()
    close_platform_run(store, "dev_min", RUN, "s3://proof")  # type: ignore[arg-type]
    assert collected(world, store).build == Absent()


def test_a_scope_uplift_makes_the_cost_pass_stale(world: Any, tmp_path: Path) -> None:
    """IN4: judged for AWS alone, today Confluent counts as well."""
    before = MemoryStore()
    before.objects = objects(tmp_path, ("aws",), M9)
    assert ("PASS-STALE", "the newest cost guardrail (M9.G)") in found(collected(world, before))
    assert found(collected(world, before, MANIFEST.model_copy(update={"cost_scope": ("aws",)}))) == []


def test_a_changed_manifest_makes_all_that_rests_on_it_stale(world: Any, store: MemoryStore) -> None:
    open_platform_run(store, "dev_min", RUN)  # type: ignore[arg-type]
    budget = MANIFEST.budget.model_copy(update={"name": "another"})
    facts = collected(world, store, MANIFEST.model_copy(update={"budget": budget}))
    assert found(facts) == [
        ("PASS-STALE", "the newest cost guardrail (M9.G)"),
        ("PASS-STALE", "the verdict of the newest build"),
    ]


def test_a_proof_is_stale_when_what_it_rests_on_is(world: Any, store: MemoryStore) -> None:
    proof = json.loads(store.objects[PROOF])
    proof["facts"]["references"][-1]["policy_digest"] = "0" * 64
    store.objects[PROOF] = seal(proof)
    assert found(collected(world, store)) == [("PASS-STALE", "the newest teardown proof")]


def test_the_newest_attempt_counts(world: Any, store: MemoryStore) -> None:
    cost = json.loads(store.objects[COST])
    store.objects[COST.replace(".json", ".attempt2.json")] = seal({**cost, "attempt": 2, "policy_digest": "0" * 64})
    assert ("PASS-STALE", "the newest cost guardrail (M9.G)") in found(collected(world, store))
    failed = {**cost, "attempt": 10, "policy_digest": "0" * 64, "overall_pass": False, "status": "fail"}
    store.objects[COST.replace(".json", ".attempt10.json")] = seal(failed)
    assert collected(world, store).cost.value.overall_pass is False


@pytest.mark.parametrize("key", [COST, PROOF])
def test_what_is_no_snapshot_is_unreadable(world: Any, store: MemoryStore, key: str) -> None:
    store.objects[key] = b"{}"
    codes = [code for code, _ in found(collected(world, store))]
    assert ("COST-PASS-UNREADABLE" if key == COST else "PROOF-PASS-UNREADABLE") in codes


def test_a_bucket_that_does_not_answer(world: Any, store: MemoryStore) -> None:
    store.refusing |= {"keys", "read"}
    codes = [code for code, _ in found(collected(world, store))]
    assert codes == ["COST-PASS-UNREADABLE", "PROOF-PASS-UNREADABLE", "BUILD-PASS-UNREADABLE"]


def test_a_lane_of_the_build_that_cannot_be_read(world: Any, store: MemoryStore) -> None:
    open_platform_run(store, "dev_min", RUN)  # type: ignore[arg-type]
    store.objects[f"evidence/dev_min/substrate/{M2}/no_nat_check.json"] = b"{}"
    assert ("BUILD-PASS-UNREADABLE", "the verdict of the newest build cannot be read") in found(collected(world, store))
