"""Load balancers of every kind, with the tags that only a second call gives."""

from collections.abc import Iterator
from typing import Any

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan, chunks, tags_of
from tidegate.collectors.aws.reading import field, text

IAM_ACTIONS: tuple[str, ...] = ("elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags")

_MOST_AT_ONCE = 20


def _application_network_gateway(scan: Scan) -> Iterator[Found]:
    balancers = scan.all("elbv2", "describe_load_balancers", "LoadBalancers")
    tags = _tags(scan, "elbv2", [text(item, "LoadBalancerArn") for item in balancers], "ResourceArn")
    for item in balancers:
        arn = text(item, "LoadBalancerArn")
        yield Found(id=arn, status=text(item, "State.Code"), item=item, tags=tags.get(arn, {}))


def _classic(scan: Scan) -> Iterator[Found]:
    balancers = scan.all("elb", "describe_load_balancers", "LoadBalancerDescriptions")
    tags = _tags(scan, "elb", [text(item, "LoadBalancerName") for item in balancers], "LoadBalancerName")
    for item in balancers:
        name = text(item, "LoadBalancerName")
        yield Found(id=name, status="present", item=item, tags=tags.get(name, {}))


def _tags(scan: Scan, service: str, ids: list[str], key: str) -> dict[str, dict[str, str]]:
    """Tags by id. Both services take the plural of the name under which they answer."""
    found: dict[str, dict[str, str]] = {}
    for some in chunks(ids, _MOST_AT_ONCE):
        parameters: dict[str, Any] = {f"{key}s": some}
        for described in field(scan.call(service, "describe_tags", **parameters), "TagDescriptions", list):
            found[field(described, key, str)] = tags_of(described, "Tags")
    return found


LISTINGS: tuple[Listing, ...] = (
    Listing("aws_lb", _application_network_gateway, services=("elbv2",)),
    Listing("aws_elb", _classic, services=("elb",)),
)
