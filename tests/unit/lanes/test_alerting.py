"""Telling: first the message, then the record; nothing twice, nothing lost, and problems are said."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowTaskTimeout

from factories_alerts import NOW, about, alert, blocker, lane
from standins import MemoryStore, dev_min
from tidegate.alerts.bundles import MOST_MESSAGES
from tidegate.alerts.events import unusable_manifest
from tidegate.alerts.memory import remembered
from tidegate.evidence.canonical import plain, seal, unseal
from tidegate.evidence.store import StoreUnreachable
from tidegate.lanes.alerting import PATIENCE, Desk, read_memory, tell
from tidegate.models.alert import Alert
from tidegate.models.blocker import Blocker
from tidegate.models.environment import Environment
from tidegate.models.operations import AlertChannel
from tidegate.models.remedy import OWNER, Person, Remedy

SLACK = AlertChannel(kind="slack", connection="slack_alerts", to="#platform")
PREFIX = "control/dev_min/alerts"
FOUND = alert()
LOOKED = (lane(),)


def with_slack() -> Environment:
    manifest = dev_min()[0].model_dump(by_alias=True)
    manifest["alerts"] = {"channels": [{"kind": "sns"}, SLACK.model_dump()]}
    return Environment.model_validate(manifest)


class Busy(MemoryStore):
    """Somebody else is at work right after it has said what it holds: `meanwhile` comes once."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        held = super().keys(prefix, after)
        while self.meanwhile:
            self.meanwhile.pop()()
        return held


class Room:
    """Channels that take messages unless they are told not to."""

    def __init__(self, environment: Environment | None = None) -> None:
        self.environment = environment or dev_min()[0]
        self.store = Busy()
        self.took: list[tuple[str, str]] = []
        self.asked: list[str] = []
        self.deaf: set[str] = set()
        self.said: list[str] = []

    def send(self, channel: AlertChannel, given: Any) -> Blocker | None:
        self.asked.append(channel.name)
        if channel.kind in self.deaf:
            return blocker("ALERT-UNDELIVERED", f"channel {channel.name}")
        self.took.append((channel.kind, given.key))
        return None

    def tell(self, *alerts: Any, hours: int = 0, lanes: Any = LOOKED, **changes: Any) -> list[str]:
        """Codes of the problems."""
        desk = Desk(
            environment=self.environment,
            store=self.store,
            send=self.send,
            log=self.said.append,
            at=NOW + timedelta(hours=hours),
        )
        return [problem.code for problem in tell(desk, about(**changes), alerts, lanes)]

    @property
    def records(self) -> int:
        return len(self.store.keys(f"{PREFIX}/"))


@pytest.fixture
def room() -> Room:
    return Room()


def test_what_was_told_is_not_told_on_the_next_night(room: Room) -> None:
    assert room.tell(FOUND) == []
    assert room.tell(FOUND, hours=24) == []
    assert room.took == [("sns", FOUND.key)]
    assert room.records == 1


def test_the_record_says_by_whom_and_when_and_all_that_is_remembered(room: Room) -> None:
    room.tell(FOUND)
    (key,) = room.store.objects
    record = unseal(room.store.objects[key])
    entry = remembered(None, FOUND, ("sns",), (), at=NOW, by="audit_20260213T201427Z")
    assert key == f"{PREFIX}/000001.json"
    assert {name: value for name, value in record.items() if name != "digest"} == {
        "schema": {"name": "tidegate.alerts", "version": 1},
        "number": 1,
        "recorded_by": "audit_20260213T201427Z",
        "recorded_at": "2026-02-13T20:14:27+00:00",
        "entries": {FOUND.key: plain(entry)},
    }


def test_what_changed_is_told_again(room: Room) -> None:
    room.tell(FOUND)
    room.tell(replace(FOUND, fingerprint="0" * 64), hours=24)
    assert len(room.took) == 2


def test_what_was_gone_and_comes_back_is_told_again(room: Room) -> None:
    room.tell(FOUND)
    room.tell(hours=24)
    room.tell(FOUND, hours=48)
    assert len(room.took) == 2


def test_a_gate_that_could_not_judge_closes_nothing(room: Room) -> None:
    room.tell(FOUND)
    room.tell(hours=24, lanes=(lane(judged=False),))
    room.tell(hours=25, lanes=())
    room.tell(FOUND, hours=48)
    assert len(room.took) == 1


def test_a_policy_file_that_is_broken_in_the_same_way_after_a_check_passed_is_told_again(room: Room) -> None:
    broken = unusable_manifest(about(phase="hourly"), "prices.yaml:7: usage.0.unit: Field required")
    for hours in (0, 1):
        room.tell(broken, phase="hourly", lanes=(), hours=hours)
    assert len(room.took) == 1
    room.tell(phase="hourly", lanes=(), hours=2)
    room.tell(broken, phase="hourly", lanes=(), hours=3)
    assert len(room.took) == 2


