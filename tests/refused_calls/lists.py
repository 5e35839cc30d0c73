"""What the services of the seeded lists refuse."""

from typing import Any

from refused_calls.world import ACCOUNT, HERE, Call

IRELAND = "eu-west-1"
HOMES = {"apprunner": IRELAND, "globalaccelerator": "us-west-2"}
"""Where a service is that London does not have."""


def _asked(service: str, method: str, **given: Any) -> Call:
    return lambda world: getattr(world(service, HOMES.get(service, HERE)), method)(**given)


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{HOMES.get(service, HERE)}:{ACCOUNT}:{rest}"


_TAGS = "list_tags_for_resource"
CALLS: dict[str, Call] = {
    "apprunner ListServices: the page is too long": _asked("apprunner", "list_services", MaxResults=21),
    "apprunner ListServices: the token is of no page": _asked("apprunner", "list_services", NextToken="x"),
    "apprunner ListTagsForResource: the ARN is none": _asked("apprunner", _TAGS, ResourceArn="gone"),
    "apprunner ListTagsForResource: the service is not there": _asked(
        "apprunner", _TAGS, ResourceArn=_arn("apprunner", "service/gone/1")
    ),
    "ec2 DescribeClientVpnEndpoints: the page is too long": _asked(
        "ec2", "describe_client_vpn_endpoints", MaxResults=1001
    ),
    "ec2 DescribeClientVpnEndpoints: the token is of no page": _asked(
        "ec2", "describe_client_vpn_endpoints", NextToken="x"
    ),
    "elasticache DescribeServerlessCaches: the page is empty": _asked(
        "elasticache", "describe_serverless_caches", MaxResults=0
    ),
    "elasticache DescribeServerlessCaches: the token is of no page": _asked(
        "elasticache", "describe_serverless_caches", NextToken="x"
    ),
    "elasticache ListTagsForResource: the cache is not there": _asked(
        "elasticache", _TAGS, ResourceName=_arn("elasticache", "serverlesscache:gone")
    ),
    **{
        f"globalaccelerator {operation}: {when}": _asked("globalaccelerator", method, **given)
        for operation, method in (
            ("ListAccelerators", "list_accelerators"),
            ("ListCustomRoutingAccelerators", "list_custom_routing_accelerators"),
        )
        for when, given in (
            ("the page is too long", {"MaxResults": 101}),
            ("the token is of no page", {"NextToken": "x"}),
        )
    },
    "globalaccelerator ListTagsForResource: the ARN is none": _asked("globalaccelerator", _TAGS, ResourceArn="gone"),
    "globalaccelerator ListTagsForResource: the accelerator is not there": _asked(
        "globalaccelerator", _TAGS, ResourceArn=f"arn:aws:globalaccelerator::{ACCOUNT}:accelerator/gone"
    ),
    "lightsail GetInstances: the token is of no page": _asked("lightsail", "get_instances", pageToken="x"),
    "lightsail GetLoadBalancers: the token is of no page": _asked("lightsail", "get_load_balancers", pageToken="x"),
    "lightsail GetRelationalDatabases: the token is of no page": _asked(
        "lightsail", "get_relational_databases", pageToken="x"
    ),
    "lightsail GetContainerServices: the name begins with a capital letter": _asked(
        "lightsail", "get_container_services", serviceName="Mine"
    ),
    "mwaa ListEnvironments: the page is too long": _asked("mwaa", "list_environments", MaxResults=26),
    "mwaa ListEnvironments: the token is of no page": _asked("mwaa", "list_environments", NextToken="x"),
    "mwaa GetEnvironment: the name begins with a digit": _asked("mwaa", "get_environment", Name="1st"),
    "mwaa GetEnvironment: the environment is not there": _asked("mwaa", "get_environment", Name="gone"),
    "redshift-serverless ListWorkgroups: the page is too long": _asked(
        "redshift-serverless", "list_workgroups", maxResults=101
    ),
    "redshift-serverless ListWorkgroups: the token is of no page": _asked(
        "redshift-serverless", "list_workgroups", nextToken="x"
    ),
    "redshift-serverless ListTagsForResource: the ARN is none": _asked(
        "redshift-serverless", _TAGS, resourceArn="gone"
    ),
    "redshift-serverless ListTagsForResource: the workgroup is not there": _asked(
        "redshift-serverless", _TAGS, resourceArn=_arn("redshift-serverless", "workgroup/gone")
    ),
}
