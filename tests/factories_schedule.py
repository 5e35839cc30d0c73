"""Passing facts of builds and teardowns by the clock, and of the hold. Each takes changes by keyword."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from factories_control import NOW, caller, latch, tools
from factories_guardrails import dag_status
from factories_world import NO_FINDINGS
from standins import dev_min
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known
from tidegate.models.operations import Schedules
from tidegate.models.schedule import Hold, HoldFacts, NotWantedFacts, ScheduledBuildFacts, ScheduledTeardownFacts
from tidegate.models.time_to_live import TriggeredRun

OFFICE_HOURS = Schedules(time_zone="Europe/London", build="0 8 * * 1-5", teardown="0 19 * * *", max_hold_days=14)
BUILD_RUN = "scheduled_build__20260213T201427Z"
TEARDOWN_RUN = "scheduled_teardown__20260213T201427Z"
DAY = timedelta(days=1)


def with_office_hours(environment: Environment | None = None) -> Environment:
    """dev_min, built at eight and torn down at seven."""
    return (environment or dev_min()[0]).model_copy(update={"schedules": OFFICE_HOURS})


def hold(**changes: Any) -> Hold:
    """Jane held builds off an hour ago, for three days."""
    record = Hold(
        number=4,
        is_set=True,
        until=NOW + 3 * DAY,
        reason="the team is away",
        who="jane",
        recorded_by="hold_20260213T191427Z",
        recorded_at=NOW - timedelta(hours=1),
    )
    return replace(record, **changes)


def hold_facts(**changes: Any) -> HoldFacts:
    """Jane asks for three days."""
    facts = HoldFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        environment="dev_min",
        action="set",
        reason="the team is away",
        who="jane",
        until=Known(NOW + 3 * DAY),
        max_days=14,
        hold=Known(hold(is_set=False)),
    )
    return replace(facts, **changes)


def wanted(state: Any = Absent(), run_id: str = BUILD_RUN) -> TriggeredRun:  # noqa: B008 - immutable
    """The run of M2 that the clock would start; it is not there yet."""
    return TriggeredRun(run_id=run_id, state=state)


def build_facts(**changes: Any) -> ScheduledBuildFacts:
    """Nothing forbids a build: latch released, nothing open, a hold that was lifted."""
    facts = ScheduledBuildFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        environment="dev_min",
        latch=Known(latch(is_set=False)),
        findings=NO_FINDINGS,
        hold=Known(hold(is_set=False)),
        m2=dag_status(dag_id="dev_min.m2_substrate_build"),
        teardown=dag_status(dag_id="dev_min.scheduled_teardown"),
        run=wanted(Known("queued")),
    )
    return replace(facts, **changes)


def teardown_facts(**changes: Any) -> ScheduledTeardownFacts:
    """M9 was started and waits for its turn."""
    facts = ScheduledTeardownFacts(
        observed_at=NOW,
        environment="dev_min",
        m9=dag_status(),
        run_id=TEARDOWN_RUN,
        run_state=Known("queued"),
        trigger_problem="",
    )
    return replace(facts, **changes)


def not_wanted_facts(at: datetime = NOW, **changes: Any) -> NotWantedFacts:
    """Nobody wants the build: there is a hold."""
    facts = NotWantedFacts(
        observed_at=at, environment="dev_min", hold=hold(until=at + 3 * DAY), teardown_due=at + timedelta(hours=11)
    )
    return replace(facts, **changes)
