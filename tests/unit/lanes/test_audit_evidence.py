"""AUDIT.J: whole executions in a bucket, judged again; and what somebody did to them."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from factories_control import holder
from factories_evidence import M2, M9, PLATFORM_RUN, START, Evidence
from standins import MemoryStore
from tidegate import environments
from tidegate.evidence.canonical import seal
from tidegate.evidence.control import Series
from tidegate.gates.evidence_chain import GATE
from tidegate.lanes import audit_evidence
from tidegate.lanes.audit_evidence import collect_evidence
from tidegate.lanes.run import LaneRun
from tidegate.lanes.subjects import subject_of
from tidegate.models.audit import EvidenceChainFacts, EvidenceFinding, VerifiedExecution
from tidegate.models.control import Lease
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.verify import chain

LAST, BEFORE = "audit_20261120T020000Z", "m2_20261119T093000Z"
CHECK = "b_backend_readiness"
VERDICTS = "evidence/dev_min/verdicts"


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the lane takes for now, and who holds the run lease."""
    given: dict[str, Any] = {"now": START, "lease": Absent()}
    monkeypatch.setattr(audit_evidence, "now", lambda: given["now"])

    def check(**asked: Any) -> Lease:
        assert asked == {"dag_id": "dev_min.audit", "run_id": "manual__1", "now": given["now"]}
        return Lease(ours=False, holder=given["lease"])

    lease = SimpleNamespace(check=check)
    monkeypatch.setattr(LaneRun, "lease", lease)
    return given


def evidence(root: Path, execution: str) -> Evidence:
    """An execution that passed, in a bucket."""
    return Evidence(root, execution, remote=True, cost_scope=("aws", "confluent")).lanes().verdict()


def bucket(root: Path) -> MemoryStore:
    store = MemoryStore()
    for path in root.rglob("*.json"):
        store.objects[path.relative_to(root).as_posix()] = path.read_bytes()
    for key in list(store.objects):  # files have no versions: the factory recorded v1
        if key.startswith(VERDICTS):
            record = json.loads(store.objects[key])
            verdict = {**record["verdict"], "version_id": None}
            store.objects[key] = seal({**record, "verdict": verdict})
    relink(store)
    return store


def relink(store: MemoryStore) -> None:
    previous = None
    for key in store.keys(f"{VERDICTS}/"):
        record = json.loads(store.objects[key])
        store.objects[key] = seal({**record, "previous": previous})
        record = json.loads(store.objects[key])
        previous = {"number": record["number"], "sha256": record["digest"]}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("nights")
    for execution in (BEFORE, LAST, M2, M9):
        evidence(root, execution)
    return bucket(root).objects


@pytest.fixture
def nights(written: dict[str, bytes]) -> MemoryStore:
    """A build before the last audit; after it a build and a teardown with its proof."""
    store = MemoryStore()
    store.objects = dict(written)
    return store


def collected(world: Any, store: MemoryStore, **changes: Any) -> Any:
    run = world.run("audit", "j_evidence_chain", remote=store, environment=environments.load("dev_min"), **changes)
    return collect_evidence(run)


def codes(facts: Any) -> list[tuple[str, str]]:
    found = GATE.evaluate(facts, judged_at=START)
    return [(blocker.code, blocker.resource.rpartition("/")[2]) for blocker in found]


def test_the_first_audit_ever_has_nothing_to_verify(world: Any) -> None:
    facts = collected(world, MemoryStore())
    assert (facts.records, facts.chain, facts.proof) == (Absent(), Absent(), Absent())
    assert (facts.since, facts.executions, facts.by_record_only) == ("", (), ())
    assert codes(facts) == []


