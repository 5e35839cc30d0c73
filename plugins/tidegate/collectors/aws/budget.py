"""The environment's budget, its notifications with their subscribers, and who the alert topic tells (CO3)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.money import amount
from tidegate.collectors.aws.reading import MalformedAnswer, ask, every, field, observe, optional, text
from tidegate.models.budget import AlertSubscriber, BudgetAlert, BudgetFacts, TopicSubscription
from tidegate.models.environment import Environment
from tidegate.models.facts import Coverage, Source
from tidegate.models.observed import Known, Observed, Unreadable

IAM_ACTIONS: tuple[str, ...] = ("budgets:ViewBudget", "sns:ListSubscriptionsByTopic")

T = TypeVar("T")

NO_BUDGET = ("NotFoundException",)
NO_TOPIC = ("NotFound", "NotFoundException")
_KIND = ("NotificationType", "ComparisonOperator", "ThresholdType")
_READ = ("name", "limit", "unit", "period", "type", "excluded_cost_types", "filters", "alerts", "subscriptions")


def collect_budget(clients: Clients, environment: Environment, now: datetime) -> BudgetFacts:
    """Budget, notifications, subscribers, subscriptions; `now` is aware UTC. Never raises for what AWS answers.

    A malformed part of the budget spoils only itself.
    """
    wanted, topic = environment.budget, environment.alert_topic_arn
    budget = describe(clients, environment)
    facts = BudgetFacts(
        observed_at=now,
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
        excluded_cost_types=within(budget, lambda found: _excluded(field(found, "CostTypes", dict))),
        filters=within(budget, _filters),
        alerts=_alerts(clients, environment),
        subscriptions=_subscriptions(clients, topic),
    )
    return replace(facts, sources=(Source(name="budgets", data_as_of=now, coverage=tuple(_coverage(facts))),))


def describe(clients: Clients, environment: Environment) -> Observed[dict[str, Any]]:
    """The budget as DescribeBudget answers. Absent: there is none of that name."""

    def read() -> dict[str, Any]:
        name = environment.budget.name
        answer = ask(clients.budgets.describe_budget, AccountId=environment.account_id, BudgetName=name)
        return field(answer, "Budget", dict)

    return observe(f"DescribeBudget {environment.budget.name}", read, absent=NO_BUDGET)


def within(budget: Observed[dict[str, Any]], part: Callable[[dict[str, Any]], T]) -> Observed[T]:
    """A part of the described budget."""
    if not isinstance(budget, Known):
        return budget
    return observe("DescribeBudget", lambda: part(budget.value))


def _excluded(cost_types: dict[str, Any]) -> tuple[str, ...]:
    """AWS includes what is not named, so only an explicit `false` excludes."""
    names = sorted(name for name in cost_types if name.startswith("Include"))
    return tuple(name for name in names if not field(cost_types, name, bool))


def _filters(budget: dict[str, Any]) -> tuple[str, ...]:
    filters = optional(budget, "CostFilters", dict) or {}
    expression = optional(budget, "FilterExpression", dict)
    return (*sorted(str(name) for name in filters), *(("FilterExpression",) if expression else ()))


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
        threshold_type=identifying["ThresholdType"],
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
