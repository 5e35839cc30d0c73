"""EVIDENCE-CHAIN: what `tidegate verify` finds is a finding of the audit."""

import pytest

from factories_audit import evidence_facts, evidence_finding, verified
from factories_world import NOW
from tidegate.gates.evidence_chain import GATE
from tidegate.models.audit import EvidenceChainFacts, VerifiedExecution
from tidegate.models.observed import Absent, Known, Unreadable

DARK = Unreadable("403")
FINDING, UNSURE = evidence_finding(), evidence_finding(code="GATE-UNKNOWN", certain=False)


def codes(facts: EvidenceChainFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(evidence_facts(), [], id="sound"),
        pytest.param(evidence_facts(by_record_only=("m2_a", "m2_b")), [], id="too-many-to-judge-all"),
        pytest.param(
            evidence_facts(records=Absent(), chain=Absent(), executions=(), proof=Absent(), since=""),
            [],
            id="first-ever",
        ),
        pytest.param(evidence_facts(chain=Known((FINDING, UNSURE))), ["EVIDENCE-NOT-SOUND", "EVIDENCE-NOT-JUDGED"]),
        pytest.param(
            evidence_facts(verified(), verified("m2_x", FINDING, FINDING)), ["EVIDENCE-NOT-SOUND"] * 2, id="each"
        ),
        pytest.param(
            evidence_facts(records=DARK, chain=DARK, executions=(), proof=Absent()),
            ["VERDICT-CHAIN-UNREADABLE", "VERDICT-CHAIN-UNREADABLE"],
            id="chain-unreadable",
        ),
        pytest.param(
            evidence_facts(verified(), VerifiedExecution(execution_id="m2_x", findings=DARK)),
            ["EXECUTION-EVIDENCE-UNREADABLE"],
            id="evidence-unreadable",
        ),
        pytest.param(
            evidence_facts(verified(), VerifiedExecution(execution_id="m2_x", findings=Absent())),
            ["EXECUTION-EVIDENCE-MISSING"],
            id="not-judged",
        ),
        pytest.param(evidence_facts(proof=DARK), ["TEARDOWN-PROOF-UNREADABLE"], id="proof-unreadable"),
        pytest.param(evidence_facts(verified("m2_x")), ["PROOF-NOT-VERIFIED"], id="proof-left-out"),
    ],
)
def test_blockers(facts: EvidenceChainFacts, expected: list[str]) -> None:
    assert codes(facts) == expected


@pytest.mark.parametrize(
    ("facts", "resource"),
    [
        pytest.param(evidence_facts(records=DARK), "evidence/<environment>/verdicts", id="chain"),
        pytest.param(evidence_facts(proof=DARK), "evidence/runs", id="proof"),
    ],
)
def test_where_nothing_could_be_read_is_named(facts: EvidenceChainFacts, resource: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.resource == resource


def test_what_verify_said_is_passed_on() -> None:
    (blocker,) = GATE.evaluate(evidence_facts(verified(), verified("m2_x", FINDING)), judged_at=NOW)
    assert blocker.summary == "the evidence of m2_x does not hold: DIGEST-MISMATCH"
    said = (blocker.resource, blocker.observed, blocker.expected)
    assert said == (FINDING.file, FINDING.observed, FINDING.expected)
    assert blocker.remedy.text == (
        f"{FINDING.remedy} (whoever answers for the environment). "
        "tidegate verify --from s3 --environment <environment> shows all of it"
    )
