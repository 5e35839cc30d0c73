"""Passing facts of the guardrails: budget, viability, ownership, pre-destroy, cost. Each takes changes by keyword."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from factories_world import inventory, preserve_item, scope, state_resource
from standins import dev_min
from tidegate.models.budget import AlertSubscriber, BudgetAlert, BudgetFacts, TopicSubscription
from tidegate.models.confluent import (
    BilledDay,
    ConfluentBill,
    ConfluentBilling,
    ConfluentBillingFacts,
    LineKind,
    NegativeLine,
)
from tidegate.models.cost import CostFacts, DailyCost, Money, OwnReads
from tidegate.models.observed import Absent, Known
from tidegate.models.ownership import OwnedState, OwnershipFacts
from tidegate.models.plan import StackScope
from tidegate.models.policy import PolicyException
from tidegate.models.pre_destroy import PartMoment, PreDestroyFacts, StateMoment
from tidegate.models.state import StateResource
from tidegate.models.viability import DagStatus, ViabilityFacts

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
BUDGET = "fraud-platform-dev-min-budget"
TOPIC = "arn:aws:sns:eu-west-2:123456789012:fraud-platform-dev-min-alerts"
EMAIL = "platform-alerts@example.com"
PRIMARY_VIEW = "arn:aws:billing::123456789012:billingview/primary"
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
        begins_at=Known(datetime(2026, 1, 1, tzinfo=UTC)),
        ends_at=Known(datetime(2087, 6, 15, tzinfo=UTC)),
        billing_view=Absent(),
        expected_billing_view=PRIMARY_VIEW,
        metric=Known("UnblendedCost"),
        limit_moved_by=Known(()),
        health=Absent(),
        actions=Known(()),
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
        schedules=True,
        audit=dag_status(dag_id="dev_min.teardown_audit"),
        hourly_check=dag_status(dag_id="dev_min.hourly_check"),
    )
    return replace(facts, **changes)


def moment(**changes: Any) -> StateMoment:
    """Demo's state, unmoved."""
    unmoved = Known("serial 8 of lineage 3f1c, version v8")
    return replace(StateMoment(stack="demo", frozen=unmoved, now=unmoved), **changes)


def part(**changes: Any) -> PartMoment:
    """Demo's part of the scope, unmoved."""
    return replace(PartMoment(stack="demo", frozen="d" * 64, now=Known("d" * 64)), **changes)


