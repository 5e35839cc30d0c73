"""TEARDOWN-VIABILITY. What was built can go again: a pure destroy plan of every stack, and a DAG to run it (TD9)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_scope import preserve_set_blockers, stack_scope_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known
from tidegate.models.viability import DagStatus, ViabilityFacts


def blockers(facts: ViabilityFacts) -> Iterator[Blocker]:
    """What must survive, each destroyable stack, and the DAG."""
    yield from each(preserve_set_blockers(facts), _stacks(facts))
    for scope in facts.stacks:
        yield from stack_scope_blockers(scope, facts)
    yield from each(_known_and_unpaused(facts.m9), _loads(facts.m9))


def _stacks(facts: ViabilityFacts) -> Iterator[Blocker]:
    planned = [scope.stack for scope in facts.stacks]
    for stack in facts.destroyable:
        if stack not in planned:
            yield Blocker(
                code="DESTROY-PLAN-MISSING",
                summary="nobody tried to plan the destruction of a stack",
                resource=stack,
                observed=", ".join(planned) or "no stack was planned",
                expected="a destroy plan of every destroyable stack",
                remedy="clear this task so that it plans again; if it repeats, the collector leaves a stack out",
            )
    if not facts.destroyable:
        yield Blocker(
            code="DESTROYABLE-NONE",
            summary="no stack of the environment may be destroyed, so nothing shows that a teardown works",
            resource="stacks",
            observed="0 destroyable stacks",
            expected="at least one destroyable stack",
            remedy="set destroyable of a stack in include/environments/<environment>.yaml",
        )


def _known_and_unpaused(dag: DagStatus) -> Iterator[Blocker]:
    if not isinstance(dag.paused, Known):
        yield unusable(
            dag.paused,
            Need(
                stem="M9",
                what="the teardown DAG",
                resource=dag.dag_id,
                expected="a DAG that is not paused",
                remedy="see in `airflow dags list-import-errors` why it is not there, correct it, then clear this task",
            ),
        )
    elif dag.paused.value is not False:
        yield Blocker(
            code="M9-PAUSED",
            summary="the teardown DAG is paused, so a triggered teardown would wait and spend",
            resource=dag.dag_id,
            observed=f"paused = {dag.paused.value}",
            expected="paused = False",
            remedy=f"airflow dags unpause {dag.dag_id} (or its switch in Airflow's pages), then clear this task",
        )


def _loads(dag: DagStatus) -> Iterator[Blocker]:
    if not isinstance(dag.loads, Known):
        yield unusable(
            dag.loads,
            Need(
                stem="M9-LOAD",
                what="the file of the teardown DAG",
                resource=dag.dag_id,
                expected="a file that loads on the worker and makes the DAG",
                remedy="make the DAG file of the named bundle readable on the worker, then clear this task",
            ),
        )
    elif dag.loads.value is not True:
        yield Blocker(
            code="M9-IMPORT-ERROR",
            summary="the file of the teardown DAG does not load",
            resource=dag.dag_id,
            observed=dag.problem or f"loads = {dag.loads.value}",
            expected="a file that loads on the worker and makes the DAG",
            remedy="correct dags/m9_teardown_cost_check.py or what it imports, then clear this task",
        )


GATE = Gate(
    id="TEARDOWN-VIABILITY",
    title="Everything that was built can be torn down again",
    owner="platform",
    requirements=("TD9", "TD1"),
    facts=ViabilityFacts,
    blockers=blockers,
    policy_sections=("backend", "evidence", "work", "role_name", "stacks", "preserve"),
)
