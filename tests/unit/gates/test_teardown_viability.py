"""TEARDOWN-VIABILITY. What a destroy plan must be is tested in test_teardown_scope.py; here, that it counts."""

from pathlib import Path
from typing import Any

import pytest

from factories_guardrails import NOW, dag_status, viability_facts
from factories_world import STATE_BUCKET, destroy_plan, planned, scope, state_resource
from tidegate.gates.teardown_viability import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.viability import ViabilityFacts

REPLACED = destroy_plan(planned("aws_vpc.this", "delete"), planned("aws_subnet.a", "update"))
BUCKET = scope(
    plan=destroy_plan(planned("aws_s3_bucket.this", "delete")),
    destroy_set=(state_resource("aws_s3_bucket.this", STATE_BUCKET),),
)


STOP = "dev_min.emergency_stop"
PROJECT = Path(__file__).resolve().parents[3]


def stop(**changes: Any) -> ViabilityFacts:
    """Facts whose emergency stop differs."""
    return viability_facts(emergency_stop=dag_status(dag_id=STOP, **changes))


def m9(**changes: Any) -> ViabilityFacts:
    """Facts whose teardown DAG differs."""
    return viability_facts(m9=dag_status(**changes))


def audit(**changes: Any) -> ViabilityFacts:
    """Facts whose nightly audit differs."""
    return viability_facts(audit=dag_status(**{"dag_id": "dev_min.teardown_audit", **changes}))


