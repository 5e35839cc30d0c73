"""COST-GUARDRAIL. What was spent this month is known, reported and projected, and the sum is below the stop."""

from collections.abc import Iterator
from datetime import timedelta

from tidegate.cost.ladder import BUDGETS, EXPLORER, Report
from tidegate.cost.month import (
    budget_counts,
    explorer_counts,
    nobody_can_tell_yet,
    projected_of,
    projection_of,
    reported_of,
    reports_of,
    said_usd,
)
from tidegate.cost.projection import Problem, Projection
from tidegate.gates.base import Gate, each
from tidegate.gates.rules_billing_access import cost_unusable
from tidegate.gates.rules_confluent import confluent_blockers
from tidegate.gates.rules_cost_scope import narrowed_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_own_reads import nobody_asked, own_reads_blockers
from tidegate.gates.rules_projection import projection_blockers
from tidegate.gates.rules_remedies import CLEAR, FINDER, MAINTAINER, TEARDOWN
from tidegate.models.blocker import Blocker
from tidegate.models.cost import CostFacts, Money
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.remedy import OWNER, Clear, Person, Remedy

_AGAIN = CLEAR
_DEFECT = Remedy.of(Person(MAINTAINER, "report this with the task log; the defect is in tidegate"))


def blockers(facts: CostFacts) -> Iterator[Blocker]:
    """The question itself, each source by itself (one that is fine never makes up for another), then their sum."""
    projection = projection_of(facts)
    found = tuple(_each_by_itself(facts, projection))
    yield from found
    unsaid = [problem for problem in projection.problems if not _excused(facts, problem)]
    if not found and unsaid:
        problem = unsaid[0]
        yield _blocker(
            "COST-INCOMPLETE",
            problem.subject,
            "something about the cost of this month is unknown",
            f"{problem.cause}: {problem.said}",
            "every platform reported and inventoried",
            _DEFECT,
        )


def _excused(facts: CostFacts, problem: Problem) -> bool:
    """The rung is unknown before anything was ever built, and an hourly check has nobody to ask."""
    return nobody_can_tell_yet(facts) and (problem.cause, problem.subject) == ("unreported", EXPLORER)


def _each_by_itself(facts: CostFacts, projection: Projection) -> Iterator[Blocker]:
    return each(
        _scope(facts),
        narrowed_blockers(facts),
        _period(facts),
        _budgets(facts),
        _explorer(facts),
        _confluent(facts),
        own_reads_blockers(facts),
        projection_blockers(facts, projection),
        _stop(facts, projection),
    )


def _scope(facts: CostFacts) -> Iterator[Blocker]:
    if not facts.cost_scope:
        yield _blocker("COST-SCOPE-UNREAD", "cost_scope", "the scope names no platform", "none", "a platform", _AGAIN)
    for platform in facts.cost_scope:
        if platform not in facts.read_scope or (platform == "confluent" and facts.confluent is None):
            yield _blocker(
                "COST-SCOPE-UNREAD",
                platform,
                "the cost of a platform in the scope was not read",
                ", ".join(facts.read_scope) or "nothing was read",
                ", ".join(facts.cost_scope),
                _DEFECT,
            )


def _period(facts: CostFacts) -> Iterator[Blocker]:
    """Held against the day of the read: an answer of the record is as old as it says."""
    today = (facts.own_reads.read_at or facts.read_at).date()
    if facts.start != today.replace(day=1) or facts.end != today + timedelta(days=1):
        yield _blocker(
            "COST-PERIOD-MISMATCH",
            "period",
            "the cost was asked for another period than the month to date",
            f"{facts.start.isoformat()} to {facts.end.isoformat()}",
            f"{today.replace(day=1).isoformat()} up to and including {today.isoformat()}",
            _AGAIN,
        )


def _budgets(facts: CostFacts) -> Iterator[Blocker]:
    if not isinstance(facts.budgets, Known):
        if budget_counts(facts):
            yield from cost_unusable(facts.budgets, BUDGETS)
        return
    yield from _money(facts, facts.budgets.value, BUDGETS)


def _explorer(facts: CostFacts) -> Iterator[Blocker]:
    if not isinstance(facts.days, Known):
        if explorer_counts(facts) and not nobody_asked(facts) and not nobody_can_tell_yet(facts):
            yield from cost_unusable(facts.days, EXPLORER)
        return
    days = facts.days.value
    if not days:
        yield _blocker(
            "COST-EMPTY", EXPLORER, "the answer holds no day, which is not the same as zero", "0 days", "days", _AGAIN
        )
        return
    wanted = [facts.start + timedelta(days=number) for number in range((facts.end - facts.start).days)]
    if [day.day for day in days] != wanted or any(day.days != 1 for day in days):
        yield _blocker(
            "COST-DAYS-MISMATCH",
            EXPLORER,
            "the answer does not hold every day of the period once",
            f"{len(days)} days, {days[0].day.isoformat()} to {days[-1].day.isoformat()}",
            f"{len(wanted)} days, {facts.start.isoformat()} up to {facts.end.isoformat()}",
            _AGAIN,
        )
    for day in days:
        yield from _money(facts, day.cost, f"{EXPLORER} {day.day.isoformat()}")


