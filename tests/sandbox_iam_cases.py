"""Generated requests with policies, the same on every machine, for the sandbox's IAM evaluator and an independent one.

They are made so that about half are allowed: patterns and conditions are bent versions of what would fit. Where AWS's
documentation leaves two readings (variables without a value, wildcards for a type, NotPrincipal), ours is the strict
one on purpose, and tests made by hand hold it.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

COUNT = 2400
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lanes"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/lanes/run"
REGIONAL = f"eu-west-2:{ACCOUNT}"
_TAGS = ("aws:RequestTag/environment", "aws:TagKeys")
_STANDING = ("aws:ResourceTag/environment",)
ACTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/dev-demo-task", ("iam:PermissionsBoundary", *_TAGS)),
    ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/dev-demo-task", ("iam:PermissionsBoundary", *_STANDING)),
    ("iam:AttachRolePolicy", ROLE, ("iam:PolicyARN", "iam:PermissionsBoundary")),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/dev-demo-task", ("iam:PassedToService",)),
    ("dynamodb:DeleteTable", f"arn:aws:dynamodb:{REGIONAL}:table/locks", _STANDING),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:{REGIONAL}:table/locks", ("dynamodb:LeadingKeys", "dynamodb:Attributes")),
    ("ec2:CreateVpc", f"arn:aws:ec2:{REGIONAL}:vpc/vpc-0a", (*_TAGS, "ec2:Region")),
    ("ec2:DeleteVpc", f"arn:aws:ec2:{REGIONAL}:vpc/vpc-0a", (*_STANDING, "ec2:Region")),
    ("rds:CreateDBInstance", f"arn:aws:rds:{REGIONAL}:db:dev-demo", ("rds:ManageMasterUserPassword", *_TAGS)),
    ("ecs:RegisterTaskDefinition", f"arn:aws:ecs:{REGIONAL}:task-definition/dev:1", ("ecs:task-cpu", *_TAGS)),
    ("sns:Publish", f"arn:aws:sns:{REGIONAL}:dev-alerts", _STANDING),
    ("logs:CreateLogGroup", f"arn:aws:logs:{REGIONAL}:log-group:/aws/rds/instance/dev-demo/postgresql", _TAGS),
    ("s3:GetObject", "arn:aws:s3:::dev-state/core/terraform.tfstate", ("s3:ExistingObjectTag/x",)),
    ("s3:PutObject", "arn:aws:s3:::dev-state/core/terraform.tfstate", ("s3:x-amz-server-side-encryption",)),
    ("s3:ListBucket", "arn:aws:s3:::dev-state", ("s3:prefix", "s3:max-keys", "s3:delimiter")),
    ("s3:DeleteBucket", "arn:aws:s3:::dev-state", ()),
    ("ssm:GetParameter", f"arn:aws:ssm:{REGIONAL}:parameter/tidegate/dev/x", _STANDING),
    ("pricing:GetProducts", "*", ()),
    ("ce:GetCostAndUsage", "*", ()),
)
GLOBAL: dict[str, tuple[str, ...]] = {
    "aws:RequestedRegion": ("eu-west-2", "us-east-1"),
    "aws:SecureTransport": ("true", "false"),
    "aws:PrincipalArn": (ROLE,),
    "aws:PrincipalAccount": (ACCOUNT,),
    "aws:SourceIp": ("10.1.2.3", "192.0.2.7"),
    "aws:CurrentTime": ("2026-11-29T12:00:00Z",),
    "aws:EpochTime": ("1796000000",),
    "aws:MultiFactorAuthAge": ("300",),
    "aws:UserAgent": ("terraform/1.11",),
    "aws:PrincipalTag/team": ("platform", "Data"),
    "aws:ViaAWSService": ("false",),
}
OWN: dict[str, tuple[str, ...]] = {
    "iam:PermissionsBoundary": (f"arn:aws:iam::{ACCOUNT}:policy/boundary", f"arn:aws:iam::{ACCOUNT}:policy/other"),
    "iam:PolicyARN": (f"arn:aws:iam::{ACCOUNT}:policy/lanes-core", "arn:aws:iam::aws:policy/AdministratorAccess"),
    "iam:PassedToService": ("ecs-tasks.amazonaws.com", "ec2.amazonaws.com"),
    "ec2:Region": ("eu-west-2",),
    "rds:ManageMasterUserPassword": ("true", "false"),
    "ecs:task-cpu": ("256", "512"),
    "s3:ExistingObjectTag/x": ("y",),
    "s3:x-amz-server-side-encryption": ("AES256", "aws:kms"),
    "s3:prefix": ("core/", "demo/a"),
    "s3:max-keys": ("10", "1000"),
    "s3:delimiter": ("/",),
    "aws:RequestTag/environment": ("dev", "Dev", "prod"),
    "aws:ResourceTag/environment": ("dev", "prod"),
}
SEVERAL: dict[str, tuple[str, ...]] = {
    "aws:TagKeys": ("environment", "stack", "owner", "Name"),
    "dynamodb:LeadingKeys": ("a", "b", "run"),
    "dynamodb:Attributes": ("LockID", "Info", "Digest"),
}
_BOOLEANS = frozenset({"aws:SecureTransport", "aws:ViaAWSService", "rds:ManageMasterUserPassword"})
_NUMBERS = frozenset({"aws:EpochTime", "aws:MultiFactorAuthAge", "ecs:task-cpu", "s3:max-keys"})
_TEXTS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike")
_ARNS = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "StringEquals", "StringLike")
_ORDER = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": ROLE},
    {"AWS": SESSION},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    {"AWS": ACCOUNT},
    {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"},
    {"Service": "ec2.amazonaws.com"},
)


def cases() -> list[dict[str, Any]]:
    """The cases, in order."""
    made = _Maker(random.Random(20261129))
    return [made.case() for _ in range(COUNT)]


def digest(made: list[dict[str, Any]]) -> str:
    """What tells whether two lists of cases are the same."""
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self._r = chance

    def case(self) -> dict[str, Any]:
        action, resource, own = self._r.choice(ACTIONS)
        keys = [*own, *GLOBAL]
        told = self._r.sample(keys, self._r.randrange(2, len(keys)))
        case: dict[str, Any] = {
            "action": action,
            "resource": resource,
            "context": {key: self._value(key) for key in told},
            "identity": [self._document(action, resource, keys, 0.8) for _ in range(self._r.randrange(1, 3))],
        }
        if self._r.random() < 0.4:
            case["boundary"] = self._document(action, resource, keys, 0.9)
        if (resource.startswith("arn:aws:s3") or action == "sns:Publish") and self._r.random() < 0.5:
            principal = lambda: self._r.choice(_PRINCIPALS)  # noqa: E731
            case["resource_policy"] = self._document(action, resource, keys, 0.6, principal)
        return case

    def _value(self, key: str) -> Any:
        if key in SEVERAL:
            return self._r.sample(SEVERAL[key], self._r.randrange(1, 3))
        return self._r.choice(GLOBAL.get(key) or OWN[key])

    def _document(
        self, action: str, resource: str, keys: list[str], allows: float, principal: Callable[[], Any] | None = None
    ) -> dict[str, Any]:
        statements = [
            self._statement(action, resource, keys, self._r.random() < allows, principal and principal())
            for _ in range(self._r.randrange(1, 4))
        ]
        return {"Version": "2012-10-17", "Statement": statements}

    def _statement(self, action: str, resource: str, keys: list[str], allows: bool, principal: Any) -> dict[str, Any]:
        statement: dict[str, Any] = {"Effect": "Allow" if allows else "Deny"}
        if principal:
            statement["Principal"] = principal
        statement["NotAction" if self._r.random() < 0.12 else "Action"] = self._actions(action)
        arns = [self._arn(resource) for _ in range(1 + (self._r.random() < 0.3))]
        statement["NotResource" if self._r.random() < 0.1 else "Resource"] = arns
        if self._r.random() < 0.55:
            condition: dict[str, dict[str, Any]] = {}
            for _ in range(self._r.randrange(1, 3)):
                for operator, wanted in self._condition(keys):
                    condition.setdefault(operator, {}).update(wanted)
            statement["Condition"] = condition
        return statement

    def _actions(self, action: str) -> list[str]:
        service, name = action.split(":")
        pool = [
            f"{service}:*",
            action,
            action.lower(),
            f"{service}:{name[:3]}*",
            f"{service}:{name[:-1]}?",
            "*",
            f"{service}:Other",
            "s3:*",
            f"{service}:{self._bent(name)}",
        ]
        return [self._r.choice(pool), *self._r.sample(pool, self._r.randrange(2))]

    def _arn(self, arn: str) -> str:
        """A pattern that may cover the ARN."""
        if arn == "*":
            return "*"
        parts = arn.split(":", 5)
        match self._r.randrange(9):
            case 0:
                return "*"
            case 1:
                return arn
            case 2:
                parts[5] = "*"
            case 3 if parts[3]:
                parts[3] = "*"
            case 4 if parts[4]:
                parts[4] = "*"
            case _:
                typed = re.match(r"[a-z-]+[:/]", parts[5]) if parts[2] not in ("s3", "sns") else None
                head = typed[0] if typed else ""
                parts[5] = head + self._bent(parts[5][len(head) :])
        return ":".join(parts)

    def _bent(self, text: str) -> str:
        kind, first = self._r.randrange(8), self._r.randrange(len(text))
        last = self._r.randrange(first, len(text))
        bent = (
            text,
            "*",
            text[:first] + "*",
            text[:first] + "?" + text[first + 1 :],
            text[:first] + "*" + text[last + 1 :],
            "*" + text[last:],
            text + "x",
            text.swapcase(),
        )
        return bent[kind]

    def _condition(self, keys: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        key = self._r.choice(keys)
        spelled = key.swapcase() if self._r.random() < 0.15 and "/" not in key else key
        if_exists = self._r.choice(["", "", "IfExists"])
        if self._r.random() < 0.12:
            yield "Null", {spelled: self._r.choice(["true", "false"])}
        elif key in SEVERAL:
            quantifier = self._r.choice(["ForAllValues:", "ForAnyValue:"])
            # An absent key under ForAnyValue with IfExists: AWS's documentation has two readings.
            ending = if_exists if quantifier == "ForAllValues:" else ""
            wanted = self._r.sample([*SEVERAL[key], "env*", "x"], self._r.randrange(1, 4))
            yield quantifier + self._r.choice(_TEXTS) + ending, {spelled: wanted}
        elif key in _BOOLEANS:
            yield f"Bool{if_exists}", {spelled: self._r.choice(["true", "false", "True"])}
        elif key == "aws:SourceIp":
            nets = self._r.sample(["10.0.0.0/8", "192.0.2.7", "192.0.2.0/24", "2001:db8::/32"], self._r.randrange(1, 3))
            yield self._r.choice(["IpAddress", "NotIpAddress"]) + if_exists, {spelled: nets}
        elif key == "aws:CurrentTime":
            moment = self._r.choice(["2026-11-29T12:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"])
            yield f"Date{self._r.choice(_ORDER)}{if_exists}", {spelled: moment}
        elif key in _NUMBERS:
            number = self._r.choice(["10", "300", "512", "1796000000", "5"])
            yield f"Numeric{self._r.choice(_ORDER)}{if_exists}", {spelled: number}
        else:
            pool = GLOBAL.get(key) or OWN[key]
            is_arn = pool[0].startswith("arn:")
            bend = self._arn if is_arn else self._bent
            wanted = [bend(self._r.choice(pool)) for _ in range(self._r.randrange(1, 3))]
            if is_arn:  # a lone wildcard is no ARN, and is refused here
                wanted = [pool[0] if each == "*" else each for each in wanted]
            yield self._r.choice(_ARNS if is_arn else _TEXTS) + if_exists, {spelled: wanted}
