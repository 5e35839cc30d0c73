"""COST-GUARDRAIL."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from factories_guardrails import (
    NOW,
    bill,
    billed,
    billing,
    both_platforms,
    cost_facts,
    daily,
    negative_line,
    quiet,
    spent,
)
from factories_world import inventory
from tidegate.gates.cost_guardrail import GATE
from tidegate.models.confluent import BilledDay, ConfluentBilling
from tidegate.models.cost import CostFacts, Money
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.policy import PolicyException

REFUSED = Unreadable("GetCostAndUsage: ValidationException: Start time is invalid")
UNITLESS = Money(amount=Decimal(1), unit="")
BOTH_BEFORE = Known(("aws", "confluent"))
FIRST = datetime(2026, 2, 1, 0, 5, tzinfo=UTC)


def dark(observed: Any) -> ConfluentBilling:
    """A bill that is not there."""
    return billing(bill=observed)


def spending(amount: str) -> tuple[BilledDay, ...]:
    """Every day of the bill, and this much on the first of it."""
    return (billed(1, amount), *(billed(number, "0") for number in range(2, 14)))


def last_day(**changes: Any) -> CostFacts:
    """The month whose last day differs."""
    return cost_facts(*(daily(number) for number in range(1, 13)), daily(13, **changes))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(cost_facts(), [], id="six-dollars"),
        pytest.param(cost_facts(budgets=spent("0.0")), [], id="a-zero-that-was-read"),
        pytest.param(last_day(amount="21.9999"), [], id="a-hair-below-the-stop"),
        pytest.param(last_day(amount="22"), ["COST-STOP-REACHED"], id="exactly-at-the-stop-in-cost-explorer"),
        pytest.param(cost_facts(budgets=spent("27.99")), [], id="a-cent-below-the-stop"),
        pytest.param(cost_facts(budgets=spent("28.0")), ["COST-STOP-REACHED"], id="exactly-at-the-stop-in-budgets"),
        pytest.param(cost_facts(budgets=spent("40"), latched=True), [], id="a-teardown-under-the-latch"),
        pytest.param(
            cost_facts(inventories={name: inventory() for name in ("aws", "confluent")}),
            ["COST-INCOMPLETE"],
            id="a-platform-that-nobody-reports",
        ),
        pytest.param(cost_facts(budgets=REFUSED, latched=True), ["COST-UNREADABLE"], id="unknown-under-the-latch"),
        pytest.param(
            replace(last_day(amount="30"), budgets=spent("30")),
            ["COST-STOP-REACHED"],
            id="both-say-so",
        ),
        pytest.param(last_day(estimated=False), [], id="a-final-day"),
        pytest.param(cost_facts(budgets=REFUSED), ["COST-UNREADABLE"], id="budgets-unreadable"),
        pytest.param(cost_facts(budgets=Absent()), ["COST-MISSING"], id="no-budget"),
        pytest.param(cost_facts(days=REFUSED), ["COST-UNREADABLE"], id="a-refused-period"),
        pytest.param(cost_facts(days=Absent()), ["COST-MISSING"], id="no-answer"),
        pytest.param(cost_facts(days=Known(())), ["COST-EMPTY"], id="an-empty-answer-is-not-zero"),
        pytest.param(cost_facts(budgets=REFUSED, days=REFUSED), ["COST-UNREADABLE"] * 2, id="neither"),
        pytest.param(cost_facts(budgets=spent("1", "EUR")), ["COST-CURRENCY-MISMATCH"], id="euros-in-budgets"),
        pytest.param(last_day(cost=UNITLESS), ["COST-CURRENCY-MISMATCH"], id="unitless"),
        pytest.param(cost_facts(budgets=spent("-0.01")), ["COST-NEGATIVE"], id="budgets-below-zero"),
        pytest.param(last_day(amount="-3"), ["COST-NEGATIVE"], id="a-day-below-zero"),
        pytest.param(cost_facts(daily(1), daily(2)), ["COST-DAYS-MISMATCH"], id="the-last-page-is-missing"),
        pytest.param(last_day(day=date(2026, 2, 12)), ["COST-DAYS-MISMATCH"], id="a-day-twice"),
        pytest.param(last_day(days=2), ["COST-DAYS-MISMATCH"], id="two-days-as-one"),
        pytest.param(
            cost_facts(end=date(2026, 2, 13)), ["COST-PERIOD-MISMATCH", "COST-DAYS-MISMATCH"], id="until-today"
        ),
        pytest.param(
            cost_facts(start=date(2026, 1, 1)), ["COST-PERIOD-MISMATCH", "COST-DAYS-MISMATCH"], id="since-last-month"
        ),
        pytest.param(cost_facts(daily(1), observed_at=FIRST, end=date(2026, 2, 2)), [], id="the-first-of-the-month"),
        pytest.param(cost_facts(cost_scope=("aws", "confluent")), ["COST-SCOPE-UNREAD"], id="a-platform-not-read"),
        pytest.param(cost_facts(cost_scope=()), ["COST-SCOPE-UNREAD", "COST-SCOPE-NARROWED"], id="no-scope"),
        pytest.param(both_platforms(), [], id="both-platforms"),
        pytest.param(both_platforms(confluent=None), ["COST-SCOPE-UNREAD"], id="asked-and-not-there"),
        pytest.param(both_platforms(confluent=dark(REFUSED)), ["COST-UNREADABLE"], id="a-refused-bill"),
        pytest.param(both_platforms(confluent=dark(Absent())), ["COST-MISSING"], id="no-account-named"),
        pytest.param(both_platforms(budgets=spent("24.74")), [], id="a-cent-below-the-stop-together"),
        pytest.param(both_platforms(budgets=spent("24.75")), ["COST-STOP-REACHED"], id="the-stop-together"),
        pytest.param(
            both_platforms(budgets=spent("24.75"), days=REFUSED),
            ["COST-UNREADABLE", "COST-STOP-REACHED"],
            id="the-stop-together-and-one-source-unreadable",
        ),
        pytest.param(
            both_platforms(confluent=billing(bill=Known(bill(*spending("28"))))),
            ["COST-STOP-REACHED"],
            id="the-stop-without-aws",
        ),
        pytest.param(
            both_platforms(budgets=spent("-10"), confluent=billing(bill=Known(bill(*spending("21.6"))))),
            ["COST-NEGATIVE", "COST-STOP-REACHED"],
            id="a-negative-report-hides-nothing",
        ),
        pytest.param(
            replace(last_day(amount="-30"), budgets=spent("24.75"), days=Known((daily(1, "30"), daily(2, "-30")))),
            ["COST-DAYS-MISMATCH", "COST-NEGATIVE", "COST-STOP-REACHED"],
            id="a-negative-day-hides-nothing",
        ),
        pytest.param(
            both_platforms(confluent=billing(bill=Known(bill(negative=(negative_line(),))))),
            ["CONFLUENT-NEGATIVE"],
            id="a-negative-line-of-confluent",
        ),
        pytest.param(
            both_platforms(confluent=billing(bill=Known(bill(billed(1))))),
            ["CONFLUENT-DAYS-MISSING"],
            id="days-of-confluent-not-reported",
        ),
    ],
)
def test_blockers(facts: CostFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=facts.observed_at)] == codes


def test_the_refusal_is_quoted() -> None:
    """IN3: the reason stands in the blocker."""
    (blocker,) = GATE.evaluate(cost_facts(days=REFUSED), judged_at=NOW)
    assert "Start time is invalid" in blocker.observed
    assert blocker.resource == "Cost Explorer"


def test_a_bill_that_cannot_be_read_is_confluents() -> None:
    """By the name that the ladder uses."""
    (blocker,) = GATE.evaluate(both_platforms(confluent=dark(REFUSED)), judged_at=NOW)
    assert blocker.resource == "Confluent"


def test_the_stop_says_how_much() -> None:
    """What was reported, by whom, against what."""
    (blocker,) = GATE.evaluate(cost_facts(budgets=spent("28.5")), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (
        "AWS",
        "28.5 USD since 2026-02-01: AWS Budgets 28.5 USD, Cost Explorer 6.5 USD; 28.5 reported, "
        "0 projected, at 0 USD per hour",
    )
    assert blocker.expected.startswith("less than 28 USD; ")


@pytest.mark.parametrize(
    ("facts", "resource", "observed", "expected"),
    [
        pytest.param(
            cost_facts(cost_scope=("aws",), read_scope=()), "aws", "nothing was read", "aws", id="nothing-was-read"
        ),
        pytest.param(
            cost_facts(daily(1), daily(2), daily(3)),
            "Cost Explorer",
            "3 days, 2026-02-01 to 2026-02-03",
            "13 days, 2026-02-01 up to 2026-02-14",
            id="which-days-came",
        ),
        pytest.param(cost_facts(days=Known(())), "Cost Explorer", "0 days", "days", id="no-day"),
        pytest.param(
            cost_facts(cost_scope=(), widest_scope=Known(())), "cost_scope", "none", "a platform", id="no-platform"
        ),
        pytest.param(last_day(cost=UNITLESS), "Cost Explorer 2026-02-13", "blank", "USD", id="no-unit"),
        pytest.param(
            cost_facts(budgets=spent("-0.01")),
            "AWS Budgets",
            "-0.01 USD",
            "0 or more; credits and refunds are left out",
            id="below-zero",
        ),
    ],
)
def test_both_sides_are_shown(facts: CostFacts, resource: str, observed: str, expected: str) -> None:
    """Whose amount, what was seen, and what should have been."""
    (blocker,) = GATE.evaluate(facts, judged_at=facts.observed_at)
    assert (blocker.resource, blocker.observed, blocker.expected) == (resource, observed, expected)


def test_the_period_is_named() -> None:
    """The month to date, its first day and today included."""
    period, _ = GATE.evaluate(cost_facts(end=date(2026, 2, 13)), judged_at=NOW)
    assert (period.resource, period.observed, period.expected) == (
        "period",
        "2026-02-01 to 2026-02-13",
        "2026-02-01 up to and including 2026-02-13",
    )


def test_the_stop_of_both_names_every_source() -> None:
    """The sum, and what each source has to do with it."""
    (blocker,) = GATE.evaluate(both_platforms(budgets=spent("25")), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (
        "AWS + Confluent",
        "28.25 USD since 2026-02-01: AWS Budgets 25 USD, Cost Explorer 6.5 USD, Confluent 3.25 USD; "
        "28.25 reported, 0 projected, at 0 USD per hour",
    )


def test_a_stop_on_what_is_certain_says_that_it_may_be_more() -> None:
    """One source does not tell."""
    facts = both_platforms(budgets=spent("28"), confluent=dark(REFUSED))
    blocker = GATE.evaluate(facts, judged_at=NOW)[-1]
    assert blocker.observed.startswith("at least 28 USD since 2026-02-01: ")
    assert "Confluent not known; 28 reported" in blocker.observed


# The scope (EV4).


def narrowed(**changes: Any) -> CostFacts:
    """AWS only, after Confluent had been judged as well."""
    return cost_facts(**{"widest_scope": Known(("aws", "confluent"))} | changes)


def exempt(**changes: Any) -> PolicyException:
    """Somebody answers for leaving Confluent out."""
    return quiet(**{"resource": "confluent", "rule": "COST-SCOPE-NARROWED"} | changes)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(narrowed(), ["COST-SCOPE-NARROWED"], id="nobody-answers-for-it"),
        pytest.param(narrowed(exceptions=(exempt(),)), [], id="an-exception"),
        pytest.param(narrowed(exceptions=(exempt(expires=NOW.date()),)), [], id="its-last-day"),
        pytest.param(
            narrowed(exceptions=(exempt(expires=date(2026, 2, 12)),)),
            ["COST-SCOPE-NARROWED", "EXCEPTION-EXPIRED"],
            id="an-exception-that-has-run-out",
        ),
        pytest.param(
            narrowed(exceptions=(exempt(resource="aws"),)), ["COST-SCOPE-NARROWED"], id="an-exception-for-another"
        ),
        pytest.param(
            narrowed(exceptions=(exempt(rule="NAT-GATEWAY"),)), ["COST-SCOPE-NARROWED"], id="an-exception-from-another"
        ),
        pytest.param(
            cost_facts(cost_scope=(), read_scope=(), exceptions=(exempt(resource="aws"),), widest_scope=BOTH_BEFORE),
            ["COST-SCOPE-UNREAD", "COST-SCOPE-NARROWED"],
            id="an-exception-for-the-first-hides-no-other",
        ),
        pytest.param(cost_facts(widest_scope=REFUSED), ["COST-SCOPE-HISTORY-UNREADABLE"], id="history-unreadable"),
        pytest.param(cost_facts(widest_scope=Absent()), ["COST-SCOPE-HISTORY-MISSING"], id="no-history-was-read"),
        pytest.param(
            cost_facts(widest_scope=REFUSED, exceptions=(exempt(),)), [], id="history-unreadable-and-an-exception"
        ),
        pytest.param(both_platforms(widest_scope=REFUSED), [], id="nothing-can-have-been-left-out"),
        pytest.param(
            both_platforms(cost_scope=("confluent",)), ["COST-SCOPE-NARROWED"], id="aws-may-not-be-left-out-either"
        ),
    ],
)
def test_a_scope_is_narrowed_by_exception_only(facts: CostFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_a_narrowed_scope_says_from_what_to_what() -> None:
    """And that an exception needs a name."""
    (blocker,) = GATE.evaluate(narrowed(), judged_at=NOW)
    assert (blocker.resource, blocker.observed, blocker.expected) == ("confluent", "aws", "aws, confluent")
    assert "rule COST-SCOPE-NARROWED, the platform as resource, owner, reason, expires" in blocker.remedy.text


ROOT, MANAGEMENT = "the account's root user", "management account"


@pytest.mark.parametrize(
    ("said", "wanted", "unwanted"),
    [
        ("DataUnavailableException: not yet", ["open Cost Explorer once", "wait until AWS has prepared"], [ROOT]),
        ("AccessDeniedException: User not enabled for cost explorer access", ["open Cost Explorer once"], [ROOT]),
        ("AccessDeniedException: no", [ROOT, MANAGEMENT, "lacks the grant"], ["open Cost Explorer once"]),
        ("ValidationException: no", ["correct what the reason names"], [ROOT, "open Cost Explorer once"]),
    ],
)
@pytest.mark.parametrize("source", ["days", "budgets"])
def test_the_way_out_goes_by_the_code_of_aws(source: str, said: str, wanted: list[str], unwanted: list[str]) -> None:
    facts = cost_facts(**{source: Unreadable(f"GetCostAndUsage: {said}")})
    (found,) = [it for it in GATE.evaluate(facts, judged_at=NOW) if it.code == "COST-UNREADABLE"]
    assert all(text in found.remedy.text for text in wanted), found.remedy.text
    assert not any(text in found.remedy.text for text in unwanted), found.remedy.text


def test_a_service_that_is_busy_is_waited_for_whatever_else_it_says() -> None:
    facts = cost_facts(days=Unreadable("GetCostAndUsage: AccessDeniedException", transient=True))
    (found,) = [it for it in GATE.evaluate(facts, judged_at=NOW) if it.code == "COST-UNREADABLE"]
    assert ROOT not in found.remedy.text
