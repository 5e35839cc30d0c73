"""SCHEDULED-TEARDOWN."""

import pytest

from factories_control import NOW
from factories_guardrails import dag_status
from factories_schedule import teardown_facts
from tidegate.gates.scheduled_teardown import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.schedule import ScheduledTeardownFacts

PAUSED, BROKEN = dag_status(paused=Known(True)), dag_status(loads=Known(False), problem="SyntaxError")


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(teardown_facts(), [], id="it-waits"),
        pytest.param(teardown_facts(run_state=Known("running")), [], id="it-runs"),
        pytest.param(teardown_facts(run_state=Known("failed")), [], id="how-it-ends-its-own-verdict-says"),
        pytest.param(teardown_facts(run_state=Absent()), ["SCHEDULED-TEARDOWN-RUN-MISSING"], id="no-run"),
        pytest.param(
            teardown_facts(run_state=Unreadable("500")), ["SCHEDULED-TEARDOWN-RUN-UNREADABLE"], id="run-unreadable"
        ),
        pytest.param(
            teardown_facts(run_state=Absent(), trigger_problem="TriggerDagRun: 500"),
            ["SCHEDULED-TEARDOWN-NOT-STARTED"],
            id="airflow-did-not-take-it",
        ),
        pytest.param(teardown_facts(m9=PAUSED, run_state=Absent()), ["M9-PAUSED"], id="m9-paused"),
        pytest.param(teardown_facts(m9=BROKEN, run_state=Absent()), ["M9-IMPORT-ERROR"], id="m9-broken"),
        pytest.param(teardown_facts(m9=dag_status(paused=Unreadable("500"))), ["M9-UNREADABLE"], id="m9-unreadable"),
    ],
)
def test_blockers(facts: ScheduledTeardownFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes
