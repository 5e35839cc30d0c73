"""`verify` finds each thing that can be wrong with evidence, names it, and finds nothing where nothing is wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import factories_guardrails as guardrails
import factories_world as world
from factories_evidence import FACTS, M1, M2, M9, PLATFORM_RUN, START, Evidence
from standins import MemoryStore
from tidegate.evidence.canonical import seal
from tidegate.gates.registry import by_id
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.snapshot import blocker_document
from tidegate.verify.chain import read_chain
from tidegate.verify.execution import Verification, verify_execution
from tidegate.verify.standing import standing_today

GUARD, CHECK, VERDICT = "f_demo.plan_and_guard", "b_backend_readiness", "j_phase_verdict"
LAST = "i_teardown_viability"
"""The last lane before the verdict: no other snapshot names its as an input."""
NAT = world.plan_facts(world.planned("aws_nat_gateway.this", "create"))


def whole(root: Path, execution: str = M2, *, remote: bool = False) -> Evidence:
    """An execution that passed."""
    return Evidence(root, execution, remote=remote).lanes().verdict()


def blocked(root: Path, *, remote: bool = False) -> Evidence:
    """An execution that the guard of demo blocked."""
    return Evidence(root, remote=remote).lanes(blocked=GUARD, blocked_facts=NAT).verdict()


def verified(evidence: Evidence, **options: Any) -> Verification:
    """Every finding of every test is looked at whole, so that a test needs to name its code and file only."""
    verification = verify_execution(evidence.store, evidence.subject, **options)
    for finding in verification.findings:
        said = [getattr(finding, name) for name in ("code", "file", "observed", "expected", "remedy")]
        assert all(isinstance(text, str) and text.strip() and "\n" not in text for text in said), finding
        assert "None" not in said, finding
        assert isinstance(finding.certain, bool)
    return verification


def found(evidence: Evidence) -> list[tuple[str, str]]:
    """Codes and files."""
    return [(finding.code, finding.file) for finding in verified(evidence).findings]


# What is in order.


@pytest.mark.parametrize("remote", [False, True], ids=["mirror", "bucket"])
@pytest.mark.parametrize("execution", [M1, M2, M9, "audit_20260213T210000Z", "hourly_20260213T220000Z"])
def test_a_run_that_passed(tmp_path: Path, execution: str, remote: bool) -> None:
    evidence = whole(tmp_path, execution, remote=remote)
    result = verified(evidence)
    assert (result.findings, result.verdict, result.profile) == ((), "pass", "sandbox")
    assert (result.sound, result.certain) == (True, True)
    assert len(result.execution.documents) == len(evidence.subject.required)
    assert result.inputs_checked == 2 * len(evidence.subject.lanes) - 1
    assert result.inputs_elsewhere == len(evidence.subject.lanes) - 1
    assert result.chained == (1 if remote else None)


@pytest.mark.parametrize("remote", [False, True], ids=["mirror", "bucket"])
def test_a_run_that_was_blocked_is_sound_too(tmp_path: Path, remote: bool) -> None:
    result = verified(blocked(tmp_path, remote=remote))
    assert (result.findings, result.verdict) == ((), "fail")


@pytest.mark.parametrize("remote", [False, True], ids=["mirror", "bucket"])
def test_fail_fix_rerun_pass_stays_visible_and_sound(tmp_path: Path, remote: bool) -> None:
    """EV5."""
    evidence = blocked(tmp_path, remote=remote)
    evidence.write(GUARD, world.plan_facts(), attempt=2)
    after = evidence.subject.lanes
    for required in after[[it.task for it in after].index(GUARD) + 1 :]:
        evidence.write(required.task, replace(FACTS[required.gate](), observed_at=START))
    evidence.verdict(attempt=2)
    result = verified(evidence)
    assert (result.findings, result.verdict) == ((), "pass")
    assert [it.attempt for it in result.execution.of(GUARD)] == [1, 2]
    assert result.chained == (2 if remote else None)


def test_what_was_too_old_to_judge_stays_closed(tmp_path: Path) -> None:
    """The time of the judgement is not stored, so this one cannot be repeated; but it is no pass."""
    facts = world.plan_facts()
    late = by_id("PLAN-GUARD").evaluate(facts, judged_at=facts.observed_at + timedelta(hours=1))
    stale = [blocker_document(blocker) for blocker in late]
    evidence = Evidence(tmp_path).lanes(blocked=GUARD)
    evidence.rewrite(GUARD, blockers=stale, overall_pass=False, status="fail")
    assert found(evidence.verdict()) == []
    evidence.rewrite(GUARD, overall_pass=True, status="pass")
    assert ("JUDGEMENT-MISMATCH", evidence.key(GUARD)) in found(evidence)


def test_another_execution_may_prove_the_same_platform_run(tmp_path: Path) -> None:
    first = Evidence(tmp_path, M9).lanes().verdict()
    second = Evidence(tmp_path, "m9_20261121T110000Z")
    for required in second.subject.lanes:
        attempt = 2 if required.snapshot == "teardown_proof" else 1
        second.write(required.task, FACTS[required.gate](), attempt=attempt)
    second.verdict()
    assert found(first) == []
    assert found(second) == []


# Bytes.


def test_any_flipped_byte_is_found(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    path = evidence.path(CHECK)
    content = path.read_bytes()
    for position in range(0, len(content), 97):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        (finding, *others) = verified(evidence).findings
        assert (finding.code, finding.file, others) == ("DIGEST-MISMATCH", evidence.key(CHECK), []), position


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda content: content + b"\n", id="one-more-newline"),
        pytest.param(lambda content: content[:-9], id="cut"),
        pytest.param(lambda content: b"", id="emptied"),
        pytest.param(lambda content: b"[]", id="a-list"),
        pytest.param(lambda content: b"[" * 100_000, id="too-deep"),
        pytest.param(lambda content: json.dumps(json.loads(content)).encode(), id="formatted-differently"),
        pytest.param(lambda content: content.replace(b"{", b'{"attempt": 7,', 1), id="a-key-twice"),
        pytest.param(lambda content: content.replace(b'"attempt": 1', b'"attempt": NaN'), id="not-a-number"),
        pytest.param(lambda content: content.replace(b'"attempt": 1', b'"attempt": 9007199254740993'), id="too-large"),
        pytest.param(lambda content: content.replace(b'"platform"', b'"\\ud800"', 1), id="no-character"),
    ],
)
def test_bytes_that_are_not_as_written(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    evidence = whole(tmp_path)
    path = evidence.path(CHECK)
    before = path.read_bytes()
    path.write_bytes(change(before))
    assert path.read_bytes() != before
    assert found(evidence) == [("DIGEST-MISMATCH", evidence.key(CHECK))]


@pytest.mark.parametrize(
    ("content", "observed", "expected"),
    [
        (b"[]", "a JSON list", "a sealed JSON object"),
        (b"7", "a JSON int", "a sealed JSON object"),
        (b'{"digest": "abc"}', "digest ", "digest abc"),
        (b"{}", "digest ", "digest None"),
    ],
)
def test_what_is_wrong_with_the_bytes_is_said(tmp_path: Path, content: bytes, observed: str, expected: str) -> None:
    evidence = whole(tmp_path)
    evidence.path(CHECK).write_bytes(content)
    (finding,) = verified(evidence).findings
    assert finding.observed.startswith(observed)
    assert finding.expected == expected


def test_a_flipped_byte_in_the_verdict(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    path = evidence.path(VERDICT)
    path.write_bytes(path.read_bytes().replace(b"success", b"sucCess", 1))
    result = verified(evidence)
    assert [finding.code for finding in result.findings] == ["DIGEST-MISMATCH"]
    assert result.verdict == "missing"


# Schema.


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"overall_pass": "true"}, "overall_pass"),
        ({"attempt": "1"}, "attempt"),
        ({"extra": 1}, "extra"),
        ({"schema": {"name": "tidegate.snapshot", "version": 3}}, "schema.version"),
        ({"schema": "tidegate.snapshot"}, "schema"),
        ({"valid_until": "2026-11-22T09:30:00"}, "valid_until"),
        ({"valid_until": "2026-11-22T09:30:00+01:00"}, "valid_until"),
        ({"status": "passed"}, "status"),
        ({"profile": "moon"}, "profile"),
    ],
)
def test_a_document_of_another_shape(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    evidence = whole(tmp_path)
    evidence.rewrite(CHECK, **changes)
    findings = verified(evidence).findings
    assert [(finding.code, finding.file) for finding in findings] == [("SCHEMA-MISMATCH", evidence.key(CHECK))]
    assert said in findings[0].observed


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda facts: {**facts, "expected_region": 7}, id="wrong-kind"),
        pytest.param(lambda facts: {**facts, "extra": "x"}, id="more-than-the-type"),
        pytest.param(lambda facts: {k: v for k, v in facts.items() if k != "stacks"}, id="less-than-the-type"),
        pytest.param(lambda facts: {**facts, "lock_table": None}, id="nothing-there"),
    ],
)
def test_facts_of_another_shape(tmp_path: Path, change: Callable[[Any], Any]) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite(CHECK, facts=change(evidence.document(CHECK)["facts"]))
    assert found(evidence.verdict()) == [
        ("SCHEMA-MISMATCH", evidence.key(CHECK)),
        ("INPUT-MISMATCH", evidence.key(CHECK)),
    ]


def test_facts_of_another_type(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    evidence.rewrite(CHECK, facts_type="PlanFacts")
    assert ("SCHEMA-MISMATCH", evidence.key(CHECK)) in found(evidence)


# Judgements.


def test_a_forged_pass_with_a_new_digest(tmp_path: Path) -> None:
    evidence = blocked(tmp_path)
    evidence.rewrite(GUARD, overall_pass=True, status="pass", blockers=[])
    finding = next(it for it in verified(evidence).findings if it.code == "JUDGEMENT-MISMATCH")
    assert finding.file == evidence.key(GUARD)
    assert finding.observed == "overall_pass true, 0 blockers, of them only here: none"
    assert finding.expected == (
        "overall_pass false, 1 blockers, of them only here: FORBIDDEN-RESOURCE aws_nat_gateway.this"
    )


def test_a_forged_pass_with_a_forged_verdict(tmp_path: Path) -> None:
    """Everything recomputed but the facts: these still say what was seen."""
    evidence = Evidence(tmp_path).lanes()
    honest = Evidence(tmp_path / "other").lanes(blocked=GUARD, blocked_facts=NAT)
    facts = {"facts": honest.document(GUARD)["facts"], "observed_at": honest.document(GUARD)["observed_at"]}
    evidence.rewrite(GUARD, **facts)
    codes = found(evidence.verdict())
    assert ("JUDGEMENT-MISMATCH", evidence.key(GUARD)) in codes
    assert {code for code, _ in codes} == {"JUDGEMENT-MISMATCH", "INPUT-MISMATCH"}


def test_a_forged_failure(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    blocker = {
        "code": "LOCK-TABLE-MISSING",
        **dict.fromkeys(("summary", "resource", "observed", "expected", "remedy", "owner"), "x"),
    }
    evidence.rewrite(CHECK, overall_pass=False, status="fail", blockers=[blocker])
    assert ("JUDGEMENT-MISMATCH", evidence.key(CHECK)) in found(evidence)


def test_other_blockers_than_the_facts_have(tmp_path: Path) -> None:
    evidence = blocked(tmp_path)
    document = evidence.document(GUARD)
    evidence.rewrite(GUARD, blockers=[{**document["blockers"][0], "resource": "aws_vpc.harmless"}])
    finding = next(it for it in verified(evidence).findings if it.code == "JUDGEMENT-MISMATCH")
    assert "aws_vpc.harmless" in finding.observed
    assert "aws_nat_gateway.this" in finding.expected


@pytest.mark.parametrize(
    "changes",
    [
        {"overall_pass": False},
        {"status": "fail"},
        {"status": "stale"},
        {"observed_at": "2026-11-21T09:31:30Z"},
        {"plan_sha256": "c" * 64},
        {"state": None},
        {"sources": [{"name": "x", "data_as_of": "2026-11-21T09:31:30Z", "coverage": []}]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_field_that_its_facts_contradict(tmp_path: Path, changes: dict[str, Any]) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite(GUARD, **changes)
    assert ("JUDGEMENT-MISMATCH", evidence.key(GUARD)) in found(evidence.verdict())


def test_who_called_is_what_the_facts_say(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite("a_readiness", identity={"account": "1", "arn": "x", "session": "y"})
    assert ("JUDGEMENT-MISMATCH", evidence.key("a_readiness")) in found(evidence.verdict())


# Places and attempts.


@pytest.mark.parametrize(
    ("changes", "observed", "expected"),
    [
        ({"environment": "prod"}, "environment prod", "environment dev_min"),
        ({"profile": "aws"}, "profile aws", "profile sandbox"),
        ({"execution_id": "m2_x"}, "execution_id m2_x", f"execution_id {M2}"),
        ({"lane": "M2.C"}, "lane M2.C", "lane M2.B"),
    ],
)
def test_a_snapshot_of_another_place(tmp_path: Path, changes: dict[str, Any], observed: str, expected: str) -> None:
    evidence = whole(tmp_path)
    evidence.rewrite(CHECK, **changes)
    finding = next(it for it in verified(evidence).findings if it.code == "FOREIGN")
    assert (finding.file, finding.observed, finding.expected) == (evidence.key(CHECK), observed, expected)


def test_a_snapshot_of_another_gate(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    evidence.path(CHECK).write_bytes(evidence.path("g_network_posture").read_bytes())
    assert {it.observed for it in verified(evidence).findings if it.code == "FOREIGN"} == {
        "lane M2.G",
        "task g_network_posture",
        "gate NETWORK-POSTURE",
    }


def test_a_profile_that_was_asked_for(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    assert {it.code for it in verified(evidence, profile="aws").findings} == {"FOREIGN"}
    assert verified(evidence, profile="sandbox").findings == ()


def test_the_profile_of_the_verdict_counts_for_all(tmp_path: Path) -> None:
    """However many lanes say otherwise: the verdict is what the execution stands for."""
    evidence = Evidence(tmp_path).lanes()
    result = verified(evidence.verdict(profile="aws"))
    foreign = [(it.file, it.observed, it.expected) for it in result.findings if it.code == "FOREIGN"]
    assert foreign == [(evidence.key(it.task), "profile sandbox", "profile aws") for it in evidence.subject.lanes]
    assert result.profile == "aws"


def test_swapped_attempts(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.write(CHECK, world.backend_facts(), attempt=2)
    evidence.verdict()
    one, two = evidence.path(CHECK), evidence.path(CHECK, 2)
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    codes = found(evidence)
    assert ("ATTEMPT-MISMATCH", evidence.key(CHECK)) in codes
    assert ("ATTEMPT-MISMATCH", evidence.key(CHECK, 2)) in codes
    assert ("LANE-DIGEST-MISMATCH", evidence.key(CHECK, 2)) in codes


def test_an_attempt_after_the_verdict(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    evidence.write(CHECK, world.backend_facts(), attempt=2)
    assert found(evidence) == [("LANE-SUPERSEDED", evidence.key(CHECK, 2))]


def test_a_snapshot_that_the_verdict_did_not_see(tmp_path: Path) -> None:
    evidence = blocked(tmp_path)
    evidence.write("g_network_posture", world.posture_facts())
    assert found(evidence) == [("LANE-SUPERSEDED", evidence.key("g_network_posture"))]


# What is not there.


def test_a_deleted_snapshot(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    evidence.path(CHECK).unlink()
    codes = found(evidence)
    assert set(codes) == {("SNAPSHOT-MISSING", evidence.key(CHECK))}
    expected = {it.expected for it in verified(evidence).findings}
    assert any("as the verdict in" in text for text in expected)
    assert any("an input of" in text for text in expected)


def test_a_deleted_newest_attempt_is_not_replaced_by_an_older_one(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.write(CHECK, world.backend_facts(), attempt=2)
    evidence.verdict()
    evidence.path(CHECK, 2).unlink()
    assert set(found(evidence)) == {("SNAPSHOT-MISSING", evidence.key(CHECK, 2))}


def test_a_deleted_earlier_attempt(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.write(LAST, guardrails.viability_facts(), attempt=2)
    evidence.verdict()
    evidence.path(LAST).unlink()
    assert found(evidence) == [("SNAPSHOT-MISSING", evidence.key(LAST))]


def test_a_deleted_verdict(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    evidence.path(VERDICT).unlink()
    result = verified(evidence)
    assert [(it.code, it.file) for it in result.findings] == [("SNAPSHOT-MISSING", evidence.key(VERDICT))]
    assert (result.verdict, result.certain) == ("missing", True)


def test_an_execution_that_nobody_knows(tmp_path: Path) -> None:
    result = verified(Evidence(tmp_path))
    assert [it.code for it in result.findings] == ["EXECUTION-UNKNOWN"]
    assert (result.verdict, result.certain, result.sound) == ("missing", False, False)


# The verdict.


def test_a_verdict_without_a_lane_cannot_be_told(tmp_path: Path) -> None:
    """It may be of an older version; or somebody took a failed lane away."""
    evidence = Evidence(tmp_path).lanes()
    lanes = tuple(evidence.result(it, START) for it in evidence.subject.lanes if it.task != CHECK)
    result = verified(evidence.verdict(lanes=lanes))
    assert [(it.code, it.observed) for it in result.findings] == [
        ("LANES-DIFFER", f"not in the verdict: {CHECK}; only in the verdict: none")
    ]
    assert result.certain is False


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"status": Known("fail")}, "status fail"),
        ({"overall_pass": Known(False)}, "overall_pass False"),
        ({"environment": Known("prod")}, "environment prod"),
        ({"profile": Absent()}, "profile none"),
        ({"execution_id": Known("m2_x")}, "execution_id m2_x"),
        ({"digest_valid": Known(False)}, "digest_valid False"),
        ({"blockers": ("X",)}, "1 blockers"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_verdict_that_says_otherwise_than_its_lane(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    evidence = Evidence(tmp_path).lanes()
    lanes = tuple(
        replace(evidence.result(it, START), **changes) if it.task == CHECK else evidence.result(it, START)
        for it in evidence.subject.lanes
    )
    findings = verified(evidence.verdict(lanes=lanes)).findings
    assert [(it.code, it.file) for it in findings] == [("JUDGEMENT-MISMATCH", evidence.key(VERDICT))]
    assert f"{CHECK}: {said}" in findings[0].observed


@pytest.mark.parametrize("remote", [False, True], ids=["mirror", "bucket"])
@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(lambda uri: uri.replace(".json", ".copy.json"), id="beside-the-attempts"),
        pytest.param(lambda uri: f"https://example.com/{uri}", id="in-no-store"),
        pytest.param(lambda uri: "", id="nowhere"),
    ],
)
def test_a_verdict_that_judged_from_elsewhere(tmp_path: Path, elsewhere: Callable[[str], str], *, remote: bool) -> None:
    """The digest may be right: nobody can look at what the verdict looked at."""
    evidence = Evidence(tmp_path, remote=remote).lanes()
    uri = elsewhere(evidence.uri(CHECK))
    lanes = tuple(
        replace(evidence.result(it, START), uri=uri) if it.task == CHECK else evidence.result(it, START)
        for it in evidence.subject.lanes
    )
    findings = verified(evidence.verdict(lanes=lanes)).findings
    assert [(it.code, it.file, it.observed) for it in findings] == [
        ("JUDGEMENT-MISMATCH", evidence.key(VERDICT), f"{CHECK}: judged from {uri or 'nowhere'}")
    ]
    assert findings[0].expected == "the address of an attempt of this lane"


def test_a_lane_that_the_verdict_could_not_read(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    unreadable: Any = Unreadable("503")
    lanes = tuple(
        replace(evidence.result(it, START), stored_digest=unreadable)
        if it.task == CHECK
        else evidence.result(it, START)
        for it in evidence.subject.lanes
    )
    result = verified(evidence.verdict(lanes=lanes))
    assert (result.findings, result.verdict) == ((), "fail")


def test_a_pass_that_had_expired_at_its_verdict(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite(LAST, valid_until="2026-11-21T10:00:00Z")
    lanes = tuple(evidence.result(it, START) for it in evidence.subject.lanes)
    findings = verified(evidence.verdict(lanes=lanes)).findings
    assert [(it.code, it.file) for it in findings] == [("JUDGEMENT-MISMATCH", evidence.key(VERDICT))]
    assert "valid until 2026-11-21T10:00:00" in findings[0].expected


def test_a_pass_that_expired_in_the_second_after_its_verdict(tmp_path: Path) -> None:
    """Valid up to and with its last moment, as the gate has it."""
    evidence = Evidence(tmp_path).lanes()
    at = evidence.verdict().document(VERDICT)["observed_at"]
    evidence.path(VERDICT).unlink()
    evidence.rewrite(LAST, valid_until=at)
    lanes = tuple(evidence.result(it, START) for it in evidence.subject.lanes)
    assert found(evidence.verdict(lanes=lanes)) == []


def test_a_verdict_of_another_phase(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes().verdict()
    facts = {**evidence.document(VERDICT)["facts"], "phase": "m9"}
    evidence.rewrite(VERDICT, facts=facts)
    assert found(evidence) == [("JUDGEMENT-MISMATCH", evidence.key(VERDICT))]


# What this version does not know.


def test_a_gate_of_another_version(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite(LAST, gate_version=7)
    result = verified(evidence.verdict())
    assert [it.code for it in result.findings] == ["GATE-VERSION"]
    assert result.certain is False
    assert "commit c" in result.findings[0].remedy


def test_a_gate_that_nobody_knows(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite(LAST, gate="MOON-PHASE")
    assert {it.code for it in verified(evidence.verdict()).findings} == {"FOREIGN", "GATE-UNKNOWN"}


@pytest.mark.parametrize("remote", [False, True], ids=["mirror", "bucket"])
def test_a_file_that_no_lane_writes(tmp_path: Path, remote: bool) -> None:
    evidence = whole(tmp_path, remote=remote)
    key = evidence.key(CHECK).replace("m2_b_backend", "m2_x_other")
    evidence.store.create(key, seal({}))
    result = verified(evidence)
    assert [(it.code, it.file) for it in result.findings] == [("FILE-UNKNOWN", key)]
    assert result.certain is False


# Inputs.


def test_an_input_of_another_execution(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, remote=True).lanes()
    key = "evidence/dev_min/bootstrap/m1_x/m1_d_phase_verdict.json"
    stored = evidence.store.create(key, seal({"a": 1}))
    digest = json.loads(evidence.store.read(stored.key)[1])["digest"]
    given = {"uri": f"s3://{evidence.subject.bucket}/{key}", "version_id": None, "sha256": digest}
    evidence.rewrite(LAST, inputs=[given])
    evidence.verdict()
    assert found(evidence) == []
    (tmp_path / key).write_bytes(seal({"a": 2}))
    assert found(evidence) == [("INPUT-MISMATCH", key)]
    (tmp_path / key).write_bytes(b"broken")
    assert found(evidence) == [("INPUT-MISMATCH", key)]
    (tmp_path / key).unlink()
    assert found(evidence) == [("SNAPSHOT-MISSING", key)]


@pytest.mark.parametrize("field", ["execution_id", "environment", "phase", "profile"])
def test_a_verdict_over_the_facts_of_another_place(tmp_path: Path, field: str) -> None:
    """What was judged is what the verdict stands for: the field that differs is named."""
    evidence = whole(tmp_path)
    was = evidence.document(VERDICT)["facts"][field]
    evidence.rewrite(VERDICT, facts={**evidence.document(VERDICT)["facts"], field: "other"})
    said = {(it.file, it.observed, it.expected) for it in verified(evidence).findings}
    assert (evidence.key(VERDICT), f"{field} other in the facts", f"{field} {was}") in said


# The chain.


def chained(root: Path) -> Evidence:
    """The second of three chained executions."""
    whole(root, M1, remote=True)
    evidence = whole(root, M2, remote=True)
    whole(root, M9, remote=True)
    return evidence


def record(evidence: Evidence, number: int) -> Path:
    return evidence.root / f"evidence/dev_min/verdicts/{number:06d}.json"


def reseal(path: Path, **changes: Any) -> None:
    path.write_bytes(seal({**json.loads(path.read_bytes()), **changes}))


def test_a_whole_chain(tmp_path: Path) -> None:
    result = verified(chained(tmp_path))
    assert (result.findings, result.chained) == ((), 3)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        pytest.param(lambda it: record(it, 1).unlink(), ["CHAIN-GAP"], id="the-first-is-gone"),
        pytest.param(lambda it: record(it, 2).unlink(), ["CHAIN-GAP", "VERDICT-UNCHAINED"], id="ours-is-gone"),
        pytest.param(
            lambda it: record(it, 1).write_bytes(record(it, 1).read_bytes().replace(b'"m1"', b'"m2"')),
            ["DIGEST-MISMATCH"],
            id="one-flipped-byte",
        ),
        pytest.param(lambda it: reseal(record(it, 1), overall_pass=False), ["CHAIN-LINK-MISMATCH"], id="recomputed"),
        pytest.param(lambda it: reseal(record(it, 2), previous=None), ["CHAIN-LINK-MISMATCH"] * 2, id="unlinked"),
        pytest.param(
            lambda it: reseal(record(it, 1), previous={"number": 1, "sha256": "a" * 64}),
            ["CHAIN-LINK-MISMATCH"] * 2,
            id="a-link-before-the-first",
        ),
        pytest.param(lambda it: reseal(record(it, 3), number=9), ["CHAIN-LINK-MISMATCH"], id="another-number"),
        pytest.param(lambda it: reseal(record(it, 3), extra=1), ["SCHEMA-MISMATCH"], id="another-shape"),
        pytest.param(
            lambda it: reseal(record(it, 2), overall_pass=False),
            ["CHAIN-LINK-MISMATCH", "CHAIN-VERDICT-MISMATCH"],
            id="ours-says-otherwise",
        ),
        pytest.param(
            lambda it: it.rewrite(VERDICT, valid_until="2027-11-21T10:00:00Z"),
            ["CHAIN-VERDICT-MISMATCH"],
            id="a-verdict-with-a-new-digest",
        ),
    ],
)
def test_a_broken_chain(tmp_path: Path, change: Callable[[Evidence], Any], codes: list[str]) -> None:
    evidence = chained(tmp_path)
    change(evidence)
    assert [code for code, _ in found(evidence)] == codes


@pytest.mark.parametrize(
    ("change", "number", "observed", "expected"),
    [
        pytest.param(lambda it: record(it, 1).unlink(), 1, "no such record", "no gap", id="gap"),
        pytest.param(
            lambda it: reseal(record(it, 3), previous=None), 3, "no link", "a link to record 2", id="unlinked"
        ),
        pytest.param(
            lambda it: reseal(record(it, 3), previous={"number": 1, "sha256": "a" * 64}),
            3,
            "a link to record 1",
            "a link to record 2",
            id="linked-past-one",
        ),
        pytest.param(
            lambda it: reseal(record(it, 3), previous={"number": 2, "sha256": "a" * 64}),
            3,
            f"a link to digest {'a' * 64}",
            "digest ",
            id="linked-to-another-digest",
        ),
        pytest.param(
            lambda it: reseal(record(it, 1), previous={"number": 1, "sha256": "a" * 64}),
            1,
            "a link to record 1",
            "no link, for it is the first",
            id="a-link-before-the-first",
        ),
        pytest.param(
            lambda it: reseal(record(it, 3), number=9),
            3,
            "number 9 inside",
            "the number in the file's name",
            id="another-number",
        ),
        pytest.param(
            lambda it: reseal(record(it, 3), extra=1), 3, "1 fields do not fit", "a verdict record", id="another-shape"
        ),
        pytest.param(
            lambda it: reseal(record(it, 3), number="3"), 3, "1 fields do not fit", "a verdict record", id="no-number"
        ),
    ],
)
def test_a_broken_link_is_named(tmp_path: Path, change: Any, number: int, observed: str, expected: str) -> None:
    """Which record, what stands in it, and what should."""
    evidence = chained(tmp_path)
    change(evidence)
    finding = verified(evidence).findings[0]
    assert (finding.file, finding.observed) == (f"evidence/dev_min/verdicts/{number:06d}.json", observed)
    assert finding.expected.startswith(expected)


@pytest.mark.parametrize(
    ("changes", "observed"),
    [
        ({"overall_pass": False}, "overall_pass False"),
        ({"phase": "m1"}, "phase m1"),
        ({"verdict": {"uri": "s3://x/y", "version_id": "?", "sha256": "a" * 64}}, f"digest {'a' * 64}"),
        ({"verdict": {"uri": "s3://x/y", "version_id": "?", "sha256": "a" * 64}}, "uri s3://x/y"),
    ],
)
def test_a_record_of_another_verdict_says_what_differs(tmp_path: Path, changes: Any, observed: str) -> None:
    evidence = chained(tmp_path)
    reseal(record(evidence, 2), **changes)
    broken = [it for it in verified(evidence).findings if it.code == "CHAIN-VERDICT-MISMATCH"]
    assert observed in [it.observed for it in broken]
    for finding in broken:
        name = finding.observed.partition(" ")[0]
        assert finding.file == "evidence/dev_min/verdicts/000002.json"
        assert finding.expected.startswith(f"{name} ")


@pytest.mark.parametrize(
    ("recorded", "wrong"),
    [
        pytest.param("v1", [("version_id v1", "version_id v-")], id="another-version"),
        pytest.param(None, [], id="recorded-before-the-bucket-was-there"),
    ],
)
def test_the_version_that_was_recorded(tmp_path: Path, recorded: str | None, wrong: list[tuple[str, str]]) -> None:
    """In a store with versions; files have none."""
    evidence = whole(tmp_path, remote=True)
    verdict = json.loads(record(evidence, 1).read_bytes())["verdict"]
    reseal(record(evidence, 1), verdict={**verdict, "version_id": recorded})
    store = MemoryStore()
    for path in tmp_path.rglob("*.json"):
        store.objects[path.relative_to(tmp_path).as_posix()] = path.read_bytes()
    result = verify_execution(store, evidence.subject)
    broken = [it for it in result.findings if it.code == "CHAIN-VERDICT-MISMATCH"]
    assert [(it.observed, it.expected[: len("version_id v-")]) for it in broken] == wrong


def test_the_chain_is_walked_without_a_verdict(tmp_path: Path) -> None:
    """Gone or broken, it is said once, and the chain is looked at all the same."""
    evidence = chained(tmp_path)
    evidence.path(VERDICT).write_bytes(b"not json")
    broken = verified(evidence)
    assert (broken.chained, {it.file for it in broken.findings}) == (3, {evidence.key(VERDICT)})
    evidence.path(VERDICT).unlink()
    gone = verified(evidence)
    assert (gone.chained, [it.code for it in gone.findings]) == (3, ["SNAPSHOT-MISSING"])


@pytest.mark.parametrize("name", ["notes", "\u00b2"])
def test_a_stranger_in_the_chain_is_no_number(tmp_path: Path, name: str) -> None:
    evidence = chained(tmp_path)
    stranger = record(evidence, 1).with_name(f"{name}.json")
    stranger.write_bytes(b"{}")
    assert [file for _, file in found(evidence)] == [f"evidence/dev_min/verdicts/{name}.json"]


def test_one_attempt_has_one_verdict(tmp_path: Path) -> None:
    """A second record of the same attempt says the same; whichever says otherwise, somebody made."""
    evidence = whole(tmp_path, remote=True)
    evidence.chain()
    assert found(evidence) == []
    evidence.chain(overall_pass=False)
    evidence.chain()
    third = ("CHAIN-CONTRADICTION", "evidence/dev_min/verdicts/000003.json")
    assert found(evidence) == [third]


def test_whoever_brings_the_chain_hears_of_it_once(tmp_path: Path) -> None:
    evidence = chained(tmp_path)
    record(evidence, 1).unlink()
    chain = read_chain(evidence.store, "dev_min")
    assert [it.code for it in chain.findings] == ["CHAIN-GAP"]
    result = verified(evidence, chain=chain)
    assert (result.findings, result.chained) == ((), 2)


def test_a_verdict_that_was_not_chained(tmp_path: Path) -> None:
    evidence = whole(tmp_path, remote=True)
    record(evidence, 1).unlink()
    assert found(evidence) == [("VERDICT-UNCHAINED", evidence.key(VERDICT))]


# Today.


def test_todays_standing_is_told_apart(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    result = verified(evidence)
    at_once = standing_today(result.execution, evidence.environment, evidence.policies, START + timedelta(hours=2))
    assert at_once == ()
    later = standing_today(result.execution, evidence.environment, evidence.policies, START + timedelta(days=3))
    assert {it.lane for it in later} == {it.lane for it in evidence.subject.required}
    assert all(it.reason.startswith("expired at 2026-11-22T") for it in later)
    changed = evidence.environment.model_copy(update={"scan_regions": ("eu-west-2",)})
    policy = standing_today(result.execution, changed, evidence.policies, START + timedelta(hours=2))
    assert [(it.lane, it.reason) for it in policy] == [
        ("M2.G", "stale: manifest or policy has changed since"),
        ("M2.J", "stale: it rests on M2.G"),
    ]
    assert result.sound


def test_a_lane_that_says_nothing_does_not_hide_the_standing_of_the_next(tmp_path: Path) -> None:
    """Missing, broken, blocked, or of a gate that this version does not know: the lanes after it are still named."""
    evidence = whole(tmp_path)
    first, second, third, *others = evidence.subject.required
    evidence.path(first.task).unlink()
    evidence.path(second.task).write_bytes(b"not json")
    evidence.rewrite(third.task, gate="NO-SUCH-GATE")
    result = verify_execution(evidence.store, evidence.subject)
    later = standing_today(result.execution, evidence.environment, evidence.policies, START + timedelta(days=3))
    assert [(it.lane, it.file) for it in later] == [(it.lane, evidence.key(it.task)) for it in others]


def test_a_pass_counts_up_to_its_last_moment(tmp_path: Path) -> None:
    evidence = whole(tmp_path)
    result = verified(evidence)
    until = {str(evidence.document(it.task)["valid_until"]) for it in evidence.subject.required}
    last = datetime.fromisoformat(min(until))
    assert standing_today(result.execution, evidence.environment, evidence.policies, last) == ()
    just_over = last + timedelta(seconds=1)
    assert len(standing_today(result.execution, evidence.environment, evidence.policies, just_over)) == 1


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    """No verdict among snapshots, and no snapshot at all: the second cannot be told from a wrong id."""
    evidence = whole(tmp_path)
    evidence.path(VERDICT).unlink()
    result = verified(evidence)
    (finding,) = result.findings
    assert (finding.file, finding.observed) == (evidence.key(VERDICT), "no verdict")
    assert finding.expected == f"the verdict of {M2}"
    assert (result.profile, result.certain) == ("sandbox", True)
    nothing = verified(Evidence(tmp_path / "empty"))
    (finding,) = nothing.findings
    assert (finding.code, finding.expected) == ("EXECUTION-UNKNOWN", f"the snapshots of {M2}")
    assert (nothing.profile, nothing.certain) == ("unknown", False)


def test_the_platform_run_of_the_proof(tmp_path: Path) -> None:
    evidence = whole(tmp_path, M9)
    assert evidence.key("h_teardown_proof") == f"runs/{PLATFORM_RUN}/teardown/teardown_proof.json"
    evidence.path("h_teardown_proof").unlink()
    assert set(found(evidence)) == {("SNAPSHOT-MISSING", evidence.key("h_teardown_proof"))}
