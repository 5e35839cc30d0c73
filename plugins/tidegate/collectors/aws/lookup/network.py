"""Networks. Asked by filters, endpoints by id: a listing without the resource says "gone" without an error to read.

Terraform makes up ids for links that AWS does not name: a prefix, the parent's id and the CRC-32 of the other end.
"""

import re
from collections.abc import Iterator
from typing import Any
from zlib import crc32

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lookup.question import Question, filtered, listed
from tidegate.collectors.aws.reading import MalformedAnswer, ask, field, names, optional, text

IAM_ACTIONS: tuple[str, ...] = (
    "ec2:DescribeAddresses",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
)

# An AWS id has 17 hexadecimal digits, an old one 8; the CRC-32 follows without a separator.
_ROUTE = re.compile(r"r-(rtb-(?:[0-9a-f]{17}|[0-9a-f]{8}))(\d+)")
_ENDPOINT_ROUTE_TABLE = re.compile(r"a-(vpce-(?:[0-9a-f]{17}|[0-9a-f]{8}))(\d+)")
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_NO_ENDPOINT = ("InvalidVpcEndpointId.NotFound",)


def _route(clients: Clients, id: str) -> bool:
    """`r-<route table><CRC-32 of the destination>`."""
    table, checksum = _parts(_ROUTE, id)
    found = filtered(clients, "ec2", "describe_route_tables", "RouteTables", {"route-table-id": table})
    return any(str(crc32(end.encode())) == checksum for item in found for end in _destinations(item))


def _destinations(table: dict[str, Any]) -> Iterator[str]:
    for route in field(table, "Routes", list):
        ends = [end for name in _DESTINATIONS if (end := optional(route, name, str))]
        if not ends:
            raise MalformedAnswer("a route without a destination")
        yield from ends


def _endpoint_route_table(clients: Clients, id: str) -> bool:
    """`a-<endpoint><CRC-32 of the route table>`."""
    endpoint, checksum = _parts(_ENDPOINT_ROUTE_TABLE, id)
    tables = [table for item in _endpoints(clients, endpoint) for table in names([item], "RouteTableIds")]
    return checksum in [str(crc32(table.encode())) for table in tables]


def _endpoint(clients: Clients, id: str) -> bool:
    return bool(_endpoints(clients, id))


def _endpoints(clients: Clients, id: str) -> list[dict[str, Any]]:
    """Asked by id, for which moto has no filter. AWS shows an endpoint as deleted for a while."""
    found = field(ask(clients.of("ec2").describe_vpc_endpoints, VpcEndpointIds=[id]), "VpcEndpoints", list)
    return [item for item in found if text(item, "VpcEndpointId") and text(item, "State").lower() != "deleted"]


def _parts(pattern: re.Pattern[str], id: str) -> tuple[str, str]:
    match = pattern.fullmatch(id)
    if match is None:
        raise MalformedAnswer("the id in the state is not built as Terraform builds it")
    return match[1], match[2]


_SECURITY_GROUP = listed("ec2", "describe_security_groups", "SecurityGroups", "group-id", shows="GroupId")
_RULE = listed(
    "ec2",
    "describe_security_group_rules",
    "SecurityGroupRules",
    "security-group-rule-id",
    shows="SecurityGroupRuleId",
)

QUESTIONS: dict[str, Question] = {
    # It cannot be deleted by itself: it is gone when its VPC is.
    "aws_default_security_group": _SECURITY_GROUP,
    "aws_eip": listed("ec2", "describe_addresses", "Addresses", "allocation-id", shows="AllocationId"),
    "aws_internet_gateway": listed(
        "ec2", "describe_internet_gateways", "InternetGateways", "internet-gateway-id", shows="InternetGatewayId"
    ),
    "aws_nat_gateway": listed(
        "ec2", "describe_nat_gateways", "NatGateways", "nat-gateway-id", "deleted", shows="NatGatewayId"
    ),
    "aws_route": Question(_route),
    "aws_route_table": listed("ec2", "describe_route_tables", "RouteTables", "route-table-id", shows="RouteTableId"),
    # The route table that it belongs to is found by the association's id, or none is.
    "aws_route_table_association": listed(
        "ec2",
        "describe_route_tables",
        "RouteTables",
        "association.route-table-association-id",
        shows="RouteTableId",
    ),
    "aws_security_group": _SECURITY_GROUP,
    "aws_subnet": listed("ec2", "describe_subnets", "Subnets", "subnet-id", shows="SubnetId"),
    "aws_vpc": listed("ec2", "describe_vpcs", "Vpcs", "vpc-id", shows="VpcId"),
    "aws_vpc_endpoint": Question(_endpoint, _NO_ENDPOINT),
    "aws_vpc_endpoint_route_table_association": Question(_endpoint_route_table, _NO_ENDPOINT),
    "aws_vpc_security_group_egress_rule": _RULE,
    "aws_vpc_security_group_ingress_rule": _RULE,
}