def test_what_was_judged_since_the_last_audit_is_judged_again(world: Any, nights: MemoryStore) -> None:
    facts = collected(world, nights)
    assert facts == EvidenceChainFacts(
        observed_at=START,
        sources=(Source(name="evidence", data_as_of=START),),
        records=Known(4),
        walked=4,
        chain=Known(()),
        since=LAST,
        executions=tuple(VerifiedExecution(execution_id=it, findings=Known(())) for it in (M9, M2, LAST, BEFORE)),
        by_record_only=(),
        proof=Known(M9),
    )
    assert codes(facts) == []
    lanes = {it: len(subject_of(environments.load("dev_min"), it, remote=True).required) for it in (M9, M2, LAST)}
    assert world.said[0] == "followed the links of 4 of 4 records in the chain of verdicts"
    assert world.said[1:4] == [
        f"{it}: verdict pass, {snapshots} snapshots judged again, 0 findings" for it, snapshots in lanes.items()
    ]


def test_without_an_earlier_audit_everything_is(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_evidence, "AT_MOST", 1)
    for execution in (BEFORE, M2):
        evidence(tmp_path, execution)
    facts = collected(world, bucket(tmp_path))
    assert ([it.execution_id for it in facts.executions], facts.since, facts.by_record_only) == ([M2], "", (BEFORE,))


def test_a_teardown_is_judged_in_the_cost_scope_of_its_time(world: Any, tmp_path: Path) -> None:
    """Before a scope uplift it had no lane for the bill of Confluent."""
    Evidence(tmp_path, M9, remote=True, cost_scope=("aws",)).lanes().verdict()
    (execution,) = collected(world, bucket(tmp_path)).executions
    assert execution == VerifiedExecution(execution_id=M9, findings=Known(()))


def test_an_execution_of_another_profile_is_a_finding(world: Any, nights: MemoryStore) -> None:
    newest = collected(world, nights, profile="production").executions[0]
    said = {(it.code, it.observed, it.expected) for it in newest.findings.value}
    assert said == {("FOREIGN", "profile sandbox", "profile production")}


def test_the_attempt_of_this_audit_does_not_count(world: Any, tmp_path: Path) -> None:
    run = world.run("audit", "j_evidence_chain")
    for execution in (LAST, M2, run.execution_id):
        evidence(tmp_path, execution)
    facts = collected(world, bucket(tmp_path))
    assert (facts.since, [it.execution_id for it in facts.executions]) == (LAST, [M2, LAST])


def test_so_many_are_judged_again_and_the_proof_always(
    world: Any, nights: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_evidence, "AT_MOST", 1)
    facts = collected(world, nights)
    assert ([it.execution_id for it in facts.executions], facts.by_record_only) == ([M9], (M2, LAST))
    for key in nights.keys(f"{VERDICTS}/"):
        if b'"m9_' in nights.objects[key]:
            del nights.objects[key]
    facts = collected(world, nights)
    assert ([it.execution_id for it in facts.executions], facts.by_record_only) == ([M2, M9], (LAST,))


def rerun(nights: MemoryStore) -> str:
    """A lane of the build that ran once more; returns its key."""
    (key,) = nights.keys(f"evidence/dev_min/substrate/{M2}/m2_b_backend_state_readiness_snapshot")
    again = key.replace(".json", ".attempt2.json")
    nights.objects[again] = seal({**json.loads(nights.objects[key]), "attempt": 2})
    return again


def test_a_lane_that_ran_after_its_verdict_is_a_finding(world: Any, nights: MemoryStore, moment: Any) -> None:
    again = rerun(nights)
    moment["now"] = START + timedelta(days=1)
    facts = collected(world, nights)
    (found,) = facts.executions[1].findings.value
    assert found == EvidenceFinding(
        code="LANE-SUPERSEDED",
        file=again,
        observed=f"attempt 2, newer than {again.replace('.attempt2', '')} that the verdict judged",
        expected="no attempt newer than the one in the verdict",
        remedy=found.remedy,
        certain=True,
    )
    assert "clear the verdict task" in found.remedy


