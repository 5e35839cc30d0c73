"""Everything that a request must be allowed to do: its own action and those that come with it.

Part of the sandbox's IAM evaluator (labelled stand-in for AWS). Sources: the service authorization reference, and for
what comes along each service's page on permissions (tags at creation, roles that are passed on, secrets and
service-linked roles that a service makes in the caller's name).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from sandbox.iam.conditions import Context
from sandbox.iam.evaluation import Need
from sandbox.iam.reference import Action, action
from sandbox.iam.request import CannotRead, Request
from sandbox.iam.resources import resources_of
from sandbox.iam.s3 import s3_actions

WITHOUT_PERMISSION = frozenset({("sts", "GetCallerIdentity")})
"""Whoever has a key may do this, whatever a policy says."""

_PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag", "s3control": "s3", "email": "ses"}
"""Where a service is signed for by another name than its actions have."""
_BUDGET_ACTIONS = {
    "Describe": "ViewBudget",
    "Create": "ModifyBudget",
    "Update": "ModifyBudget",
    "Delete": "ModifyBudget",
}
_TAG_ACTIONS = {
    "athena": "athena:TagResource",
    "budgets": "budgets:TagResource",
    "dynamodb": "dynamodb:TagResource",
    "ec2": "ec2:CreateTags",
    "ecs": "ecs:TagResource",
    "glue": "glue:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "rds": "rds:AddTagsToResource",
    "scheduler": "scheduler:TagResource",
    "secretsmanager": "secretsmanager:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",
    "ssm": "ssm:AddTagsToResource",
}
"""What a request that makes something with tags needs beside its own action."""
_IAM_TAG_ACTIONS = {
    "CreateRole": "iam:TagRole",
    "CreatePolicy": "iam:TagPolicy",
    "CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "CreateInstanceProfile": "iam:TagInstanceProfile",
    "CreateUser": "iam:TagUser",
}
_MAKING = ("Create", "Register", "Put", "Run", "Allocate", "Restore", "Copy")
_SERVICE_LINKED = {("ecs", "CreateCluster"): "ecs.amazonaws.com", ("rds", "CreateDBInstance"): "rds.amazonaws.com"}
_LINKED_ROLES = {"ecs.amazonaws.com": "AWSServiceRoleForECS", "rds.amazonaws.com": "AWSServiceRoleForRDS"}
_PASSED = {
    ("ecs", "RegisterTaskDefinition"): (("executionRoleArn", "taskRoleArn"), "ecs-tasks.amazonaws.com"),
    ("ecs", "RunTask"): (("overrides.executionRoleArn", "overrides.taskRoleArn"), "ecs-tasks.amazonaws.com"),
    ("ecs", "CreateService"): (("role",), "ecs.amazonaws.com"),
    ("rds", "CreateDBInstance"): (("MonitoringRoleArn",), "monitoring.rds.amazonaws.com"),
    ("rds", "ModifyDBInstance"): (("MonitoringRoleArn",), "monitoring.rds.amazonaws.com"),
    ("ec2", "RunInstances"): (("IamInstanceProfile.Arn",), "ec2.amazonaws.com"),
    ("lambda", "CreateFunction20150331"): (("Role",), "lambda.amazonaws.com"),
    ("lambda", "CreateFunction"): (("Role",), "lambda.amazonaws.com"),
    ("lambda", "UpdateFunctionConfiguration"): (("Role",), "lambda.amazonaws.com"),
    ("scheduler", "CreateSchedule"): (("Target.RoleArn",), "scheduler.amazonaws.com"),
    ("scheduler", "UpdateSchedule"): (("Target.RoleArn",), "scheduler.amazonaws.com"),
}
"""Which parameters hand a role to which service."""


@dataclass(frozen=True, slots=True)
class World:
    """What must be asked of the account as it stands."""

    account: str
    spell: Callable[[str, str], str]
    tags: Callable[[str], Mapping[str, str]]
    """The tags of the resource with an ARN."""
    boundary: Callable[[str], str | None]
    """The permissions boundary of the role with a name."""
    has_role: Callable[[str], bool]


def needs(request: Request, world: World, common: Context) -> Iterator[Need]:
    """Return what the request needs. `common` holds the keys that every request has.

    Raises CannotRead and UnknownAction.
    """
    if (request.service, request.operation) in WITHOUT_PERMISSION:
        return
    if request.service == "s3":
        for name, resource in s3_actions(request):
            yield Need(name, resource, _context(action(name), request, resource, world, common))
        return
    own = action(_own_action(request))
    resources = resources_of(own, request, world.account, world.spell)
    for resource in resources:
        yield Need(own.name, resource, _context(own, request, resource, world, common))
    yield from _tagging(own, request, resources, world, common)
    yield from _passing(request, common)
    yield from _linking(request, world, common)
    if (request.service, request.operation) == ("rds", "CreateDBInstance"):
        yield from _master_secret(request, world, common)


def _own_action(request: Request) -> str:
    service = _PREFIXES.get(request.service, request.service)
    if service == "budgets" and "Tag" not in request.operation and "Action" not in request.operation:
        verb = next((verb for verb in _BUDGET_ACTIONS if request.operation.startswith(verb)), None)
        if verb is None:
            raise CannotRead(f"budgets {request.operation}")
        return f"budgets:{_BUDGET_ACTIONS[verb]}"
    return f"{service}:{request.operation}"


def _request_tags(request: Request) -> dict[str, str]:
    """The tags that a request gives, in the spelling of any service: lists of pairs, or a mapping."""
    keys: dict[str, str] = {}
    values: dict[str, str] = {}
    tags: dict[str, str] = {}
    for name, found in request.parameters.items():
        place, _, last = name.rpartition(".")
        if "tag" not in name.lower() or not found:
            continue
        if last.lower() in {"key", "tagkey"}:
            keys[place] = found[0]
        elif last.lower() in {"value", "tagvalue"}:
            values[place] = found[0]
        elif place.lower() in {"tags", "resourcetags"} and not last.isdecimal():
            tags[last] = found[0]
    return tags | {key: values.get(place, "") for place, key in keys.items()}


def _context(own: Action, request: Request, resource: str, world: World, common: Context) -> Context:
    """The keys of a need: those of every request, and those that the reference lists for the action."""
    own_keys: dict[str, tuple[str, ...]] = {}
    tags = _request_tags(request)
    if "aws:tagkeys" in own.keys and tags:
        own_keys["aws:tagkeys"] = tuple(tags)
    if "aws:requesttag/" in own.keys:
        own_keys |= {f"aws:requesttag/{name.lower()}": (value,) for name, value in tags.items()}
    if "aws:resourcetag/" in own.keys:
        own_keys |= {f"aws:resourcetag/{name.lower()}": (text,) for name, text in world.tags(resource).items()}
    service = own.name.partition(":")[0]
    if service == "iam":
        own_keys |= _iam_keys(own, request, world)
    elif service == "s3":
        own_keys |= _s3_keys(own, request)
    elif service == "ec2":
        own_keys["ec2:region"] = (request.region,)
    return {**common, **own_keys}


def _iam_keys(own: Action, request: Request, world: World) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {}
    if "iam:permissionsboundary" in own.keys:
        given = request.value("PermissionsBoundary")
        role = request.value("RoleName")
        standing = world.boundary(role) if role and given is None else None
        if found := given or standing:
            keys["iam:permissionsboundary"] = (found,)
    if "iam:policyarn" in own.keys and (policy := request.value("PolicyArn")):
        keys["iam:policyarn"] = (policy,)
    if "iam:awsservicename" in own.keys and (service := request.value("AWSServiceName")):
        keys["iam:awsservicename"] = (service,)
    return keys


def _s3_keys(own: Action, request: Request) -> dict[str, tuple[str, ...]]:
    """S3's keys are named after the parameters and headers that carry them."""
    given = {name.lower(): values for name, values in request.parameters.items()}
    given |= {name: (value,) for name, value in request.headers.items() if name.startswith("x-amz-")}
    return {key: given[name] for key in own.keys if (name := key.removeprefix("s3:")) in given}


