"""Collectors of the guardrails around the stacks: budget, teardown viability, state ownership."""

from tidegate.collectors.aws.budget import collect_budget
from tidegate.collectors.aws.state import read_state
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.scope import preserve_set, stack_scope
from tidegate.lanes.spec import dag_id_of
from tidegate.models.budget import BudgetFacts
from tidegate.models.facts import Source
from tidegate.models.ownership import OwnedState, OwnershipFacts
from tidegate.models.viability import ViabilityFacts
from tidegate.settings import settings


def collect_budget_guardrail(run: LaneRun) -> BudgetFacts:
    """M2.I: the budget, its thresholds, and whether anybody receives its alerts."""
    return collect_budget(run.clients, run.environment, now())


def collect_ownership(run: LaneRun) -> OwnershipFacts:
    """M2.H: the state of every stack, as it is in S3 now."""
    observed_at = now()
    return OwnershipFacts(
        observed_at=observed_at,
        sources=(Source(name="state", data_as_of=observed_at),),
        expected_stacks=tuple(run.environment.stacks),
        states=tuple(
            OwnedState(
                stack=name,
                destroyable=stack.destroyable,
                resources=read_state(run.clients, run.environment, name).resources,
            )
            for name, stack in run.environment.stacks.items()
        ),
    )


def collect_viability(run: LaneRun) -> ViabilityFacts:
    """M2.I: a real destroy plan of every destroyable stack, downstream first; the DAGs that would apply it; and, where
    schedules are on, the DAGs that watch what is deployed.
    """
    observed_at = now()
    schedules = settings().schedules
    destroyable = tuple(name for name, stack in run.environment.stacks.items() if stack.destroyable)
    stacks = tuple(stack_scope(run, name) for name in reversed(destroyable))
    return ViabilityFacts(
        observed_at=now(),
        sources=tuple(Source(name=name, data_as_of=observed_at) for name in ("terraform", "state", "airflow")),
        destroyable=destroyable,
        stacks=stacks,
        preserve_set=preserve_set(run),
        protected_types=run.environment.preserve.types,
        protected_ids=run.environment.preserve.ids,
        protected_prefixes=run.environment.preserve.id_prefixes,
        m9=run.dag_status(dag_id_of(run.environment.name, "m9")),
        emergency_stop=run.dag_status(dag_id_of(run.environment.name, "stop")),
        schedules=schedules,
        audit=run.dag_status(dag_id_of(run.environment.name, "audit")) if schedules else None,
        hourly_check=run.dag_status(dag_id_of(run.environment.name, "hourly")) if schedules else None,
    )
