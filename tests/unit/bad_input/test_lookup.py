"""Asking one resource whether it is there: no bad answer is ever "gone" to M9.D or M9.F, and none "still preserved"."""

from typing import Any
from zlib import crc32

import pytest
from botocore.exceptions import ClientError

from bad_input import Case, FakeAws, error, sweep
from factories_world import NOW, destroyed_facts, preserved_facts
from tidegate.collectors.aws import reading
from tidegate.collectors.aws.lookup import QUESTIONS, missing, still_there
from tidegate.environments import load
from tidegate.gates import destroyed_state
from tidegate.gates import preserved_things as preserved_gate
from tidegate.models.plan import PreserveItem
from tidegate.models.state import StateResource

ENVIRONMENT = load("dev_min")
HERE, ACCOUNT = ENVIRONMENT.region, ENVIRONMENT.account_id
DESTROYED, PRESERVED = "DESTROYED-STATE", "PRESERVED-THINGS"
TABLE, ENDPOINT = "rtb-00000000000000000", "vpce-00000000000000000"
ROLE = f"arn:aws:ecs:{HERE}:{ACCOUNT}"
TOPIC = f"arn:aws:sns:{HERE}:{ACCOUNT}:t"
POLICY = "arn:aws:iam::1:policy/fraud-platform"


UNSET = frozenset(
    {
        *(".DestinationIpv6CidrBlock", ".DestinationPrefixListId"),
        # botocore itself looks for policy documents in every field of IAM's answers.
        *(f"GetOpenIDConnectProvider.{name}" for name in ("ClientIDList", "CreateDate", "Tags", "ThumbprintList")),
        *("Role.Arn", "Role.AssumeRolePolicyDocument", "Role.CreateDate", "Role.Description", "Role.Path", "Role.Tags"),
        *("Role.MaxSessionDuration", "Role.PermissionsBoundary", "Role.RoleId", "Role.RoleLastUsed"),
        *(f"Policy.{name}" for name in ("AttachmentCount", "CreateDate", "DefaultVersionId", "Description", "Path")),
        *(f"Policy.{name}" for name in ("IsAttachable", "PermissionsBoundaryUsageCount", "PolicyId", "Tags")),
        "Policy.UpdateDate",
        *("Role.SourceRoleTemplate", "GetRolePolicy.PolicyDocument", "GetRolePolicy.RoleName", ".PolicyName"),
    }
)
"""Fields that are looked for and that good answers do not have."""


def there(kind: str, id_: str, answers: dict[str, Any]) -> Case:
    """It is there: a destroyed one blocks whatever the answer, and a preserved one passes only with the good answer."""
    return Case(
        name=kind,
        answers=answers,
        judge=_judge(kind, id_),
        unset=UNSET,
        expected={DESTROYED: frozenset({"RESOURCE-STILL-THERE"}), PRESERVED: frozenset()},
    )


def gone(kind: str, id_: str, answers: dict[str, Any]) -> Case:
    """It is gone: a preserved one blocks whatever the answer, and a destroyed one passes only with the good answer."""
    return Case(
        name=f"{kind} gone",
        answers=answers,
        judge=_judge(kind, id_),
        unset=UNSET,
        expected={DESTROYED: frozenset(), PRESERVED: frozenset({"PRESERVED-MISSING"})},
    )


def _judge(kind: str, id_: str) -> Any:
    resource = StateResource(address=f"{kind}.this", type=kind, id=id_)
    item = PreserveItem(type=kind, id=id_, reason="it must stay")

    def judged(aws: FakeAws) -> Any:
        destroyed = destroyed_facts(destroy_set=(resource,), still_there=still_there(aws.clients, [resource]))
        preserved = preserved_facts(preserve_set=(item,), preserved_missing=missing(aws.clients, [item]))
        return (destroyed, preserved), {
            DESTROYED: destroyed_state.GATE.evaluate(destroyed, judged_at=NOW),
            PRESERVED: preserved_gate.GATE.evaluate(preserved, judged_at=NOW),
        }

    return judged


def ec2(kind: str, id_: str, operation: str, key: str, name: str, paged: bool = True, **more: Any) -> list[Case]:
    empty = {key: []}
    found = {key: [{name: id_, **more}]}
    operation = f"ec2.{operation}"
    pages = [{**empty, "NextToken": "page-2"}, found] if paged else found
    return [there(kind, id_, {operation: pages}), gone(kind, id_, {operation: empty})]


def coded(kind: str, id_: str, operation: str, answer: dict[str, Any], code: str) -> list[Case]:
    return [there(kind, id_, {operation: answer}), gone(kind, id_, {operation: error(code)})]