def _confluent(facts: CostFacts) -> Iterator[Blocker]:
    if facts.confluent is None:
        return  # whether it had to be read, the scope says
    if not isinstance(facts.confluent.bill, Known):
        yield _unusable(facts.confluent.bill, "Confluent")
    yield from confluent_blockers(facts.confluent, facts.exceptions, facts.observed_at.date())


def _money(facts: CostFacts, money: Money, resource: str) -> Iterator[Blocker]:
    if money.unit != facts.expected_unit:
        yield _blocker(
            "COST-CURRENCY-MISMATCH",
            resource,
            "the cost is in another currency than the ladder",
            money.unit or "blank",
            facts.expected_unit,
            Remedy.of(Person(OWNER, f"set the account's billing currency to {facts.expected_unit}"), Clear()),
        )
    if money.amount < 0:
        yield _blocker(
            "COST-NEGATIVE",
            resource,
            "a cost below zero hides other spend",
            f"{money.amount} {money.unit}",
            "0 or more; credits and refunds are left out",
            Remedy.of(Person(OWNER, "see in the billing console which record makes it negative"), Clear()),
        )


def _stop(facts: CostFacts, projection: Projection) -> Iterator[Blocker]:
    """Judged on what is certain: the others may reach the stop without the source that does not tell.

    A teardown under a set latch is the stop's consequence: it can be proven, and the latch stays (CO4). Bills do not
    fall before the month ends, so that the emergency stop could never be proven else.
    """
    if projection.stops and not facts.latched:
        unit = facts.expected_unit
        reports = ", ".join(_said(report, unit) for report in reports_of(facts))
        least = "" if projection.complete else "at least "
        yield _blocker(
            "COST-STOP-REACHED",
            "AWS" if facts.confluent is None else "AWS + Confluent",
            "the cost of this month, reported and projected, has reached the stop",
            f"{least}{said_usd(projection.at_least)} {unit} since {facts.start.isoformat()}: {reports}; "
            f"{said_usd(reported_of(projection))} reported, {said_usd(projected_of(projection))} projected, "
            f"at {said_usd(projection.usd_per_hour)} {unit} per hour",
            f"less than {facts.stop} {unit}; of the two AWS reports the larger counts",
            Remedy.of(
                Person(FINDER, "find what spends in Cost Explorer, by service, and in Confluent's billing page"),
                TEARDOWN,
                note="Nothing is built meanwhile: the latch is set now. A teardown under it can be proven",
            ),
        )


def _said(report: Report, unit: str) -> str:
    return f"{report.source} not known" if report.amount is None else f"{report.source} {report.amount} {unit}"


def _unusable(observed: Absent | Unreadable, source: str) -> Blocker:
    return unusable(
        observed,
        Need(
            stem="COST",
            what="the cost of this month",
            resource=source,
            expected="an amount; what cannot be read is not zero",
            remedy=Remedy.of(Person(OWNER, "correct what the reason names: role, key, period or service"), Clear()),
        ),
    )


def _blocker(code: str, resource: str, summary: str, observed: str, expected: str, remedy: Remedy) -> Blocker:
    return Blocker(code=code, summary=summary, resource=resource, observed=observed, expected=expected, remedy=remedy)


GATE = Gate(
    id="COST-GUARDRAIL",
    title="The cost of this month is known and below the stop",
    owner="finops",
    requirements=("CO4", "CO5", "CO6", "CO7", "EV4", "IN3", "IN4"),
    facts=CostFacts,
    blockers=blockers,
    version=3,
    policy_sections=(
        "budget",
        "cost_scope",
        "billing_lag_hours",
        "confluent",
        "exceptions",
        "own_reads",
        "policies.prices",
    ),
    measured_codes=frozenset(
        {
            "COST-STOP-REACHED",
            "COST-CLOCK",
            "COST-MONTH-CHANGED",
            "COST-NEGATIVE",
            "COST-OWN-READS-SPENT",
            "COST-PRICES-OLD",
            "COST-PERIOD-MISMATCH",
            "COST-DAYS-MISMATCH",
            "CONFLUENT-DAYS-MISSING",
            "CONFLUENT-PERIOD-MISMATCH",
            "EXCEPTION-EXPIRED",
        }
    ),
)
