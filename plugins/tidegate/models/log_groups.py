"""Log groups that AWS writes again after their owner was destroyed: by which exact names, and which may be removed.

RDS exports its last lines minutes after the instance has gone, Container Insights and Lambda flush what they hold. Each
makes the log group anew, without tags, and no state names it (terraform-provider-aws#15100 and its kin).
"""

from collections.abc import Iterable
from dataclasses import dataclass

LOG_GROUP = "aws_cloudwatch_log_group"

_DATABASE_LOGS = ("postgresql", "upgrade", "iam-db-auth-error", "audit", "error", "general", "slowquery", "alert")
_NAMES: dict[str, tuple[str, ...]] = {
    "aws_codebuild_project": ("/aws/codebuild/{}",),
    "aws_db_instance": tuple(f"/aws/rds/instance/{{}}/{log}" for log in _DATABASE_LOGS),
    "aws_docdb_cluster": ("/aws/docdb/{}/audit", "/aws/docdb/{}/profiler"),
    "aws_ecs_cluster": ("/aws/ecs/containerinsights/{}/performance",),
    "aws_eks_cluster": ("/aws/eks/{}/cluster",),
    "aws_lambda_function": ("/aws/lambda/{}",),
    "aws_neptune_cluster": ("/aws/neptune/{}/audit", "/aws/neptune/{}/slowquery"),
    "aws_rds_cluster": tuple(f"/aws/rds/cluster/{{}}/{log}" for log in _DATABASE_LOGS),
}
"""By type of the owner the log groups that its service makes by itself; `{}` is the owner's name."""

NAMING: dict[str, str] = {
    "aws_db_instance": "identifier",
    "aws_ecs_cluster": "name",
    "aws_lambda_function": "function_name",
}
"""Which attribute of a state says the name, where it is not the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A resource of a frozen destroy-set: its service may write its log groups again."""

    type: str
    id: str
    name: str
    """By which its service calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLogGroup:
    """A log group that stands, although its exact name follows from something that was destroyed."""

    name: str
    arn: str
    owner: str
    """`aws_db_instance db-ABC`: what was destroyed, or the stack as a whole."""
    kept: str
    """Why it is left alone; empty when it may be removed."""
    ours: bool
    """It bears this environment's name or tags, or the account is its alone, and nobody else claims it."""

    @property
    def region(self) -> str:
        """Of its ARN; empty where that is none."""
        parts = self.arn.split(":")
        return parts[3] if len(parts) > 3 and parts[0] == "arn" else ""


def names_of(owner: Owner) -> tuple[str, ...]:
    """The exact names of the log groups that follow from a destroyed resource; its own where it is one itself."""
    if owner.type == LOG_GROUP:
        return (owner.id,)
    return tuple(name.format(owner.name) for name in _NAMES.get(owner.type, ())) if owner.name else ()


def by_name(owners: Iterable[Owner]) -> dict[str, Owner]:
    """Exact name -> what it follows from. Where a service and the stack itself make a group, the service's owner."""
    found: dict[str, Owner] = {}
    for owner in owners:
        for name in names_of(owner):
            if name not in found or found[name].type == LOG_GROUP:
                found[name] = owner
    return found
