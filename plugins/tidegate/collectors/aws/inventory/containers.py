"""Containers and what scales them: ECS, EKS, Auto Scaling groups and targets."""

from collections.abc import Iterator

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan, chunks
from tidegate.collectors.aws.reading import MalformedAnswer, field, optional
from tidegate.collectors.aws.tags import tag_map

IAM_ACTIONS: tuple[str, ...] = (
    "application-autoscaling:DescribeScalableTargets",
    "autoscaling:DescribeAutoScalingGroups",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:ListClusters",
    "ecs:ListServices",
    "eks:DescribeCluster",
    "eks:ListClusters",
)

_CLUSTERS_AT_ONCE, _SERVICES_AT_ONCE = 100, 10
_SCALED = ("ecs", "ec2", "rds", "dynamodb")
"""Services whose capacity a target can hold up by the hour, and which are not forbidden as a whole anyway."""


def _ecs_clusters(scan: Scan) -> Iterator[Found]:
    for arns in chunks(scan.all("ecs", "list_clusters", "clusterArns"), _CLUSTERS_AT_ONCE):
        answer = scan.call("ecs", "describe_clusters", clusters=arns, include=["TAGS"])
        yield from _described(answer, "clusters", "clusterName")


def _ecs_services(scan: Scan) -> Iterator[Found]:
    for cluster in scan.all("ecs", "list_clusters", "clusterArns"):
        for arns in chunks(scan.all("ecs", "list_services", "serviceArns", cluster=cluster), _SERVICES_AT_ONCE):
            answer = scan.call("ecs", "describe_services", cluster=cluster, services=arns, include=["TAGS"])
            yield from _described(answer, "services", "serviceName", prefix=f"{cluster.rpartition('/')[2]}/")


def _described(answer: dict[str, object], key: str, name: str, prefix: str = "") -> Iterator[Found]:
    """What ECS still runs. It keeps deleted things as INACTIVE, and says MISSING of what went between two calls."""
    for failure in optional(answer, "failures", list) or []:
        if (reason := field(failure, "reason", str)) != "MISSING":
            raise MalformedAnswer(f"ECS cannot describe {optional(failure, 'arn', str)}: {reason}")
    for item in field(answer, key, list):
        status = field(item, "status", str)
        if status != "INACTIVE":
            tags = tag_map(optional(item, "tags", list) or [], "key", "value")
            yield Found(id=prefix + field(item, name, str), status=status, item=item, tags=tags)


def _eks_clusters(scan: Scan) -> Iterator[Found]:
    for name in scan.all("eks", "list_clusters", "clusters"):
        item = field(scan.call("eks", "describe_cluster", name=name), "cluster", dict)
        yield Found(id=name, status=field(item, "status", str), item=item, tags=optional(item, "tags", dict) or {})


def _scaling_groups(scan: Scan) -> Iterator[Found]:
    for item in scan.all("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"):
        status = optional(item, "Status", str) or "present"  # only a group that is going has one
        tags = tag_map(optional(item, "Tags", list) or [])
        yield Found(id=field(item, "AutoScalingGroupName", str), status=status, item=item, tags=tags)


def _scaling_targets(scan: Scan) -> Iterator[Found]:
    for service in _SCALED:
        for item in scan.all(
            "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace=service
        ):
            parts = [field(item, key, str) for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")]
            yield Found(id="/".join(parts), status="present", item=item)


LISTINGS: tuple[Listing, ...] = (
    Listing("aws_ecs_cluster", _ecs_clusters),
    Listing("aws_ecs_service", _ecs_services),
    Listing("aws_eks_cluster", _eks_clusters),
    Listing("aws_autoscaling_group", _scaling_groups),
    Listing("aws_appautoscaling_target", _scaling_targets),
)
