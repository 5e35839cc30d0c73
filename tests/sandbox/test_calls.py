"""Naming a call from its request."""

import json

import pytest

from sandbox.calls import Call, identify

CREDENTIAL = "AWS4-HMAC-SHA256 Credential=ASIAX/20260213/eu-west-2/{}/aws4_request, SignedHeaders=host, Signature=0"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


def signed(service: str, **headers: str) -> dict[str, str]:
    return {"authorization": CREDENTIAL.format(service)} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }


@pytest.mark.parametrize(
    ("method", "target", "operation"),
    [
        ("GET", "/", "ListBuckets"),
        ("PUT", "/bucket", "CreateBucket"),
        ("HEAD", "/bucket", "HeadBucket"),
        ("DELETE", "/bucket/", "DeleteBucket"),
        ("GET", "/bucket", "ListObjects"),
        ("GET", "/bucket?list-type=2&prefix=&encoding-type=url", "ListObjectsV2"),
        ("GET", "/bucket?versions&prefix=a", "ListObjectVersions"),
        ("GET", "/bucket?versioning", "GetBucketVersioning"),
        ("PUT", "/bucket?versioning=", "PutBucketVersioning"),
        ("GET", "/bucket?policyStatus", "GetBucketPolicyStatus"),
        ("GET", "/bucket?policy", "GetBucketPolicy"),
        ("DELETE", "/bucket?policy", "DeleteBucketPolicy"),
        ("GET", "/bucket?publicAccessBlock", "GetPublicAccessBlock"),
        ("PUT", "/bucket?object-lock", "PutObjectLockConfiguration"),
        ("GET", "/bucket?encryption", "GetBucketEncryption"),
        ("POST", "/bucket?delete", "DeleteObjects"),
        ("DELETE", "/bucket?metrics&id=all", "DeleteBucketMetricsConfiguration"),
        ("PUT", "/bucket?brandNew", "PUT bucket?brandNew"),
        ("GET", "/bucket/a/key?x-id=GetObject", "GetObject"),
        ("HEAD", "/bucket/a/key", "HeadObject"),
        ("PUT", "/bucket/a/key", "PutObject"),
        ("DELETE", "/bucket/a/key?versionId=3", "DeleteObject"),
        ("GET", "/bucket/a/key?retention", "GetObjectRetention"),
        ("PUT", "/bucket/a/key?legal-hold", "PutObjectLegalHold"),
        ("POST", "/bucket/a/key?uploads", "CreateMultipartUpload"),
        ("PUT", "/bucket/a/key?partNumber=1&uploadId=u", "UploadPart"),
        ("POST", "/bucket/a/key?uploadId=u", "CompleteMultipartUpload"),
        ("DELETE", "/bucket/a/key?uploadId=u", "AbortMultipartUpload"),
    ],
)
def test_s3(method: str, target: str, operation: str) -> None:
    assert identify(method, target, signed("s3"), b"").operation == operation


def test_json_protocol() -> None:
    body = json.dumps({"TableName": "locks", "Key": {"LockID": {"S": "x"}}}).encode()

    call = identify("POST", "/", signed("dynamodb", x_amz_target="DynamoDB_20120810.PutItem"), body)

    assert call == Call("dynamodb", "PutItem", "TableName=locks", "ASIAX", "eu-west-2")


def test_query_protocol() -> None:
    call = identify("POST", "/", signed("iam", content_type=FORM), b"Action=CreateRole&RoleName=r&Version=2010-05-08")

    assert call == Call("iam", "CreateRole", "RoleName=r", "ASIAX", "eu-west-2")


def test_unsigned_assume_role_does_not_tell_its_token() -> None:
    body = b"Action=AssumeRoleWithWebIdentity&RoleArn=arn&WebIdentityToken=secret"

    call = identify("POST", "/", {"content-type": FORM, "host": "127.0.0.1:1"}, body)

    assert call == Call("sts", "AssumeRoleWithWebIdentity", "RoleArn=arn", None)


def test_presigned_url() -> None:
    target = "/bucket/key?X-Amz-Credential=ASIAX%2F20260213%2Feu-west-2%2Fs3%2Faws4_request&X-Amz-Signature=0"

    assert identify("GET", target, {}, b"") == Call("s3", "GetObject", "/bucket/key", "ASIAX", "eu-west-2")


def test_rest_json_falls_back_to_method_and_path() -> None:
    call = identify("GET", "/2015-03-31/functions?MaxItems=1", signed("lambda"), b"")

    assert (call.service, call.operation) == ("lambda", "GET /2015-03-31/functions")


@pytest.mark.parametrize(
    ("operation", "mutating"),
    [
        ("GetItem", False),
        ("DescribeBudget", False),
        ("ListTables", False),
        ("HeadBucket", False),
        ("AssumeRoleWithWebIdentity", False),
        ("PutItem", True),
        ("CreateBucket", True),
        ("UpdateBudget", True),
        ("GET /functions", False),
        ("POST /functions", True),
        ("PUT bucket?new", True),
    ],
)
def test_mutating(operation: str, mutating: bool) -> None:
    assert Call("any", operation, "", None).mutating is mutating
