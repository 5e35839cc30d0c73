"""The lane that releases a named lock: whose it is, two looks over an unmoved state, and only the judged one goes."""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
from factories_state import KEY, NOW, backend, body, resource
from standins import dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.canonical import unseal
from tidegate.gates.registry import by_id
from tidegate.lanes import lock_release, locks
from tidegate.lanes import run as run_module
from tidegate.lanes.locks import release_dead_locks
from tidegate.lanes.run import ActionBlocked, LaneRun
from tidegate.models.lock_release import LockReleaseFacts
from tidegate.terraform.intent import IntentOwner

STATES, TABLE = dev_min()[0].backend.bucket, dev_min()[0].backend.lock_table
LOCK, WAIT = f"{STATES}/{KEY}", timedelta(seconds=dev_min()[0].deadlines.lock_wait)
RECORD = "control/dev_min/released_locks/000001.json"


def information(who: str = "alice@laptop", **changes: Any) -> str:
    given = {"ID": "b6a5", "Operation": "OperationTypePlan", "Who": who, "Created": "2026-01-17T20:14:27Z"}
    return json.dumps(given | changes)


class Place:
    """Demo's state, locked by a laptop of old."""

    def __init__(self, world: Any, clients: Clients) -> None:
        self.world, self.clients, self.at = world, clients, NOW
        clients.s3.put_object(Bucket=STATES, Key=KEY, Body=body(resource("a")))
        self.locked(information())

    def locked(self, info: str, file: str | None = None) -> None:
        self.clients.dynamodb.put_item(TableName=TABLE, Item={"LockID": {"S": LOCK}, "Info": {"S": info}})
        self.clients.s3.put_object(Bucket=STATES, Key=f"{KEY}.tflock", Body=(info if file is None else file).encode())

    def run(self, **changes: Any) -> LaneRun:
        params = {"stack": "demo", "lock_id": "b6a5", "reason": "thrown away", "confirm": "dev_min"}
        made: LaneRun = self.world.run("unlock", "a_release_lock", clients=self.clients, params=params | changes)
        return made

    def look(self, after: timedelta = timedelta(0), **changes: Any) -> tuple[LaneRun, LockReleaseFacts, list[str]]:
        self.at = NOW + after
        run = self.run(**changes)
        facts = lock_release.collect_lock_release(run)
        return run, facts, [it.code for it in by_id("LOCK-RELEASE").evaluate(facts, judged_at=self.at)]

    @property
    def held(self) -> int:
        items = [it["LockID"]["S"] for it in self.clients.dynamodb.scan(TableName=TABLE)["Items"]]
        keys = [it["Key"] for it in self.clients.s3.list_objects_v2(Bucket=STATES)["Contents"]]
        return items.count(LOCK) + keys.count(f"{KEY}.tflock")


