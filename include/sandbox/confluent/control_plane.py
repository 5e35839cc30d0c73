"""Environments, clusters, service accounts, API keys and role bindings of the fake Confluent API (labelled stand-in).

/org/v2/environments   /cmk/v2/clusters   /iam/v2/service-accounts   /iam/v2/api-keys   /iam/v2/role-bindings
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.confluent.control_plane_refusals import KINDER as KINDER
from sandbox.confluent.control_plane_refusals import REFUSALS as REFUSALS
from sandbox.confluent.control_plane_refusals import SERVICE as SERVICE
from sandbox.confluent.messages import Reply, Request, page
from sandbox.confluent.organization import (
    CLOUD,
    CRN,
    ApiKey,
    Cluster,
    Environment,
    Organization,
    RoleBinding,
    ServiceAccount,
)
from sandbox.confluent.problems import ApiProblem, invalid, not_found

DEFAULT_PAGE, LARGEST_PAGE = 10, 100
DEFAULT_MAX_ECKU = 50
NAMES = {"display_name", "description"}
FIXED = {"cloud", "region"}
"""What a cluster keeps for its life."""


class Governance(BaseModel):
    """Which package of Stream Governance an environment has."""

    package: Literal["ESSENTIALS", "ADVANCED"] = "ESSENTIALS"


class Named(BaseModel):
    """The body of an environment or a service account; what else was sent is ignored, as in the real API."""

    display_name: str = Field(min_length=1)
    description: str = ""
    stream_governance_config: Governance = Governance()


class ClusterSpec(BaseModel):
    """What is asked for in a cluster."""

    model_config = ConfigDict(extra="allow")

    display_name: str = Field(min_length=1)
    availability: Literal["SINGLE_ZONE", "MULTI_ZONE", "LOW", "HIGH"]
    cloud: Literal["AWS", "AZURE", "GCP"]
    region: str
    config: dict[str, Any]
    environment: dict[str, Any]
    deletion_protection: bool = False


class KeySpec(BaseModel):
    """What is asked for in an API key."""

    display_name: str = ""
    description: str = ""
    owner: dict[str, Any]
    resource: dict[str, Any] | None = None


class Binding(BaseModel):
    """The body of a role binding."""

    principal: str = Field(pattern="^User:.+")
    role_name: str = Field(min_length=1)
    crn_pattern: str = Field(pattern="^crn://.+")


class Collection(ABC):
    """One kind of thing and its five verbs; a verb that a kind lacks is 405."""

    path: ClassVar[str]
    kind: ClassVar[str]

    def __init__(self, organization: Organization, base_url: str) -> None:
        self._organization = organization
        self._base_url = base_url

    def answer(self, request: Request, id_: str | None) -> Reply:
        """Answer a call to the collection, or to the one thing with this id. Raises ApiProblem."""
        try:
            match request.method, id_:
                case "GET", None:
                    return self._list(request)
                case "POST", None:
                    return self._create(request)
                case "GET", str():
                    return Reply(200, self._read(id_, request))
                case "PATCH", str():
                    return Reply(200, self._update(id_, request))
                case "DELETE", str():
                    return self._delete(id_, request)
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise ApiProblem(400, "invalid_request", f"{where}: {problem['msg']}") from error
        raise ApiProblem(405, "method_not_allowed", f"there is no {request.method} of {self.path}")

    def _list(self, request: Request) -> Reply:
        rows = list(self._rows(request.query))
        sizes = {"default": DEFAULT_PAGE, "largest": LARGEST_PAGE, "cap": LARGEST_PAGE}
        data, metadata = page(request, self._base_url, rows, **sizes)
        return Reply(200, {**self._kind(f"{self.kind}List"), "metadata": metadata, "data": data})

    @abstractmethod
    def _rows(self, query: Mapping[str, str]) -> Iterable[dict[str, Any]]: ...

    @abstractmethod
    def _create(self, request: Request) -> Reply: ...

    @abstractmethod
    def _read(self, id_: str, request: Request) -> dict[str, Any]: ...

    @abstractmethod
    def _delete(self, id_: str, request: Request) -> Reply: ...

    def _update(self, id_: str, request: Request) -> dict[str, Any]:
        raise ApiProblem(405, "method_not_allowed", f"{self.kind} cannot be changed")

    def _kind(self, kind: str) -> dict[str, str]:
        return {"api_version": "/".join(self.path.split("/")[1:3]), "kind": kind}

    def _head(self, id_: str, resource_name: str) -> dict[str, Any]:
        metadata = {"self": f"{self._base_url}{self.path}/{id_}", "resource_name": resource_name}
        return {**self._kind(self.kind), "id": id_, "metadata": metadata}


class Environments(Collection):
    """/org/v2/environments."""

    path = "/org/v2/environments"
    kind = "Environment"

    def _rows(self, query: Mapping[str, str]) -> Iterable[dict[str, Any]]:
        return map(self._shown, self._organization.environments.values())

    def _create(self, request: Request) -> Reply:
        body = Named.model_validate(request.json())
        package = body.stream_governance_config.package
        return Reply(201, self._shown(self._organization.add_environment(body.display_name, package)))

    def _read(self, id_: str, request: Request) -> dict[str, Any]:
        return self._shown(self._organization.environment(id_))

    def _update(self, id_: str, request: Request) -> dict[str, Any]:
        old, body = self._organization.environment(id_), request.json()
        package = (body.get("stream_governance_config") or {}).get("package", old.package)
        changed = Environment(id_, body.get("display_name", old.display_name), Governance(package=package).package)
        return self._shown(self._organization.change_environment(changed))

    def _delete(self, id_: str, request: Request) -> Reply:
        self._organization.remove_environment(id_)
        return Reply(204)

    def _shown(self, environment: Environment) -> dict[str, Any]:
        return self._head(environment.id, f"{CRN}/environment={environment.id}") | {
            "display_name": environment.display_name,
            "stream_governance_config": {"package": environment.package},
        }


class Clusters(Collection):
    """/cmk/v2/clusters. The bootstrap address is a name that leads nowhere: there are no brokers."""

    path = "/cmk/v2/clusters"
    kind = "Cluster"

    def _rows(self, query: Mapping[str, str]) -> Iterable[dict[str, Any]]:
        if "environment" not in query:
            raise invalid("environment is required")
        clusters = self._organization.clusters.values()
        return [self._shown(each) for each in clusters if each.environment == query["environment"]]

    def _create(self, request: Request) -> Reply:
        spec = ClusterSpec.model_validate(request.json().get("spec"))
        environment = str(spec.environment.get("id"))
        wanted = spec.model_dump(exclude={"environment"})
        wanted["config"] = {"max_ecku": DEFAULT_MAX_ECKU, **spec.config}
        return Reply(202, self._shown(self._organization.add_cluster(environment, wanted)))

    def _read(self, id_: str, request: Request) -> dict[str, Any]:
        cluster = self._organization.cluster(id_, request.query.get("environment"))
        shown = self._shown(cluster)
        cluster.reads_until_provisioned = max(0, cluster.reads_until_provisioned - 1)
        return shown

    def _update(self, id_: str, request: Request) -> dict[str, Any]:
        spec = dict(request.json().get("spec") or {})
        cluster = self._organization.cluster(id_, (spec.pop("environment", None) or {}).get("id"))
        for name in FIXED & spec.keys():
            if spec[name] != cluster.spec[name]:
                raise ApiProblem(400, "invalid_request", f"spec.{name} cannot be changed")
        cluster.spec.update(spec)
        return self._shown(cluster)

    def _delete(self, id_: str, request: Request) -> Reply:
        self._organization.remove_cluster(id_, request.query.get("environment"))
        return Reply(204)

    def _shown(self, cluster: Cluster) -> dict[str, Any]:
        name = f"{CRN}/environment={cluster.environment}/cloud-cluster={cluster.id}/kafka={cluster.id}"
        spec = cluster.spec | {
            "environment": {"id": cluster.environment},
            "http_endpoint": self._base_url,
            "kafka_bootstrap_endpoint": f"SASL_SSL://{cluster.id}.{cluster.spec['region']}.confluent.example:9092",
        }
        phase = "PROVISIONING" if cluster.reads_until_provisioned else "PROVISIONED"
        return self._head(cluster.id, name) | {"spec": spec, "status": {"phase": phase}}


class ServiceAccounts(Collection):
    """/iam/v2/service-accounts."""

    path = "/iam/v2/service-accounts"
    kind = "ServiceAccount"

    def _rows(self, query: Mapping[str, str]) -> Iterable[dict[str, Any]]:
        return map(self._shown, self._organization.service_accounts.values())

    def _create(self, request: Request) -> Reply:
        body = Named.model_validate(request.json())
        return Reply(201, self._shown(self._organization.add_service_account(body.display_name, body.description)))

    def _read(self, id_: str, request: Request) -> dict[str, Any]:
        return self._shown(self._organization.service_account(id_))

    def _update(self, id_: str, request: Request) -> dict[str, Any]:
        changes = {name: value for name, value in request.json().items() if name in NAMES}
        return self._shown(self._organization.change_service_account(id_, changes))

    def _delete(self, id_: str, request: Request) -> Reply:
        self._organization.remove_service_account(id_)
        return Reply(204)

    def _shown(self, account: ServiceAccount) -> dict[str, Any]:
        return self._head(account.id, f"{CRN}/service-account={account.id}") | {
            "display_name": account.display_name,
            "description": account.description,
        }


class ApiKeys(Collection):
    """/iam/v2/api-keys. The secret is in the answer that makes the key, and never again."""

    path = "/iam/v2/api-keys"
    kind = "ApiKey"

    def _rows(self, query: Mapping[str, str]) -> Iterable[dict[str, Any]]:
        owner, resource = query.get("spec.owner"), query.get("spec.resource")
        for each in self._organization.api_keys.values():
            if owner in (None, each.owner) and resource in (None, each.resource):
                yield self._shown(each)

    def _create(self, request: Request) -> Reply:
        spec = KeySpec.model_validate(request.json().get("spec"))
        if "id" not in spec.owner or (spec.resource and "id" not in spec.resource):
            raise ApiProblem(400, "invalid_request", "spec.owner.id and spec.resource.id are required")
        made = self._organization.add_api_key(spec.display_name, spec.description, spec.owner, spec.resource or {})
        shown = self._shown(made)
        shown["spec"]["secret"] = made.secret
        return Reply(202, shown)

    def _read(self, id_: str, request: Request) -> dict[str, Any]:
        return self._shown(self._organization.api_key(id_))

    def _update(self, id_: str, request: Request) -> dict[str, Any]:
        spec = request.json().get("spec") or {}
        changes = {name: value for name, value in spec.items() if name in NAMES}
        return self._shown(self._organization.change_api_key(id_, changes))

    def _delete(self, id_: str, request: Request) -> Reply:
        self._organization.remove_api_key(id_)
        return Reply(204)

    def _shown(self, key: ApiKey) -> dict[str, Any]:
        api_version = "iam/v2" if key.resource_kind == CLOUD else "cmk/v2"
        spec = {
            "display_name": key.display_name,
            "description": key.description,
            "owner": {"id": key.owner, "kind": key.owner_kind, "api_version": "iam/v2"},
            "resource": {"id": key.resource, "kind": key.resource_kind, "api_version": api_version},
        }
        return self._head(key.id, f"{CRN}/service-account={key.owner}/api-key={key.id}") | {"spec": spec}


class RoleBindings(Collection):
    """/iam/v2/role-bindings. A list needs crn_pattern: exact, or with a * at its end."""

    path = "/iam/v2/role-bindings"
    kind = "RoleBinding"

    def _rows(self, query: Mapping[str, str]) -> Iterable[dict[str, Any]]:
        if "crn_pattern" not in query:
            raise invalid("crn_pattern is required")
        pattern, principal = query["crn_pattern"], query.get("principal")
        stem = pattern.removesuffix("*")
        for each in self._organization.role_bindings.values():
            matches = each.crn_pattern == pattern or (stem != pattern and each.crn_pattern.startswith(stem))
            if matches and principal in (None, each.principal):
                yield self._shown(each)

    def _create(self, request: Request) -> Reply:
        body = Binding.model_validate(request.json())
        made = self._organization.add_role_binding(body.principal, body.role_name, body.crn_pattern)
        return Reply(201, self._shown(made))

    def _read(self, id_: str, request: Request) -> dict[str, Any]:
        return self._shown(self._organization.role_binding(id_))

    def _delete(self, id_: str, request: Request) -> Reply:
        return Reply(200, self._shown(self._organization.remove_role_binding(id_)))

    def _shown(self, binding: RoleBinding) -> dict[str, Any]:
        return self._head(binding.id, f"{CRN}/role-binding={binding.id}") | {
            "principal": binding.principal,
            "role_name": binding.role_name,
            "crn_pattern": binding.crn_pattern,
        }


COLLECTIONS: tuple[type[Collection], ...] = (Environments, Clusters, ServiceAccounts, ApiKeys, RoleBindings)


def operations() -> Iterator[str]:
    """Yield everything that the collections answer, as the API reference writes it."""
    for each in COLLECTIONS:
        yield from (f"GET {each.path}", f"POST {each.path}", f"GET {each.path}/{{id}}", f"DELETE {each.path}/{{id}}")
        if each._update is not Collection._update:
            yield f"PATCH {each.path}/{{id}}"


class ControlPlane:
    """All collections together."""

    def __init__(self, organization: Organization, base_url: str) -> None:
        self._collections = {each.path: each(organization, base_url) for each in COLLECTIONS}

    def answer(self, request: Request) -> Reply:
        """Answer a call. Raises ApiProblem, 404 for a path that is none of ours."""
        for path, collection in self._collections.items():
            if request.path == path:
                return collection.answer(request, None)
            if (
                request.path.startswith(f"{path}/")
                and "/" not in (id_ := request.path.removeprefix(f"{path}/"))
                and id_
            ):
                return collection.answer(request, id_)
        raise not_found(request.path)
