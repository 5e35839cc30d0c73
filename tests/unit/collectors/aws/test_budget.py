"""The budget, its alerts and their channel as AWS answers."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from tidegate.collectors.aws.budget import collect_budget
from tidegate.models.budget import AlertSubscriber, BudgetAction, BudgetAlert, TopicSubscription
from tidegate.models.observed import Absent, Known, Unreadable

NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
DEFINITION = ("name", "limit", "unit", "period", "type", "excluded_cost_types", "filters")
EFFECT = ("begins_at", "ends_at", "billing_view", "metric", "limit_moved_by", "health", "actions")
VIEW = "arn:aws:billing::123456789012:billingview/custom-1"
BEGUN, FAR = datetime(2026, 2, 1, tzinfo=UTC), datetime(2087, 6, 15, tzinfo=UTC)
NO_CREDITS = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}}
TOPIC = {"SubscriptionType": "SNS", "Address": "arn:aws:sns:eu-west-2:123456789012:fraud-platform-dev-min-alerts"}
EMAIL = "platform-alerts@example.com"
MAIL = {
    "SubscriptionArn": "arn:aws:sns:eu-west-2:1:t:1",
    "Protocol": "email",
    "Endpoint": EMAIL,
}


@pytest.fixture
def good(environment):
    return {
        "BudgetName": environment.budget.name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "30.0", "Unit": "USD"},
        "CostTypes": {"IncludeCredit": False, "IncludeRefund": False, "IncludeTax": True, "UseBlended": False},
        "CostFilters": {},
        "TimePeriod": {"Start": BEGUN, "End": FAR},
    }


def above(threshold):
    return {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": threshold,
        "ThresholdType": "ABSOLUTE_VALUE",
    }


@pytest.fixture
def answers(clients, script, good, environment):
    """Scripts the four calls; each can be given otherwise."""

    def prepare(budget=None, notifications=None, subscribers=None, subscriptions=None, actions=None):
        first = {"Notifications": [above(10.0), above(20.0)], "NextToken": "2"}
        pages = [first, {"Notifications": [above(28.0)]}]
        asked = script(clients.budgets)("DescribeBudget", budget or {"Budget": good})
        asked("DescribeBudgetActionsForBudget", *(actions or [{"AccountId": environment.account_id, "Actions": []}]))
        asked("DescribeNotificationsForBudget", *(notifications or pages))
        asked("DescribeSubscribersForNotification", *(subscribers or [{"Subscribers": [TOPIC]}]))
        script(clients.sns)("ListSubscriptionsByTopic", *(subscriptions or [{"Subscriptions": [MAIL]}]))
        return asked

    return prepare


def alert(threshold, subscribers=None):
    return BudgetAlert(
        notification_type="ACTUAL",
        comparison="GREATER_THAN",
        threshold=Decimal(threshold),
        threshold_type="ABSOLUTE_VALUE",
        subscribers=subscribers or Known((AlertSubscriber(type="SNS", address=TOPIC["Address"]),)),
    )


def test_everything_on_all_pages(answers, clients, environment):
    asked = answers()
    seen = collect_budget(clients, environment, NOW)
    assert [getattr(seen, name) for name in DEFINITION] == [
        Known(value)
        for value in (
            environment.budget.name,
            Decimal("30.0"),
            "USD",
            "MONTHLY",
            "COST",
            ("IncludeCredit", "IncludeRefund"),
            (),
        )
    ]
    assert seen.alerts == Known((alert("10.0"), alert("20.0"), alert("28.0")))
    assert seen.subscriptions == Known((TopicSubscription(protocol="email", endpoint=EMAIL, status="confirmed"),))
    assert seen.expected_topic == TOPIC["Address"]
    assert seen.stack == "core", "whose Terraform makes it: a repair names that stack"
    assert {params["AccountId"] for _, params in asked.asked} == {environment.account_id}
    assert {coverage.status for source in seen.sources for coverage in source.coverage} == {"read"}
    assert [getattr(seen, name) for name in EFFECT] == [
        Known(BEGUN),
        Known(FAR),
        Absent(),
        Known("UnblendedCost"),
        Known(()),
        Absent(),
        Known(()),
    ]
    (asked_for,) = [params for operation, params in asked.asked if operation == "DescribeBudget"]
    assert asked_for["ShowFilterExpression"] is True


def test_an_old_day_is_told_in_utc(answers, good, clients, environment):
    there = timezone(timedelta(hours=2))
    answers(budget={"Budget": {**good, "TimePeriod": {"Start": BEGUN.astimezone(there)}}})
    seen = collect_budget(clients, environment, NOW)
    assert (seen.begins_at, seen.ends_at) == (Known(BEGUN), Absent())
    assert seen.begins_at.value.tzinfo is UTC


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("filters", {"FilterExpression": NO_CREDITS}, ()),
        ("filters", {"FilterExpression": {"Dimensions": {"Key": "SERVICE", "Values": ["x"]}}}, ("FilterExpression",)),
        ("filters", {"FilterExpression": {"Dimensions": NO_CREDITS["Not"]["Dimensions"]}}, ("FilterExpression",)),
        (
            "filters",
            {
                "FilterExpression": {
                    "Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}
                }
            },
            ("FilterExpression",),
        ),
        (
            "filters",
            {"FilterExpression": {"Not": {"Dimensions": {"Key": "SERVICE", "Values": ["Credit", "Refund"]}}}},
            ("FilterExpression",),
        ),
        (
            "filters",
            {"FilterExpression": {"Not": NO_CREDITS["Not"] | {"Tags": {"Key": "k", "Values": ["v"]}}}},
            ("FilterExpression",),
        ),
        ("filters", {"FilterExpression": {"Not": {"Dimensions": {"Key": "RECORD_TYPE"}}}}, ("FilterExpression",)),
        ("billing_view", {"BillingViewArn": VIEW}, VIEW),
        ("metric", {"Metrics": ["NetUnblendedCost"]}, "NetUnblendedCost"),
        ("metric", {"Metrics": ["UnblendedCost"]}, "UnblendedCost"),
        ("metric", {"CostTypes": {"UseBlended": True}}, "BlendedCost"),
        ("metric", {"CostTypes": {"UseAmortized": True, "UseBlended": False}}, "AmortizedCost"),
        ("limit_moved_by", {"AutoAdjustData": {"AutoAdjustType": "FORECAST"}}, ("AutoAdjustData FORECAST",)),
        ("limit_moved_by", {"PlannedBudgetLimits": {"1": {"Amount": "1", "Unit": "USD"}}}, ("PlannedBudgetLimits",)),
        ("health", {"HealthStatus": {"Status": "HEALTHY"}}, "HEALTHY"),
        (
            "health",
            {"HealthStatus": {"Status": "UNHEALTHY", "StatusReason": "FILTER_INVALID"}},
            "UNHEALTHY FILTER_INVALID",
        ),
    ],
)
def test_what_silences_or_narrows(answers, good, clients, environment, name, given, expected):
    answers(budget={"Budget": {**good, **given}})
    assert getattr(collect_budget(clients, environment, NOW), name) == Known(expected)


def test_a_budget_of_a_metric_has_no_cost_types(answers, good, clients, environment):
    del good["CostTypes"]
    answers(budget={"Budget": {**good, "Metrics": ["UnblendedCost"], "FilterExpression": NO_CREDITS}})
    seen = collect_budget(clients, environment, NOW)
    assert (seen.excluded_cost_types, seen.metric, seen.filters) == (Absent(), Known("UnblendedCost"), Known(()))


def test_actions_of_all_pages(answers, clients, environment, aws_error):
    first = {"ActionId": "a", "ActionType": "APPLY_IAM_POLICY", "Status": "STANDBY"}
    second = {**first, "ActionId": "b", "Status": "EXECUTION_SUCCESS"}
    answers(actions=[{"Actions": [first], "NextToken": "2"}, {"Actions": [second]}])
    assert collect_budget(clients, environment, NOW).actions == Known(
        tuple(BudgetAction(id=it["ActionId"], type=it["ActionType"], status=it["Status"]) for it in (first, second))
    )


def test_actions_that_nobody_may_see_are_not_none(answers, clients, environment, aws_error):
    answers(actions=[aws_error("AccessDeniedException")])
    seen = collect_budget(clients, environment, NOW)
    assert isinstance(seen.actions, Unreadable)
    assert seen.limit == Known(Decimal("30.0"))


def test_a_second_page_that_is_refused_spoils_the_list(answers, clients, environment, aws_error):
    answers(notifications=[{"Notifications": [above(10.0)], "NextToken": "2"}, aws_error("ThrottlingException")])
    assert isinstance(collect_budget(clients, environment, NOW).alerts, Unreadable)


@pytest.mark.parametrize("second", [{}, {"Notifications": None}, {"Notifications": "text"}])
def test_a_second_page_without_a_list_is_malformed(answers, clients, environment, second):
    answers(notifications=[{"Notifications": [above(10.0)], "NextToken": "2"}, second])
    seen = collect_budget(clients, environment, NOW)
    assert isinstance(seen.alerts, Unreadable)
    assert "malformed" in seen.alerts.reason


def test_no_budget(answers, clients, environment, aws_error):
    answers(budget=aws_error("NotFoundException"), notifications=[aws_error("NotFoundException")])
    seen = collect_budget(clients, environment, NOW)
    assert {getattr(seen, name) for name in (*DEFINITION, *EFFECT, "alerts")} == {Absent()}


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalErrorException", "ExpiredTokenException"])
def test_refused(answers, clients, environment, aws_error, code):
    error = aws_error(code)
    answers(budget=error, notifications=[error], subscriptions=[error])
    seen = collect_budget(clients, environment, NOW)
    parts = (*DEFINITION, *EFFECT, "alerts", "subscriptions")
    assert all(code in getattr(seen, name).reason for name in parts)
    assert {coverage.status for source in seen.sources for coverage in source.coverage} == {"unreadable"}


def test_subscribers_that_cannot_be_read_spoil_only_themselves(answers, clients, environment, aws_error):
    answers(subscribers=[aws_error("AccessDeniedException"), {"Subscribers": [TOPIC]}])
    first, second, _ = collect_budget(clients, environment, NOW).alerts.value
    assert isinstance(first.subscribers, Unreadable)
    assert second == alert("20.0")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("limit", {"BudgetLimit": {"Amount": 30, "Unit": "USD"}}),
        ("limit", {"BudgetLimit": {"Amount": "thirty", "Unit": "USD"}}),
        ("limit", {"BudgetLimit": {"Amount": "NaN", "Unit": "USD"}}),
        ("unit", {"BudgetLimit": {"Amount": "30", "Unit": None}}),
        ("period", {"TimeUnit": None}),
        ("type", {"BudgetType": ["COST"]}),
        ("excluded_cost_types", {"CostTypes": None}),
        ("excluded_cost_types", {"CostTypes": {"IncludeCredit": "false"}}),
        ("filters", {"CostFilters": []}),
        ("filters", {"FilterExpression": "x"}),
        ("begins_at", {"TimePeriod": {"Start": "x", "End": FAR}}),
        ("begins_at", {"TimePeriod": {"Start": datetime(2026, 2, 1), "End": FAR}}),  # noqa: DTZ001
        ("ends_at", {"TimePeriod": {"Start": BEGUN, "End": None}}),
        ("billing_view", {"BillingViewArn": 3}),
        ("limit_moved_by", {"AutoAdjustData": {}}),
        ("health", {"HealthStatus": {}}),
    ],
)
def test_a_malformed_part_spoils_only_itself(answers, good, clients, environment, name, change):
    answers(budget={"Budget": {**good, **change}})
    seen = collect_budget(clients, environment, NOW)
    for each in (*DEFINITION, *EFFECT):
        assert isinstance(getattr(seen, each), Unreadable) == (each == name), each


def test_what_is_not_named_is_included_and_filters_are_named(answers, good, clients, environment):
    answers(
        budget={"Budget": {**good, "CostTypes": {}, "CostFilters": {"Service": ["x"]}, "FilterExpression": {"Or": []}}}
    )
    seen = collect_budget(clients, environment, NOW)
    assert (seen.excluded_cost_types, seen.filters) == (Known(()), Known(("Service", "FilterExpression")))


@pytest.mark.parametrize("threshold", [None, "10", True, float("inf"), float("nan")])
def test_a_threshold_that_is_no_number(answers, clients, environment, threshold):
    answers(notifications=[{"Notifications": [above(threshold)]}])
    assert isinstance(collect_budget(clients, environment, NOW).alerts, Unreadable)


@pytest.mark.parametrize("name", ["NotificationType", "ComparisonOperator", "ThresholdType"])
def test_a_notification_whose_kind_is_no_text(answers, clients, environment, name):
    answers(notifications=[{"Notifications": [{**above(10.0), name: None}]}])
    assert isinstance(collect_budget(clients, environment, NOW).alerts, Unreadable)


def test_a_threshold_without_a_type_is_a_percentage(answers, clients, environment):
    """As the console makes them, and as AWS takes them."""
    of_the_console = above(10.0)
    del of_the_console["ThresholdType"]
    asked = answers(notifications=[{"Notifications": [of_the_console]}])
    (found,) = collect_budget(clients, environment, NOW).alerts.value
    assert (found.threshold_type, found.subscribers) == ("PERCENTAGE", alert(10).subscribers)
    (told,) = [params for operation, params in asked.asked if operation == "DescribeSubscribersForNotification"]
    assert told["Notification"]["ThresholdType"] == "PERCENTAGE"


@pytest.mark.parametrize(
    ("arn", "status"), [("PendingConfirmation", "pending"), ("Deleted", "deleted"), ("arn:aws:sns:x", "confirmed")]
)
def test_the_status_of_a_subscription(answers, clients, environment, arn, status):
    answers(subscriptions=[{"Subscriptions": [{**MAIL, "SubscriptionArn": arn}]}])
    (only,) = collect_budget(clients, environment, NOW).subscriptions.value
    assert only.status == status


def test_an_unknown_status_is_malformed(answers, clients, environment):
    answers(subscriptions=[{"Subscriptions": [{**MAIL, "SubscriptionArn": "perhaps"}]}])
    assert isinstance(collect_budget(clients, environment, NOW).subscriptions, Unreadable)


def test_no_topic(answers, clients, environment, aws_error):
    answers(subscriptions=[aws_error("NotFound")])
    assert collect_budget(clients, environment, NOW).subscriptions == Absent()


def test_a_real_topic(aws, environment):
    topic = aws.sns.create_topic(Name=f"{environment.dashed}-alerts")["TopicArn"]
    assert topic == environment.alert_topic_arn
    aws.sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=environment.budget.alert_email)
    seen = collect_budget(aws, environment, NOW)
    assert seen.name == Absent()
    assert [each.status for each in seen.subscriptions.value] == ["confirmed"]


def test_answers_of_no_use(clients, environment, answered_by, malformed):
    answered_by(clients, malformed)
    seen = collect_budget(clients, environment, NOW)
    parts = [getattr(seen, name) for name in (*DEFINITION, "alerts", "subscriptions")]
    assert not any(part == Absent() for part in parts)
    assert isinstance(seen.alerts, Unreadable)
    assert isinstance(seen.limit, Unreadable)
