"""The posture of the environment's buckets."""

import json

import pytest

from tidegate.collectors.aws.buckets import collect_buckets
from tidegate.models.observed import Absent, Known, Unreadable

SETTINGS = (
    "region",
    "versioning",
    "encryption",
    "public_access_blocked",
    "tls_only",
    "version_deletion_denied",
    "object_lock",
)
OPERATIONS = {
    "region": "GetBucketLocation",
    "versioning": "GetBucketVersioning",
    "encryption": "GetBucketEncryption",
    "public_access_blocked": "GetPublicAccessBlock",
    "tls_only": "GetBucketPolicy",
    "version_deletion_denied": "GetBucketPolicy",
    "object_lock": "GetObjectLockConfiguration",
}


def create(aws, name, region="eu-west-2", **more):
    aws.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region}, **more)


def posture_of(answers, clients, script, environment, **changes):
    """The posture of the state bucket from scripted answers."""
    scripted = script(clients.s3)
    for operation, answer in {**answers, **changes}.items():
        scripted(operation, answer)
    return collect_buckets(clients, environment)[0]


@pytest.fixture
def good():
    """Answers of S3 for a bucket in order."""
    policy = {
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [
                    "arn:aws:s3:::fraud-platform-dev-min-tfstate",
                    "arn:aws:s3:::fraud-platform-dev-min-tfstate/*",
                ],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ]
    }
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return {
        "HeadBucket": {},
        "GetBucketLocation": {"LocationConstraint": "eu-west-2"},
        "GetBucketVersioning": {"Status": "Enabled"},
        "GetBucketEncryption": {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
        "GetPublicAccessBlock": {"PublicAccessBlockConfiguration": dict.fromkeys(blocks, True)},
        "GetBucketPolicy": {"Policy": json.dumps(policy)},
        "GetObjectLockConfiguration": {
            "ObjectLockConfiguration": {
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}},
            }
        },
    }


def test_three_buckets_with_their_purposes(aws, environment):
    assert [(bucket.name, bucket.purpose) for bucket in collect_buckets(aws, environment)] == [
        (environment.backend.bucket, "state"),
        (environment.evidence.bucket, "evidence"),
        (environment.work.bucket, "work"),
    ]


def test_a_bucket_that_is_not_there(aws, environment):
    for bucket in collect_buckets(aws, environment):
        assert [getattr(bucket, name) for name in ("exists", *SETTINGS)] == [Absent()] * 8


def test_a_bare_bucket_has_no_settings(aws, environment):
    create(aws, environment.backend.bucket)
    bare = collect_buckets(aws, environment)[0]
    assert (bare.exists, bare.region) == (Known(True), Known("eu-west-2"))
    for name in SETTINGS[1:]:
        assert getattr(bare, name) == Absent(), name


def test_a_bucket_in_order(good, clients, script, environment):
    seen = posture_of(good, clients, script, environment)
    assert [getattr(seen, name) for name in ("exists", *SETTINGS)] == [
        Known(value) for value in (True, "eu-west-2", "Enabled", "AES256", True, True, False, "COMPLIANCE")
    ]


def test_the_first_region_has_no_name(aws, environment):
    aws.s3_in("us-east-1").create_bucket(Bucket=environment.backend.bucket)
    assert collect_buckets(aws, environment)[0].region == Known("us-east-1")


def test_the_old_name_of_ireland(good, clients, script, environment):
    seen = posture_of(good, clients, script, environment, GetBucketLocation={"LocationConstraint": "EU"})
    assert seen.region == Known("eu-west-1")


def test_suspended_versioning_and_open_blocks_are_known(good, clients, script, environment):
    blocks = {**good["GetPublicAccessBlock"]["PublicAccessBlockConfiguration"], "BlockPublicPolicy": False}
    seen = posture_of(
        good,
        clients,
        script,
        environment,
        GetBucketVersioning={"Status": "Suspended"},
        GetPublicAccessBlock={"PublicAccessBlockConfiguration": blocks},
    )
    assert seen.versioning == Known("Suspended")
    assert seen.public_access_blocked == Known(False)


def test_a_lock_without_a_default_retention_locks_nothing(good, clients, script, environment):
    lock = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    assert posture_of(good, clients, script, environment, GetObjectLockConfiguration=lock).object_lock == Absent()


def test_every_call_names_the_owner(good, clients, script, environment):
    scripted = script(clients.s3)
    for operation, answer in good.items():
        scripted(operation, answer)
    collect_buckets(clients, environment)
    assert {parameters["ExpectedBucketOwner"] for _, parameters in scripted.asked} == {environment.account_id}


def test_a_bucket_of_somebody_else_is_asked_nothing_more(good, clients, script, environment, aws_error):
    scripted = script(clients.s3)
    for operation, answer in {**good, "HeadBucket": aws_error("403", "Forbidden")}.items():
        scripted(operation, answer)
    seen = collect_buckets(clients, environment)[0]
    expected = Unreadable(f"HeadBucket {environment.backend.bucket}: 403: Forbidden")
    assert [getattr(seen, name) for name in ("exists", *SETTINGS)] == [expected] * 8
    assert {operation for operation, _ in scripted.asked} == {"HeadBucket"}


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_that_cannot_be_read(good, clients, script, environment, aws_error, setting, code):
    seen = posture_of(good, clients, script, environment, **{OPERATIONS[setting]: aws_error(code)})
    assert getattr(seen, setting) == Unreadable(
        f"{OPERATIONS[setting]} {environment.backend.bucket}: {code}: as scripted", transient=code == "SlowDown"
    )


@pytest.mark.parametrize(
    ("setting", "answer"),
    [
        ("region", {}),
        ("region", {"LocationConstraint": 7}),
        ("versioning", {"Status": None}),
        ("versioning", {"Status": True}),
        ("encryption", {}),
        ("encryption", {"ServerSideEncryptionConfiguration": {"Rules": []}}),
        ("encryption", {"ServerSideEncryptionConfiguration": {"Rules": None}}),
        ("encryption", {"ServerSideEncryptionConfiguration": {"Rules": ["AES256"]}}),
        ("public_access_blocked", {}),
        ("public_access_blocked", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}),
        ("public_access_blocked", {"PublicAccessBlockConfiguration": None}),
        ("tls_only", {}),
        ("tls_only", {"Policy": None}),
        ("tls_only", {"Policy": "{"}),
        ("version_deletion_denied", {"Policy": {"Statement": []}}),
        ("object_lock", {}),
        ("object_lock", {"ObjectLockConfiguration": {"Rule": {}}}),
        ("object_lock", {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": None}}}}),
    ],
)
def test_a_malformed_setting(good, clients, script, environment, setting, answer):
    seen = getattr(posture_of(good, clients, script, environment, **{OPERATIONS[setting]: answer}), setting)
    assert isinstance(seen, Unreadable)
    assert "malformed answer" in seen.reason


def test_a_bucket_that_goes_while_it_is_asked(good, clients, script, environment, aws_error):
    seen = posture_of(good, clients, script, environment, GetBucketEncryption=aws_error("NoSuchBucket"))
    assert seen.encryption == Absent()
