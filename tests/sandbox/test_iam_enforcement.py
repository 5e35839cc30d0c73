"""The sandbox enforces IAM: what the execution role may do it does, and every way up is closed."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.testing import Sandbox, running_sandbox

ACCOUNT = "123456789012"
NAME = "fraud-platform-dev-min"
ROLE = f"{NAME}-execution"
DEMO_ROLE = f"{NAME}-demo-runtime-task"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-boundary"
CORE_POLICY = f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-lanes-core"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose owner did what `tidegate policy` says."""
    with running_sandbox(tmp_path_factory.mktemp("enforced"), "--environment", "dev_min") as running:
        yield running


@pytest.fixture(scope="module")
def demo_role(sandbox: Sandbox) -> str:
    """A role of demo as Terraform makes it: by the execution role itself, within the boundary."""
    iam = sandbox.client("iam", as_owner=False)
    iam.create_role(RoleName=DEMO_ROLE, AssumeRolePolicyDocument=TRUST, PermissionsBoundary=BOUNDARY)
    return DEMO_ROLE


def refused(call: Callable[[], Any]) -> str:
    """Make a call that AWS denies; return its message."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    assert error["Code"] in DENIED, error
    return str(error["Message"])


WAYS_UP: dict[str, Callable[[Any], Any]] = {
    "a policy of its own": lambda of: of("iam").put_role_policy(
        RoleName=ROLE, PolicyName="more", PolicyDocument=EVERYTHING
    ),
    "an inline policy less": lambda of: of("iam").delete_role_policy(RoleName=ROLE, PolicyName="x"),
    "the administrator's policy": lambda of: of("iam").attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR),
    "a policy less": lambda of: of("iam").detach_role_policy(RoleName=ROLE, PolicyArn=CORE_POLICY),
    "its boundary taken off": lambda of: of("iam").delete_role_permissions_boundary(RoleName=ROLE),
    "another boundary": lambda of: of("iam").put_role_permissions_boundary(
        RoleName=ROLE, PermissionsBoundary=ADMINISTRATOR
    ),
    "its trust opened": lambda of: of("iam").update_assume_role_policy(RoleName=ROLE, PolicyDocument=TRUST),
    "a version of its own policy": lambda of: of("iam").create_policy_version(
        PolicyArn=CORE_POLICY, PolicyDocument=EVERYTHING, SetAsDefault=True
    ),
    "a version of its boundary": lambda of: of("iam").create_policy_version(
        PolicyArn=BOUNDARY, PolicyDocument=EVERYTHING, SetAsDefault=True
    ),
    "an older version of its policy": lambda of: of("iam").set_default_policy_version(
        PolicyArn=CORE_POLICY, VersionId="v1"
    ),
    "its boundary deleted": lambda of: of("iam").delete_policy(PolicyArn=BOUNDARY),
    "a new policy": lambda of: of("iam").create_policy(PolicyName=f"{NAME}-lanes-x", PolicyDocument=EVERYTHING),
    "a role without boundary": lambda of: of("iam").create_role(
        RoleName=f"{NAME}-demo-up", AssumeRolePolicyDocument=TRUST
    ),
    "a role with another boundary": lambda of: of("iam").create_role(
        RoleName=f"{NAME}-demo-up", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=ADMINISTRATOR
    ),
    "a role of another name": lambda of: of("iam").create_role(
        RoleName="up", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=BOUNDARY
    ),
    "demo's boundary taken off": lambda of: of("iam").delete_role_permissions_boundary(RoleName=DEMO_ROLE),
    "another boundary of demo": lambda of: of("iam").put_role_permissions_boundary(
        RoleName=DEMO_ROLE, PermissionsBoundary=ADMINISTRATOR
    ),
    "a policy attached to demo's role": lambda of: of("iam").attach_role_policy(
        RoleName=DEMO_ROLE, PolicyArn=ADMINISTRATOR
    ),
    "a user": lambda of: of("iam").create_user(UserName="up"),
    "a key of a user": lambda of: of("iam").create_access_key(UserName="up"),
    "a password": lambda of: of("iam").create_login_profile(UserName="up", Password="a-long-password-1"),
    "an instance profile": lambda of: of("iam").create_instance_profile(InstanceProfileName=f"{NAME}-demo-up"),
    "another identity provider": lambda of: of("iam").create_open_id_connect_provider(
        Url="https://up.example", ClientIDList=["x"]
    ),
    "itself passed to a task": lambda of: of("ecs").register_task_definition(
        family=f"{NAME}-up",
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
        containerDefinitions=[{"name": "a", "image": "b"}],
    ),
    "a function with its role": lambda of: of("lambda").create_function(
        FunctionName="up",
        Role=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
        Code={"ZipFile": b"x"},
        Runtime="python3.12",
        Handler="a.b",
    ),
    "an instance": lambda of: of("ec2").run_instances(ImageId="ami-1", MinCount=1, MaxCount=1),
    "another role assumed": lambda of: of("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{DEMO_ROLE}", RoleSessionName="up"
    ),
    "history erased": lambda of: of("s3").delete_object(Bucket=f"{NAME}-evidence", Key="a", VersionId="1"),
    "history expiring": lambda of: of("s3").put_bucket_lifecycle_configuration(
        Bucket=f"{NAME}-tfstate",
        LifecycleConfiguration={
            "Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
        },
    ),
    "the locks dropped": lambda of: of("dynamodb").delete_table(TableName=f"{NAME}-tf-locks"),
    "a vpc of somebody else": lambda of: of("ec2").delete_vpc(VpcId="vpc-0123456789abcdef0"),
}


@pytest.mark.usefixtures("demo_role")
@pytest.mark.parametrize("way", WAYS_UP)
def test_the_role_finds_no_way_up(sandbox: Sandbox, way: str) -> None:
    message = refused(lambda: WAYS_UP[way](lambda service: sandbox.client(service, as_owner=False)))
    assert f"assumed-role/{ROLE}/" in message


def test_with_everything_allowed_the_boundary_alone_closes_what_matters(sandbox: Sandbox) -> None:
    owner = sandbox.client("iam")
    owner.put_role_policy(RoleName=ROLE, PolicyName="everything", PolicyDocument=EVERYTHING)
    closed = set()
    try:
        for way, call in WAYS_UP.items():
            try:
                call(lambda service: sandbox.client(service, as_owner=False))
            except ClientError as error:
                if error.response["Error"]["Code"] in DENIED:
                    closed.add(way)
    finally:
        owner.delete_role_policy(RoleName=ROLE, PolicyName="everything")
    # What is left is no way up: a role within the boundary stays within it, and the rest is the plan gate's business.
    assert set(WAYS_UP) - closed == {"a policy attached to demo's role", "an instance", "a vpc of somebody else"}


def test_a_role_of_demo_is_made_within_the_boundary(sandbox: Sandbox, demo_role: str) -> None:
    iam = sandbox.client("iam", as_owner=False)
    iam.put_role_policy(RoleName=demo_role, PolicyName="task", PolicyDocument=EVERYTHING)
    assert iam.get_role_policy(RoleName=demo_role, PolicyName="task")["PolicyDocument"] == json.loads(EVERYTHING)


def test_what_carries_the_tags_of_the_environment_goes_and_nothing_else(sandbox: Sandbox) -> None:
    ec2, owner = sandbox.client("ec2", as_owner=False), sandbox.client("ec2")
    tags = [{"Key": "project", "Value": "fraud-platform"}, {"Key": "environment", "Value": "dev_min"}]
    mine = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])["Vpc"][
        "VpcId"
    ]
    other = owner.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    assert "ec2:DeleteVpc" in refused(lambda: ec2.delete_vpc(VpcId=other))
    ec2.delete_vpc(VpcId=mine)


def test_nothing_is_made_in_another_region(sandbox: Sandbox) -> None:
    elsewhere = sandbox.client("ec2", region="us-east-1", as_owner=False)
    assert "ec2:CreateVpc" in refused(lambda: elsewhere.create_vpc(CidrBlock="10.1.0.0/16"))


def test_policies_count_as_they_stand_at_the_moment(sandbox: Sandbox) -> None:
    owner, budgets = sandbox.client("iam"), sandbox.client("budgets", as_owner=False)
    ask = lambda: budgets.describe_budgets(AccountId=ACCOUNT)  # noqa: E731
    ask()
    guards = f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-lanes-guards"
    owner.detach_role_policy(RoleName=ROLE, PolicyArn=guards)
    try:
        assert refused(ask).endswith("because no identity-based policy allows the budgets:ViewBudget action")
    finally:
        owner.attach_role_policy(RoleName=ROLE, PolicyArn=guards)
    ask()


def test_the_version_in_force_counts(sandbox: Sandbox) -> None:
    owner, sns = sandbox.client("iam"), sandbox.client("sns", as_owner=False)
    topic = f"arn:aws:sns:eu-west-2:{ACCOUNT}:{NAME}-alerts"
    sns.create_topic(Name=f"{NAME}-alerts")
    nothing = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}]}
    )
    made = owner.create_policy_version(PolicyArn=CORE_POLICY, PolicyDocument=nothing, SetAsDefault=True)
    assert "explicit deny in an identity-based policy" in refused(lambda: sns.publish(TopicArn=topic, Message="x"))
    owner.set_default_policy_version(PolicyArn=CORE_POLICY, VersionId="v1")
    owner.delete_policy_version(PolicyArn=CORE_POLICY, VersionId=made["PolicyVersion"]["VersionId"])
    sns.publish(TopicArn=topic, Message="x")


def test_a_bucket_policy_counts(sandbox: Sandbox) -> None:
    role, owner, name = sandbox.client("s3", as_owner=False), sandbox.client("s3"), f"{NAME}-work"
    role.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    role.put_object(Bucket=name, Key="a", Body=b"x")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    owner.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    assert "explicit deny in a resource-based policy" in refused(lambda: role.get_object(Bucket=name, Key="a"))
    owner.delete_bucket_policy(Bucket=name)
    assert role.get_object(Bucket=name, Key="a")["Body"].read() == b"x"


@pytest.mark.parametrize("claim", ["aud", "sub", "iss"])
def test_the_trust_decides_who_gets_a_session(sandbox: Sandbox, claim: str) -> None:
    """What the account's providers know is not enough: another audience and issuer are made known, and still denied."""
    iam, other = sandbox.client("iam"), "https://other.example"
    if claim != "sub":
        known = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"][0]["Arn"]
        if claim == "aud":
            iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=known)
        url = other if claim == "iss" else f"https://{known.partition('/')[2]}"
        ids = ["sts.amazonaws.com", other]
        iam.create_open_id_connect_provider(Url=url, ClientIDList=ids, ThumbprintList=["0" * 40])
    token = (sandbox.directory / "web_identity_token").read_text(encoding="ascii")
    head, body, signature = token.split(".")
    claims = json.loads(_decoded(body)) | {claim: other}
    forged = f"{head}.{_encoded(claims)}.{signature}"
    sts, arn = sandbox.client("sts"), f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    message = refused(
        lambda: sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="somebody", WebIdentityToken=forged)
    )
    assert message == "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="somebody", WebIdentityToken=token)


