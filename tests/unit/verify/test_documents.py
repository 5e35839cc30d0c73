"""Documents are taken exactly as they stand, and every attempt is looked for where it may lie."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from factories_evidence import M9, START, Evidence
from tidegate.evidence.canonical import seal
from tidegate.verify.documents import parse_snapshot
from tidegate.verify.execution import verify_execution
from tidegate.verify.findings import Finding

CHECK, PROOF, VERDICT = "b_backend_readiness", "h_teardown_proof", "i_phase_verdict"


def findings(evidence: Evidence) -> tuple[Finding, ...]:
    return verify_execution(evidence.store, evidence.subject).findings


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"attempt": True}, "attempt: Input should be a valid integer"),
        ({"overall_pass": 1}, "overall_pass: Input should be a valid boolean"),
        ({"airflow": {"dag_id": "x", "run_id": "x", "task_id": CHECK, "try_number": True}}, "airflow.try_number: "),
    ],
    ids=["attempt", "overall_pass", "try_number"],
)
def test_true_is_not_one(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """Python holds them equal, so that no comparison afterwards would notice."""
    evidence = Evidence(tmp_path).lanes().verdict()
    document = json.loads(seal({**evidence.document(CHECK), **changes}))
    snapshot, finding = parse_snapshot(document, "a file")
    assert snapshot is None
    assert finding is not None
    assert (finding.code, finding.file) == ("SCHEMA-MISMATCH", "a file")
    assert finding.observed.startswith(said)


def test_lanes_that_did_not_run_have_no_gap(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path).lanes(blocked="a_readiness").verdict()
    result = verify_execution(evidence.store, evidence.subject)
    assert (result.findings, len(result.execution.documents)) == ((), 2)


def test_a_chain_without_a_record_has_no_gap(tmp_path: Path) -> None:
    evidence = Evidence(tmp_path, remote=True).lanes().verdict()
    (tmp_path / "evidence/dev_min/verdicts/000001.json").unlink()
    result = verify_execution(evidence.store, evidence.subject)
    assert ([it.code for it in result.findings], result.chained) == (["VERDICT-UNCHAINED"], 0)


def test_snapshots_with_and_without_a_platform_run(tmp_path: Path) -> None:
    """A lane that could not read the first one's snapshot does not know the platform run."""
    evidence = Evidence(tmp_path, M9).lanes().verdict(platform_run=None)
    result = verify_execution(evidence.store, evidence.subject)
    assert result.findings == ()
    assert [it.key for it in result.execution.of(PROOF)] == [evidence.key(PROOF)]


def test_a_proof_without_a_platform_run_beside_snapshots_with_one(tmp_path: Path) -> None:
    """Its place is where it lies, although the other lanes point elsewhere."""
    evidence = Evidence(tmp_path, M9).lanes(blocked=PROOF)
    evidence.rewrite(PROOF, platform_run=None)
    place = evidence.subject.place(evidence.required(PROOF))
    lanes = tuple(evidence.result(it, START) for it in evidence.subject.lanes)
    evidence.verdict(
        platform_run=None,
        lanes=tuple(
            replace(it, uri=f"s3://{evidence.subject.bucket}/{place.remote_key(1)}") if it.task == PROOF else it
            for it in lanes
        ),
    )
    kept = [it for it in evidence.document(VERDICT)["inputs"] if it["uri"] != evidence.uri(PROOF)]
    evidence.rewrite(VERDICT, inputs=kept)
    there = tmp_path / place.local_key(1)
    there.parent.mkdir(parents=True)
    evidence.path(PROOF).rename(there)
    assert findings(evidence) == ()
    there.unlink()
    assert {(it.code, it.file) for it in findings(evidence)} >= {("JUDGEMENT-MISMATCH", evidence.key(VERDICT))}
