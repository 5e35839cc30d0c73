"""What one organization of the fake Confluent Cloud holds (labelled stand-in). It lives as long as the process."""

import secrets
import string
import threading
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from sandbox.confluent.problems import ApiProblem, conflict, forbidden, not_found

ORGANIZATION = "5a1d0b0c-0000-4000-8000-5a4db0cc0000"
CRN = f"crn://confluent.cloud/organization={ORGANIZATION}"
CLOUD = "Cloud"
"""The kind of resource that an API key without a managed resource is for."""

_ID_LETTERS = string.ascii_lowercase + string.digits
_KEY_LETTERS = string.ascii_uppercase + string.digits

Thing = TypeVar("Thing")
Kind = Literal["environments", "clusters", "service_accounts", "api_keys", "role_bindings", "topics", "acls"]


@dataclass(frozen=True, slots=True)
class Environment:
    """A group of clusters."""

    id: str
    display_name: str
    package: str


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An identity of a program."""

    id: str
    display_name: str
    description: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of an owner for one resource: a cluster, or (`resource_kind` Cloud) the control plane."""

    id: str
    secret: str
    display_name: str
    description: str
    owner: str
    owner_kind: str
    resource: str
    resource_kind: str


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """A role of a principal on what a CRN pattern matches."""

    id: str
    principal: str
    role_name: str
    crn_pattern: str


@dataclass(frozen=True, slots=True)
class Acl:
    """A rule of Kafka's own authorizer. All seven parts together are its identity."""

    resource_type: str
    resource_name: str
    pattern_type: str
    principal: str
    host: str
    operation: str
    permission: str


@dataclass(slots=True)
class Topic:
    """A topic and the configuration that was set on it."""

    name: str
    partitions: int
    config: dict[str, str]


@dataclass(slots=True)
class Cluster:
    """A Kafka cluster: what was asked for, and what lies in it."""

    id: str
    environment: str
    spec: dict[str, Any]
    reads_until_provisioned: int = 1
    topics: dict[str, Topic] = field(default_factory=dict)
    acls: set[Acl] = field(default_factory=set)


