"""Budgets, Cost Explorer and the price list."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from refused_calls.world import ACCOUNT, Call, World

NAME, GONE = "there", "gone"
TOPIC = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:eu-west-2:{ACCOUNT}:alerts"}
MAIL = {"SubscriptionType": "EMAIL", "Address": "oncall@tidegate.example"}
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/{{}}"
TAGS = [{"Key": f"key-{number}", "Value": "x"} for number in range(51)]
FULL = "full"
"""A budget with ten notifications."""


def budget(name: str = "new", amount: str = "30", **more: Any) -> dict[str, Any]:
    limit = {"BudgetLimit": {"Amount": amount, "Unit": "USD"}}
    return {"BudgetName": name, "BudgetType": "COST", "TimeUnit": "MONTHLY", **limit, **more}


def above(threshold: float) -> dict[str, Any]:
    kind = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "ThresholdType": "ABSOLUTE_VALUE"}
    return {**kind, "Threshold": threshold}


def alerts(number: int, *subscribers: dict[str, str]) -> list[dict[str, Any]]:
    return [{"Notification": above(each + 1), "Subscribers": list(subscribers)} for each in range(number)]


def make_budgets(world: World) -> None:
    """Make `there`, with an alert above 1 (both subscribers) and one above 2, and `full`."""
    there = [*alerts(1, TOPIC, MAIL), {"Notification": above(2), "Subscribers": [MAIL]}]
    for name, notifications in ((NAME, there), (FULL, alerts(10, MAIL))):
        world("budgets").create_budget(
            AccountId=ACCOUNT, Budget=budget(name), NotificationsWithSubscribers=notifications
        )


def _made(definition: dict[str, Any], **more: Any) -> Call:
    return lambda world: world("budgets").create_budget(AccountId=ACCOUNT, Budget=definition, **more)


def _asked(method: str, name: str = NAME, **more: Any) -> Call:
    given = {"AccountId": ACCOUNT, "BudgetName": name} | more
    return lambda world: getattr(world("budgets"), method)(**given)


_OF_A_BUDGET: dict[str, tuple[str, dict[str, Any]]] = {
    "CreateNotification": ("create_notification", {"Notification": above(9), "Subscribers": [MAIL]}),
    "CreateSubscriber": ("create_subscriber", {"Notification": above(2), "Subscriber": TOPIC}),
    "DeleteBudget": ("delete_budget", {}),
    "DeleteNotification": ("delete_notification", {"Notification": above(1)}),
    "DeleteSubscriber": ("delete_subscriber", {"Notification": above(1), "Subscriber": TOPIC}),
    "DescribeBudget": ("describe_budget", {}),
    "DescribeBudgetActionsForBudget": ("describe_budget_actions_for_budget", {}),
    "DescribeBudgetPerformanceHistory": ("describe_budget_performance_history", {}),
    "DescribeNotificationsForBudget": ("describe_notifications_for_budget", {}),
    "DescribeSubscribersForNotification": ("describe_subscribers_for_notification", {"Notification": above(1)}),
    "UpdateNotification": ("update_notification", {"OldNotification": above(1), "NewNotification": above(9)}),
    "UpdateSubscriber": (
        "update_subscriber",
        {"Notification": above(1), "OldSubscriber": MAIL, "NewSubscriber": MAIL | {"Address": "lead@tidegate.example"}},
    ),
}
_OF_A_RESOURCE: dict[str, tuple[str, dict[str, Any]]] = {
    "ListTagsForResource": ("list_tags_for_resource", {}),
    "TagResource": ("tag_resource", {"ResourceTags": TAGS[:1]}),
    "UntagResource": ("untag_resource", {"ResourceTagKeys": ["key-1"]}),
}


def _repeated() -> Iterator[tuple[str, Call]]:
    for operation, (method, given) in _OF_A_BUDGET.items():
        yield f"{operation}: the budget is not there", _asked(method, GONE, **given)
        yield (
            f"{operation}: the id of the account has not twelve digits",
            _asked(method, **given, AccountId="12345678901x"),
        )
        if operation.startswith("Describe") and operation != "DescribeBudget":
            yield f"{operation}: the token is of no page", _asked(method, **given, NextToken="x")
    for operation, (method, given) in _OF_A_RESOURCE.items():
        yield f"{operation}: the budget is not there", _resource(method, ARN.format(GONE), given)
        yield f"{operation}: the ARN is none of a budget", _resource(method, "budget/there", given)


def _resource(method: str, arn: str, given: dict[str, Any]) -> Call:
    return lambda world: getattr(world("budgets"), method)(ResourceARN=arn, **given)


_BUDGETS: dict[str, Call] = {
    **dict(_repeated()),
    "*: the account is not the caller's": _asked("describe_budget", AccountId="210987654321"),
    "DescribeBudgets: the id of the account has not twelve digits": (
        lambda world: world("budgets").describe_budgets(AccountId="12345678901x")
    ),
    "DescribeBudgets: the token is of no page": (
        lambda world: world("budgets").describe_budgets(AccountId=ACCOUNT, NextToken="x")
    ),
    "CreateBudget: the amount is no number": _made(budget(amount="thirty")),
    "CreateBudget: the name holds a colon": _made(budget("a:b")),
    "CreateBudget: there is no limit": _made({"BudgetName": "new", "BudgetType": "COST", "TimeUnit": "MONTHLY"}),
    "CreateBudget: it comes with eleven notifications": _made(budget(), NotificationsWithSubscribers=alerts(11, MAIL)),
    # botocore itself refuses an empty list, so that a list that is too long stands for the length.
    "CreateBudget: a notification has twelve subscribers": _made(
        budget(), NotificationsWithSubscribers=alerts(1, *[MAIL] * 12)
    ),
    "CreateBudget: the name is taken": _made(budget(NAME)),
    "CreateBudget: a notification has two topics for subscribers": _made(
        budget(), NotificationsWithSubscribers=alerts(1, TOPIC, TOPIC | {"Address": TOPIC["Address"] + "-2"})
    ),
    "CreateBudget: it comes with 51 tags": _made(budget(), ResourceTags=TAGS),
    "CreateNotification: the threshold is too high": _asked(
        "create_notification", Notification=above(1e14), Subscribers=[MAIL]
    ),
    "CreateNotification: a subscriber's address is no address of mail": _asked(
        "create_notification", Notification=above(9), Subscribers=[MAIL | {"Address": "oncall"}]
    ),
    "CreateNotification: there is such a notification": _asked(
        "create_notification", Notification=above(1), Subscribers=[MAIL]
    ),
    "CreateNotification: the budget has ten already": _asked(
        "create_notification", FULL, Notification=above(11), Subscribers=[MAIL]
    ),
    "CreateNotification: eleven subscribers are of mail": _asked(
        "create_notification",
        Notification=above(9),
        Subscribers=[MAIL | {"Address": f"{number}@tidegate.example"} for number in range(11)],
    ),
    "CreateSubscriber: the topic's ARN is none": _asked(
        "create_subscriber", Notification=above(2), Subscriber=TOPIC | {"Address": "alerts"}
    ),
    "CreateSubscriber: the notification has that subscriber": _asked(
        "create_subscriber", Notification=above(1), Subscriber=MAIL
    ),
    "CreateSubscriber: the notification is not there": _asked(
        "create_subscriber", Notification=above(9), Subscriber=MAIL
    ),
    "CreateSubscriber: the notification has its one topic": _asked(
        "create_subscriber", Notification=above(1), Subscriber=TOPIC | {"Address": TOPIC["Address"] + "-2"}
    ),
    "DeleteNotification: the notification is not there": _asked("delete_notification", Notification=above(9)),
    "DeleteSubscriber: the subscriber is not there": _asked(
        "delete_subscriber", Notification=above(2), Subscriber=TOPIC
    ),
    "DescribeSubscribersForNotification: the notification is not there": _asked(
        "describe_subscribers_for_notification", Notification=above(9)
    ),
    "TagResource: the budget would have 51 tags": _resource("tag_resource", ARN.format(NAME), {"ResourceTags": TAGS}),
    "UpdateBudget: the amount is no number": (
        lambda world: world("budgets").update_budget(AccountId=ACCOUNT, NewBudget=budget(NAME, "thirty"))
    ),
    "UpdateBudget: the budget is not there": (
        lambda world: world("budgets").update_budget(AccountId=ACCOUNT, NewBudget=budget(GONE))
    ),
    "UpdateNotification: another notification of the budget is like the new one": _asked(
        "update_notification", OldNotification=above(1), NewNotification=above(2)
    ),
    "UpdateNotification: the notification is not there": _asked(
        "update_notification", OldNotification=above(8), NewNotification=above(9)
    ),
    "UpdateSubscriber: the notification has the new subscriber": _asked(
        "update_subscriber", Notification=above(1), OldSubscriber=TOPIC, NewSubscriber=MAIL
    ),
    "UpdateSubscriber: the subscriber is not there": _asked(
        "update_subscriber", Notification=above(2), OldSubscriber=TOPIC, NewSubscriber=MAIL
    ),
}

TODAY = datetime.now(UTC).date()
"""The sandbox is told that this is its day, so that a midnight does not matter."""
FIRST, LAST = TODAY.replace(day=1) - timedelta(days=40), TODAY
NEXT = TODAY + timedelta(days=7)


def _usage(start: object = FIRST, end: object = LAST, **more: Any) -> Call:
    given = {"Granularity": "DAILY", "Metrics": ["UnblendedCost"]} | more
    period = {"Start": str(start), "End": str(end)}
    return lambda world: world("ce").get_cost_and_usage(TimePeriod=period, **given)


def _forecast(start: object = TODAY, end: object = NEXT, **more: Any) -> Call:
    given = {"Granularity": "DAILY", "Metric": "UNBLENDED_COST"} | more
    period = {"Start": str(start), "End": str(end)}
    return lambda world: world("ce").get_cost_forecast(TimePeriod=period, **given)


@contextmanager
def _billing(world: World, state: str) -> Iterator[None]:
    world.sandbox.admin.set_billing(state)
    try:
        yield
    finally:
        world.sandbox.admin.set_billing("enabled")


def _while(state: str, call: Call) -> Call:
    def refused(world: World) -> None:
        with _billing(world, state):
            call(world)

    return refused


def _another_question(world: World) -> None:
    token = world("ce").get_cost_and_usage(
        TimePeriod={"Start": str(FIRST), "End": str(LAST)}, Granularity="DAILY", Metrics=["UnblendedCost"]
    )["NextPageToken"]
    _usage(NextPageToken=token, Metrics=["BlendedCost"])(world)


OTHER_VIEW = f"arn:aws:billing::{ACCOUNT}:billingview/custom-1"
_CREDITS = {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit"]}}
_EXPLORER: dict[str, Call] = {
    f"{operation}: {when}": call
    for operation, ask, metric in (
        ("GetCostAndUsage", _usage, {"Metrics": ["Cost"]}),
        ("GetCostForecast", _forecast, {"Metric": "COST"}),
    )
    for when, call in {
        "the start is no date": ask(start="yesterday"),
        "the end is a day that no calendar has": ask(end="2026-02-30"),
        "the start is the end": ask(start=TODAY, end=TODAY),
        "the granularity is none": ask(Granularity="YEARLY"),
        "the metric is none": ask(**metric),
        "the billing view is not there": ask(BillingViewArn=OTHER_VIEW),
        "Cost Explorer was never enabled": _while("not_enabled", ask()),
        "access to billing was never activated": _while("access_not_activated", ask()),
    }.items()
} | {
    "GetCostAndUsage: the start is in the future": _usage(start=TODAY + timedelta(days=1), end=NEXT),
    "GetCostAndUsage: the end is past the beginning of next month": _usage(end=TODAY + timedelta(days=70)),
    "GetCostAndUsage: the start is older than fourteen months and not the first of a month": _usage(
        start=(TODAY - timedelta(days=500)).replace(day=2)
    ),
    "GetCostAndUsage: no metric is named": _usage(Metrics=[]),
    "GetCostAndUsage: it groups by three keys": _usage(
        GroupBy=[{"Type": "DIMENSION", "Key": key} for key in ("SERVICE", "REGION", "USAGE_TYPE")]
    ),
    "GetCostAndUsage: the filter has two roots": _usage(Filter={**_CREDITS, "Not": _CREDITS}),
    "GetCostAndUsage: the filter's And has one operand": _usage(Filter={"And": [_CREDITS]}),
    "GetCostAndUsage: the filter's dimension has no values": _usage(Filter={"Dimensions": {"Key": "SERVICE"}}),
    "GetCostAndUsage: the account has no data yet": _while("data_unavailable", _usage()),
    "GetCostAndUsage: the token is of no page": _usage(NextPageToken="x"),
    "GetCostAndUsage: the token belongs to another question": _another_question,
    "GetCostForecast: the start is in the past": _forecast(start=TODAY - timedelta(days=1)),
    "GetCostForecast: nothing was ever spent": _forecast(),
}


def _products(**given: Any) -> Call:
    return lambda world: world("pricing", "us-east-1").get_products(**{"ServiceCode": "AmazonRDS"} | given)


_PRICES: dict[str, Call] = {
    "GetProducts: the service's code is empty": _products(ServiceCode=""),
    "GetProducts: the service's code holds a blank": _products(ServiceCode="Amazon RDS"),
    "GetProducts: the format is none": _products(FormatVersion="aws_v2"),
    "GetProducts: a filter's type is none": _products(Filters=[{"Type": "LIKE", "Field": "a", "Value": "b"}]),
    "GetProducts: a page of more than a hundred is asked for": _products(MaxResults=101),
    "GetProducts: no service has that code": _products(ServiceCode="AmazonNothing"),
    "GetProducts: the token is of no page": _products(NextToken="x"),
}

CALLS: dict[str, Call] = {
    **{f"budgets {when}": call for when, call in _BUDGETS.items()},
    **{f"ce {when}": call for when, call in _EXPLORER.items()},
    **{f"pricing {when}": call for when, call in _PRICES.items()},
}
