"""Containers and databases of the demo stack."""

import re

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lookup.question import Question, answers
from tidegate.collectors.aws.reading import MalformedAnswer, ask, every, field, names, optional, text

IAM_ACTIONS: tuple[str, ...] = (
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:ListTaskDefinitions",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSubnetGroups",
)

_RESOURCE_ID = re.compile(r"db-[A-Z0-9]{20,}")
_INACTIVE = "INACTIVE"
"""ECS keeps deleted things for a while, under this status."""


def _cluster(clients: Clients, arn: str) -> bool:
    answer = ask(clients.ecs(clients.region).describe_clusters, clusters=[arn])
    return _active(answer, "clusters")


def _service(clients: Clients, arn: str) -> bool:
    """`arn:aws:ecs:<region>:<account>:service/<cluster>/<service>`."""
    parts = arn.split("/")
    if len(parts) != 3:
        raise MalformedAnswer("the id in the state is not the ARN of a service with its cluster")
    answer = ask(clients.ecs(clients.region).describe_services, cluster=parts[1], services=[arn])
    return _active(answer, "services")


def _active(answer: object, key: str) -> bool:
    """ECS answers for something it does not know with a failure MISSING."""
    failures = optional(answer, "failures", list) or []
    for failure in failures:
        if (reason := field(failure, "reason", str)) != "MISSING":
            raise MalformedAnswer(f"ECS says {reason}")
    items = field(answer, key, list)
    if len(items) + len(failures) != 1:
        raise MalformedAnswer(f"ECS was asked for one of {key} and answers for {len(items) + len(failures)}")
    return any(text(item, "status") != _INACTIVE for item in items)


def _task_definition(clients: Clients, family: str) -> bool:
    """The id is the family: it is there while a revision is ACTIVE. Deregistered revisions are only history."""
    paginator = clients.ecs(clients.region).get_paginator("list_task_definitions")
    arns = names(paginator.paginate(familyPrefix=family, status="ACTIVE"), "taskDefinitionArns")
    return any(f"/{family}:" in arn for arn in arns)


def _database(clients: Clients, id: str) -> bool:
    """The id is RDS's own (`db-ABC...`); states written before provider 5 have the identifier."""
    name = "dbi-resource-id" if _RESOURCE_ID.fullmatch(id) else "db-instance-id"
    paginator = clients.rds(clients.region).get_paginator("describe_db_instances")
    items = every(paginator.paginate(Filters=[{"Name": name, "Values": [id]}]), "DBInstances")
    found = [text(item, "DBInstanceIdentifier") for item in items]
    return bool(found)


QUESTIONS: dict[str, Question] = {
    "aws_db_instance": Question(_database, ("DBInstanceNotFound", "DBInstanceNotFoundFault")),
    "aws_db_subnet_group": answers(
        "rds",
        "describe_db_subnet_groups",
        "DBSubnetGroupName",
        "DBSubnetGroupNotFoundFault",
        shows="DBSubnetGroups",
        kind=list,
    ),
    "aws_ecs_cluster": Question(_cluster),
    "aws_ecs_service": Question(_service, ("ClusterNotFoundException",)),
    "aws_ecs_task_definition": Question(_task_definition),
}