class Organization:
    """Environments, clusters and identities. Every method raises ApiProblem as the API would answer."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Go back to what is there at the start: one environment, as in every real organization."""
        self.environments: dict[str, Environment] = {}
        self.clusters: dict[str, Cluster] = {}
        self.service_accounts: dict[str, ServiceAccount] = {}
        self.api_keys: dict[str, ApiKey] = {}
        self.role_bindings: dict[str, RoleBinding] = {}
        self.add_environment("default", "ESSENTIALS")

    def add_environment(self, display_name: str, package: str) -> Environment:
        """Make an environment."""
        if any(each.display_name == display_name for each in self.environments.values()):
            raise conflict(f"environment {display_name!r} already exists")
        made = Environment(_new_id("env-"), display_name, package)
        self.environments[made.id] = made
        return made

    def environment(self, id_: str) -> Environment:
        """Return an environment."""
        return _one(self.environments, id_)

    def change_environment(self, changed: Environment) -> Environment:
        """Put another name or package in place; the name is unique."""
        others = (each for each in self.environments.values() if each.id != changed.id)
        if any(each.display_name == changed.display_name for each in others):
            raise conflict(f"environment {changed.display_name!r} already exists")
        self.environments[changed.id] = changed
        return changed

    def remove_environment(self, id_: str) -> None:
        """Delete an environment; it must be empty."""
        self.environment(id_)
        if any(cluster.environment == id_ for cluster in self.clusters.values()):
            raise conflict(f"environment {id_} still holds Kafka clusters")
        del self.environments[id_]

    def add_cluster(self, environment: str, spec: dict[str, Any]) -> Cluster:
        """Make a cluster; it is provisioned from its second reading on."""
        if environment not in self.environments:
            raise forbidden()
        made = Cluster(_new_id("lkc-"), environment, spec)
        self.clusters[made.id] = made
        return made

    def cluster(self, id_: str, environment: str | None) -> Cluster:
        """Return a cluster of an environment; one that is gone is 403, as the real API has it."""
        found = self.clusters.get(id_)
        if found is None or found.environment != environment:
            raise forbidden()
        return found

    def remove_cluster(self, id_: str, environment: str | None) -> None:
        """Delete a cluster with its topics and ACLs. Its API keys stay, so that orphans can be seen."""
        if self.cluster(id_, environment).spec.get("deletion_protection"):
            raise ApiProblem(400, "deletion_protection", f"deletion protection is on for {id_}")
        del self.clusters[id_]

    def add_service_account(self, display_name: str, description: str) -> ServiceAccount:
        """Make a service account; its name is unique."""
        if any(each.display_name == display_name for each in self.service_accounts.values()):
            raise conflict("Service name is already in use.")
        made = ServiceAccount(_new_id("sa-"), display_name, description)
        self.service_accounts[made.id] = made
        return made

    def service_account(self, id_: str) -> ServiceAccount:
        """Return a service account."""
        return _one(self.service_accounts, id_)

    def change_service_account(self, id_: str, changes: dict[str, str]) -> ServiceAccount:
        """Change name or description."""
        changed = replace(self.service_account(id_), **changes)
        others = (each for each in self.service_accounts.values() if each.id != id_)
        if any(each.display_name == changed.display_name for each in others):
            raise conflict("Service name is already in use.")
        self.service_accounts[id_] = changed
        return changed

    def remove_service_account(self, id_: str) -> None:
        """Delete a service account and the API keys that it owns."""
        self.service_account(id_)
        del self.service_accounts[id_]
        self.api_keys = {key: each for key, each in self.api_keys.items() if each.owner != id_}

    def add_api_key(
        self, display_name: str, description: str, owner: dict[str, Any], resource: dict[str, Any]
    ) -> ApiKey:
        """Make an API key of a service account for a cluster or, with an empty `resource`, for the control plane."""
        self.service_account(owner["id"])
        if resource and resource["id"] not in self.clusters:
            raise forbidden()
        made = ApiKey(
            id="".join(secrets.choice(_KEY_LETTERS) for _ in range(16)),
            secret=secrets.token_urlsafe(48),
            display_name=display_name,
            description=description,
            owner=owner["id"],
            owner_kind=owner.get("kind", "ServiceAccount"),
            resource=resource.get("id", "cloud"),
            resource_kind=resource.get("kind", "Cluster") if resource else CLOUD,
        )
        self.api_keys[made.id] = made
        return made

    def api_key(self, id_: str) -> ApiKey:
        """Return an API key; one that is gone is 403, as the real API has it."""
        found = self.api_keys.get(id_)
        if found is None:
            raise forbidden()
        return found

    def change_api_key(self, id_: str, changes: dict[str, str]) -> ApiKey:
        """Change name or description."""
        changed = replace(self.api_key(id_), **changes)
        self.api_keys[id_] = changed
        return changed

    def remove_api_key(self, id_: str) -> None:
        """Delete an API key: it is refused from now on."""
        self.api_key(id_)
        del self.api_keys[id_]

    def add_role_binding(self, principal: str, role_name: str, crn_pattern: str) -> RoleBinding:
        """Bind a role."""
        made = RoleBinding(_new_id("rb-"), principal, role_name, crn_pattern)
        self.role_bindings[made.id] = made
        return made

    def role_binding(self, id_: str) -> RoleBinding:
        """Return a role binding."""
        return _one(self.role_bindings, id_)

    def remove_role_binding(self, id_: str) -> RoleBinding:
        """Delete a role binding and return what it was."""
        self.role_binding(id_)
        return self.role_bindings.pop(id_)


def _one(table: dict[str, Thing], id_: str) -> Thing:
    if id_ not in table:
        raise not_found(id_)
    return table[id_]


def _new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ID_LETTERS) for _ in range(6))