def pre_destroy_facts(**changes: Any) -> PreDestroyFacts:
    """A teardown of 20 of 45 resources."""
    facts = PreDestroyFacts(
        observed_at=NOW,
        target=Known("demo"),
        frozen_digest=Known("a" * 64),
        preserved_frozen=Known("c" * 64),
        preserved_now=Known("c" * 64),
        parts=(part(),),
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


def billed(number: int = 1, amount: Any = "0.25", **changes: Any) -> BilledDay:
    """A day of February with two lines."""
    day = BilledDay(day=date(2026, 2, number), lines=2, daily_lines=2, amount=Decimal(amount))
    return replace(day, **changes)


def bill(*days: BilledDay, **changes: Any) -> ConfluentBill:
    """Thirteen days of February, 3.25 USD altogether."""
    found = ConfluentBill(
        days=days or tuple(billed(number) for number in range(1, 14)),
        kinds=(
            LineKind(product="KAFKA", line_type="KAFKA_STORAGE", documented=True, lines=26, amount=Decimal("3.25")),
        ),
        negative=(),
        credits=0,
        credited=Decimal(0),
        pages=1,
    )
    return replace(found, **changes)


def negative_line(**changes: Any) -> NegativeLine:
    """A line that would hide 5 USD."""
    line = NegativeLine(id="cost-7", day=date(2026, 2, 3), product="KAFKA", line_type="KAFKA_BASE", amount=Decimal(-5))
    return replace(line, **changes)


def billing(**changes: Any) -> ConfluentBilling:
    """Confluent's month, while a platform run has been open since 3 February."""
    read = ConfluentBilling(
        endpoint="https://api.confluent.cloud",
        start=date(2026, 2, 1),
        end=date(2026, 2, 14),
        data_as_of=NOW - timedelta(hours=72),
        standing_since=Known(datetime(2026, 2, 3, 9, 30, tzinfo=UTC)),
        bill=Known(bill()),
    )
    return replace(read, **changes)


def billing_on(today: date) -> ConfluentBilling:
    """Confluent's month of a day, when nothing stands that would have to be billed."""
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    return billing(
        start=today.replace(day=1),
        end=today + timedelta(days=1),
        data_as_of=noon - timedelta(hours=84),
        standing_since=Absent(),
        bill=Known(bill(billed(day=today.replace(day=1)))),
    )


def confluent_billing_facts(**changes: Any) -> ConfluentBillingFacts:
    """A bill that can be judged."""
    return replace(ConfluentBillingFacts(observed_at=NOW, billing=billing(), exceptions=()), **changes)


def quiet(resource: str = "2026-02-05", **changes: Any) -> PolicyException:
    """A day on which nothing was billed, as the manifest says."""
    given: dict[str, Any] = {
        "rule": "CONFLUENT-DAYS-MISSING",
        "resource": resource,
        "owner": "finops",
        "reason": "the cluster was idle that day",
        "expires": date(2026, 2, 28),
    }
    return PolicyException(**given | changes)


def own_reads(**changes: Any) -> OwnReads:
    """Cost Explorer was asked at the midnight before, the second page of its month."""
    own = OwnReads(
        asked=True,
        needed=True,
        read_at=midnight(NOW),
        pages=Known(2),
        page_usd=Known(Decimal("0.01")),
        limit_usd=Decimal(1),
        spent=False,
    )
    return replace(own, **changes)


def midnight(moment: datetime) -> datetime:
    """The midnight before."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def cost_facts(*days: DailyCost, **changes: Any) -> CostFacts:
    """Thirteen days of February, 6.50 USD altogether; nothing stands. Read at the midnight before `observed_at`."""
    read_at = changes.get("read_at", midnight(changes.get("observed_at", NOW)))
    facts = CostFacts(
        observed_at=NOW,
        cost_scope=("aws",),
        read_scope=("aws",),
        widest_scope=Known(("aws",)),
        exceptions=(),
        latched=False,
        start=date(2026, 2, 1),
        end=date(2026, 2, 14),
        expected_unit="USD",
        alerts=LADDER,
        stop=Decimal(28),
        limit=Decimal(30),
        read_at=read_at,
        billing_lag_hours={"aws": 24, "confluent": 72},
        budgets=spent("6.40"),
        budget_expected=True,
        days=Known(days or tuple(daily(number) for number in range(1, 14))),
        own_reads=own_reads(read_at=read_at),
        confluent=None,
        inventories={"aws": inventory()},
        prices=dev_min()[1].prices,
        prices_max_age_days=180,
        last_seen=Known(read_at),
        reported=Decimal("6.5"),
        projected=Decimal(0),
        total=Decimal("6.5"),
        forecast=Decimal("6.5"),
        usd_per_hour=Decimal(0),
        hours_until_next_rung=None,
        rung="none",
    )
    return replace(facts, **changes)


def both_platforms(*days: DailyCost, **changes: Any) -> CostFacts:
    """AWS with 6.50 USD and Confluent with 3.25 USD."""
    both = ("aws", "confluent")
    given: dict[str, Any] = {"cost_scope": both, "read_scope": both, "widest_scope": Known(both)}
    given |= {"confluent": billing(), "inventories": {"aws": inventory(), "confluent": inventory()}}
    return cost_facts(*days, **given | changes)


def both_on(today: date) -> CostFacts:
    """Cost of both platforms in the month of a day."""
    both = ("aws", "confluent")
    return replace(
        cost_facts_on(today),
        cost_scope=both,
        read_scope=both,
        widest_scope=Known(both),
        confluent=billing_on(today),
        inventories={"aws": inventory(), "confluent": inventory()},
    )


def cost_facts_on(today: date) -> CostFacts:
    """Cost of the month of a day, up to and with that day."""
    first = today.replace(day=1)
    days = tuple(daily(day=first + timedelta(days=number)) for number in range(today.day))
    began = datetime(today.year, today.month, today.day, tzinfo=UTC)
    return cost_facts(*days, start=first, end=today + timedelta(days=1), read_at=began)
