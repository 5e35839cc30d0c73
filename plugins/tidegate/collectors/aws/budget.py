"""The environment's budget, its notifications with their subscribers, and who the alert topic tells (CO3)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.money import amount
from tidegate.collectors.aws.reading import (
    MalformedAnswer,
    NotThere,
    ask,
    every,
    field,
    observe,
    optional,
    storable,
    text,
)
from tidegate.models.budget import AlertSubscriber, BudgetAction, BudgetAlert, BudgetFacts, TopicSubscription
from tidegate.models.environment import Environment
from tidegate.models.facts import Coverage, Source
from tidegate.models.observed import Known, Observed, Unreadable

IAM_ACTIONS: tuple[str, ...] = (
    "budgets:DescribeBudgetActionsForBudget",
    "budgets:ViewBudget",
    "sns:ListSubscriptionsByTopic",
)

T = TypeVar("T")

NO_BUDGET = ("NotFoundException",)
NO_TOPIC = ("NotFound", "NotFoundException")
_KIND = ("NotificationType", "ComparisonOperator")
_PERCENTAGE = "PERCENTAGE"
"""What AWS takes a threshold for that says no type; the console makes such ones."""

_COST_METRICS = {"UseBlended": "BlendedCost", "UseAmortized": "AmortizedCost"}
_UNBLENDED = "UnblendedCost"
_NO_CREDITS = frozenset({"Credit", "Refund"})

_READ = (
    "name",
    "limit",
    "unit",
    "period",
    "type",
    "excluded_cost_types",
    "filters",
    "begins_at",
    "ends_at",
    "billing_view",
    "metric",
    "limit_moved_by",
    "health",
    "actions",
    "alerts",
    "subscriptions",
)


def collect_budget(clients: Clients, environment: Environment, now: datetime) -> BudgetFacts:
    """Budget, notifications, subscribers, subscriptions; `now` is aware UTC. Never raises for what AWS answers.

    A malformed part of the budget spoils only itself.
    """
    wanted, topic = environment.budget, environment.alert_topic_arn
    budget = describe(clients, environment)
    facts = BudgetFacts(
        observed_at=now,
        stack=environment.budget_stack,
        expected_name=wanted.name,
        expected_limit=wanted.limit_usd,
        expected_unit=wanted.unit,
        expected_period=wanted.period,
        expected_alerts=wanted.alerts_usd,
        expected_topic=topic,
        expected_email=wanted.alert_email,
        name=within(budget, lambda found: field(found, "BudgetName", str)),
        limit=within(budget, lambda found: amount(found, "BudgetLimit")),
        unit=within(budget, lambda found: field(found, "BudgetLimit.Unit", str)),
        period=within(budget, lambda found: field(found, "TimeUnit", str)),
        type=within(budget, lambda found: field(found, "BudgetType", str)),
        excluded_cost_types=within(budget, _excluded),
        filters=within(budget, _filters),
        begins_at=within(budget, lambda found: _moment(found, "Start")),
        ends_at=within(budget, lambda found: _moment(found, "End")),
        billing_view=within(budget, lambda found: _told(optional(found, "BillingViewArn", str))),
        expected_billing_view=f"arn:aws:billing::{environment.account_id}:billingview/primary",
        metric=within(budget, _metric),
        limit_moved_by=within(budget, _moved_by),
        health=within(budget, _health),
        actions=_actions(clients, environment) if isinstance(budget, Known) else budget,
        alerts=_alerts(clients, environment),
        subscriptions=_subscriptions(clients, topic),
    )
    return replace(facts, sources=(Source(name="budgets", data_as_of=now, coverage=tuple(_coverage(facts))),))


def describe(clients: Clients, environment: Environment) -> Observed[dict[str, Any]]:
    """The budget as DescribeBudget answers. Absent: there is none of that name."""

    def read() -> dict[str, Any]:
        name = environment.budget.name
        named = {"AccountId": environment.account_id, "BudgetName": name}
        # Unasked, AWS keeps the filter expression to itself, and a narrowed budget looks like a whole one.
        answer = ask(clients.budgets.describe_budget, **named, ShowFilterExpression=True)
        return field(answer, "Budget", dict)

    return observe(f"DescribeBudget {environment.budget.name}", read, absent=NO_BUDGET)


def within(budget: Observed[dict[str, Any]], part: Callable[[dict[str, Any]], T]) -> Observed[T]:
    """A part of the described budget."""
    if not isinstance(budget, Known):
        return budget
    return observe("DescribeBudget", lambda: part(budget.value))


def _excluded(budget: dict[str, Any]) -> tuple[str, ...]:
    """AWS includes what is not named, so only an explicit `false` excludes. A budget that is defined by a metric and
    an expression has no such list.
    """
    defined_by: list[Any] | None = optional(budget, "Metrics", list)
    if "CostTypes" not in budget and defined_by:
        raise NotThere
    cost_types = field(budget, "CostTypes", dict)
    names = sorted(name for name in cost_types if name.startswith("Include"))
    return tuple(name for name in names if not field(cost_types, name, bool))


def _filters(budget: dict[str, Any]) -> tuple[str, ...]:
    filters = optional(budget, "CostFilters", dict) or {}
    expression = optional(budget, "FilterExpression", dict)
    narrowed = bool(expression) and not _leaves_out_credits(expression)
    return (*sorted(str(name) for name in filters), *(("FilterExpression",) if narrowed else ()))


def _leaves_out_credits(expression: Any) -> bool:
    """Is it only another way to say that credits and refunds do not count?"""
    if not isinstance(expression, dict) or set(expression) != {"Not"} or not isinstance(expression["Not"], dict):
        return False
    left_out = expression["Not"].get("Dimensions")
    if set(expression["Not"]) != {"Dimensions"} or not isinstance(left_out, dict):
        return False
    values = left_out.get("Values")
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        return False
    plain = not set(left_out) - {"Key", "Values", "MatchOptions"} and left_out.get("MatchOptions") in (None, ["EQUALS"])
    return plain and left_out.get("Key") == "RECORD_TYPE" and set(values) == _NO_CREDITS


def _moment(budget: dict[str, Any], which: str) -> datetime:
    period = optional(budget, "TimePeriod", dict)
    moment = None if period is None else optional(period, which, datetime)
    if moment is None:
        raise NotThere
    if moment.tzinfo is None:
        raise MalformedAnswer(f"TimePeriod.{which} has no zone")
    return moment.astimezone(UTC)


def _told(text: str | None) -> str:
    if not text:
        raise NotThere
    return text


def _metric(budget: dict[str, Any]) -> str:
    metrics: list[Any] = optional(budget, "Metrics", list) or []
    if not all(isinstance(name, str) and name.strip() and storable(name) for name in metrics):
        raise MalformedAnswer("Metrics is not a list of names")
    cost_types = budget.get("CostTypes")
    flags = cost_types if isinstance(cost_types, dict) else {}  # what else it is, spoils the excluded cost types
    named = [metric for flag, metric in _COST_METRICS.items() if optional(flags, flag, bool)]
    return ", ".join(sorted({*metrics, *named})) or _UNBLENDED


def _moved_by(budget: dict[str, Any]) -> tuple[str, ...]:
    adjusted = optional(budget, "AutoAdjustData", dict)
    planned = optional(budget, "PlannedBudgetLimits", dict)
    automatic = () if adjusted is None else (f"AutoAdjustData {field(adjusted, 'AutoAdjustType', str)}",)
    return (*automatic, *(("PlannedBudgetLimits",) if planned else ()))


def _health(budget: dict[str, Any]) -> str:
    health = optional(budget, "HealthStatus", dict)
    if health is None:
        raise NotThere
    return " ".join(filter(None, (field(health, "Status", str), optional(health, "StatusReason", str))))


def _actions(clients: Clients, environment: Environment) -> Observed[tuple[BudgetAction, ...]]:
    account, name = environment.account_id, environment.budget.name

    def read() -> tuple[BudgetAction, ...]:
        paginator = ask(clients.budgets.get_paginator, "describe_budget_actions_for_budget")
        found = every(ask(paginator.paginate, AccountId=account, BudgetName=name), "Actions")
        return tuple(
            BudgetAction(
                id=text(each, "ActionId"), type=field(each, "ActionType", str), status=field(each, "Status", str)
            )
            for each in found
        )

    return observe(f"DescribeBudgetActionsForBudget {name}", read, absent=NO_BUDGET)


def _alerts(clients: Clients, environment: Environment) -> Observed[tuple[BudgetAlert, ...]]:
    account, name = environment.account_id, environment.budget.name

    def read() -> tuple[BudgetAlert, ...]:
        paginator = ask(clients.budgets.get_paginator, "describe_notifications_for_budget")
        found = every(ask(paginator.paginate, AccountId=account, BudgetName=name), "Notifications")
        return tuple(_alert(clients, account, name, notification) for notification in found)

    return observe(f"DescribeNotificationsForBudget {name}", read, absent=NO_BUDGET)


def _alert(clients: Clients, account: str, name: str, notification: dict[str, Any]) -> BudgetAlert:
    threshold = _threshold(notification)
    identifying: Any = {key: field(notification, key, str) for key in _KIND}
    threshold_type = optional(notification, "ThresholdType", str) or _PERCENTAGE
    identifying["ThresholdType"] = threshold_type
    identifying["Threshold"] = notification["Threshold"]

    def subscribers() -> tuple[AlertSubscriber, ...]:
        paginator = ask(clients.budgets.get_paginator, "describe_subscribers_for_notification")
        answers = ask(paginator.paginate, AccountId=account, BudgetName=name, Notification=identifying)
        return tuple(
            AlertSubscriber(type=text(each, "SubscriptionType"), address=text(each, "Address"))
            for each in every(answers, "Subscribers")
        )

    return BudgetAlert(
        notification_type=identifying["NotificationType"],
        comparison=identifying["ComparisonOperator"],
        threshold=threshold,
        threshold_type=threshold_type,
        subscribers=observe(f"DescribeSubscribersForNotification {name} {threshold}", subscribers, absent=NO_BUDGET),
    )


def _threshold(notification: dict[str, Any]) -> Decimal:
    if isinstance(field(notification, "Threshold", object), int):
        return Decimal(field(notification, "Threshold", int))
    number = Decimal(str(field(notification, "Threshold", float)))
    if not number.is_finite():
        raise MalformedAnswer("Threshold is not a finite number")
    return number


def _subscriptions(clients: Clients, topic: str) -> Observed[tuple[TopicSubscription, ...]]:
    def read() -> tuple[TopicSubscription, ...]:
        paginator = ask(clients.sns.get_paginator, "list_subscriptions_by_topic")
        found = every(ask(paginator.paginate, TopicArn=topic), "Subscriptions")
        return tuple(
            TopicSubscription(
                protocol=text(each, "Protocol"),
                endpoint=text(each, "Endpoint"),
                status=_status(field(each, "SubscriptionArn", str)),
            )
            for each in found
        )

    return observe(f"ListSubscriptionsByTopic {topic}", read, absent=NO_TOPIC)


def _status(arn: str) -> Literal["confirmed", "pending", "deleted"]:
    """SNS says it in place of the ARN."""
    if arn.startswith("arn:"):
        return "confirmed"
    if arn == "PendingConfirmation":
        return "pending"
    if arn == "Deleted":
        return "deleted"
    raise MalformedAnswer("SubscriptionArn is neither an ARN nor a status")


def _coverage(facts: BudgetFacts) -> Iterator[Coverage]:
    for name in _READ:
        part = getattr(facts, name)
        reason = part.reason if isinstance(part, Unreadable) else ""
        yield Coverage(subject=f"budget {name}", status="unreadable" if reason else "read", reason=reason)
