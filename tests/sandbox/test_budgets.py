"""AWS Budgets with what moto lacks."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)
ACCOUNT = "123456789012"
NAME = "fraud-platform-dev-min-budget"
ARN = f"arn:aws:budgets::{ACCOUNT}:budget/{NAME}"
NAMED = {"AccountId": ACCOUNT, "BudgetName": NAME}
TOPIC = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:eu-west-2:{ACCOUNT}:alerts"}
MAIL = {"SubscriptionType": "EMAIL", "Address": "oncall@tidegate.example"}


def definition(limit: str = "30") -> dict[str, Any]:
    return {
        "BudgetName": NAME,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": limit, "Unit": "USD"},
    }


def above(threshold: float) -> dict[str, Any]:
    return {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": threshold,
        "ThresholdType": "ABSOLUTE_VALUE",
    }


@pytest.fixture
def budgets(sandbox: Sandbox) -> Any:
    client = sandbox.client("budgets")
    client.create_budget(
        AccountId=ACCOUNT,
        Budget=definition(),
        NotificationsWithSubscribers=[{"Notification": above(10), "Subscribers": [TOPIC]}],
        ResourceTags=[{"Key": "env", "Value": "dev_min"}],
    )
    return client


def subscribers(budgets: Any, threshold: float) -> list[dict[str, str]]:
    answer = budgets.describe_subscribers_for_notification(**NAMED, Notification=above(threshold))
    found: list[dict[str, str]] = answer["Subscribers"]
    return found


def thresholds(budgets: Any) -> dict[float, str]:
    found = budgets.describe_notifications_for_budget(**NAMED)["Notifications"]
    return {each["Threshold"]: each["NotificationState"] for each in found}


def tags(budgets: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in budgets.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"]}


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    found: str = error.value.response["Error"]["Code"]
    return found


def test_subscribers(budgets: Any) -> None:
    assert subscribers(budgets, 10) == [TOPIC]

    budgets.create_subscriber(**NAMED, Notification=above(10), Subscriber=MAIL)
    assert subscribers(budgets, 10) == [TOPIC, MAIL]

    other = MAIL | {"Address": "lead@tidegate.example"}
    budgets.update_subscriber(**NAMED, Notification=above(10), OldSubscriber=MAIL, NewSubscriber=other)
    assert subscribers(budgets, 10) == [TOPIC, other]

    budgets.delete_subscriber(**NAMED, Notification=above(10), Subscriber=TOPIC)
    assert subscribers(budgets, 10) == [other]


def test_notifications(budgets: Any) -> None:
    budgets.create_notification(**NAMED, Notification=above(20), Subscribers=[TOPIC])
    assert thresholds(budgets) == {10: "OK", 20: "OK"}

    budgets.update_notification(**NAMED, OldNotification=above(20), NewNotification=above(28))
    assert subscribers(budgets, 28) == [TOPIC]

    budgets.delete_notification(**NAMED, Notification=above(10))
    assert thresholds(budgets) == {28: "OK"}


def test_duplicates_are_refused(budgets: Any) -> None:
    with pytest.raises(ClientError) as notification:
        budgets.create_notification(**NAMED, Notification=above(10.0), Subscribers=[TOPIC])
    with pytest.raises(ClientError) as subscriber:
        budgets.create_subscriber(**NAMED, Notification=above(10), Subscriber=TOPIC)

    assert {code(notification), code(subscriber)} == {"DuplicateRecordException"}


def test_what_is_not_there_is_not_found(budgets: Any) -> None:
    with pytest.raises(ClientError) as notification:
        subscribers(budgets, 11)
    with pytest.raises(ClientError) as subscriber:
        budgets.delete_subscriber(**NAMED, Notification=above(10), Subscriber=MAIL)
    with pytest.raises(ClientError) as budget:
        budgets.describe_notifications_for_budget(AccountId=ACCOUNT, BudgetName="other")
    with pytest.raises(ClientError) as resource:
        budgets.list_tags_for_resource(ResourceARN=ARN + "x")

    assert {code(each) for each in (notification, subscriber, budget, resource)} == {"NotFoundException"}


def test_tags(budgets: Any) -> None:
    assert tags(budgets) == {"env": "dev_min"}

    budgets.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "owner", "Value": "mlops"}])
    budgets.untag_resource(ResourceARN=ARN, ResourceTagKeys=["env"])
    assert tags(budgets) == {"owner": "mlops"}

    budgets.delete_budget(**NAMED)
    budgets.create_budget(AccountId=ACCOUNT, Budget=definition())
    assert tags(budgets) == {}


def test_update_keeps_the_notifications(budgets: Any) -> None:
    budgets.update_budget(AccountId=ACCOUNT, NewBudget=definition(limit="25"))

    assert budgets.describe_budget(**NAMED)["Budget"]["BudgetLimit"]["Amount"] == "25"
    assert list(thresholds(budgets)) == [10]


def test_spend_can_be_set(sandbox: Sandbox, budgets: Any) -> None:
    budgets.create_notification(**NAMED, Notification=above(20), Subscribers=[TOPIC])

    sandbox.admin.set_budget_spend(NAME, actual="12.34", forecasted="31")

    spend = budgets.describe_budget(**NAMED)["Budget"]["CalculatedSpend"]
    assert (spend["ActualSpend"]["Amount"], spend["ForecastedSpend"]["Amount"]) == ("12.34", "31")
    assert thresholds(budgets) == {10: "ALARM", 20: "OK"}
    history = budgets.describe_budget_performance_history(**NAMED)["BudgetPerformanceHistory"]
    assert history["BudgetedAndActualAmountsList"][0]["ActualAmount"]["Amount"] == "12.34"
