"""confluent_environment, _service_account, _api_key and _role_binding, and the data source confluent_organization.

Stand-in: the schemas follow what is known of the real provider 2.83.0, field by field (a test compares them with a
table); what the verbs do is written for the fake API. Waits of the real provider, minutes in all, are left out.
"""

from typing import Any, ClassVar

from sandbox.confluent.provider.client import ProviderProblem
from sandbox.confluent.provider.planning import UNKNOWN
from sandbox.confluent.provider.resource import DataSource, Resource, block, ignoring_gone
from sandbox.confluent.provider.schema import (
    BOOL,
    COMPUTED,
    ID,
    OPTIONAL,
    OPTIONAL_COMPUTED,
    Attribute,
    Block,
    Schema,
    Values,
    matching,
    not_empty,
    one_of,
    reference,
    required,
)

ENVIRONMENTS = "/org/v2/environments"
SERVICE_ACCOUNTS = "/iam/v2/service-accounts"
API_KEYS = "/iam/v2/api-keys"
ROLE_BINDINGS = "/iam/v2/role-bindings"
WAIT_FLAG = Attribute(BOOL, optional=True, default=False)
GONE_KEY = (404, 403)
"""A deleted API key or cluster answers 403."""


class EnvironmentResource(Resource):
    """confluent_environment."""

    name: ClassVar[str] = "confluent_environment"
    schema: ClassVar[Schema] = Schema(
        {
            "id": ID,
            "display_name": required(not_empty),
            "resource_name": COMPUTED,
            "stream_governance": Block(
                {"package": required(one_of("ESSENTIALS", "ADVANCED"))}, largest=1, computed=True
            ),
        }
    )

    def create(self, plan: Values) -> Values:
        """Make it."""
        return _environment(self._client.call("POST", ENVIRONMENTS, _environment_body(plan)))

    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""
        found = self._client.find(f"{ENVIRONMENTS}/{state['id']}")
        return None if found is None else _environment(found)

    def update(self, state: Values, plan: Values) -> Values:
        """Change name or governance package."""
        return _environment(self._client.call("PATCH", f"{ENVIRONMENTS}/{state['id']}", _environment_body(plan)))

    def delete(self, state: Values) -> None:
        """Take it away."""
        ignoring_gone(self._client, f"{ENVIRONMENTS}/{state['id']}")


def _environment_body(plan: Values) -> Values:
    package = block(plan, "stream_governance").get("package")
    governance = {"stream_governance_config": {"package": package}} if package else {}
    return {"display_name": plan["display_name"], **governance}


def _environment(found: dict[str, Any]) -> Values:
    package = (found.get("stream_governance_config") or {}).get("package")
    return {
        "id": found["id"],
        "display_name": found["display_name"],
        "resource_name": found["metadata"]["resource_name"],
        "stream_governance": [{"package": package}] if package else [],
    }


class ServiceAccountResource(Resource):
    """confluent_service_account."""

    name: ClassVar[str] = "confluent_service_account"
    schema: ClassVar[Schema] = Schema(
        {
            "id": ID,
            "display_name": required(not_empty),
            "description": OPTIONAL_COMPUTED,
            "api_version": COMPUTED,
            "kind": COMPUTED,
        }
    )

    def create(self, plan: Values) -> Values:
        """Make it."""
        body = {name: plan[name] for name in ("display_name", "description") if plan[name] not in (UNKNOWN, None)}
        return self._shown(self._client.call("POST", SERVICE_ACCOUNTS, body))

    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""
        found = self._client.find(f"{SERVICE_ACCOUNTS}/{state['id']}")
        return None if found is None else self._shown(found)

    def update(self, state: Values, plan: Values) -> Values:
        """Change name or description."""
        body = {name: plan[name] for name in ("display_name", "description")}
        return self._shown(self._client.call("PATCH", f"{SERVICE_ACCOUNTS}/{state['id']}", body))

    def delete(self, state: Values) -> None:
        """Take it away."""
        ignoring_gone(self._client, f"{SERVICE_ACCOUNTS}/{state['id']}")

    def _shown(self, found: dict[str, Any]) -> Values:
        return {name: found.get(name, "") for name in self.schema.body}


