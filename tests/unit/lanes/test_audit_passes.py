"""AUDIT.K: which passes people rely on, and under which policy they were made."""

import json
from datetime import timedelta
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
from tidegate.lanes import audit_passes, newest
from tidegate.lanes.audit_passes import collect_passes
from tidegate.lanes.newest import newest_of, newest_proof
from tidegate.lanes.phases import phase_of
from tidegate.models.audit import JudgedPolicy, StandingPass, StandingPassesFacts
from tidegate.models.control import PlatformRun
from tidegate.models.environment import Environment
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Unreadable

MANIFEST = environments.load("dev_min")
POLICIES = environments.load_policies(MANIFEST)
RUN = PlatformRun(id="platform_1", opened_by=M2, opened_at=START, closed_by=None)
COST = f"evidence/dev_min/run_control/{M9}/m9_g_cost_guardrail_snapshot.json"
PROOF = "evidence/runs/platform_20261121T093000Z/teardown/teardown_proof.json"


BUILD = Evidence(Path(), M2, remote=True)
VERDICT, *LANES = (BUILD.key(it.task) for it in (BUILD.subject.verdict, *BUILD.subject.lanes))


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


def of_the_build(store: MemoryStore) -> tuple[JudgedPolicy, ...]:
    """What its lanes were judged under, in their order."""
    return tuple(judged(json.loads(store.objects[key])) for key in LANES)


def collected(world: Any, store: MemoryStore, environment: Environment = MANIFEST) -> Any:
    return collect_passes(world.run("audit", "k_standing_passes", remote=store, environment=environment))


def judged(document: dict[str, Any], **changes: str) -> JudgedPolicy:
    """What a snapshot, or a reference of a proof, says about its policy, which is still today's."""
    digest = document["policy_digest"]
    known = {"lane": document["lane"], "gate": document["gate"], "policy_digest": digest, "policy_digest_today": digest}
    return JudgedPolicy(**{**known, **changes})


def standing(key: str, document: dict[str, Any], *policies: JudgedPolicy) -> Known[StandingPass]:
    uri = MemoryStore().uri(key)
    return Known(StandingPass(execution_id=document["execution_id"], uri=uri, overall_pass=True, policies=policies))


def changed(store: MemoryStore, key: str, **changes: Any) -> dict[str, Any]:
    """A sealed document with these fields, in place of what is there."""
    store.objects[key] = seal({**json.loads(store.objects[key]), **changes})
    document: dict[str, Any] = json.loads(store.objects[key])
    return document


def found(facts: Any) -> list[tuple[str, str]]:
    blockers = GATE.evaluate(facts, judged_at=START)
    return [(blocker.code, blocker.summary.partition(" passed")[0]) for blocker in blockers]


def test_nothing_was_ever_judged(world: Any) -> None:
    facts = collected(world, MemoryStore())
    assert facts == StandingPassesFacts(
        observed_at=START,
        sources=(Source(name="evidence", data_as_of=START),),
        cost=Absent(),
        proof=Absent(),
        build=Absent(),
        exceptions=MANIFEST.exceptions,
        today=START.date(),
        warn_expiry_days=MANIFEST.audit.warn_expiry_days,
    )
    assert found(facts) == []


def test_passes_of_today(world: Any, store: MemoryStore) -> None:
    open_platform_run(store, "dev_min", RUN)  # type: ignore[arg-type]
    facts = collected(world, store)
    cost, proof = json.loads(store.objects[COST]), json.loads(store.objects[PROOF])
    assert facts.cost == standing(COST, cost, judged(cost))
    rests_on = [judged(reference) for reference in proof["facts"]["references"]]
    assert facts.proof == standing(PROOF, proof, judged(proof), *rests_on)
    assert facts.build == standing(VERDICT, json.loads(store.objects[VERDICT]), *of_the_build(store))
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


def test_a_lane_that_the_build_did_not_have_yet_is_passed_over(world: Any, store: MemoryStore) -> None:
    open_platform_run(store, "dev_min", RUN)  # type: ignore[arg-type]
    had = of_the_build(store)
    del store.objects[LANES[0]]
    assert collected(world, store).build.value.policies == had[1:]


