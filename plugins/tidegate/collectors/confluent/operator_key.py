"""Does a Kafka cluster still take the keys with which a state manages its topics and ACLs? Asked live, at the cluster.

The verdict is the status of the cluster's own answer. What Terraform prints about a plan that failed is no proof: a
refused Cloud API key reads much alike, and anybody can put words into an error.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tidegate.answers import MalformedAnswer
from tidegate.collectors.aws.state import typed_instances_of
from tidegate.collectors.confluent.api import ConfluentApi, NoAnswer
from tidegate.models.confluent import CloudKey
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.operator_key import IN_CLUSTER, REFUSED, RefusedKey

API_SCOPES: tuple[str, ...] = ("GET /kafka/v3/clusters/{cluster_id}/topics",)
"""With a key of the cluster, not with the Cloud API key."""


@dataclass(frozen=True, slots=True)
class ClusterKey:
    """What a topic or an ACL in a state is managed with. Never a part of facts (ID4)."""

    key: CloudKey = field(repr=False)
    endpoint: str
    cluster: str


Open = Callable[[ClusterKey], AbstractContextManager[ConfluentApi]]
"""Opens a cluster's REST endpoint with a key of it. Raises NoAnswer for an address that may not be asked."""


def cluster_keys(body: bytes) -> dict[ClusterKey, tuple[str, ...]]:
    """By key the addresses of the topics and ACLs that a state manages with it. Raises MalformedAnswer."""
    found: dict[ClusterKey, list[str]] = defaultdict(list)
    try:
        document: Any = json.loads(body)
        for address, kind, instance in typed_instances_of(document):
            if kind in IN_CLUSTER:
                found[_key(instance["attributes"])].append(address)
    except (ValueError, LookupError, TypeError) as error:
        raise MalformedAnswer(f"the key of a topic or an ACL in the state: {type(error).__name__}") from error
    return {key: tuple(sorted(addresses)) for key, addresses in found.items()}


def refused_keys(
    keys: dict[ClusterKey, tuple[str, ...]], opened: Open, seen_at: datetime
) -> Observed[tuple[RefusedKey, ...]]:
    """Those of the keys that their clusters refuse. Unreadable: a cluster gave no answer that says yes or no."""
    found = []
    for each, addresses in keys.items():
        try:
            with opened(each) as api:
                api.get(api.url(f"/kafka/v3/clusters/{each.cluster}/topics"), api.deadline())
        except NoAnswer as error:
            if error.status not in REFUSED:
                return Unreadable(f"cluster {each.cluster}: {error}", transient=error.transient)
            found.append(
                RefusedKey(
                    key_id=each.key.key,
                    cluster=each.cluster,
                    status=error.status,
                    seen_at=seen_at,
                    addresses=addresses,
                )
            )
    return Known(tuple(found))


def _key(attributes: dict[str, Any]) -> ClusterKey:
    (credentials,), (cluster,) = attributes["credentials"], attributes["kafka_cluster"]
    texts = credentials["key"], credentials["secret"], attributes["rest_endpoint"], cluster["id"]
    if not all(isinstance(text, str) and text for text in texts):
        raise MalformedAnswer("the key of a topic or an ACL in the state is not whole")
    key, secret, endpoint, id_ = texts
    return ClusterKey(CloudKey(key=key, secret=secret), endpoint, id_)
