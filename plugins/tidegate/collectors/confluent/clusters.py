"""What stands in Confluent Cloud and may cost: every environment and every Kafka cluster of the organization (CO6).

Also what is not the environment's own: the bill is the organization's. A kind of thing is a subject: read completely,
or unreadable with the reason, and then none of it is shown.
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.collectors.confluent.lists import read_list
from tidegate.models.facts import Coverage
from tidegate.models.inventory import Inventory, LiveResource
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.prices import PricePolicy

API_SCOPES: tuple[str, ...] = ("GET /cmk/v2/clusters", "GET /org/v2/environments")
"""Each for the whole organization: what the key's owner may not see is not in a list, and nothing says so."""

ENVIRONMENT, CLUSTER = "confluent_environment", "confluent_kafka_cluster"
PLACE = "confluent"
"""Stands for the region where a thing has none, and in the subjects: `confluent_kafka_cluster@confluent`."""

_NUMBER = ".#"

Said = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class _Environment(BaseModel):
    id: Said


class _Config(BaseModel):
    kind: Said | None = None


class _Spec(BaseModel):
    region: Said
    config: _Config


class _Status(BaseModel):
    phase: Said


class _Cluster(BaseModel):
    id: Said
    spec: _Spec
    status: _Status


def collect_clusters(api: ConfluentApi, prices: PricePolicy) -> Inventory:
    """What stands, with the attributes that decide a price. Never raises for what Confluent answers."""
    environments = read_list(api, "/org/v2/environments", _Environment)
    if not isinstance(environments, Known):
        return unread(environments.reason)
    standing = tuple(_resource(ENVIRONMENT, each.id, PLACE, "present", {}) for each in environments.value)
    return _inventory({ENVIRONMENT: Known(standing), CLUSTER: _clusters(api, environments.value, prices)})


def unread(reason: str) -> Inventory:
    """Nobody could look: every subject is unreadable for this reason."""
    return _inventory({ENVIRONMENT: Unreadable(reason), CLUSTER: Unreadable(reason)})


def _clusters(
    api: ConfluentApi, environments: Iterable[_Environment], prices: PricePolicy
) -> Observed[tuple[LiveResource, ...]]:
    """Those of all environments: Confluent lists the clusters of one environment at a time."""
    resources: list[LiveResource] = []
    for environment in environments:
        clusters = read_list(api, "/cmk/v2/clusters", _Cluster, {"environment": environment.id})
        if not isinstance(clusters, Known):
            return Unreadable(f"clusters of {environment.id}: {clusters.reason}")
        resources += (
            _resource(CLUSTER, each.id, each.spec.region, each.status.phase, _attributes(each, prices))
            for each in clusters.value
        )
    return Known(tuple(resources))


def _attributes(cluster: _Cluster, prices: PricePolicy) -> dict[str, Observed[Any]]:
    """Terraform writes the kind of a cluster as a block of that name: a Basic one has `basic.#` 1, others 0."""
    kind = cluster.spec.config.kind

    def of(name: str) -> Observed[Any]:
        if not name.endswith(_NUMBER):
            return Unreadable(f"{name}: Confluent's list of clusters does not tell")
        if kind is None:
            return Unreadable(f"{name}: the cluster has no config.kind")
        return Known(int(name == f"{kind.lower()}{_NUMBER}"))

    return {name: of(name) for name in prices.attributes_of(CLUSTER, "live")}


def _resource(kind: str, id: str, region: str, status: str, attributes: dict[str, Observed[Any]]) -> LiveResource:
    return LiveResource(type=kind, id=id, region=region, status=status, attributes=attributes, tags={})


def _inventory(subjects: dict[str, Observed[tuple[LiveResource, ...]]]) -> Inventory:
    resources: Iterable[LiveResource] = (
        each for found in subjects.values() if isinstance(found, Known) for each in found.value
    )
    return Inventory(
        resources=tuple(sorted(resources, key=lambda each: (each.type, each.region, each.id))),
        coverage=tuple(_coverage(f"{kind}@{PLACE}", found) for kind, found in subjects.items()),
        expected_coverage=tuple(f"{kind}@{PLACE}" for kind in subjects),
    )


def _coverage(subject: str, found: Observed[tuple[LiveResource, ...]]) -> Coverage:
    if isinstance(found, Unreadable):
        return Coverage(subject=subject, status="unreadable", reason=found.reason)
    return Coverage(subject=subject, status="read")
