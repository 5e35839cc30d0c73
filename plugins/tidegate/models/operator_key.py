"""The key with which Terraform manages what lives inside a Kafka cluster, when the cluster refuses it."""

from dataclasses import dataclass
from datetime import datetime

CLUSTER = "confluent_kafka_cluster"
IN_CLUSTER = frozenset({"confluent_kafka_topic", "confluent_kafka_acl"})
"""Types that Terraform reads and deletes with a key of the cluster alone; they go with their cluster."""
REFUSED = frozenset({401, 403})
"""HTTP statuses by which a cluster says that it does not take a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedKey:
    """A key of a cluster that the cluster itself refused in this run, asked live. Its secret is no part of it (ID4)."""

    key_id: str
    cluster: str
    """The id of the cluster that refused it: `lkc-...`."""
    status: int
    """HTTP status of the answer."""
    seen_at: datetime
    addresses: tuple[str, ...]
    """Topics and ACLs that the state manages with this key."""


def cluster_of(resource_id: str) -> str:
    """The cluster of a topic or an ACL, by its id in a state: `lkc-1/name`."""
    return resource_id.partition("/")[0]
