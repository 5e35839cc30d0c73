"""Records of open findings: the newest one counts, and what cannot be read is never taken for nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from factories_findings import FIRST, finding
from standins import BUCKET, MemoryStore, s3_in_moto
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.control import ControlRecords, read_platform_run
from tidegate.evidence.findings import open_findings, record_findings
from tidegate.evidence.store import LocalStore, S3Store, StoreError
from tidegate.evidence.time_to_live import read_time_to_live
from tidegate.models.findings import Finding
from tidegate.models.observed import Absent, Known, Unreadable

AT = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)
KEY = "control/dev_min/findings/{:06d}.json"
EVIDENCE = {"uri": "s3://the-evidence/m9.json", "sha256": "a" * 64}
OTHER = finding("aws_lb", "arn:x", code="FORBIDDEN-LIVE", held_by=None)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def keep(store: MemoryStore, *seen: Finding, gone: tuple[Finding, ...] = ()) -> tuple[Finding, ...]:
    return record_findings(
        store, "dev_min", seen=seen, gone=gone, recorded_by=FIRST, at=AT, evidence=EVIDENCE, log=lambda _line: None
    )


def test_nothing_was_ever_found(store: MemoryStore) -> None:
    assert open_findings(store, "dev_min") == Known(())


def test_a_finding_stays_open_over_others(store: MemoryStore) -> None:
    keep(store, finding())
    keep(store, OTHER)
    assert open_findings(store, "dev_min") == Known((finding(), OTHER))
    record = unseal(store.objects[KEY.format(2)])
    assert record["schema"] == {"name": "tidegate.findings", "version": 1}
    assert (record["recorded_by"], record["evidence"]) == (FIRST, EVIDENCE)
    assert [it["id"] for it in record["opened"]] == ["arn:x"]


def test_a_closing_record_names_what_is_gone(store: MemoryStore) -> None:
    keep(store, finding(), OTHER)
    assert keep(store, gone=(finding(),)) == (OTHER,)
    assert open_findings(store, "dev_min") == Known((OTHER,))
    assert [it["id"] for it in unseal(store.objects[KEY.format(2)])["closed"]] == [finding().id]


def test_seen_again_it_keeps_its_beginning_and_nothing_is_written(store: MemoryStore) -> None:
    keep(store, finding())
    keep(store, replace(finding(), since=AT, seen_by="m9_later", code="RESIDUAL-RESOURCE"))
    assert open_findings(store, "dev_min") == Known((finding(),))
    assert list(store.objects) == [KEY.format(1)]


def test_what_was_gone_and_came_back_is_a_new_finding(store: MemoryStore) -> None:
    keep(store, finding())
    again = replace(finding(), since=AT, seen_by="m9_later")
    keep(store, again, gone=(finding(),))
    assert open_findings(store, "dev_min") == Known((again,))
    keep(store, gone=(finding(),))
    assert open_findings(store, "dev_min") == Known((again,)), "an older look closes no newer finding"
    assert keep(store, OTHER, gone=(finding(),)) == (again, OTHER)


def test_another_environment_has_its_own(store: MemoryStore) -> None:
    keep(store, finding())
    assert open_findings(store, "dev_min2") == Known(())


def test_whoever_was_faster_is_not_overwritten(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create, first = MemoryStore.create, [True]

    def raced(self: MemoryStore, key: str, content: bytes) -> Any:
        if first:
            first.clear()
            keep(store, OTHER)
        return create(self, key, content)

    monkeypatch.setattr(MemoryStore, "create", raced)
    assert keep(store, finding()) == (OTHER, finding())
    assert open_findings(store, "dev_min") == Known((OTHER, finding()))


DAMAGED: dict[str, tuple[Any, str]] = {
    "cut short": (lambda content: content[:40], "findings"),
    "changed": (lambda content: content.replace(b"aws_iam_role", b"aws_iam_user"), "digest"),
    "empty": (lambda _: b"", "findings"),
    "newer": (
        lambda _: seal({"number": 1, "schema": {"name": "tidegate.findings", "version": 2}, "open": {}}),
        "version 2; this tidegate reads up to 1",
    ),
    "without its findings": (
        lambda _: seal({"number": 1, "schema": {"name": "tidegate.findings", "version": 1}}),
        "damaged",
    ),
    "another schema": (lambda _: seal({"number": 1, "open": []}), "damaged"),
    "without a zone": (
        lambda content: seal(
            {
                **{key: value for key, value in unseal(content).items() if key != "digest"},
                "open": [{**unseal(content)["open"][0], "since": "2026-11-20T22:15:00"}],
            }
        ),
        "damaged",
    ),
}


@pytest.mark.parametrize("how", sorted(DAMAGED))
def test_a_record_that_cannot_be_used_is_not_nothing(store: MemoryStore, how: str) -> None:
    keep(store, finding())
    damage, said = DAMAGED[how]
    store.objects[KEY.format(1)] = damage(store.objects[KEY.format(1)])
    found = open_findings(store, "dev_min")
    assert isinstance(found, Unreadable)
    assert said in found.reason
    before = dict(store.objects)
    with pytest.raises(StoreError, match="nothing is recorded"):
        keep(store, OTHER)
    assert store.objects == before, "a new record would hide what the damaged one holds"


def test_a_store_that_does_not_answer(store: MemoryStore) -> None:
    store.refusing.add("keys")
    assert isinstance(open_findings(store, "dev_min"), Unreadable)


class TestOneList:
    """A task lists a series once, however often it is asked for; what others hold costs nothing."""

    def test_each_series_costs_one_list_and_without_records_no_read(self) -> None:
        with s3_in_moto() as client:
            calls: list[str] = []
            client.meta.events.register("before-call.s3", lambda model, **_: calls.append(model.name))
            records = ControlRecords(S3Store(client, BUCKET))
            for _ in range(2):
                assert open_findings(records, "dev_min") == Known(())
                assert read_platform_run(records, "dev_min") == Absent()
                assert read_time_to_live(records, "dev_min", "demo") == Absent()
            assert calls == ["ListObjectsV2"] * 3

    def test_the_list_holds_what_the_store_holds(self, tmp_path: Any) -> None:
        with s3_in_moto() as client:
            for store in (MemoryStore(), LocalStore(tmp_path), S3Store(client, BUCKET)):
                for key in ("alerts/1", "findings/000001.json", "platform_runs/000001.json", "inputs/demo/000001.json"):
                    store.create(f"control/dev_min/{key}", b"{}")
                store.create("control/dev_min2/findings/000001.json", b"{}")
                records = ControlRecords(store)
                for series in ("alerts", "findings", "platform_runs", "inputs/demo", "latch"):
                    prefix = f"control/dev_min/{series}/"
                    assert records.keys(prefix) == store.keys(prefix), series
                    assert records.page(prefix) == (store.keys(prefix), False), series
                assert records.keys("control/dev_min2/") == store.keys("control/dev_min2/")
