"""What decides a price is readable live: in AWS's own spelling, and never guessed where it is missing or odd (CO6)."""

import copy
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from factories_prices import PRICES
from standins import dev_min
from tidegate.collectors.aws import inventory
from tidegate.collectors.aws.inventory import LISTINGS, collect_inventory
from tidegate.cost.pricing import CostsNothing, Priced, Unpriced, price_of_live
from tidegate.cost.run_rate import run_rate
from tidegate.models.inventory import Inventory
from tidegate.models.observed import Known, Unreadable
from tidegate.models.residual import CLASSIFYING_ATTRIBUTES

HERE, THERE = "eu-west-2", "us-east-1"
NOW = datetime(2026, 2, 13, 20, tzinfo=UTC)
ENVIRONMENT, POLICIES = dev_min()

DATABASE = {
    "DBInstanceIdentifier": "d",
    "DBInstanceStatus": "available",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "MultiAZ": False,
    "StorageType": "gp3",
    "AllocatedStorage": 20,
    "PubliclyAccessible": False,
}
TASK = {"taskArn": "arn:x/c/1", "lastStatus": "RUNNING", "launchType": "FARGATE", "cpu": "256", "memory": "512"}
DOMAIN = {
    "DomainName": "logs",
    "ClusterConfig": {
        "InstanceType": "c4.2xlarge.search",
        "InstanceCount": 1,
        "DedicatedMasterEnabled": False,
        "WarmEnabled": False,
    },
    "EBSOptions": {"VolumeType": "gp2", "VolumeSize": 10},
}
KAFKA = {
    "ClusterArn": "k",
    "State": "ACTIVE",
    "Provisioned": {
        "NumberOfBrokerNodes": 3,
        "BrokerNodeGroupInfo": {
            "InstanceType": "kafka.t3.small",
            "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}},
        },
    },
}


def page(service: str, operation: str, key: str, item: dict[str, Any]) -> tuple[str, str, Any, dict[str, Any]]:
    return service, operation, lambda found: {key: [found]}, item


