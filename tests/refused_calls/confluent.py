"""What the fake Confluent API refuses: these calls return the answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

from refused_calls.world import Call
from sandbox.confluent.credentials import CloudKey
from sandbox.confluent.organization import CRN

ENVIRONMENTS, CLUSTERS = "/org/v2/environments", "/cmk/v2/clusters"
ACCOUNTS, KEYS, BINDINGS = "/iam/v2/service-accounts", "/iam/v2/api-keys", "/iam/v2/role-bindings"
ALL = (ENVIRONMENTS, CLUSTERS, ACCOUNTS, KEYS, BINDINGS)
TODAY = datetime.now(UTC).date()
ACL = {
    "resource_type": "TOPIC",
    "resource_name": "there",
    "pattern_type": "LITERAL",
    "principal": "User:sa-1",
    "host": "*",
    "operation": "READ",
    "permission": "ALLOW",
}


def _asked(method: str, path: str, body: Any = None, **query: Any) -> Call:
    return lambda world: world.confluent.request(method, path, json=body, params=query)


def _kafka(method: str, rest: str, body: Any = None, **query: Any) -> Call:
    """Ask the cluster `there`; `kafka` comes first, for it makes what is in there."""
    return lambda world: world.kafka.request(
        method, f"/kafka/v3/clusters/{world.cluster}/{rest}", json=body, params=query
    )


def _with_cloud_key(method: str, rest: str) -> Call:
    return lambda world: world.confluent.request(
        method, f"/kafka/v3/clusters/{world.cluster}/{rest}", json={"partitions_count": 9, "data": []}
    )


def _costs(start: object = TODAY - timedelta(days=7), end: object = TODAY, **query: Any) -> Call:
    return _asked("GET", "/billing/v1/costs", **{"start_date": str(start), "end_date": str(end)} | query)


def _with_secret(key: str, secret: str) -> Call:
    return lambda world: world.sandbox.confluent(cloud_key=CloudKey(key or world.sandbox.cloud_key.key, secret)).get(
        ENVIRONMENTS
    )


_LISTED = {CLUSTERS: {"environment": "env-gone"}, BINDINGS: {"crn_pattern": f"{CRN}/*"}}
_CLOUD: dict[str, Call] = {
    **{
        f"GET {path}: a page of 101 is asked for": _asked("GET", path, page_size=101, **_LISTED.get(path, {}))
        for path in ALL
    },
    **{
        f"GET {path}: the token is of no page": _asked("GET", path, page_token="x", **_LISTED.get(path, {}))
        for path in ALL
    },
    **{f"POST {path}: the body is no object": _asked("POST", path, []) for path in ALL},
    **{
        f"{method} {path}/{{id}}: it is not there": _asked(method, f"{path}/gone", {"spec": {}})
        for path in ALL
        for method in ("GET", "PATCH", "DELETE")
        if (method, path) != ("PATCH", BINDINGS)
    },
    "*: there is no key": lambda world: world.confluent.get(ENVIRONMENTS, auth=("", "")),
    "*: the key's secret is wrong": _with_secret("", "wrong"),
    "*: the key is one of a cluster": lambda world: world.kafka.get(ENVIRONMENTS),
    "*: the path is none": _asked("GET", "/org/v2/nothing"),
    "*: a role binding is to change": _asked("PATCH", f"{BINDINGS}/rb-1", {}),
    f"POST {ENVIRONMENTS}: there is no name": _asked("POST", ENVIRONMENTS, {}),
    f"POST {ENVIRONMENTS}: the package is none": _asked(
        "POST", ENVIRONMENTS, {"display_name": "new", "stream_governance_config": {"package": "FREE"}}
    ),
    f"POST {ENVIRONMENTS}: the name is taken": (
        lambda world: world.environment and _asked("POST", ENVIRONMENTS, {"display_name": "there"})(world)
    ),
    f"PATCH {ENVIRONMENTS}/{{id}}: the name is another's": (
        lambda world: _asked("PATCH", f"{ENVIRONMENTS}/{world.environment}", {"display_name": "other"})(world)
    ),
    f"DELETE {ENVIRONMENTS}/{{id}}: it still holds a cluster": (
        lambda world: world.cluster and _asked("DELETE", f"{ENVIRONMENTS}/{world.environment}")(world)
    ),
    f"GET {CLUSTERS}: no environment is named": _asked("GET", CLUSTERS),
    f"GET {CLUSTERS}/{{id}}: it lies in another environment": (
        lambda world: _asked("GET", f"{CLUSTERS}/{world.cluster}", environment="env-gone")(world)
    ),
    f"POST {CLUSTERS}: the availability is none": (
        lambda world: _asked("POST", CLUSTERS, {"spec": world.cluster_spec | {"availability": "ALWAYS"}})(world)
    ),
    f"POST {CLUSTERS}: the cloud is none": (
        lambda world: _asked("POST", CLUSTERS, {"spec": world.cluster_spec | {"cloud": "OURS"}})(world)
    ),
    f"POST {CLUSTERS}: the environment is not there": (
        lambda world: _asked("POST", CLUSTERS, {"spec": world.cluster_spec | {"environment": {"id": "env-gone"}}})(
            world
        )
    ),
    f"PATCH {CLUSTERS}/{{id}}: it is to move to another region": (
        lambda world: _asked(
            "PATCH",
            f"{CLUSTERS}/{world.cluster}",
            {"spec": {"region": "us-east-1", "environment": {"id": world.environment}}},
        )(world)
    ),
    f"DELETE {CLUSTERS}/{{id}}: it is protected": (
        lambda world: _asked("DELETE", f"{CLUSTERS}/{world.cluster}", environment=world.environment)(world)
    ),
    f"POST {ACCOUNTS}: there is no name": _asked("POST", ACCOUNTS, {}),
    f"POST {ACCOUNTS}: the name is taken": (
        lambda world: world.service_account and _asked("POST", ACCOUNTS, {"display_name": "there"})(world)
    ),
    f"PATCH {ACCOUNTS}/{{id}}: the name is another's": (
        lambda world: _asked("PATCH", f"{ACCOUNTS}/{world.service_account}", {"display_name": "other"})(world)
    ),
    f"POST {KEYS}: no owner is named": _asked("POST", KEYS, {"spec": {"owner": {}}}),
    f"POST {KEYS}: the owner is not there": _asked("POST", KEYS, {"spec": {"owner": {"id": "sa-gone"}}}),
    f"POST {KEYS}: the cluster is not there": (
        lambda world: _asked(
            "POST", KEYS, {"spec": {"owner": {"id": world.service_account}, "resource": {"id": "lkc-gone"}}}
        )(world)
    ),
    f"GET {BINDINGS}: no pattern is named": _asked("GET", BINDINGS),
    f"POST {BINDINGS}: the principal is none": _asked(
        "POST", BINDINGS, {"principal": "sa-1", "role_name": "CloudClusterAdmin", "crn_pattern": CRN}
    ),
    "GET /billing/v1/costs: there is no start": _costs(start=""),
    "GET /billing/v1/costs: the end is no date": _costs(end="today"),
    "GET /billing/v1/costs: the end is the start": _costs(start=TODAY),
    "GET /billing/v1/costs: the period is longer than 31 days": _costs(start=TODAY - timedelta(days=32)),
    "GET /billing/v1/costs: the start is more than a year ago": _costs(
        TODAY - timedelta(days=400), TODAY - timedelta(days=390)
    ),
    "GET /billing/v1/costs: a page of more than ten thousand is asked for": _costs(page_size=10_001),
    "GET /billing/v1/costs: the token is of no page": _costs(page_token="x"),
}
_TOPICS, _TOPIC, _ACLS = "/clusters/{id}/topics", "/clusters/{id}/topics/{name}", "/clusters/{id}/acls"
_UNKNOWN = [{"name": "colour", "value": "red"}]
_PATHS = {
    f"GET {_TOPICS}": ("GET", "topics"),
    f"POST {_TOPICS}": ("POST", "topics"),
    f"GET {_TOPIC}": ("GET", "topics/{}"),
    f"PATCH {_TOPIC}": ("PATCH", "topics/{}"),
    f"DELETE {_TOPIC}": ("DELETE", "topics/{}"),
    f"GET {_TOPIC}/configs": ("GET", "topics/{}/configs"),
    f"POST {_TOPIC}/configs:alter": ("POST", "topics/{}/configs:alter"),
    f"GET {_ACLS}": ("GET", "acls"),
    f"POST {_ACLS}": ("POST", "acls"),
    f"DELETE {_ACLS}": ("DELETE", "acls"),
}
_KAFKA: dict[str, Call] = {
    **{
        f"{operation}: the key is not one of the cluster": _with_cloud_key(method, rest.format("there"))
        for operation, (method, rest) in _PATHS.items()
    },
    **{
        f"{operation}: the topic is not there": _kafka(method, rest.format("gone"), {"partitions_count": 9, "data": []})
        for operation, (method, rest) in _PATHS.items()
        if "{}" in rest
    },
    "*: the cluster is not there": lambda world: world.kafka.get("/kafka/v3/clusters/lkc-gone/topics"),
    f"POST {_TOPICS}: the topic is there": _kafka("POST", "topics", {"topic_name": "there"}),
    f"POST {_TOPICS}: the name holds a blank": _kafka("POST", "topics", {"topic_name": "a b"}),
    f"POST {_TOPICS}: the number of partitions is zero": _kafka(
        "POST", "topics", {"topic_name": "new", "partitions_count": 0}
    ),
    f"POST {_TOPICS}: a setting is none of a topic": _kafka(
        "POST", "topics", {"topic_name": "new", "configs": _UNKNOWN}
    ),
    f"PATCH {_TOPIC}: there would be fewer partitions": _kafka("PATCH", "topics/there", {"partitions_count": 2}),
    f"POST {_TOPIC}/configs:alter: a setting is none of a topic": _kafka(
        "POST", "topics/there/configs:alter", {"data": _UNKNOWN}
    ),
    f"POST {_ACLS}: a part is missing": _kafka("POST", "acls", {"operation": "READ"}),
    f"POST {_ACLS}: the operation is none": _kafka("POST", "acls", ACL | {"operation": "LOOK"}),
    f"GET {_ACLS}: the type of resource is none": _kafka("GET", "acls", resource_type="SECRET"),
    f"DELETE {_ACLS}: the permission is none": _kafka("DELETE", "acls", permission="PERHAPS"),
}
CALLS: dict[str, Call] = {
    **{f"Confluent Cloud {when}": call for when, call in _CLOUD.items()},
    **{f"Confluent Kafka REST {when}": call for when, call in _KAFKA.items()},
}
