"""Buckets and their settings. A setting's Terraform id is the bucket's name; each is asked by its own call."""

from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.lookup.question import Question, answers
from tidegate.collectors.aws.reading import ask, optional, text

IAM_ACTIONS: tuple[str, ...] = (
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
)

_NO_BUCKET = ("404", "NoSuchBucket")


def _setting(operation: str, none: str, shows: str, kind: type[Any] = str) -> Question:
    return answers("s3", operation, "Bucket", none, *_NO_BUCKET, shows=shows, kind=kind)


def _versioned(clients: Clients, bucket: str) -> bool:
    answer = ask(clients.s3.get_bucket_versioning, Bucket=bucket)
    return optional(answer, "Status", str) is not None and bool(text(answer, "Status"))


QUESTIONS: dict[str, Question] = {
    "aws_s3_bucket": answers("s3", "head_bucket", "Bucket", *_NO_BUCKET, shows=None),
    "aws_s3_bucket_lifecycle_configuration": _setting(
        "get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration", "Rules", list
    ),
    "aws_s3_bucket_object_lock_configuration": _setting(
        "get_object_lock_configuration",
        "ObjectLockConfigurationNotFoundError",
        "ObjectLockConfiguration.ObjectLockEnabled",
    ),
    "aws_s3_bucket_ownership_controls": _setting(
        "get_bucket_ownership_controls", "OwnershipControlsNotFoundError", "OwnershipControls.Rules", list
    ),
    "aws_s3_bucket_policy": _setting("get_bucket_policy", "NoSuchBucketPolicy", "Policy"),
    "aws_s3_bucket_public_access_block": _setting(
        "get_public_access_block", "NoSuchPublicAccessBlockConfiguration", "PublicAccessBlockConfiguration", dict
    ),
    "aws_s3_bucket_server_side_encryption_configuration": _setting(
        "get_bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        "ServerSideEncryptionConfiguration.Rules",
        list,
    ),
    "aws_s3_bucket_versioning": Question(_versioned, _NO_BUCKET),
}