LISTED: dict[str, tuple[str, tuple[str, str, Any, dict[str, Any]], tuple[str, ...]]] = {
    "aws_db_instance": (
        HERE,
        page("rds", "DescribeDBInstances", "DBInstances", DATABASE),
        ("DBInstanceClass", "Engine", "MultiAZ", "StorageType", "AllocatedStorage", "PubliclyAccessible"),
    ),
    "aws_db_snapshot": (
        HERE,
        page(
            "rds",
            "DescribeDBSnapshots",
            "DBSnapshots",
            {"DBSnapshotIdentifier": "s", "SnapshotType": "manual", "Status": "available", "AllocatedStorage": 20},
        ),
        ("AllocatedStorage",),
    ),
    "aws_db_cluster_snapshot": (
        THERE,
        page(
            "rds",
            "DescribeDBClusterSnapshots",
            "DBClusterSnapshots",
            {
                "DBClusterSnapshotIdentifier": "s",
                "SnapshotType": "manual",
                "Status": "available",
                "AllocatedStorage": 20,
            },
        ),
        ("AllocatedStorage",),
    ),
    "aws_ebs_volume": (
        HERE,
        page("ec2", "DescribeVolumes", "Volumes", {"VolumeId": "v", "State": "in-use", "VolumeType": "gp3", "Size": 8}),
        ("VolumeType", "Size"),
    ),
    "aws_ebs_snapshot": (
        HERE,
        page(
            "ec2",
            "DescribeSnapshots",
            "Snapshots",
            {"SnapshotId": "s", "State": "completed", "OwnerId": ENVIRONMENT.account_id, "VolumeSize": 8},
        ),
        ("VolumeSize",),
    ),
    "aws_instance": (
        HERE,
        (
            "ec2",
            "DescribeInstances",
            lambda found: {"Reservations": [{"Instances": [found]}]},
            {"InstanceId": "i", "State": {"Name": "stopped"}, "InstanceType": "t3.micro"},
        ),
        ("InstanceType",),
    ),
    "aws_ec2_host": (
        THERE,
        page(
            "ec2",
            "DescribeHosts",
            "Hosts",
            {"HostId": "h", "State": "available", "HostProperties": {"InstanceFamily": "c5"}},
        ),
        ("HostProperties.InstanceFamily",),
    ),
    "aws_vpc_endpoint": (
        HERE,
        page(
            "ec2",
            "DescribeVpcEndpoints",
            "VpcEndpoints",
            {"VpcEndpointId": "e", "State": "available", "VpcEndpointType": "Interface"},
        ),
        ("VpcEndpointType",),
    ),
    "aws_elasticache_cluster": (
        THERE,
        page(
            "elasticache",
            "DescribeCacheClusters",
            "CacheClusters",
            {
                "CacheClusterId": "c",
                "CacheClusterStatus": "available",
                "CacheNodeType": "cache.m4.large",
                "NumCacheNodes": 2,
            },
        ),
        ("CacheNodeType", "NumCacheNodes"),
    ),
    "aws_redshift_cluster": (
        THERE,
        page(
            "redshift",
            "DescribeClusters",
            "Clusters",
            {
                "ClusterIdentifier": "r",
                "ClusterStatus": "available",
                "NodeType": "dc2.large",
                "NumberOfNodes": 2,
            },
        ),
        ("NodeType", "NumberOfNodes"),
    ),
    "aws_opensearch_domain": (
        THERE,
        page("opensearch", "DescribeDomains", "DomainStatusList", DOMAIN),
        (
            "ClusterConfig.InstanceType",
            "ClusterConfig.InstanceCount",
            "ClusterConfig.DedicatedMasterEnabled",
            "ClusterConfig.WarmEnabled",
            "EBSOptions.VolumeType",
            "EBSOptions.VolumeSize",
        ),
    ),
    "aws_msk_cluster": (
        THERE,
        page("kafka", "ListClustersV2", "ClusterInfoList", KAFKA),
        (
            "Provisioned",
            "Provisioned.NumberOfBrokerNodes",
            "Provisioned.BrokerNodeGroupInfo.InstanceType",
            "Provisioned.BrokerNodeGroupInfo.StorageInfo.EbsStorageInfo.VolumeSize",
        ),
    ),
    "aws_dynamodb_table": (
        HERE,
        (
            "dynamodb",
            "DescribeTable",
            lambda found: {"Table": found},
            {
                "TableName": "t",
                "TableArn": "arn:aws:dynamodb:eu-west-2:123456789012:table/t",
                "TableStatus": "ACTIVE",
                "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
            },
        ),
        ("BillingModeSummary.BillingMode",),
    ),
    "aws_ecs_task": (HERE, page("ecs", "DescribeTasks", "tasks", TASK), ("launchType", "cpu", "memory")),
}
"""By type: a region that has its price, a resource of it, and what of that the price hangs on."""

PER_HOUR = {
    "aws_db_instance": "0.0221917810",
    "aws_ebs_volume": "0.0010169864",
    "aws_instance": "0.0168",
    "aws_vpc_endpoint": "0.033",
    "aws_msk_cluster": "0.1778958905",
    "aws_ecs_task": "0.0191950000",
}


