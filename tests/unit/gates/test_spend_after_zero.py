"""SPEND-AFTER-ZERO: which days are watched, what they may cost, and what is not known."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from factories_residual import CLOSED, day_spend, platform_run, spend, spend_facts
from factories_world import NOW
from tidegate.gates.spend_after_zero import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.spend import SpendAfterZeroFacts

DARK = Unreadable("403")
CHEAP = tuple(day_spend(number) for number in range(1, 22))


def aws(**amounts: str) -> Any:
    """AWS's days, some of them at another price: `d16="1.00"`."""
    return spend(
        "aws",
        *(day_spend(each.day.day, amounts.get(f"d{each.day.day}", "0.01")) for each in CHEAP),
    )


def judged(facts: SpendAfterZeroFacts) -> Any:
    return GATE.evaluate(facts, judged_at=NOW)


def found(facts: SpendAfterZeroFacts) -> list[tuple[str, str]]:
    return [(blocker.code, blocker.resource) for blocker in judged(facts)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(spend_facts(), [], id="quiet-days"),
        pytest.param(spend_facts(aws(d16="0.20"), spend("confluent")), [], id="the-base-exactly"),
        pytest.param(spend_facts(aws(d16="0"), spend("confluent")), [], id="a-day-that-cost-nothing"),
        pytest.param(spend_facts(closed_at=Known(NOW)), [], id="closed-just-now"),
        pytest.param(spend_facts(spend(data_as_of=Known(NOW)), spend("confluent")), [], id="reported-up-to-now"),
        pytest.param(
            spend_facts(aws(d16="0.21"), spend("confluent")), [("SPEND-AFTER-ZERO", "aws 2026-11-16")], id="above-base"
        ),
        pytest.param(spend_facts(aws(d14="9", d15="9"), spend("confluent")), [], id="closing-day-and-grace"),
        pytest.param(spend_facts(aws(d20="9", d21="9"), spend("confluent")), [], id="days-not-reported-yet"),
        pytest.param(
            spend_facts(aws(d16="1", d19="2"), spend("confluent")),
            [("SPEND-AFTER-ZERO", "aws 2026-11-16"), ("SPEND-AFTER-ZERO", "aws 2026-11-19")],
            id="each-day-is-said",
        ),
        pytest.param(
            spend_facts(spend(), spend("confluent", day_spend(16))),
            [("SPEND-AFTER-ZERO", "confluent 2026-11-16")],
            id="confluent-has-no-base",
        ),
        pytest.param(spend_facts(spend(), spend("confluent", day_spend(18))), [], id="confluent-is-later"),
        pytest.param(
            spend_facts(spend(), spend("confluent", day_spend(17, "0.5"), day_spend(17, "0.5"))),
            [("SPEND-AFTER-ZERO", "confluent 2026-11-17")],
            id="lines-of-a-day-are-added",
        ),
        pytest.param(
            spend_facts(aws(d16="9"), platform_run=Known(platform_run(is_open=True)), closed_at=Absent()),
            [],
            id="an-open-platform-run-is-not-watched",
        ),
        pytest.param(
            spend_facts(spend(days=DARK), platform_run=Absent(), closed_at=Absent()), [], id="never-a-platform-run"
        ),
        pytest.param(
            spend_facts(aws(d16="9"), spend("confluent"), closed_at=Known(CLOSED - timedelta(days=45))),
            [("SPEND-AFTER-ZERO", "aws 2026-11-16")],
            id="closed-in-another-month",
        ),
    ],
)
def test_days(facts: SpendAfterZeroFacts, expected: Sequence[tuple[str, str]]) -> None:
    assert found(facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(spend_facts(platform_run=DARK), [("PLATFORM-RUN-UNREADABLE", "control record platform_runs")]),
        pytest.param(spend_facts(closed_at=DARK), [("CLOSING-UNREADABLE", "platform_1")]),
        pytest.param(spend_facts(closed_at=Absent()), [("CLOSING-MISSING", "platform_1")]),
        pytest.param(spend_facts(closed_at=Known(NOW + timedelta(seconds=1))), [("CLOSING-IN-FUTURE", "platform_1")]),
        pytest.param(spend_facts(spend(days=DARK), spend("confluent")), [("SPEND-UNKNOWN", "aws")]),
        pytest.param(spend_facts(spend(), spend("confluent", days=Absent())), [("SPEND-UNKNOWN", "confluent")]),
        pytest.param(spend_facts(spend(data_as_of=DARK), spend("confluent")), [("SPEND-UNKNOWN", "aws")]),
        pytest.param(
            spend_facts(spend(data_as_of=Known(NOW + timedelta(hours=1))), spend("confluent")),
            [("SPEND-UNKNOWN", "aws")],
        ),
        pytest.param(spend_facts(spend()), [("SPEND-UNKNOWN", "confluent")]),
        pytest.param(
            spend_facts(spend("aws", *CHEAP[:15], *CHEAP[16:]), spend("confluent")),
            [("SPEND-UNKNOWN", "aws 2026-11-16")],
        ),
        pytest.param(
            spend_facts(spend("aws", *CHEAP[:15], day_spend(16, "0.01", "EUR"), *CHEAP[16:]), spend("confluent")),
            [("SPEND-UNKNOWN", "aws 2026-11-16")],
        ),
        pytest.param(
            spend_facts(spend("aws", *CHEAP[:15], day_spend(16, "-0.01"), *CHEAP[16:]), spend("confluent")),
            [("SPEND-UNKNOWN", "aws 2026-11-16")],
        ),
    ],
)
def test_what_is_not_known_is_not_zero(facts: SpendAfterZeroFacts, expected: Sequence[tuple[str, str]]) -> None:
    assert found(facts) == expected


def test_a_finding_names_amount_limit_and_where_to_look() -> None:
    of_aws, of_confluent = judged(spend_facts(aws(d16="1.25"), spend("confluent", day_spend(16, "0.4"))))
    assert (of_aws.observed, of_aws.expected) == ("1.25 USD", "at most 0.20 USD from 2026-11-16 on")
    assert "--time-period Start=2026-11-16,End=2026-11-17" in of_aws.remedy.text
    assert "Key=SERVICE" in of_aws.remedy.text
    assert "Confluent's billing page" in of_confluent.remedy.text


def test_the_first_watched_day_and_the_reported_ones_are_facts() -> None:
    facts = spend_facts()
    assert facts.watched_from == date(2026, 11, 16)
    assert [day.day for day in facts.reported_days(facts.platforms[0])] == [16, 17, 18, 19]
    assert [day.day for day in facts.reported_days(facts.platforms[1])] == [16, 17]
    assert spend_facts(closed_at=Absent()).watched_from is None
    just_closed = spend_facts(closed_at=Known(CLOSED + timedelta(days=6)))
    assert list(just_closed.reported_days(just_closed.platforms[0])) == []


def test_a_day_counts_as_reported_when_the_report_reaches_its_end() -> None:
    midnight = datetime(2026, 11, 17, tzinfo=NOW.tzinfo)
    for moment, days in ((midnight - timedelta(seconds=1), []), (midnight, [16])):
        facts = spend_facts(spend(data_as_of=Known(moment)))
        assert [day.day for day in facts.reported_days(facts.platforms[0])] == days
