"""confluent_kafka_topic and confluent_kafka_acl (stand-in): they live in a cluster and carry a key of it."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from sandbox.confluent.provider.client import Key, ProviderProblem
from sandbox.confluent.provider.planning import Path
from sandbox.confluent.provider.resource import PartlyMade, Resource, block
from sandbox.confluent.provider.schema import (
    ID,
    NUMBER,
    STRING_MAP,
    Attribute,
    Block,
    Schema,
    Values,
    matching,
    one_of,
    reference,
    required,
)

DEFAULT_PARTITIONS = 6
ACL_PARTS = (
    "resource_type",
    "resource_name",
    "pattern_type",
    "principal",
    "host",
    "operation",
    "permission",
)
RESOURCE_TYPES = ("UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN")
PATTERN_TYPES = ("UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED")
PERMISSIONS = ("UNKNOWN", "ANY", "DENY", "ALLOW")
OPERATIONS = (
    *("UNKNOWN", "ANY", "ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "CLUSTER_ACTION"),
    *("DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE"),
)

_CLUSTER = Block(
    reference(check=matching("^lkc-", "the Kafka cluster's id must begin with lkc-")), largest=1, force_new=True
)
_CREDENTIALS = Block({"key": required(sensitive=True), "secret": required(sensitive=True)}, largest=1)


class KafkaResource(Resource):
    """What both have: the calls to the cluster's own REST endpoint."""

    def _call(
        self, values: Values, method: str, path: str, body: object = None, query: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        credentials, endpoint = block(values, "credentials"), values.get("rest_endpoint")
        if not (block(values, "kafka_cluster") and credentials and endpoint):
            raise ProviderProblem("the stand-in needs kafka_cluster, rest_endpoint and credentials on the resource")
        key = Key(credentials["key"], credentials["secret"])
        path = f"/kafka/v3/clusters/{_cluster(values)}{path}"
        return self._client.call(method, path, body, query, base=endpoint, key=key)

    def _find(self, values: Values, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        try:
            return self._call(values, "GET", path, query=query)
        except ProviderProblem as problem:
            if problem.status == 404:
                return None
            raise

    def _remove(self, values: Values, path: str, query: Mapping[str, str] | None = None) -> None:
        try:
            self._call(values, "DELETE", path, query=query)
        except ProviderProblem as problem:
            if problem.status != 404:
                raise


def _cluster(values: Values) -> str:
    return str(block(values, "kafka_cluster")["id"])


class TopicResource(KafkaResource):
    """confluent_kafka_topic."""

    name: ClassVar[str] = "confluent_kafka_topic"
    schema: ClassVar[Schema] = Schema(
        {
            "id": ID,
            "topic_name": required(
                matching(r"^[a-zA-Z0-9._\-]{1,249}$", "a topic's name has letters, digits, dot, _ and - only"),
                force_new=True,
            ),
            "partitions_count": Attribute(
                NUMBER,
                optional=True,
                default=DEFAULT_PARTITIONS,
                check=lambda count: None if count >= 1 else "must be at least 1",
            ),
            "rest_endpoint": Attribute(optional=True, check=matching("^http", "must be a URL")),
            "config": Attribute(STRING_MAP, optional=True, computed=True),
            "kafka_cluster": _CLUSTER,
            "credentials": _CREDENTIALS,
        },
        version=2,
    )

    @classmethod
    def more_replacements(cls, state: Values, plan: Values) -> Iterator[Path]:
        """Fewer partitions need a new topic."""
        if plan["partitions_count"] < state["partitions_count"]:
            yield ("partitions_count",)

    def create(self, plan: Values) -> Values:
        """Make it. Raises PartlyMade when it cannot be read afterwards."""
        config = plan["config"] if isinstance(plan["config"], dict) else {}
        body = {
            "topic_name": plan["topic_name"],
            "partitions_count": plan["partitions_count"],
            "configs": [{"name": name, "value": value} for name, value in config.items()],
        }
        self._call(plan, "POST", "/topics", body)
        return _made(self, plan, _topic_id(plan))

    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""
        path = f"/topics/{state['topic_name']}"
        topic = self._find(state, path)
        configs = None if topic is None else self._find(state, f"{path}/configs")
        if topic is None or configs is None:
            return None
        changed = [each for each in configs["data"] if each["source"] == "DYNAMIC_TOPIC_CONFIG"]
        return {
            "id": _topic_id(state),
            "topic_name": topic["topic_name"],
            "partitions_count": topic["partitions_count"],
            "config": {each["name"]: each["value"] for each in changed},
        }

    def update(self, state: Values, plan: Values) -> Values:
        """Change partitions or configuration, or only the key that is used."""
        path = f"/topics/{plan['topic_name']}"
        if plan["partitions_count"] != state["partitions_count"]:
            self._call(plan, "PATCH", path, {"partitions_count": plan["partitions_count"]})
        before, after = state["config"] or {}, plan["config"] or {}
        changes = [{"name": name, "operation": "DELETE"} for name in before if name not in after]
        changes += [{"name": name, "value": value} for name, value in after.items() if before.get(name) != value]
        if changes:
            self._call(plan, "POST", f"{path}/configs:alter", {"data": changes})
        return _there(self.read(plan), self.name)

    def delete(self, state: Values) -> None:
        """Take it away."""
        self._remove(state, f"/topics/{state['topic_name']}")

    def import_state(self, id_: str) -> Values:
        """Return what an import starts from: <cluster>/<topic>, and three environment variables."""
        cluster, _, topic = id_.partition("/")
        names = ("IMPORT_KAFKA_REST_ENDPOINT", "IMPORT_KAFKA_API_KEY", "IMPORT_KAFKA_API_SECRET")
        if missing := [name for name in names if name not in os.environ]:
            raise ProviderProblem(f"an import of a topic needs {', '.join(missing)} in the environment")
        endpoint, key, secret = (os.environ[name] for name in names)
        return {
            "id": id_,
            "topic_name": topic,
            "rest_endpoint": endpoint,
            "kafka_cluster": [{"id": cluster}],
            "credentials": [{"key": key, "secret": secret}],
        }


def _topic_id(values: Values) -> str:
    return f"{_cluster(values)}/{values['topic_name']}"


class AclResource(KafkaResource):
    """confluent_kafka_acl."""

    name: ClassVar[str] = "confluent_kafka_acl"
    schema: ClassVar[Schema] = Schema(
        {
            "id": ID,
            "resource_type": required(one_of(*RESOURCE_TYPES), force_new=True),
            "resource_name": required(force_new=True),
            "pattern_type": required(one_of(*PATTERN_TYPES), force_new=True),
            "principal": required(force_new=True),
            "host": required(force_new=True),
            "operation": required(one_of(*OPERATIONS), force_new=True),
            "permission": required(one_of(*PERMISSIONS), force_new=True),
            "rest_endpoint": Attribute(optional=True, force_new=True),
            "kafka_cluster": _CLUSTER,
            "credentials": _CREDENTIALS,
        },
        version=2,
    )

    def create(self, plan: Values) -> Values:
        """Make it. Raises PartlyMade when it cannot be read afterwards."""
        self._call(plan, "POST", "/acls", _parts(plan))
        return _made(self, plan, _acl_id(plan))

    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""
        found = self._find(state, "/acls", _parts(state))
        return {"id": _acl_id(state), **_parts(found["data"][0])} if found and found["data"] else None

    def update(self, state: Values, plan: Values) -> Values:
        """Change only the key that is used."""
        return _there(self.read(plan), self.name)

    def delete(self, state: Values) -> None:
        """Take it away."""
        self._remove(state, "/acls", _parts(state))


def _parts(values: Mapping[str, Any]) -> dict[str, str]:
    return {part: values[part] for part in ACL_PARTS}


def _acl_id(values: Values) -> str:
    return f"{_cluster(values)}/" + "#".join(_parts(values).values())


def _made(resource: KafkaResource, plan: Values, id_: str) -> Values:
    try:
        return _there(resource.read(plan), resource.name)
    except ProviderProblem as problem:
        raise PartlyMade({"id": id_}, problem) from problem


def _there(found: Values | None, name: str) -> Values:
    if found is None:
        raise ProviderProblem(f"{name}: it is gone right after it was written")
    return found
