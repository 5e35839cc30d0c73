"""Forgetting and putting back: on record first, under the lock, onto the version that was frozen, or not at all."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from httpx import URL

import factories_control as control
import factories_world as world_of
from factories_state import LINEAGE, NOW, backend, body, resource
from standins import three_stacks
from tidegate.answers import MalformedAnswer
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.canonical import unseal
from tidegate.lanes import operator_key
from tidegate.lanes.operator_key import fits, forget, put_back_if_standing, refused_now
from tidegate.lanes.run import ActionBlocked
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.operator_key import RefusedKey
from tidegate.models.plan import StackScope
from tidegate.models.state import StateResource
from tidegate.models.unsaved import ObjectVersion
from tidegate.terraform.state_writer import StateNotWritten

ENVIRONMENT = three_stacks()
STATES, TABLE = ENVIRONMENT.backend.bucket, ENVIRONMENT.backend.lock_table
KEY = "dev_min/confluent/terraform.tfstate"
CLUSTER = StateResource(address="confluent_kafka_cluster.this", type="confluent_kafka_cluster", id="lkc-1")
TOPIC = StateResource(
    address='confluent_kafka_topic.this["fraud.tx"]', type="confluent_kafka_topic", id="lkc-1/fraud.tx"
)
REFUSED = RefusedKey(key_id="OPKEY", cluster="lkc-1", status=401, seen_at=NOW, addresses=(TOPIC.address,))


def topic(name: str) -> dict[str, Any]:
    made = resource(
        id=f"lkc-1/{name}",
        credentials=[{"key": "OPKEY", "secret": "s3cr3t"}],
        kafka_cluster=[{"id": "lkc-1"}],
        rest_endpoint="http://127.0.0.1:1",
    )
    made["instances"][0]["index_key"] = name
    return {**made, "type": "confluent_kafka_topic", "name": "this"}


BEFORE = body({**resource(), "type": "confluent_kafka_cluster", "name": "this"}, topic("fraud.tx"))


class Place:
    """The state of confluent in a backend, and a scope that froze it; the cluster refuses its key."""

    def __init__(self, world: Any, clients: Clients) -> None:
        self.world, self.clients = world, clients
        self.version = self.stored(BEFORE)
        self.refused: tuple[RefusedKey, ...] = (REFUSED,)
        self.standing: Any = Known(())
        self.run: Any = world.run("m9", "e_confluent.destroy", clients=clients, environment=ENVIRONMENT)
        self.lease: Any = control.OURS
        self.intent: Any = Absent()
        self.run.acquire_lease = lambda: self.lease
        self.run.intents = lambda _stack: SimpleNamespace(unfinished=lambda: self.intent)

    def stored(self, content: bytes) -> str:
        return str(self.clients.s3.put_object(Bucket=STATES, Key=KEY, Body=content)["VersionId"])

    def now_stored(self) -> bytes:
        return bytes(self.clients.s3.get_object(Bucket=STATES, Key=KEY)["Body"].read())

    def scope(self, **changes: Any) -> StackScope:
        version = world_of.state_version(version_id=self.version, serial=7, lineage=LINEAGE)
        given = {"state": Known(version), "destroy_set": (CLUSTER, TOPIC), "refused_keys": (REFUSED,), **changes}
        return world_of.scope(stack="confluent", lifecycle="messaging", **given)

    def records(self, series: str) -> list[dict[str, Any]]:
        keys = self.world.remote.keys(f"control/dev_min/{series}/")
        return [unseal(self.world.remote.objects[key]) for key in keys]

    def lock(self) -> None:
        item = {
            "LockID": {"S": f"{STATES}/{KEY}"},
            "Info": {"S": json.dumps({"ID": "1", "Who": "a", "Operation": "b"})},
        }
        self.clients.dynamodb.put_item(TableName=TABLE, Item=item)


@pytest.fixture
def place(world: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    @contextmanager
    def api(_run: Any) -> Iterator[Any]:
        yield Known(None)

    with backend() as clients:
        place = Place(world, clients)
        monkeypatch.setattr(operator_key, "refused_now", lambda *_: place.refused)
        monkeypatch.setattr(operator_key, "confluent_api", api)
        monkeypatch.setattr(operator_key, "confluent_still_there", lambda *_: place.standing)
        yield place


def test_what_is_forgotten_is_on_record_with_the_version_of_before(place: Place) -> None:
    assert forget(place.run, place.scope()).version_id == place.version
    after = json.loads(place.now_stored())
    assert ([it["type"] for it in after["resources"]], after["serial"]) == (["confluent_kafka_cluster"], 8)
    (record,) = place.records("forgotten")
    assert (record["version_id"], record["addresses"]) == (place.version, [TOPIC.address])
    assert "s3cr3t" not in json.dumps(record)


def unchanged(place: Place) -> bool:
    return place.now_stored() == BEFORE and place.records("forgotten") == []


@pytest.mark.parametrize(
    "refused", [(), (replace(REFUSED, key_id="NEW"),), (replace(REFUSED, cluster="lkc-2"),)], ids=str
)
def test_a_refusal_of_another_time_forgets_nothing(place: Place, refused: Any) -> None:
    """What M9.B saw is asked again right before; a cluster that takes its key again is no reason any more."""
    place.refused = refused
    with pytest.raises(ActionBlocked, match="not those of the frozen scope"):
        forget(place.run, place.scope())
    assert unchanged(place)


def test_a_cluster_that_does_not_go_keeps_its_topics(place: Place) -> None:
    with pytest.raises(ActionBlocked, match="FORGET-OUTSIDE-SCOPE"):
        forget(place.run, place.scope(destroy_set=(TOPIC,)))
    assert unchanged(place)


def test_no_lock_no_mutation(place: Place) -> None:
    place.lock()
    with pytest.raises(ActionBlocked, match="LOCK"):
        forget(place.run, place.scope())
    assert unchanged(place)


def test_without_the_lease_nothing_is_forgotten(place: Place) -> None:
    place.lease = replace(control.OURS, ours=False)
    with pytest.raises(ActionBlocked, match="LEASE"):
        forget(place.run, place.scope())
    assert unchanged(place)


def test_a_state_that_moved_since_the_freeze(place: Place) -> None:
    frozen = place.scope()
    place.stored(BEFORE)
    with pytest.raises(ActionBlocked, match="not version"):
        forget(place.run, frozen)
    assert unchanged(place)


def test_a_state_that_moves_between_record_and_forgetting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    record, moved = operator_key.record, BEFORE.replace(b'"serial": 7', b'"serial": 9')

    def slow(*given: Any) -> None:
        record(*given)
        place.stored(moved)

    monkeypatch.setattr(operator_key, "record", slow)
    with pytest.raises(StateNotWritten):
        forget(place.run, place.scope())
    assert place.now_stored() == moved


def after_forgetting(place: Place) -> ObjectVersion:
    before = forget(place.run, place.scope())
    assert place.now_stored() != BEFORE
    return before


def test_a_cluster_that_still_stands_gets_its_state_back(place: Place) -> None:
    before = after_forgetting(place)
    place.standing = Known((CLUSTER,))
    with pytest.raises(ActionBlocked, match=f"lkc-1 still stands: version {place.version} of the state is put back"):
        put_back_if_standing(place.run, place.scope(), before)
    assert place.now_stored() == BEFORE
    (record,) = place.records("restored_states")
    assert (record["version_id"], record["stack"]) == (place.version, "confluent")


def test_a_cluster_that_is_gone_leaves_the_state_as_it_is(place: Place) -> None:
    before = after_forgetting(place)
    left = place.now_stored()
    put_back_if_standing(place.run, place.scope(), before)
    assert (place.now_stored(), place.records("restored_states")) == (left, [])


def test_a_cluster_of_which_nobody_can_tell(place: Place) -> None:
    before = after_forgetting(place)
    left, place.standing = place.now_stored(), Unreadable("401")
    with pytest.raises(ActionBlocked, match=place.version):
        put_back_if_standing(place.run, place.scope(), before)
    assert place.now_stored() == left


def test_a_locked_state_is_not_put_back_and_it_is_said(place: Place) -> None:
    before = after_forgetting(place)
    left, place.standing = place.now_stored(), Known((CLUSTER,))
    place.lock()
    with pytest.raises(ActionBlocked, match="not put back"):
        put_back_if_standing(place.run, place.scope(), before)
    assert place.now_stored() == left


@pytest.mark.parametrize(
    ("profile", "address", "may"),
    [
        ("sandbox", "http://127.0.0.1:1", True),
        ("sandbox", "https://pkc.example", False),
        ("production", "https://pkc.example", True),
        ("production", "http://pkc.example", False),
        ("production", "https://127.0.0.1", False),
    ],
)
def test_where_a_key_of_a_cluster_may_go(profile: str, address: str, may: bool) -> None:
    api: Any = SimpleNamespace(origin=URL(address))
    assert fits(profile, api) is may


def test_a_state_without_what_is_to_be_forgotten_is_left_as_it_is(place: Place) -> None:
    key = replace(REFUSED, addresses=(TOPIC.address, 'confluent_kafka_topic.this["other"]'))
    other = replace(TOPIC, address=key.addresses[1], id="lkc-1/other")
    place.refused = (key,)
    with pytest.raises(MalformedAnswer, match="does not hold"):
        forget(place.run, place.scope(refused_keys=(key,), destroy_set=(CLUSTER, TOPIC, other)))
    assert unchanged(place)


def test_of_other_stacks_no_key_is_even_looked_for(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_key, "read_state_object", lambda *_: pytest.fail("the state was read"))
    assert refused_now(world.run("m9", "b_scope_freeze", environment=ENVIRONMENT), "demo") == ()


def test_only_the_messaging_stack_has_such_keys_and_no_answer_is_no_refusal(world: Any) -> None:
    with backend() as clients:
        clients.s3.put_object(Bucket=STATES, Key=KEY, Body=BEFORE)
        run = world.run("m9", "b_scope_freeze", clients=clients, environment=ENVIRONMENT)
        assert refused_now(run, "demo") == ()
        assert refused_now(run, "confluent") == ()
    assert any("not known" in said for said in world.said)
