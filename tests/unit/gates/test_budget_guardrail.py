"""BUDGET-GUARDRAIL."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories_guardrails import EMAIL, NOW, PRIMARY_VIEW, TOPIC, alert, budget_facts, subscription, told
from tidegate.gates.budget_guardrail import GATE
from tidegate.models.budget import BudgetAction, BudgetFacts
from tidegate.models.observed import Absent, Known, Unreadable

DENIED = Unreadable("DescribeBudget: AccessDeniedException")
EFFECT = ("begins_at", "ends_at", "billing_view", "metric", "limit_moved_by", "health", "actions")
UNSEEN = dict.fromkeys(EFFECT)
GONE = dict.fromkeys(
    ("name", "limit", "unit", "period", "type", "excluded_cost_types", "filters", "alerts", *EFFECT), Absent()
)


def action(status: str) -> BudgetAction:
    return BudgetAction(id="a1", type="APPLY_IAM_POLICY", status=status)


def first_alert(**changes: Any) -> BudgetFacts:
    """The ladder whose first alert differs."""
    return budget_facts(alert(10, **changes), alert(20), alert(28))


def told_to(*subscribers: Any) -> BudgetFacts:
    """The ladder whose first alert tells these."""
    return first_alert(subscribers=Known(subscribers))


def channel(*subscriptions: Any) -> BudgetFacts:
    """The budget with these subscriptions of its topic."""
    return budget_facts(subscriptions=Known(subscriptions))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(budget_facts(), [], id="as-the-manifest-says"),
        pytest.param(budget_facts(alert(28), alert("10.0"), alert(20)), [], id="in-any-order"),
        pytest.param(budget_facts(name=Known("other")), ["BUDGET-NAME-MISMATCH"], id="another-name"),
        pytest.param(budget_facts(limit=Known(Decimal("30.01"))), ["BUDGET-LIMIT-MISMATCH"], id="a-cent-more"),
        pytest.param(budget_facts(limit=Known(30)), ["BUDGET-LIMIT-MISMATCH"], id="no-decimal"),
        pytest.param(budget_facts(limit=DENIED), ["BUDGET-LIMIT-UNREADABLE"], id="cap-unreadable"),
        pytest.param(budget_facts(unit=Known("EUR")), ["BUDGET-UNIT-MISMATCH"], id="another-unit"),
        pytest.param(budget_facts(unit=Absent()), ["BUDGET-UNIT-MISSING"], id="no-unit"),
        pytest.param(budget_facts(period=Known("ANNUALLY")), ["BUDGET-PERIOD-MISMATCH"], id="per-year"),
        pytest.param(budget_facts(period=DENIED), ["BUDGET-PERIOD-UNREADABLE"], id="period-unreadable"),
        pytest.param(budget_facts(type=Known("USAGE")), ["BUDGET-TYPE-MISMATCH"], id="usage-is-not-cost"),
        pytest.param(budget_facts(type=DENIED), ["BUDGET-TYPE-UNREADABLE"], id="type-unreadable"),
        pytest.param(
            budget_facts(excluded_cost_types=Known(("IncludeRefund",))), ["BUDGET-COST-TYPES-MISMATCH"], id="credits"
        ),
        pytest.param(
            budget_facts(excluded_cost_types=Known(("IncludeCredit",))), ["BUDGET-COST-TYPES-MISMATCH"], id="refunds"
        ),
        pytest.param(
            budget_facts(excluded_cost_types=Known(("IncludeCredit", "IncludeRefund", "IncludeTax"))),
            ["BUDGET-COST-TYPES-MISMATCH"],
            id="tax-left-out",
        ),
        pytest.param(
            budget_facts(excluded_cost_types=DENIED), ["BUDGET-COST-TYPES-UNREADABLE"], id="cost-types-unreadable"
        ),
        pytest.param(budget_facts(filters=Known(("Service",))), ["BUDGET-FILTERS-MISMATCH"], id="narrowed"),
        pytest.param(budget_facts(filters=DENIED), ["BUDGET-FILTERS-UNREADABLE"], id="filters-unreadable"),
        pytest.param(
            budget_facts(begins_at=Known(NOW + timedelta(seconds=1))), ["BUDGET-NOT-BEGUN"], id="begins-in-a-second"
        ),
        pytest.param(budget_facts(begins_at=Known(NOW)), [], id="begins-now"),
        pytest.param(budget_facts(begins_at=Absent(), ends_at=Absent()), [], id="no-period-told"),
        pytest.param(budget_facts(begins_at=DENIED), ["BUDGET-BEGIN-UNREADABLE"], id="begin-unreadable"),
        pytest.param(budget_facts(ends_at=Known(NOW - timedelta(days=1))), ["BUDGET-ENDS"], id="over"),
        pytest.param(budget_facts(ends_at=Known(NOW + timedelta(days=365))), ["BUDGET-ENDS"], id="ends-within-a-year"),
        pytest.param(budget_facts(ends_at=Known(NOW + timedelta(days=366))), [], id="ends-after-a-year"),
        pytest.param(budget_facts(ends_at=DENIED), ["BUDGET-END-UNREADABLE"], id="end-unreadable"),
        pytest.param(
            budget_facts(billing_view=Known(PRIMARY_VIEW.replace("primary", "custom-1"))),
            ["BUDGET-BILLING-VIEW-MISMATCH"],
            id="a-custom-billing-view",
        ),
        pytest.param(
            budget_facts(billing_view=Known(PRIMARY_VIEW.replace("123456789012", "210987654321"))),
            ["BUDGET-BILLING-VIEW-MISMATCH"],
            id="a-billing-view-of-another-account",
        ),
        pytest.param(budget_facts(billing_view=Known(PRIMARY_VIEW)), [], id="the-primary-billing-view"),
        pytest.param(budget_facts(billing_view=DENIED), ["BUDGET-BILLING-VIEW-UNREADABLE"], id="view-unreadable"),
        pytest.param(budget_facts(metric=Known("NetUnblendedCost")), ["BUDGET-METRIC-MISMATCH"], id="another-metric"),
        pytest.param(budget_facts(metric=DENIED), ["BUDGET-METRIC-UNREADABLE"], id="metric-unreadable"),
        pytest.param(
            budget_facts(limit_moved_by=Known(("AutoAdjustData HISTORICAL",))),
            ["BUDGET-LIMIT-MOVES"],
            id="adjusts",
        ),
        pytest.param(budget_facts(limit_moved_by=DENIED), ["BUDGET-LIMIT-MOVES-UNREADABLE"], id="moves-unreadable"),
        pytest.param(budget_facts(health=Known("HEALTHY")), [], id="healthy"),
        pytest.param(
            budget_facts(health=Known("UNHEALTHY BILLING_VIEW_NO_ACCESS")), ["BUDGET-UNHEALTHY"], id="unhealthy"
        ),
        pytest.param(budget_facts(health=DENIED), ["BUDGET-HEALTH-UNREADABLE"], id="health-unreadable"),
        pytest.param(
            budget_facts(actions=Known((action("STANDBY"), action("REVERSE_SUCCESS")))), [], id="quiet-actions"
        ),
        pytest.param(budget_facts(actions=DENIED), ["BUDGET-ACTIONS-UNREADABLE"], id="actions-unreadable"),
        *(
            pytest.param(
                budget_facts(actions=Known((action(status),))), ["BUDGET-ACTION-ACTIVE"], id=f"action-{status}"
            )
            for status in (
                "PENDING",
                "EXECUTION_IN_PROGRESS",
                "EXECUTION_SUCCESS",
                "EXECUTION_FAILURE",
                "REVERSE_IN_PROGRESS",
                "REVERSE_FAILURE",
                "RESET_IN_PROGRESS",
                "RESET_FAILURE",
                "a state of tomorrow",
            )
        ),
        pytest.param(budget_facts(**UNSEEN), [], id="evidence-of-a-version-that-did-not-look"),
        pytest.param(budget_facts(name=DENIED), ["BUDGET-UNREADABLE"], id="budget-unreadable"),
        pytest.param(budget_facts(**GONE), ["BUDGET-MISSING", "BUDGET-ALERTS-MISSING"], id="no-budget-is-said-once"),
        pytest.param(budget_facts(alerts=DENIED), ["BUDGET-ALERTS-UNREADABLE"], id="alerts-unreadable"),
        pytest.param(budget_facts(alerts=Known(())), ["BUDGET-ALERT-MISSING"] * 3, id="no-alert-at-all"),
        pytest.param(budget_facts(alert(10), alert(20)), ["BUDGET-ALERT-MISSING"], id="the-last-is-missing"),
        pytest.param(
            budget_facts(alert(10), alert(25), alert(28)),
            ["BUDGET-ALERT-MISSING", "BUDGET-ALERT-EXTRA"],
            id="another-threshold",
        ),
        pytest.param(
            budget_facts(alert(10), alert(20), alert(28), alert(30)), ["BUDGET-ALERT-EXTRA"], id="one-more-threshold"
        ),
        pytest.param(
            budget_facts(alert(10), alert(20), alert(28), alert(28, notification_type="FORECASTED")),
            ["BUDGET-ALERT-EXTRA", "BUDGET-ALERT-MISMATCH"],
            id="a-forecast-besides",
        ),
        pytest.param(first_alert(notification_type="FORECASTED"), ["BUDGET-ALERT-MISMATCH"], id="a-forecast-instead"),
        pytest.param(first_alert(threshold_type="PERCENTAGE"), ["BUDGET-ALERT-MISMATCH"], id="percent"),
        pytest.param(first_alert(comparison="LESS_THAN"), ["BUDGET-ALERT-MISMATCH"], id="the-other-way-round"),
        pytest.param(
            budget_facts(expected_alerts=()), ["BUDGET-LADDER-EMPTY", *["BUDGET-ALERT-EXTRA"] * 3], id="no-ladder"
        ),
        pytest.param(first_alert(subscribers=DENIED), ["BUDGET-SUBSCRIBERS-UNREADABLE"], id="subscribers-unreadable"),
        pytest.param(first_alert(subscribers=Absent()), ["BUDGET-SUBSCRIBERS-MISSING"], id="alert-gone-meanwhile"),
        pytest.param(told_to(), ["BUDGET-ALERT-UNHEARD"], id="nobody-is-told"),
        pytest.param(told_to(told("EMAIL", EMAIL)), ["BUDGET-ALERT-UNHEARD"], id="mail-past-the-topic"),
        pytest.param(told_to(told(address=TOPIC + "2")), ["BUDGET-ALERT-UNHEARD"], id="another-topic"),
        pytest.param(told_to(told("EMAIL", EMAIL), told()), [], id="mail-and-topic"),
        pytest.param(budget_facts(subscriptions=DENIED), ["ALERT-CHANNEL-UNREADABLE"], id="channel-unreadable"),
        pytest.param(budget_facts(subscriptions=Absent()), ["ALERT-CHANNEL-MISSING"], id="no-topic"),
        pytest.param(channel(), ["ALERT-CHANNEL-MISSING"], id="no-subscription"),
        pytest.param(channel(subscription(endpoint="x@example.com")), ["ALERT-CHANNEL-MISSING"], id="somebody-else"),
        pytest.param(channel(subscription(protocol="sms")), ["ALERT-CHANNEL-MISSING"], id="another-protocol"),
        pytest.param(channel(subscription(status="deleted")), ["ALERT-CHANNEL-MISSING"], id="unsubscribed"),
        pytest.param(channel(subscription(status="pending")), ["ALERT-CHANNEL-UNCONFIRMED"], id="pending"),
        pytest.param(channel(subscription(status="pending"), subscription()), [], id="confirmed-besides-pending"),
    ],
)
def test_blockers(facts: BudgetFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_a_pending_confirmation_is_said_in_words() -> None:
    """CO3: whose mail waits, and what to do."""
    (blocker,) = GATE.evaluate(channel(subscription(status="pending")), judged_at=NOW)
    assert blocker.observed == f"{EMAIL} is PendingConfirmation"
    assert blocker.remedy.text.startswith(f"open the mail from AWS Notifications and follow its link ({EMAIL})")
    assert blocker.owner == "finops"


def test_observed_and_expected_are_named() -> None:
    """IN1: what was changed behind Terraform's back."""
    (blocker,) = GATE.evaluate(first_alert(threshold_type="PERCENTAGE"), judged_at=NOW)
    assert blocker.observed == "ACTUAL GREATER_THAN PERCENTAGE 10"
    assert blocker.expected == "ACTUAL GREATER_THAN ABSOLUTE_VALUE 10"


