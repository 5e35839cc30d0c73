"""When the time of a stack ends: renewed by builds, extended by people, and never guessed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from standins import MemoryStore
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.store import AlreadyExists, StoreError
from tidegate.evidence.time_to_live import extend_time_to_live, read_time_to_live, renew_time_to_live
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.time_to_live import TimeToLive

NOW = datetime(2026, 2, 13, 20, 14, 27, 654321, tzinfo=UTC)
FIRST = "control/dev_min/time_to_live/demo/000001.json"
GOOD: dict[str, Any] = {
    "number": 1,
    "stack": "demo",
    "ends_at": "2026-02-14T04:14:27+00:00",
    "hours": 8,
    "set_by": "m2_1",
    "reason": "built",
    "set_at": "2026-02-13T20:14:27+00:00",
}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def renew(store: MemoryStore, hours: int = 8, at: datetime = NOW, stack: str = "demo") -> datetime:
    return renew_time_to_live(store, "dev_min", stack, hours=hours, set_by="m2_1", reason="built", at=at)


def extend(store: MemoryStore, judged: Any, hours: int = 2) -> None:
    extend_time_to_live(
        store,
        "dev_min",
        "demo",
        judged,
        ends_at=NOW + timedelta(hours=hours),
        hours=hours,
        set_by="extend_1",
        reason="it goes on",
        at=NOW,
    )


def read(store: MemoryStore, stack: str = "demo") -> Any:
    return read_time_to_live(store, "dev_min", stack)


def test_a_stack_that_was_never_built_has_none(store: MemoryStore) -> None:
    assert read(store) == Absent()


def test_a_build_gives_it_so_many_hours(store: MemoryStore) -> None:
    ends_at = datetime(2026, 2, 14, 4, 14, 27, tzinfo=UTC)
    assert renew(store) == ends_at
    wanted = TimeToLive(number=1, stack="demo", ends_at=ends_at, hours=8, set_by="m2_1", reason="built", set_at=NOW)
    assert read(store) == Known(wanted)
    assert unseal(store.objects[FIRST])["ends_at"] == "2026-02-14T04:14:27+00:00"


def test_the_next_build_renews_it(store: MemoryStore) -> None:
    renew(store)
    later = renew(store, hours=1, at=NOW + timedelta(hours=5))
    assert (read(store).value.number, read(store).value.ends_at) == (2, later)


def test_stacks_have_their_own_records(store: MemoryStore) -> None:
    renew(store)
    assert read(store, "shop") == Absent()


def test_a_build_puts_a_readable_record_on_top_of_a_broken_one(store: MemoryStore) -> None:
    store.create("control/dev_min/time_to_live/demo/000003.json", b"{")
    assert isinstance(read(store), Unreadable)
    renew(store)
    assert read(store).value.number == 4


def test_two_builds_at_once_leave_two_records(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create, others = store.create, [True]

    def late(key: str, content: bytes) -> Any:
        if others:
            others.clear()
            create(key, content)
            raise AlreadyExists(key)
        return create(key, content)

    monkeypatch.setattr(store, "create", late)
    renew(store)
    assert read(store).value.number == 2


def test_an_extension_follows_exactly_the_judged_record(store: MemoryStore) -> None:
    renew(store)
    judged = read(store)
    extend(store, judged)
    found = read(store).value
    assert (found.number, found.hours, found.set_by, found.reason) == (2, 2, "extend_1", "it goes on")
    with pytest.raises(AlreadyExists):
        extend(store, judged)


def test_an_extension_where_nobody_had_recorded_anything(store: MemoryStore) -> None:
    extend(store, Absent())
    assert read(store).value.number == 1
    with pytest.raises(AlreadyExists):
        extend(store, Absent())


def test_an_extension_on_top_of_a_broken_record(store: MemoryStore) -> None:
    store.create(FIRST, b"{")
    extend(store, read(store))
    assert read(store).value.number == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stack": "shop"}, "it is one of shop"),
        ({"stack": None}, "expected a text"),
        ({"ends_at": "2026-02-14T04:14:27"}, "expected a time with a zone"),
        ({"ends_at": "tomorrow"}, "Invalid isoformat"),
        ({"set_at": 7}, "expected a text"),
        ({"ends_at": GOOD["set_at"]}, "before it was set"),
        ({"hours": 0}, "expected a number of hours"),
        ({"hours": True}, "expected a number of hours"),
        ({"hours": "8"}, "expected a number of hours"),
        ({"set_by": ""}, "expected a text"),
        ({"reason": 3}, "expected a text"),
    ],
)
def test_a_record_that_says_nothing_clear_is_unreadable(store: MemoryStore, changes: dict[str, Any], said: str) -> None:
    store.create(FIRST, seal(GOOD))
    assert isinstance(read(store), Known)
    store.objects[FIRST] = seal({**GOOD, **changes})
    found = read(store)
    assert isinstance(found, Unreadable)
    assert said in found.reason
    assert found.reason.startswith("time to live record 1 of demo: ")


@pytest.mark.parametrize("field", [name for name in GOOD if name != "number"])
def test_a_record_without_a_field_is_unreadable(store: MemoryStore, field: str) -> None:
    store.create(FIRST, seal({name: value for name, value in GOOD.items() if name != field}))
    assert isinstance(read(store), Unreadable)


def test_a_store_without_an_answer(store: MemoryStore) -> None:
    renew(store)
    store.refusing = {"keys", "read"}
    assert isinstance(read(store), Unreadable)
    with pytest.raises(StoreError):
        renew(store)
    with pytest.raises(StoreError):
        extend(store, read(store))
