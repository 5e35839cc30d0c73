"""Who calls: web identity, in the account of the role's ARN, and no key that the sandbox did not issue."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.testing import Sandbox, running_sandbox

ROLE = "fraud-platform-dev-min-execution"
pytestmark = pytest.mark.timeout(120)


def test_the_session_is_an_assumed_role_with_temporary_keys(sandbox: Sandbox) -> None:
    position = sandbox.admin.journal_position()

    who = sandbox.client("sts").get_caller_identity()

    assert who["Arn"] == f"arn:aws:sts::123456789012:assumed-role/{ROLE}/tidegate-sandbox"
    assumed, asked = sandbox.admin.calls(position)
    assert (assumed.operation, assumed.key_kind) == ("AssumeRoleWithWebIdentity", None)
    assert (asked.operation, asked.key_kind) == ("GetCallerIdentity", "ASIA")


def test_the_role_trusts_the_provider_for_one_subject(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")

    trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]

    assert trust["Principal"] == {"Federated": provider["Arn"]}
    assert trust["Condition"]["StringEquals"] == {
        "oidc.sandbox.tidegate.example:aud": "sts.amazonaws.com",
        "oidc.sandbox.tidegate.example:sub": "system:serviceaccount:tidegate:dev-min",
    }


def test_nothing_else_is_seeded(sandbox: Sandbox) -> None:
    assert [role["RoleName"] for role in sandbox.client("iam").list_roles()["Roles"]] == [ROLE]
    assert sandbox.client("s3").list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        pytest.param("sts", "get_caller_identity", "InvalidClientTokenId", id="query"),
        pytest.param("s3", "list_buckets", "InvalidAccessKeyId", id="s3"),
        pytest.param("dynamodb", "list_tables", "UnrecognizedClientException", id="json"),
        pytest.param("ec2", "describe_vpcs", "AuthFailure", id="ec2"),
    ],
)
def test_a_key_that_was_never_issued_is_refused(sandbox: Sandbox, service: str, call: str, code: str) -> None:
    make_client: Any = boto3.client  # its stubs know no service given as a variable
    client = make_client(
        service,
        endpoint_url=sandbox.env["AWS_ENDPOINT_URL"],
        region_name="eu-west-2",
        aws_access_key_id="AKIA" + "X" * 16,
        aws_secret_access_key="never issued",
    )

    with pytest.raises(ClientError) as caught:
        getattr(client, call)()

    assert caught.value.response["Error"]["Code"] == code


def test_sessions_outlive_a_reset(sandbox: Sandbox) -> None:
    sts = sandbox.client("sts")
    before = sts.get_caller_identity()["Arn"]

    sandbox.admin.reset()
    sandbox.admin.reset()

    assert sts.get_caller_identity()["Arn"] == before


def test_resources_live_in_the_account_of_the_role(tmp_path: Path) -> None:
    role_arn = "arn:aws:iam::111122223333:role/team/other"
    with running_sandbox(tmp_path, "--role-arn", role_arn, "--region", "eu-west-1") as other:
        assert other.client("sts").get_caller_identity()["Account"] == "111122223333"
        assert other.client("iam").get_role(RoleName="other")["Role"]["Arn"] == role_arn
        topic = other.client("sns").create_topic(Name="alerts")["TopicArn"]
        assert topic == "arn:aws:sns:eu-west-1:111122223333:alerts"
        other.admin.reset()
        assert other.client("iam").get_role(RoleName="other")["Role"]["Arn"] == role_arn


def test_without_seeding_the_account_is_empty(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, "--no-seed-role") as bare:
        assert bare.client("iam").list_roles()["Roles"] == []
