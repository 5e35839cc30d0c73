"""Only the cluster's own answer to its own key says that it refuses it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from factories_confluent import KEY, Clock
from factories_state import NOW, body, resource
from tidegate.answers import MalformedAnswer
from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.collectors.confluent.operator_key import ClusterKey, cluster_keys, refused_keys
from tidegate.models.confluent import CloudKey
from tidegate.models.observed import Known, Unreadable
from tidegate.models.operator_key import RefusedKey

OURS = ClusterKey(CloudKey(key="OPKEY", secret="s3cr3t"), "https://lkc.example", "lkc-1")
PLANTED = {"errors": [{"code": "401", "detail": "401 Unauthorized for the operator's key"}]}


def in_cluster(kind: str, name: str, *, key: Any = "OPKEY", cluster: str = "lkc-1") -> dict[str, Any]:
    made = resource(
        name,
        id=f"{cluster}/{name}",
        credentials=[{"key": key, "secret": "s3cr3t"}],
        kafka_cluster=[{"id": cluster}],
        rest_endpoint="https://lkc.example",
    )
    made["instances"][0]["index_key"] = f"{name}.v1"
    return {**made, "type": kind, "name": "this"}


def test_topics_and_acls_by_the_key_that_they_are_managed_with() -> None:
    state = body(
        resource("a"), in_cluster("confluent_kafka_topic", "fraud.tx"), in_cluster("confluent_kafka_acl", "READ")
    )
    assert cluster_keys(state) == {
        OURS: ('confluent_kafka_acl.this["READ.v1"]', 'confluent_kafka_topic.this["fraud.tx.v1"]')
    }


def test_another_key_and_another_cluster_are_asked_for_themselves() -> None:
    state = body(
        in_cluster("confluent_kafka_topic", "a"),
        in_cluster("confluent_kafka_topic", "b", key="OTHER"),
        in_cluster("confluent_kafka_topic", "c", cluster="lkc-2"),
    )
    assert len(cluster_keys(state)) == 3


@pytest.mark.parametrize("key", [None, "", 7])
def test_a_key_that_is_not_whole(key: Any) -> None:
    with pytest.raises(MalformedAnswer):
        cluster_keys(body(in_cluster("confluent_kafka_topic", "a", key=key)))


def asked(response: httpx.Response) -> Any:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return response

    @contextmanager
    def opened(key: ClusterKey) -> Iterator[ConfluentApi]:
        clock = Clock()
        transport = httpx.MockTransport(answer)
        with ConfluentApi(key.endpoint, key.key, transport=transport, clock=clock, pause=clock.pause) as api:
            yield api

    found = refused_keys({OURS: ("topic",)}, opened, NOW)
    assert str(seen[0].url) == "https://lkc.example/kafka/v3/clusters/lkc-1/topics"
    assert KEY.key not in str(seen[0].headers)
    return found


@pytest.mark.parametrize("status", [401, 403])
def test_the_cluster_refuses_it(status: int) -> None:
    refused = RefusedKey(key_id="OPKEY", cluster="lkc-1", status=status, seen_at=NOW, addresses=("topic",))
    assert asked(httpx.Response(status, text="<html>")) == Known((refused,))


def test_the_cluster_takes_it_whatever_it_says() -> None:
    assert asked(httpx.Response(200, json=PLANTED)) == Known(())


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_no_answer_that_says_yes_or_no(status: int) -> None:
    """A planted text that names 401 changes nothing."""
    found = asked(httpx.Response(status, json=PLANTED))
    assert isinstance(found, Unreadable)
    assert "s3cr3t" not in found.reason
