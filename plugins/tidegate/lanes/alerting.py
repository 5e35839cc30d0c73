"""Sends the alerts of a run: first the message, then the record that it was sent (CO6).

A message sent twice is better than one lost, so whatever has no record of having been sent is sent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tidegate.alerts.bundles import bundles
from tidegate.alerts.events import looked_at
from tidegate.alerts.memory import Memory, kept, owed, remembered, waiting
from tidegate.evidence.canonical import plain
from tidegate.evidence.control import alert_series
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoreError
from tidegate.models.alert import About, Alert, LaneFound, Remembered
from tidegate.models.blocker import Blocker
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.operations import AlertChannel
from tidegate.models.remedy import OWNER, Person, Remedy

Send = Callable[[AlertChannel, Alert], Blocker | None]
"""Hands a message to a channel; a blocker says why it was not taken. Never raises for what a channel does."""

PATIENCE = 3
"""After this many messages that a channel did not take, the rest wait for the next run."""

_ENTRIES = TypeAdapter(dict[str, Remembered])


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What sending alerts needs: where they are remembered, who gets them, and the time (aware UTC)."""

    environment: Environment
    store: EvidenceStore
    send: Send
    log: Callable[[str], None]
    at: datetime


def tell(desk: Desk, about: About, alerts: tuple[Alert, ...], lanes: tuple[LaneFound, ...] = ()) -> tuple[Blocker, ...]:
    """Send what was not sent yet, and record it. Returns what kept messages from being delivered or recorded.

    What earlier runs could not deliver goes out as well. `lanes` say which findings are gone.
    """
    _, memory, problem = read_memory(desk.store, desk.environment.name)
    looked, present = looked_at(about, lanes), frozenset(alert.key for alert in alerts)
    due = (*alerts, *waiting(memory, looked, alerts))
    names = tuple(dict.fromkeys(channel.name for channel in desk.environment.alerts.channels))
    news: dict[Alert, tuple[list[str], list[str]]] = {
        alert: ([], list(missed)) for alert in due if (missed := owed(memory, alert, names))
    }
    problems = [] if problem is None else [problem]

    def updated(before: Memory) -> dict[str, Remembered]:
        after = kept(before, looked, present, desk.at)
        for alert, (heard, missed) in news.items():
            after[alert.key] = remembered(
                before.get(alert.key), alert, heard, missed, at=desk.at, by=about.execution_id
            )
        return after

    try:
        for alert, channel, refused in _sent(desk, about, memory, due):
            if refused is None:
                news[alert][0].append(channel)
                news[alert][1].remove(channel)
            else:
                problems.append(refused)
    finally:  # a task that runs out of time half way remembers what it has sent, and what waits
        if problem is not None or updated(memory) != dict(memory):
            unwritten = _remember(desk, about, updated)
            problems += [] if unwritten is None else [unwritten]
    distinct = tuple(dict.fromkeys(problems))
    for said in distinct:
        desk.log(said.sentence())
    return distinct


def read_memory(store: EvidenceStore, environment: str) -> tuple[int | None, Memory, Blocker | None]:
    """The number of the newest record (0 without one), and what was sent.

    If it cannot be read, there is no number, nothing counts as sent, and the blocker says why.
    """
    series = alert_series(store, environment)
    match series.newest():
        case Known((number, record)):
            try:
                return number, _ENTRIES.validate_python(record["entries"]), None
            except (KeyError, ValidationError) as error:
                reason = f"record {number}: {type(error).__name__}"
        case Absent():
            return 0, {}, None
        case Unreadable(reason):
            pass
    return None, {}, _unremembered(series.prefix, reason)


def _sent(
    desk: Desk, about: About, memory: Memory, alerts: tuple[Alert, ...]
) -> Iterator[tuple[Alert, str, Blocker | None]]:
    for channel in {channel.name: channel for channel in desk.environment.alerts.channels}.values():
        refusals: list[Blocker] = []
        for message, told in bundles(about, (alert for alert in alerts if owed(memory, alert, (channel.name,)))):
            refused = refusals[-1] if len(refusals) >= PATIENCE else desk.send(channel, message)
            if refused is None:
                desk.log(f"told {channel.name}: {message.subject}")
            else:
                refusals.append(refused)
            for alert in told:
                yield alert, channel.name, refused


def _remember(desk: Desk, about: About, updated: Callable[[Memory], dict[str, Remembered]]) -> Blocker | None:
    """Append what was sent to the newest record. An unreadable record is followed by a fresh one."""
    series = alert_series(desk.store, desk.environment.name)

    def record(newest: Memory) -> dict[str, Any]:
        return {
            "schema": {"name": "tidegate.alerts", "version": 1},
            "recorded_by": about.execution_id,
            "recorded_at": desk.at.isoformat(),
            "entries": {key: plain(entry) for key, entry in updated(newest).items()},
        }

    try:
        while True:
            number, memory, _ = read_memory(desk.store, desk.environment.name)
            try:
                series.append(record(memory), after=series.highest() if number is None else number)
                return None
            except AlreadyExists:
                continue
    except StoreError as error:
        return _unremembered(series.prefix, str(error))


def _unremembered(prefix: str, reason: str) -> Blocker:
    return Blocker(
        code="ALERTS-UNREMEMBERED",
        summary="what was told cannot be read or recorded, so alerts may come twice",
        resource=prefix,
        observed=reason,
        expected="a readable numbered record, and a bucket that takes the next",
        remedy=Remedy.of(
            Person(OWNER, "let the execution role read and write there"),
            note="A record that is broken is followed by a fresh one",
        ),
        owner="platform",
    )
