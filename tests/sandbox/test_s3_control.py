"""Tags of buckets through S3 Control, which version 6 of the AWS provider asks first.

Its SDK puts the account before the endpoint's name, as `123456789012.localhost`; a machine whose resolver knows such
names finds the sandbox. Here the name is resolved by the test.
"""

import socket
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.testing import Sandbox, running_sandbox

ACCOUNT, BUCKET = "123456789012", "fraud-platform-dev-min-work"
ARN = f"arn:aws:s3:::{BUCKET}"


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("s3control") / "sandbox", "--environment", "dev_min") as sandbox:
        sandbox.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        yield sandbox


@pytest.fixture(autouse=True)
def names_below_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = socket.getaddrinfo

    def resolved(host: Any, *given: Any, **more: Any) -> Any:
        return ask("127.0.0.1" if str(host).endswith(".localhost") else host, *given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


def control(sandbox: Sandbox, *, as_owner: bool) -> Any:
    plain = sandbox.client("s3", as_owner=as_owner)
    keys = plain._request_signer._credentials.get_frozen_credentials()
    return boto3.client(
        "s3control",
        region_name="eu-west-2",
        endpoint_url=sandbox.env["AWS_ENDPOINT_URL_S3_CONTROL"],
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
    )


def test_tags_are_those_of_the_bucket(enforcing: Sandbox) -> None:
    tags = [{"Key": "stack", "Value": "core"}]
    owner = control(enforcing, as_owner=True)
    owner.tag_resource(AccountId=ACCOUNT, ResourceArn=ARN, Tags=tags)
    assert enforcing.client("s3").get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tags
    assert owner.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=ARN)["Tags"] == tags
    owner.untag_resource(AccountId=ACCOUNT, ResourceArn=ARN, TagKeys=["stack"])
    assert owner.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=ARN)["Tags"] == []


def test_the_role_may_tag_its_buckets_this_way_too(enforcing: Sandbox) -> None:
    role = control(enforcing, as_owner=False)
    role.tag_resource(AccountId=ACCOUNT, ResourceArn=ARN, Tags=[{"Key": "a", "Value": "b"}])
    assert role.list_tags_for_resource(AccountId=ACCOUNT, ResourceArn=ARN)["Tags"] == [{"Key": "a", "Value": "b"}]
    role.untag_resource(AccountId=ACCOUNT, ResourceArn=ARN, TagKeys=["a"])


def test_the_role_sees_the_tags_of_no_other_bucket(enforcing: Sandbox) -> None:
    with pytest.raises(ClientError) as refused:
        control(enforcing, as_owner=False).list_tags_for_resource(
            AccountId=ACCOUNT, ResourceArn="arn:aws:s3:::somebody-elses"
        )
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
