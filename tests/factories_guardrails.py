"""Passing facts of the guardrails: budget, viability, ownership, pre-destroy, cost. Each takes changes by keyword."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from factories_world import preserve_item, scope, state_resource
from tidegate.models.budget import AlertSubscriber, BudgetAlert, BudgetFacts, TopicSubscription
from tidegate.models.cost import CostFacts, DailyCost, Money
from tidegate.models.facts import Facts
from tidegate.models.observed import Known
from tidegate.models.ownership import OwnedState, OwnershipFacts
from tidegate.models.plan import StackScope
from tidegate.models.pre_destroy import PreDestroyFacts, StateMoment
from tidegate.models.state import StateResource
from tidegate.models.viability import DagStatus, ViabilityFacts

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
BUDGET = "fraud-platform-dev-min-budget"
TOPIC = "arn:aws:sns:eu-west-2:123456789012:fraud-platform-dev-min-alerts"
EMAIL = "platform-alerts@example.com"
LADDER = (Decimal(10), Decimal(20), Decimal(28))


def told(type: str = "SNS", address: str = TOPIC) -> AlertSubscriber:
    """The alert topic as a subscriber."""
    return AlertSubscriber(type=type, address=address)


def alert(threshold: Any = 10, **changes: Any) -> BudgetAlert:
    """An alert as core sets it."""
    found = BudgetAlert(
        notification_type="ACTUAL",
        comparison="GREATER_THAN",
        threshold=Decimal(threshold),
        threshold_type="ABSOLUTE_VALUE",
        subscribers=Known((told(),)),
    )
    return replace(found, **changes)


def subscription(**changes: Any) -> TopicSubscription:
    """The confirmed e-mail subscription of the manifest's address."""
    return replace(TopicSubscription(protocol="email", endpoint=EMAIL, status="confirmed"), **changes)


def budget_facts(*alerts: BudgetAlert, **changes: Any) -> BudgetFacts:
    """The budget as core sets it, with these alerts or the three of the ladder."""
    facts = BudgetFacts(
        observed_at=NOW,
        expected_name=BUDGET,
        expected_limit=Decimal("30"),
        expected_unit="USD",
        expected_period="MONTHLY",
        expected_alerts=LADDER,
        expected_topic=TOPIC,
        expected_email=EMAIL,
        name=Known(BUDGET),
        limit=Known(Decimal("30.0")),
        unit=Known("USD"),
        period=Known("MONTHLY"),
        type=Known("COST"),
        excluded_cost_types=Known(("IncludeCredit", "IncludeRefund")),
        filters=Known(()),
        alerts=Known(alerts or tuple(alert(threshold) for threshold in LADDER)),
        subscriptions=Known((subscription(),)),
    )
    return replace(facts, **changes)


def owned(stack: str, *resources: StateResource, **changes: Any) -> OwnedState:
    """A state with these resources; core's may not be missing."""
    return replace(OwnedState(stack=stack, destroyable=stack != "core", resources=Known(resources)), **changes)


def ownership_facts(*states: OwnedState, **changes: Any) -> OwnershipFacts:
    """Core and demo, each with a resource of its own."""
    core = owned("core", state_resource("aws_s3_bucket.state", "tfstate"))
    facts = OwnershipFacts(
        observed_at=NOW, expected_stacks=("core", "demo"), states=states or (core, owned("demo", state_resource()))
    )
    return replace(facts, **changes)


def dag_status(**changes: Any) -> DagStatus:
    """M9 as it should be."""
    dag = DagStatus(dag_id="dev_min.m9_teardown_cost_check", paused=Known(False), loads=Known(True))
    return replace(dag, **changes)


def viability_facts(*stacks: StackScope, **changes: Any) -> ViabilityFacts:
    """Demo stands and can be torn down."""
    facts = ViabilityFacts(
        observed_at=NOW,
        destroyable=("demo",),
        stacks=stacks or (scope(),),
        preserve_set=Known((preserve_item(),)),
        protected_types=("aws_s3_bucket",),
        protected_ids=("fraud-platform-dev-min-execution",),
        protected_prefixes=("/fraud-platform/dev_min/core/",),
        m9=dag_status(),
        emergency_stop=dag_status(dag_id="dev_min.emergency_stop"),
    )
    return replace(facts, **changes)


def moment(**changes: Any) -> StateMoment:
    """Demo's state, unmoved."""
    unmoved = Known("serial 8 of lineage 3f1c, version v8")
    return replace(StateMoment(stack="demo", frozen=unmoved, now=unmoved), **changes)


def pre_destroy_facts(**changes: Any) -> PreDestroyFacts:
    """A teardown of 20 of 45 resources."""
    facts = PreDestroyFacts(
        observed_at=NOW,
        target=Known("demo"),
        frozen_digest=Known("a" * 64),
        digest_now=Known("a" * 64),
        destroy_count=Known(20),
        resources={"core": Known(25), "demo": Known(20)},
        states=(moment(), moment(stack="core", frozen=Known("serial 4"), now=Known("serial 4"))),
        max_resources=60,
        max_percent=50,
    )
    return replace(facts, **changes)


def daily(number: int = 1, amount: Any = "0.5", **changes: Any) -> DailyCost:
    """A day of February, still estimated as AWS says of a running month."""
    cost = Money(amount=Decimal(amount), unit="USD")
    return replace(DailyCost(day=date(2026, 2, number), days=1, cost=cost, estimated=True), **changes)


def spent(amount: Any, unit: str = "USD") -> Known[Money]:
    """What the budget reports."""
    return Known(Money(amount=Decimal(amount), unit=unit))


def cost_facts(*days: DailyCost, **changes: Any) -> CostFacts:
    """Thirteen days of February, 6.50 USD altogether."""
    facts = CostFacts(
        observed_at=NOW,
        cost_scope=("aws",),
        read_scope=("aws",),
        start=date(2026, 2, 1),
        end=date(2026, 2, 14),
        expected_unit="USD",
        alerts=LADDER,
        stop=Decimal(28),
        budgets=spent("6.40"),
        days=Known(days or tuple(daily(number) for number in range(1, 14))),
        rung="none",
    )
    return replace(facts, **changes)


def valid_cost_now() -> CostFacts:
    """Cost of this very month, for runs whose facts are dated now."""
    today = datetime.now(UTC).date()
    first = today.replace(day=1)
    days = tuple(daily(day=first + timedelta(days=number)) for number in range(today.day))
    return cost_facts(*days, start=first, end=today + timedelta(days=1))


VALID_FACTS_GUARDRAILS: dict[str, Callable[[], Facts]] = {
    "STATE-OWNERSHIP": ownership_facts,
    "BUDGET-GUARDRAIL": budget_facts,
    "PRE-DESTROY": pre_destroy_facts,
    "COST-GUARDRAIL": valid_cost_now,
    "TEARDOWN-VIABILITY": viability_facts,
}
"""Per gate a function without arguments that gives facts which pass."""
