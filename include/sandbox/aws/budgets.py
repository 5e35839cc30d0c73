"""AWS Budgets in the sandbox (labelled extension of moto): subscribers, tags, updates, settable spend.

moto stores budgets and notifications, and lacks the rest that the Terraform AWS provider reads back. It takes whatever
is sent: what AWS refuses is in budgets_rules.py, and declared in budgets_refusals.py.
"""

import json
from decimal import Decimal
from typing import Any

from moto.budgets.exceptions import DuplicateRecordException, NotFoundException
from moto.budgets.models import Budget, Notification
from moto.budgets.responses import BudgetsResponse

from sandbox.aws import budgets_rules as rules
from sandbox.aws.budgets_refusals import KINDER as KINDER
from sandbox.aws.budgets_refusals import REFUSALS as REFUSALS
from sandbox.aws.budgets_refusals import SERVICE as SERVICE
from sandbox.aws.patching import add, replace
from sandbox.aws.settings import SETTINGS

_CREATE_BUDGET = BudgetsResponse.create_budget
_DELETE_BUDGET = BudgetsResponse.delete_budget
_DESCRIBE_BUDGETS = BudgetsResponse.describe_budgets
_TO_DICT = Budget.to_dict
_IDENTIFYING = ("NotificationType", "ComparisonOperator", "ThresholdType")
CURRENCY = "USD"


def install() -> None:
    """Put the missing operations on moto's class, and settable spend on its budgets."""
    for operation in (
        create_budget,
        create_notification,
        delete_budget,
        delete_notification,
        describe_budget,
        describe_budgets,
        describe_notifications_for_budget,
    ):
        replace(BudgetsResponse, operation.__name__, rules.judged(operation))
    for operation in (
        create_subscriber,
        delete_subscriber,
        describe_budget_actions_for_budget,
        describe_budget_performance_history,
        describe_subscribers_for_notification,
        list_tags_for_resource,
        tag_resource,
        untag_resource,
        update_budget,
        update_notification,
        update_subscriber,
    ):
        add(BudgetsResponse, operation.__name__, rules.judged(operation))
    replace(Budget, "to_dict", _to_dict, answers=("DescribeBudget", "DescribeBudgets"))


def create_budget(response: BudgetsResponse) -> str:
    """CreateBudget, keeping the tags."""
    rules.refuse_tags(_tags(response._get_param("ResourceTags")))
    for each in response._get_param("NotificationsWithSubscribers") or []:
        rules.refuse_subscribers(each["Subscribers"])
    answer = _CREATE_BUDGET(response)
    name = response._get_param("Budget")["BudgetName"]
    SETTINGS.budget_tags[_arn(response, name)] = _tags(response._get_param("ResourceTags"))
    return answer


def delete_budget(response: BudgetsResponse) -> str:
    """DeleteBudget, with its tags."""
    answer = _DELETE_BUDGET(response)
    SETTINGS.budget_tags.pop(_arn(response, response._get_param("BudgetName")), None)
    return answer


def describe_budget(response: BudgetsResponse) -> str:
    """DescribeBudget: the filter expression only when it was asked for, as AWS does, and what the admin API has set."""
    budget = _to_dict(_budget(response, response._get_param("BudgetName")))
    budget |= SETTINGS.budget_traits.get(budget["BudgetName"], {})
    if not response._get_param("ShowFilterExpression"):
        budget.pop("FilterExpression", None)
    return json.dumps({"Budget": budget})


def describe_budgets(response: BudgetsResponse) -> str:
    """DescribeBudgets, as moto answers it."""
    return str(_DESCRIBE_BUDGETS(response))


def describe_budget_actions_for_budget(response: BudgetsResponse) -> str:
    """DescribeBudgetActionsForBudget: what the admin API has set; none otherwise."""
    name = _budget(response, response._get_param("BudgetName")).budget["BudgetName"]
    return json.dumps({"AccountId": response._get_param("AccountId"), "Actions": SETTINGS.budget_actions.get(name, [])})


