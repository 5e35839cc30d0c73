"""The time to live of a stack: its record, how it is bounded, and the resources for which it counts."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from tidegate.gates.rules_observed import Need, required, unusable
from tidegate.gates.rules_remedies import OPERATOR
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed, shown
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Trigger, Wait
from tidegate.models.time_to_live import EndedLife, TimeToLive

CLOCKS_APART = timedelta(minutes=5)
"""How far the clocks of two workers may differ before one of them is said to have jumped."""


def extension(environment: str, stack: str) -> Trigger:
    """A longer time to live, with a reason."""
    return Trigger(f"{environment}.extend_time_to_live", {"stack": stack}, ("hours", "confirm", "reason"))


def resource_count_blockers(stack: str, count: Observed[int]) -> Iterator[Blocker]:
    """Block unless it is known how much of the stack stands."""
    return required(
        count,
        Need(
            stem="TIME-TO-LIVE-STATE",
            what="the state of a stack that has a time to live",
            resource=f"stack {stack}",
            expected="a readable state, or none",
            remedy=Remedy.of(
                Person(OWNER, "let the execution role read the state bucket and mend what the observed text names"),
                Clear(),
            ),
        ),
    )


def record_blockers(stack: str, record: Observed[TimeToLive], environment: str) -> Iterator[Blocker]:
    """Block a standing stack of which nobody can tell when it ends."""
    if not isinstance(record, Known):
        yield unusable(
            record,
            Need(
                stem="TIME-TO-LIVE",
                what="the time to live of a stack that stands",
                resource=f"stack {stack}",
                expected=f"a readable record below control/{environment}/time_to_live/{stack}",
                remedy=Remedy.of(
                    extension(environment, stack),
                    alternative=(Trigger(f"{environment}.m9_teardown_cost_check", {"target": stack}, ("confirm",)),),
                ),
            ),
        )


def bounds_blockers(
    record: TimeToLive, *, observed_at: datetime, max_hours: int, environment: str
) -> Iterator[Blocker]:
    """Block a record that no build and no extension can have left under a clock that runs evenly."""
    if record.set_at > observed_at + CLOCKS_APART:
        yield Blocker(
            code="CLOCK-JUMPED",
            summary="the time to live was set later than now, so a clock has jumped",
            resource=f"stack {record.stack}",
            observed=f"set at {record.set_at.isoformat()} by {record.set_by}, looked at {observed_at.isoformat()}",
            expected=f"set before it is looked at, give or take {int(CLOCKS_APART.total_seconds())} seconds",
            remedy=Remedy.of(
                Person(OPERATOR, "set the clocks of the workers by one time server"),
                extension(environment, record.stack),
                note="It counts from now",
            ),
        )
    if record.ends_at - record.set_at > timedelta(hours=max_hours):
        yield Blocker(
            code="TIME-TO-LIVE-TOO-LONG",
            summary="the stack may stand for longer than the manifest allows",
            resource=f"stack {record.stack}",
            observed=f"set at {record.set_at.isoformat()} by {record.set_by} until {record.ends_at.isoformat()}",
            expected=f"at most {max_hours} hours, as time_to_live.max_hours says",
            remedy=Remedy.of(
                extension(environment, record.stack), note="It counts from now where the end so far is out of bounds"
            ),
        )


def still_ended_blockers(lives: tuple[EndedLife, ...], teardown_dag: str) -> Iterator[Blocker]:
    """Block a teardown that an ended time to live triggered, unless that end is still the newest one.

    The stack may have been built again, or its time extended, while the run waited; then it is out of this scope.
    """
    for life in lives:
        if isinstance(life.triggered_by, Known):
            if isinstance(life.record, Known) and life.record.value.ends_at <= life.triggered_by.value:
                continue
            expected = f"an end at {life.triggered_by.value.isoformat()}, which triggered this run, or before"
        else:
            expected = f"an end that triggered this run; it is given as {shown(life.triggered_by)}"
        yield Blocker(
            code="TIME-TO-LIVE-MOVED",
            summary="the end of the time to live that triggered this teardown does not hold, so the stack is kept",
            resource=f"stack {life.stack}",
            observed=_said_end(life.record),
            expected=expected,
            remedy=Remedy.of(
                Wait("the next check has looked at its newest end; nothing is to be done where the stack shall stand"),
                alternative=(Trigger(teardown_dag, {"target": life.stack}, ("confirm",)),),
                note="Without time_to_live_ended",
            ),
        )


def _said_end(record: Observed[TimeToLive]) -> str:
    if not isinstance(record, Known):
        return f"its newest record: {shown(record)}"
    found = record.value
    return f"ends at {found.ends_at.isoformat()}; record {found.number}, set by {found.set_by}: {found.reason}"
