"""confluent_kafka_cluster (stand-in). Only the kinds with max_ecku are exercised; the others are declared."""

import time
from collections.abc import Iterator
from typing import Any, ClassVar

from sandbox.confluent.provider.client import ProviderProblem
from sandbox.confluent.provider.control_plane import GONE_KEY
from sandbox.confluent.provider.planning import UNKNOWN
from sandbox.confluent.provider.resource import PartlyMade, Resource, block, ignoring_gone
from sandbox.confluent.provider.schema import (
    BOOL,
    COMPUTED,
    ID,
    NUMBER,
    OPTIONAL,
    OPTIONAL_COMPUTED,
    STRINGS,
    Attribute,
    Block,
    Schema,
    Values,
    not_empty,
    one_of,
    reference,
    required,
)

CLUSTERS = "/cmk/v2/clusters"
KINDS = ("basic", "standard", "enterprise", "freight", "dedicated")
ZONES = {"SINGLE_ZONE": "LOW", "MULTI_ZONE": "HIGH"}
"""Old and new words for the same availability."""
ENDPOINTS = (
    '["list",["object",{"access_point_id":"string","bootstrap_endpoint":"string",'
    '"connection_type":"string","rest_endpoint":"string"}]]'
)
PROVISIONING_SECONDS = 60.0
PAUSE_SECONDS = 0.1

_ELASTIC = {"max_ecku": Attribute(NUMBER, optional=True, computed=True)}
_SAME_ZONES = Attribute(
    required=True,
    force_new=True,
    check=one_of("SINGLE_ZONE", "MULTI_ZONE", "LOW", "HIGH"),
    same=lambda old, new: bool(ZONES.get(old, old) == ZONES.get(new, new)),
)


class ClusterResource(Resource):
    """confluent_kafka_cluster."""

    name: ClassVar[str] = "confluent_kafka_cluster"
    schema: ClassVar[Schema] = Schema(
        {
            "id": ID,
            "display_name": required(not_empty),
            "api_version": COMPUTED,
            "kind": COMPUTED,
            "availability": _SAME_ZONES,
            "cloud": required(one_of("AWS", "AZURE", "GCP"), force_new=True),
            "region": required(force_new=True),
            "deletion_protection": Attribute(BOOL, optional=True),
            "bootstrap_endpoint": COMPUTED,
            "rest_endpoint": COMPUTED,
            "rbac_crn": COMPUTED,
            "endpoints": Attribute(ENDPOINTS, computed=True),
            "basic": Block(_ELASTIC),
            "standard": Block(_ELASTIC),
            "enterprise": Block(_ELASTIC),
            "freight": Block({**_ELASTIC, "zones": Attribute(STRINGS, computed=True)}),
            "dedicated": Block(
                {
                    "cku": Attribute(NUMBER, required=True),
                    "encryption_key": OPTIONAL_COMPUTED,
                    "zones": Attribute(STRINGS, computed=True),
                },
                largest=1,
            ),
            "environment": Block(reference(), smallest=1, largest=1, force_new=True),
            "network": Block(reference(), largest=1, computed=True),
            "byok_key": Block(reference(), largest=1, computed=True),
            "timeouts": Block({"create": OPTIONAL, "update": OPTIONAL}, single=True),
        },
        version=1,
    )

    @classmethod
    def config_problems(cls, config: Values) -> Iterator[str]:
        """Exactly one kind of cluster must be chosen."""
        chosen = [kind for kind in KINDS if config.get(kind)]
        if len(chosen) != 1:
            yield f"exactly one of {', '.join(KINDS)} must be given, not {', '.join(chosen) or 'none'}"

    def create(self, plan: Values) -> Values:
        """Make it and wait until it is provisioned. Raises PartlyMade when that cannot be seen."""
        kind = next(kind for kind in KINDS if plan[kind])
        size = block(plan, kind).get("max_ecku")
        spec: dict[str, Any] = {name: plan[name] for name in ("display_name", "availability", "cloud", "region")}
        spec["config"] = {"kind": kind.capitalize()} | ({"max_ecku": size} if size not in (None, UNKNOWN) else {})
        spec["environment"] = {"id": block(plan, "environment")["id"]}
        spec["deletion_protection"] = bool(plan.get("deletion_protection"))
        found = self._client.call("POST", CLUSTERS, {"spec": spec})
        try:
            return self._shown(self._provisioned(found))
        except ProviderProblem as problem:
            raise PartlyMade({"id": found["id"]}, problem) from problem

    def _provisioned(self, found: dict[str, Any]) -> dict[str, Any]:
        deadline = time.monotonic() + PROVISIONING_SECONDS
        while found["status"]["phase"] != "PROVISIONED":
            if time.monotonic() > deadline:
                raise ProviderProblem(f"cluster {found['id']} is still {found['status']['phase']}")
            time.sleep(PAUSE_SECONDS)
            query = {"environment": found["spec"]["environment"]["id"]}
            found = self._client.call("GET", f"{CLUSTERS}/{found['id']}", query=query)
        return found

    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""
        found = self._client.find(f"{CLUSTERS}/{state['id']}", _in(state), *GONE_KEY)
        return None if found is None else self._shown(found)

    def update(self, state: Values, plan: Values) -> Values:
        """Change name, protection, or how far it may grow."""
        changes = {name: plan[name] for name in ("display_name", "deletion_protection") if plan[name] != state[name]}
        kind = next(kind for kind in KINDS if plan[kind])
        size = block(plan, kind).get("max_ecku")
        if size not in (None, UNKNOWN, block(state, kind).get("max_ecku")):
            changes["config"] = {"kind": kind.capitalize(), "max_ecku": size}
        body = {"spec": changes | {"environment": {"id": block(state, "environment")["id"]}}}
        return self._shown(self._client.call("PATCH", f"{CLUSTERS}/{state['id']}", body))

    def delete(self, state: Values) -> None:
        """Take it away."""
        ignoring_gone(self._client, f"{CLUSTERS}/{state['id']}", _in(state), *GONE_KEY)

    def import_state(self, id_: str) -> Values:
        """Return what an import starts from: <environment>/<cluster>."""
        environment, slash, cluster = id_.partition("/")
        if not slash or "/" in cluster:
            raise ProviderProblem("the id of an import is <environment id>/<cluster id>")
        return {"id": cluster, "environment": [{"id": environment}]}

    def _shown(self, found: dict[str, Any]) -> Values:
        spec = found["spec"]
        kind = spec["config"]["kind"].lower()
        return {
            "id": found["id"],
            "api_version": found["api_version"],
            "kind": found["kind"],
            **{name: spec[name] for name in ("display_name", "availability", "cloud", "region")},
            "deletion_protection": spec.get("deletion_protection", False),
            "bootstrap_endpoint": spec["kafka_bootstrap_endpoint"],
            "rest_endpoint": spec["http_endpoint"],
            "rbac_crn": found["metadata"]["resource_name"].rpartition("/kafka=")[0],
            "endpoints": [],
            **{name: [] for name in KINDS},
            kind: [{"max_ecku": spec["config"].get("max_ecku")}],
            "environment": [{"id": spec["environment"]["id"]}],
            "network": [],
            "byok_key": [],
        }


def _in(state: Values) -> dict[str, str]:
    """The query that names a cluster's environment."""
    return {"environment": block(state, "environment")["id"]}