def update_budget(response: BudgetsResponse) -> str:
    """UpdateBudget: the new definition replaces the old one, notifications stay."""
    new = response._get_param("NewBudget")
    budget = _budget(response, new["BudgetName"])
    period = budget.budget["TimePeriod"]
    replacement = Budget({"TimePeriod": period, **new}, [])
    budget.budget = replacement.budget
    return "{}"


def describe_budget_performance_history(response: BudgetsResponse) -> str:
    """DescribeBudgetPerformanceHistory: the current period alone."""
    budget = _to_dict(_budget(response, response._get_param("BudgetName")))
    shown = ("BudgetName", "BudgetType", "TimeUnit", "CostTypes")
    history: dict[str, Any] = {name: budget[name] for name in shown if name in budget}
    history["BudgetedAndActualAmountsList"] = [
        {
            "BudgetedAmount": budget.get("BudgetLimit"),
            "ActualAmount": budget["CalculatedSpend"]["ActualSpend"],
            "TimePeriod": budget["TimePeriod"],
        }
    ]
    return json.dumps({"BudgetPerformanceHistory": history})


def describe_notifications_for_budget(response: BudgetsResponse) -> str:
    """DescribeNotificationsForBudget, with the state that the spend gives each."""
    budget = _budget(response, response._get_param("BudgetName"))
    notifications = [{**each.details, "NotificationState": _state(budget, each)} for each in budget.notifications]
    return json.dumps({"Notifications": notifications})


def create_notification(response: BudgetsResponse) -> str:
    """CreateNotification, refusing one that exists."""
    budget = _budget(response, response._get_param("BudgetName"))
    details = response._get_param("Notification")
    if any(_same(each.details, details) for each in budget.notifications):
        raise DuplicateRecordException("notification", f"on budget {budget.budget['BudgetName']}")
    rules.refuse_notifications(len(budget.notifications) + 1)
    rules.refuse_subscribers(response._get_param("Subscribers"))
    budget.add_notification(details, response._get_param("Subscribers"))
    return "{}"


def delete_notification(response: BudgetsResponse) -> str:
    """DeleteNotification."""
    budget, notification = _notification(response)
    budget.notifications.remove(notification)
    return "{}"


def update_notification(response: BudgetsResponse) -> str:
    """UpdateNotification: another threshold, the same subscribers."""
    budget, notification = _notification(response, "OldNotification")
    new = response._get_param("NewNotification")
    if any(_same(each.details, new) for each in budget.notifications if each is not notification):
        raise DuplicateRecordException("notification", f"on budget {budget.budget['BudgetName']}")
    notification.details = new
    return "{}"


def describe_subscribers_for_notification(response: BudgetsResponse) -> str:
    """DescribeSubscribersForNotification."""
    _, notification = _notification(response)
    return json.dumps({"Subscribers": _subscribers(notification)})


def create_subscriber(response: BudgetsResponse) -> str:
    """CreateSubscriber, refusing one that exists."""
    _, notification = _notification(response)
    subscriber = response._get_param("Subscriber")
    if subscriber in _subscribers(notification):
        raise DuplicateRecordException("subscriber", subscriber["Address"])
    rules.refuse_subscribers([*_subscribers(notification), subscriber])
    _subscribers(notification).append(subscriber)
    return "{}"


def delete_subscriber(response: BudgetsResponse) -> str:
    """DeleteSubscriber."""
    _, notification = _notification(response)
    _subscribers(notification).remove(_known(notification, response._get_param("Subscriber")))
    return "{}"


def update_subscriber(response: BudgetsResponse) -> str:
    """UpdateSubscriber."""
    _, notification = _notification(response)
    subscribers, new = _subscribers(notification), response._get_param("NewSubscriber")
    position = subscribers.index(_known(notification, response._get_param("OldSubscriber")))
    others = [each for place, each in enumerate(subscribers) if place != position]
    if new in others:
        raise DuplicateRecordException("subscriber", new["Address"])
    rules.refuse_subscribers([*others, new])
    subscribers[position] = new
    return "{}"


