"""The record of paid reads: counted before they are sent, and a record that cannot be used is no free read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from factories_guardrails import daily
from standins import MemoryStore
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.cost_reads import CostReads, MonthOfReads, PagesSpent
from tidegate.evidence.store import StoreError
from tidegate.models.observed import Known, Unreadable

AT = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
START, END = date(2026, 2, 1), date(2026, 2, 14)
DAYS = Known(tuple(daily(number) for number in range(1, 14)))
REFUSED = Unreadable("ValidationException")
PREFIX = "control/dev_min/cost_reads/2026-02"
BY = "m9_20260213T201427Z"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def reads(store: MemoryStore) -> CostReads:
    return CostReads(store=store, environment="dev_min", month=START)


def announce(reads: CostReads, at: datetime = AT, most: int = 100) -> int:
    return reads.announce(at=at, start=START, end=END, by=BY, most_pages=most)


def answered(reads: CostReads, days: Any = DAYS, at: datetime = AT, pages: int = 1) -> int:
    return reads.answered(days, at=at, start=START, end=END, by=BY, pages=pages)


def month(reads: CostReads) -> MonthOfReads:
    found = reads.read()
    assert isinstance(found, Known)
    return found.value


def test_a_month_without_a_read(reads: CostReads) -> None:
    assert month(reads) == MonthOfReads(pages=0, newest_at=None, answer=None)


def test_a_page_is_counted_before_it_is_sent(reads: CostReads, store: MemoryStore) -> None:
    assert announce(reads) == 100
    assert (month(reads).pages, month(reads).newest_at, month(reads).answer) == (1, AT, None)
    assert announce(reads, AT + timedelta(hours=1)) == 99
    assert (month(reads).pages, month(reads).newest_at) == (2, AT + timedelta(hours=1))
    assert sorted(store.objects) == [f"{PREFIX}/000001.json", f"{PREFIX}/000002.json"]


def test_a_whole_answer_is_kept(reads: CostReads, store: MemoryStore) -> None:
    announce(reads)
    assert answered(reads, pages=3) == 3
    found = month(reads)
    assert found.answer is not None
    assert (found.answer.days, found.answer.read_at) == (DAYS.value, AT)
    assert (found.answer.start, found.answer.end) == (START, END)
    assert found.answer.stored.key == f"{PREFIX}/000002.json"
    assert found.answer.digest == unseal(store.objects[f"{PREFIX}/000002.json"])["digest"]


def test_an_error_counts_and_hides_no_earlier_answer(reads: CostReads) -> None:
    announce(reads)
    answered(reads)
    announce(reads, AT + timedelta(hours=9))
    assert answered(reads, REFUSED, AT + timedelta(hours=9), pages=2) == 3
    found = month(reads)
    assert (found.pages, found.newest_at) == (3, AT + timedelta(hours=9))
    assert found.answer is not None
    assert found.answer.read_at == AT


def test_the_limit_is_never_passed(reads: CostReads) -> None:
    assert [announce(reads, most=2), announce(reads, most=2)] == [2, 1]
    with pytest.raises(PagesSpent):
        announce(reads, most=2)
    assert month(reads).pages == 2


def test_two_at_once_are_both_counted(reads: CostReads, store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create, others = store.create, [lambda: announce(reads, most=2)]

    def interfere(key: str, content: bytes) -> Any:
        while others:
            others.pop()()
        return create(key, content)

    monkeypatch.setattr(store, "create", interfere)
    assert announce(reads, most=2) == 1
    assert month(reads).pages == 2


def test_every_month_begins_anew(reads: CostReads, store: MemoryStore) -> None:
    announce(reads)
    march = CostReads(store=store, environment="dev_min", month=date(2026, 3, 1))
    assert month(march).pages == 0


@pytest.mark.parametrize("method", ["keys", "read"])
def test_a_store_that_does_not_answer(reads: CostReads, store: MemoryStore, method: str) -> None:
    announce(reads)
    store.refusing.add(method)
    assert isinstance(reads.read(), Unreadable)
    with pytest.raises(StoreError):
        announce(reads)


def test_a_store_that_takes_no_record(reads: CostReads, store: MemoryStore) -> None:
    store.refusing.add("create")
    with pytest.raises(StoreError):
        announce(reads)


def changed(**changes: Any) -> bytes:
    """A record that fits, but for the changes."""
    fits: dict[str, Any] = {
        "number": 2,
        "read_at": AT.isoformat(),
        "start": START.isoformat(),
        "end": END.isoformat(),
        "pages_of_month": 1,
        "newest_whole": 2,
        "days": [],
    }
    return seal({key: value for key, value in (fits | changes).items() if value != "gone"})


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        changed()[:-9] + b'"}\n',
        changed(number=3),
        changed(pages_of_month=-1),
        changed(pages_of_month="gone"),
        changed(newest_whole="gone"),
        changed(days=[{"day": "x"}]),
        changed(days=None),
        changed(newest_whole=7),
        changed(start="2026-01-01"),
        changed(read_at="2026-02-13T20:14:27"),
    ],
)
def test_a_record_that_was_changed(reads: CostReads, store: MemoryStore, content: bytes) -> None:
    announce(reads)
    store.objects[f"{PREFIX}/000002.json"] = content
    assert isinstance(reads.read(), Unreadable)


@pytest.mark.parametrize("content", [b"{", changed(pages_of_month=-1), changed(pages_of_month="gone")])
def test_after_a_record_that_was_changed_nothing_is_announced(
    reads: CostReads, store: MemoryStore, content: bytes
) -> None:
    announce(reads)
    store.objects[f"{PREFIX}/000002.json"] = content
    with pytest.raises(StoreError):
        announce(reads)
    with pytest.raises(StoreError):
        answered(reads)


def test_the_record_that_fits(reads: CostReads, store: MemoryStore) -> None:
    """The changes above are what makes it unreadable."""
    announce(reads)
    store.objects[f"{PREFIX}/000002.json"] = changed()
    assert month(reads).pages == 1
