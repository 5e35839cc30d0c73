"""A stored judgement is made again: over the facts that its gate takes, and over those of a collector that crashed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import factories_world as world
from factories_evidence import START, Evidence
from tidegate.models.facts import CollectorBroken
from tidegate.verify.execution import verify_execution
from tidegate.verify.findings import Finding

GUARD, LAST, VERDICT = "f_demo.plan_and_guard", "i_teardown_viability", "j_phase_verdict"
BROKEN = {
    "code": "GATE-BROKEN",
    **dict.fromkeys(("summary", "resource", "observed", "expected", "remedy", "owner"), "x"),
}


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    return verify_execution(evidence.store, evidence.subject).findings


def said(evidence: Evidence) -> list[tuple[str, str]]:
    return [(it.code, it.file) for it in findings(evidence)]


# A collector that crashed.


def crashed(root: Path) -> Evidence:
    """An execution whose plan guard had no facts to judge."""
    facts = CollectorBroken(observed_at=START, error="KeyError: 'x'")
    return Evidence(root).lanes(blocked=GUARD, blocked_facts=facts)


def test_a_collector_that_crashed_leaves_sound_evidence(tmp_path: Path) -> None:
    evidence = crashed(tmp_path).verdict()
    assert [it["code"] for it in evidence.document(GUARD)["blockers"]] == ["COLLECTOR-BROKEN"]
    result = verify_execution(evidence.store, evidence.subject)
    assert (result.findings, result.verdict) == ((), "fail")


def test_a_verdict_whose_collector_crashed_is_sound_too(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.write(VERDICT, CollectorBroken(observed_at=START + timedelta(hours=1), error="KeyError: 'x'"))
    result = verify_execution(evidence.store, evidence.subject)
    assert (result.findings, result.verdict) == ((), "fail")


def test_a_forged_pass_over_a_collector_that_crashed(tmp_path: Path) -> None:
    evidence = crashed(tmp_path)
    evidence.rewrite(GUARD, overall_pass=True, status="pass", blockers=[])
    finding = next(it for it in findings(evidence.verdict()) if it.file == evidence.key(GUARD))
    assert (finding.code, finding.expected) == (
        "JUDGEMENT-MISMATCH",
        "overall_pass false, 1 blockers, of them only here: COLLECTOR-BROKEN PLAN-GUARD",
    )


def test_a_crash_that_says_more_than_it_may(tmp_path: Path) -> None:
    evidence = crashed(tmp_path)
    evidence.rewrite(GUARD, facts={**evidence.document(GUARD)["facts"], "extra": "x"})
    assert said(evidence.verdict()) == [("SCHEMA-MISMATCH", evidence.key(GUARD))]


# A gate that was given facts which are not its own.


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"overall_pass": False, "status": "fail", "blockers": [BROKEN]}, [], id="closed"),
        pytest.param(
            {"overall_pass": True, "status": "pass", "blockers": [BROKEN]},
            ["JUDGEMENT-MISMATCH", "SCHEMA-MISMATCH"],
            id="open-all-the-same",
        ),
        pytest.param({"overall_pass": True, "status": "pass", "blockers": []}, ["SCHEMA-MISMATCH"], id="passed"),
        pytest.param(
            {"overall_pass": False, "status": "fail", "blockers": [{**BROKEN, "code": "FACTS-STALE"}]},
            ["SCHEMA-MISMATCH"],
            id="closed-for-another-reason",
        ),
        pytest.param(
            {"overall_pass": False, "status": "fail", "blockers": [BROKEN, BROKEN]},
            ["SCHEMA-MISMATCH"],
            id="a-gate-breaks-once",
        ),
    ],
)
def test_facts_of_another_gate(tmp_path: Path, changes: dict[str, Any], expected: list[str]) -> None:
    """The gate closes on them, and that it did cannot be a forged pass; anything else is not what it says."""
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite(LAST, facts_type="PlanFacts", **changes)
    assert said(evidence.verdict()) == [(code, evidence.key(LAST)) for code in expected]


# What is said.


def test_the_first_three_facts_that_do_not_fit_are_named(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    facts = evidence.document(LAST)["facts"]
    wrong = dict.fromkeys(("observed_at", "sources", "destroyable", "stacks"))
    assert set(wrong) <= set(facts)
    evidence.rewrite(LAST, facts=facts | wrong)
    (finding,) = findings(evidence.verdict())
    assert (finding.code, finding.expected) == ("SCHEMA-MISMATCH", "facts of type ViabilityFacts")
    assert finding.observed == "4 values that do not fit: observed_at, sources, destroyable"


def test_a_fact_inside_another_is_named_by_its_path(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    sources = [{"name": "aws", "data_as_of": "2026-11-21T09:30:00Z", "coverage": [{"subject": 7, "status": "read"}]}]
    evidence.rewrite(LAST, facts={**evidence.document(LAST)["facts"], "sources": sources})
    (finding,) = [it for it in findings(evidence.verdict()) if it.code == "SCHEMA-MISMATCH"]
    assert finding.observed == "1 values that do not fit: sources.0.coverage.0.subject"


def test_one_is_not_true_in_facts(tmp_path: Path) -> None:
    """Python holds them equal, so that no comparison afterwards would notice."""
    evidence = Evidence(tmp_path).lanes()
    facts = evidence.document(GUARD)["facts"]
    assert facts["drift_blocks"] is False
    evidence.rewrite(GUARD, facts={**facts, "drift_blocks": 0})
    finding = findings(evidence.verdict())[0]
    assert (finding.code, finding.file) == ("SCHEMA-MISMATCH", evidence.key(GUARD))
    assert finding.observed == "1 values that do not fit: drift_blocks"


def test_what_differs_is_named_and_what_agrees_is_not(tmp_path: Path) -> None:
    """One blocker stays, one was taken away, one was made up."""
    facts = replace(
        world.plan_facts(
            world.planned("aws_nat_gateway.this", "create"), world.planned("aws_nat_gateway.other", "create")
        ),
        observed_at=START,
    )
    evidence = Evidence(tmp_path).lanes(blocked=GUARD, blocked_facts=facts)
    blockers = evidence.document(GUARD)["blockers"]
    assert {it["resource"] for it in blockers} == {"aws_nat_gateway.this", "aws_nat_gateway.other"}
    stays = [it for it in blockers if it["resource"] == "aws_nat_gateway.this"]
    evidence.rewrite(GUARD, blockers=[*stays, {**stays[0], "resource": "aws_vpc.harmless"}])
    (finding,) = findings(evidence.verdict())
    assert finding.observed == "overall_pass false, 2 blockers, of them only here: FORBIDDEN-RESOURCE aws_vpc.harmless"
    assert finding.expected == (
        "overall_pass false, 2 blockers, of them only here: FORBIDDEN-RESOURCE aws_nat_gateway.other"
    )


def test_a_field_that_differs_is_named_with_both_values(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes()
    evidence.rewrite(LAST, plan_sha256="c" * 64)
    (finding,) = findings(evidence.verdict())
    assert finding.observed == f"plan_sha256 {'c' * 64}"
    assert finding.expected == "plan_sha256 None, as the facts say"


# Evidence of earlier versions.


def test_evidence_of_version_1_where_a_remedy_is_a_sentence_still_verifies(tmp_path: Path) -> None:
    facts = world.plan_facts(world.planned("aws_nat_gateway.this[a]", "create"))
    evidence = Evidence(tmp_path).lanes(blocked=GUARD, blocked_facts=facts)
    before = evidence.document(GUARD)["blockers"]
    sentences = [{**blocker, "remedy": "change it, then clear the task"} for blocker in before]
    evidence.rewrite(GUARD, schema={"name": "tidegate.snapshot", "version": 1}, blockers=sentences)
    assert said(evidence.verdict()) == []


def test_a_field_of_facts_that_came_later_has_its_default(tmp_path: Path) -> None:
    """And one that no version knows is no evidence."""
    evidence = Evidence(tmp_path).lanes()
    posture = dict(evidence.document("g_network_posture")["facts"])
    assert posture.pop("owners") is None
    evidence.rewrite("g_network_posture", facts=posture)
    assert said(evidence.verdict()) == [("INPUT-MISMATCH", evidence.key("g_network_posture"))], "its digest is another"
    evidence.rewrite("g_network_posture", facts={**posture, "invented": 1})
    assert ("SCHEMA-MISMATCH", evidence.key("g_network_posture")) in said(evidence)
