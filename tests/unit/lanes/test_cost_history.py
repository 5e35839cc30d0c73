"""The widest scope that was ever judged: it only grows, whoever hides or adds what, and no read of it grows either."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

import factories_guardrails as guardrails
from factories_guardrails import NOW
from standins import MemoryStore
from tidegate.evidence.canonical import seal
from tidegate.evidence.cost_judgements import last_judged
from tidegate.evidence.cost_scope import cost_scope_series, record_scope, recorded_scopes
from tidegate.evidence.store import StoreError
from tidegate.lanes.cost_history import HELD_AGAINST, widest_scope
from tidegate.lanes.judging import judge
from tidegate.models.facts import CollectorBroken
from tidegate.models.observed import Absent, Known, Unreadable

AWS, BOTH = Known(("aws",)), Known(("aws", "confluent"))
RECORDS = "control/dev_min/cost_scope"


class CountingStore(MemoryStore):
    """Counts what is asked of it, and the keys that it lists."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        found = super().keys(prefix, after)
        self.asked["listed"] += len(found)
        return found

    def _ask(self, method: str, key: str) -> None:
        self.asked[method] += 1
        super()._ask(method, key)


def run_of(world: Any, phase: str = "m9", **changes: Any) -> Any:
    """A try of a cost guardrail under a manifest with AWS alone."""
    task = {"m9": "g_cost_guardrail", "m2": "b_cost_guardrail"}[phase]
    return world.run(phase, task, **changes)


def document(world: Any, **changes: Any) -> dict[str, Any]:
    """A snapshot of M9.G, which the store of the world does not keep."""
    run = run_of(world, remote=MemoryStore())
    given: dict[str, Any] = judge(run, guardrails.cost_facts(**changes)).published.document
    return given


def wide(world: Any) -> dict[str, Any]:
    return document(world, cost_scope=("aws", "confluent"), widest_scope=BOTH)


def narrow(world: Any) -> dict[str, Any]:
    return document(world)


def key_of(days: float) -> str:
    """The key of the snapshot of an M9 so many days ago."""
    execution = f"m9_{NOW - timedelta(days=days):%Y%m%dT%H%M%SZ}"
    return f"evidence/dev_min/run_control/{execution}/m9_g_cost_guardrail_snapshot.json"


def history(store: MemoryStore, snapshot: dict[str, Any], days: Iterable[float]) -> None:
    content = seal(snapshot)
    for day in days:
        store.objects[key_of(day)] = content


def scope(run: Any) -> Any:
    return widest_scope(run, NOW)


@pytest.mark.parametrize("phase", ["m9", "m2"])
def test_what_is_read_does_not_grow_with_history(world: Any, phase: str) -> None:
    asked = []
    for nights in (3, 300):
        store = CountingStore()
        history(store, wide(world), range(1, nights + 1))
        record_scope(store, "dev_min", ("aws", "confluent"), recorded_by="m9_1", at=NOW)
        store.asked.clear()
        assert scope(run_of(world, phase, remote=store)) == BOTH
        asked.append((store.asked["read"], store.asked["keys"], store.asked["create"]))
        assert store.asked["listed"] < 50
    recorded = 1 if phase == "m9" else 0  # that its cost is judged, under the execution that it claims for that
    assert asked == [(1 + HELD_AGAINST, 2 + recorded, 2 * recorded)] * 2


def test_after_an_update_all_of_history_is_read_once(world: Any) -> None:
    store = CountingStore()
    history(store, narrow(world), range(1, 50))
    history(store, wide(world), [50])
    assert scope(run_of(world, remote=store)) == BOTH
    assert store.asked["read"] == 50
    store.asked.clear()
    assert scope(run_of(world, remote=store)) == BOTH
    assert store.asked["read"] == 1 + HELD_AGAINST + 1, "the scope, the newest snapshots, the claim of the execution"


def test_seldom_teardowns_are_held_against_the_record_as_well(world: Any) -> None:
    """However far apart: it is the newest three, within a year."""
    store = CountingStore()
    history(store, narrow(world), [1, 2, *range(500, 520)])
    history(store, wide(world), [350])
    record_scope(store, "dev_min", ("aws",), recorded_by="m9_1", at=NOW)
    store.asked.clear()
    assert scope(run_of(world, "m2", remote=store)) == BOTH
    assert (store.asked["read"], store.asked["keys"]) == (1 + HELD_AGAINST, 1 + 3)


def test_only_a_teardown_records_and_each_one_that_its_cost_is_judged(world: Any) -> None:
    store = MemoryStore()
    for _ in range(2):
        assert scope(run_of(world, remote=store)) == AWS
    assert last_judged(store, "dev_min") == Known("m9_20260213T201427Z")
    assert len(store.keys("control/dev_min/cost_judgements/")) == 2, "each try"
    before = set(store.objects)
    assert scope(run_of(world, "m2", remote=store)) == AWS
    assert set(store.objects) == before


def test_a_teardown_whose_judgement_cannot_be_recorded_does_not_know_its_scope(world: Any) -> None:
    store = MemoryStore()
    scope(run_of(world, remote=store))
    store.refusing.add("create")
    assert isinstance(scope(run_of(world, remote=store)), Unreadable)


def test_only_a_teardown_records(world: Any) -> None:
    store = MemoryStore()
    history(store, wide(world), [1])
    before = set(store.objects)
    assert scope(run_of(world, "m2", remote=store)) == BOTH
    assert set(store.objects) == before
    assert scope(run_of(world, remote=store)) == BOTH
    assert {key for key in store.objects if key.startswith("control/dev_min/cost_scope")} == {f"{RECORDS}/000001.json"}