def _tagging(
    own: Action, request: Request, resources: tuple[str, ...], world: World, common: Context
) -> Iterator[Need]:
    service = own.name.partition(":")[0]
    if not request.operation.startswith(_MAKING) or not _request_tags(request):
        return
    name = _IAM_TAG_ACTIONS.get(request.operation) if service == "iam" else _TAG_ACTIONS.get(service)
    if name is None or request.operation == "CreateTags":
        return
    tag_action = action(name)
    for resource in resources:
        if any(each.fits(resource) for each in tag_action.types):
            context = _context(tag_action, request, resource, world, common)
            created = {f"{service}:createaction": (request.operation,)} if service in {"ec2", "ecs"} else {}
            yield Need(name, resource, {**context, **created})


def _passing(request: Request, common: Context) -> Iterator[Need]:
    parameters, service = _PASSED.get((request.service, request.operation), ((), ""))
    for role in request.values(*parameters):
        if role.startswith("arn:") and ":role/" in role:
            yield Need("iam:PassRole", role, {**common, "iam:passedtoservice": (service,)})


def _linking(request: Request, world: World, common: Context) -> Iterator[Need]:
    """The first cluster, or database, of an account makes the role of the service."""
    service = _SERVICE_LINKED.get((request.service, request.operation))
    if service is None or world.has_role(_LINKED_ROLES[service]):
        return
    arn = f"arn:aws:iam::{world.account}:role/aws-service-role/{service}/{_LINKED_ROLES[service]}"
    yield Need("iam:CreateServiceLinkedRole", arn, {**common, "iam:awsservicename": (service,)})


def _master_secret(request: Request, world: World, common: Context) -> Iterator[Need]:
    """RDS has Secrets Manager make the secret of the master password, in the caller's name.

    Source: RDS User Guide, "Permissions required for Secrets Manager integration".
    """
    if request.value("ManageMasterUserPassword") != "true":
        return
    place = f"{request.region}:{world.account}"
    secret = f"arn:aws:secretsmanager:{place}:secret:rds!db-00000000-0000-0000-0000-000000000000-000000"
    via = {**common, "kms:viaservice": (f"secretsmanager.{request.region}.amazonaws.com",)}
    for name in ("secretsmanager:CreateSecret", "secretsmanager:TagResource"):
        yield Need(name, secret, common)
    key = request.value("MasterUserSecretKmsKeyId") or "alias/aws/secretsmanager"
    asked = replace(request, service="kms", operation="DescribeKey", parameters={"KeyId": (key,)})
    for resource in resources_of(action("kms:DescribeKey"), asked, world.account, world.spell):
        yield Need("kms:DescribeKey", resource, via)
