"""What belongs to the account as a whole or to no network: identity, budget, topics, parameters, tables, logs."""

import re

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lookup.question import Question, answers
from tidegate.collectors.aws.parameters import standing
from tidegate.collectors.aws.reading import MalformedAnswer, ask, every, field, pages, text

IAM_ACTIONS: tuple[str, ...] = (
    "budgets:ViewBudget",
    "dynamodb:DescribeTable",
    "iam:GetOpenIDConnectProvider",
    "iam:GetPolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "logs:DescribeLogGroups",
    "sns:GetSubscriptionAttributes",
    "sns:GetTopicAttributes",
    "ssm:DescribeParameters",
)

_NO_TOPIC = ("NotFound", "NotFoundException")
_NO_ENTITY = "NoSuchEntity"
# Terraform's unique suffix: a time stamp of 18 digits and a counter of 8 hexadecimal ones.
_ATTACHMENT = re.compile(r"(?P<role>.+?)[-/](?:(?P<policy>arn:.+)|[0-9a-f]{26})")


def _budget(clients: Clients, id: str) -> bool:
    """`<account>:<budget>`."""
    account, name = _halves(id)
    answer = ask(clients.budgets.describe_budget, AccountId=account, BudgetName=name)
    return bool(text(answer, "Budget.BudgetName"))


def _role_policy(clients: Clients, id: str) -> bool:
    """`<role>:<policy>`."""
    role, policy = _halves(id)
    return bool(text(ask(clients.iam.get_role_policy, RoleName=role, PolicyName=policy), "PolicyName"))


def _attachment(clients: Clients, id: str) -> bool:
    """`<role>-<unique suffix>` does not name the policy: then it is there while the role has any policy attached."""
    parts = _ATTACHMENT.fullmatch(id)
    if parts is None:
        raise MalformedAnswer("the id in the state names no role")
    paginator = clients.iam.get_paginator("list_attached_role_policies")
    arns: list[str] = []
    for page in pages(paginator.paginate(RoleName=parts["role"])):
        field(page, "IsTruncated", bool)  # botocore takes a page that does not say it for the last one
        arns += [text(policy, "PolicyArn") for policy in field(page, "AttachedPolicies", list)]
    return parts["policy"] in arns if parts["policy"] else bool(arns)


def _log_group(clients: Clients, name: str) -> bool:
    paginator = clients.of("logs").get_paginator("describe_log_groups")
    groups = every(paginator.paginate(logGroupNamePrefix=name), "logGroups")
    found = [text(group, "logGroupName") for group in groups]
    return name in found


def _halves(id: str) -> tuple[str, str]:
    first, colon, second = id.partition(":")
    if not (first and colon and second):
        raise MalformedAnswer("the id in the state has no two parts")
    return first, second


QUESTIONS: dict[str, Question] = {
    "aws_budgets_budget": Question(_budget, ("NotFoundException",)),
    "aws_cloudwatch_log_group": Question(_log_group),
    "aws_dynamodb_table": answers(
        "dynamodb", "describe_table", "TableName", "ResourceNotFoundException", shows="Table.TableName"
    ),
    "aws_iam_openid_connect_provider": answers(
        "iam", "get_open_id_connect_provider", "OpenIDConnectProviderArn", _NO_ENTITY, shows="Url"
    ),
    "aws_iam_policy": answers("iam", "get_policy", "PolicyArn", _NO_ENTITY, shows="Policy.Arn"),
    "aws_iam_role": answers("iam", "get_role", "RoleName", _NO_ENTITY, shows="Role.RoleName"),
    "aws_iam_role_policy": Question(_role_policy, (_NO_ENTITY,)),
    "aws_iam_role_policy_attachment": Question(_attachment, (_NO_ENTITY,)),
    "aws_sns_topic": answers("sns", "get_topic_attributes", "TopicArn", *_NO_TOPIC, shows="Attributes.TopicArn"),
    # A topic always has a policy, so the topic answers for it; the id of both is the topic's ARN.
    "aws_sns_topic_policy": answers("sns", "get_topic_attributes", "TopicArn", *_NO_TOPIC, shows="Attributes.TopicArn"),
    "aws_sns_topic_subscription": answers(
        "sns", "get_subscription_attributes", "SubscriptionArn", *_NO_TOPIC, shows="Attributes.SubscriptionArn"
    ),
    # Described, so that no value is read, and all together.
    "aws_ssm_parameter": Question(lambda clients, name: name in standing(clients, [name]), together=standing),
}
