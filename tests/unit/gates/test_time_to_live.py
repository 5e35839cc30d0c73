"""TIME-TO-LIVE."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from factories_control import NOW, caller
from factories_time_to_live import RUN_ID, ended, life, time_to_live, time_to_live_facts, triggered
from tidegate.gates.rules_time_to_live import CLOCKS_APART
from tidegate.gates.time_to_live import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.time_to_live import StackLife, TimeToLiveFacts


def recorded(**changes: Any) -> TimeToLiveFacts:
    """Demo stands with another record."""
    return time_to_live_facts(life(record=Known(time_to_live(**changes))))


def built(ago: timedelta, hours: int) -> TimeToLiveFacts:
    """Demo was built so long ago, for so many hours."""
    return recorded(set_at=NOW - ago, ends_at=NOW - ago + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(time_to_live_facts(), [], id="six-hours-left"),
        pytest.param(time_to_live_facts(stacks=()), [], id="no-ephemeral-stack"),
        pytest.param(recorded(ends_at=NOW + timedelta(microseconds=1)), [], id="just-before-its-end"),
        pytest.param(recorded(ends_at=NOW), ["TIME-TO-LIVE-ENDED"], id="at-its-end"),
        pytest.param(recorded(ends_at=NOW - timedelta(days=9)), ["TIME-TO-LIVE-ENDED"], id="long-ago"),
        pytest.param(time_to_live_facts(ended(resource_count=Known(0))), [], id="ended-and-torn-down"),
        pytest.param(time_to_live_facts(ended(resource_count=Known(1))), ["TIME-TO-LIVE-ENDED"], id="one-left"),
        pytest.param(time_to_live_facts(life(record=Absent())), ["TIME-TO-LIVE-MISSING"], id="stands-without-record"),
        pytest.param(time_to_live_facts(life(record=Absent(), resource_count=Known(0))), [], id="never-built"),
        pytest.param(
            time_to_live_facts(life(record=Unreadable("403"), resource_count=Known(0))), [], id="a-record-of-nothing"
        ),
        pytest.param(
            time_to_live_facts(life(record=Unreadable("403"))), ["TIME-TO-LIVE-UNREADABLE"], id="record-unreadable"
        ),
        pytest.param(
            time_to_live_facts(life(resource_count=Unreadable("403"))),
            ["TIME-TO-LIVE-STATE-UNREADABLE"],
            id="state-unreadable",
        ),
        pytest.param(
            time_to_live_facts(ended(resource_count=Unreadable("403"))),
            ["TIME-TO-LIVE-STATE-UNREADABLE", "TIME-TO-LIVE-ENDED"],
            id="ended-and-nobody-can-tell-what-stands",
        ),
        pytest.param(
            time_to_live_facts(life(resource_count=Unreadable("x"), record=Absent())),
            ["TIME-TO-LIVE-STATE-UNREADABLE", "TIME-TO-LIVE-MISSING"],
            id="nothing-known",
        ),
        pytest.param(built(timedelta(0), 24), [], id="exactly-the-maximum"),
        pytest.param(
            recorded(set_at=NOW, ends_at=NOW + timedelta(hours=24, seconds=1)), ["TIME-TO-LIVE-TOO-LONG"], id="longer"
        ),
        pytest.param(built(timedelta(hours=1), 8), [], id="an-hour-ago"),
        pytest.param(built(-CLOCKS_APART, 8), [], id="clocks-that-differ-a-little"),
        pytest.param(built(-CLOCKS_APART - timedelta(seconds=1), 8), ["CLOCK-JUMPED"], id="set-in-the-future"),
        pytest.param(
            built(-timedelta(days=30), 900), ["CLOCK-JUMPED", "TIME-TO-LIVE-TOO-LONG"], id="far-in-the-future"
        ),
        pytest.param(
            time_to_live_facts(life(), ended(stack="shop")), ["TIME-TO-LIVE-ENDED"], id="each-stack-by-itself"
        ),
        pytest.param(
            time_to_live_facts(caller=caller(account_id=Known("999999999999"))), ["ACCOUNT-MISMATCH"], id="account"
        ),
    ],
)
def test_blockers(facts: TimeToLiveFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_who_set_it_and_when_it_ended_is_told() -> None:
    """On call must not look for it."""
    (blocker,) = GATE.evaluate(time_to_live_facts(ended()), judged_at=NOW)
    assert blocker.resource == "stack demo"
    assert blocker.observed.startswith("ended at 2026-02-13T20:14:27+00:00; set by m2_20260213T181427Z: ")
    assert blocker.remedy.text.endswith("and your own reason. An extension helps before a teardown starts")


def failed(*runs: str) -> StackLife:
    """Demo's time has ended, and these teardowns for it failed in a row."""
    return replace(ended(), teardown=triggered(failed_before=runs))


