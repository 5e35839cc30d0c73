"""AUDIT.B: what the chain of verdicts says about the audits before this one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from standins import dev_min
from tidegate.evidence.canonical import seal
from tidegate.evidence.control import Series
from tidegate.evidence.execution import claim
from tidegate.gates.audit_continuity import GATE
from tidegate.lanes import audit_continuity
from tidegate.lanes.audit_continuity import AT_MOST, collect_continuity
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.settings import settings
from tidegate.verify.chain import READERS

DUE = datetime(2026, 2, 13, 2, 0, tzinfo=UTC)
PREFIX = "evidence/dev_min/verdicts"


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ten minutes after this audit was due."""
    clock = [DUE + timedelta(minutes=10)]
    monkeypatch.setattr(audit_continuity, "now", lambda: clock[0])
    return clock


def recorded(world: Any, phase: str, at: datetime, *, passed: bool = True, **changes: Any) -> str:
    """A verdict of an execution that began a quarter of an hour before `at`; returns its id."""
    execution = f"{phase}_{at - timedelta(minutes=15):%Y%m%dT%H%M%SZ}"

    def record(newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "schema": {"name": "tidegate.verdict-record", "version": 1},
            "phase": phase,
            "execution_id": execution,
            "overall_pass": passed,
            "verdict": {"uri": f"s3://x/{execution}.json", "version_id": None, "sha256": "a" * 64},
            "previous": None if newest is None else {"number": newest["number"], "sha256": newest["digest"]},
            "recorded_at": at.isoformat(),
            **changes,
        }

    Series(world.remote, PREFIX).append_next(record)
    return execution


