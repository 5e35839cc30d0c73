"""AUDIT.B: what the chain of verdicts says about the audits before this one."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from factories_continuity import DUE, PREFIX, asked_records, codes, collected, recorded
from standins import dev_min
from tidegate.evidence.canonical import document_digest, seal
from tidegate.evidence.execution import claim
from tidegate.lanes import audit_continuity
from tidegate.lanes.audit_continuity import AT_MOST, collect_continuity
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.settings import settings
from tidegate.verify.chain import READERS


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ten minutes after this audit was due. What is asked of the hourly check has a file of its own."""
    clock = [DUE + timedelta(minutes=10)]
    monkeypatch.setattr(audit_continuity, "now", lambda: clock[0])
    monkeypatch.setattr(audit_continuity, "_hourly_due", lambda *_: Absent())
    return clock


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time is not UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "EAST-9")
        time.tzset()
        yield
    time.tzset()


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


def test_a_record_that_is_missing_is_no_end_of_the_chain(world: Any) -> None:
    """AUDIT.J names it; however many are missing, what is before them is read."""
    last = recorded(world, "audit", DUE - timedelta(hours=23))
    for hour in range(2 * READERS, 0, -1):
        recorded(world, "hourly", DUE - timedelta(hours=hour))
    for number in range(3, 2 * READERS + 1):
        del world.remote.objects[f"{PREFIX}/{number:06d}.json"]
    assert collected(world).previous.value.execution_id == last


def test_missed_nights_are_named_without_this_one(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(days=3) + timedelta(minutes=20))
    facts = collected(world)
    assert facts.missed == Known((DUE - timedelta(days=2), DUE - timedelta(days=1)))
    assert codes(facts) == ["AUDIT-MISSED"]


@pytest.mark.parametrize(
    ("late", "missed"),
    [
        pytest.param(timedelta(minutes=59, seconds=59), (), id="it-may-still-end"),
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
    why = Unreadable(f"{PREFIX}/{'000001.json' if refusing == 'read' else ''}: told not to answer")
    assert (facts.previous, facts.newest_record, facts.missed, facts.without_verdict) == (why, why, why, why)
    assert codes(facts) == ["VERDICT-CHAIN-UNREADABLE"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no json", "no digest can be computed: Expecting value: line 1 column 1 (char 0)"),
        (seal({"number": 1}), "7 fields do not fit"),
        (b"[]", "a JSON list"),
        (b"{}", f"digest {document_digest({})} of the content"),
    ],
    ids=["no-json", "another-shape", "no-object", "not-sealed"],
)
def test_a_record_that_is_none_blocks(world: Any, content: bytes, said: str) -> None:
    world.remote.objects[f"{PREFIX}/000001.json"] = content
    facts = collected(world)
    assert facts.newest_record == facts.previous == Unreadable(f"{PREFIX}/000001.json: {said}")
    assert codes(facts) == ["VERDICT-CHAIN-UNREADABLE"]


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


def test_one_that_was_cleared_says_what_it_says_now(world: Any) -> None:
    old = recorded(world, "audit", DUE - timedelta(hours=23), passed=False)
    recorded(world, "audit", DUE - timedelta(hours=21), execution_id=old)
    previous = collected(world).previous.value
    assert (previous.execution_id, previous.number, previous.overall_pass) == (old, 2, True)


def test_so_much_may_a_clock_be_behind(world: Any) -> None:
    """The younger one seems to be recorded an hour before the older one was due, which was cleared later."""
    old = recorded(world, "audit", DUE - timedelta(days=2), recorded_at="2026-02-11T02:00:00+00:00")
    due = DUE - timedelta(days=2, minutes=15)
    younger = f"audit_{due + timedelta(seconds=1):%Y%m%dT%H%M%SZ}"
    behind = (due - timedelta(hours=1)).isoformat()
    recorded(world, "audit", DUE - timedelta(days=1), execution_id=younger, recorded_at=behind)
    recorded(world, "audit", DUE - timedelta(hours=2), execution_id=old)
    assert collected(world).previous.value.execution_id == younger


@pytest.mark.usefixtures("far_east")
def test_times_are_utc_wherever_it_runs(world: Any, moment: Any) -> None:
    moment[0] = DUE + timedelta(hours=2)
    recorded(world, "audit", DUE - timedelta(days=2), recorded_at="2026-02-11T04:00:00+02:00")
    facts = collected(world)
    found = (facts.newest_record.value, facts.previous.value.recorded_at, *facts.missed.value)
    assert [it.isoformat() for it in found] == [
        "2026-02-11T02:00:00+00:00",
        "2026-02-11T02:00:00+00:00",
        "2026-02-11T02:00:00+00:00",
        "2026-02-12T02:00:00+00:00",
    ]


def test_one_without_a_verdict_is_told_once(world: Any) -> None:
    """Each audit asks for those since the one before it."""
    claim(world.remote, "dev_min", "audit", dag_id="d", run_id="x", run_after=DUE - timedelta(days=3))
    recorded(world, "audit", DUE - timedelta(days=1))
    assert collected(world).without_verdict == Known(())


def test_the_previous_one_has_a_verdict_whatever_its_clock_said(world: Any) -> None:
    due = DUE - timedelta(days=1)
    claim(world.remote, "dev_min", "audit", dag_id="d", run_id="x", run_after=due)
    recorded(world, "audit", due + timedelta(minutes=15), recorded_at=(due - timedelta(hours=2)).isoformat())
    assert collected(world).without_verdict == Known(())


def test_a_claim_that_is_none(world: Any) -> None:
    world.remote.objects["control/dev_min/executions/audit_20260212.json"] = b"{}"
    facts = collected(world)
    why = "'audit_20260212' is not an execution id such as m2_20260213T201427Z"
    assert (facts.previous, facts.without_verdict) == (Absent(), Unreadable(why))


def test_a_long_chain_is_not_read_to_its_end(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours in range(300, 25, -1):
        recorded(world, "hourly", DUE - timedelta(hours=hours))
    recorded(world, "audit", DUE - timedelta(hours=23, minutes=30))
    claim(world.remote, "dev_min", "audit", dag_id="d", run_id="x", run_after=DUE - timedelta(hours=20))
    asked = asked_records(world, monkeypatch)
    facts = collected(world)
    assert facts.without_verdict == Known(("audit_20260212T060000Z",))
    assert tuple(sorted(asked)) == world.remote.keys(f"{PREFIX}/")[-1 - READERS :]


def test_an_execution_id_that_is_none(world: Any) -> None:
    recorded(world, "audit", DUE - timedelta(days=1), execution_id="audit_x")
    facts = collected(world)
    assert facts.previous == Unreadable("record 1: 'audit_x' is not an execution id such as m2_20260213T201427Z")
    assert codes(facts) == ["VERDICT-CHAIN-UNREADABLE"]