@pytest.fixture
def place(world: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with backend() as clients:
        made = Place(world, clients)
        for module in (lock_release, locks, run_module):
            monkeypatch.setattr(module, "now", lambda: made.at)
        monkeypatch.setattr(lock_release, "caller", lambda _run: control.caller())
        monkeypatch.setattr(lock_release, "tools", lambda _run: control.tools())
        yield made


def test_after_two_looks_a_laptops_lock_goes_with_a_record(place: Place) -> None:
    assert place.look()[2] == ["LOCK-LOOK-TOO-YOUNG"]
    assert place.look(WAIT - timedelta(seconds=1))[2] == ["LOCK-LOOK-TOO-YOUNG"]
    run, facts, codes = place.look(WAIT)
    assert codes == []
    lock_release.release_named(run, facts, {})
    assert place.held == 0
    record = unseal(place.world.remote.objects[RECORD])
    assert (record["stack"], record["lock_id"], record["reason"]) == ("demo", "b6a5", "thrown away")


def test_a_state_that_moves_between_the_looks_starts_them_anew(place: Place) -> None:
    place.look()
    place.clients.s3.put_object(Bucket=STATES, Key=KEY, Body=body(resource("b"), serial=8))
    assert place.look(WAIT)[2] == ["LOCK-LOOK-TOO-YOUNG"]
    assert place.look(2 * WAIT)[2] == []


def test_a_lock_that_changes_between_the_looks_starts_them_anew(place: Place) -> None:
    place.look()
    place.locked(information(Info="x"))
    assert place.look(WAIT)[2] == ["LOCK-LOOK-TOO-YOUNG"]


def test_a_state_that_moves_after_the_judgement_keeps_its_lock(place: Place) -> None:
    place.look()
    run, facts, _ = place.look(WAIT)
    place.clients.s3.put_object(Bucket=STATES, Key=KEY, Body=body(resource("b"), serial=8))
    with pytest.raises(ActionBlocked, match="STATE-MOVED"):
        lock_release.release_named(run, facts, {})
    assert place.held == 2


def test_a_lock_that_changes_after_the_judgement_stays(place: Place) -> None:
    place.look()
    run, facts, _ = place.look(WAIT)
    place.locked(information(Info="x"))
    with pytest.raises(ActionBlocked, match="LOCK-MOVED"):
        lock_release.release_named(run, facts, {})
    assert place.held == 2


def test_a_damaged_lock_goes_by_the_name_that_it_is_given(place: Place) -> None:
    place.clients.dynamodb.delete_item(TableName=TABLE, Key={"LockID": {"S": LOCK}})
    place.clients.s3.put_object(Bucket=STATES, Key=f"{KEY}.tflock", Body=b"")
    name = "damaged-e3b0c44298fc"
    assert place.look(lock_id=name)[2] == ["LOCK-LOOK-TOO-YOUNG"]
    run, facts, codes = place.look(WAIT, lock_id=name)
    assert codes == []
    lock_release.release_named(run, facts, {})
    assert place.held == 0


def test_the_lock_of_this_host_is_refused_unless_it_is_proven_dead(place: Place) -> None:
    place.locked(information(f"airflow@{socket.gethostname()}"))
    place.look()
    assert place.look(WAIT)[2] == ["LOCK-HOLDER-NOT-DEAD"]


def test_the_lock_of_another_worker_on_record_is_refused(place: Place) -> None:
    place.locked(information("airflow@worker-9"))
    log = place.run().intents("core")
    record = log.open("plan", IntentOwner("m2_x", "d", "r", "t", 1), NOW)
    log.ended(record | {"host": "worker-9"}, 0, NOW)
    place.look()
    assert place.look(WAIT)[2] == ["LOCK-HOLDER-NOT-DEAD"]


def test_a_terraform_that_may_run_on_the_stack_is_refused(place: Place) -> None:
    log = place.run().intents("demo")
    log._write(
        log.open("apply", IntentOwner("m2_x", "d", "r", "t", 1), run_module.datetime.now(NOW.tzinfo)) | {"host": "x"}
    )
    place.look()
    assert "TERRAFORM-STILL-RUNNING" in place.look(WAIT)[2]


def test_another_lock_is_never_taken_for_the_named_one(place: Place) -> None:
    assert place.look(lock_id="c0c0")[2] == ["LOCK-NOT-THERE"]
    assert not [key for key in place.world.remote.objects if "lock_looks" in key]


def test_a_dead_terraforms_lock_goes_byte_for_byte(place: Place) -> None:
    created = (NOW + timedelta(seconds=2)).isoformat()
    host = socket.gethostname()
    place.locked(information(f"airflow@{host}", Operation="OperationTypeApply", Created=created))
    log = place.run().intents("demo")
    log.ended(log.open("apply", IntentOwner("m2_x", "d", "r", "t", 1), NOW), -9, NOW + timedelta(seconds=9))
    release_dead_locks(place.run())
    assert place.held == 0
    assert unseal(place.world.remote.objects[RECORD])["proof"].startswith("terraform apply of d/r/t ended")
