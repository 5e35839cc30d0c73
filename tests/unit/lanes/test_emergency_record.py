"""How M9 knows that the emergency stop triggered it: by a record and the latch, never by what it was told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.control import read_latch, release_latch, set_latch
from tidegate.lanes.emergency_record import record_trigger, triggered_by_the_stop
from tidegate.models.observed import Absent, Known, Unreadable

AT = datetime(2026, 11, 29, tzinfo=UTC)
RUN = "stop_20260213T201427Z__try1"
TARGET = "demo+confluent"


def stop(world: Any, *, latched: bool = True, target: str = TARGET) -> str:
    run = world.run("stop", "b_teardown")
    if latched:
        set_latch(world.remote, "dev_min", reason="x", recorded_by=run.execution_id, at=AT)
    return record_trigger(run, "dev_min.m9", RUN, target)


def found(world: Any, **changes: Any) -> Any:
    given = {"dag_id": "dev_min.m9", "run_id": RUN, "params": {"target": TARGET}, **changes}
    return triggered_by_the_stop(world.run("m9", "d_demo.destroy", **given))


def test_the_run_that_the_stop_triggered_knows_it(world: Any) -> None:
    assert stop(world) == ""
    assert found(world) == Known(world.run("stop", "b_teardown").execution_id)
    assert stop(world) == "", "a task that runs twice finds its own record"


def test_the_record_of_another_run_is_not_taken_for_its_own(world: Any) -> None:
    assert stop(world, target="confluent") == ""
    assert "another record is there; it differs in target" in stop(world)
    key = next(key for key in world.remote.objects if "emergency_teardowns" in key)
    world.remote.objects[key] = b"{"
    assert "another record is there and cannot be read" in stop(world)


@pytest.mark.parametrize("run_id", ["manual__1", RUN.replace("try1", "try2"), f"x/../{RUN}"])
def test_another_run_is_an_ordinary_one(world: Any, run_id: str) -> None:
    stop(world)
    assert found(world, run_id=run_id) == Absent()


def test_a_run_that_only_bears_the_name_is_an_ordinary_one(world: Any) -> None:
    set_latch(world.remote, "dev_min", reason="x", recorded_by="stop_1", at=AT)
    assert found(world) == Absent()


@pytest.mark.parametrize(
    "changes",
    [{"dag_id": "other.m9"}, {"params": {"target": "confluent"}}, {"params": {}}],
    ids=["dag", "target", "none"],
)
def test_a_record_of_something_else_counts_for_nothing(world: Any, changes: dict[str, Any]) -> None:
    stop(world)
    assert isinstance(found(world, **changes), Unreadable)


def test_it_holds_while_that_latch_is_set(world: Any) -> None:
    stop(world)
    latch = read_latch(world.remote, "dev_min")
    assert isinstance(latch, Known)
    evidence = {"uri": "s3://x", "sha256": "a" * 64}
    release_latch(world.remote, "dev_min", latch.value, reason="y", recorded_by="r", at=AT, evidence=evidence)
    assert isinstance(found(world), Unreadable)
    set_latch(world.remote, "dev_min", reason="another", recorded_by="stop_2", at=AT)
    assert isinstance(found(world), Unreadable)


def test_without_a_latch_nothing_is_recorded_and_the_stop_goes_on(world: Any) -> None:
    assert "the latch does not read as set" in stop(world, latched=False)
    assert found(world) == Absent()


def test_a_bucket_that_takes_nothing_keeps_no_teardown_from_starting(world: Any) -> None:
    set_latch(world.remote, "dev_min", reason="x", recorded_by="stop_1", at=AT)
    world.remote.refusing.add("create")
    assert "told not to answer" in stop(world, latched=False)


def test_what_cannot_be_read_is_no_emergency(world: Any) -> None:
    stop(world)
    world.remote.refusing.add("read")
    assert isinstance(found(world), Unreadable)
    world.remote.refusing.clear()
    key = f"control/dev_min/emergency_teardowns/{RUN}.json"
    world.remote.objects[key] = world.remote.objects[key].replace(b"demo", b"dem0")
    assert isinstance(found(world), Unreadable)


def test_a_record_of_a_released_latch_counts_for_nothing(world: Any) -> None:
    """Whoever writes one that names the newest record, a release, gains nothing by it."""
    stop(world)
    latch = read_latch(world.remote, "dev_min")
    assert isinstance(latch, Known)
    evidence = {"uri": "s3://x", "sha256": "a" * 64}
    release_latch(world.remote, "dev_min", latch.value, reason="y", recorded_by="r", at=AT, evidence=evidence)
    key = f"control/dev_min/emergency_teardowns/{RUN}.json"
    record = {**unseal(world.remote.objects[key]), "latch": latch.value.number + 1}
    del record["digest"]
    world.remote.objects[key] = seal(record)
    assert isinstance(found(world), Unreadable)
