"""What a request needs: its own action, on which resource, and what comes along (AWS's authorization reference)."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.calls import identify
from sandbox.errors import protocol_of
from sandbox.iam.evaluation import Need
from sandbox.iam.needs import World, needs
from sandbox.iam.reference import UnknownAction
from sandbox.iam.request import CannotRead, read_request

ACCOUNT = "123456789012"
HERE = f"eu-west-2:{ACCOUNT}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret:rds!db-00000000-0000-0000-0000-000000000000-000000"


def asked(method: str, target: str, headers: Mapping[str, str], body: str, *, linked: bool = True) -> list[Need]:
    """The needs of a request as it arrives."""
    call = identify(method, target, headers, body.encode())
    protocol = protocol_of(call.service, target.partition("?")[0], headers)
    world = World(
        account=ACCOUNT,
        spell=lambda kind, name: f"path/{name}" if (kind, name) == ("role", "with-a-path") else name.removeprefix("/"),
        tags=lambda arn: {"environment": "dev"} if ":vpc/" in arn else {},
        boundary=lambda role: BOUNDARY if role == "bounded" else None,
        has_role=lambda _name: linked,
    )
    return list(needs(read_request(call, protocol, target, headers, body.encode()), world, {"a:b": ("c",)}))


def signed(service: str, **headers: str) -> dict[str, str]:
    credential = f"AWS4-HMAC-SHA256 Credential=ASIAX/20261129/eu-west-2/{service}/aws4_request"
    return {"authorization": credential, **{name.replace("_", "-"): value for name, value in headers.items()}}


def form(service: str, body: str, **more: Any) -> list[Need]:
    return asked("POST", "/", signed(service, content_type="application/x-www-form-urlencoded"), body, **more)


def posted(service: str, operation: str, content: Any, **more: Any) -> list[Need]:
    return asked("POST", "/", signed(service, x_amz_target=f"X.{operation}"), json.dumps(content), **more)


def s3(method: str, target: str, body: str = "", **headers: str) -> list[Need]:
    return asked(method, target, signed("s3", **headers), body)


TAGS = [{"key": "environment", "value": "dev"}]
CAPITALS = [{"Key": "environment", "Value": "dev"}]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (s3("GET", "/b/k"), ["s3:GetObject arn:aws:s3:::b/k"]),
        (s3("GET", "/b/k?versionId=1"), ["s3:GetObjectVersion arn:aws:s3:::b/k"]),
        (s3("HEAD", "/b"), ["s3:ListBucket arn:aws:s3:::b"]),
        (s3("GET", "/"), ["s3:ListAllMyBuckets *"]),
        (s3("PUT", "/b?lifecycle"), ["s3:PutLifecycleConfiguration arn:aws:s3:::b"]),
        (s3("DELETE", "/b?lifecycle"), ["s3:PutLifecycleConfiguration arn:aws:s3:::b"]),
        (s3("DELETE", "/b?policy"), ["s3:DeleteBucketPolicy arn:aws:s3:::b"]),
        (
            s3("PUT", "/b", x_amz_bucket_object_lock_enabled="true"),
            [
                "s3:CreateBucket arn:aws:s3:::b",
                "s3:PutBucketObjectLockConfiguration arn:aws:s3:::b",
                "s3:PutBucketVersioning arn:aws:s3:::b",
            ],
        ),
        (s3("PUT", "/b", x_amz_acl="private"), ["s3:CreateBucket arn:aws:s3:::b"]),
        (
            s3("PUT", "/b", x_amz_acl="public-read"),
            ["s3:CreateBucket arn:aws:s3:::b", "s3:PutBucketAcl arn:aws:s3:::b"],
        ),
        (
            s3("PUT", "/b/k", x_amz_tagging="a=b", x_amz_object_lock_mode="GOVERNANCE"),
            [f"s3:{action} arn:aws:s3:::b/k" for action in ("PutObject", "PutObjectRetention", "PutObjectTagging")],
        ),
        (
            s3("PUT", "/b/k", x_amz_copy_source="/c/d?versionId=1"),
            ["s3:PutObject arn:aws:s3:::b/k", "s3:GetObjectVersion arn:aws:s3:::c/d"],
        ),
        (
            s3(
                "POST",
                "/b?delete",
                "<Delete><Object><Key>x</Key></Object><Object><Key>y</Key><VersionId>1</VersionId></Object></Delete>",
            ),
            ["s3:DeleteObject arn:aws:s3:::b/x", "s3:DeleteObjectVersion arn:aws:s3:::b/y"],
        ),
        (form("sts", "Action=GetCallerIdentity"), []),
        (form("iam", "Action=GetRole&RoleName=with-a-path"), [f"iam:GetRole {ROLE}/path/with-a-path"]),
        (
            form("iam", "Action=CreateRole&RoleName=r&Tags.member.1.Key=a&Tags.member.1.Value=b"),
            [f"iam:CreateRole {ROLE}/r", f"iam:TagRole {ROLE}/r"],
        ),
        (
            form("ec2", "Action=CreateVpc&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b"),
            [f"ec2:CreateVpc arn:aws:ec2:{HERE}:vpc/*", f"ec2:CreateTags arn:aws:ec2:{HERE}:vpc/*"],
        ),
        (form("ec2", "Action=DeleteVpc&VpcId=vpc-1"), [f"ec2:DeleteVpc arn:aws:ec2:{HERE}:vpc/vpc-1"]),
        (
            form("ec2", "Action=CreateTags&ResourceId.1=vpc-1&Tag.1.Key=a&Tag.1.Value=b"),
            [f"ec2:CreateTags arn:aws:ec2:{HERE}:vpc/vpc-1"],
        ),
        (
            posted("ecs", "CreateCluster", {"clusterName": "dev", "tags": TAGS}),
            [f"ecs:CreateCluster arn:aws:ecs:{HERE}:cluster/dev", f"ecs:TagResource arn:aws:ecs:{HERE}:cluster/dev"],
        ),
        (
            posted("ecs", "CreateCluster", {"clusterName": "dev"}, linked=False),
            [
                f"ecs:CreateCluster arn:aws:ecs:{HERE}:cluster/dev",
                f"iam:CreateServiceLinkedRole {ROLE}/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            ],
        ),
        (
            posted("ecs", "CreateService", {"cluster": f"arn:aws:ecs:{HERE}:cluster/dev", "serviceName": "s"}),
            [f"ecs:CreateService arn:aws:ecs:{HERE}:service/dev/s"],
        ),
        (
            posted("ecs", "RegisterTaskDefinition", {"family": "f", "taskRoleArn": f"{ROLE}/t"}),
            [f"ecs:RegisterTaskDefinition arn:aws:ecs:{HERE}:task-definition/f:*", f"iam:PassRole {ROLE}/t"],
        ),
        (
            form("rds", "Action=CreateDBInstance&DBInstanceIdentifier=d&ManageMasterUserPassword=true"),
            [
                f"rds:CreateDBInstance arn:aws:rds:{HERE}:db:d",
                f"secretsmanager:CreateSecret {SECRET}",
                f"secretsmanager:TagResource {SECRET}",
                f"kms:DescribeKey arn:aws:kms:{HERE}:key/alias/aws/secretsmanager",
            ],
        ),
        (form("rds", "Action=DescribeDBInstances"), ["rds:DescribeDBInstances *"]),
        (
            posted("budgets", "DescribeBudget", {"BudgetName": "b"}),
            [f"budgets:ViewBudget arn:aws:budgets::{ACCOUNT}:budget/b"],
        ),
        (
            posted("budgets", "CreateBudget", {"Budget": {"BudgetName": "b"}}),
            [f"budgets:ModifyBudget arn:aws:budgets::{ACCOUNT}:budget/b"],
        ),
        (form("sns", f"Action=Unsubscribe&SubscriptionArn=arn:aws:sns:{HERE}:t:1"), ["sns:Unsubscribe *"]),
        (form("sns", f"Action=Publish&TopicArn=arn:aws:sns:{HERE}:t"), [f"sns:Publish arn:aws:sns:{HERE}:t"]),
        (
            posted("ssm", "GetParameters", {"Names": ["/a", "/b"]}),
            [f"ssm:GetParameters arn:aws:ssm:{HERE}:parameter/{name}" for name in "ab"],
        ),
        (asked("GET", "/v1/brokers", signed("mq"), ""), ["mq:ListBrokers *"]),
        (
            asked("GET", "/environments/e", signed("airflow"), ""),
            [f"airflow:GetEnvironment arn:aws:airflow:{HERE}:environment/e"],
        ),
        (posted("tagging", "GetResources", {}), ["tag:GetResources *"]),
        (
            posted("athena", "CreateWorkGroup", {"Name": "w", "Tags": CAPITALS}),
            [
                f"athena:CreateWorkGroup arn:aws:athena:{HERE}:workgroup/w",
                f"athena:TagResource arn:aws:athena:{HERE}:workgroup/w",
            ],
        ),
        (
            posted("athena", "GetWorkGroup", {"WorkGroup": "w"}),
            [f"athena:GetWorkGroup arn:aws:athena:{HERE}:workgroup/w"],
        ),
        (
            posted("athena", "ListTagsForResource", {"ResourceARN": f"arn:aws:athena:{HERE}:workgroup/w"}),
            [f"athena:ListTagsForResource arn:aws:athena:{HERE}:workgroup/w"],
        ),
        (
            posted("glue", "CreateDatabase", {"DatabaseInput": {"Name": "d"}, "Tags": {"environment": "dev"}}),
            [
                f"glue:CreateDatabase arn:aws:glue:{HERE}:database/d",
                f"glue:CreateDatabase arn:aws:glue:{HERE}:catalog",
                f"glue:TagResource arn:aws:glue:{HERE}:database/d",
            ],
        ),
        (
            posted("glue", "GetDatabase", {"Name": "d"}),
            [
                f"glue:GetDatabase arn:aws:glue:{HERE}:database/d",
                f"glue:GetDatabase arn:aws:glue:{HERE}:catalog",
            ],
        ),
        *(
            (
                posted("glue", operation, {"DatabaseName": "d", **table}),
                [f"glue:{operation} arn:aws:glue:{HERE}:{part}" for part in ("database/d", "catalog", "table/d/t")],
            )
            for operation, table in (
                ("CreateTable", {"TableInput": {"Name": "t"}}),
                ("GetTable", {"Name": "t"}),
                ("GetPartitionIndexes", {"TableName": "t"}),
                ("DeleteTable", {"Name": "t"}),
            )
        ),
        (
            posted("glue", "DeleteDatabase", {"Name": "d"}),
            [
                f"glue:DeleteDatabase arn:aws:glue:{HERE}:{part}"
                for part in ("database/d", "catalog", "table/d/*", "userDefinedFunction/d/*")
            ],
        ),
        (
            asked(
                "POST",
                "/2015-03-31/functions",
                signed("lambda"),
                json.dumps({"FunctionName": "f", "Role": f"{ROLE}/r", "Tags": {"environment": "dev"}}),
            ),
            [
                f"lambda:CreateFunction arn:aws:lambda:{HERE}:function:f",
                f"lambda:TagResource arn:aws:lambda:{HERE}:function:f",
                f"iam:PassRole {ROLE}/r",
            ],
        ),
        (
            asked("GET", "/2015-03-31/functions/f/configuration", signed("lambda"), ""),
            [f"lambda:GetFunctionConfiguration arn:aws:lambda:{HERE}:function:f"],
        ),
        (
            asked("POST", "/2021-10-31/functions/f/url", signed("lambda"), json.dumps({"AuthType": "AWS_IAM"})),
            [f"lambda:CreateFunctionUrlConfig arn:aws:lambda:{HERE}:function:f"],
        ),
        (
            posted("sqs", "CreateQueue", {"QueueName": "q", "tags": {"environment": "dev"}}),
            [f"sqs:CreateQueue arn:aws:sqs:{HERE}:q", f"sqs:TagQueue arn:aws:sqs:{HERE}:q"],
        ),
        (
            posted("sqs", "DeleteQueue", {"QueueUrl": f"http://127.0.0.1:4566/{ACCOUNT}/q"}),
            [f"sqs:DeleteQueue arn:aws:sqs:{HERE}:q"],
        ),
        (
            asked("POST", "/schedule-groups/g", signed("scheduler"), json.dumps({"Tags": CAPITALS})),
            [
                f"scheduler:CreateScheduleGroup arn:aws:scheduler:{HERE}:schedule-group/g",
                f"scheduler:TagResource arn:aws:scheduler:{HERE}:schedule-group/g",
            ],
        ),
        *(
            (
                asked(
                    method,
                    "/schedules/s",
                    signed("scheduler"),
                    json.dumps({"GroupName": "g", "Target": {"Arn": f"arn:aws:sqs:{HERE}:q", "RoleArn": f"{ROLE}/r"}}),
                ),
                [f"scheduler:{operation} arn:aws:scheduler:{HERE}:schedule/g/s", f"iam:PassRole {ROLE}/r"],
            )
            for method, operation in (("POST", "CreateSchedule"), ("PUT", "UpdateSchedule"))
        ),
        (
            asked("GET", "/schedules/s?groupName=g", signed("scheduler"), ""),
            [f"scheduler:GetSchedule arn:aws:scheduler:{HERE}:schedule/g/s"],
        ),
    ],
)
def test_what_a_request_needs(found: list[Need], expected: list[str]) -> None:
    assert [f"{need.action} {need.resource}" for need in found] == expected


@pytest.mark.parametrize(
    ("found", "keys"),
    [
        (
            form("iam", f"Action=CreateRole&RoleName=r&PermissionsBoundary={BOUNDARY}"),
            {"iam:permissionsboundary": (BOUNDARY,)},
        ),
        (
            form("iam", "Action=PutRolePolicy&RoleName=bounded&PolicyName=p"),
            {"iam:permissionsboundary": (BOUNDARY,)},
        ),
        (form("iam", "Action=PutRolePolicy&RoleName=r&PolicyName=p"), {}),
        (form("iam", f"Action=AttachRolePolicy&RoleName=r&PolicyArn={BOUNDARY}"), {"iam:policyarn": (BOUNDARY,)}),
        (
            form("ec2", "Action=DeleteVpc&VpcId=vpc-1"),
            {"aws:resourcetag/environment": ("dev",), "ec2:region": ("eu-west-2",)},
        ),
        (
            posted("ecs", "CreateCluster", {"clusterName": "dev", "tags": TAGS})[:1],
            {"aws:requesttag/environment": ("dev",), "aws:tagkeys": ("environment",)},
        ),
        (s3("GET", "/b?list-type=2&prefix=core/"), {"s3:prefix": ("core/",)}),
        (
            posted("ecs", "RegisterTaskDefinition", {"family": "f", "taskRoleArn": f"{ROLE}/t"})[1:],
            {"iam:passedtoservice": ("ecs-tasks.amazonaws.com",)},
        ),
    ],
)
def test_which_keys_a_condition_may_ask_for(found: list[Need], keys: dict[str, Any]) -> None:
    assert dict(found[0].context) == {"a:b": ("c",), **keys}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: posted("ecs", "MakeCluster", {}), UnknownAction),
        (lambda: asked("GET", "/v1/nothing", signed("mq"), ""), CannotRead),
        (lambda: asked("GET", "/2015-03-31/functions", signed("nobody"), ""), CannotRead),
        (lambda: s3("GET", "/b?metrics&id=x"), CannotRead),
        (lambda: s3("POST", "/b?delete", "<Delete>"), CannotRead),
        (lambda: posted("budgets", "ExecuteBudget", {}), CannotRead),
        (lambda: asked("POST", "/", signed("ecs", x_amz_target="X.ListTasks"), "[]"), CannotRead),
        (lambda: asked("POST", "/", signed("ecs", x_amz_target="X.ListTasks"), "{"), CannotRead),
    ],
)
def test_what_cannot_be_told_is_an_error(call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call()
