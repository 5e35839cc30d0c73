"""What AWS runs for the account by the hour beside its machines: client VPN, accelerators, Lightsail, Airflow, ..."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan, listing, tagged, tags_by_a_call
from tidegate.collectors.aws.reading import MOST_PAGES, MalformedAnswer, field, optional, text
from tidegate.collectors.aws.tags import flat_tags, tag_map

IAM_ACTIONS: tuple[str, ...] = (
    "airflow:GetEnvironment",
    "airflow:ListEnvironments",
    "apprunner:ListServices",
    "apprunner:ListTagsForResource",
    "ec2:DescribeClientVpnEndpoints",
    "elasticache:DescribeServerlessCaches",
    "elasticache:ListTagsForResource",
    "globalaccelerator:ListAccelerators",
    "globalaccelerator:ListCustomRoutingAccelerators",
    "globalaccelerator:ListTagsForResource",
    "lightsail:GetContainerServices",
    "lightsail:GetInstances",
    "lightsail:GetLoadBalancers",
    "lightsail:GetRelationalDatabases",
    "redshift-serverless:ListTagsForResource",
    "redshift-serverless:ListWorkgroups",
)

_ACCELERATOR = ("globalaccelerator",)
_HOME_OF_ACCELERATORS = "us-west-2"
"""The one region in which Global Accelerator answers, wherever its accelerators lead to."""


def _app_runner(scan: Scan) -> Iterator[Found]:
    """botocore turns no pages here."""
    more: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        answer = scan.call("apprunner", "list_services", **more)
        for item in field(answer, "ServiceSummaryList", list):
            arn, status = text(item, "ServiceArn"), text(item, "Status")
            if status != "DELETED":
                tags = scan.all("apprunner", "list_tags_for_resource", "Tags", ResourceArn=arn)
                yield Found(id=arn, status=status, item=item, tags=tag_map(tags))
        following = optional(answer, "NextToken", str)
        if not following:
            return
        more = {"NextToken": following}
    raise MalformedAnswer(f"{MOST_PAGES} pages of services and no end")


def _accelerators(operation: str) -> Callable[[Scan], Iterable[Found]]:
    """They have no regions: they show in the environment's own."""

    def read(scan: Scan) -> Iterator[Found]:
        if scan.region != scan.environment.region:
            return
        home = replace(scan, region=_HOME_OF_ACCELERATORS)
        for item in home.all("globalaccelerator", operation, "Accelerators"):
            arn = text(item, "AcceleratorArn")
            tags = home.all("globalaccelerator", "list_tags_for_resource", "Tags", ResourceArn=arn)
            yield Found(id=arn, status=text(item, "Status"), item=item, tags=tag_map(tags))

    return read


def _airflow(scan: Scan) -> Iterator[Found]:
    for name in scan.names("mwaa", "list_environments", "Environments"):
        item = field(scan.call("mwaa", "get_environment", Name=name), "Environment", dict)
        status = text(item, "Status")
        if status != "DELETED":
            yield Found(id=name, status=status, item=item, tags=flat_tags(item, "Tags"))


def _lightsail_tags(_scan: Scan, item: dict[str, Any]) -> dict[str, str]:
    """Lightsail's tags may be a key alone."""
    return {text(tag, "key"): optional(tag, "value", str) or "" for tag in optional(item, "tags", list) or []}


def _lightsail(resource_type: str, operation: str, key: str, *, id: str = "name", status: str = "state") -> Listing:
    return tagged(resource_type, "lightsail", operation, key, _lightsail_tags, id=id, status=status)


LISTINGS: tuple[Listing, ...] = (
    Listing("aws_apprunner_service", _app_runner, services=("apprunner",)),
    listing(
        "aws_ec2_client_vpn_endpoint",
        "ec2",
        "describe_client_vpn_endpoints",
        "ClientVpnEndpoints",
        id="ClientVpnEndpointId",
        status="Status.Code",
        gone=("deleted",),
    ),
    tagged(
        "aws_elasticache_serverless_cache",
        "elasticache",
        "describe_serverless_caches",
        "ServerlessCaches",
        tags_by_a_call("elasticache", "list_tags_for_resource", "ResourceName", "ARN", "TagList", ("Key", "Value")),
        id="ServerlessCacheName",
        status="Status",
    ),
    Listing("aws_globalaccelerator_accelerator", _accelerators("list_accelerators"), services=_ACCELERATOR),
    Listing(
        "aws_globalaccelerator_custom_routing_accelerator",
        _accelerators("list_custom_routing_accelerators"),
        services=_ACCELERATOR,
    ),
    _lightsail("aws_lightsail_instance", "get_instances", "instances", status="state.name"),
    _lightsail("aws_lightsail_database", "get_relational_databases", "relationalDatabases"),
    _lightsail("aws_lightsail_lb", "get_load_balancers", "loadBalancers"),
    _lightsail(
        "aws_lightsail_container_service", "get_container_services", "containerServices", id="containerServiceName"
    ),
    Listing("aws_mwaa_environment", _airflow, services=("mwaa",)),
    tagged(
        "aws_redshiftserverless_workgroup",
        "redshift-serverless",
        "list_workgroups",
        "workgroups",
        tags_by_a_call(
            "redshift-serverless", "list_tags_for_resource", "resourceArn", "workgroupArn", "tags", ("key", "value")
        ),
        id="workgroupName",
        status="status",
    ),
)
