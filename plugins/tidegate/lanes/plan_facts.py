"""What a build plan is compared with: one function for the lane and for `tidegate plan-check`. No I/O, no AWS."""

from datetime import date, datetime
from typing import Literal

from tidegate.gates.rules_protected import EVERYTHING
from tidegate.models.cost import MonthSoFar
from tidegate.models.environment import Environment
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.plan import CountedHours, Plan, PlanFacts
from tidegate.models.policy import Policies
from tidegate.models.root import RootSources
from tidegate.models.state import NewerProvider, StateVersion
from tidegate.models.unsaved import UnsavedState

_NONE = Absent()


def plan_facts(
    environment: Environment,
    policies: Policies,
    *,
    stack: str,
    plan: Observed[Plan],
    state: Observed[StateVersion],
    observed_at: datetime,
    sources: tuple[Source, ...],
    today: date,
    drift_blocks: bool,
    tainted: Observed[tuple[str, ...]],
    month: Observed[MonthSoFar],
    untainted: tuple[str, ...] = (),
    repair_drift_reason: str | None = None,
    unsaved: Observed[UnsavedState] = _NONE,
    too_new: Observed[NewerProvider] = _NONE,
    root: Observed[RootSources] = _NONE,
) -> PlanFacts:
    """The facts of `PLAN-GUARD` for a plan of a stack. `month` is Absent only if nothing is built (`plan-check`)."""
    return PlanFacts(
        observed_at=observed_at,
        sources=sources,
        plan=plan,
        state=state,
        stack=stack,
        allowed_types=policies.allowed_types.stacks.get(stack, ()),
        protected_addresses=protected_addresses(environment, stack),
        protected_types=environment.preserve.types,
        released_addresses=policies.allowed_types.released.get(stack, ()),
        forbidden=policies.forbidden.plan_rules,
        exceptions=environment.exceptions,
        today=today,
        drift_blocks=drift_blocks,
        repair_drift_reason=repair_drift_reason,
        tainted=tainted,
        untainted=untainted,
        prices=policies.prices.naming(_types(plan)),
        region=environment.stacks[stack].region or environment.region,
        aws_region=environment.region,
        standard_support=policies.forbidden.standard_support,
        prices_max_age_days=environment.budget.prices_max_age_days,
        plan_limit_usd_per_month=environment.budget.plan_limit_usd_per_month,
        counted_hours=_counted_hours(environment, stack),
        month=month,
        unsaved=unsaved,
        too_new=too_new,
        root=root,
    )


def _counted_hours(environment: Environment, stack: str) -> CountedHours:
    """Only ephemeral stacks have a time to live, and not each. One with identities at Confluent is billed there."""
    platform: Literal["aws", "confluent"] = environment.stacks[stack].identities or "aws"
    lag = environment.billing_lag_hours.get(platform, environment.billing_lag_hours["aws"])
    lives = stack in environment.stacks_with_time_to_live
    return CountedHours(lag=lag, lives=environment.time_to_live.max_hours if lives else None)


def _types(plan: Observed[Plan]) -> set[str]:
    return {resource.type for resource in plan.value.resources} if isinstance(plan, Known) else set()


def protected_addresses(environment: Environment, stack: str) -> tuple[str, ...]:
    """What no build of the stack may delete or replace: in a stack that stays, nothing."""
    return (EVERYTHING,) if is_persistent(environment, stack) else ()


def is_persistent(environment: Environment, stack: str) -> bool:
    """Does the stack outlive every teardown?"""
    return environment.stacks[stack].lifecycle == "persistent"
