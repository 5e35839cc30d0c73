"""Networks and machines: everything that EC2 describes."""

from collections.abc import Iterator
from typing import Any

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan, listing, tags_of
from tidegate.collectors.aws.reading import MalformedAnswer, field, optional, text

IAM_ACTIONS: tuple[str, ...] = (
    "ec2:DescribeAddresses",
    "ec2:DescribeFleets",
    "ec2:DescribeHosts",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSpotFleetRequests",
    "ec2:DescribeSpotInstanceRequests",
    "ec2:DescribeSubnets",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeTransitGateways",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "ec2:DescribeVpnConnections",
    "network-firewall:ListFirewalls",
)


def _not_default(vpc: dict[str, Any]) -> bool:
    return not field(vpc, "IsDefault", bool)


def _addresses(scan: Scan) -> Iterator[Found]:
    for item in scan.all("ec2", "describe_addresses", "Addresses"):
        # An address of EC2-Classic has no allocation.
        id_ = optional(item, "AllocationId", str) or text(item, "PublicIp")
        status = "associated" if optional(item, "AssociationId", str) else "unused"
        yield Found(id=id_, status=status, item=item, tags=tags_of(item, "Tags"))


def _instances(scan: Scan) -> Iterator[Found]:
    for reservation in scan.all("ec2", "describe_instances", "Reservations"):
        for item in field(reservation, "Instances", list):
            status = text(item, "State.Name")
            if status != "terminated":
                yield Found(id=text(item, "InstanceId"), status=status, item=item, tags=tags_of(item, "Tags"))


def _snapshots(scan: Scan) -> Iterator[Found]:
    """Of this account only; others share theirs."""
    for item in scan.all("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"]):
        if text(item, "OwnerId") == scan.environment.account_id:
            yield Found(id=text(item, "SnapshotId"), status=text(item, "State"), item=item, tags=tags_of(item, "Tags"))


def _of_the_environment(resource_type: str, operation: str, key: str, id_: str) -> Listing:
    """Parts of a network that cost nothing and that every account has: only those with the environment's tags."""

    def read(scan: Scan) -> Iterator[Found]:
        tags = {"project": scan.environment.project, "environment": scan.environment.name}
        filters = [{"Name": f"tag:{name}", "Values": [value]} for name, value in tags.items()]
        for item in scan.all("ec2", operation, key, Filters=filters):
            found = tags_of(item, "Tags")
            if any(found.get(name) != value for name, value in tags.items()):
                raise MalformedAnswer("an item without the tags that were asked for")
            if optional(item, "GroupName", str) != "default":  # a default security group lives and dies with its VPC
                yield Found(id=text(item, id_), status="present", item=item, tags=found)

    return Listing(resource_type, read, services=("ec2",))


LISTINGS: tuple[Listing, ...] = (
    listing(
        "aws_nat_gateway",
        "ec2",
        "describe_nat_gateways",
        "NatGateways",
        id="NatGatewayId",
        status="State",
        gone={"deleted"},
    ),
    Listing("aws_eip", _addresses, services=("ec2",)),
    Listing("aws_instance", _instances, services=("ec2",)),
    listing(
        "aws_spot_instance_request",
        "ec2",
        "describe_spot_instance_requests",
        "SpotInstanceRequests",
        id="SpotInstanceRequestId",
        status="State",
        gone={"closed", "cancelled", "failed"},
    ),
    listing(
        "aws_spot_fleet_request",
        "ec2",
        "describe_spot_fleet_requests",
        "SpotFleetRequestConfigs",
        id="SpotFleetRequestId",
        status="SpotFleetRequestState",
        gone={"cancelled", "failed"},
    ),
    listing(
        "aws_ec2_fleet",
        "ec2",
        "describe_fleets",
        "Fleets",
        id="FleetId",
        status="FleetState",
        gone={"deleted", "failed"},
    ),
    listing(
        "aws_ec2_host",
        "ec2",
        "describe_hosts",
        "Hosts",
        id="HostId",
        status="State",
        gone={"released", "released-permanent-failure"},
        spelled={"instance_family": "HostProperties.InstanceFamily"},
    ),
    listing(
        "aws_vpc_endpoint",
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        id="VpcEndpointId",
        status="State",
        gone={"deleted"},
    ),
    listing("aws_vpc", "ec2", "describe_vpcs", "Vpcs", id="VpcId", status="State", keep=_not_default),
    listing(
        "aws_ebs_volume",
        "ec2",
        "describe_volumes",
        "Volumes",
        id="VolumeId",
        status="State",
        gone={"deleted"},
        spelled={"type": "VolumeType"},
    ),
    Listing("aws_ebs_snapshot", _snapshots, services=("ec2",)),
    listing(
        "aws_ec2_transit_gateway",
        "ec2",
        "describe_transit_gateways",
        "TransitGateways",
        id="TransitGatewayId",
        status="State",
        gone={"deleted"},
    ),
    listing(
        "aws_ec2_transit_gateway_vpc_attachment",
        "ec2",
        "describe_transit_gateway_vpc_attachments",
        "TransitGatewayVpcAttachments",
        id="TransitGatewayAttachmentId",
        status="State",
        gone={"deleted", "failed", "rejected"},
    ),
    listing(
        "aws_vpn_connection",
        "ec2",
        "describe_vpn_connections",
        "VpnConnections",
        id="VpnConnectionId",
        status="State",
        gone={"deleted"},
    ),
    listing(
        "aws_networkfirewall_firewall",
        "network-firewall",
        "list_firewalls",
        "Firewalls",
        id="FirewallArn",
        tags=None,
    ),
    _of_the_environment("aws_security_group", "describe_security_groups", "SecurityGroups", "GroupId"),
    _of_the_environment("aws_subnet", "describe_subnets", "Subnets", "SubnetId"),
    _of_the_environment("aws_internet_gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
)
