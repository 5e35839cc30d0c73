"""CONFLUENT-BILLING."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from factories_guardrails import NOW, bill, billed, billing, confluent_billing_facts, negative_line, quiet
from tidegate.gates.confluent_billing import GATE
from tidegate.models.confluent import ConfluentBillingFacts
from tidegate.models.observed import Absent, Known, Unreadable

REFUSED = Unreadable("GET /billing/v1/costs: 401 user_unauthenticated: expired")
SINCE = datetime(2026, 2, 3, 9, 30, tzinfo=UTC)
FIRST = datetime(2026, 2, 1, 0, 5, tzinfo=UTC)


def facts(*exceptions: Any, **changes: Any) -> ConfluentBillingFacts:
    """Another read."""
    return confluent_billing_facts(billing=billing(**changes), exceptions=exceptions)


def days(*numbers: int, **changes: Any) -> Known[Any]:
    """A bill with lines on these days only. The platform run makes 4 to 9 February due."""
    return Known(bill(*(billed(number, **changes) for number in numbers)))


ALL_BUT_THE_FIFTH = days(1, 4, 6, 7, 8, 9)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(confluent_billing_facts(), [], id="a-whole-bill"),
        pytest.param(facts(bill=REFUSED), ["CONFLUENT-BILLING-UNREADABLE"], id="refused"),
        pytest.param(facts(bill=Absent()), ["CONFLUENT-BILLING-MISSING"], id="no-account-named"),
        pytest.param(
            facts(bill=Known(bill(negative=(negative_line(),)))), ["CONFLUENT-NEGATIVE"], id="a-negative-line"
        ),
        pytest.param(
            facts(bill=Known(bill(negative=(negative_line(), negative_line(id="cost-8"))))),
            ["CONFLUENT-NEGATIVE", "CONFLUENT-NEGATIVE"],
            id="each-negative-line",
        ),
        pytest.param(facts(end=date(2026, 2, 13)), ["CONFLUENT-PERIOD-MISMATCH"], id="until-today"),
        pytest.param(facts(start=date(2026, 1, 1)), ["CONFLUENT-PERIOD-MISMATCH"], id="since-last-month"),
        pytest.param(facts(bill=days(4, 5, 6, 7, 8, 9)), [], id="every-due-day"),
        pytest.param(facts(bill=ALL_BUT_THE_FIFTH), ["CONFLUENT-DAYS-MISSING"], id="a-gap"),
        pytest.param(facts(bill=days(4, 5, 6, 7, 8)), ["CONFLUENT-DAYS-MISSING"], id="the-newest-due-day"),
        pytest.param(facts(bill=days(5, 6, 7, 8, 9)), ["CONFLUENT-DAYS-MISSING"], id="the-oldest-due-day"),
        pytest.param(facts(bill=days()), [], id="all-thirteen"),
        pytest.param(facts(bill=Known(bill(days=()))), ["CONFLUENT-DAYS-MISSING"], id="an-empty-bill-is-no-zero"),
        pytest.param(
            facts(bill=days(4, 5, 6, 7, 8, 9, daily_lines=0)),
            ["CONFLUENT-DAYS-MISSING"],
            id="lines-of-many-days-vouch-for-none",
        ),
        pytest.param(facts(bill=Known(bill(days=())), standing_since=Absent()), [], id="nothing-stood"),
        pytest.param(
            facts(bill=Known(bill(days=())), standing_since=Known(NOW - timedelta(days=3))), [], id="all-within-the-lag"
        ),
        pytest.param(
            facts(bill=days(4, 5, 6, 7, 8, 9), standing_since=Known(datetime(2026, 2, 3, tzinfo=UTC))),
            ["CONFLUENT-DAYS-MISSING"],
            id="a-platform-run-from-midnight-on",
        ),
        pytest.param(
            facts(bill=days(4, 5, 6, 7, 8), data_as_of=datetime(2026, 2, 10, tzinfo=UTC)),
            ["CONFLUENT-DAYS-MISSING"],
            id="the-lag-ends-at-midnight",
        ),
        pytest.param(
            facts(bill=days(4, 5, 6, 7, 8), data_as_of=datetime(2026, 2, 9, 23, 59, tzinfo=UTC)),
            [],
            id="the-lag-ends-a-minute-before",
        ),
        pytest.param(facts(quiet(), bill=ALL_BUT_THE_FIFTH), [], id="a-quiet-day"),
        pytest.param(facts(quiet("2026-02"), bill=Known(bill(days=()))), [], id="a-quiet-month"),
        pytest.param(facts(quiet(expires=NOW.date()), bill=ALL_BUT_THE_FIFTH), [], id="an-exception-on-its-last-day"),
        pytest.param(facts(bill=days(4, 5, 6, 7, 8, 9, daily_lines=1)), [], id="one-line-vouches"),
        pytest.param(facts(quiet("2026-02-06"), bill=ALL_BUT_THE_FIFTH), ["CONFLUENT-DAYS-MISSING"], id="another-day"),
        pytest.param(
            facts(quiet(rule="NAT-GATEWAY"), bill=ALL_BUT_THE_FIFTH), ["CONFLUENT-DAYS-MISSING"], id="another-rule"
        ),
        pytest.param(
            facts(quiet(expires=date(2026, 2, 12)), bill=ALL_BUT_THE_FIFTH),
            ["EXCEPTION-EXPIRED", "CONFLUENT-DAYS-MISSING"],
            id="an-exception-that-has-run-out",
        ),
        pytest.param(facts(standing_since=Unreadable("403")), ["CONFLUENT-HISTORY-UNREADABLE"], id="no-history"),
        pytest.param(
            facts(bill=REFUSED, standing_since=Unreadable("403"), end=date(2026, 2, 1)),
            ["CONFLUENT-BILLING-UNREADABLE", "CONFLUENT-PERIOD-MISMATCH", "CONFLUENT-HISTORY-UNREADABLE"],
            id="says-all-of-it",
        ),
        pytest.param(
            confluent_billing_facts(
                observed_at=FIRST,
                billing=billing(
                    end=date(2026, 2, 2), data_as_of=FIRST - timedelta(hours=72), bill=Known(bill(days=()))
                ),
            ),
            [],
            id="the-first-of-the-month",
        ),
    ],
)
def test_blockers(facts: ConfluentBillingFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=facts.observed_at)] == codes


def test_the_refusal_is_quoted() -> None:
    """What Confluent said, and where it was asked."""
    (blocker,) = GATE.evaluate(facts(bill=REFUSED), judged_at=NOW)
    assert "401 user_unauthenticated" in blocker.observed
    assert blocker.resource == "https://api.confluent.cloud"


def test_without_an_endpoint_the_platform_is_named() -> None:
    """A manifest that names no account has none."""
    (blocker,) = GATE.evaluate(facts(bill=Absent(), endpoint=""), judged_at=NOW)
    assert blocker.resource == "Confluent"


def test_the_wanted_period_is_named() -> None:
    """The month to date, its first day and today included."""
    (blocker,) = GATE.evaluate(facts(start=date(2026, 1, 1)), judged_at=NOW)
    assert blocker.observed == "2026-01-01 to 2026-02-14"
    assert blocker.expected == "2026-02-01 up to and including 2026-02-13"


def test_every_missing_day_is_named_once() -> None:
    """And only those that must have been billed by now."""
    (blocker,) = GATE.evaluate(facts(bill=days(1, 4, 7, 8, 9)), judged_at=NOW)
    assert "no line for 2026-02-05, 2026-02-06;" in blocker.observed
    assert "rule CONFLUENT-DAYS-MISSING, the day as resource" in blocker.remedy.text


def test_a_negative_line_is_named() -> None:
    """So that somebody can find it."""
    (blocker,) = GATE.evaluate(facts(bill=Known(bill(negative=(negative_line(),)))), judged_at=NOW)
    assert blocker.observed == "-5 USD, line cost-7 of 2026-02-03, KAFKA KAFKA_BASE"
