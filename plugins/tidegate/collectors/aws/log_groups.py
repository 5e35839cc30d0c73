"""Log groups by their exact names: which stand, with what marks, and the removal of one."""

from collections.abc import Iterable
from dataclasses import dataclass

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import ask, every, field, observe, text
from tidegate.collectors.aws.tags import flat_tags
from tidegate.models.observed import Absent, Known, Observed

IAM_ACTIONS: tuple[str, ...] = ("logs:DeleteLogGroup", "logs:DescribeLogGroups", "logs:ListTagsForResource")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """A log group as CloudWatch Logs describes it."""

    name: str
    arn: str
    """Without the `:*` of its streams."""
    tags: dict[str, str]

    @property
    def region(self) -> str:
        """Of its ARN; empty where that is none."""
        return self._part(3)

    @property
    def account_id(self) -> str:
        """Of its ARN; empty where that is none."""
        return self._part(4)

    def _part(self, index: int) -> str:
        parts = self.arn.split(":")
        return parts[index] if len(parts) > index and parts[0] == "arn" else ""


def standing_log_groups(clients: Clients, names: Iterable[str]) -> Observed[tuple[LogGroup, ...]]:
    """Those of these exact names that stand. CloudWatch Logs lists by prefix only: what merely begins so is dropped."""
    found: list[LogGroup] = []
    for name in names:
        match observe(f"DescribeLogGroups {name}", lambda name=name: _named(clients, name)):  # type: ignore[misc]
            case Known(groups):
                found += groups
            case Absent():
                continue
            case unread:
                return unread
    return Known(tuple(found))


def delete_log_group(clients: Clients, name: str) -> Observed[None]:
    """Delete one. Absent: it was gone already. Unreadable: refused, with AWS's words."""
    logs = clients.of("logs")
    return observe(
        f"DeleteLogGroup {name}",
        lambda: ask(logs.delete_log_group, logGroupName=name) and None,
        absent=("ResourceNotFoundException",),
    )


def _named(clients: Clients, name: str) -> list[LogGroup]:
    logs = clients.of("logs")
    groups = every(logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name), "logGroups")
    return [_with_tags(clients, item, name) for item in groups if text(item, "logGroupName") == name]


def _with_tags(clients: Clients, item: object, name: str) -> LogGroup:
    arn = text(item, "arn").removesuffix(":*")
    answer = ask(clients.of("logs").list_tags_for_resource, resourceArn=arn)
    field(answer, "tags", dict)
    return LogGroup(name=name, arn=arn, tags=flat_tags(answer, "tags"))
