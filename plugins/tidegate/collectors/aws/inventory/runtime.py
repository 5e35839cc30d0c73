"""Log groups and parameters of the environment. Other environments of the account keep theirs to themselves."""

import re
from collections.abc import Iterator

from tidegate.collectors.aws.inventory.listing import Found, Listing, Scan
from tidegate.collectors.aws.parameters import LARGEST_PAGE
from tidegate.collectors.aws.reading import field, text
from tidegate.collectors.aws.tags import flat_tags, tag_map

IAM_ACTIONS: tuple[str, ...] = (
    "logs:DescribeLogGroups",
    "logs:ListTagsForResource",
    "ssm:DescribeParameters",
    "ssm:ListTagsForResource",
)


def _log_groups(scan: Scan) -> Iterator[Found]:
    """By name: the environment's prefix at the start or after a slash (`/aws/rds/instance/<name>/postgresql`)."""
    ours = re.compile(rf"(^|/){re.escape(scan.environment.dashed)}($|[-/])")
    for item in scan.all("logs", "describe_log_groups", "logGroups"):
        name = text(item, "logGroupName")
        if ours.search(name):
            arn = text(item, "arn").removesuffix(":*")
            answer = scan.call("logs", "list_tags_for_resource", resourceArn=arn)
            field(answer, "tags", dict)
            yield Found(id=name, status="present", item=item, tags=flat_tags(answer, "tags"))


def _parameters(scan: Scan) -> Iterator[Found]:
    """By path; described, so that no value is ever read."""
    path = [{"Key": "Path", "Option": "Recursive", "Values": [scan.environment.parameter_prefix]}]
    for item in scan.all("ssm", "describe_parameters", "Parameters", ParameterFilters=path, MaxResults=LARGEST_PAGE):
        name = text(item, "Name")
        answer = scan.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=name)
        yield Found(id=name, status="present", item=item, tags=tag_map(field(answer, "TagList", list)))


LISTINGS: tuple[Listing, ...] = (
    Listing("aws_cloudwatch_log_group", _log_groups, services=("logs",)),
    Listing("aws_ssm_parameter", _parameters, services=("ssm",)),
)
