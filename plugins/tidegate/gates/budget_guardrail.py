"""BUDGET-GUARDRAIL. The budget is the one that the manifest describes, and its alerts reach a person (CO3)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_budget import budget_effect_blockers
from tidegate.gates.rules_observed import Need, required_equal, unusable
from tidegate.gates.rules_remedies import repair_alone
from tidegate.models.blocker import Blocker
from tidegate.models.budget import BudgetAlert, BudgetFacts, TopicSubscription
from tidegate.models.observed import Known, Observed
from tidegate.models.remedy import OWNER, Clear, Person, Remedy

_READABLE = Remedy.of(
    Person(OWNER, "allow the execution role to read it", "include/policies/execution_role.yaml"), Clear()
)
_EXCLUDED = ("IncludeCredit", "IncludeRefund")
_KIND = ("ACTUAL", "GREATER_THAN", "ABSOLUTE_VALUE")


def blockers(facts: BudgetFacts) -> Iterator[Blocker]:
    """Budget, alerts and channel. A budget that is not there or cannot be read is said once."""
    need = Need(
        stem="BUDGET",
        what="the budget",
        resource=facts.expected_name,
        expected=f"budget {facts.expected_name}",
        remedy=Remedy.of(repair_alone(facts.stack), alternative=_READABLE.steps),
    )
    yield from required_equal(facts.name, facts.expected_name, need, otherwise="NAME-MISMATCH")
    if isinstance(facts.name, Known):
        yield from _definition(facts)
        yield from budget_effect_blockers(facts)
    yield from each(_alerts(facts), _channel(facts))


def _definition(facts: BudgetFacts) -> Iterator[Blocker]:
    def same(observed: Observed[Any], wanted: Any, *, stem: str, what: str, expected: str = "") -> Iterator[Blocker]:
        named = expected or str(wanted)
        need = Need(
            stem=stem,
            what=what,
            resource=facts.expected_name,
            expected=named,
            remedy=Remedy.of(repair_alone(facts.stack)),
        )
        return required_equal(observed, wanted, need, otherwise="MISMATCH")

    unit, left_out = facts.expected_unit, "credits and refunds left out, because they hide spend, and nothing else"
    yield from each(
        same(
            facts.limit,
            facts.expected_limit,
            stem="BUDGET-LIMIT",
            what="the cap",
            expected=f"{facts.expected_limit} {unit}",
        ),
        same(facts.unit, unit, stem="BUDGET-UNIT", what="the unit"),
        same(facts.period, facts.expected_period, stem="BUDGET-PERIOD", what="the period"),
        same(facts.type, "COST", stem="BUDGET-TYPE", what="the type"),
        same(
            facts.excluded_cost_types,
            _EXCLUDED,
            stem="BUDGET-COST-TYPES",
            what="what the budget leaves out",
            expected=left_out,
        ),
        same(facts.filters, (), stem="BUDGET-FILTERS", what="the filter", expected="none: it sees the whole account"),
    )


def _alerts(facts: BudgetFacts) -> Iterator[Blocker]:
    if not facts.expected_alerts:
        yield _alert("BUDGET-LADDER-EMPTY", facts, "the manifest names no alert", "0 alerts", "at least one alert")
    if not isinstance(facts.alerts, Known):
        yield unusable(
            facts.alerts,
            Need(
                stem="BUDGET-ALERTS",
                what="the list of alerts",
                resource=facts.expected_name,
                expected=", ".join(map(_wanted, facts.expected_alerts)) or "alerts",
                remedy=Remedy.of(*_READABLE.steps, alternative=(repair_alone(facts.stack),)),
            ),
        )
        return
    found = facts.alerts.value
    for threshold in facts.expected_alerts:
        here = [alert for alert in found if alert.threshold == threshold]
        if not here:
            said = ", ".join(map(_said, found)) or "no alert at all"
            yield _alert("BUDGET-ALERT-MISSING", facts, "an alert is missing", said, _wanted(threshold))
        if len(here) > 1:
            said = ", ".join(map(_said, here))
            yield _alert("BUDGET-ALERT-EXTRA", facts, "more than one alert at a threshold", said, _wanted(threshold))
    for alert in found:
        if alert.threshold not in facts.expected_alerts:
            expected = ", ".join(map(str, facts.expected_alerts)) or "none"
            yield _alert(
                "BUDGET-ALERT-EXTRA", facts, "an alert that the manifest does not have", _said(alert), expected
            )
        elif (alert.notification_type, alert.comparison, alert.threshold_type) != _KIND:
            wanted = _wanted(alert.threshold)
            yield _alert("BUDGET-ALERT-MISMATCH", facts, "an alert is of another kind", _said(alert), wanted)
        yield from _subscribers(facts, alert)


def _subscribers(facts: BudgetFacts, alert: BudgetAlert) -> Iterator[Blocker]:
    if not isinstance(alert.subscribers, Known):
        yield unusable(
            alert.subscribers,
            Need(
                stem="BUDGET-SUBSCRIBERS",
                what="who is told by an alert",
                resource=f"{facts.expected_name} {_said(alert)}",
                expected=f"SNS {facts.expected_topic}",
                remedy=_READABLE,
            ),
        )
    elif ("SNS", facts.expected_topic) not in {(told.type, told.address) for told in alert.subscribers.value}:
        yield _alert(
            "BUDGET-ALERT-UNHEARD",
            facts,
            f"alert {_said(alert)} does not reach the alert topic",
            ", ".join(f"{told.type} {told.address}" for told in alert.subscribers.value) or "no subscriber",
            f"SNS {facts.expected_topic}",
        )


def _channel(facts: BudgetFacts) -> Iterator[Blocker]:
    wanted = f"a confirmed e-mail subscription of {facts.expected_email}"
    if not isinstance(facts.subscriptions, Known):
        yield unusable(
            facts.subscriptions,
            Need(
                stem="ALERT-CHANNEL",
                what="the alert topic",
                resource=facts.expected_topic,
                expected=wanted,
                remedy=Remedy.of(*_READABLE.steps, alternative=(repair_alone(facts.stack),)),
            ),
        )
        return
    ours = [each for each in facts.subscriptions.value if _is(each, facts.expected_email)]
    if any(subscription.status == "confirmed" for subscription in ours):
        return
    if any(subscription.status == "pending" for subscription in ours):
        yield Blocker(
            code="ALERT-CHANNEL-UNCONFIRMED",
            summary="the e-mail subscription waits for its confirmation, so no alert reaches anybody",
            resource=facts.expected_topic,
            observed=f"{facts.expected_email} is PendingConfirmation",
            expected=wanted,
            remedy=Remedy.of(
                Person(facts.expected_email, "open the mail from AWS Notifications and follow its link"),
                Clear(),
                note="AWS deletes a subscription that nobody confirms within 48 hours",
            ),
        )
        return
    listed = (f"{each.protocol} {each.endpoint} {each.status}" for each in facts.subscriptions.value)
    yield Blocker(
        code="ALERT-CHANNEL-MISSING",
        summary="nobody is told by the alert topic whom the manifest names",
        resource=facts.expected_topic,
        observed=", ".join(listed) or "no subscription",
        expected=wanted,
        remedy=Remedy.of(
            repair_alone(facts.stack),
            Person(facts.expected_email, "open the mail from AWS Notifications and follow its link"),
        ),
    )


def _is(subscription: TopicSubscription, email: str) -> bool:
    return subscription.protocol == "email" and subscription.endpoint == email


def _wanted(threshold: Decimal) -> str:
    return f"{' '.join(_KIND)} {threshold}"


def _said(alert: BudgetAlert) -> str:
    return f"{alert.notification_type} {alert.comparison} {alert.threshold_type} {alert.threshold}"


def _alert(code: str, facts: BudgetFacts, summary: str, observed: str, expected: str) -> Blocker:
    return Blocker(
        code=code,
        summary=summary,
        resource=facts.expected_name,
        observed=observed,
        expected=expected,
        remedy=Remedy.of(repair_alone(facts.stack)),
    )


GATE = Gate(
    id="BUDGET-GUARDRAIL",
    title="The budget is as the manifest says, and its alerts reach a person",
    owner="finops",
    requirements=("CO3", "IN1"),
    facts=BudgetFacts,
    blockers=blockers,
    policy_sections=("account_id", "region", "project", "name", "budget"),
)