def test_of_a_younger_build_without_a_verdict_nothing_counts(world: Any, store: MemoryStore) -> None:
    open_platform_run(store, "dev_min", RUN)  # type: ignore[arg-type]
    of_the_verdict = of_the_build(store)
    for key in LANES:
        younger = key.replace(M2, "m2_20261121T110000Z")
        store.objects[younger] = store.objects[key]
        changed(store, younger, execution_id="m2_20261121T110000Z", policy_digest="0" * 64)
    assert collected(world, store).build.value.policies == of_the_verdict


def test_a_gate_that_is_gone_judges_nothing_today(world: Any, store: MemoryStore) -> None:
    cost = changed(store, COST, gate="COST-OF-OLD")
    facts = collected(world, store)
    assert facts.cost == standing(COST, cost, judged(cost, policy_digest_today="no such gate"))
    assert found(facts) == [("PASS-STALE", "the newest cost guardrail (M9.G)")]


def test_a_proof_of_another_kind_rests_on_its_own_policy(world: Any, store: MemoryStore) -> None:
    """As another version wrote it: which snapshots it names, this one cannot tell."""
    proof = changed(store, PROOF, facts_type="ProofFactsOfOld", facts={})
    assert collected(world, store).proof == standing(PROOF, proof, judged(proof))


def test_a_proof_whose_facts_do_not_fit_is_unreadable(world: Any, store: MemoryStore) -> None:
    facts = {**json.loads(store.objects[PROOF])["facts"], "references": 7}
    changed(store, PROOF, facts=facts)
    assert collected(world, store).proof == Unreadable(f"{store.uri(PROOF)}: 1 fields do not fit the facts of a proof")


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


# However much there is.


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "now", lambda: START)


def proven(store: MemoryStore, name: str, **changes: Any) -> str:
    """One more proof, under this name of a platform run."""
    key = f"evidence/runs/{name}/teardown/teardown_proof.json"
    store.objects[key] = seal({**json.loads(store.objects[PROOF]), "execution_id": name, **changes})
    return key


def newest_of_all(world: Any, store: MemoryStore) -> Any:
    found = newest_proof(world.run("audit", "k_standing_passes", remote=store))
    return found.value.snapshot.execution_id if isinstance(found, Known) else found


@pytest.mark.parametrize("days", [1, 6, 8, 44, 46, 399, 401, 900])
def test_the_newest_proof_is_found_however_long_ago_it_was(
    world: Any, store: MemoryStore, today: None, days: int
) -> None:
    newer, older = START - timedelta(days=days), START - timedelta(days=days, hours=1)
    proof = json.loads(store.objects[PROOF])
    for name in (
        f"platform_{newer:%Y%m%dT%H%M%SZ}",
        f"unnumbered_m9_{older:%Y%m%dT%H%M%SZ}",
        "platform_20200101T000000Z",
    ):
        proven(store, name)
    del store.objects[PROOF]
    assert newest_of_all(world, store) == f"platform_{newer:%Y%m%dT%H%M%SZ}"
    proven_by = f"unnumbered_m9_{newer + timedelta(minutes=1):%Y%m%dT%H%M%SZ}"
    store.objects[PROOF] = seal(proof)
    proven(store, proven_by)
    del store.objects[PROOF]
    assert newest_of_all(world, store) == proven_by


@pytest.mark.parametrize("days", [0, 5, 30, 300, 800])
def test_the_newest_snapshot_is_found_however_long_ago_it_was(
    world: Any, store: MemoryStore, today: None, days: int
) -> None:
    run = world.run("audit", "k_standing_passes", remote=store)
    lane = phase_of(run.environment, "m9").lane("g_cost_guardrail")
    content = store.objects.pop(COST)
    for at in (START - timedelta(days=days), START - timedelta(days=days + 1), START - timedelta(days=2000)):
        execution = f"m9_{at:%Y%m%dT%H%M%SZ}"
        document = json.loads(content)
        store.objects[COST.replace(M9, execution)] = seal({**document, "execution_id": execution})
    found = newest_of(run, lane)
    assert isinstance(found, Known)
    assert found.value.snapshot.execution_id == f"m9_{START - timedelta(days=days):%Y%m%dT%H%M%SZ}"
    offered: list[str] = []

    def none(each: Any) -> bool:
        offered.append(each.snapshot.execution_id)
        return False

    assert newest_of(run, lane, accept=none) == Absent()
    assert len(offered) == len(set(offered)) == 3
    since = START - timedelta(days=days)
    assert isinstance(newest_of(run, lane, since=since), Known)
    assert newest_of(run, lane, since=since + timedelta(seconds=1)) == Absent()
