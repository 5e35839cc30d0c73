"""TEARDOWN-VIABILITY. What a destroy plan must be is tested in test_teardown_scope.py; here, that it counts."""

from typing import Any

import pytest

from factories_guardrails import NOW, dag_status, viability_facts
from factories_world import STATE_BUCKET, destroy_plan, planned, scope, state_resource
from tidegate.gates.teardown_viability import GATE
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable
from tidegate.models.viability import ViabilityFacts

REPLACED = destroy_plan(planned("aws_vpc.this", "delete"), planned("aws_subnet.a", "update"))
BUCKET = scope(
    plan=destroy_plan(planned("aws_s3_bucket.this", "delete")),
    destroy_set=(state_resource("aws_s3_bucket.this", STATE_BUCKET),),
)


def m9(**changes: Any) -> ViabilityFacts:
    """Facts whose teardown DAG differs."""
    return viability_facts(m9=dag_status(**changes))


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
        pytest.param(m9(paused=UnknownUntilApply()), ["M9-UNKNOWN"], id="undecided"),
        pytest.param(m9(loads=Known(False), problem="SyntaxError"), ["M9-IMPORT-ERROR"], id="import-error"),
        pytest.param(m9(loads=Unreadable("no bundle")), ["M9-LOAD-UNREADABLE"], id="file-unreadable"),
        pytest.param(m9(paused=Known(True), loads=Known(False)), ["M9-PAUSED", "M9-IMPORT-ERROR"], id="says-both"),
    ],
)
def test_blockers(facts: ViabilityFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_the_remedy_of_a_paused_dag_is_a_command() -> None:
    """On call types it."""
    (blocker,) = GATE.evaluate(m9(paused=Known(True)), judged_at=NOW)
    assert blocker.remedy.startswith("airflow dags unpause dev_min.m9_teardown_cost_check")


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
