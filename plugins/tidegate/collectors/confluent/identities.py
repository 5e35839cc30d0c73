"""What of an environment answers in Confluent Cloud: environments, service accounts, API keys, role bindings (LC3).

Everything is told from lists. Asking for one thing by its id tells less: Confluent answers 403 both for what is
deleted and for what one may not see.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeVar

from pydantic import BaseModel, StringConstraints

from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.collectors.confluent.lists import read_list
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.orphans import Identity, Kind
from tidegate.models.state import StateResource

API_SCOPES: tuple[str, ...] = (
    "GET /cmk/v2/clusters",
    "GET /iam/v2/api-keys",
    "GET /iam/v2/role-bindings",
    "GET /iam/v2/service-accounts",
    "GET /org/v2/environments",
)
"""Each for the whole organization: what the key's owner may not see is not in a list, and nothing says so."""

PREFIX = "confluent_"
"""Of the Terraform types that this module can ask for."""

Id = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class _Metadata(BaseModel):
    resource_name: str | None = None


class _Named(BaseModel):
    """An environment or a service account."""

    id: Id
    display_name: str | None = None
    metadata: _Metadata = _Metadata()


class _Reference(BaseModel):
    id: str | None = None


class _ApiKeySpec(BaseModel):
    display_name: str | None = None
    owner: _Reference = _Reference()
    resource: _Reference = _Reference()


class _ApiKey(BaseModel):
    id: Id
    spec: _ApiKeySpec


class _RoleBinding(BaseModel):
    id: Id
    principal: str
    role_name: str
    crn_pattern: str


class _Cluster(BaseModel):
    id: Id


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """What belongs to the environment, per kind; sorted as Confluent lists it."""

    environments: Observed[tuple[Identity, ...]]
    service_accounts: Observed[tuple[Identity, ...]]
    api_keys: Observed[tuple[Identity, ...]]
    role_bindings: Observed[tuple[Identity, ...]]


def read_identities(api: ConfluentApi, *, name_prefix: str, known_ids: Iterable[str]) -> Identities:
    """What is called like the environment, has one of these ids, or hangs on something that does.

    An API key hangs on its owner and on what it opens; a role binding on its principal and on what it opens. Each
    list that is asked for has a deadline of its own: a slow one takes nothing from those after it.
    """
    ours = set(known_ids)

    def named(display_name: str | None, id: str) -> bool:
        return id in ours or display_name == name_prefix or (display_name or "").startswith(f"{name_prefix}-")

    all_environments = read_list(api, "/org/v2/environments", _Named)
    environments = _those(all_environments, "environment", lambda each: named(each.display_name, each.id))
    accounts = read_list(api, "/iam/v2/service-accounts", _Named)
    service_accounts = _those(accounts, "service_account", lambda each: named(each.display_name, each.id))
    for found in (environments, service_accounts):
        ours |= {identity.id for identity in found.value} if isinstance(found, Known) else set()
    return Identities(
        environments=environments,
        service_accounts=service_accounts,
        api_keys=_api_keys(api, lambda key: named(key.spec.display_name, key.id), ours),
        role_bindings=_role_bindings(api, ours, _organizations(all_environments, accounts)),
    )


def confluent_still_there(api: ConfluentApi, resources: Iterable[StateResource]) -> Observed[tuple[StateResource, ...]]:
    """Those of a destroy-set that still answer. Unreadable, with all reasons, when one cannot be asked.

    Topics and ACLs live in a cluster, and it answers for them; a cluster lives in an environment. Each list that is
    asked for has a deadline of its own.
    """
    asked = tuple(resources)
    answering: dict[str, Observed[frozenset[str]]] = {}
    for kind in dict.fromkeys(resource.type for resource in asked):
        answering[kind] = _answering(api, kind, asked)
    unread = [answer for answer in answering.values() if isinstance(answer, Unreadable)]
    if unread:
        said = "; ".join(dict.fromkeys(answer.reason for answer in unread))
        return Unreadable(said, transient=all(answer.transient for answer in unread))
    there = {kind: answer.value for kind, answer in answering.items() if isinstance(answer, Known)}
    return Known(tuple(each for each in asked if _asked_for(each) in there[each.type]))