class ApiKeyResource(Resource):
    """confluent_api_key. The API tells the secret once; afterwards it lives in Terraform's state alone."""

    name: ClassVar[str] = "confluent_api_key"
    schema: ClassVar[Schema] = Schema(
        {
            "id": ID,
            "display_name": OPTIONAL,
            "description": OPTIONAL,
            "secret": Attribute(computed=True, sensitive=True),
            "disable_wait_for_ready": WAIT_FLAG,
            "owner": Block(reference("kind", "api_version"), smallest=1, largest=1, force_new=True),
            "managed_resource": Block(reference("kind", "api_version", environment=True), largest=1, force_new=True),
        }
    )

    def create(self, plan: Values) -> Values:
        """Make it."""
        owner, resource = block(plan, "owner"), block(plan, "managed_resource")
        spec = {name: plan[name] or "" for name in ("display_name", "description")}
        body: dict[str, Any] = {**spec, "owner": {name: owner[name] for name in ("id", "kind")}}
        if resource:
            body["resource"] = {name: resource[name] for name in ("id", "kind", "api_version")}
        made = self._client.call("POST", API_KEYS, {"spec": body})
        return self._shown(made, plan) | {"secret": made["spec"]["secret"]}

    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""
        found = self._client.find(f"{API_KEYS}/{state['id']}", None, *GONE_KEY)
        return None if found is None else self._shown(found, state)

    def update(self, state: Values, plan: Values) -> Values:
        """Change name or description."""
        spec = {name: plan[name] or "" for name in ("display_name", "description")}
        found = self._client.call("PATCH", f"{API_KEYS}/{state['id']}", {"spec": spec})
        return self._shown(found, plan) | {"secret": state["secret"]}

    def delete(self, state: Values) -> None:
        """Take it away."""
        ignoring_gone(self._client, f"{API_KEYS}/{state['id']}", None, *GONE_KEY)

    def import_state(self, id_: str) -> Values:
        """Refuse: the secret of an existing key cannot be read."""
        raise ProviderProblem("the stand-in does not import confluent_api_key")

    def _shown(self, found: dict[str, Any], known: Values) -> Values:
        spec = found["spec"]
        environment = block(known, "managed_resource").get("environment") or []
        is_cloud_key = spec["resource"]["kind"].lower() == "cloud"
        return {
            "id": found["id"],
            "display_name": spec.get("display_name", ""),
            "description": spec.get("description", ""),
            "owner": [_pointer(spec["owner"])],
            "managed_resource": [] if is_cloud_key else [_pointer(spec["resource"]) | {"environment": environment}],
        }


def _pointer(found: dict[str, Any]) -> Values:
    return {name: found.get(name) for name in ("id", "kind", "api_version")}


class RoleBindingResource(Resource):
    """confluent_role_binding."""

    name: ClassVar[str] = "confluent_role_binding"
    schema: ClassVar[Schema] = Schema(
        {
            "id": ID,
            "principal": required(matching("^User:.+$", "must be User: and an id"), force_new=True),
            "role_name": required(force_new=True),
            "crn_pattern": required(matching("^crn://.+$", "must begin with crn://"), force_new=True),
            "disable_wait_for_ready": WAIT_FLAG,
        }
    )

    def create(self, plan: Values) -> Values:
        """Make it."""
        body = {name: plan[name] for name in ("principal", "role_name", "crn_pattern")}
        return self._shown(self._client.call("POST", ROLE_BINDINGS, body))

    def read(self, state: Values) -> Values | None:
        """Look at it; None when it is gone."""
        found = self._client.find(f"{ROLE_BINDINGS}/{state['id']}")
        return None if found is None else self._shown(found)

    def update(self, state: Values, plan: Values) -> Values:
        """Change nothing: the waiting flag is Terraform's alone."""
        return {}

    def delete(self, state: Values) -> None:
        """Take it away."""
        ignoring_gone(self._client, f"{ROLE_BINDINGS}/{state['id']}")

    def _shown(self, found: dict[str, Any]) -> Values:
        return {name: found[name] for name in ("id", "principal", "role_name", "crn_pattern")}


class OrganizationData(DataSource):
    """data.confluent_organization: read off the first environment, as the real provider does."""

    name: ClassVar[str] = "confluent_organization"
    schema: ClassVar[Schema] = Schema({"id": COMPUTED, "resource_name": COMPUTED})

    def read(self, config: Values) -> Values:
        """Look it up."""
        first = self._client.call("GET", ENVIRONMENTS)["data"][0]["metadata"]["resource_name"]
        name = str(first).rpartition("/environment=")[0]
        return {"id": name.rpartition("=")[2], "resource_name": name}
