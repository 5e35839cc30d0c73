"""An execution id is claimed once per DAG run, and stays the same however often its tasks are cleared."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from standins import BUCKET, MemoryStore
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.execution import claim, find_claim
from tidegate.evidence.layout import Phase
from tidegate.evidence.store import AlreadyExists, LocalStore, S3Store, StoredObject, StoreUnreachable
from tidegate.models.observed import Absent, Known, Unreadable

AT = datetime(2026, 2, 13, 20, 14, 27, 654321, tzinfo=UTC)


def claimed(store: Any, *, run_id: str = "manual__1", dag_id: str = "dev_min.m2", **changes: Any) -> str:
    phase: Phase = changes.pop("phase", "m2")
    environment, run_after = changes.pop("environment", "dev_min"), changes.pop("run_after", AT)
    return claim(store, environment, phase, dag_id=dag_id, run_id=run_id, run_after=run_after)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_the_id_is_the_second_at_which_the_run_was_due(store: MemoryStore) -> None:
    assert claimed(store) == "m2_20260213T201427Z"
    record = unseal(store.read("control/dev_min/executions/m2_20260213T201427Z.json")[1])
    assert (record["dag_id"], record["run_id"]) == ("dev_min.m2", "manual__1")


def test_the_second_is_counted_in_utc(store: MemoryStore) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert claimed(store, run_after=elsewhere) == "m2_20260213T201427Z"


def test_a_cleared_task_finds_the_id_of_its_run(store: MemoryStore) -> None:
    assert claimed(store) == claimed(store) == claimed(store)
    assert len(store.objects) == 1


def test_another_run_of_the_same_second_takes_the_next_one(store: MemoryStore) -> None:
    assert claimed(store, run_id="manual__1") == "m2_20260213T201427Z"
    assert claimed(store, run_id="manual__2") == "m2_20260213T201428Z"
    assert claimed(store, run_id="manual__3") == "m2_20260213T201429Z"
    # and each finds its own again
    assert claimed(store, run_id="manual__2") == "m2_20260213T201428Z"
    assert claimed(store, run_id="manual__1") == "m2_20260213T201427Z"


def test_the_next_second_may_be_in_the_next_year(store: MemoryStore) -> None:
    eve = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert claimed(store, run_id="manual__1", run_after=eve) == "m2_20261231T235959Z"
    assert claimed(store, run_id="manual__2", run_after=eve) == "m2_20270101T000000Z"


def test_the_same_run_id_of_another_dag_is_another_run(store: MemoryStore) -> None:
    assert claimed(store, dag_id="dev_min.m2") != claimed(store, dag_id="dev_min.m2_copy")


def test_phases_and_environments_do_not_take_each_others_seconds(store: MemoryStore) -> None:
    assert claimed(store, phase="m9") == "m9_20260213T201427Z"
    assert claimed(store, phase="m1") == "m1_20260213T201427Z"
    assert claimed(store, run_id="manual__2", phase="m2") == "m2_20260213T201427Z"
    assert claimed(store, run_id="manual__3", environment="staging") == "m2_20260213T201427Z"


def test_a_run_that_was_slower_takes_the_next_second() -> None:
    class Slow(MemoryStore):
        """Another run claims the second right before this one's put arrives."""

        def create(self, key: str, content: bytes) -> StoredObject:
            if not self.objects:
                self.objects[key] = seal({"dag_id": "dev_min.m2", "run_id": "faster"})
            return super().create(key, content)

    assert claimed(Slow()) == "m2_20260213T201428Z"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not json", id="not-json"),
        pytest.param(b'{"dag_id": "dev_min.m2", "run_id": "manual__1"}', id="without-digest"),
        pytest.param(seal({"dag_id": "dev_min.m2", "run_id": "x"}).replace(b'"x"', b'"manual__1"'), id="tampered"),
    ],
)
def test_a_claim_that_cannot_be_used_is_nobodys(store: MemoryStore, content: bytes) -> None:
    store.create("control/dev_min/executions/m2_20260213T201427Z.json", content)
    with pytest.raises(StoreUnreachable, match=r"m2_20260213T201427Z\.json: the claim is not usable"):
        claimed(store)


@pytest.mark.parametrize("method", ["create", "read"])
def test_without_an_answer_there_is_no_id(store: MemoryStore, method: str) -> None:
    claimed(store)
    store.refusing.add(method)
    with pytest.raises(StoreUnreachable, match="told not to answer"):
        claimed(store)


def test_a_claim_that_is_taken_and_gone_again_is_no_claim() -> None:
    class Forgetful(MemoryStore):
        """Says that the key is taken, and then that there is none."""

        def create(self, key: str, content: bytes) -> StoredObject:
            raise AlreadyExists(key)

    with pytest.raises(StoreUnreachable, match=r"m2_20260213T201427Z\.json"):
        claimed(Forgetful())


def test_claims_in_the_mirror(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    assert claimed(store, run_id="manual__1", phase="m1") == "m1_20260213T201427Z"
    assert claimed(store, run_id="manual__2", phase="m1") == "m1_20260213T201428Z"
    assert claimed(store, run_id="manual__1", phase="m1") == "m1_20260213T201427Z"


def test_claims_in_s3(s3: Any) -> None:
    store = S3Store(s3, BUCKET)
    assert claimed(store, run_id="manual__1") == "m2_20260213T201427Z"
    assert claimed(store, run_id="manual__2") == "m2_20260213T201428Z"
    assert claimed(store, run_id="manual__1") == "m2_20260213T201427Z"


def found(store: MemoryStore, run_id: str, **changes: Any) -> Any:
    given = {"dag_id": "dev_min.m2", "not_before": AT - timedelta(hours=1), **changes}
    return find_claim(store, "dev_min", "m2", run_id=run_id, **given)


def test_the_claim_of_another_run_is_found(store: MemoryStore) -> None:
    claimed(store, run_id="manual__1")
    second = claimed(store, run_id="manual__2")
    claimed(store, run_id="manual__2", phase="m9")
    assert found(store, "manual__2") == Known(second)
    assert found(store, "manual__3") == Absent()
    assert found(store, "manual__2", dag_id="other.m2") == Absent()


def test_an_older_claim_is_not_looked_for(store: MemoryStore) -> None:
    claimed(store)
    assert found(store, "manual__1", not_before=AT.replace(microsecond=0)) == Known("m2_20260213T201427Z")
    assert found(store, "manual__1", not_before=AT + timedelta(seconds=1)) == Absent()


@pytest.mark.parametrize("refused", ["keys", "read"])
def test_a_claim_that_cannot_be_looked_for(store: MemoryStore, refused: str) -> None:
    claimed(store)
    store.refusing.add(refused)
    assert isinstance(found(store, "manual__1"), Unreadable)


def test_a_broken_claim_may_be_the_one(store: MemoryStore) -> None:
    claimed(store)
    store.objects["control/dev_min/executions/m2_20260213T201427Z.json"] = b"{"
    assert isinstance(found(store, "manual__1"), Unreadable)