def hourly(**changes: Any) -> ViabilityFacts:
    """Facts whose hourly check differs."""
    return viability_facts(hourly_check=dag_status(**{"dag_id": "dev_min.hourly_check", **changes}))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(viability_facts(), [], id="demo-can-go"),
        pytest.param(
            viability_facts(scope(state=Absent(), destroy_set=(), plan=destroy_plan(planned("aws_vpc.this", "no-op")))),
            [],
            id="demo-holds-nothing",
        ),
        pytest.param(viability_facts(scope(plan=Unreadable("no root"))), ["PLAN-UNREADABLE"], id="no-plan"),
        pytest.param(viability_facts(scope(plan=REPLACED)), ["DESTROY-PLAN-NOT-PURE"], id="the-plan-changes-something"),
        pytest.param(viability_facts(BUCKET), ["PROTECTED-IN-DESTROY-SET", "SETS-OVERLAP"], id="it-touches-the-kept"),
        pytest.param(
            viability_facts(scope(unplanned=(state_resource("aws_subnet.a"),))),
            ["STATE-RESOURCE-UNPLANNED"],
            id="something-would-be-left",
        ),
        pytest.param(viability_facts(scope(lifecycle="persistent")), ["STACK-PROTECTED"], id="a-persistent-stack"),
        pytest.param(viability_facts(preserve_set=Known(())), ["PRESERVE-SET-EMPTY"], id="nothing-is-kept"),
        pytest.param(
            viability_facts(destroyable=("confluent", "demo")), ["DESTROY-PLAN-MISSING"], id="a-stack-was-left-out"
        ),
        pytest.param(viability_facts(destroyable=()), ["DESTROYABLE-NONE"], id="nothing-may-go"),
        pytest.param(m9(paused=Known(True)), ["M9-PAUSED"], id="paused"),
        pytest.param(m9(paused=Known("no")), ["M9-PAUSED"], id="text-is-not-false"),
        pytest.param(m9(paused=Absent(), loads=Absent()), ["M9-MISSING", "M9-LOAD-MISSING"], id="no-such-dag"),
        pytest.param(m9(paused=Unreadable("500")), ["M9-UNREADABLE"], id="airflow-does-not-say"),
        pytest.param(m9(loads=Known(False), problem="SyntaxError"), ["M9-IMPORT-ERROR"], id="import-error"),
        pytest.param(m9(loads=Unreadable("no bundle")), ["M9-LOAD-UNREADABLE"], id="file-unreadable"),
        pytest.param(m9(paused=Known(True), loads=Known(False)), ["M9-PAUSED", "M9-IMPORT-ERROR"], id="says-both"),
        pytest.param(stop(paused=Known(True)), ["STOP-PAUSED"], id="stop-paused"),
        pytest.param(stop(paused=Absent(), loads=Absent()), ["STOP-MISSING", "STOP-LOAD-MISSING"], id="no-stop"),
        pytest.param(stop(paused=Unreadable("500")), ["STOP-UNREADABLE"], id="airflow-does-not-say-of-the-stop"),
        pytest.param(stop(loads=Known(False), problem="SyntaxError"), ["STOP-IMPORT-ERROR"], id="stop-does-not-load"),
        pytest.param(stop(loads=Unreadable("no bundle")), ["STOP-LOAD-UNREADABLE"], id="stop-file-unreadable"),
        pytest.param(audit(paused=Known(True)), ["AUDIT-PAUSED"], id="audit-paused"),
        pytest.param(audit(paused=Absent(), loads=Absent()), ["AUDIT-MISSING", "AUDIT-LOAD-MISSING"], id="no-audit"),
        pytest.param(audit(paused=Unreadable("500")), ["AUDIT-UNREADABLE"], id="airflow-does-not-say-of-the-audit"),
        pytest.param(audit(loads=Known(False)), ["AUDIT-IMPORT-ERROR"], id="audit-does-not-load"),
        pytest.param(hourly(paused=Known(True)), ["HOURLY-PAUSED"], id="hourly-paused"),
        pytest.param(
            hourly(paused=Absent(), loads=Absent()), ["HOURLY-MISSING", "HOURLY-LOAD-MISSING"], id="no-hourly"
        ),
        pytest.param(hourly(loads=Known(False)), ["HOURLY-IMPORT-ERROR"], id="hourly-does-not-load"),
        pytest.param(hourly(loads=Unreadable("no bundle")), ["HOURLY-LOAD-UNREADABLE"], id="hourly-file-unreadable"),
        pytest.param(
            viability_facts(audit=None, hourly_check=None), ["AUDIT-MISSING", "HOURLY-MISSING"], id="nobody-looked"
        ),
        pytest.param(
            viability_facts(schedules=False, audit=None, hourly_check=None), [], id="nothing-runs-by-itself-here"
        ),
        pytest.param(
            viability_facts(schedules=None, audit=None, hourly_check=None),
            ["AUDIT-MISSING", "HOURLY-MISSING"],
            id="who-cannot-tell-is-asked-all-the-same",
        ),
    ],
)
def test_blockers(facts: ViabilityFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "dag"),
    [
        (m9(paused=Known(True)), "dev_min.m9_teardown_cost_check"),
        (stop(paused=Known(True)), STOP),
        (audit(paused=Known(True)), "dev_min.teardown_audit"),
        (hourly(paused=Known(True)), "dev_min.hourly_check"),
    ],
)
def test_the_remedy_of_a_paused_dag_is_a_command(facts: ViabilityFacts, dag: str) -> None:
    """On call types it."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.remedy.text.startswith(f"run `airflow dags unpause {dag}` as ")


@pytest.mark.parametrize(
    ("facts", "dags"),
    [
        (audit(dag_id="x.teardown_audit", paused=Absent()), ["x.teardown_audit"]),
        (hourly(dag_id="x.hourly_check", paused=Absent()), ["x.hourly_check"]),
        (viability_facts(audit=None, hourly_check=None), ["teardown_audit", "hourly_check"]),
    ],
)
def test_a_dag_that_is_not_there_is_named_also_when_nobody_looked(facts: ViabilityFacts, dags: list[str]) -> None:
    assert [blocker.resource for blocker in GATE.evaluate(facts, judged_at=NOW)] == dags


def test_the_file_to_correct_is_named() -> None:
    """Each DAG has its own."""
    broken = dag_status(loads=Known(False), problem="SyntaxError")
    found = GATE.evaluate(viability_facts(m9=broken, emergency_stop=broken), judged_at=NOW)
    assert [
        "dags/m9_teardown_cost_check.py" in found[0].remedy.text,
        "dags/emergency_stop.py" in found[1].remedy.text,
    ] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("facts", "resource", "observed"),
    [
        (viability_facts(destroyable=("confluent", "demo")), "confluent", "demo"),
        (viability_facts(stacks=()), "demo", "no stack was planned"),
        (viability_facts(destroyable=()), "stacks", "0 destroyable stacks"),
    ],
)
def test_what_was_planned_is_named(facts: ViabilityFacts, resource: str, observed: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (resource, observed)


@pytest.mark.parametrize(
    ("facts", "file"),
    [
        (m9(loads=Known(False)), "dags/m9_teardown_cost_check.py"),
        (stop(loads=Known(False)), "dags/emergency_stop.py"),
        (audit(loads=Known(False)), "dags/teardown_audit.py"),
        (hourly(loads=Known(False)), "dags/hourly_check.py"),
    ],
)
def test_the_file_to_correct_is_one_of_the_project(facts: ViabilityFacts, file: str) -> None:
    """The remedy names it, and it is there."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.remedy.text.startswith(f"correct {file} or ")
    assert (PROJECT / file).is_file()