def list_tags_for_resource(response: BudgetsResponse) -> str:
    """ListTagsForResource."""
    tags = SETTINGS.budget_tags[_resource(response)]
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]})


def tag_resource(response: BudgetsResponse) -> str:
    """TagResource."""
    resource, given = _resource(response), _tags(response._get_param("ResourceTags"))
    rules.refuse_tags(SETTINGS.budget_tags[resource] | given)
    SETTINGS.budget_tags[resource] |= given
    return "{}"


def untag_resource(response: BudgetsResponse) -> str:
    """UntagResource."""
    tags = SETTINGS.budget_tags[_resource(response)]
    for key in response._get_param("ResourceTagKeys"):
        tags.pop(key, None)
    return "{}"


def _to_dict(budget: Budget) -> dict[str, Any]:
    content = _TO_DICT(budget)
    if spend := SETTINGS.budget_spend.get(content["BudgetName"]):
        content["CalculatedSpend"] = {
            "ActualSpend": {"Amount": str(spend.actual), "Unit": CURRENCY},
            "ForecastedSpend": {"Amount": str(spend.forecasted), "Unit": CURRENCY},
        }
    return content


def _state(budget: Budget, notification: Notification) -> str:
    content = _to_dict(budget)
    spent_name = "ActualSpend" if notification.details["NotificationType"] == "ACTUAL" else "ForecastedSpend"
    spent = Decimal(content["CalculatedSpend"][spent_name]["Amount"])
    threshold = Decimal(str(notification.details["Threshold"]))
    if notification.details.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE":
        threshold = threshold * Decimal(content["BudgetLimit"]["Amount"]) / 100
    exceeded = {
        "GREATER_THAN": spent > threshold,
        "LESS_THAN": spent < threshold,
        "EQUAL_TO": spent == threshold,
    }[notification.details["ComparisonOperator"]]
    return "ALARM" if exceeded else "OK"


def _budget(response: BudgetsResponse, name: str) -> Budget:
    budgets = response.backend.budgets[response._get_param("AccountId")]
    if name not in budgets:
        raise NotFoundException(f"Unable to find budget: {name} - the budget doesn't exist.")
    return budgets[name]


def _notification(response: BudgetsResponse, parameter: str = "Notification") -> tuple[Budget, Notification]:
    budget = _budget(response, response._get_param("BudgetName"))
    wanted = response._get_param(parameter)
    for notification in budget.notifications:
        if _same(notification.details, wanted):
            return budget, notification
    raise NotFoundException("Unable to find notification - the notification doesn't exist.")


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    defaults = {"ThresholdType": "PERCENTAGE"}
    names_agree = all(one.get(name, defaults.get(name)) == other.get(name, defaults.get(name)) for name in _IDENTIFYING)
    return names_agree and Decimal(str(one["Threshold"])) == Decimal(str(other["Threshold"]))


def _subscribers(notification: Notification) -> list[dict[str, str]]:
    subscribers: list[dict[str, str]] = notification.subscribers  # type: ignore[assignment]  # moto says dict, keeps a list
    return subscribers


def _known(notification: Notification, subscriber: dict[str, str]) -> dict[str, str]:
    if subscriber not in _subscribers(notification):
        raise NotFoundException("Unable to find subscriber - the subscriber doesn't exist.")
    return subscriber


def _resource(response: BudgetsResponse) -> str:
    """Return the ARN in the request. Raises NotFoundException when no such budget exists."""
    arn: str = response._get_param("ResourceARN")
    account, name = rules.budget_of(arn)
    if name not in response.backend.budgets[account]:
        raise NotFoundException(f"Unable to find resource: {arn}.")
    return arn


def _arn(response: BudgetsResponse, name: str) -> str:
    return f"arn:{response.partition}:budgets::{response._get_param('AccountId')}:budget/{name}"


def _tags(pairs: list[dict[str, str]] | None) -> dict[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs or []}
