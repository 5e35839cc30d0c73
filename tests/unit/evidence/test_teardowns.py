"""A teardown that began and did not end is found again, with what it had frozen."""

from typing import Any

import pytest

from factories_world import state_resource
from standins import MemoryStore
from tidegate.evidence.canonical import seal
from tidegate.evidence.store import StoreError
from tidegate.evidence.teardowns import begin_teardown, end_teardown, unfinished_teardown
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.plan import FrozenResource
from tidegate.models.snapshot import InputRecord

SCOPE = InputRecord(uri="s3://e/m9_b_teardown_scope.json", version_id="v1", sha256="e" * 64)
FIRST = "control/dev_min/teardowns/demo/000001.json"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def begin(store: MemoryStore, execution: str = "m9_1", *ids: str) -> None:
    going = [state_resource(id=id_) for id_ in ids or ("vpc-1",)]
    begin_teardown(store, "dev_min", "demo", execution_id=execution, scope=SCOPE, destroy_set=going)


def end(store: MemoryStore, outcome: str = "destroyed") -> None:
    end_teardown(store, "dev_min", "demo", execution_id="m9_2", outcome=outcome)


def unfinished(store: MemoryStore) -> Any:
    return unfinished_teardown(store, "dev_min", "demo")


def test_none_ever_began(store: MemoryStore) -> None:
    assert unfinished(store) == Absent()
    end(store)
    assert store.objects == {}


def test_what_began_is_unfinished(store: MemoryStore) -> None:
    begin(store, "m9_1", "vpc-1", "vpc-2")
    found = unfinished(store).value
    kind = state_resource().type
    assert found.destroy_set == (FrozenResource(type=kind, id="vpc-1"), FrozenResource(type=kind, id="vpc-2"))
    assert (found.execution_id, found.scope_uri, found.scope_sha256) == ("m9_1", SCOPE.uri, SCOPE.sha256)


def test_the_next_one_goes_on_with_it(store: MemoryStore) -> None:
    begin(store, "m9_1", "vpc-1", "vpc-2")
    begin(store, "m9_2", "vpc-2")
    assert unfinished(store).value.execution_id == "m9_1"
    assert list(store.objects) == [FIRST]


@pytest.mark.parametrize("outcome", ["destroyed", "rebuilt"])
def test_what_ended_is_not_gone_on_with(store: MemoryStore, outcome: str) -> None:
    begin(store)
    end(store, outcome)
    assert unfinished(store) == Absent()
    end(store)
    assert len(store.objects) == 2
    begin(store, "m9_3")
    assert unfinished(store).value.execution_id == "m9_3"


def test_stacks_have_their_own_records(store: MemoryStore) -> None:
    begin(store)
    assert unfinished_teardown(store, "dev_min", "confluent") == Absent()


@pytest.mark.parametrize(
    "record",
    [
        {"status": "paused"},
        {"status": None},
        {},
        {"status": "begun", "execution_id": "m9_1"},
        {"status": "begun", "execution_id": "m9_1", "scope": {"uri": "x"}, "destroy_set": []},
        {"status": "begun", "execution_id": "m9_1", "scope": SCOPE.model_dump(), "destroy_set": None},
        {"status": "begun", "execution_id": "m9_1", "scope": SCOPE.model_dump(), "destroy_set": [{"type": "x"}]},
    ],
)
def test_a_record_that_says_nothing_clear_is_unreadable(store: MemoryStore, record: dict[str, Any]) -> None:
    store.objects[FIRST] = seal({**record, "number": 1})
    assert isinstance(unfinished(store), Unreadable)
    end(store)
    assert len(store.objects) == 2, "an end is recorded after a record that cannot be read as well"


def test_a_store_without_an_answer(store: MemoryStore) -> None:
    begin(store)
    store.refusing = {"keys", "read"}
    assert isinstance(unfinished(store), Unreadable)
    with pytest.raises(StoreError):
        begin(store)
    with pytest.raises(StoreError):
        end(store)
    store.refusing = set()
    assert isinstance(unfinished(store), Known)
