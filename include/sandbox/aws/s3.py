"""S3 in the sandbox (labelled extension of moto): GetObjectRetention, GetBucketRequestPayment, and honest gaps.

moto takes a sub-resource that it does not know for the bucket or object itself: `DELETE /bucket?metrics` would delete
the bucket. Such calls are refused here.
"""

from typing import Any

from moto.s3.responses import S3Response

from sandbox.aws.patching import replace
from sandbox.calls import Call
from sandbox.errors import Answer, Protocol, error_answer
from sandbox.refusals import Kinder, Refusal

SERVICE = "s3"
_RETENTION, _PAYMENT = "GetObjectRetention", "GetBucketRequestPayment"
_REFERENCE = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_{}.html"
_ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
REFUSALS = (
    Refusal(_RETENTION, "NoSuchBucket", "the bucket is not there", _ERRORS),
    Refusal(_RETENTION, "NoSuchKey", "the object is not there", _ERRORS),
    Refusal(_RETENTION, "InvalidRequest", "the bucket has no Object Lock", _REFERENCE.format(_RETENTION)),
    Refusal(_RETENTION, "NoSuchObjectLockConfiguration", "the object is not locked", _ERRORS),
    Refusal(_PAYMENT, "NoSuchBucket", "the bucket is not there", _ERRORS),
)
KINDER: tuple[Kinder, ...] = ()
XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_BUCKET_GET = S3Response._bucket_response_get
_KEY_GET = S3Response._key_response_get

# What moto and this file answer, by verb; any other sub-resource is refused.
_READABLE = (
    "AccelerateConfiguration Acl Cors Encryption InventoryConfiguration LifecycleConfiguration Location Logging "
    "NotificationConfiguration OwnershipControls Policy PolicyStatus Replication RequestPayment Tagging Versioning "
    "Website"
)
_WRITABLE = (
    "AccelerateConfiguration Acl Cors Encryption InventoryConfiguration LifecycleConfiguration Logging "
    "NotificationConfiguration OwnershipControls Policy Replication Tagging Versioning Website"
)
_DELETABLE = "Cors Encryption LifecycleConfiguration OwnershipControls Policy Replication Tagging Website"
SUPPORTED = frozenset(
    [f"GetBucket{name}" for name in _READABLE.split()]
    + [f"PutBucket{name}" for name in _WRITABLE.split()]
    + [f"DeleteBucket{name}" for name in _DELETABLE.split()]
    + [f"GetObject{name}" for name in ("", "Acl", "Attributes", "LegalHold", "Retention", "Tagging")]
    + [f"PutObject{name}" for name in ("", "Acl", "LegalHold", "Retention", "Tagging")]
    + [f"{verb}PublicAccessBlock" for verb in ("Get", "Put", "Delete")]
    + ["GetObjectLockConfiguration", "PutObjectLockConfiguration"]
    + ["ListBuckets", "CreateBucket", "HeadBucket", "DeleteBucket", "PostObject"]
    + ["ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads", "ListParts"]
    + ["HeadObject", "CopyObject", "DeleteObject", "DeleteObjects", "DeleteObjectTagging", "RestoreObject"]
    + ["CreateMultipartUpload", "CompleteMultipartUpload", "AbortMultipartUpload", "UploadPart", "UploadPartCopy"]
    + ["SelectObjectContent"]
)


def install() -> None:
    """Put the two operations on moto's class."""
    replace(S3Response, "_key_response_get", _key_response_get, answers=(_RETENTION,))
    replace(S3Response, "_bucket_response_get", _bucket_response_get, answers=(_PAYMENT,))


def refusal(call: Call, protocol: Protocol) -> Answer | None:
    """Return the answer to a sub-resource that moto would take for something else; None for all other calls."""
    if protocol is not Protocol.S3 or call.operation in SUPPORTED or call.operation.startswith("OPTIONS"):
        return None
    message = f"the sandbox does not implement s3 {call.operation}"
    return error_answer(protocol, 400, "NotImplementedBySandbox", message)


def _key_response_get(response: S3Response, query: dict[str, Any], key_name: str) -> Any:
    if "retention" not in query:
        return _KEY_GET(response, query, key_name)
    if not response.backend.get_bucket(response.bucket_name).object_lock_enabled:
        return _refused(400, "InvalidRequest", "Bucket is missing Object Lock Configuration")
    key, _ = response._get_key()
    if not key.lock_mode or not key.lock_until:
        message = "The specified object does not have a ObjectLock configuration"
        return _refused(404, "NoSuchObjectLockConfiguration", message)
    body = f"<Mode>{key.lock_mode}</Mode><RetainUntilDate>{key.lock_until}</RetainUntilDate>"
    return 200, {"content-type": "application/xml"}, f"<Retention {XMLNS}>{body}</Retention>"


def _bucket_response_get(response: S3Response, bucket_name: str, querystring: dict[str, Any]) -> Any:
    if "requestPayment" not in querystring:
        return _BUCKET_GET(response, bucket_name, querystring)
    response.backend.get_bucket(bucket_name)
    body = f"<RequestPaymentConfiguration {XMLNS}><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"
    return 200, {"content-type": "application/xml"}, body


def _refused(status: int, code: str, message: str) -> Any:
    refusal = error_answer(Protocol.S3, status, code, message)
    return refusal.status, dict(refusal.headers), refusal.body