def no_workgroup(name: str) -> ClientError:
    """Athena's own words: they tell a missing workgroup from other wrong requests."""
    details: Any = {"Error": {"Code": "InvalidRequestException", "Message": f"WorkGroup {name} is not found."}}
    return ClientError(details, "GetWorkGroup")


def setting(name: str, operation: str, answer: dict[str, Any], code: str) -> list[Case]:
    return coded(f"aws_s3_bucket{name}", "b", f"s3.{operation}", answer, code)


SERVICE = f"{ROLE}:service/c/s"
QUEUE = f"https://sqs.{HERE}.amazonaws.com/{ACCOUNT}/q"
CASES: tuple[Case, ...] = tuple(
    case
    for cases in (
        ec2("aws_vpc", "vpc-1", "DescribeVpcs", "Vpcs", "VpcId"),
        ec2("aws_subnet", "subnet-1", "DescribeSubnets", "Subnets", "SubnetId"),
        ec2("aws_security_group", "sg-1", "DescribeSecurityGroups", "SecurityGroups", "GroupId"),
        ec2("aws_default_security_group", "sg-1", "DescribeSecurityGroups", "SecurityGroups", "GroupId"),
        ec2(
            "aws_vpc_security_group_egress_rule",
            "sgr-1",
            "DescribeSecurityGroupRules",
            "SecurityGroupRules",
            "SecurityGroupRuleId",
        ),
        ec2(
            "aws_vpc_security_group_ingress_rule",
            "sgr-1",
            "DescribeSecurityGroupRules",
            "SecurityGroupRules",
            "SecurityGroupRuleId",
        ),
        ec2("aws_internet_gateway", "igw-1", "DescribeInternetGateways", "InternetGateways", "InternetGatewayId"),
        ec2("aws_eip", "eipalloc-1", "DescribeAddresses", "Addresses", "AllocationId", paged=False),
        ec2("aws_nat_gateway", "nat-1", "DescribeNatGateways", "NatGateways", "NatGatewayId", State="deleting"),
        ec2("aws_route_table", TABLE, "DescribeRouteTables", "RouteTables", "RouteTableId"),
        ec2("aws_route_table_association", TABLE, "DescribeRouteTables", "RouteTables", "RouteTableId"),
        ec2(
            "aws_route",
            f"r-{TABLE}{crc32(b'0.0.0.0/0')}",
            "DescribeRouteTables",
            "RouteTables",
            "RouteTableId",
            Routes=[{"DestinationCidrBlock": "0.0.0.0/0"}],
        ),
        coded(
            "aws_vpc_endpoint",
            ENDPOINT,
            "ec2.DescribeVpcEndpoints",
            {"VpcEndpoints": [{"VpcEndpointId": ENDPOINT, "State": "available"}]},
            "InvalidVpcEndpointId.NotFound",
        ),
        coded(
            "aws_vpc_endpoint_route_table_association",
            f"a-{ENDPOINT}{crc32(TABLE.encode())}",
            "ec2.DescribeVpcEndpoints",
            {"VpcEndpoints": [{"VpcEndpointId": ENDPOINT, "State": "available", "RouteTableIds": [TABLE]}]},
            "InvalidVpcEndpointId.NotFound",
        ),
        coded(
            "aws_budgets_budget",
            f"{ACCOUNT}:b",
            "budgets.DescribeBudget",
            {"Budget": {"BudgetName": "b"}},
            "NotFoundException",
        ),
        coded(
            "aws_dynamodb_table",
            "t",
            "dynamodb.DescribeTable",
            {"Table": {"TableName": "t"}},
            "ResourceNotFoundException",
        ),
        coded(
            "aws_iam_openid_connect_provider",
            "arn:aws:iam::1:oidc-provider/x",
            "iam.GetOpenIDConnectProvider",
            {"Url": "x"},
            "NoSuchEntity",
        ),
        coded("aws_iam_policy", POLICY, "iam.GetPolicy", {"Policy": {"Arn": POLICY}}, "NoSuchEntity"),
        coded("aws_iam_role", "r", "iam.GetRole", {"Role": {"RoleName": "r"}}, "NoSuchEntity"),
        coded("aws_iam_role_policy", "r:p", "iam.GetRolePolicy", {"PolicyName": "p"}, "NoSuchEntity"),
        coded("aws_sns_topic", TOPIC, "sns.GetTopicAttributes", {"Attributes": {"TopicArn": TOPIC}}, "NotFound"),
        coded("aws_sns_topic_policy", TOPIC, "sns.GetTopicAttributes", {"Attributes": {"TopicArn": TOPIC}}, "NotFound"),
        coded(
            "aws_sns_topic_subscription",
            f"{TOPIC}:1",
            "sns.GetSubscriptionAttributes",
            {"Attributes": {"SubscriptionArn": f"{TOPIC}:1"}},
            "NotFound",
        ),
        coded(
            "aws_db_subnet_group",
            "g",
            "rds.DescribeDBSubnetGroups",
            {"DBSubnetGroups": [{"DBSubnetGroupName": "g"}]},
            "DBSubnetGroupNotFoundFault",
        ),
        setting("", "HeadBucket", {}, "404"),
        setting("_policy", "GetBucketPolicy", {"Policy": "{}"}, "NoSuchBucketPolicy"),
        setting(
            "_public_access_block",
            "GetPublicAccessBlock",
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
            "NoSuchPublicAccessBlockConfiguration",
        ),
        setting(
            "_lifecycle_configuration",
            "GetBucketLifecycleConfiguration",
            {"Rules": [{"ID": "x"}]},
            "NoSuchLifecycleConfiguration",
        ),
        setting(
            "_object_lock_configuration",
            "GetObjectLockConfiguration",
            {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
            "ObjectLockConfigurationNotFoundError",
        ),
        setting(
            "_ownership_controls",
            "GetBucketOwnershipControls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "x"}]}},
            "OwnershipControlsNotFoundError",
        ),
        setting(
            "_server_side_encryption_configuration",
            "GetBucketEncryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [{"BucketKeyEnabled": True}]}},
            "ServerSideEncryptionConfigurationNotFoundError",
        ),
        coded(
            "aws_glue_catalog_database",
            f"{ACCOUNT}:d",
            "glue.GetDatabase",
            {"Database": {"Name": "d"}},
            "EntityNotFoundException",
        ),
        coded(
            "aws_glue_catalog_table",
            f"{ACCOUNT}:d:t",
            "glue.GetTable",
            {"Table": {"Name": "t"}},
            "EntityNotFoundException",
        ),
        coded(
            "aws_lambda_function",
            "f",
            "lambda.GetFunctionConfiguration",
            {"FunctionName": "f"},
            "ResourceNotFoundException",
        ),
        coded(
            "aws_lambda_function_url",
            "f",
            "lambda.GetFunctionUrlConfig",
            {"FunctionArn": f"arn:aws:lambda:{HERE}:{ACCOUNT}:function:f"},
            "ResourceNotFoundException",
        ),
        coded("aws_scheduler_schedule", "g/s", "scheduler.GetSchedule", {"Name": "s"}, "ResourceNotFoundException"),
        coded(
            "aws_scheduler_schedule_group",
            "g",
            "scheduler.GetScheduleGroup",
            {"Name": "g"},
            "ResourceNotFoundException",
        ),
        coded(
            "aws_sqs_queue",
            QUEUE,
            "sqs.GetQueueAttributes",
            {"Attributes": {"QueueArn": f"arn:aws:sqs:{HERE}:{ACCOUNT}:q"}},
            "AWS.SimpleQueueService.NonExistentQueue",
        ),
        setting("_versioning", "GetBucketVersioning", {"Status": "Enabled"}, "NoSuchBucket"),
        [
            there(
                "aws_ecs_cluster",
                f"{ROLE}:cluster/c",
                {"ecs.DescribeClusters": {"clusters": [{"status": "ACTIVE"}], "failures": []}},
            ),
            gone(
                "aws_ecs_cluster",
                f"{ROLE}:cluster/c",
                {"ecs.DescribeClusters": {"clusters": [], "failures": [{"reason": "MISSING"}]}},
            ),
            there(
                "aws_ecs_service",
                SERVICE,
                {"ecs.DescribeServices": {"services": [{"status": "DRAINING"}], "failures": []}},
            ),
            gone(
                "aws_ecs_service",
                SERVICE,
                {"ecs.DescribeServices": {"services": [{"status": "INACTIVE"}], "failures": []}},
            ),
            there(
                "aws_ecs_task_definition",
                "f",
                {
                    "ecs.ListTaskDefinitions": [
                        {"taskDefinitionArns": [], "nextToken": "page-2"},
                        {"taskDefinitionArns": [f"{ROLE}:task-definition/f:1"]},
                    ]
                },
            ),
            gone("aws_ecs_task_definition", "f", {"ecs.ListTaskDefinitions": {"taskDefinitionArns": []}}),
            there(
                "aws_db_instance",
                "d",
                {
                    "rds.DescribeDBInstances": [
                        {"DBInstances": [], "Marker": "page-2"},
                        {"DBInstances": [{"DBInstanceIdentifier": "d"}]},
                    ]
                },
            ),
            gone("aws_db_instance", "d", {"rds.DescribeDBInstances": {"DBInstances": []}}),
            there(
                "aws_ssm_parameter",
                "/p",
                {
                    "ssm.DescribeParameters": [
                        {"Parameters": [], "NextToken": "page-2"},
                        {"Parameters": [{"Name": "/p"}]},
                    ]
                },
            ),
            gone("aws_ssm_parameter", "/p", {"ssm.DescribeParameters": {"Parameters": []}}),
            there(
                "aws_cloudwatch_log_group",
                "g",
                {
                    "logs.DescribeLogGroups": [
                        {"logGroups": [{"logGroupName": "g2"}], "nextToken": "page-2"},
                        {"logGroups": [{"logGroupName": "g"}]},
                    ]
                },
            ),
            gone("aws_cloudwatch_log_group", "g", {"logs.DescribeLogGroups": {"logGroups": []}}),
            there("aws_athena_workgroup", "w", {"athena.GetWorkGroup": {"WorkGroup": {"Name": "w"}}}),
            gone("aws_athena_workgroup", "w", {"athena.GetWorkGroup": no_workgroup("w")}),
            there(
                "aws_iam_role_policy_attachment",
                "r/arn:p",
                {
                    "iam.ListAttachedRolePolicies": [
                        {"AttachedPolicies": [], "IsTruncated": True, "Marker": "page-2"},
                        {"AttachedPolicies": [{"PolicyArn": "arn:p"}], "IsTruncated": False},
                    ]
                },
            ),
            gone(
                "aws_iam_role_policy_attachment",
                "r/arn:p",
                {"iam.ListAttachedRolePolicies": {"AttachedPolicies": [], "IsTruncated": False}},
            ),
        ],
    )
    for case in cases
)
LAST = "a page without a token is the last one, and an empty token is how services that answer in XML end"
EMPTY = "an empty list is how services that are asked by filter say that there is none"
SETTING = "the question is whether the bucket has the setting; M1.C and M2.B judge what it says"
IRRELEVANT = {
    "*: *.0.NextToken: removed": LAST,
    "*: *.0.NextToken: empty": LAST,
    "*: *.0.nextToken: removed": LAST,
    "*: *.0.nextToken: empty": LAST,
    "*: *.0.Marker: removed": LAST,
    "*: *.0.Marker: empty": LAST,
    "*: ec2.Describe*.0: left out": EMPTY,
    "*: ecs.ListTaskDefinitions.*: left out": EMPTY,
    "*: rds.DescribeDBInstances.*: left out": EMPTY,
    "*: ssm.DescribeParameters.*: left out": EMPTY,
    "*: logs.DescribeLogGroups.1.*: left out": EMPTY,
    "*: logs.DescribeLogGroups.0.*: left out": "a group of another name",
    "*: iam.ListAttachedRolePolicies.*: left out": EMPTY,
    "aws_route: *.RouteTableId: *": "nobody reads it: the table was asked for by its id, and its routes are compared",
    "*: *.failures: removed": "the number of descriptions tells whether one is missing",
    "aws_s3_bucket: s3.HeadBucket: no answer": "its good answer has no body",
    "aws_s3_bucket gone: s3.HeadBucket: no answer": "an answer instead of an error says that it is there",
    "aws_s3_bucket_versioning: *Status: removed": "S3 leaves it out where there never was versioning",
    "aws_s3_bucket_versioning*: *: no answer": "S3 answers nothing where there never was versioning",
    "aws_s3_bucket_*: *.BlockPublicAcls: *": SETTING,
    "aws_s3_bucket_*: *.Rules.0.*: *": SETTING,
    "aws_db_subnet_group: *.DBSubnetGroupName: *": "it was asked for by this name; gone is an error",
}
"""Spoiled fields that may pass, each with its reason."""


@pytest.fixture(scope="module")
def aws() -> FakeAws:
    return FakeAws(HERE)


def test_every_type_has_a_case() -> None:
    assert {case.name.removesuffix(" gone") for case in CASES} == set(QUESTIONS)


@pytest.mark.timeout(1500)  # thousands of judgements, on a machine that may be busy
def test_no_bad_answer_says_gone_or_preserved(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_PAGES", 5)
    assert sweep(aws, CASES, IRRELEVANT) == []
