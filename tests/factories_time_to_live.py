"""Passing facts of the time to live and its extension. Each takes changes by keyword."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from factories_control import NOW, caller, latch, tools
from tidegate.models.observed import Absent, Known
from tidegate.models.time_to_live import EndedLife, ExtensionFacts, StackLife, TimeToLive, TimeToLiveFacts, TriggeredRun

RUN_ID = "ttl__demo__20260213T201427Z__1"


def time_to_live(**changes: Any) -> TimeToLive:
    """Demo was built two hours ago, for eight hours."""
    record = TimeToLive(
        number=1,
        stack="demo",
        ends_at=NOW + timedelta(hours=6),
        hours=8,
        set_by="m2_20260213T181427Z",
        reason="built by m2_20260213T181427Z",
        set_at=NOW - timedelta(hours=2),
    )
    return replace(record, **changes)


def life(**changes: Any) -> StackLife:
    """Demo stands, and may."""
    found = StackLife(stack="demo", resource_count=Known(19), record=Known(time_to_live()))
    return replace(found, **changes)


def ended_life(**changes: Any) -> EndedLife:
    """Demo's end triggered this teardown, and is its newest one."""
    found = EndedLife(stack="demo", triggered_by=Known(NOW), record=Known(time_to_live(ends_at=NOW)))
    return replace(found, **changes)


def triggered(
    state: Any = Absent(),  # noqa: B008 - immutable
    run_id: str = RUN_ID,
    failed_before: tuple[str, ...] = (),
) -> TriggeredRun:
    """The run of M9 for the end of demo; nobody has triggered it yet."""
    return TriggeredRun(run_id=run_id, state=state, failed_before=failed_before)


def ended(state: Any = Absent(), **changes: Any) -> StackLife:  # noqa: B008 - immutable
    """Demo stands although its time ended just now."""
    return life(record=Known(time_to_live(ends_at=NOW)), teardown=triggered(state), **changes)


def time_to_live_facts(*stacks: StackLife, **changes: Any) -> TimeToLiveFacts:
    """One ephemeral stack that may stand."""
    facts = TimeToLiveFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        environment="dev_min",
        max_hours=24,
        warn_hours=(2, 1),
        stacks=stacks or (life(),),
    )
    return replace(facts, **changes)


def extension_facts(**changes: Any) -> ExtensionFacts:
    """Two hours more for demo, which has six left."""
    facts = ExtensionFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        environment="dev_min",
        confirm="dev_min",
        reason="the demonstration goes on",
        stack="demo",
        extendable=("demo",),
        hours=2,
        max_hours=24,
        resource_count=Known(19),
        record=Known(time_to_live()),
        latch=Known(latch()),
    )
    return replace(facts, **changes)


def built_at(moment: datetime) -> TimeToLive:
    """Demo was built at this moment, for eight hours."""
    return time_to_live(set_at=moment, ends_at=moment + timedelta(hours=8))
