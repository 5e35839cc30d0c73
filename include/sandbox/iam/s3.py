"""What S3 operations need. Part of the sandbox's IAM evaluator (labelled stand-in for AWS).

Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
"""

from collections.abc import Iterator

from sandbox.iam.request import CannotRead, Request

_SETTINGS = {
    "AccelerateConfiguration": "AccelerateConfiguration",
    "Acl": "BucketAcl",
    "Cors": "BucketCORS",
    "Encryption": "EncryptionConfiguration",
    "InventoryConfiguration": "InventoryConfiguration",
    "Lifecycle": "LifecycleConfiguration",
    "LifecycleConfiguration": "LifecycleConfiguration",
    "Location": "BucketLocation",
    "Logging": "BucketLogging",
    "Notification": "BucketNotification",
    "OwnershipControls": "BucketOwnershipControls",
    "Policy": "BucketPolicy",
    "PolicyStatus": "BucketPolicyStatus",
    "Replication": "ReplicationConfiguration",
    "RequestPayment": "BucketRequestPayment",
    "Tagging": "BucketTagging",
    "Versioning": "BucketVersioning",
    "Website": "BucketWebsite",
}
_DELETED_BY_PUTTING = frozenset({"Cors", "Encryption", "Lifecycle", "OwnershipControls", "Replication", "Tagging"})
"""Settings whose removal needs the right to put them."""
_OPERATIONS = {
    "ListBuckets": "ListAllMyBuckets",
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutObject": "PutObject",
    "CopyObject": "PutObject",
    "PostObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "RestoreObject": "RestoreObject",
    "SelectObjectContent": "GetObject",
    "GetObjectRetention": "GetObjectRetention",
    "PutObjectRetention": "PutObjectRetention",
    "GetObjectLegalHold": "GetObjectLegalHold",
    "PutObjectLegalHold": "PutObjectLegalHold",
}
_OF_VERSIONS = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "DeleteObject": "DeleteObject",
    "GetObjectAcl": "GetObjectAcl",
    "PutObjectAcl": "PutObjectAcl",
    "GetObjectTagging": "GetObjectTagging",
    "PutObjectTagging": "PutObjectTagging",
    "DeleteObjectTagging": "DeleteObjectTagging",
    "GetObjectAttributes": "GetObjectAttributes",
}
"""Operations whose action is another one when the request names a version."""
_BY_HEADER = {
    "x-amz-tagging": "PutObjectTagging",
    "x-amz-object-lock-mode": "PutObjectRetention",
    "x-amz-object-lock-retain-until-date": "PutObjectRetention",
    "x-amz-object-lock-legal-hold": "PutObjectLegalHold",
    "x-amz-acl": "PutObjectAcl",
}
_OF_A_NEW_BUCKET = {
    "x-amz-bucket-object-lock-enabled": ("PutBucketObjectLockConfiguration", "PutBucketVersioning"),
    "x-amz-object-ownership": ("PutBucketOwnershipControls",),
    "x-amz-acl": ("PutBucketAcl",),
}
_PRIVATE = "private"
"""The ACL that a new bucket has anyhow: whoever says so needs no right to set one (API reference of CreateBucket)."""


def s3_actions(request: Request) -> Iterator[tuple[str, str]]:
    """Return each action that the operation needs, with its ARN. Raises CannotRead."""
    bucket, key = request.value("Bucket"), request.value("Key")
    place = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    if request.operation == "DeleteObjects":
        versions = request.parameters["VersionIds"]
        for one, version in zip(request.parameters["Keys"], versions, strict=True):
            yield "s3:DeleteObjectVersion" if version else "s3:DeleteObject", f"{place}/{one}"
        return
    yield f"s3:{_action(request)}", "*" if bucket is None else place
    if request.operation in {"PutObject", "CopyObject", "CreateMultipartUpload"}:
        yield from (
            (f"s3:{action}", place) for action in sorted({_BY_HEADER[it] for it in request.headers if it in _BY_HEADER})
        )
    if request.operation == "CreateBucket":
        for header, actions in _OF_A_NEW_BUCKET.items():
            if request.headers.get(header, _PRIVATE) != _PRIVATE:
                yield from ((f"s3:{action}", place) for action in actions)
    if source := request.headers.get("x-amz-copy-source"):
        name, _, version = source.lstrip("/").partition("?versionId=")
        yield ("s3:GetObjectVersion" if version else "s3:GetObject"), f"arn:aws:s3:::{name}"


def _action(request: Request) -> str:
    operation = request.operation
    if action := _OPERATIONS.get(operation):
        return action
    if action := _OF_VERSIONS.get(operation):
        versioned = "versionId" in request.parameters
        return action.replace("Object", "ObjectVersion", 1) if versioned else action
    for verb in ("Get", "Put", "Delete"):
        setting = operation.removeprefix(f"{verb}Bucket").removesuffix("Configuration")
        setting = setting if setting in _SETTINGS else operation.removeprefix(f"{verb}Bucket")
        if operation.startswith(f"{verb}Bucket") and setting in _SETTINGS:
            put = verb == "Delete" and setting in _DELETED_BY_PUTTING
            return f"{'Put' if put else verb}{_SETTINGS[setting]}"
    raise CannotRead(f"s3 {operation}")