LADDER = "ACTUAL GREATER_THAN ABSOLUTE_VALUE"


@pytest.mark.parametrize(
    ("facts", "observed", "expected"),
    [
        pytest.param(budget_facts(unit=Known("EUR")), "EUR", "USD", id="unit"),
        pytest.param(budget_facts(limit=Known(Decimal("30.01"))), "30.01", "30 USD", id="cap"),
        pytest.param(
            budget_facts(filters=Known(("Service",))), "('Service',)", "none: it sees the whole account", id="filters"
        ),
        pytest.param(
            budget_facts(excluded_cost_types=Known(("IncludeRefund",))),
            "('IncludeRefund',)",
            "credits and refunds left out, because they hide spend, and nothing else",
            id="cost-types",
        ),
        pytest.param(
            budget_facts(alerts=DENIED),
            "unreadable: DescribeBudget: AccessDeniedException",
            f"{LADDER} 10, {LADDER} 20, {LADDER} 28",
            id="the-whole-ladder",
        ),
        pytest.param(
            budget_facts(alert(10), alert(20)), f"{LADDER} 10, {LADDER} 20", f"{LADDER} 28", id="what-is-there-instead"
        ),
        pytest.param(
            budget_facts(alert(10), alert(20), alert(28), alert(28)),
            f"{LADDER} 28, {LADDER} 28",
            f"{LADDER} 28",
            id="twice-the-same",
        ),
        pytest.param(
            budget_facts(alert(10), alert(20), alert(28), alert(30)), f"{LADDER} 30", "10, 20, 28", id="one-more"
        ),
        pytest.param(
            told_to(told("EMAIL", EMAIL), told(address=TOPIC + "2")),
            f"EMAIL {EMAIL}, SNS {TOPIC}2",
            f"SNS {TOPIC}",
            id="who-is-told-instead",
        ),
        pytest.param(
            channel(subscription(status="deleted"), subscription(protocol="sms")),
            f"email {EMAIL} deleted, sms {EMAIL} confirmed",
            f"a confirmed e-mail subscription of {EMAIL}",
            id="who-is-subscribed-instead",
        ),
    ],
)
def test_both_sides_are_shown(facts: BudgetFacts, observed: str, expected: str) -> None:
    """What was seen, and what should have been."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.observed, blocker.expected) == (observed, expected)


def test_a_ladder_without_a_step_expects_no_alert() -> None:
    """And says so for each alert that is there."""
    empty, *extra = GATE.evaluate(budget_facts(expected_alerts=()), judged_at=NOW)
    assert (empty.observed, empty.expected) == ("0 alerts", "at least one alert")
    assert {blocker.expected for blocker in extra} == {"none"}
