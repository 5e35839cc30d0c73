"""Budgets, Cost Explorer and the alert topic: bad in every field, and never a zero."""

from datetime import UTC, datetime

import pytest

from bad_input import Case, FakeAws, sweep
from factories_guardrails import cost_facts
from tidegate.collectors.aws import reading
from tidegate.collectors.aws.budget import collect_budget
from tidegate.collectors.aws.cost import month_to_date, read_budget_spend, read_daily_cost
from tidegate.environments import load
from tidegate.gates import budget_guardrail, cost_guardrail

ENVIRONMENT = load("dev_min")
NOW = datetime(2026, 2, 3, 20, 14, 27, tzinfo=UTC)
TOPIC = ENVIRONMENT.alert_topic_arn


def notification(threshold):
    return {
        "NotificationType": "ACTUAL",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": threshold,
        "ThresholdType": "ABSOLUTE_VALUE",
        "NotificationState": "OK",
    }


def judged_budget(aws):
    facts = collect_budget(aws.clients, ENVIRONMENT, NOW)
    return facts, {"BUDGET-GUARDRAIL": budget_guardrail.GATE.evaluate(facts, judged_at=NOW)}


BUDGET = Case(
    name="budget",
    answers={
        "budgets.DescribeBudget": {
            "Budget": {
                "BudgetName": ENVIRONMENT.budget.name,
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": "30.0", "Unit": "USD"},
                "CostTypes": {"IncludeCredit": False, "IncludeRefund": False, "IncludeTax": True, "UseBlended": False},
                "CostFilters": {},
                "LastUpdatedTime": "2026-02-01",
                "TimePeriod": {"Start": datetime(2026, 1, 1, tzinfo=UTC), "End": datetime(2087, 6, 15, tzinfo=UTC)},
                "BillingViewArn": f"arn:aws:billing::{ENVIRONMENT.account_id}:billingview/primary",
                "HealthStatus": {"Status": "HEALTHY"},
                "Metrics": ["UnblendedCost"],
            }
        },
        "budgets.DescribeBudgetActionsForBudget": [
            {
                "AccountId": ENVIRONMENT.account_id,
                "Actions": [{"ActionId": "a", "ActionType": "APPLY_IAM_POLICY", "Status": "STANDBY"}],
                "NextToken": "page-2",
            },
            {"AccountId": ENVIRONMENT.account_id, "Actions": []},
        ],
        "budgets.DescribeNotificationsForBudget": [
            {"Notifications": [notification(10.0), notification(20.0)], "NextToken": "page-2"},
            {"Notifications": [notification(28.0)]},
        ],
        "budgets.DescribeSubscribersForNotification": [
            {"Subscribers": [{"SubscriptionType": "EMAIL", "Address": "a@b.c"}], "NextToken": "page-2"},
            {"Subscribers": [{"SubscriptionType": "SNS", "Address": TOPIC}]},
        ],
        "sns.ListSubscriptionsByTopic": [
            {
                "Subscriptions": [{"SubscriptionArn": "Deleted", "Protocol": "sms", "Endpoint": "+44"}],
                "NextToken": "page-2",
            },
            {
                "Subscriptions": [
                    {
                        "SubscriptionArn": f"{TOPIC}:1",
                        "Protocol": "email",
                        "Endpoint": ENVIRONMENT.budget.alert_email,
                        "Owner": ENVIRONMENT.account_id,
                    }
                ]
            },
        ],
    },
    judge=judged_budget,
    expected={"BUDGET-GUARDRAIL": frozenset()},
    unset=frozenset({".FilterExpression", ".AutoAdjustData", ".PlannedBudgetLimits", ".StatusReason", ".UseAmortized"}),
)


def day(number):
    return {
        "TimePeriod": {"Start": f"2026-02-0{number}", "End": f"2026-02-0{number + 1}"},
        "Total": {"UnblendedCost": {"Amount": "0.5", "Unit": "USD"}},
        "Groups": [],
        "Estimated": True,
    }


def grouped(number, *parts):
    """A day as it is with charges: no total, and a sum for each service and region."""
    groups = [
        {"Keys": [service, "eu-west-2"], "Metrics": {"UnblendedCost": {"Amount": amount, "Unit": "USD"}}}
        for service, amount in parts
    ]
    return {**day(number), "Total": {}, "Groups": groups}