@pytest.mark.parametrize(
    ("later", "execution", "ends", "told"),
    [
        (timedelta(days=1), M2, timedelta(minutes=1), False),
        (timedelta(days=1), M2, timedelta(), True),
        (timedelta(days=1), M9, timedelta(minutes=1), True),
    ],
    ids=["its-run-holds-the-lease", "its-lease-has-ended", "another-run-holds-it"],
)
def test_while_somebody_reruns_it_is_none(
    world: Any, nights: MemoryStore, moment: Any, later: timedelta, execution: str, ends: timedelta, told: bool
) -> None:
    """Its verdict follows; if it does not, the next night tells."""
    again = rerun(nights)
    moment["now"] = START + later
    moment["lease"] = Known(holder(execution_id=execution, expires_at=moment["now"] + ends))
    facts = collected(world, nights)
    assert bool(facts.executions[1].findings.value) is told
    assert any(again in line for line in world.said) is not told


@pytest.mark.parametrize(("minutes", "told"), [(0, False), (59, False), (60, True)])
def test_a_phase_without_a_lease_gets_an_hour(
    world: Any, nights: MemoryStore, moment: Any, minutes: int, told: bool
) -> None:
    rerun(nights)
    (key,) = nights.keys(f"evidence/dev_min/substrate/{M2}/m2_b_backend_state_readiness_snapshot.attempt2")
    observed = datetime.fromisoformat(json.loads(nights.objects[key])["observed_at"])
    moment["now"] = observed + timedelta(minutes=minutes)
    assert bool(collected(world, nights).executions[1].findings.value) is told


def test_a_touched_snapshot_is_a_finding(world: Any, nights: MemoryStore) -> None:
    (key,) = nights.keys(f"evidence/dev_min/substrate/{M2}/m2_b_backend_state_readiness_snapshot")
    nights.objects[key] = nights.objects[key].replace(b'"pass"', b'"Pass"', 1)
    facts = collected(world, nights)
    assert ("EVIDENCE-NOT-SOUND", "m2_b_backend_state_readiness_snapshot.json") in codes(facts)


def test_a_touched_execution_of_an_earlier_night_is_found_as_well(world: Any, nights: MemoryStore) -> None:
    (key,) = nights.keys(f"evidence/dev_min/substrate/{BEFORE}/m2_{CHECK.replace('backend', 'backend_state')}_snapshot")
    nights.objects[key] = nights.objects[key].replace(b'"pass"', b'"Pass"', 1)
    assert ("EVIDENCE-NOT-SOUND", key.rpartition("/")[2]) in codes(collected(world, nights))