@pytest.fixture
def scanned(clients: Any, script: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Scan one type with the real prices, while AWS says this of its one resource."""

    def run(kind: str, **changes: Any) -> Inventory:
        region, (service, operation, answer, item), _ = LISTED[kind]
        scripted = script(clients.of(service, region))
        scripted("ListDomainNames", {"DomainNames": [{"DomainName": "logs"}]})
        scripted("ListClusters", {"clusterArns": ["arn:x/c"]})
        scripted("ListTasks", {"taskArns": ["arn:x/c/1"]})
        scripted("ListTables", {"TableNames": ["t"]})
        scripted("ListTagsOfResource", {"Tags": []})
        scripted(operation, answer(spoil(item, **changes)))
        monkeypatch.setattr(inventory, "LISTINGS", {kind: LISTINGS[kind]})
        policy = POLICIES.forbidden.model_copy(update={"rules": ()})
        return collect_inventory(clients, ENVIRONMENT, [region], policy, NOW, PRICES)

    return run


def spoil(item: dict[str, Any], path: str = "", value: Any = None, *, gone: bool = False) -> dict[str, Any]:
    """The resource with another value at a path, or without it."""
    spoiled = copy.deepcopy(item)
    if path:
        *parents, last = path.split(".")
        node = spoiled
        for parent in parents:
            node = node[parent]
        node[last] = value
        if gone:
            del node[last]
    return spoiled


@pytest.mark.parametrize("kind", LISTED)
def test_a_resource_that_aws_describes_has_a_price(scanned: Any, kind: str) -> None:
    (resource,) = scanned(kind).resources
    priced = {name: resource.attributes[name] for name in PRICES.attributes_of(kind, "live")}
    assert all(isinstance(value, Known) for value in priced.values()), priced
    assert set(resource.attributes) == {*priced, *CLASSIFYING_ATTRIBUTES.get(kind, ())}
    found = price_of_live(resource, PRICES)
    assert isinstance(found, CostsNothing if kind == "aws_dynamodb_table" else Priced), found
    if kind in PER_HOUR:
        assert found.at_least == Decimal(PER_HOUR[kind])


@pytest.mark.parametrize(
    "form",
    [
        {"gone": True},
        {"value": None},
        {"value": ""},
        {"value": ["a"]},
        {"value": -1},
        {"value": math.nan},
        {"value": 10**30},
        {"value": "of another kind"},
    ],
    ids=["missing", "null", "blank", "list", "below-zero", "not-a-number", "huge", "unheard-of"],
)
@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, (_, _, paths) in LISTED.items() for path in paths])
def test_what_is_missing_or_odd_leaves_it_without_price(scanned: Any, kind: str, path: str, form: Any) -> None:
    rate = run_rate(scanned(kind, path=path, **form), PRICES)
    assert rate.unpriced or rate.unread, rate
    assert not rate.complete


def test_every_type_whose_price_hangs_on_something_is_looked_at() -> None:
    deciding = {kind for kind in LISTINGS if PRICES.attributes_of(kind, "live")}
    assert deciding == {*LISTED, "aws_ecs_service", "aws_ssm_parameter"}


@pytest.mark.parametrize(("tier", "outcome"), [("Standard", CostsNothing), ("Advanced", Priced), (None, Unpriced)])
def test_parameters_by_their_tier(clients: Any, script: Any, monkeypatch: pytest.MonkeyPatch, tier: Any, outcome: Any):
    scripted = script(clients.of("ssm", HERE))
    scripted("DescribeParameters", {"Parameters": [{"Name": "/p", **({"Tier": tier} if tier else {})}]})
    scripted("ListTagsForResource", {"TagList": []})
    monkeypatch.setattr(inventory, "LISTINGS", {"aws_ssm_parameter": LISTINGS["aws_ssm_parameter"]})
    (resource,) = collect_inventory(clients, ENVIRONMENT, [HERE], POLICIES.forbidden, NOW, PRICES).resources
    assert isinstance(price_of_live(resource, PRICES), outcome)


def test_a_type_without_price_keeps_only_what_policy_looks_at(scanned: Any) -> None:
    (resource,) = scanned("aws_db_instance").resources
    assert "DBInstanceStatus" not in repr(resource.attributes)
    assert "engine_version" not in resource.attributes


class TestServices:
    """ECS keeps `cpu` and `memory` with the task definition."""

    @pytest.fixture
    def services(self, clients: Any, script: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
        def run(*services: dict[str, Any], definition: Any = None) -> Any:
            scripted = script(clients.ecs(HERE))
            scripted("ListClusters", {"clusterArns": ["arn:x/c"]})
            scripted("ListServices", {"serviceArns": [f"s{number}" for number in range(len(services))]})
            scripted("DescribeServices", {"services": list(services)})
            scripted("DescribeTaskDefinition", definition or {"taskDefinition": {"cpu": "256", "memory": "512"}})
            monkeypatch.setattr(inventory, "LISTINGS", {"aws_ecs_service": LISTINGS["aws_ecs_service"]})
            found = collect_inventory(clients, ENVIRONMENT, [HERE], POLICIES.forbidden, NOW, PRICES)
            asked = [params["taskDefinition"] for name, params in scripted.asked if name == "DescribeTaskDefinition"]
            return found, asked

        return run

    def service(self, name: str, desired: Any, definition: str = "d:1", **changes: Any) -> dict[str, Any]:
        return {
            "serviceName": name,
            "status": "ACTIVE",
            "desiredCount": desired,
            "launchType": "FARGATE",
            "schedulingStrategy": "REPLICA",
            "taskDefinition": definition,
            **changes,
        }

    def test_two_tasks_cost_twice(self, services: Any) -> None:
        found, _ = services(self.service("s", 2))
        (resource,) = found.resources
        assert (resource.attributes["cpu"], resource.attributes["memory"]) == (Known("256"), Known("512"))
        assert str(price_of_live(resource, PRICES).at_least) == "0.0383900000"  # twice that of a task

    def test_each_definition_is_asked_for_once_and_only_where_tasks_are_wanted(self, services: Any) -> None:
        found, asked = services(
            self.service("a", 1, "d:1"), self.service("b", 3, "d:1"), self.service("c", 1, "d:2"), self.service("e", 0)
        )
        assert asked == ["d:1", "d:2"]
        idle = next(each for each in found.resources if each.id == "c/e")
        assert isinstance(idle.attributes["cpu"], Unreadable)
        assert isinstance(price_of_live(idle, PRICES), CostsNothing)

    def test_a_definition_without_a_size_has_no_price(self, services: Any) -> None:
        found, _ = services(self.service("s", 1), definition={"taskDefinition": {"family": "f"}})
        assert isinstance(price_of_live(found.resources[0], PRICES), Unpriced)

    def test_a_service_on_spot_capacity_has_no_price(self, services: Any) -> None:
        service = self.service("s", 1)
        del service["launchType"]
        found, _ = services(service)
        assert isinstance(price_of_live(found.resources[0], PRICES), Unpriced)

    def test_a_definition_that_may_not_be_read_is_a_gap(self, services: Any, aws_error: Any) -> None:
        found, _ = services(self.service("s", 1), definition=aws_error("AccessDeniedException"))
        (entry,) = [each for each in found.coverage if each.subject == f"aws_ecs_service@{HERE}"]
        assert (entry.status, "AccessDenied" in entry.reason) == ("unreadable", True)


def test_domains_are_described_five_at_once_and_none_is_lost(
    clients: Any, script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "LISTINGS", {"aws_opensearch_domain": LISTINGS["aws_opensearch_domain"]})
    names = [f"domain-{number}" for number in range(7)]
    scripted = script(clients.of("opensearch", HERE))
    scripted("ListDomainNames", {"DomainNames": [{"DomainName": name} for name in names]})
    scripted(
        "DescribeDomains",
        {"DomainStatusList": [{"DomainName": name} for name in names[:5]]},
        {"DomainStatusList": [{"DomainName": names[5]}]},
    )
    found = collect_inventory(clients, ENVIRONMENT, [HERE], POLICIES.forbidden, NOW, PRICES)
    asked = [len(params["DomainNames"]) for name, params in scripted.asked if name == "DescribeDomains"]
    assert asked == [5, 2]
    (entry,) = [each for each in found.coverage if each.subject == f"aws_opensearch_domain@{HERE}"]
    assert "asked for domain-5, domain-6 and describes domain-5" in entry.reason
