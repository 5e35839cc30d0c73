"""The first days of an account, over HTTP: a bill that AWS does not show yet, a budget that is quietly narrowed, a mail
that nobody confirms; and what the guardrails say of each.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from factories_guardrails import cost_facts
from sandbox.client import SandboxError
from sandbox.testing import Sandbox
from standins import dev_min
from tidegate.collectors.aws.budget import collect_budget
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.cost import month_to_date, read_daily_cost
from tidegate.gates.registry import by_id
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Unreadable

pytestmark = pytest.mark.timeout(120)
ENVIRONMENT = dev_min()[0]
NAME, EMAIL, TOPIC = ENVIRONMENT.budget.name, ENVIRONMENT.budget.alert_email, ENVIRONMENT.alert_topic_arn
NAMED = {"AccountId": ENVIRONMENT.account_id, "BudgetName": NAME}
DEFINITION: dict[str, Any] = {
    "BudgetName": NAME,
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": str(ENVIRONMENT.budget.limit_usd), "Unit": "USD"},
    "CostTypes": {"IncludeCredit": False, "IncludeRefund": False},
}
ONE_SERVICE = {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon Relational Database Service"]}}


@pytest.fixture
def clients(sandbox: Sandbox) -> Iterator[Clients]:
    """With the budget, its ladder, its topic and a confirmed mail, as core makes them."""
    with mock.patch.dict(os.environ, sandbox.applied_to(os.environ), clear=True):
        made = Clients.from_environment(ENVIRONMENT.region)
        made.sns.create_topic(Name=TOPIC.rpartition(":")[2])
        made.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint=EMAIL)
        ladder: Any = [
            {
                "Notification": {
                    "NotificationType": "ACTUAL",
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": float(threshold),
                    "ThresholdType": "ABSOLUTE_VALUE",
                },
                "Subscribers": [{"SubscriptionType": "SNS", "Address": TOPIC}],
            }
            for threshold in ENVIRONMENT.budget.alerts_usd
        ]
        budget: Any = DEFINITION
        made.budgets.create_budget(AccountId=ENVIRONMENT.account_id, Budget=budget, NotificationsWithSubscribers=ladder)
        yield made


def said(clients: Clients) -> dict[str, Blocker]:
    now = datetime.now(UTC)
    found = by_id("BUDGET-GUARDRAIL").evaluate(collect_budget(clients, ENVIRONMENT, now), judged_at=now)
    return {blocker.code: blocker for blocker in found}


def test_a_budget_as_core_makes_it(clients: Clients) -> None:
    assert said(clients) == {}


def test_a_filter_expression_is_hidden_unless_asked_for_and_the_guardrail_asks(clients: Clients) -> None:
    narrowed: Any = {**DEFINITION, "FilterExpression": ONE_SERVICE}
    clients.budgets.update_budget(AccountId=ENVIRONMENT.account_id, NewBudget=narrowed)
    assert "FilterExpression" not in clients.budgets.describe_budget(**NAMED)["Budget"]
    hidden = clients.budgets.describe_budget(**NAMED, ShowFilterExpression=False)["Budget"]
    assert "FilterExpression" not in hidden
    told = clients.budgets.describe_budget(**NAMED, ShowFilterExpression=True)["Budget"]
    assert told["FilterExpression"] == ONE_SERVICE
    assert list(said(clients)) == ["BUDGET-FILTERS-MISMATCH"]


@pytest.mark.parametrize(
    ("traits", "code"),
    [
        ({"HealthStatus": {"Status": "UNHEALTHY", "StatusReason": "FILTER_INVALID"}}, "BUDGET-UNHEALTHY"),
        ({"BillingViewArn": "arn:aws:billing::1:billingview/custom-1"}, "BUDGET-BILLING-VIEW-MISMATCH"),
        ({"Metrics": ["NetUnblendedCost"]}, "BUDGET-METRIC-MISMATCH"),
        ({"AutoAdjustData": {"AutoAdjustType": "FORECAST"}}, "BUDGET-LIMIT-MOVES"),
        ({"TimePeriod": {"Start": 1767225600, "End": 1767225600 + 86400}}, "BUDGET-ENDS"),
        ({"TimePeriod": {"Start": 3706473599, "End": 3706473600}}, "BUDGET-NOT-BEGUN"),
    ],
)
def test_what_silences_a_budget(sandbox: Sandbox, clients: Clients, traits: dict[str, Any], code: str) -> None:
    sandbox.admin.set_budget_state(NAME, traits)
    assert list(said(clients)) == [code]
    sandbox.admin.set_budget_state(NAME)
    assert said(clients) == {}


def test_an_action_that_has_run(sandbox: Sandbox, clients: Clients) -> None:
    action = {"ActionId": "a1", "ActionType": "APPLY_IAM_POLICY", "Status": "EXECUTION_SUCCESS"}
    sandbox.admin.set_budget_state(NAME, actions=[{**action, "Status": "STANDBY"}])
    assert said(clients) == {}
    sandbox.admin.set_budget_state(NAME, actions=[action])
    assert said(clients)["BUDGET-ACTION-ACTIVE"].observed == "APPLY_IAM_POLICY EXECUTION_SUCCESS"


def test_an_alert_of_the_console_is_of_another_kind_and_readable(clients: Clients) -> None:
    percent: Any = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 20.0}
    absolute: Any = {**percent, "ThresholdType": "ABSOLUTE_VALUE"}
    clients.budgets.update_notification(**NAMED, OldNotification=absolute, NewNotification=percent)
    found = said(clients)
    assert list(found) == ["BUDGET-ALERT-MISMATCH"]
    assert found["BUDGET-ALERT-MISMATCH"].observed == "ACTUAL GREATER_THAN PERCENTAGE 20.0"


def test_a_mail_that_nobody_confirms_is_gone_after_two_days(sandbox: Sandbox, clients: Clients) -> None:
    sandbox.admin.confirm_subscription(TOPIC, EMAIL, confirmed=False)
    sandbox.admin.let_subscriptions_age(47.9)
    assert list(said(clients)) == ["ALERT-CHANNEL-UNCONFIRMED"]
    sandbox.admin.let_subscriptions_age(0.1)
    assert list(said(clients)) == ["ALERT-CHANNEL-MISSING"]
    with pytest.raises(SandboxError, match="has no subscription"):
        sandbox.admin.confirm_subscription(TOPIC, EMAIL)


def test_a_confirmed_mail_stays_until_somebody_follows_the_link(sandbox: Sandbox, clients: Clients) -> None:
    sandbox.admin.let_subscriptions_age(10_000)
    assert said(clients) == {}
    (before,) = clients.sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    sandbox.admin.unsubscribe(TOPIC, EMAIL)
    assert list(said(clients)) == ["ALERT-CHANNEL-MISSING"]
    with pytest.raises(ClientError, match="NotFound"):
        clients.sns.get_subscription_attributes(SubscriptionArn=before["SubscriptionArn"])
    with pytest.raises(SandboxError, match="has no subscription"):
        sandbox.admin.unsubscribe(TOPIC, EMAIL)


def test_a_confirmation_begins_anew_for_a_new_subscription(sandbox: Sandbox, clients: Clients) -> None:
    sandbox.admin.unsubscribe(TOPIC, EMAIL)
    sandbox.admin.set_email_subscriptions("pending")
    sandbox.admin.let_subscriptions_age(100)
    clients.sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint=EMAIL)
    assert list(said(clients)) == ["ALERT-CHANNEL-UNCONFIRMED"]


@pytest.mark.parametrize(
    ("state", "code", "way_out"),
    [
        ("not_enabled", "AccessDeniedException", "open Cost Explorer once"),
        ("data_unavailable", "DataUnavailableException", "open Cost Explorer once"),
        ("access_not_activated", "AccessDeniedException", "activate IAM access to billing information"),
    ],
)
def test_a_bill_that_is_not_shown_yet(
    sandbox: Sandbox,
    clients: Clients,
    state: Literal["not_enabled", "data_unavailable", "access_not_activated"],
    code: str,
    way_out: str,
) -> None:
    start, end = month_to_date(datetime.now(UTC))
    sandbox.admin.set_billing(state)
    position, sent = sandbox.admin.journal_position(), [0]

    def count() -> None:
        sent[0] += 1

    days = read_daily_cost(clients, start, end, on_request=count)
    assert isinstance(days, Unreadable)
    assert code in days.reason
    assert (sent, len(sandbox.admin.calls(position))) == ([1], 1)  # a refusal is not asked again
    (blocker,) = [
        it
        for it in by_id("COST-GUARDRAIL").evaluate(replace(cost_facts(), days=days), judged_at=cost_facts().observed_at)
        if it.code == "COST-UNREADABLE"
    ]
    assert way_out in blocker.remedy.text
    sandbox.admin.set_billing("enabled")
    assert isinstance(read_daily_cost(clients, start, end), Known)


def test_each_request_to_cost_explorer_is_told_of_also_one_that_is_sent_again(
    sandbox: Sandbox, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    start, end = month_to_date(datetime.now(UTC))
    position, sent = sandbox.admin.journal_position(), [0]

    def count() -> None:
        sent[0] += 1

    with sandbox.admin.fault(service="ce", kind="throttle", times=2):
        assert isinstance(read_daily_cost(clients, start, end, on_request=count), Known)
    assert (sent, len(sandbox.admin.calls(position))) == ([3], 3)
    with sandbox.admin.fault(service="ce", kind="throttle"):
        refused = read_daily_cost(clients, start, end, most_requests=2, on_request=count)
    assert isinstance(refused, Unreadable)
    assert "no request is left: 2 were to be sent at most" in refused.reason
    assert (sent, len(sandbox.admin.calls(position))) == ([5], 5)
    assert isinstance(read_daily_cost(clients, start, end), Known)  # nobody counts on
    assert sent == [5]