def recorded(world: Any) -> MemoryStore:
    """AWS alone first, both later, then a year of nights that carried both on."""
    store = MemoryStore()
    scope(run_of(world, remote=store))
    history(store, wide(world), range(1, 366, 30))
    scope(run_of(world, remote=store))
    assert sorted(it for it in store.objects if it.startswith(RECORDS)) == [
        f"{RECORDS}/000001.json",
        f"{RECORDS}/000002.json",
    ]
    assert scope(run_of(world, remote=store)) == BOTH
    return store


def test_no_record_that_is_hidden_makes_it_narrower(world: Any) -> None:
    whole = recorded(world).objects
    for hidden in whole:
        store = MemoryStore()
        store.objects = {key: content for key, content in whole.items() if key != hidden}
        found = scope(run_of(world, remote=store))
        assert found == BOTH or (hidden.endswith("cost_scope/000001.json") and isinstance(found, Unreadable)), hidden


def test_neither_do_all_records_of_one_kind(world: Any) -> None:
    whole = recorded(world).objects
    for hidden in (RECORDS, "evidence/dev_min/run_control"):
        store = MemoryStore()
        store.objects = {key: content for key, content in whole.items() if not key.startswith(hidden)}
        assert scope(run_of(world, remote=store)) == BOTH, hidden


def test_forged_snapshots_make_it_no_narrower(world: Any) -> None:
    store = recorded(world)
    history(store, narrow(world), [0.1, 0.2, 0.3, 0.4, 1, 31])
    assert scope(run_of(world, remote=store)) == BOTH


def test_a_forged_record_makes_it_no_narrower(world: Any) -> None:
    store = recorded(world)
    second = f"{RECORDS}/000002.json"
    given = recorded_scopes(store, "dev_min")
    assert isinstance(given, Known)
    forged = {
        "schema": {"name": "tidegate.cost-scope", "version": 1},
        "number": 2,
        "scope": ["aws"],
        "recorded_by": "m9_1",
        "recorded_at": NOW.isoformat(),
    }
    store.objects[second] = seal(forged)
    assert scope(run_of(world, remote=store)) == BOTH
    store.objects[f"{RECORDS}/000003.json"] = seal({**forged, "number": 3})
    found = scope(run_of(world, remote=store))
    assert isinstance(found, Unreadable)
    assert "no more than 2 can be wider" in found.reason


@pytest.mark.parametrize(
    "content",
    [b"{", seal({"number": 1, "scope": ["aws"]}), seal({"number": 2}), b""],
    ids=["no JSON", "fields missing", "another number", "empty"],
)
def test_a_record_that_cannot_be_read_is_no_narrow_one(world: Any, content: bytes) -> None:
    store = MemoryStore()
    store.objects[f"{RECORDS}/000001.json"] = content
    assert isinstance(scope(run_of(world, remote=store)), Unreadable)
    with pytest.raises(StoreError):
        record_scope(store, "dev_min", ("aws",), recorded_by="m9_1", at=NOW)


@pytest.mark.parametrize("refusing", ["keys", "read", "create"])
def test_a_store_that_does_not_answer(world: Any, refusing: str) -> None:
    store = MemoryStore()
    history(store, narrow(world), [1])
    store.refusing.add(refusing)
    assert isinstance(scope(run_of(world, remote=store)), Unreadable)


def test_a_new_snapshot_that_cannot_be_read_is_no_narrow_one(world: Any) -> None:
    store = recorded(world)
    store.objects[key_of(1)] = b"{"
    found = scope(run_of(world, remote=store))
    assert isinstance(found, Unreadable)
    assert key_of(1) in found.reason


def test_after_a_long_silence_the_newest_snapshots_are_found_all_the_same(world: Any) -> None:
    for days in (44, 60, 399, 500, 4000):
        store = MemoryStore()
        scope(run_of(world, remote=store))
        history(store, wide(world), [days])
        assert scope(run_of(world, remote=store)) == BOTH, days


def test_the_attempt_counts_also_when_it_is_never_published(world: Any) -> None:
    run = run_of(world, remote=MemoryStore())
    run.environment = run.environment.model_copy(update={"cost_scope": ("aws", "confluent")})
    scope(run)
    assert scope(run_of(world, remote=run.remote)) == BOTH


def test_a_crashed_collector_says_nothing_of_scopes(world: Any) -> None:
    run = run_of(world, remote=MemoryStore())
    judge(run, CollectorBroken(observed_at=NOW, error="KeyError"))
    assert scope(run_of(world, remote=run.remote)) == AWS


def test_two_that_record_at_once_leave_one_record_of_each_scope() -> None:
    class Raced(MemoryStore):
        def create(self, key: str, content: bytes) -> Any:
            if not self.objects:
                record_first()
            return super().create(key, content)

    store = Raced()
    other = MemoryStore()
    record_scope(other, "dev_min", ("aws",), recorded_by="m9_2", at=NOW)

    def record_first() -> None:
        store.objects.update(other.objects)

    record_scope(store, "dev_min", ("confluent",), recorded_by="m9_1", at=NOW)
    found = recorded_scopes(store, "dev_min")
    assert isinstance(found, Known)
    assert [it.scope for it in found.value] == [("aws",), ("aws", "confluent")]
    record_scope(store, "dev_min", ("confluent",), recorded_by="m9_3", at=NOW)
    assert cost_scope_series(store, "dev_min").highest() == 2
    assert recorded_scopes(MemoryStore(), "dev_min") == Absent()
