"""EMERGENCY-TEARDOWN."""

from typing import Any

import pytest

from factories_control import NOW
from factories_emergency import RUN_ID, emergency_teardown_facts, teardown_verdict
from factories_guardrails import dag_status
from tidegate.gates.emergency_teardown import GATE
from tidegate.models.emergency import EmergencyTeardownFacts
from tidegate.models.observed import Absent, Known, Unreadable

M9 = "dev_min.m9_teardown_cost_check"
LANES = ("M9.D d_demo.destroy pass", "M9.G g_cost_guardrail fail", "M9.H h_teardown_proof not_run")


def state(value: str, **changes: Any) -> EmergencyTeardownFacts:
    """Facts with the run in another state."""
    return emergency_teardown_facts(run_state=Known(value), **changes)


def verdict(**changes: Any) -> EmergencyTeardownFacts:
    """Facts with another verdict of a run that failed when the verdict did."""
    ended = "success" if changes.get("overall_pass", True) else "failed"
    return state(ended, verdict=Known(teardown_verdict(**changes)))


def paused(**changes: Any) -> EmergencyTeardownFacts:
    """Facts with M9 paused."""
    return emergency_teardown_facts(m9=dag_status(paused=Known(True)), **changes)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(emergency_teardown_facts(), [], id="ended-and-passed"),
        pytest.param(state("queued", verdict=Absent()), ["TEARDOWN-RUNNING"], id="behind-another-m9"),
        pytest.param(state("running", verdict=Absent()), ["TEARDOWN-RUNNING"], id="running"),
        pytest.param(state("restarting"), ["TEARDOWN-RUNNING"], id="a-state-of-its-own-has-not-ended"),
        pytest.param(state("failed"), ["TEARDOWN-RUN-FAILED"], id="the-run-did-not-survive-its-verdict"),
        pytest.param(verdict(overall_pass=False, status="fail"), ["TEARDOWN-NOT-PASSED"], id="m9-blocked"),
        pytest.param(verdict(status="stale"), ["TEARDOWN-NOT-PASSED"], id="a-stale-verdict"),
        pytest.param(verdict(overall_pass="true"), ["TEARDOWN-NOT-PASSED"], id="text-is-not-a-pass"),
        pytest.param(verdict(run_id="manual__1"), ["TEARDOWN-VERDICT-FOREIGN"], id="of-another-run"),
        pytest.param(verdict(environment="prod"), ["TEARDOWN-VERDICT-FOREIGN"], id="of-another-environment"),
        pytest.param(verdict(profile="sandbox"), ["TEARDOWN-VERDICT-FOREIGN"], id="of-the-sandbox"),
        pytest.param(verdict(gate="TEARDOWN-PROOF"), ["TEARDOWN-VERDICT-FOREIGN"], id="no-verdict-at-all"),
        pytest.param(emergency_teardown_facts(verdict=Absent()), ["TEARDOWN-VERDICT-MISSING"], id="left-no-verdict"),
        pytest.param(
            emergency_teardown_facts(verdict=Unreadable("403")),
            ["TEARDOWN-VERDICT-UNREADABLE"],
            id="verdict-unreadable",
        ),
        pytest.param(
            emergency_teardown_facts(run_state=Unreadable("500")),
            ["TEARDOWN-RUN-UNREADABLE"],
            id="airflow-does-not-say",
        ),
        pytest.param(emergency_teardown_facts(run_state=Absent()), ["TEARDOWN-RUN-MISSING"], id="the-run-is-gone"),
        pytest.param(
            emergency_teardown_facts(run_state=Absent(), trigger_problem="409"),
            ["TEARDOWN-NOT-TRIGGERED"],
            id="not-triggered",
        ),
        pytest.param(paused(run_state=Absent(), verdict=Absent()), ["M9-PAUSED"], id="m9-is-paused"),
        pytest.param(
            paused(run_state=Known("running"), verdict=Absent()),
            ["M9-PAUSED", "TEARDOWN-RUNNING"],
            id="paused-on-the-way",
        ),
        pytest.param(
            emergency_teardown_facts(m9=dag_status(loads=Known(False)), run_state=Absent(), verdict=Absent()),
            ["M9-IMPORT-ERROR"],
            id="m9-does-not-load",
        ),
        pytest.param(
            emergency_teardown_facts(m9=dag_status(paused=Absent(), loads=Absent()), run_state=Absent()),
            ["M9-MISSING", "M9-LOAD-MISSING"],
            id="no-m9",
        ),
    ],
)
def test_blockers(facts: EmergencyTeardownFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "waits"),
    [
        pytest.param(state("queued", verdict=Absent()), True, id="queued"),
        pytest.param(state("running", verdict=Absent()), True, id="running"),
        pytest.param(paused(run_state=Known("running"), verdict=Absent()), False, id="paused-never-ends-by-itself"),
        pytest.param(paused(run_state=Absent(), verdict=Absent()), False, id="paused"),
        pytest.param(verdict(overall_pass=False, status="fail"), False, id="blocked"),
        pytest.param(emergency_teardown_facts(), False, id="passed"),
    ],
)
def test_only_a_running_teardown_is_waited_for(facts: EmergencyTeardownFacts, waits: bool) -> None:
    """A paused M9 closes the gate at once."""
    assert GATE.may_clear_by_itself(GATE.evaluate(facts, judged_at=NOW)) is waits


def test_the_lanes_that_did_not_pass_are_named_and_only_these() -> None:
    """So that on call sees whether the destroy passed."""
    facts = verdict(overall_pass=False, status="fail", lanes=LANES)
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.observed == "m9_20260213T201430Z: M9.G g_cost_guardrail fail, M9.H h_teardown_proof not_run"
    assert blocker.resource == f"{M9} run {RUN_ID}"


def test_a_queued_run_says_that_another_goes_first() -> None:
    """M9 runs one at a time."""
    (blocker,) = GATE.evaluate(state("queued", verdict=Absent()), judged_at=NOW)
    assert blocker.observed == "queued; a run of M9 before it goes first"


def test_a_running_run_says_only_that() -> None:
    """Nothing goes first any more."""
    (blocker,) = GATE.evaluate(state("running", verdict=Absent()), judged_at=NOW)
    assert blocker.observed == "running"


@pytest.mark.parametrize(
    ("facts", "observed", "expected"),
    [
        (verdict(environment="prod"), "environment prod in ", "environment dev_min"),
        (verdict(profile="sandbox"), "profile sandbox in ", "profile aws"),
        (verdict(run_id="manual__1"), "run manual__1 in ", f"run {RUN_ID}"),
        (verdict(gate="TEARDOWN-PROOF"), "gate TEARDOWN-PROOF in ", "gate PHASE-VERDICT"),
    ],
)
def test_whose_the_foreign_verdict_is(facts: EmergencyTeardownFacts, observed: str, expected: str) -> None:
    """On call goes by the words: which of the four differs, and what was wanted."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.observed.startswith(observed)
    assert blocker.expected == expected
