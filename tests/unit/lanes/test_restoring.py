"""A named state version is put back under the lock, once, with a reason and a record; else it is said why not."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

import factories_control as control
from factories_state import KEY, backend, body, resource
from standins import dev_min
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.canonical import unseal
from tidegate.lanes.restoring import restore_as_asked
from tidegate.lanes.run import now
from tidegate.terraform.intent import IntentOwner

STATES, TABLE = dev_min()[0].backend.bucket, dev_min()[0].backend.lock_table
FIRST, SECOND = body(resource("a")), body(resource("b"), serial=8)
RECORD = "control/dev_min/restored_states/000001.json"


class Place:
    """The state of demo in two versions."""

    def __init__(self, world: Any, clients: Clients) -> None:
        self.world, self.clients = world, clients
        self.first = self.stored(FIRST)
        self.second = self.stored(SECOND)

    def stored(self, content: bytes) -> str:
        return str(self.clients.s3.put_object(Bucket=STATES, Key=KEY, Body=content)["VersionId"])

    def now_stored(self) -> bytes:
        return self.clients.s3.get_object(Bucket=STATES, Key=KEY)["Body"].read()

    def asked(self, version: str | None = None, reason: str = "the digest fits it", lease: Any = control.OURS) -> str:
        named = f"demo:{self.first}" if version is None else version
        params = {"restore_state_version": named, "state_reason": reason}
        run = self.world.run("m2", "a_readiness", clients=self.clients, params=params)
        return restore_as_asked(run, lease)


@pytest.fixture
def place(world: Any) -> Iterator[Place]:
    with backend() as clients:
        yield Place(world, clients)


def test_it_is_put_back_with_its_digest_and_a_record(place: Place) -> None:
    assert place.asked() == ""
    assert place.now_stored() == FIRST
    items = {it["LockID"]["S"]: it for it in place.clients.dynamodb.scan(TableName=TABLE)["Items"]}
    assert list(items) == [f"{STATES}/{KEY}-md5"]
    assert items[f"{STATES}/{KEY}-md5"]["Digest"]["S"] == hashlib.md5(FIRST).hexdigest()
    record = unseal(place.world.remote.objects[RECORD])
    assert (record["version_id"], record["over_version_id"]) == (place.first, place.second)
    assert record["reason"] == "the digest fits it"


def test_a_run_does_it_once(place: Place) -> None:
    assert place.asked() == ""
    newer = body(resource("c"), serial=9)
    place.stored(newer)
    assert place.asked() == ""  # its first task was cleared
    assert place.now_stored() == newer


def test_a_state_that_was_deleted_comes_back(place: Place) -> None:
    place.clients.s3.delete_object(Bucket=STATES, Key=KEY)
    assert place.asked() == ""
    assert place.now_stored() == FIRST


def test_what_is_no_state_any_more_is_replaced(place: Place) -> None:
    place.stored(b"{")
    assert place.asked() == ""
    assert place.now_stored() == FIRST


def test_nobody_asked(place: Place) -> None:
    assert place.asked("") == ""
    assert place.now_stored() == SECOND


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"version": "demo"}, "is no <stack>:<version id>"),
        ({"version": "edge:1"}, "is no <stack>:<version id>"),
        ({"version": "demo:00000000-0000-0000-0000-000000000000"}, "version 00000000"),
        ({"reason": "  "}, "state_reason is blank"),
        ({"lease": control.THEIRS}, "LEASE"),
    ],
)
def test_why_it_is_not_put_back(place: Place, changes: dict[str, Any], why: str) -> None:
    assert why in place.asked(**changes)
    assert place.now_stored() == SECOND
    assert RECORD not in place.world.remote.objects


def test_a_version_that_is_no_state_is_not_put_back(place: Place) -> None:
    broken = place.stored(FIRST[:-9])
    place.stored(SECOND)
    assert "truncated" in place.asked(f"demo:{broken}")
    assert place.now_stored() == SECOND


def test_nothing_is_put_back_while_somebody_holds_the_lock(place: Place) -> None:
    place.clients.s3.put_object(Bucket=STATES, Key=f"{KEY}.tflock", Body=b"{}")
    assert place.asked()
    assert place.now_stored() == SECOND
    assert RECORD not in place.world.remote.objects


def test_nothing_is_put_back_beside_a_terraform_that_may_run(place: Place) -> None:
    owner = IntentOwner("m2_x", "dev_min.m2", "r", "t", 1)
    log = place.world.run("m2", "a_readiness", clients=place.clients).intents("demo")
    record = log.open("apply", owner, now())
    log._write(record | {"host": "another"})
    assert "TERRAFORM-STILL-RUNNING" in place.asked()
    assert place.now_stored() == SECOND


def test_evidence_that_takes_no_record_means_no_write(place: Place) -> None:
    place.world.remote.refusing = {"create"}
    assert place.asked()
    assert place.now_stored() == SECOND
