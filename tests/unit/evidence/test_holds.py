"""Records of the hold: the newest counts, and what is no record is never taken for "nothing holds"."""

from datetime import timedelta
from typing import Any

import pytest

from factories_control import NOW
from standins import MemoryStore
from tidegate.evidence.canonical import seal
from tidegate.evidence.holds import read_hold, record_hold
from tidegate.evidence.store import StoreError
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.schedule import Hold

KEY = "control/dev_min/holds/000001.json"
UNTIL = NOW + timedelta(days=3)


def held(store: MemoryStore, **changes: Any) -> None:
    record_hold(
        store,
        "dev_min",
        **{
            "is_set": True,
            "until": UNTIL,
            "reason": "the team is away",
            "who": "jane",
            "recorded_by": "hold_20260213T201427Z",
            "at": NOW,
            "evidence": {"uri": "s3://e/x.json", "sha256": "d" * 64},
            **changes,
        },
    )


def test_there_never_was_one() -> None:
    assert read_hold(MemoryStore(), "dev_min") == Absent()


def test_the_newest_record_counts() -> None:
    store = MemoryStore()
    held(store)
    held(store, is_set=False, who="joe", reason="back again", until=NOW)
    assert list(store.objects) == [KEY, KEY.replace("1", "2")]
    assert read_hold(store, "dev_min") == Known(
        Hold(
            number=2,
            is_set=False,
            until=NOW,
            reason="back again",
            who="joe",
            recorded_by="hold_20260213T201427Z",
            recorded_at=NOW,
        )
    )


@pytest.mark.parametrize(
    ("at", "in_force"),
    [(NOW - timedelta(days=9), True), (UNTIL - timedelta(microseconds=1), True), (UNTIL, False)],
)
def test_it_ends_by_itself(at: Any, in_force: bool) -> None:
    store = MemoryStore()
    held(store)
    found = read_hold(store, "dev_min")
    assert isinstance(found, Known)
    assert found.value.in_force(at) is in_force


RECORD = {
    "number": 1,
    "is_set": True,
    "until": UNTIL.isoformat(),
    "reason": "r",
    "who": "w",
    "recorded_by": "x",
    "recorded_at": NOW.isoformat(),
    "evidence": {},
}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(seal({**RECORD, "is_set": "false"}), id="a-text-for-a-truth-value"),
        pytest.param(seal({**RECORD, "is_set": 0}), id="a-number-for-a-truth-value"),
        pytest.param(seal({**RECORD, "until": "2026-02-16T20:14:27"}), id="a-time-without-a-zone"),
        pytest.param(seal({**RECORD, "who": ""}), id="nobody"),
        pytest.param(seal({**RECORD, "by_whom": "x"}), id="of-a-later-version"),
        pytest.param(seal({name: value for name, value in RECORD.items() if name != "until"}), id="without-an-end"),
        pytest.param(seal({**RECORD, "number": 7}), id="another-number"),
        pytest.param(seal(RECORD).replace(b'"is_set": true', b'"is_set": false'), id="changed-afterwards"),
        pytest.param(b"{", id="no-json"),
    ],
)
def test_a_damaged_record_is_unreadable_and_one_on_top_leads_out(content: bytes) -> None:
    store = MemoryStore()
    store.objects[KEY] = content
    assert isinstance(read_hold(store, "dev_min"), Unreadable)
    held(store, is_set=False)
    found = read_hold(store, "dev_min")
    assert isinstance(found, Known)
    assert (found.value.number, found.value.is_set) == (2, False)


def test_a_store_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    store.refusing = {"keys"}
    assert isinstance(read_hold(store, "dev_min"), Unreadable)
    with pytest.raises(StoreError):
        held(store)


def test_two_who_ask_at_once_leave_two_records() -> None:
    store = MemoryStore()
    highest = store.keys
    seen: list[str] = []

    def meanwhile(prefix: str, after: str = "") -> tuple[str, ...]:
        found = highest(prefix, after)
        if not seen:
            seen.append(prefix)
            held(store, who="joe")
        return found

    store.keys = meanwhile  # type: ignore[method-assign]
    held(store)
    found = read_hold(store, "dev_min")
    assert isinstance(found, Known)
    assert (found.value.number, found.value.who) == (2, "jane")