def test_a_build_closes_no_finding_of_the_night(room: Room) -> None:
    """Its gates may look at less."""
    room.tell(FOUND)
    room.tell(hours=1, phase="m9")
    room.tell(FOUND, hours=24)
    assert len(room.took) == 1


def test_it_is_sent_before_it_is_recorded(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.store.refusing.add("create")
    assert room.tell(FOUND) == ["ALERTS-UNREMEMBERED"]
    assert room.took == [("sns", FOUND.key)]
    room.store.refusing.clear()
    room.tell(FOUND, hours=1)
    assert len(room.took) == 2


def test_a_memory_that_cannot_be_asked_tells_rather_twice_than_never(room: Room) -> None:
    room.tell(FOUND)
    room.store.refusing.add("keys")
    assert room.tell(FOUND, hours=1) == ["ALERTS-UNREMEMBERED"]
    assert len(room.took) == 2
    assert any("ALERTS-UNREMEMBERED control/dev_min/alerts" in line for line in room.said)


def unremembered(reason: str) -> Blocker:
    return Blocker(
        code="ALERTS-UNREMEMBERED",
        summary="what was told cannot be read or recorded, so alerts may come twice",
        resource=PREFIX,
        observed=reason,
        expected="a readable numbered record, and a bucket that takes the next",
        remedy=Remedy.of(
            Person(OWNER, "let the execution role read and write there"),
            note="A record that is broken is followed by a fresh one",
        ),
        owner="platform",
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [({}, "KeyError"), ({"entries": {"x": {"scope": 1}}}, "ValidationError")],
)
def test_which_record_is_broken_and_how_is_said(room: Room, content: dict[str, Any], reason: str) -> None:
    room.store.objects[f"{PREFIX}/000007.json"] = seal({"number": 7, **content})
    assert read_memory(room.store, "dev_min") == (None, {}, unremembered(f"record 7: {reason}"))


def test_what_kept_the_memory_from_being_read_is_said(room: Room) -> None:
    room.store.refusing.add("keys")
    said = unremembered(str(StoreUnreachable(f"{PREFIX}/", "told not to answer")))
    assert read_memory(room.store, "dev_min") == (None, {}, said)


@pytest.mark.parametrize("broken", [b"{", seal({"number": 1}), seal({"number": 1, "entries": {"x": {"scope": 1}}})])
def test_a_broken_record_is_followed_by_a_fresh_one(room: Room, broken: bytes) -> None:
    room.store.objects[f"{PREFIX}/000001.json"] = broken
    assert room.tell(FOUND) == ["ALERTS-UNREMEMBERED"]
    assert room.tell(FOUND, hours=1) == []
    assert len(room.took) == 1
    assert room.records == 2


def test_what_was_not_taken_goes_out_with_the_next_run_of_any_phase(room: Room) -> None:
    room.deaf.add("sns")
    event = alert("verdict/m9_1/x", scope="", fingerprint="")
    assert room.tell(event, phase="m9", lanes=()) == ["ALERT-UNDELIVERED"]
    assert room.tell(hours=1, phase="hourly") == ["ALERT-UNDELIVERED"]
    assert room.records == 1
    room.deaf.clear()
    assert room.tell(hours=2, phase="hourly") == []
    assert room.tell(hours=3, phase="hourly") == []
    assert room.took == [("sns", "verdict/m9_1/x")]


def test_a_finding_that_is_gone_before_anybody_heard_is_not_told(room: Room) -> None:
    room.deaf.add("sns")
    room.tell(FOUND)
    room.deaf.clear()
    room.tell(hours=24)
    assert room.took == []


def test_one_channel_that_is_deaf_keeps_nothing_from_the_other() -> None:
    room = Room(with_slack())
    room.deaf.add("slack")
    assert room.tell(FOUND) == ["ALERT-UNDELIVERED"]
    room.deaf.clear()
    room.tell(FOUND, hours=24)
    room.tell(FOUND, hours=48)
    assert room.took == [("sns", FOUND.key), ("slack", FOUND.key)]


def test_a_channel_that_takes_nothing_is_not_asked_for_ever(room: Room) -> None:
    room.deaf.add("sns")
    many = [alert(f"finding/NETWORK-POSTURE/X{number}/x") for number in range(PATIENCE + 4)]
    assert room.tell(*many) == ["ALERT-UNDELIVERED"]
    assert len(room.asked) == PATIENCE
    room.deaf.clear()
    room.tell(hours=1, lanes=())
    assert len(room.took) == len(many)


def test_what_another_run_told_meanwhile_is_kept(room: Room) -> None:
    other = alert("notice/other", scope="", fingerprint="")

    def interfere(channel: AlertChannel, given: Any) -> Blocker | None:
        if given == FOUND:
            room.tell(other, phase="hourly", lanes=())
        return Room.send(room, channel, given)

    desk = Desk(environment=room.environment, store=room.store, send=interfere, log=room.said.append, at=NOW)
    tell(desk, about(), (FOUND,), (lane(),))
    assert set(read_memory(room.store, "dev_min")[1]) == {FOUND.key, other.key}


@pytest.mark.parametrize("before", [(), (alert("notice/before", scope="", fingerprint=""),)], ids=["first", "later"])
def test_what_another_run_records_between_reading_and_writing_is_kept(room: Room, before: tuple[Alert, ...]) -> None:
    """The one that was slower reads again, and adds to what the other wrote."""
    other = alert("notice/other", scope="", fingerprint="")
    room.tell(*before)

    def interfere(channel: AlertChannel, given: Any) -> Blocker | None:
        if given == FOUND:
            room.store.meanwhile.append(lambda: room.tell(other, phase="hourly", lanes=()))
        return Room.send(room, channel, given)

    desk = Desk(environment=room.environment, store=room.store, send=interfere, log=room.said.append, at=NOW)
    assert tell(desk, about(), (FOUND,), (lane(),)) == ()
    assert set(read_memory(room.store, "dev_min")[1]) == {FOUND.key, other.key, *(each.key for each in before)}
    assert room.records == len(before) + 2


def test_what_another_run_told_another_channel_meanwhile_is_kept() -> None:
    room = Room(with_slack())
    room.deaf.add("slack")

    def interfere(channel: AlertChannel, given: Any) -> Blocker | None:
        if channel.kind == "sns":
            room.deaf ^= {"sns", "slack"}
            room.tell(FOUND, phase="hourly", lanes=())
            room.deaf ^= {"sns", "slack"}
        return Room.send(room, channel, given)

    desk = Desk(environment=room.environment, store=room.store, send=interfere, log=room.said.append, at=NOW)
    tell(desk, about(), (FOUND,), (lane(),))
    (entry,) = read_memory(room.store, "dev_min")[1].values()
    assert (set(entry.told), entry.waiting) == ({"sns", SLACK.name}, ())


def findings(count: int, code: str = "FORBIDDEN-LIVE") -> list[Alert]:
    return [alert(f"finding/NETWORK-POSTURE/{code}/nat-{number}") for number in range(count)]


def test_many_findings_of_one_kind_are_one_message_and_each_is_remembered(room: Room) -> None:
    room.tell(*findings(MOST_MESSAGES + 1))
    assert len(room.took) == 1
    assert len(read_memory(room.store, "dev_min")[1]) == MOST_MESSAGES + 1
    room.tell(*findings(MOST_MESSAGES + 2), hours=24)
    assert room.took[1:] == [("sns", f"finding/NETWORK-POSTURE/FORBIDDEN-LIVE/nat-{MOST_MESSAGES + 1}")]


def test_only_what_is_new_counts(room: Room) -> None:
    room.tell(*findings(MOST_MESSAGES))
    room.tell(*findings(2 * MOST_MESSAGES), hours=24)
    assert len(room.took) == 2 * MOST_MESSAGES


def test_many_that_were_not_taken_wait_and_go_out_as_one(room: Room) -> None:
    room.deaf.add("sns")
    room.tell(*findings(MOST_MESSAGES + 1))
    room.deaf.clear()
    room.tell(hours=1, lanes=())
    room.tell(hours=2, lanes=())
    assert len(room.took) == 1


def test_a_task_that_runs_out_of_time_half_way_remembers_what_it_has_sent_and_what_waits(room: Room) -> None:
    first, second = findings(2)

    def run_out(channel: AlertChannel, given: Any) -> Blocker | None:
        if given == second:
            raise AirflowTaskTimeout
        return Room.send(room, channel, given)

    desk = Desk(environment=room.environment, store=room.store, send=run_out, log=room.said.append, at=NOW)
    with pytest.raises(AirflowTaskTimeout):
        tell(desk, about(), (first, second), (lane(),))
    room.tell(hours=1, phase="m9")
    room.tell(first, second, hours=24)
    assert room.took == [("sns", first.key), ("sns", second.key)]


def test_the_log_says_what_was_told(room: Room) -> None:
    room.tell(FOUND)
    assert room.said == ["told sns: subject"]
