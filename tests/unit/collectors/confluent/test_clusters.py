"""What stands in Confluent Cloud: the whole organization, since the bill is the organization's (CO6)."""

from typing import Any

import httpx
import pytest

from factories_confluent import Clock, opened
from factories_prices import PRICES
from tidegate.collectors.confluent.clusters import API_SCOPES, collect_clusters, unread
from tidegate.cost.run_rate import RunRate, run_rate
from tidegate.models.inventory import Inventory
from tidegate.models.observed import Known, Unreadable

ENVIRONMENTS, CLUSTERS = "/org/v2/environments", "/cmk/v2/clusters"
SUBJECTS = ("confluent_environment@confluent", "confluent_kafka_cluster@confluent")


def cluster(id: str = "lkc-1", kind: Any = "Basic", **changes: Any) -> dict[str, Any]:
    spec = {"display_name": "x", "region": "eu-west-2", "config": {"kind": kind}}
    return {"id": id, "spec": spec, "status": {"phase": "PROVISIONED"}, **changes}


class Cloud:
    """Environments by id with their clusters. A status instead of a list is the answer."""

    def __init__(self, **clusters: Any) -> None:
        self.environments: Any = list(clusters)
        self.clusters = clusters
        self.asked: list[httpx.URL] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        if request.url.path == ENVIRONMENTS:
            found = self.environments
            found = found if isinstance(found, int) else [{"id": id} for id in found]
        else:
            found = self.clusters[request.url.params["environment"]]
        if isinstance(found, int):
            return httpx.Response(found)
        return httpx.Response(200, json={"data": found, "metadata": {}})

    def standing(self) -> Inventory:
        return collect_clusters(opened(self, Clock()), PRICES)


def rate(cloud: Cloud) -> RunRate:
    return run_rate(cloud.standing(), PRICES)


def test_clusters_of_every_environment_also_of_others() -> None:
    cloud = Cloud(env_ours=[cluster("lkc-2"), cluster("lkc-1")], env_theirs=[cluster("lkc-3")], env_empty=[])
    found = cloud.standing()
    assert [(each.type, each.id) for each in found.resources] == [
        ("confluent_environment", "env_empty"),
        ("confluent_environment", "env_ours"),
        ("confluent_environment", "env_theirs"),
        ("confluent_kafka_cluster", "lkc-1"),
        ("confluent_kafka_cluster", "lkc-2"),
        ("confluent_kafka_cluster", "lkc-3"),
    ]
    assert [(entry.subject, entry.status) for entry in found.coverage] == [(name, "read") for name in SUBJECTS]
    assert found.expected_coverage == SUBJECTS
    assert (found.resources[3].region, found.resources[3].status) == ("eu-west-2", "PROVISIONED")


def test_a_basic_cluster_costs_nothing_while_it_stands() -> None:
    found = rate(Cloud(env=[cluster()]))
    assert (found.usd_per_hour, found.complete) == (0, True)
    assert found.lines[-1].resource.attributes == {"basic.#": Known(1)}


@pytest.mark.parametrize("kind", ["Standard", "Enterprise", "Freight", "Dedicated", "Of the future"])
def test_another_kind_of_cluster_has_no_price(kind: str) -> None:
    found = rate(Cloud(env=[cluster(kind=kind)]))
    assert [line.resource.id for line in found.unpriced] == ["lkc-1"]
    assert found.unpriced[0].resource.attributes == {"basic.#": Known(0)}


def test_a_cluster_that_does_not_say_its_kind_has_no_price() -> None:
    found = rate(Cloud(env=[cluster(kind=None)]))
    assert isinstance(found.unpriced[0].resource.attributes["basic.#"], Unreadable)


@pytest.mark.parametrize("basic", [{"kind": "basic"}, {"kind": "BASIC"}])
def test_a_kind_in_other_letters(basic: dict[str, str]) -> None:
    spec = {"region": "eu-west-2", "config": basic}
    assert rate(Cloud(env=[cluster(spec=spec)])).complete


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"spec": None},
        {"spec": {"region": "eu-west-2"}},
        {"spec": {"region": "", "config": {"kind": "Basic"}}},
        {"spec": {"region": "eu-west-2", "config": {"kind": 7}}},
        {"spec": {"region": "eu-west-2", "config": {"kind": " "}}},
        {"status": {}},
    ],
)
def test_a_malformed_cluster_makes_the_subject_unreadable(changes: dict[str, Any]) -> None:
    found = Cloud(env=[cluster(), cluster(**changes)]).standing()
    assert [entry.status for entry in found.coverage] == ["read", "unreadable"]
    assert {each.type for each in found.resources} == {"confluent_environment"}


def test_one_environment_that_may_not_be_read_is_a_gap() -> None:
    found = rate(Cloud(env_a=[cluster()], env_b=403))
    assert not found.complete
    (unread_subject,) = found.unread
    assert unread_subject.startswith("confluent_kafka_cluster@confluent: clusters of env_b: GET /cmk/v2/clusters: 403")


def test_environments_that_may_not_be_read_leave_nothing_known() -> None:
    cloud = Cloud(env=[cluster()])
    cloud.environments = 401
    found = cloud.standing()
    assert [entry.status for entry in found.coverage] == ["unreadable", "unreadable"]
    assert found.resources == ()
    assert [url.path for url in cloud.asked] == [ENVIRONMENTS]


def test_nobody_could_look() -> None:
    found = unread("no account")
    assert [(entry.subject, entry.status, entry.reason) for entry in found.coverage] == [
        (subject, "unreadable", "no account") for subject in SUBJECTS
    ]
    assert not run_rate(found, PRICES).complete


def test_every_list_that_is_asked_for_is_declared() -> None:
    cloud = Cloud(env=[])
    cloud.standing()
    assert tuple(sorted({f"GET {url.path}" for url in cloud.asked})) == API_SCOPES
