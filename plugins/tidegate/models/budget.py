"""The budget, its alerts and the channel that they reach (CO3)."""

from dataclasses import dataclass
from datetime import datetime
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
class BudgetAction:
    """What AWS Budgets does by itself at a threshold, e.g. attach a policy: its id, kind and state in AWS's words."""

    id: str
    type: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSubscription:
    """One subscription of the alert topic. A pending one tells nobody anything."""

    protocol: str
    endpoint: str
    status: Literal["confirmed", "pending", "deleted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFacts(Facts):
    """Facts of the budget guardrail (M2.I): what the manifest expects beside what AWS answers."""

    stack: str = "core"
    """Whose Terraform makes the budget and its topic. Evidence of versions that knew it by name does not say so."""
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
    begins_at: Observed[datetime] | None = None
    """From when on the budget counts, UTC. Absent: AWS does not say. This and all that follow are None in evidence of
    versions that did not look at it."""
    ends_at: Observed[datetime] | None = None
    """When AWS deletes the budget and its alerts, UTC."""
    billing_view: Observed[str] | None = None
    """ARN of the view of the bill that the budget counts. Absent: the whole bill of the account."""
    expected_billing_view: str = ""
    """ARN of the account's own, whole bill."""
    metric: Observed[str] | None = None
    """Which amount of a charge counts, by Cost Explorer's name for it."""
    limit_moved_by: Observed[tuple[str, ...]] | None = None
    """What changes the cap without anybody's doing."""
    health: Observed[str] | None = None
    """`HEALTHY`, or the state with its reason. Absent: AWS does not say, as for a budget of the whole bill."""
    actions: Observed[tuple[BudgetAction, ...]] | None = None
