"""AUDIT.B: what the chain of verdicts says about the hourly check."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from factories_continuity import DUE, PREFIX, asked_records, codes, collected, recorded
from standins import dev_min
from tidegate.lanes import audit_continuity
from tidegate.lanes.audit_continuity import collect_continuity
from tidegate.models.audit import AuditContinuityFacts, PreviousAudit
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.settings import settings
from tidegate.verify.chain import READERS


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ten minutes after this audit was due."""
    clock = [DUE + timedelta(minutes=10)]
    monkeypatch.setattr(audit_continuity, "now", lambda: clock[0])
    return clock


def test_an_hourly_check_looked_an_hour_ago(world: Any) -> None:
    last = recorded(world, "audit", DUE - timedelta(hours=23, minutes=45))
    recorded(world, "hourly", DUE - timedelta(minutes=30))
    recorded(world, "m2", DUE - timedelta(minutes=5))
    facts = collected(world)
    assert facts == AuditContinuityFacts(
        observed_at=DUE + timedelta(minutes=10),
        sources=(Source(name="evidence", data_as_of=DUE + timedelta(minutes=10)),),
        schedule="0 2 * * *",
        deadline_minutes=60,
        previous=Known(
            PreviousAudit(
                number=1,
                execution_id=last,
                due_at=DUE - timedelta(days=1),
                recorded_at=DUE - timedelta(hours=23, minutes=45),
                overall_pass=True,
            )
        ),
        newest_record=Known(DUE - timedelta(minutes=5)),
        missed=Known(()),
        without_verdict=Known(()),
        hourly_schedule="0 * * * *",
        hourly_due=Known(DUE - timedelta(hours=2)),
        hourly_newest=Known(DUE - timedelta(minutes=45)),
    )
    assert codes(facts) == []


def test_an_hourly_check_counts_from_the_time_on_that_it_was_due(world: Any) -> None:
    """Its worker's clock was an hour behind."""
    recorded(world, "audit", DUE - timedelta(hours=23))
    since, behind = DUE - timedelta(hours=2), DUE - timedelta(hours=3)
    recorded(world, "hourly", since + timedelta(minutes=15), recorded_at=behind.isoformat())
    facts = collected(world)
    assert (facts.hourly_due, facts.hourly_newest) == (Known(since), Known(since))


def test_no_hourly_check_is_looked_for_before_it_was_due(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in range(40, 1, -1):
        recorded(world, "m2", DUE - timedelta(days=days))
    recorded(world, "audit", DUE - timedelta(hours=23))
    asked = asked_records(world, monkeypatch)
    facts = collected(world)
    assert (facts.hourly_newest, len(asked)) == (Absent(), 1 + READERS)


def test_no_hourly_check_looked_for_hours(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(hours=23))
    late = recorded(world, "hourly", DUE - timedelta(hours=5))
    recorded(world, "hourly", DUE - timedelta(minutes=5), execution_id=late)  # cleared by hand
    facts = collected(world)
    assert timedelta(hours=2) <= facts.observed_at - facts.hourly_due.value <= timedelta(hours=3)
    assert (facts.hourly_newest, codes(facts)) == (Absent(), ["HOURLY-CHECK-MISSED"])


def test_before_the_first_audit_no_hourly_check_is_expected(world: Any) -> None:
    facts = collected(world)
    assert (facts.hourly_due, facts.hourly_newest, codes(facts)) == (Absent(), Absent(), [])


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (DUE - timedelta(minutes=20), Absent()),
        (DUE - timedelta(hours=2) + timedelta(seconds=1), Absent()),
        (DUE - timedelta(hours=2), Known(DUE - timedelta(hours=2))),
    ],
    ids=["just-now", "a-second-too-late", "in-time"],
)
def test_an_audit_just_now_makes_no_hourly_check_expected(world: Any, due: datetime, expected: Any) -> None:
    """On the first day somebody triggers a second one before the first hourly check was due."""
    recorded(world, "audit", due + timedelta(minutes=15))
    facts = collected(world)
    assert (isinstance(facts.previous, Known), facts.hourly_due) == (True, expected)
    assert codes(facts) == ([] if expected == Absent() else ["HOURLY-CHECK-MISSED"])


def test_an_earlier_attempt_of_the_first_audit_makes_no_hourly_check_expected(world: Any, moment: Any) -> None:
    recorded(world, "audit", DUE + timedelta(minutes=15))
    moment[0] = DUE + timedelta(hours=9)
    facts = collected(world)
    assert (facts.previous, facts.hourly_due) == (Absent(), Absent())


def test_an_audit_just_now_mutes_no_hourly_check_that_is_missed(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(hours=23))
    recorded(world, "audit", DUE - timedelta(minutes=5))
    assert codes(collected(world)) == ["HOURLY-CHECK-MISSED"]


def test_without_schedules_no_hourly_check_is_expected(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_SCHEDULES", "false")
    settings.cache_clear()
    recorded(world, "audit", DUE - timedelta(days=1))
    facts = collected(world)
    assert facts.hourly_schedule == "no schedule (schedules are switched off)"
    assert codes(facts) == []


@pytest.mark.parametrize("refusing", ["keys", "read"])
def test_hourly_checks_in_a_chain_that_cannot_be_read(world: Any, refusing: str) -> None:
    recorded(world, "audit", DUE - timedelta(days=1))
    run = world.run("audit", "b_continuity", run_after=DUE)
    assert run.execution_id
    world.remote.refusing.add(refusing)
    facts = collect_continuity(run)
    why = Unreadable(f"{PREFIX}/{'000001.json' if refusing == 'read' else ''}: told not to answer")
    assert (facts.hourly_due, facts.hourly_newest) == (why, Absent())


def test_a_record_without_a_time_among_the_hourly_checks(world: Any) -> None:
    """It lies further back than the previous audit is looked for."""
    recorded(world, "hourly", DUE - timedelta(hours=2), recorded_at="yesterday")
    recorded(world, "audit", DUE - timedelta(hours=1, minutes=40), execution_id="audit_20260213T000000Z")
    recorded(world, "audit", DUE - timedelta(minutes=15))
    facts = collected(world)
    assert facts.previous.value.number == 3
    assert facts.hourly_due == Known(DUE - timedelta(hours=2))
    assert facts.hourly_newest == Unreadable("record 1: recorded_at 'yesterday' is no time")


def test_an_hourly_schedule_that_is_no_cron(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(hours=23))
    environment = dev_min()[0]
    audit = environment.audit.model_copy(update={"hourly_schedule": "99 * * * *"})
    facts = collected(world, environment=environment.model_copy(update={"audit": audit}))
    assert codes(facts) == ["HOURLY-SCHEDULE-UNREADABLE"]