@pytest.fixture(autouse=True)
def hourly(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most tests are not about the hourly check."""
    if "hourly" not in request.node.name:
        monkeypatch.setattr(audit_continuity, "_hourly_due", lambda *_: Absent())


def collected(world: Any, run_after: datetime = DUE, **changes: Any) -> Any:
    run = world.run("audit", "b_continuity", run_after=run_after, run_id="scheduled__1", **changes)
    return collect_continuity(run)


def codes(facts: Any) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=facts.observed_at)]


def test_the_first_audit_ever_says_so(world: Any) -> None:
    facts = collected(world)
    assert (facts.previous, facts.newest_record) == (Absent(), Absent())
    assert (facts.missed, facts.without_verdict) == (Known(()), Known(()))
    assert codes(facts) == []


def test_after_other_verdicts_it_is_still_the_first(world: Any) -> None:
    recorded(world, "m2", DUE - timedelta(days=9))
    assert collected(world).previous == Absent()


def test_last_night_there_was_one(world: Any) -> None:
    last = recorded(world, "audit", DUE - timedelta(hours=23, minutes=30), passed=False)
    recorded(world, "m2", DUE - timedelta(hours=2))
    facts = collected(world)
    assert facts.previous.value.execution_id == last
    assert facts.previous.value.overall_pass is False
    assert facts.newest_record == Known(DUE - timedelta(hours=2))
    assert codes(facts) == []


def test_missed_nights_are_named_without_this_one(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(days=3) + timedelta(minutes=20))
    facts = collected(world)
    assert facts.missed == Known((DUE - timedelta(days=2), DUE - timedelta(days=1)))
    assert codes(facts) == ["AUDIT-MISSED"]


@pytest.mark.parametrize(
    ("late", "missed"),
    [
        pytest.param(timedelta(minutes=59), (), id="it-may-still-end"),
        pytest.param(timedelta(minutes=60), (DUE,), id="past-its-deadline"),
    ],
)
def test_one_that_is_due_and_within_its_deadline_is_not_missed(
    world: Any, moment: Any, late: timedelta, missed: Any
) -> None:
    """A person triggers one while the night's own has not ended."""
    recorded(world, "audit", DUE - timedelta(hours=23))
    moment[0] = DUE + late
    assert collected(world, run_after=DUE + late).missed == Known(missed)


def test_the_attempt_of_this_audit_does_not_count(world: Any) -> None:
    """Its verdict was cleared and runs again."""
    recorded(world, "audit", DUE - timedelta(days=2) + timedelta(minutes=20))
    run = world.run("audit", "b_continuity", run_after=DUE, run_id="scheduled__1")
    assert recorded(world, "audit", DUE + timedelta(minutes=15)) == run.execution_id
    facts = collect_continuity(run)
    assert facts.previous.value.number == 1
    assert facts.missed == Known((DUE - timedelta(days=1),))


def test_a_previous_one_without_a_verdict_is_missed(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(days=2) + timedelta(minutes=20))
    broken = DUE - timedelta(days=1)
    claim(world.remote, "dev_min", "audit", dag_id="d", run_id="scheduled__0", run_after=broken)
    facts = collected(world)
    assert facts.without_verdict == Known(("audit_20260212T020000Z",))
    assert codes(facts) == ["AUDIT-MISSED", "AUDIT-WITHOUT-VERDICT"]


def test_also_before_the_first_verdict(world: Any) -> None:
    claim(world.remote, "dev_min", "audit", dag_id="d", run_id="x", run_after=DUE - timedelta(days=1))
    assert codes(collected(world)) == ["AUDIT-WITHOUT-VERDICT"]


def test_an_older_one_that_got_its_verdict_later_is_not_without(world: Any) -> None:
    """Its run was cleared after the next one had ended."""
    younger = DUE - timedelta(hours=24)
    claim(world.remote, "dev_min", "audit", dag_id="d", run_id="x", run_after=younger)
    recorded(world, "audit", younger + timedelta(minutes=15))
    recorded(world, "audit", DUE - timedelta(hours=1), execution_id="audit_20260210T020000Z")
    assert collected(world).without_verdict == Known(())


def test_a_clock_that_runs_behind_the_evidence(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(hours=23))
    recorded(world, "m2", DUE + timedelta(hours=3))
    assert codes(collected(world)) == ["CLOCK-BEHIND"]


def test_a_clock_that_jumped_ahead_names_so_many_nights_and_ends(world: Any, moment: Any) -> None:
    recorded(world, "audit", DUE - timedelta(days=1))
    moment[0] = DUE.replace(year=2126)
    facts = collected(world, run_after=moment[0])
    assert len(facts.missed.value) == AT_MOST
    assert facts.missed.value[-1] == DUE.replace(year=2126) - timedelta(days=1)


@pytest.mark.parametrize("refusing", ["keys", "read"])
def test_a_chain_that_cannot_be_read(world: Any, refusing: str) -> None:
    recorded(world, "audit", DUE - timedelta(days=1))
    run = world.run("audit", "b_continuity", run_after=DUE)
    assert run.execution_id
    world.remote.refusing.add(refusing)
    facts = collect_continuity(run)
    assert isinstance(facts.previous, Unreadable)
    assert codes(facts) == ["VERDICT-CHAIN-UNREADABLE"]


@pytest.mark.parametrize(
    "content",
    [b"no json", seal({"number": 1}), b"{}"],
    ids=["no-json", "another-shape", "not-sealed"],
)
def test_a_record_that_is_none_blocks(world: Any, content: bytes) -> None:
    world.remote.objects[f"{PREFIX}/000001.json"] = content
    assert codes(collected(world)) == ["VERDICT-CHAIN-UNREADABLE"]


@pytest.mark.parametrize("said", ["yesterday", "2026-02-12T02:20:00"])
def test_a_record_without_a_time(world: Any, said: str) -> None:
    recorded(world, "audit", DUE - timedelta(days=1), recorded_at=said)
    facts = collected(world)
    assert "recorded_at" in facts.previous.reason
    assert codes(facts) == ["VERDICT-CHAIN-UNREADABLE"]


def test_a_schedule_that_is_no_cron(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(days=1))
    environment = dev_min()[0]
    audit = environment.audit.model_copy(update={"schedule": "99 99 * * *"})
    facts = collected(world, environment=environment.model_copy(update={"audit": audit}))
    assert codes(facts) == ["AUDIT-SCHEDULE-UNREADABLE"]


def test_without_schedules_nothing_is_missed(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_SCHEDULES", "false")
    settings.cache_clear()
    recorded(world, "audit", DUE - timedelta(days=9))
    facts = collected(world)
    assert facts.missed == Known(())
    assert facts.schedule == "no schedule (schedules are switched off)"


def test_one_that_was_cleared_today_hides_no_missed_night(world: Any) -> None:
    """Its verdict is recorded anew; it was due when it was due."""
    old = recorded(world, "audit", DUE - timedelta(days=3) + timedelta(minutes=20))
    recorded(world, "audit", DUE - timedelta(hours=2), execution_id=old)
    facts = collected(world)
    assert facts.missed == Known((DUE - timedelta(days=2), DUE - timedelta(days=1)))
    assert facts.previous.value.due_at == DUE - timedelta(days=3) + timedelta(minutes=5)


def test_one_that_was_cleared_today_is_not_the_previous_one(world: Any) -> None:
    old = recorded(world, "audit", DUE - timedelta(days=2) + timedelta(minutes=20))
    last = recorded(world, "audit", DUE - timedelta(days=1) + timedelta(minutes=20))
    recorded(world, "audit", DUE - timedelta(hours=2), execution_id=old)
    facts = collected(world)
    assert (facts.previous.value.execution_id, facts.missed) == (last, Known(()))


def test_a_long_chain_is_not_read_to_its_end(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in range(300, 25, -1):
        recorded(world, "hourly", DUE - timedelta(hours=hours))
    recorded(world, "audit", DUE - timedelta(hours=23, minutes=30))
    claim(world.remote, "dev_min", "audit", dag_id="d", run_id="x", run_after=DUE - timedelta(hours=20))
    read: list[str] = []
    store = type(world.remote)
    original = store.read
    monkeypatch.setattr(store, "read", lambda self, key: read.append(key) or original(self, key))
    facts = collected(world)
    assert facts.without_verdict == Known(("audit_20260212T060000Z",))
    asked = [key for key in read if key.startswith(PREFIX)]
    assert len(asked) == len(set(asked)) <= 2 * READERS + 1


def test_an_hourly_check_looked_an_hour_ago(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(hours=23))
    recorded(world, "hourly", DUE - timedelta(minutes=30))
    facts = collected(world)
    assert facts.hourly_newest == Known(DUE - timedelta(minutes=45))
    assert isinstance(facts.hourly_due, Known)
    assert codes(facts) == []


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


def test_an_audit_just_now_makes_no_hourly_check_expected(world: Any) -> None:
    """On the first day somebody triggers a second one before the first hourly check was due."""
    recorded(world, "audit", DUE - timedelta(minutes=5))
    facts = collected(world)
    assert (isinstance(facts.previous, Known), facts.hourly_due, codes(facts)) == (True, Absent(), [])


def test_an_audit_just_now_mutes_no_hourly_check_that_is_missed(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(hours=23))
    recorded(world, "audit", DUE - timedelta(minutes=5))
    assert codes(collected(world)) == ["HOURLY-CHECK-MISSED"]


def test_without_schedules_no_hourly_check_is_expected(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_SCHEDULES", "false")
    settings.cache_clear()
    recorded(world, "audit", DUE - timedelta(days=1))
    assert codes(collected(world)) == []


def test_an_hourly_schedule_that_is_no_cron(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(hours=23))
    environment = dev_min()[0]
    audit = environment.audit.model_copy(update={"hourly_schedule": "99 * * * *"})
    facts = collected(world, environment=environment.model_copy(update={"audit": audit}))
    assert codes(facts) == ["HOURLY-SCHEDULE-UNREADABLE"]


def test_an_execution_id_that_is_none(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(days=1), execution_id="audit_x")
    assert codes(collected(world)) == ["VERDICT-CHAIN-UNREADABLE"]