def test_another_version_is_said_of_new_executions_only(
    world: Any, nights: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every night after an upgrade would find each of them."""
    whole = audit_evidence.subject_of

    def one_lane_less(environment: Any, execution: str, *, remote: bool) -> Any:
        subject = whole(environment, execution, remote=remote)
        return replace(subject, lanes=subject.lanes[1:])

    monkeypatch.setattr(audit_evidence, "subject_of", one_lane_less)
    facts = collected(world, nights)
    told = {it.execution_id for it in facts.executions if isinstance(it.findings, Known) and it.findings.value}
    assert M2 in told
    assert BEFORE not in told


def test_old_hourly_checks_are_too_many(world: Any, tmp_path: Path) -> None:
    for execution in ("hourly_20261119T093000Z", LAST, "hourly_20261120T093000Z"):
        evidence(tmp_path, execution)
    facts = collected(world, bucket(tmp_path))
    assert [it.execution_id for it in facts.executions] == ["hourly_20261120T093000Z", LAST]


def test_of_older_executions_the_newest_are_judged_again(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_evidence, "AT_MOST", 2)
    for execution in ("m2_20261118T093000Z", BEFORE, LAST):
        evidence(tmp_path, execution)
    facts = collected(world, bucket(tmp_path))
    assert ([it.execution_id for it in facts.executions], facts.by_record_only) == ([LAST, BEFORE], ())


def test_a_gap_in_the_chain_is_said_once(world: Any, nights: MemoryStore) -> None:
    del nights.objects[f"{VERDICTS}/000001.json"]
    assert codes(collected(world, nights)) == [("EVIDENCE-NOT-SOUND", "000001.json")]


def test_two_records_that_contradict_each_other(world: Any, nights: MemoryStore) -> None:
    record = json.loads(nights.objects[f"{VERDICTS}/000001.json"])
    Series(nights, VERDICTS).append_next(  # type: ignore[arg-type]
        lambda newest: {
            **record,
            "overall_pass": False,
            "previous": {"number": newest["number"], "sha256": newest["digest"]} if newest else None,
        }
    )
    assert ("EVIDENCE-NOT-SOUND", "000005.json") in codes(collected(world, nights))
    said = [it.code for it in collected(world, nights).chain.value]
    assert said == ["CHAIN-CONTRADICTION"]


@pytest.mark.parametrize(("refusing", "asked"), [("keys", ""), ("read", "000001.json")])
def test_a_bucket_that_does_not_answer(world: Any, nights: MemoryStore, refusing: str, asked: str) -> None:
    nights.refusing.add(refusing)
    facts = collected(world, nights)
    why = Unreadable(f"{VERDICTS}/{asked}: told not to answer")
    assert (facts.records, facts.chain) == (why, why)
    assert ("VERDICT-CHAIN-UNREADABLE", "verdicts") in codes(facts)


def test_an_execution_that_is_none(world: Any, nights: MemoryStore) -> None:
    record = json.loads(nights.objects[f"{VERDICTS}/000004.json"])
    nights.objects[f"{VERDICTS}/000004.json"] = seal({**record, "execution_id": "nobody"})
    facts = collected(world, nights)
    why = "'nobody' is not an execution id such as m2_20260213T201427Z"
    assert VerifiedExecution(execution_id="nobody", findings=Unreadable(why)) in facts.executions
    assert f"nobody: cannot be judged again: {why}" in world.said
    assert ("EXECUTION-EVIDENCE-UNREADABLE", "nobody") in codes(facts)


def test_a_proof_that_cannot_be_read(world: Any, nights: MemoryStore) -> None:
    nights.objects[f"evidence/runs/{PLATFORM_RUN}/teardown/teardown_proof.json"] = b"{}"
    assert ("TEARDOWN-PROOF-UNREADABLE", "runs") in codes(collected(world, nights))


def test_a_proof_of_another_environment_is_not_ours(world: Any, nights: MemoryStore) -> None:
    key = f"evidence/runs/{PLATFORM_RUN}/teardown/teardown_proof.json"
    proof = json.loads(nights.objects[key])
    newer = "evidence/runs/platform_20261125T093000Z/teardown/teardown_proof.attempt2.json"
    nights.objects[newer] = seal({**proof, "environment": "other", "execution_id": "m9_20261125T093000Z"})
    assert collected(world, nights).proof == Known(M9)


# A chain too long for one night.


class Counting(MemoryStore):
    """Counts the records of the chain that are read."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__()
        self.objects = objects
        self.records: list[int] = []

    def read(self, key: str) -> Any:
        if key.startswith(f"{VERDICTS}/"):
            self.records.append(int(key.rpartition("/")[2].removesuffix(".json")))
        return super().read(key)


def lengthened(nights: MemoryStore, hourly: int) -> Counting:
    """The same nights after so many hourly checks."""
    records = [json.loads(nights.objects[key]) for key in nights.keys(f"{VERDICTS}/")]
    store = Counting({key: it for key, it in nights.objects.items() if not key.startswith(VERDICTS)})
    for number in range(1, hourly + len(records) + 1):
        record = {**records[max(0, number - hourly - 1)], "number": number}
        if number <= hourly:
            hour = f"{START - timedelta(hours=number + 99):%Y%m%dT%H%M%SZ}"
            record |= {"phase": "hourly", "execution_id": f"hourly_{hour}"}
            record["verdict"] = {**record["verdict"], "uri": f"s3://bucket/{number}"}
        store.objects[f"{VERDICTS}/{number:06d}.json"] = seal(record)
    relink(store)
    return store


def walked(world: Any, store: MemoryStore) -> Any:
    """The chain as one night reads it, with nothing judged again."""
    run = world.run("audit", "j_evidence_chain", remote=store, environment=environments.load("dev_min"))
    return audit_evidence._chain(run, Known(M9))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four records a block, and no more than twelve asked for."""
    monkeypatch.setattr(chain, "BLOCK", 4)
    monkeypatch.setattr(audit_evidence, "RECORDS", 12)


def test_a_night_reads_as_many_records_of_a_long_chain(world: Any, nights: MemoryStore, few: None) -> None:
    for hourly in (32, 300):
        store = lengthened(nights, hourly)
        facts = collected(world, store)
        assert (facts.records, facts.walked, facts.chain) == (Known(hourly + 4), 16, Known(()))
        assert [it.execution_id for it in facts.executions] == [M9, M2, LAST, BEFORE]
        assert codes(facts) == []
        assert len(store.records) == 12 + 4 + 1
        assert sorted(store.records)[-12:] == [*range(hourly - 7, hourly + 5)]


def test_a_night_asks_as_often_of_a_thousand_records_as_of_fewer(world: Any, nights: MemoryStore) -> None:
    """With the numbers that are in force: 500 records, and 200 of the others."""
    asked = []
    for hourly in (796, 996):
        store = lengthened(nights, hourly)
        collected(world, store)
        asked.append(len(store.records))
    assert asked == [audit_evidence.RECORDS + 100 + chain.BLOCK + 1] * 2


def test_every_record_is_read_in_as_many_nights_as_there_are_blocks(
    world: Any, nights: MemoryStore, moment: Any, few: None
) -> None:
    """34 records, the newest 12 of them each night: the other 22 are six blocks."""
    store = lengthened(nights, 30)
    for _ in range(6):
        walked(world, store)
        moment["now"] += timedelta(days=1)
    assert set(store.records) == {*range(1, 35)}


@pytest.mark.parametrize("touched", [2, 4, 5, 22, 23, 33])
def test_a_broken_link_is_found_in_one_of_those_nights(
    world: Any, nights: MemoryStore, moment: Any, few: None, touched: int
) -> None:
    store = lengthened(nights, 30)
    key = f"{VERDICTS}/{touched:06d}.json"
    store.objects[key] = seal({**json.loads(store.objects[key]), "recorded_at": "2026-11-01T00:00:00+00:00"})
    found = set()
    for _ in range(6):
        found |= {(it.code, it.file) for it in walked(world, store).value.findings}
        moment["now"] += timedelta(days=1)
    assert found == {("CHAIN-LINK-MISMATCH", f"{VERDICTS}/{touched + 1:06d}.json")}


def test_a_missing_number_is_found_each_night(world: Any, nights: MemoryStore, few: None) -> None:
    store = lengthened(nights, 300)
    del store.objects[f"{VERDICTS}/000150.json"]
    assert [(it.code, it.file) for it in walked(world, store).value.findings] == [
        ("CHAIN-GAP", f"{VERDICTS}/000150.json")
    ]


def test_it_reads_back_to_the_audit_before_and_to_the_proof(
    world: Any, nights: MemoryStore, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many records came after: those the audit before had read, and the proof needs its own."""
    monkeypatch.setattr(audit_evidence, "RECORDS", 1)
    monkeypatch.setattr(chain, "BLOCK", 3)
    store = lengthened(nights, 30)  # records 31 to 34: build, audit, build, teardown
    walked(world, store)
    assert sorted(store.records[:6]) == [*range(29, 35)]
    record = json.loads(store.objects[f"{VERDICTS}/000034.json"])
    for number in range(35, 60):
        hour = f"{START + timedelta(hours=number):%Y%m%dT%H%M%SZ}"
        later = {**record, "number": number, "phase": "audit", "execution_id": f"audit_{hour}"}
        later["verdict"] = {**record["verdict"], "uri": f"s3://bucket/{number}"}
        store.objects[f"{VERDICTS}/{number:06d}.json"] = seal(later)
    relink(store)
    proof = next(it for it in collected(world, store).executions if it.execution_id == M9)
    assert proof.findings == Known(())
