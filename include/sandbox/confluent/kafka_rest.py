"""Topics, their configuration and ACLs of the fake Kafka REST API, version 3 (labelled stand-in).

Calls carry a key of the cluster, not a Cloud key: /kafka/v3/clusters/<lkc>/topics, .../acls
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from sandbox.confluent.messages import Reply, Request
from sandbox.confluent.organization import Acl, Cluster, Organization, Topic
from sandbox.confluent.problems import ApiProblem
from sandbox.refusals import EVERY, Kinder, Refusal

SERVICE = "Confluent Kafka REST"
_REFERENCE = "https://docs.confluent.io/platform/current/kafka-rest/api.html"
_SETTINGS_REFERENCE = "https://docs.confluent.io/cloud/current/topics/manage.html"
_TOPICS, _TOPIC, _ACLS = "/clusters/{id}/topics", "/clusters/{id}/topics/{name}", "/clusters/{id}/acls"
_OF_A_TOPIC = (
    f"GET {_TOPIC}",
    f"PATCH {_TOPIC}",
    f"DELETE {_TOPIC}",
    f"GET {_TOPIC}/configs",
    f"POST {_TOPIC}/configs:alter",
)
OPERATIONS = (f"GET {_TOPICS}", f"POST {_TOPICS}", *_OF_A_TOPIC, f"GET {_ACLS}", f"POST {_ACLS}", f"DELETE {_ACLS}")
REFUSALS = (
    *(Refusal(each, "401 401", "the key is not one of the cluster", _REFERENCE) for each in OPERATIONS),
    *(Refusal(each, "404 40403", "the topic is not there", _REFERENCE) for each in _OF_A_TOPIC),
    Refusal(EVERY, "404 404", "the cluster is not there", _REFERENCE),
    Refusal(f"POST {_TOPICS}", "400 40002", "the topic is there", _REFERENCE),
    Refusal(f"POST {_TOPICS}", "400 40002", "the name holds a blank", _REFERENCE),
    Refusal(f"POST {_TOPICS}", "400 40002", "the number of partitions is zero", _REFERENCE),
    Refusal(f"POST {_TOPICS}", "400 40002", "a setting is none of a topic", _SETTINGS_REFERENCE),
    Refusal(f"PATCH {_TOPIC}", "400 40002", "there would be fewer partitions", _REFERENCE),
    Refusal(f"POST {_TOPIC}/configs:alter", "400 40002", "a setting is none of a topic", _SETTINGS_REFERENCE),
    Refusal(f"POST {_ACLS}", "400 40002", "a part is missing", _REFERENCE),
    Refusal(f"POST {_ACLS}", "400 40002", "the operation is none", _REFERENCE),
    Refusal(f"GET {_ACLS}", "400 40002", "the type of resource is none", _REFERENCE),
    Refusal(f"DELETE {_ACLS}", "400 40002", "the permission is none", _REFERENCE),
)
KINDER = (
    Kinder(EVERY, "403 40301", "a key opens its whole cluster: ACLs are stored, not enforced"),
    Kinder(EVERY, "429 429", "no rate is counted; the fault `throttle` makes the answer"),
    Kinder(
        f"POST {_TOPICS}", "400 40002", "values of settings, and how many partitions a cluster may have, are not judged"
    ),
)
DEFAULT_PARTITIONS = 6
REPLICATION = 3
ACL_PARTS = tuple(part.name for part in fields(Acl))
_PATH = re.compile(r"/kafka/v3/clusters/(?P<cluster>[^/]+)/(?P<what>topics|acls)(?:/(?P<name>[^/]+))?(?P<more>/.+)?")


SETTINGS = frozenset(
    {"cleanup.policy", "compression.type", "delete.retention.ms", "file.delete.delay.ms", "flush.messages", "flush.ms"}
    | {"follower.replication.throttled.replicas", "index.interval.bytes", "leader.replication.throttled.replicas"}
    | {"local.retention.bytes", "local.retention.ms", "max.compaction.lag.ms", "max.message.bytes"}
    | {"message.downconversion.enable", "message.timestamp.after.max.ms", "message.timestamp.before.max.ms"}
    | {"message.timestamp.difference.max.ms", "message.timestamp.type", "min.cleanable.dirty.ratio"}
    | {"min.compaction.lag.ms", "min.insync.replicas", "preallocate", "remote.storage.enable", "retention.bytes"}
    | {"retention.ms", "segment.bytes", "segment.index.bytes", "segment.jitter.ms", "segment.ms"}
    | {"unclean.leader.election.enable"}
)
"""What can be set of a topic; Confluent's own settings begin with `confluent.`."""
ACL_VALUES = {
    "resource_type": {"TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN"},
    "pattern_type": {"LITERAL", "PREFIXED"},
    "operation": {"ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "CLUSTER_ACTION"}
    | {"DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE"},
    "permission": {"ALLOW", "DENY"},
}
"""What the parts of a rule may be that come from a list; a filter may say `ANY`, and `MATCH` of a pattern."""


class Setting(BaseModel):
    """One configuration value of a topic, or (`operation` DELETE) one to take back."""

    name: str = Field(min_length=1)
    value: str | None = None
    operation: Literal["SET", "DELETE"] = "SET"


class NewTopic(BaseModel):
    """What is asked for in a topic."""

    topic_name: str = Field(pattern=r"^[a-zA-Z0-9._-]{1,249}$")
    partitions_count: int = Field(default=DEFAULT_PARTITIONS, ge=1)
    configs: list[Setting] = []


class Partitions(BaseModel):
    """How many partitions a topic is to have."""

    partitions_count: int = Field(ge=1)


class Alteration(BaseModel):
    """Changes of a topic's configuration."""

    data: list[Setting]


class KafkaRest:
    """Answers for every cluster of the organization."""

    def __init__(self, organization: Organization, base_url: str) -> None:
        self._organization = organization
        self._base_url = base_url

    def answer(self, request: Request) -> Reply:
        """Answer a call. Raises ApiProblem: 404 for a cluster that is gone, 401 for a key that is not the cluster's."""
        match = _PATH.fullmatch(request.path)
        cluster = self._organization.clusters.get(match["cluster"]) if match else None
        if match is None or cluster is None:
            raise ApiProblem(404, "404", "Not Found")
        self._authenticate(request, cluster)
        try:
            return self._route(request, cluster, match)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            raise _bad(f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}") from error

    def _route(self, request: Request, cluster: Cluster, match: re.Match[str]) -> Reply:
        if match["what"] == "acls":
            return self._acls(request, cluster)
        if match["name"] is None:
            return self._topics(request, cluster)
        if match["name"] not in cluster.topics:
            raise ApiProblem(404, "40403", "This server does not host this topic-partition.")
        topic = cluster.topics[match["name"]]
        return (
            self._configs(request, cluster, topic, match["more"])
            if match["more"]
            else self._topic(request, cluster, topic)
        )

    def _authenticate(self, request: Request, cluster: Cluster) -> None:
        id_, secret = request.credentials or ("", "")
        key = self._organization.api_keys.get(id_)
        if key is None or key.secret != secret or key.resource != cluster.id:
            raise ApiProblem(401, "401", "Unauthorized")

    def _topics(self, request: Request, cluster: Cluster) -> Reply:
        if request.method == "GET":
            return _list("KafkaTopicList", [self._shown(cluster, each) for each in cluster.topics.values()])
        _only(request, "POST")
        wanted = NewTopic.model_validate(request.json())
        if wanted.topic_name in cluster.topics:
            raise _bad(f"Topic '{wanted.topic_name}' already exists.")
        _known_settings(wanted.configs)
        config = {each.name: each.value or "" for each in wanted.configs}
        topic = Topic(wanted.topic_name, wanted.partitions_count, config)
        cluster.topics[topic.name] = topic
        return Reply(201, self._shown(cluster, topic))

    def _topic(self, request: Request, cluster: Cluster, topic: Topic) -> Reply:
        match request.method:
            case "GET":
                return Reply(200, self._shown(cluster, topic))
            case "PATCH":
                wanted = Partitions.model_validate(request.json()).partitions_count
                if wanted < topic.partitions:
                    raise _bad(f"Topic currently has {topic.partitions} partitions, more than the requested {wanted}.")
                topic.partitions = wanted
                return Reply(200, self._shown(cluster, topic))
            case "DELETE":
                del cluster.topics[topic.name]
                return Reply(204)
        raise ApiProblem(405, "405", "Method Not Allowed")

    def _configs(self, request: Request, cluster: Cluster, topic: Topic, more: str) -> Reply:
        if (request.method, more) == ("GET", "/configs"):
            common = {"kind": "KafkaTopicConfig", "cluster_id": cluster.id, "topic_name": topic.name}
            flags = {
                "source": "DYNAMIC_TOPIC_CONFIG",
                "is_default": False,
                "is_read_only": False,
                "is_sensitive": False,
            }
            rows = [{**common, **flags, "name": name, "value": value} for name, value in topic.config.items()]
            return _list("KafkaTopicConfigList", rows)
        if (request.method, more) == ("POST", "/configs:alter"):
            changes = Alteration.model_validate(request.json()).data
            _known_settings(changes)
            for change in changes:
                if change.operation == "DELETE":
                    topic.config.pop(change.name, None)
                else:
                    topic.config[change.name] = change.value or ""
            return Reply(204)
        raise ApiProblem(404, "404", "Not Found")

    def _acls(self, request: Request, cluster: Cluster) -> Reply:
        if request.method == "POST":
            body = request.json()
            if missing := [part for part in ACL_PARTS if not body.get(part)]:
                raise _bad(f"{', '.join(missing)} must be given")
            _known_parts(body)
            cluster.acls.add(Acl(**{part: str(body[part]) for part in ACL_PARTS}))
            return Reply(201)
        _known_parts({part: value for part, value in request.query.items() if value not in {"ANY", "MATCH"}})
        wanted = {part: request.query[part] for part in ACL_PARTS if part in request.query}
        found = [each for each in cluster.acls if wanted.items() <= asdict(each).items()]
        if request.method == "DELETE":
            cluster.acls.difference_update(found)
        else:
            _only(request, "GET")
        rows = [{"kind": "KafkaAcl", "cluster_id": cluster.id, **asdict(each)} for each in found]
        return _list("KafkaAclList", sorted(rows, key=lambda row: [row[part] for part in ACL_PARTS]))

    def _shown(self, cluster: Cluster, topic: Topic) -> dict[str, Any]:
        return {
            "kind": "KafkaTopic",
            "metadata": {"self": f"{self._base_url}/kafka/v3/clusters/{cluster.id}/topics/{topic.name}"},
            "cluster_id": cluster.id,
            "topic_name": topic.name,
            "is_internal": False,
            "replication_factor": REPLICATION,
            "partitions_count": topic.partitions,
        }


def _list(kind: str, rows: list[dict[str, Any]]) -> Reply:
    return Reply(200, {"kind": kind, "metadata": {"next": None}, "data": rows})


def _known_settings(settings: Iterable[Setting]) -> None:
    """Refuse a setting that topics lack. Raises ApiProblem."""
    for each in settings:
        if each.name not in SETTINGS and not each.name.startswith("confluent."):
            raise _bad(f"Unknown topic config name: {each.name}")


def _known_parts(given: Mapping[str, Any]) -> None:
    """Refuse a part of a rule that is none of its list. Raises ApiProblem."""
    for part, allowed in ACL_VALUES.items():
        if part in given and given[part] not in allowed:
            raise _bad(f"Invalid {part}: {given[part]}")


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise ApiProblem(405, "405", "Method Not Allowed")


def _bad(detail: str) -> ApiProblem:
    return ApiProblem(400, "40002", detail)
