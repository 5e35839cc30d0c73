"""AUDIT-CONTINUITY: no night without a verdict."""

from datetime import timedelta

import pytest

from factories_audit import LAST_NIGHT, continuity_facts, first_audit, previous
from factories_world import NOW
from tidegate.gates.audit_continuity import GATE
from tidegate.models.audit import AuditContinuityFacts
from tidegate.models.observed import Absent, Known, Unreadable

DARK = Unreadable("403")
NIGHTS = (NOW - timedelta(days=2), NOW - timedelta(days=1))


def codes(facts: AuditContinuityFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(continuity_facts(), [], id="every-night"),
        pytest.param(continuity_facts(previous=Known(previous(overall_pass=False))), [], id="a-blocked-one-is-one"),
        pytest.param(first_audit(), [], id="first-ever"),
        pytest.param(continuity_facts(previous=Absent()), [], id="first-audit-after-other-verdicts"),
        pytest.param(continuity_facts(missed=Known(NIGHTS)), ["AUDIT-MISSED"], id="two-nights"),
        pytest.param(
            first_audit(without_verdict=Known(("audit_a", "audit_b"))),
            ["AUDIT-WITHOUT-VERDICT", "AUDIT-WITHOUT-VERDICT"],
            id="began-and-left-nothing",
        ),
        pytest.param(
            continuity_facts(newest_record=Known(NOW + timedelta(seconds=61))), ["CLOCK-BEHIND"], id="of-the-future"
        ),
        pytest.param(
            continuity_facts(newest_record=Known(NOW + timedelta(seconds=60))), [], id="clocks-differ-a-little"
        ),
        pytest.param(
            continuity_facts(previous=DARK, newest_record=DARK, missed=DARK, without_verdict=DARK),
            ["VERDICT-CHAIN-UNREADABLE"],
            id="chain-unreadable-said-once",
        ),
        pytest.param(continuity_facts(newest_record=DARK), ["VERDICT-CHAIN-UNREADABLE"], id="newest-unreadable"),
        pytest.param(continuity_facts(without_verdict=DARK), ["AUDIT-CLAIMS-UNREADABLE"], id="claims-unreadable"),
        pytest.param(continuity_facts(hourly_newest=Absent()), ["HOURLY-CHECK-MISSED"], id="nobody-looked-every-hour"),
        pytest.param(
            continuity_facts(hourly_due=Absent(), hourly_newest=Absent()), [], id="no-hourly-check-is-expected"
        ),
        pytest.param(continuity_facts(hourly_due=DARK), ["HOURLY-SCHEDULE-UNREADABLE"], id="hourly-is-no-cron"),
        pytest.param(continuity_facts(hourly_newest=DARK), ["VERDICT-CHAIN-UNREADABLE"], id="hourly-unreadable"),
        pytest.param(continuity_facts(missed=DARK), ["AUDIT-SCHEDULE-UNREADABLE"], id="schedule-is-no-cron"),
    ],
)
def test_blockers(facts: AuditContinuityFacts, expected: list[str]) -> None:
    assert codes(facts) == expected


def test_the_nights_are_named() -> None:
    (blocker,) = GATE.evaluate(continuity_facts(missed=Known(NIGHTS)), judged_at=NOW)
    for night in ("2026-11-19T09:30", "2026-11-20T09:30", LAST_NIGHT):
        assert night in blocker.observed
    assert blocker.expected == "a verdict for each time of 0 2 * * * (UTC), at most 60 minutes later"


def test_where_no_audit_was_ever_recorded_the_newest_is_none() -> None:
    (blocker,) = GATE.evaluate(continuity_facts(previous=Absent(), missed=Known(NIGHTS)), judged_at=NOW)
    assert blocker.observed.endswith("; the newest one is none")


def test_the_clock_is_named() -> None:
    (blocker,) = GATE.evaluate(continuity_facts(newest_record=Known(NOW + timedelta(hours=1))), judged_at=NOW)
    assert blocker.resource == "clock of the worker"
