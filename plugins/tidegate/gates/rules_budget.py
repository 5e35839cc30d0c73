"""What silences or narrows a budget although its definition looks right (CO3). Part of BUDGET-GUARDRAIL.

Each has its own sentence and its own way out: Terraform's AWS provider sees only some of them.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, repair_alone
from tidegate.models.blocker import Blocker
from tidegate.models.budget import BudgetFacts
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.remedy import OWNER, Clear, Person, Remedy

ENDS_SOON = timedelta(days=366)
"""A budget that ends within so long ends soon: nobody looks at its end twice a year. AWS's own default is 2087."""

METRIC = "UnblendedCost"
"""What Cost Explorer is asked for as well, so that both tell the same."""

QUIET_ACTION_STATES = frozenset({"STANDBY", "REVERSE_SUCCESS"})
"""States of a budget action in which nothing that it did is in force or under way."""

_READABLE = Remedy.of(
    Person(OWNER, "allow the execution role to read it", "include/policies/execution_role.yaml"), Clear()
)


def budget_effect_blockers(facts: BudgetFacts) -> Iterator[Blocker]:
    """Time, view, amount, limit, health and actions of a budget that is there."""
    yield from each(
        _time(facts), _billing_view(facts), _metric(facts), _moved_limit(facts), _health(facts), _actions(facts)
    )


def _time(facts: BudgetFacts) -> Iterator[Blocker]:
    yield from _readable(facts, facts.begins_at, stem="BUDGET-BEGIN", what="when the budget begins")
    yield from _readable(facts, facts.ends_at, stem="BUDGET-END", what="when the budget ends")
    if isinstance(facts.begins_at, Known) and facts.begins_at.value > facts.observed_at:
        yield Blocker(
            code="BUDGET-NOT-BEGUN",
            summary="the budget counts nothing yet, so no alert comes",
            resource=facts.expected_name,
            observed=f"it begins at {facts.begins_at.value.isoformat()}",
            expected=f"a beginning before {facts.observed_at.isoformat()}",
            remedy=Remedy.of(Person(FINDER, "set the start of the budget to this month in the console"), Clear()),
        )
    if isinstance(facts.ends_at, Known) and facts.ends_at.value < facts.observed_at + ENDS_SOON:
        yield Blocker(
            code="BUDGET-ENDS",
            summary="the budget ends, and AWS deletes it with its alerts then",
            resource=facts.expected_name,
            observed=f"it ends at {facts.ends_at.value.isoformat()}",
            expected=f"no end, or one after {(facts.observed_at + ENDS_SOON).date().isoformat()}",
            remedy=Remedy.of(repair_alone(facts.stack)),
        )


def _billing_view(facts: BudgetFacts) -> Iterator[Blocker]:
    yield from _readable(facts, facts.billing_view, stem="BUDGET-BILLING-VIEW", what="the billing view of the budget")
    if isinstance(facts.billing_view, Known) and facts.billing_view.value != facts.expected_billing_view:
        yield Blocker(
            code="BUDGET-BILLING-VIEW-MISMATCH",
            summary="the budget counts a custom view of the bill, which may leave out a part of the account",
            resource=facts.expected_name,
            observed=facts.billing_view.value,
            expected=f"no billing view, or {facts.expected_billing_view}",
            remedy=Remedy.of(Person(FINDER, "choose the primary billing view for the budget in the console"), Clear()),
        )


def _metric(facts: BudgetFacts) -> Iterator[Blocker]:
    yield from _readable(facts, facts.metric, stem="BUDGET-METRIC", what="the amount that the budget counts")
    if isinstance(facts.metric, Known) and facts.metric.value != METRIC:
        yield Blocker(
            code="BUDGET-METRIC-MISMATCH",
            summary="the budget counts another amount than what is charged",
            resource=facts.expected_name,
            observed=facts.metric.value or "blank",
            expected=METRIC,
            remedy=Remedy.of(
                repair_alone(facts.stack),
                alternative=(
                    Person(FINDER, "let the budget aggregate costs by unblended costs in the console"),
                    Clear(),
                ),
            ),
        )


def _moved_limit(facts: BudgetFacts) -> Iterator[Blocker]:
    yield from _readable(facts, facts.limit_moved_by, stem="BUDGET-LIMIT-MOVES", what="what changes the cap")
    if isinstance(facts.limit_moved_by, Known) and facts.limit_moved_by.value:
        yield Blocker(
            code="BUDGET-LIMIT-MOVES",
            summary="the cap changes by itself, so an alert comes later than the manifest says",
            resource=facts.expected_name,
            observed=", ".join(facts.limit_moved_by.value),
            expected="a fixed cap",
            remedy=Remedy.of(
                repair_alone(facts.stack),
                alternative=(Person(FINDER, "set the budget to a fixed amount in the console"), Clear()),
            ),
        )


def _health(facts: BudgetFacts) -> Iterator[Blocker]:
    yield from _readable(facts, facts.health, stem="BUDGET-HEALTH", what="the health of the budget")
    if isinstance(facts.health, Known) and facts.health.value != "HEALTHY":
        yield Blocker(
            code="BUDGET-UNHEALTHY",
            summary="AWS does not update the budget, so no alert comes",
            resource=facts.expected_name,
            observed=facts.health.value or "blank",
            expected="HEALTHY",
            remedy=Remedy.of(
                Person(FINDER, "open the budget in the console and mend the filter or billing view that it names"),
                Clear(),
            ),
        )


def _actions(facts: BudgetFacts) -> Iterator[Blocker]:
    yield from _readable(facts, facts.actions, stem="BUDGET-ACTIONS", what="the list of budget actions")
    if not isinstance(facts.actions, Known):
        return
    for action in facts.actions.value:
        if action.status not in QUIET_ACTION_STATES:
            yield Blocker(
                code="BUDGET-ACTION-ACTIVE",
                summary="an action of the budget has run or is about to, so what it denies may bar a teardown",
                resource=f"{facts.expected_name} action {action.id}",
                observed=f"{action.type} {action.status}",
                expected=" or ".join(sorted(QUIET_ACTION_STATES)),
                remedy=Remedy.of(
                    Person(OWNER, "see in the console what the action of the budget did, and undo or delete it"),
                    Clear(),
                ),
            )


def _readable(facts: BudgetFacts, part: Observed[Any] | None, *, stem: str, what: str) -> Iterator[Blocker]:
    """Nothing to say is fine, and so is evidence of a version that did not look."""
    if part is not None and not isinstance(part, Known | Absent):
        need = Need(
            stem=stem, what=what, resource=facts.expected_name, expected="an answer of AWS Budgets", remedy=_READABLE
        )
        yield unusable(part, need)
