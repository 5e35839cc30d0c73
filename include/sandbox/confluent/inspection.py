"""What lies in the fake organization, without secrets, and taking things away as a person in the console would.

Labelled stand-in; part of the sandbox's admin API.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any, get_args

from sandbox.confluent.organization import Acl, Kind, Organization
from sandbox.confluent.problems import ApiProblem

State = dict[Kind, list[dict[str, Any]]]
SECRET = "secret"


def state_of(organization: Organization) -> State:
    """Return everything by kind, each with an `id`; API keys without their secret."""
    clusters = list(organization.clusters.values())
    return {
        "environments": _rows(organization.environments.values()),
        "clusters": [{"id": each.id, "environment": each.environment, **each.spec} for each in clusters],
        "service_accounts": _rows(organization.service_accounts.values()),
        "api_keys": _rows(organization.api_keys.values()),
        "role_bindings": _rows(organization.role_bindings.values()),
        "topics": [
            {"id": f"{cluster.id}/{topic.name}", **asdict(topic)}
            for cluster in clusters
            for topic in cluster.topics.values()
        ],
        "acls": [{"id": acl_id(cluster.id, acl), **asdict(acl)} for cluster in clusters for acl in cluster.acls],
    }


def acl_id(cluster: str, acl: Acl) -> str:
    """Return an ACL's id, as the Terraform provider writes it."""
    return f"{cluster}/" + "#".join(asdict(acl).values())


def remove(organization: Organization, kind: str, id_: str) -> bool:
    """Take one thing away behind Terraform's back; True when it was there. Raises ValueError for an unknown kind."""
    if kind not in get_args(Kind):
        raise ValueError(f"kind must be one of {', '.join(get_args(Kind))}, not {kind!r}.")
    cluster_id, _, name = id_.partition("/")
    cluster = organization.clusters.get(cluster_id)
    if kind == "topics":
        return cluster is not None and cluster.topics.pop(name, None) is not None
    if kind == "acls":
        found = {each for each in cluster.acls if acl_id(cluster.id, each) == id_} if cluster else set()
        if cluster:
            cluster.acls -= found
        return bool(found)
    removers: dict[str, Callable[[str], object]] = {
        "environments": organization.remove_environment,
        "clusters": organization.clusters.pop,
        "service_accounts": organization.remove_service_account,
        "api_keys": organization.remove_api_key,
        "role_bindings": organization.remove_role_binding,
    }
    try:
        removers[kind](id_)
    except (ApiProblem, KeyError):
        return False
    return True


def _rows(things: Iterable[Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in asdict(each).items() if name != SECRET} for each in things]