def judged_cost(aws):
    start, end = month_to_date(NOW)
    facts = cost_facts(
        observed_at=NOW,
        start=start,
        end=end,
        budgets=read_budget_spend(aws.clients, ENVIRONMENT),
        days=read_daily_cost(aws.clients, start, end),
    )
    return facts, {"COST-GUARDRAIL": cost_guardrail.GATE.evaluate(facts, judged_at=NOW)}


COST = Case(
    name="cost",
    answers={
        "budgets.DescribeBudget": {
            "Budget": {
                "BudgetName": ENVIRONMENT.budget.name,
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "CalculatedSpend": {
                    "ActualSpend": {"Amount": "6.4", "Unit": "USD"},
                    "ForecastedSpend": {"Amount": "9.5", "Unit": "USD"},
                },
            }
        },
        "ce.GetCostAndUsage": [
            {
                "ResultsByTime": [day(1), grouped(2, ("Amazon DynamoDB", "0.1"), ("Amazon Route 53", "0.4"))],
                "NextPageToken": "page-2",
                "DimensionValueAttributes": [],
            },
            {"ResultsByTime": [day(3)]},
        ],
    },
    judge=judged_cost,
    expected={"COST-GUARDRAIL": frozenset()},
)


CASES = (BUDGET, COST)
IRRELEVANT = {
    "budget: *.CostTypes.IncludeTax: removed": "AWS includes what it does not name",
    "budget: *.CostFilters: removed": "AWS leaves it out where nothing is filtered",
    "budget: *.CostFilters: empty": "this is the good answer",
    "budget: *.CostTypes.UseBlended: removed": "AWS does not blend what it does not say to blend",
    "budget: *.TimePeriod: removed": "AWS gives a budget without a period the whole time",
    "budget: *.TimePeriod: empty": "AWS gives a budget without a period the whole time",
    "budget: *.TimePeriod.*: removed": "AWS gives a budget without a period the whole time",
    "budget: *.BillingViewArn: removed": "AWS leaves it out for the whole bill",
    "budget: *.BillingViewArn: empty": "AWS leaves it out for the whole bill",
    "budget: *.HealthStatus: removed": "AWS tells it for budgets of a billing view",
    "budget: *.Metrics: removed": "the cost types say the same",
    "budget: *.Metrics.0: left out": "the cost types say the same",
    "budget: *.Actions.0: left out": "this budget needs no action",
    "budget: *.Actions.0.ActionType: *": "nobody judges it; it is for people",
    "budget: budgets.DescribeBudgetActionsForBudget.0.NextToken: *": "what AWS does not tell nobody can see",
    "budget: budgets.DescribeBudgetActionsForBudget.*AccountId: *": "nobody reads it: AWS was asked for this account",
    "budget: *.LastUpdatedTime: *": "nobody reads it: what the budget is counts, not since when",
    "budget: *.NotificationState: *": "nobody reads it: whether an alert has rung says nothing about the ladder",
    "budget: *.Subscribers.0: left out": "an additional subscriber; the alert topic is the one that must be there",
    "budget: *.Subscriptions.0: left out": "a deleted subscription of somebody else",
    "budget: *.Subscriptions.0.Owner: *": "nobody reads it: the topic is one of the environment's account",
    "cost: *.Budget.BudgetName: *": "AWS was asked for this name; M2.I judges the definition",
    "cost: *.ForecastedSpend*": "nobody reads a forecast: it is no cost",
    "cost: *.Estimated: flipped": "AWS calls days of a running month estimated and past ones not; both are cost",
    "cost: *.Groups.?: left out": "what AWS does not tell nobody can see; AWS Budgets is the second witness",
    "cost: *.Groups.?.Keys.1: empty": "a charge may be of no region, and counts all the same",
    "cost: *.1.Total: empty": "this is the good answer of a day with charges",
    "cost: *.DimensionValueAttributes: *": "nobody asks what an account is called",
}
"""Spoiled fields that may pass, each with its reason."""


@pytest.fixture(scope="module")
def aws() -> FakeAws:
    return FakeAws(ENVIRONMENT.region)


def test_every_bad_field_has_a_named_blocker(aws, monkeypatch):
    monkeypatch.setattr(reading, "MOST_PAGES", 5)
    assert "\n".join(sweep(aws, CASES, IRRELEVANT)) == ""
