"""A scheduled build that nobody wanted: `verify` takes a skip whose snapshot has a reason for it, and no other."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from factories_evidence import START, Evidence
from factories_schedule import build_facts, hold, not_wanted_facts
from tidegate.models.observed import Known
from tidegate.verify.execution import verify_execution

EXECUTION = "scheduledbuild_20261121T093000Z"
SKIPPED = {"status": "not_run", "overall_pass": False, "blockers": []}


def skipped(root: Path, facts: Any, *, remote: bool = False, **changes: Any) -> Evidence:
    """An execution whose build was skipped for these facts."""
    evidence = Evidence(root, EXECUTION, remote=remote)
    evidence.write("a_build", facts, **{**SKIPPED, **changes})
    lane = evidence.result(evidence.required("a_build"), START)
    lane = replace(lane, task_state="skipped", no_target=True, handed_over_digest=lane.stored_digest)
    return evidence.verdict(lanes=(lane,))


def found(evidence: Evidence) -> list[tuple[str, str, str]]:
    verification = verify_execution(evidence.store, evidence.subject)
    return [(it.code, it.file.rpartition("/")[2], it.observed) for it in verification.findings]


@pytest.mark.parametrize("remote", [False, True], ids=["mirror", "bucket"])
@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(not_wanted_facts(START), id="held"),
        pytest.param(not_wanted_facts(START, hold=None, teardown_due=START), id="too-late"),
    ],
)
def test_a_reason_is_enough(tmp_path: Path, facts: Any, remote: bool) -> None:
    evidence = skipped(tmp_path, facts, remote=remote)
    verification = verify_execution(evidence.store, evidence.subject)
    assert (verification.findings, verification.verdict) == ((), "pass")


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(not_wanted_facts(START, hold=None), id="no-hold"),
        pytest.param(not_wanted_facts(START, hold=hold(until=START)), id="it-had-ended"),
        pytest.param(not_wanted_facts(START, hold=hold(is_set=False, until=START + timedelta(days=1))), id="lifted"),
    ],
)
def test_a_skip_without_a_reason_is_found(tmp_path: Path, facts: Any) -> None:
    evidence = skipped(tmp_path, facts)
    assert ("JUDGEMENT-MISMATCH", "scheduledbuild_b_phase_verdict.json", "a_build: no target") in found(evidence)


def test_a_pass_that_says_it_was_not_wanted_is_found(tmp_path: Path) -> None:
    evidence = skipped(tmp_path, not_wanted_facts(START), status="pass", overall_pass=True)
    assert "JUDGEMENT-MISMATCH" in {code for code, file, _ in found(evidence) if "a_build_snapshot" in file}


def test_a_build_that_was_judged_is_no_skip(tmp_path: Path) -> None:
    facts = build_facts(observed_at=START, hold=Known(hold(until=START + timedelta(days=1))))
    evidence = skipped(tmp_path, facts)
    codes = {(code, file) for code, file, _ in found(evidence)}
    assert ("JUDGEMENT-MISMATCH", "scheduledbuild_a_build_snapshot.json") in codes
    assert ("JUDGEMENT-MISMATCH", "scheduledbuild_b_phase_verdict.json") in codes


@pytest.mark.parametrize("phase", ["scheduledbuild", "scheduledteardown", "hold"])
def test_executions_that_passed_are_sound(tmp_path: Path, phase: str) -> None:
    evidence = Evidence(tmp_path, f"{phase}_20261121T093000Z", remote=True).lanes().verdict()
    verification = verify_execution(evidence.store, evidence.subject)
    assert (verification.findings, verification.verdict) == ((), "pass")
