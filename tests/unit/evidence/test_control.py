"""Control records: the highest number wins, and a record that cannot be used is never taken for none."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from standins import MemoryStore
from tidegate.evidence import control as control_module
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.control import (
    Series,
    close_platform_run,
    inputs_series,
    latch_series,
    open_platform_run,
    platform_series,
    read_latch,
    read_platform_run,
    release_latch,
    set_latch,
)
from tidegate.evidence.store import PAGE, AlreadyExists, LocalStore, StoredObject, StoreError
from tidegate.models.control import LatchRecord, PlatformRun
from tidegate.models.observed import Absent, Known, Unreadable

AT = datetime(2026, 2, 13, 20, 14, 27, 654321, tzinfo=UTC)
RUN = PlatformRun(id="platform_20260213T201427Z", opened_by="m2_20260213T201427Z", opened_at=AT, closed_by=None)
BY = "m9_20260213T200000Z"
LATCH = {"is_set": True, "reason": "28 USD", "recorded_by": BY, "recorded_at": AT.isoformat()}
PLATFORM = {"id": RUN.id, "opened_by": RUN.opened_by, "opened_at": AT.isoformat(), "closed_by": None}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def series(store: MemoryStore) -> Series:
    return Series(store, "control/e/latch")


def test_a_series_without_records(series: Series) -> None:
    assert series.newest() == Absent()


def test_records_are_numbered_and_sealed(series: Series, store: MemoryStore) -> None:
    stored = series.append({"a": 1}, after=0)
    assert stored.key == "control/e/latch/000001.json"
    record = unseal(store.read(stored.key)[1])
    assert (record["a"], record["number"]) == (1, 1)
    assert series.newest() == Known((1, record))


def test_the_highest_number_wins(series: Series) -> None:
    for number in range(11):
        series.append({"a": number}, after=number)
    newest = series.newest()
    assert isinstance(newest, Known)
    number, record = newest.value
    assert (number, record["a"], record["number"]) == (11, 10, 11)


def test_numbers_beyond_their_padding_still_order(store: MemoryStore) -> None:
    series = Series(store, "s")
    series.append({}, after=999998)
    series.append({"last": True}, after=999999)
    newest = series.newest()
    assert isinstance(newest, Known)
    assert newest.value[0] == 1000000


class Paged(MemoryStore):
    """Lists so many keys at a time, as S3 lists a thousand, and counts the requests."""

    def __init__(self, size: int = PAGE) -> None:
        super().__init__()
        self.size = size
        self.requests = 0
        self.sorted: list[str] = []

    def hold(self, count: int) -> "Paged":
        content = seal({"a": 1})
        self.objects = {f"s/{number:06d}.json": content for number in range(1, count + 1)}
        self.objects[f"s/{count:06d}.json"] = seal({"number": count})
        return self

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        found = super().keys(prefix, after)
        self.requests += max(1, -(-len(found) // self.size))
        return found

    def page(self, prefix: str, after: str = "", most: int = PAGE) -> tuple[tuple[str, ...], bool]:
        self.requests += 1
        found = super().keys(prefix, after)
        most = min(most, self.size)
        return found[:most], len(found) > most


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 12, 19, 20, 21, 39, 40, 41, 99, 100, 101, 999, 1000, 1001, 4321])
def test_the_end_of_a_long_series_is_found_in_a_few_requests(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(control_module, "PAGE", 10)
    store = Paged(10).hold(count)
    series = Series(store, "s")
    assert series.highest() == count
    assert store.requests <= (1 if count <= 10 else 2 * math.ceil(math.log2(count / 10)) + 3)
    newest = series.newest()
    assert isinstance(newest, Known)
    assert newest.value[0] == count


def test_a_series_costs_one_request_up_to_a_thousand_records_and_few_above() -> None:
    asked = []
    for count in (10, 1000, 8_760, 87_600):
        store = Paged().hold(count)
        assert Series(store, "s").highest() == count
        asked.append(store.requests)
    assert asked == [1, 1, 9, 15], "a year of hourly checks, and ten"


@pytest.mark.parametrize("junk", ["s/zzz.json", "s/deeper/000001.json", "s/000500.json.bak", "s/abc"])
def test_what_is_no_record_is_noticed_in_a_long_series_too(junk: str) -> None:
    store = Paged().hold(2_500)
    store.objects[junk] = b"x"
    series = Series(store, "s")
    assert series.highest() == 2_500
    if junk == "s/deeper/000001.json" or ".bak" in junk:  # another series; or passed over, as everything before the end
        assert isinstance(series.newest(), Known)
    else:
        assert series.newest() == Unreadable(f"s: {junk} is no record")


def test_a_record_that_is_missing_hides_none_behind_it() -> None:
    store = Paged().hold(2_500)
    for number in (*range(900, 1_100), *range(1_990, 2_100)):
        del store.objects[f"s/{number:06d}.json"]
    assert Series(store, "s").highest() == 2_500


def test_what_is_written_stays(series: Series) -> None:
    series.append({"a": 1}, after=0)
    with pytest.raises(AlreadyExists):
        series.append({"a": 2}, after=0)


def test_a_neighbours_records_do_not_count(store: MemoryStore, series: Series) -> None:
    Series(store, "control/e/latches").append({}, after=4)
    Series(store, "control/e/latch/deeper").append({}, after=6)
    assert series.newest() == Absent()


def test_the_next_record_is_made_from_the_newest(series: Series) -> None:
    seen: list[Any] = []

    def build(newest: dict[str, Any] | None) -> dict[str, Any]:
        seen.append(newest if newest is None else newest["number"])
        return {"n": len(seen)}

    for number in (1, 2):
        stored, document = series.append_next(build)
        assert stored.key.endswith(f"{number:06d}.json")
        assert document == {"n": number}
    assert seen == [None, 1]


def test_whoever_was_slower_builds_again_on_the_newer_record(series: Series) -> None:
    series.append({"by": "first"}, after=0)
    seen: list[Any] = []

    def build(newest: dict[str, Any] | None) -> dict[str, Any]:
        assert newest is not None
        seen.append(newest["by"])
        if len(seen) == 1:
            series.append({"by": "faster"}, after=1)
        return {"by": "slower", "after": newest["by"]}

    stored, document = series.append_next(build)
    assert seen == ["first", "faster"]
    assert stored.key.endswith("000003.json")
    assert document == {"by": "slower", "after": "faster"}


@pytest.mark.parametrize("method", ["keys", "read"])
def test_no_answer_is_unreadable_and_nothing_is_appended(series: Series, store: MemoryStore, method: str) -> None:
    series.append({"a": 1}, after=0)
    store.refusing.add(method)
    newest = series.newest()
    assert isinstance(newest, Unreadable)
    assert "told not to answer" in newest.reason
    with pytest.raises(StoreError, match="control/e/latch: cannot append: unreadable: "):
        series.append_next(lambda _newest: {})
    assert len(store.objects) == 1


def test_a_put_without_an_answer_is_told(series: Series, store: MemoryStore) -> None:
    store.refusing.add("create")
    with pytest.raises(StoreError, match="told not to answer"):
        series.append_next(lambda _newest: {})


GARBAGE = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\x00\xff", id="not-text"),
    pytest.param(b"[1]", id="a-list"),
    pytest.param(b'{"is_set": false}', id="without-digest"),
    pytest.param(seal({**LATCH, "is_set": True}).replace(b"true", b"false"), id="tampered"),
]


@pytest.mark.parametrize("content", GARBAGE)
def test_a_broken_record_is_unreadable_and_an_older_one_never_stands_in(
    series: Series, store: MemoryStore, content: bytes
) -> None:
    series.append({"is_set": False}, after=0)
    store.create("control/e/latch/000002.json", content)
    newest = series.newest()
    assert isinstance(newest, Unreadable)
    assert newest.reason.startswith("control/e/latch: ")
    with pytest.raises(StoreError, match="cannot append"):
        series.append_next(lambda _newest: {})


@pytest.mark.parametrize("name", ["7.json", "0000009.json"])
def test_a_number_written_otherwise_is_unreadable(series: Series, store: MemoryStore, name: str) -> None:
    series.append({"a": 1}, after=0)
    store.create(f"control/e/latch/{name}", seal({"a": 2}))
    assert isinstance(series.newest(), Unreadable)


def test_an_older_record_under_a_higher_number_is_unreadable(series: Series, store: MemoryStore) -> None:
    series.append({"is_set": False}, after=0)
    series.append({"is_set": True}, after=1)
    store.objects["control/e/latch/000003.json"] = store.objects["control/e/latch/000001.json"]
    assert series.newest() == Unreadable("control/e/latch: record 3 says that it is number 1")


def test_keys_that_are_no_records_are_not_nothing(series: Series, store: MemoryStore) -> None:
    store.create("control/e/latch/000001.json.bak", b"")
    assert isinstance(series.newest(), Unreadable)


def test_where_the_series_lie(store: MemoryStore) -> None:
    latch_series(store, "e").append({}, after=0)
    platform_series(store, "e").append({}, after=0)
    inputs_series(store, "e", "demo").append({}, after=0)
    assert sorted(store.objects) == [
        "control/e/inputs/demo/000001.json",
        "control/e/latch/000001.json",
        "control/e/platform_runs/000001.json",
    ]


# The latch.


def known(number: int, **changes: Any) -> Known[LatchRecord]:
    return Known(LatchRecord(number=number, recorded_by=BY, recorded_at=AT, **changes))


def test_a_latch_that_was_never_set(store: MemoryStore) -> None:
    assert read_latch(store, "e") == Absent()


def test_the_newest_latch_record_counts(store: MemoryStore) -> None:
    latch_series(store, "e").append(LATCH, after=0)
    assert read_latch(store, "e") == known(1, is_set=True, reason="28 USD")
    latch_series(store, "e").append({**LATCH, "is_set": False, "reason": "fixed"}, after=1)
    assert read_latch(store, "e") == known(2, is_set=False, reason="fixed")


@pytest.mark.parametrize(
    "record",
    [
        {},
        {name: value for name, value in LATCH.items() if name != "is_set"},
        {name: value for name, value in LATCH.items() if name != "reason"},
        {name: value for name, value in LATCH.items() if name != "recorded_at"},
        {**LATCH, "is_set": "false"},
        {**LATCH, "is_set": 0},
        {**LATCH, "is_set": None},
        {**LATCH, "recorded_at": "yesterday"},
        {**LATCH, "recorded_at": None},
        {**LATCH, "recorded_at": "2026-02-13T20:14:27"},
        {name: value for name, value in LATCH.items() if name != "recorded_by"},
        {**LATCH, "recorded_by": ""},
        {**LATCH, "reason": None},
    ],
)
def test_a_latch_record_of_another_shape_is_unreadable(store: MemoryStore, record: dict[str, Any]) -> None:
    latch_series(store, "e").append({**LATCH, "is_set": False}, after=0)
    latch_series(store, "e").append(record, after=1)
    found = read_latch(store, "e")
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("latch record 2: ")


@pytest.mark.parametrize("content", GARBAGE)
def test_a_broken_latch_is_never_no_latch(store: MemoryStore, content: bytes) -> None:
    store.create("control/e/latch/000001.json", content)
    assert isinstance(read_latch(store, "e"), Unreadable)


def set_now(store: MemoryStore, **changes: Any) -> None:
    set_latch(store, "e", **{"reason": "28 USD", "recorded_by": BY, "at": AT} | changes)


def test_setting_the_latch(store: MemoryStore) -> None:
    set_now(store, evidence={"uri": "s3://b/g.json", "sha256": "a" * 64})
    assert read_latch(store, "e") == known(1, is_set=True, reason="28 USD")
    assert unseal(store.objects["control/e/latch/000001.json"])["evidence"] == {
        "uri": "s3://b/g.json",
        "sha256": "a" * 64,
    }


def test_a_set_latch_keeps_its_first_reason(store: MemoryStore) -> None:
    set_now(store)
    set_now(store, reason="29 USD")
    assert list(store.objects) == ["control/e/latch/000001.json"]
    assert read_latch(store, "e") == known(1, is_set=True, reason="28 USD")


def test_a_released_latch_is_set_again(store: MemoryStore) -> None:
    set_now(store)
    given = LatchRecord(number=1, is_set=True, reason="28 USD", recorded_by=BY, recorded_at=AT)
    release_latch(store, "e", given, reason="fixed", recorded_by=BY, at=AT, evidence={})
    assert read_latch(store, "e") == known(2, is_set=False, reason="fixed")
    set_now(store, reason="again")
    assert read_latch(store, "e") == known(3, is_set=True, reason="again")


def test_only_the_judged_record_is_released(store: MemoryStore) -> None:
    """Somebody set it anew in between."""
    given = LatchRecord(number=1, is_set=True, reason="28 USD", recorded_by=BY, recorded_at=AT)
    for number in range(2):
        latch_series(store, "e").append(LATCH, after=number)
    with pytest.raises(AlreadyExists):
        release_latch(store, "e", given, reason="fixed", recorded_by=BY, at=AT, evidence={})
    assert read_latch(store, "e") == known(2, is_set=True, reason="28 USD")


@pytest.mark.parametrize("content", GARBAGE)
def test_a_broken_record_is_no_obstacle_for_setting(store: MemoryStore, content: bytes) -> None:
    store.create("control/e/latch/000007.json", content)
    set_now(store)
    assert read_latch(store, "e") == known(8, is_set=True, reason="28 USD")


def test_two_who_set_it_at_once(store: MemoryStore) -> None:
    """The slower one finds it set, and leaves it."""

    class Faster(MemoryStore):
        def create(self, key: str, content: bytes) -> StoredObject:
            if not self.objects:
                super().create(key, seal({**LATCH, "reason": "faster", "number": 1}))
            return super().create(key, content)

    racing = Faster()
    set_now(racing)
    assert read_latch(racing, "e") == known(1, is_set=True, reason="faster")
    assert len(racing.objects) == 1


@pytest.mark.parametrize("refused", ["keys", "create"])
def test_a_latch_that_cannot_be_set_says_so(store: MemoryStore, refused: str) -> None:
    store.refusing.add(refused)
    with pytest.raises(StoreError, match="told not to answer"):
        set_now(store)


def test_a_latch_without_an_answer(store: MemoryStore) -> None:
    store.refusing.add("keys")
    assert isinstance(read_latch(store, "e"), Unreadable)
    assert isinstance(read_platform_run(store, "e"), Unreadable)


# The platform run.


def test_there_never_was_a_platform_run(store: MemoryStore) -> None:
    assert read_platform_run(store, "e") == Absent()


def test_a_platform_run_opens_and_closes(store: MemoryStore) -> None:
    open_platform_run(store, "e", RUN)
    assert read_platform_run(store, "e") == Known(RUN)
    close_platform_run(store, "e", RUN, "s3://evidence/proof.json")
    closed = read_platform_run(store, "e")
    assert closed == Known(
        PlatformRun(id=RUN.id, opened_by=RUN.opened_by, opened_at=AT, closed_by="s3://evidence/proof.json")
    )
    assert len(store.objects) == 2


def test_opening_again_changes_nothing(store: MemoryStore) -> None:
    open_platform_run(store, "e", RUN)
    open_platform_run(store, "e", RUN)
    assert len(store.objects) == 1
    close_platform_run(store, "e", RUN, "proof")
    close_platform_run(store, "e", RUN, "proof")
    assert len(store.objects) == 2


def test_a_next_platform_run_takes_the_next_number(store: MemoryStore) -> None:
    open_platform_run(store, "e", RUN)
    close_platform_run(store, "e", RUN, "proof")
    following = PlatformRun(id="platform_2", opened_by="m2_2", opened_at=AT, closed_by=None)
    open_platform_run(store, "e", following)
    assert read_platform_run(store, "e") == Known(following)
    assert sorted(store.objects)[-1] == "control/e/platform_runs/000003.json"


@pytest.mark.parametrize("act", [open_platform_run, lambda *given: close_platform_run(*given, "proof")])
def test_nothing_is_recorded_over_what_cannot_be_read(store: MemoryStore, act: Callable[..., None]) -> None:
    store.create("control/e/platform_runs/000001.json", b"broken")
    with pytest.raises(StoreError, match="cannot append"):
        act(store, "e", RUN)
    assert len(store.objects) == 1


@pytest.mark.parametrize(
    "record",
    [
        *({key: value for key, value in PLATFORM.items() if key != gone} for gone in PLATFORM),
        {**PLATFORM, "opened_at": "later"},
        {**PLATFORM, "opened_at": None},
        *({**PLATFORM, "closed_by": closed_by} for closed_by in ("", False, 0, {})),
        *({**PLATFORM, "id": no_id} for no_id in (None, "")),
    ],
)
def test_a_platform_run_of_another_shape_is_unreadable(store: MemoryStore, record: dict[str, Any]) -> None:
    platform_series(store, "e").append(record, after=0)
    found = read_platform_run(store, "e")
    assert isinstance(found, Unreadable)
    assert found.reason.startswith("platform run record 1: ")


def test_a_series_in_the_mirror(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    open_platform_run(store, "e", RUN)
    assert read_platform_run(store, "e") == Known(RUN)
    assert (tmp_path / "control" / "e" / "platform_runs" / "000001.json").is_file()
