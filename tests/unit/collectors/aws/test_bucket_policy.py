"""What a bucket policy denies to everybody."""

import json

import pytest

from tidegate.collectors.aws.bucket_policy import denies_plain_http, denies_version_deletion
from tidegate.collectors.aws.reading import MalformedAnswer

BUCKET = "b"
BOTH = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


def tls(**changes):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": BOTH,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {key: value for key, value in {**statement, **changes}.items() if value is not None}


def versions(**changes):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion", "Resource": BOTH[1]}
    return {key: value for key, value in {**statement, **changes}.items() if value is not None}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([tls()], id="as-core-writes-it"),
        pytest.param([tls(Principal={"AWS": "*"})], id="everybody-in-other-words"),
        pytest.param([tls(Principal={"AWS": ["*"]})], id="everybody-in-a-list"),
        pytest.param([tls(Action=["s3:*"])], id="actions-in-a-list"),
        pytest.param([tls(Action="*", Resource="*")], id="everything"),
        pytest.param([tls(Condition={"bool": {"AWS:securetransport": [False]}})], id="case-and-kind-of-false"),
        pytest.param([tls(Resource=BOTH[0]), tls(Resource=BOTH[1])], id="in-two-statements"),
        pytest.param([tls(Resource=["arn:aws-us-gov:s3:::b", "arn:aws-us-gov:s3:::b/*"])], id="partition"),
        pytest.param([{"Effect": "Allow"}, tls()], id="beside-others"),
    ],
)
def test_plain_http_is_denied(statements):
    assert denies_plain_http(policy(*statements), BUCKET)


def test_a_single_statement_without_list():
    assert denies_plain_http(json.dumps({"Statement": tls()}), BUCKET)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(tls(Effect="Allow"), id="allow"),
        pytest.param(tls(Principal={"AWS": "arn:aws:iam::1:root"}), id="somebody"),
        pytest.param(tls(Principal=None, NotPrincipal="*"), id="not-principal"),
        pytest.param(tls(Action="s3:Get*"), id="some-actions"),
        pytest.param(tls(Action=None, NotAction="s3:*"), id="not-action"),
        pytest.param(tls(Resource=BOTH[1]), id="objects-only"),
        pytest.param(tls(Resource=BOTH[0]), id="bucket-only"),
        pytest.param(tls(Resource=["arn:aws:s3:::other", "arn:aws:s3:::other/*"]), id="another-bucket"),
        pytest.param(tls(Resource=["arn:aws:s3:::b/x/*", BOTH[0]]), id="part-of-the-objects"),
        pytest.param(tls(Condition=None), id="no-condition"),
        pytest.param(tls(Condition={"Bool": {"aws:SecureTransport": "true"}}), id="the-other-way-round"),
        pytest.param(
            tls(Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:x": "y"}}), id="narrowed"
        ),
        pytest.param(tls(Condition={"Bool": {"aws:SecureTransport": ["false", "true"]}}), id="both"),
        pytest.param(tls(Condition=["nonsense"]), id="nonsense"),
    ],
)
def test_plain_http_is_not_denied_to_everybody(statement):
    assert not denies_plain_http(policy(statement), BUCKET)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(versions(), id="as-core-writes-it"),
        pytest.param(versions(Action="s3:Delete*"), id="pattern"),
        pytest.param(versions(Action="s3:DeleteObject?ersion"), id="pattern-of-one"),
        pytest.param(versions(Action="s3:*", Resource=BOTH), id="everything"),
        pytest.param(versions(Condition={}), id="empty-condition"),
        pytest.param(versions(Resource="arn:aws:s3:::b*"), id="bucket-and-objects"),
    ],
)
def test_deleting_versions_is_denied(statement):
    assert denies_version_deletion(policy(statement), BUCKET)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(versions(Effect="Allow"), id="allow"),
        pytest.param(versions(Action="s3:DeleteObject"), id="deleting-without-version"),
        pytest.param(versions(Principal={"AWS": "arn:aws:iam::1:role/r"}), id="somebody"),
        pytest.param(versions(Resource=BOTH[0]), id="bucket-only"),
        pytest.param(versions(Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}), id="conditional"),
        pytest.param(tls(), id="only-without-tls"),
    ],
)
def test_deleting_versions_is_not_denied_to_everybody(statement):
    assert not denies_version_deletion(policy(statement), BUCKET)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"Statement": null}', '{"Statement": ["x"]}', '"text"'])
def test_what_is_no_policy_is_malformed(text):
    with pytest.raises(MalformedAnswer):
        denies_plain_http(text, BUCKET)