@pytest.mark.parametrize(
    ("life_", "remedy"),
    [
        (ended(), f"wait until dev_min.m9_teardown_cost_check run {RUN_ID}, which this task triggers, has ended"),
        (
            ended(Known("running")),
            f"wait until dev_min.m9_teardown_cost_check run {RUN_ID}, which is running, has ended",
        ),
        (
            failed("ttl__1", "ttl__2"),
            f"wait until dev_min.m9_teardown_cost_check run {RUN_ID}, which this task triggers, has ended",
        ),
        (
            failed("ttl__1", "ttl__2", "ttl__3"),
            "ttl__1, ttl__2, ttl__3 failed: read the log of the last one and mend what it names (whoever answers for "
            "the environment); then trigger dev_min.m9_teardown_cost_check with target = demo",
        ),
        (ended(Unreadable("500")), f"see in Airflow whether dev_min.m9_teardown_cost_check run {RUN_ID} runs"),
        (life(record=Known(time_to_live(ends_at=NOW))), "trigger dev_min.m9_teardown_cost_check with target = demo"),
    ],
)
def test_what_is_done_about_it(life_: Any, remedy: str) -> None:
    """The run of M9 by its name."""
    (blocker,) = GATE.evaluate(time_to_live_facts(life_), judged_at=NOW)
    assert blocker.remedy.text.startswith(remedy)


# What is no blocker.


def left(hours: float, **changes: Any) -> list[tuple[str, str]]:
    """Keys and sentences of the warnings with so many hours left."""
    facts = time_to_live_facts(life(record=Known(time_to_live(ends_at=NOW + timedelta(hours=hours))), **changes))
    return [(notice.key, notice.summary) for notice in facts.notices]


@pytest.mark.parametrize(
    ("hours", "warned", "said"),
    [
        (2, 2, "demo ends in 2 h, at 2026-02-13T22:14:27+00:00"),
        (1.5, 2, "demo ends in 1 h 30 min, at 2026-02-13T21:44:27+00:00"),
        (1, 1, "demo ends in 1 h, at 2026-02-13T21:14:27+00:00"),
        (0.25, 1, "demo ends in 15 min, at 2026-02-13T20:29:27+00:00"),
        (0.01, 1, "demo ends in less than a minute, at 2026-02-13T20:15:03+00:00"),
    ],
)
def test_a_warning_before_the_end(hours: float, warned: int, said: str) -> None:
    """The last one that is reached, once per end: the key has all that makes it a new one."""
    ((key, summary),) = left(hours)
    assert key == f"ttl/demo/{said.partition(', at ')[2]}/{warned}"
    assert summary == said


@pytest.mark.parametrize("hours", [2.01, 6, 0, -1])
def test_no_warning_long_before_and_none_afterwards(hours: float) -> None:
    """After the end it is a blocker."""
    assert left(hours) == []


@pytest.mark.parametrize("count", [Known(0), Unreadable("403")])
def test_nobody_is_warned_of_what_does_not_stand(count: Any) -> None:
    """Or of what nobody can tell, which is a blocker."""
    assert left(1, resource_count=count) == []


def test_without_a_record_there_is_no_warning() -> None:
    """It is a blocker."""
    assert time_to_live_facts(life(record=Absent())).notices == ()


def test_a_clock_that_went_back_brings_the_end_no_further_away() -> None:
    """The moment of the record is the newest that is known."""
    record = time_to_live(set_at=NOW + timedelta(hours=5), ends_at=NOW + timedelta(hours=6))
    facts = time_to_live_facts(life(record=Known(record)))
    assert [notice.key.rpartition("/")[2] for notice in facts.notices] == ["1"]
    assert record.moment(NOW) == NOW + timedelta(hours=5)


def test_the_remedy_of_a_warning_is_to_extend() -> None:
    """With the stack to fill in."""
    facts = time_to_live_facts(life(record=Known(time_to_live(ends_at=NOW + timedelta(hours=1)))))
    assert facts.notices[0].remedy.startswith("trigger dev_min.extend_time_to_live with stack = demo")