def test_nobody_gets_a_session_of_a_role_that_is_not_there(sandbox: Sandbox) -> None:
    token = (sandbox.directory / "web_identity_token").read_text(encoding="ascii")
    arn = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    sts = sandbox.client("sts")
    refused(lambda: sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="somebody", WebIdentityToken=token))


def test_what_the_sandbox_cannot_judge_is_denied_and_named(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3", as_owner=False)
    message = refused(lambda: s3.get_bucket_metrics_configuration(Bucket=f"{NAME}-work", Id="x"))
    assert "cannot tell what s3 GetBucketMetricsConfiguration needs" in message


def test_of_many_objects_each_counts(sandbox: Sandbox) -> None:
    owner, role, name = sandbox.client("s3"), sandbox.client("s3", as_owner=False), f"{NAME}-tfstate"
    owner.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    lock, state = {"Key": "core/terraform.tfstate.tflock"}, {"Key": "core/terraform.tfstate"}
    role.delete_objects(Bucket=name, Delete={"Objects": [lock]})
    message = refused(lambda: role.delete_objects(Bucket=name, Delete={"Objects": [lock, state]}))
    assert f"s3:DeleteObject on resource: arn:aws:s3:::{name}/core/terraform.tfstate because" in message
    message = refused(lambda: role.delete_objects(Bucket=name, Delete={"Objects": [{**lock, "VersionId": "1"}]}))
    assert "s3:DeleteObjectVersion" in message


def test_a_made_up_key_is_no_unsigned_request(sandbox: Sandbox) -> None:
    with pytest.raises(ClientError, match="never issued this access key"):
        boto3.client(
            "s3",
            endpoint_url=sandbox.env["AWS_ENDPOINT_URL"],
            region_name="eu-west-2",
            aws_access_key_id="made-up-1a",
            aws_secret_access_key="x",
        ).list_buckets()


def test_every_denial_is_in_the_log(sandbox: Sandbox) -> None:
    refused(lambda: sandbox.client("iam", as_owner=False).create_user(UserName="in-the-log"))
    log = (sandbox.directory / "aws.log").read_text(encoding="utf-8")
    assert f"denied: User: arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/" in log
    assert "iam:CreateUser on resource: arn:aws:iam::123456789012:user/in-the-log" in log


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _encoded(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
