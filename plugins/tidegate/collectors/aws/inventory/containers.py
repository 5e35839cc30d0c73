"""Containers and what scales them: ECS, EKS, Auto Scaling groups and targets."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan, chunks
from tidegate.collectors.aws.reading import MalformedAnswer, field, optional, text
from tidegate.collectors.aws.tags import flat_tags, tag_map

IAM_ACTIONS: tuple[str, ...] = (
    "application-autoscaling:DescribeScalableTargets",
    "autoscaling:DescribeAutoScalingGroups",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTasks",
    "eks:DescribeCluster",
    "eks:ListClusters",
)

_CLUSTERS_AT_ONCE, _SERVICES_AT_ONCE, _TASKS_AT_ONCE = 100, 10, 100
_SCALED = ("ecs", "ec2", "rds", "dynamodb")
"""Services whose capacity a target can hold up by the hour, and which are not forbidden as a whole anyway."""


def _ecs_clusters(scan: Scan) -> Iterator[Found]:
    for arns in chunks(scan.names("ecs", "list_clusters", "clusterArns"), _CLUSTERS_AT_ONCE):
        answer = scan.call("ecs", "describe_clusters", clusters=arns, include=["TAGS"])
        yield from _described(answer, "clusters", "clusterName", asked=len(arns))


def _ecs_services(scan: Scan) -> Iterator[Found]:
    """With `cpu` and `memory` of their tasks, where a service wants any: these decide what it costs."""
    sizes: dict[str, dict[str, Any]] = {}
    for cluster in scan.names("ecs", "list_clusters", "clusterArns"):
        for arns in chunks(scan.names("ecs", "list_services", "serviceArns", cluster=cluster), _SERVICES_AT_ONCE):
            answer = scan.call("ecs", "describe_services", cluster=cluster, services=arns, include=["TAGS"])
            for found in _described(answer, "services", "serviceName", asked=len(arns), prefix=_last(cluster)):
                yield replace(found, item=found.item | _size_of_task(scan, found.item, sizes))


def _size_of_task(scan: Scan, service: dict[str, Any], sizes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What the service's task definition says; each is asked for once. One for machines may say nothing."""
    if not optional(service, "desiredCount", int):
        return {}
    arn = text(service, "taskDefinition")
    if arn not in sizes:
        answer = scan.call("ecs", "describe_task_definition", taskDefinition=arn)
        definition = field(answer, "taskDefinition", dict)
        sizes[arn] = {name: definition[name] for name in ("cpu", "memory") if name in definition}
    return sizes[arn]


def _ecs_tasks(scan: Scan) -> Iterator[Found]:
    """Tasks that somebody started by hand or by schedule. Those of a service are the service's own desired count."""
    for cluster in scan.names("ecs", "list_clusters", "clusterArns"):
        for arns in chunks(scan.names("ecs", "list_tasks", "taskArns", cluster=cluster), _TASKS_AT_ONCE):
            answer = scan.call("ecs", "describe_tasks", cluster=cluster, tasks=arns, include=["TAGS"])
            for item in _asked_for(answer, "tasks", len(arns)):
                status = text(item, "lastStatus")
                if status != "STOPPED" and not (optional(item, "group", str) or "").startswith("service:"):
                    id_ = _last(cluster) + text(item, "taskArn").rpartition("/")[2]
                    yield Found(id=id_, status=status, item=item, tags=_tags(item))


def _described(answer: dict[str, object], key: str, name: str, *, asked: int, prefix: str = "") -> Iterator[Found]:
    """What ECS still runs. It keeps deleted things as INACTIVE."""
    for item in _asked_for(answer, key, asked):
        status = text(item, "status")
        if status != "INACTIVE":
            yield Found(id=prefix + text(item, name), status=status, item=item, tags=_tags(item))


def _asked_for(answer: dict[str, object], key: str, asked: int) -> list[dict[str, Any]]:
    """The described ones. ECS says MISSING of what went between two calls; what it keeps silent about is lost."""
    failures = optional(answer, "failures", list) or []
    for failure in failures:
        if (reason := field(failure, "reason", str)) != "MISSING":
            raise MalformedAnswer(f"ECS cannot describe {optional(failure, 'arn', str)}: {reason}")
    items: list[dict[str, Any]] = field(answer, key, list)
    if len(items) + len(failures) != asked:
        raise MalformedAnswer(f"ECS was asked for {asked} {key} and answers for {len(items) + len(failures)}")
    return items


def _tags(item: dict[str, Any]) -> dict[str, str]:
    return tag_map(optional(item, "tags", list) or [], "key", "value")


def _last(cluster: str) -> str:
    """The cluster's name and a slash, from its ARN."""
    return f"{cluster.rpartition('/')[2]}/"


def _eks_clusters(scan: Scan) -> Iterator[Found]:
    for name in scan.names("eks", "list_clusters", "clusters"):
        item = field(scan.call("eks", "describe_cluster", name=name), "cluster", dict)
        yield Found(id=name, status=text(item, "status"), item=item, tags=flat_tags(item, "tags"))


def _scaling_groups(scan: Scan) -> Iterator[Found]:
    for item in scan.all("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"):
        status = optional(item, "Status", str) or "present"  # only a group that is going has one
        tags = tag_map(optional(item, "Tags", list) or [])
        yield Found(id=text(item, "AutoScalingGroupName"), status=status, item=item, tags=tags)


def _scaling_targets(scan: Scan) -> Iterator[Found]:
    for service in _SCALED:
        for item in scan.all(
            "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace=service
        ):
            parts = [text(item, key) for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")]
            yield Found(id="/".join(parts), status="present", item=item)


LISTINGS: tuple[Listing, ...] = (
    Listing("aws_ecs_cluster", _ecs_clusters, services=("ecs",)),
    Listing("aws_ecs_service", _ecs_services, services=("ecs",)),
    # Terraform has no such resource; the name is made after its pattern, for the policy.
    Listing("aws_ecs_task", _ecs_tasks, services=("ecs",)),
    Listing("aws_eks_cluster", _eks_clusters, services=("eks",)),
    Listing("aws_autoscaling_group", _scaling_groups, services=("autoscaling",)),
    Listing("aws_appautoscaling_target", _scaling_targets, services=("application-autoscaling",)),
)
