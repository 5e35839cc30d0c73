"""Which resources a request is about. Part of the sandbox's IAM evaluator (labelled stand-in for AWS).

AWS's reference says how the ARN of each type is built; the tables here say which parameter holds each name. A name that
a request leaves open stays a literal `*`, which a grant on names does not cover.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from sandbox.iam.reference import Action, ResourceType
from sandbox.iam.request import Request

Spell = Callable[[str, str], str]
"""Turns the name of a resource, by its type, into the one that stands in its ARN: a role's with its path."""

PARAMETERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "airflow": {"EnvironmentName": ("Name",)},
    "athena": {"WorkGroupName": ("WorkGroup", "Name")},
    "budgets": {"BudgetName": ("BudgetName", "Budget.BudgetName", "NewBudget.BudgetName")},
    "dynamodb": {"TableName": ("TableName",)},
    "ecs": {
        "ClusterName": ("cluster", "clusterName", "clusters"),
        "ServiceName": ("service", "serviceName", "services"),
        "TaskDefinitionFamilyName": ("family", "taskDefinition"),
        "TaskId": ("task", "tasks"),
    },
    "elasticfilesystem": {"FileSystemId": ("FileSystemId",)},
    "glue": {
        "DatabaseName": ("DatabaseName", "DatabaseInput.Name", "Name"),
        "TableName": ("TableName", "TableInput.Name", "Name"),
    },
    "iam": {
        "RoleNameWithPath": ("RoleName",),
        "PolicyNameWithPath": ("PolicyName",),
        "OidcProviderName": ("Url",),
        "UserNameWithPath": ("UserName",),
        "GroupNameWithPath": ("GroupName",),
        "InstanceProfileNameWithPath": ("InstanceProfileName",),
    },
    "kinesis": {"StreamName": ("StreamName",)},
    "kms": {"KeyId": ("KeyId", "TargetKeyId"), "Alias": ("AliasName",)},
    "lambda": {"FunctionName": ("FunctionName",)},
    "logs": {"LogGroupName": ("logGroupName",)},
    "rds": {
        "DbInstanceName": ("DBInstanceIdentifier",),
        "SubnetGroupName": ("DBSubnetGroupName",),
        "OptionGroupName": ("OptionGroupName",),
        "ParameterGroupName": ("DBParameterGroupName",),
        "SnapshotName": ("DBSnapshotIdentifier",),
        "DbClusterInstanceName": ("DBClusterIdentifier",),
    },
    "route53": {"Id": ("Id", "ResourceId")},
    "scheduler": {"GroupName": ("GroupName", "Name"), "ScheduleName": ("Name",)},
    "secretsmanager": {"SecretId": ("SecretId", "Name")},
    "sns": {"TopicName": ("Name",)},
    "sqs": {"QueueName": ("QueueName", "QueueUrl")},
    "ssm": {"ParameterNameWithoutLeadingSlash": ("Name", "Names", "Path", "ResourceId")},
}
"""Per service: the variable of an ARN, and the parameters that may hold it; the first that a request has does."""

_OF_ACTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # Its name is the database's: of the tables in it, it needs every one.
    "glue:DeleteDatabase": {"TableName": ()},
}
"""By action what stands in the place of its service's parameters."""

_EC2_PREFIXES = {
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""What the first part of an id says about its type."""


def resources_of(action: Action, request: Request, account: str, spell: Spell) -> tuple[str, ...]:
    """Return the ARNs that must be allowed; `*` where the action knows no resources."""
    if not action.types:
        return ("*",)
    service, _, name = action.name.partition(":")
    # The reference calls every type required that can have tags; a request tags one.
    types = [replace(each, required=False) for each in action.types] if "Tag" in name else action.types
    found: list[str] = []
    parameters = PARAMETERS.get(service)
    if parameters is not None:
        parameters = {**parameters, **_OF_ACTIONS.get(action.name, {})}
    for each in types:
        found += _named(service, each, request, account, spell, parameters)
    return tuple(dict.fromkeys(found)) or ("*",)


def _named(
    service: str,
    each: ResourceType,
    request: Request,
    account: str,
    spell: Spell,
    parameters: Mapping[str, tuple[str, ...]] | None,
) -> Iterator[str]:
    arns = [value for value in request.every_value() if value.startswith("arn:") and each.fits(value)]
    if arns:
        yield from arns
        return
    if service == "ec2":
        yield from _of_ids(each, request, account)
        return
    choices = [_values(request, (name,) if parameters is None else parameters.get(name, ())) for name in each.names]
    if not each.required and not (choices and all(choices)):
        return
    fixed = {
        name: _told(each, values[0]) for name, values in zip(each.names[:-1], choices[:-1], strict=False) if values
    }
    for value in choices[-1] if choices and choices[-1] else ("*",):
        names = fixed | ({each.names[-1]: _told(each, value)} if each.names else {})
        yield each.filled(_places(request, account) | {name: spell(each.name, text) for name, text in names.items()})


def _told(each: ResourceType, value: str) -> str:
    """A resource may be told by its ARN where a name would do, and a queue by its address."""
    return value.rpartition("/")[2] if value.startswith("arn:") or each.name == "queue" else value


def _values(request: Request, parameters: Sequence[str]) -> Sequence[str]:
    return next((found for name in parameters if (found := request.values(name))), ())


def _of_ids(each: ResourceType, request: Request, account: str) -> Iterator[str]:
    """An id of EC2 says its type; what a request makes has none yet."""
    found = False
    for value in request.every_value():
        prefix, _, rest = value.partition("-")
        if rest and _EC2_PREFIXES.get(prefix) == each.name:
            found = True
            yield each.filled(_places(request, account) | {each.names[-1]: value})
    if each.required and not found:
        yield each.filled(_places(request, account))


def _places(request: Request, account: str) -> dict[str, str]:
    return {"Partition": "aws", "Region": request.region, "Account": account}
