"""Records of unexplained money: the newest one counts, and what cannot be read is never taken for nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from factories_bill import spend
from standins import MemoryStore
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.store import StoreError
from tidegate.evidence.unexplained_spend import record_unexplained, unexplained_spend
from tidegate.models.bill import UnexplainedSpend
from tidegate.models.observed import Known, Unreadable

AT = datetime(2026, 11, 21, 2, tzinfo=UTC)
KEY = "control/dev_min/unexplained_spend/{:06d}.json"
EVIDENCE = {"uri": "s3://the-evidence/audit.json", "sha256": "a" * 64}
OTHER = spend("Amazon Braket", region="us-east-1", why="after_proof")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def keep(store: MemoryStore, *now_open: UnexplainedSpend, judged: tuple[UnexplainedSpend, ...] = ()) -> list[str]:
    said: list[str] = []
    record_unexplained(
        store,
        "dev_min",
        judged=judged,
        now_open=now_open,
        recorded_by="audit_20261121T020000Z",
        at=AT,
        evidence=EVIDENCE,
        log=said.append,
    )
    return said


def test_nothing_was_ever_unexplained(store: MemoryStore) -> None:
    assert unexplained_spend(store, "dev_min") == Known(())
    assert keep(store) == []
    assert store.objects == {}


def test_what_is_open_comes_back_as_it_was(store: MemoryStore) -> None:
    assert keep(store, spend(), OTHER) == [
        "open from now on: Amazon Never Heard Of@eu-west-2 charges 0.50 USD a day, which nothing explains",
        "open from now on: Amazon Braket@us-east-1 charges 0.50 USD a day, which nothing explains",
    ]
    assert unexplained_spend(store, "dev_min") == Known((spend(), OTHER))
    record = unseal(store.objects[KEY.format(1)])
    assert record["schema"] == {"name": "tidegate.unexplained_spend", "version": 1}
    assert (record["recorded_by"], record["recorded_at"], record["evidence"]) == (
        "audit_20261121T020000Z",
        AT.isoformat(),
        EVIDENCE,
    )


def test_a_newer_day_is_recorded_and_the_same_is_not(store: MemoryStore) -> None:
    keep(store, spend())
    assert keep(store, spend(), judged=(spend(),)) == []
    assert list(store.objects) == [KEY.format(1)]
    later = replace(spend(), last=date(2026, 11, 13), usd_per_day=Decimal("0.61"))
    assert keep(store, later, judged=(spend(),)) == []
    assert unexplained_spend(store, "dev_min") == Known((later,))


def test_what_is_over_is_closed(store: MemoryStore) -> None:
    keep(store, spend(), OTHER)
    assert keep(store, OTHER, judged=(spend(), OTHER)) == [
        "closed: Amazon Never Heard Of@eu-west-2, unexplained since 2026-11-10"
    ]
    assert unexplained_spend(store, "dev_min") == Known((OTHER,))
    assert unexplained_spend(store, "dev_min2") == Known(())


def test_what_somebody_else_opened_meanwhile_stays(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create, first = MemoryStore.create, [True]

    def raced(self: MemoryStore, key: str, content: bytes) -> Any:
        if first:
            first.clear()
            keep(store, OTHER)
        return create(self, key, content)

    monkeypatch.setattr(MemoryStore, "create", raced)
    keep(store, spend())
    assert unexplained_spend(store, "dev_min") == Known((spend(), OTHER))
    keep(store, judged=(spend(),))
    assert unexplained_spend(store, "dev_min") == Known((OTHER,))


def without(content: bytes, **changes: Any) -> bytes:
    record = {key: value for key, value in unseal(content).items() if key != "digest"}
    return seal({**record, "open": [{**record["open"][0], **changes}]})


DAMAGED: dict[str, tuple[Any, str]] = {
    "cut short": (lambda content: content[:40], "unexplained_spend"),
    "changed": (lambda content: content.replace(b"0.50", b"0.00"), "digest"),
    "empty": (lambda _: b"", "unexplained_spend"),
    "newer": (
        lambda _: seal({"number": 1, "schema": {"name": "tidegate.unexplained_spend", "version": 2}, "open": {}}),
        "version 2; this tidegate reads up to 1",
    ),
    "another schema": (lambda _: seal({"number": 1, "open": []}), "damaged"),
    "no amount": (lambda content: without(content, usd_per_day="NaN"), "damaged"),
    "no service": (lambda content: without(content, service=" "), "damaged"),
    "no reason": (lambda content: without(content, why="because"), "damaged"),
    "no day": (lambda content: without(content, last="yesterday"), "damaged"),
}


@pytest.mark.parametrize("how", sorted(DAMAGED))
def test_a_record_that_cannot_be_used_is_not_nothing(store: MemoryStore, how: str) -> None:
    keep(store, spend())
    broken, said = DAMAGED[how]
    store.objects[KEY.format(1)] = broken(store.objects[KEY.format(1)])
    found = unexplained_spend(store, "dev_min")
    assert isinstance(found, Unreadable)
    assert said in found.reason
    with pytest.raises(StoreError):
        keep(store, OTHER)
    assert list(store.objects) == [KEY.format(1)]
