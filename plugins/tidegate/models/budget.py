"""The budget, its alerts and the channel that they reach (CO3)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSubscriber:
    """Who is told: `SNS` and the ARN of a topic, or `EMAIL` and an address."""

    type: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAlert:
    """One notification of a budget, in the words of AWS Budgets."""

    notification_type: str
    comparison: str
    threshold: Decimal
    threshold_type: str
    subscribers: Observed[tuple[AlertSubscriber, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSubscription:
    """One subscription of the alert topic. A pending one tells nobody anything."""

    protocol: str
    endpoint: str
    status: Literal["confirmed", "pending", "deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFacts(Facts):
    """Facts of the budget guardrail (M2.I): what the manifest expects beside what AWS answers."""

    expected_name: str
    expected_limit: Decimal
    expected_unit: str
    expected_period: str
    expected_alerts: tuple[Decimal, ...]
    expected_topic: str
    """ARN of the environment's alert topic."""
    expected_email: str
    name: Observed[str]
    """Absent: there is no such budget."""
    limit: Observed[Decimal]
    unit: Observed[str]
    period: Observed[str]
    type: Observed[str]
    excluded_cost_types: Observed[tuple[str, ...]]
    """Kinds of cost that the budget leaves out, sorted: `IncludeCredit` when credits do not count."""
    filters: Observed[tuple[str, ...]]
    """What narrows the budget to a part of the account; each hides the rest."""
    alerts: Observed[tuple[BudgetAlert, ...]]
    subscriptions: Observed[tuple[TopicSubscription, ...]]
    """Of the alert topic. Absent: there is no such topic."""
