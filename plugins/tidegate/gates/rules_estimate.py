"""What a build would add to what is spent, held against the manifest's limit and what is left of the stop (CO6).

A plan that adds nothing, or only saves, is never stopped by cost: neither an unknown month nor old prices matter to it.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from tidegate.cost.estimate import PlanEstimate, estimate_of, room_in
from tidegate.cost.month import said_usd
from tidegate.gates.base import each
from tidegate.gates.rules_remedies import AUTHOR, BUILD, FINDER, SAME_DAG, TEARDOWN, manifest, root_of
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.plan import Plan, PlanFacts
from tidegate.models.remedy import Clear, Edit, Person, Remedy, Wait

_PRICES = "include/policies/prices.yaml"


def estimate_blockers(facts: PlanFacts, plan: Plan) -> Iterator[Blocker]:
    """Everything about the cost of what this plan adds. A plan that is no build is left alone."""
    if plan.purpose != "build":
        return
    estimate = estimate_of(plan, facts.prices, facts.region)
    yield from each(_unpriced(estimate), _old(facts, estimate))
    if estimate.adds:
        yield from each(_limit(facts, estimate), _month(facts), _stop(facts, estimate))


def _unpriced(estimate: PlanEstimate) -> Iterator[Blocker]:
    for change in estimate.changes:
        if change.unknown is not None:
            yield Blocker(
                code="COST-PLAN-UNPRICED",
                summary="nobody can say what this resource would cost",
                resource=change.address,
                observed=change.unknown,
                expected="a price for it, or the statement that it costs nothing",
                remedy=Remedy.of(
                    Edit(
                        _PRICES, "prices", why="its price, with source and date; or take the resource out of the stack"
                    ),
                    SAME_DAG,
                ),
            )


def _old(facts: PlanFacts, estimate: PlanEstimate) -> Iterator[Blocker]:
    """Of what is added only: a saving needs no trust. Each price that cannot be trusted is named once."""
    oldest = facts.today - timedelta(days=facts.prices_max_age_days)
    used: dict[str, date] = {}
    for change in estimate.changes:
        if change.usd_per_hour > 0:
            used |= {part.said: part.read_on for part in change.parts if part.read_on is not None}
    for said, read_on in sorted(used.items()):
        if not oldest <= read_on <= facts.today:
            when = "which has not come yet" if read_on > facts.today else f"{(facts.today - read_on).days} days ago"
            yield Blocker(
                code="COST-PRICES-OLD",
                summary="a price that the estimate uses cannot be trusted by its date",
                resource=said,
                observed=f"read on {read_on.isoformat()}, {when}",
                expected=f"read between {oldest.isoformat()} and {facts.today.isoformat()} "
                f"(budget.prices_max_age_days: {facts.prices_max_age_days})",
                remedy=Remedy.of(Edit(_PRICES, "prices", why="the price read anew, with its date"), SAME_DAG),
            )


def _limit(facts: PlanFacts, estimate: PlanEstimate) -> Iterator[Blocker]:
    limit = facts.plan_limit_usd_per_month
    if estimate.usd_per_month > limit:
        yield Blocker(
            code="COST-PLAN-OVER-LIMIT",
            summary="the plan adds more than one plan may",
            resource=facts.stack,
            observed=f"{estimate.usd_per_month} USD a month, {estimate.usd_per_hour} an hour: {_dearest(estimate)}",
            expected=f"at most {limit} USD a month",
            remedy=Remedy.of(
                Person(AUTHOR, f"make less in {root_of(facts.stack)}"),
                Clear(),
                alternative=(manifest("budget.plan_limit_usd_per_month", why="a limit that this plan keeps"), SAME_DAG),
            ),
        )


def _month(facts: PlanFacts) -> Iterator[Blocker]:
    """Unknown stops builds. Absent is said by `plan-check` alone: offline there is no month."""
    month = facts.month
    if isinstance(month, Absent):
        return
    if not isinstance(month, Known) or not month.value.complete:
        incomplete = "something about it is unknown; what is known is a lower bound"
        yield Blocker(
            code="COST-MONTH-UNKNOWN",
            summary="the plan adds cost, and nobody knows what this month has cost already",
            resource=facts.stack,
            observed=incomplete if isinstance(month, Known) else shown(month),
            expected="the month's cost, reported and projected, of all platforms in the cost scope",
            remedy=Remedy.of(
                Person(
                    FINDER,
                    "mend what the cost guardrail of this run names, then clear that task with everything downstream",
                )
            ),
        )


def _stop(facts: PlanFacts, estimate: PlanEstimate) -> Iterator[Blocker]:
    if not isinstance(facts.month, Known):
        return
    room = room_in(estimate, facts.month.value, facts.counted_hours)
    if not room.below_stop:
        yield Blocker(
            code="COST-PLAN-OVER-STOP",
            summary="what the plan adds would reach the stop, and be torn down",
            resource=facts.stack,
            observed=f"{room.adds} USD in {said_usd(room.hours)} hours, and {room.left} USD are left of the stop; "
            f"{estimate.usd_per_hour} an hour: {_dearest(estimate)}",
            expected=f"less than is left until the stop at {facts.month.value.stop} USD",
            remedy=Remedy.of(TEARDOWN, BUILD, alternative=(Wait("the next month has begun"), Clear())),
        )


def _dearest(estimate: PlanEstimate) -> str:
    """Up to three addresses that add most."""
    adding = sorted(estimate.changes, key=lambda change: (-change.usd_per_hour, change.address))
    return ", ".join(change.address for change in adding[:3] if change.usd_per_hour > 0)