def _answering(api: ConfluentApi, kind: str, asked: tuple[StateResource, ...]) -> Observed[frozenset[str]]:
    """Ids that answer, of a Terraform type."""
    match kind:
        case "confluent_environment":
            return _ids(read_list(api, "/org/v2/environments", _Named))
        case "confluent_kafka_cluster" | "confluent_kafka_topic" | "confluent_kafka_acl":
            return _clusters(api, asked)
        case "confluent_service_account":
            return _ids(read_list(api, "/iam/v2/service-accounts", _Named))
        case "confluent_api_key":
            return _ids(read_list(api, "/iam/v2/api-keys", _ApiKey))
        case "confluent_role_binding":
            organizations = _organizations(
                read_list(api, "/org/v2/environments", _Named), read_list(api, "/iam/v2/service-accounts", _Named)
            )
            return _ids(_all_role_bindings(api, organizations))
        case _:
            return Unreadable(f"{kind}: nobody knows how to ask for this type (tidegate/collectors)")


def _asked_for(resource: StateResource) -> str:
    """The id that answers for a resource: of a topic or an ACL (`lkc-1/name`) its cluster's."""
    in_cluster = resource.type in {"confluent_kafka_topic", "confluent_kafka_acl"}
    return resource.id.partition("/")[0] if in_cluster else resource.id


def _clusters(api: ConfluentApi, asked: tuple[StateResource, ...]) -> Observed[frozenset[str]]:
    """Clusters in the environments of the destroy-set that still stand; in all of them when it names none."""
    standing = _ids(read_list(api, "/org/v2/environments", _Named))
    if not isinstance(standing, Known):
        return standing
    own = {resource.id for resource in asked if resource.type == "confluent_environment"}
    found: set[str] = set()
    for environment in sorted(standing.value & own if own else standing.value):
        clusters = _ids(read_list(api, "/cmk/v2/clusters", _Cluster, {"environment": environment}))
        if not isinstance(clusters, Known):
            return clusters
        found |= clusters.value
    return Known(frozenset(found))


def _api_keys(api: ConfluentApi, named: Callable[[_ApiKey], bool], ours: set[str]) -> Observed[tuple[Identity, ...]]:
    return _those(
        read_list(api, "/iam/v2/api-keys", _ApiKey),
        "api_key",
        lambda key: named(key) or bool({key.spec.owner.id, key.spec.resource.id} & ours),
    )


def _role_bindings(api: ConfluentApi, ours: set[str], organizations: tuple[str, ...]) -> Observed[tuple[Identity, ...]]:
    bindings = _all_role_bindings(api, organizations)
    if not isinstance(bindings, Known):
        return bindings
    return Known(
        tuple(
            Identity(kind="role_binding", id=each.id, display_name=f"{each.principal} {each.role_name}")
            for each in bindings.value
            if {each.id, each.principal.removeprefix("User:"), *re.split("[/=]", each.crn_pattern)} & ours
        )
    )


def _all_role_bindings(
    api: ConfluentApi, organizations: tuple[str, ...]
) -> Known[tuple[_RoleBinding, ...]] | Unreadable:
    """Of the whole organization: Confluent lists them by a pattern of what they open, here it and all below it."""
    roots = [f"crn://confluent.cloud/organization={organization}" for organization in organizations]
    queries = [{"crn_pattern": pattern} for root in roots for pattern in (root, f"{root}/*")] or [{}]
    found: dict[str, _RoleBinding] = {}
    for query in queries:
        bindings = read_list(api, "/iam/v2/role-bindings", _RoleBinding, query)
        if not isinstance(bindings, Known):
            return bindings
        found |= {each.id: each for each in bindings.value}
    return Known(tuple(found.values()))


def _organizations(*lists: Known[tuple[_Named, ...]] | Unreadable) -> tuple[str, ...]:
    """As the resource names say: `crn://confluent.cloud/organization=<id>/environment=...`."""
    names = [each.metadata.resource_name or "" for found in lists if isinstance(found, Known) for each in found.value]
    matches = (re.match(r"crn://[^/]+/organization=([^/]+)", name) for name in names)
    return tuple(sorted({match[1] for match in matches if match}))


def _those(
    found: Known[tuple[T, ...]] | Unreadable, kind: Kind, belongs: Callable[[T], bool]
) -> Observed[tuple[Identity, ...]]:
    return Known(tuple(_identities(found.value, kind, belongs))) if isinstance(found, Known) else found


def _identities(found: Iterable[T], kind: Kind, belongs: Callable[[T], bool]) -> Iterator[Identity]:
    for each in found:
        if belongs(each):
            name = each.spec.display_name if isinstance(each, _ApiKey) else getattr(each, "display_name", "")
            yield Identity(kind=kind, id=str(getattr(each, "id", "")), display_name=name or "")


def _ids(found: Known[tuple[T, ...]] | Unreadable) -> Observed[frozenset[str]]:
    return Known(frozenset(str(getattr(each, "id", "")) for each in found.value)) if isinstance(found, Known) else found
