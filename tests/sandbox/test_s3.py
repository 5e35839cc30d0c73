"""S3 as the product relies on it: conditional writes, Object Lock, and what the Terraform provider reads."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)
LONDON = {"LocationConstraint": "eu-west-2"}
CLAIMANTS = 12


@pytest.fixture
def s3(sandbox: Sandbox) -> Any:
    client = sandbox.client("s3")
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration=LONDON)
    return client


@pytest.fixture
def locked(sandbox: Sandbox) -> Any:
    client = sandbox.client("s3")
    client.create_bucket(Bucket="locked", CreateBucketConfiguration=LONDON, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    client.put_object_lock_configuration(
        Bucket="locked", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    return client


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_if_none_match_keeps_the_first(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="claim", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="bucket", Key="claim", Body=b"second", IfNoneMatch="*")

    assert refused(caught) == (412, "PreconditionFailed")
    assert s3.get_object(Bucket="bucket", Key="claim")["Body"].read() == b"first"


def test_if_none_match_lets_one_of_many_through(sandbox: Sandbox, s3: Any) -> None:
    def claim(number: int) -> bool:
        try:
            s3.put_object(Bucket="bucket", Key="claim", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(CLAIMANTS) as pool:
        won = list(pool.map(claim, range(CLAIMANTS)))

    assert won.count(True) == 1
    assert s3.get_object(Bucket="bucket", Key="claim")["Body"].read() == str(won.index(True)).encode()


def test_if_match_replaces_only_what_was_read(s3: Any) -> None:
    first = s3.put_object(Bucket="bucket", Key="lease", Body=b"1")["ETag"]
    second = s3.put_object(Bucket="bucket", Key="lease", Body=b"2", IfMatch=first)["ETag"]
    with pytest.raises(ClientError) as stale:
        s3.put_object(Bucket="bucket", Key="lease", Body=b"3", IfMatch=first)
    with pytest.raises(ClientError) as missing:
        s3.put_object(Bucket="bucket", Key="other", Body=b"3", IfMatch=first)

    assert refused(stale) == (412, "PreconditionFailed")
    assert refused(missing) == (404, "NoSuchKey")
    assert s3.head_object(Bucket="bucket", Key="lease")["ETag"] == second


def test_a_locked_version_stays(locked: Any) -> None:
    version = locked.put_object(Bucket="locked", Key="evidence", Body=b"{}", ChecksumAlgorithm="SHA256")["VersionId"]

    retention = locked.get_object_retention(Bucket="locked", Key="evidence", VersionId=version)["Retention"]
    with pytest.raises(ClientError) as caught:
        locked.delete_object(Bucket="locked", Key="evidence", VersionId=version)

    assert retention["Mode"] == "GOVERNANCE"
    assert retention["RetainUntilDate"] > datetime.now(UTC) + timedelta(hours=23)
    assert refused(caught) == (403, "AccessDenied")


def test_an_object_without_retention_says_so(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="lockable", CreateBucketConfiguration=LONDON, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket="lockable", Key="free", Body=b"{}")
    with pytest.raises(ClientError) as caught:
        s3.get_object_retention(Bucket="lockable", Key="free")

    assert refused(caught) == (404, "NoSuchObjectLockConfiguration")


def test_a_bucket_without_object_lock_has_no_retention_to_tell(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="free", Body=b"{}")
    with pytest.raises(ClientError) as caught:
        s3.get_object_retention(Bucket="bucket", Key="free")

    assert refused(caught) == (400, "InvalidRequest")


def deny(action: str, **more: Any) -> str:
    statement = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "arn:aws:s3:::bucket/*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_against_plain_http_lets_the_sandbox_through(s3: Any) -> None:
    s3.put_bucket_policy(Bucket="bucket", Policy=deny("s3:*", Condition={"Bool": {"aws:SecureTransport": "false"}}))

    s3.put_object(Bucket="bucket", Key="object", Body=b"x")
    assert s3.get_object(Bucket="bucket", Key="object")["Body"].read() == b"x"


def test_an_unconditional_denial_denies(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="object", Body=b"x")
    s3.put_bucket_policy(Bucket="bucket", Policy=deny("s3:DeleteObject"))
    with pytest.raises(ClientError) as caught:
        s3.delete_object(Bucket="bucket", Key="object")

    assert refused(caught)[0] == 403
    assert s3.head_object(Bucket="bucket", Key="object")["ContentLength"] == 1


def test_request_payment_is_the_owners(s3: Any) -> None:
    assert s3.get_bucket_request_payment(Bucket="bucket")["Payer"] == "BucketOwner"
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_request_payment(Bucket="no-such-bucket")
    assert refused(caught) == (404, "NoSuchBucket")


def test_sha256_comes_back(s3: Any) -> None:
    sent = s3.put_object(Bucket="bucket", Key="plan", Body=b"plan", ChecksumAlgorithm="SHA256")["ChecksumSHA256"]

    assert s3.head_object(Bucket="bucket", Key="plan", ChecksumMode="ENABLED")["ChecksumSHA256"] == sent
