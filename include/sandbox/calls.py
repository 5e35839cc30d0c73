"""What an AWS request is: service, operation, resource. Part of the sandbox, a labelled stand-in for AWS.

X-Amz-Target: DynamoDB_20120810.PutItem     -> dynamodb PutItem
Action=CreateRole&... in a form body        -> iam CreateRole
GET /bucket?versioning                      -> s3 GetBucketVersioning
GET /2015-03-31/functions                   -> lambda "GET /2015-03-31/functions"
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

_CREDENTIAL = re.compile(r"Credential=([^/\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_RPC_PATH = re.compile(r"/service/[^/]+/operation/([^/?]+)")
_READING = re.compile(r"(Get|List|Describe|Head|BatchGet|Query|Scan|Search|Lookup|Assume|Decode|Simulate|TransactGet)")
_RESOURCE_FIELDS = re.compile(r"(Name|Arn|Id|Key|Bucket|Table|Topic|Resource)", re.IGNORECASE)
_RESOURCE_LENGTH = 500

# Query keys name the sub-resource of a bucket or an object; the first that is present decides.
_BUCKET_SUBRESOURCES = {
    "accelerate": "AccelerateConfiguration",
    "acl": "Acl",
    "analytics": "AnalyticsConfiguration",
    "cors": "Cors",
    "encryption": "Encryption",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "Location",
    "logging": "Logging",
    "metadataTable": "MetadataTableConfiguration",
    "metrics": "MetricsConfiguration",
    "notification": "NotificationConfiguration",
    "ownershipControls": "OwnershipControls",
    "policyStatus": "PolicyStatus",
    "policy": "Policy",
    "replication": "Replication",
    "requestPayment": "RequestPayment",
    "tagging": "Tagging",
    "versioning": "Versioning",
    "website": "Website",
}
_OBJECT_SUBRESOURCES = {
    "acl": "Acl",
    "attributes": "Attributes",
    "legal-hold": "LegalHold",
    "retention": "Retention",
    "tagging": "Tagging",
    "torrent": "Torrent",
}
_PLAIN_KEYS = frozenset(
    {"delete", "delimiter", "encoding-type", "prefix", "marker", "key-marker", "version-id-marker"}
    | {"continuation-token", "start-after", "fetch-owner", "max-keys", "max-uploads"}
    | {"restore", "select", "uploads", "versions"}
)
"""Query keys that may stand without a value and name no sub-resource."""
_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head"}


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS request, as far as it can be named from the outside."""

    service: str
    operation: str
    resource: str
    access_key_id: str | None
    region: str | None = None
    """As the call is signed for."""

    @property
    def mutating(self) -> bool:
        """True unless the operation's name says that it only reads."""
        method, separator, _ = self.operation.partition(" ")
        if separator:
            return method not in {"GET", "HEAD", "OPTIONS"}
        return _READING.match(self.operation) is None


def identify(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Name the call. `headers` have lower-case names; `body` may be cut short for large uploads."""
    url = urlsplit(target)
    query = parse_qs(url.query, keep_blank_values=True)
    form = _form(headers, body)
    credential = _CREDENTIAL.search(headers.get("authorization", "")) or _CREDENTIAL.search(
        "Credential=" + query.get("X-Amz-Credential", [""])[0]
    )
    action = form.get("Action") or (query["Action"][0] if "Action" in query else None)
    service = credential[3] if credential else _unsigned_service(headers, action)
    access_key_id = credential[1] if credential else None
    region = credential[2] if credential else None
    if amz_target := headers.get("x-amz-target"):
        return Call(service, amz_target.rpartition(".")[2], _json_resource(body), access_key_id, region)
    if action:
        return Call(service, action, _form_resource(form), access_key_id, region)
    path = unquote(url.path)
    if rpc := _RPC_PATH.match(path):
        return Call(service, rpc[1], path, access_key_id, region)
    if service == "s3" and not path.startswith("/v20180820/"):
        return Call(service, s3_operation(method, path, query, headers), path, access_key_id, region)
    return Call(service, f"{method} {path}", path, access_key_id, region)


def signed_region(headers: Mapping[str, str]) -> str | None:
    """Return the region that a request is signed for; None when it is not signed. `headers` have lower-case names."""
    credential = _CREDENTIAL.search(headers.get("authorization", ""))
    return credential[2] if credential else None


def s3_operation(method: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> str:
    """Return the S3 API operation of a path-style request."""
    bucket, _, key = path.lstrip("/").partition("/")
    if not bucket:
        return "ListBuckets" if method == "GET" else f"{method} /"
    if key:
        return _object_operation(method, query, headers)
    return _bucket_operation(method, query)


def _bucket_operation(method: str, query: Mapping[str, list[str]]) -> str:
    if method == "POST":
        return "DeleteObjects" if "delete" in query else "PostObject"
    verb = _VERBS.get(method, method)
    if "object-lock" in query:
        return f"{verb}ObjectLockConfiguration"
    if "publicAccessBlock" in query:
        return f"{verb}PublicAccessBlock"
    for name, subresource in _BUCKET_SUBRESOURCES.items():
        if name in query:
            return f"{verb}Bucket{subresource}"
    if unknown := _unknown_subresource(query):
        return f"{method} bucket?{unknown}"
    if method != "GET":
        return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}.get(method, f"{method} bucket")
    if "uploads" in query:
        return "ListMultipartUploads"
    if "versions" in query:
        return "ListObjectVersions"
    return "ListObjectsV2" if query.get("list-type") == ["2"] else "ListObjects"


def _object_operation(method: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> str:
    verb = _VERBS.get(method, method)
    for name, subresource in _OBJECT_SUBRESOURCES.items():
        if name in query:
            return f"{verb}Object{subresource}"
    if unknown := _unknown_subresource(query):
        return f"{method} object?{unknown}"
    if method == "POST":
        if "uploads" in query:
            return "CreateMultipartUpload"
        if "uploadId" in query:
            return "CompleteMultipartUpload"
        return "RestoreObject" if "restore" in query else "SelectObjectContent"
    copies = "x-amz-copy-source" in headers
    if "uploadId" in query:
        part = "UploadPartCopy" if copies else "UploadPart"
        return {"GET": "ListParts", "PUT": part, "DELETE": "AbortMultipartUpload"}.get(method, f"{method} part")
    if method == "PUT" and copies:
        return "CopyObject"
    return f"{verb}Object"


def _unknown_subresource(query: Mapping[str, list[str]]) -> str | None:
    """Return the first query key that stands alone, as a sub-resource does, and is not known here."""
    return next((name for name, values in query.items() if values == [""] and name not in _PLAIN_KEYS), None)


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _unsigned_service(headers: Mapping[str, str], action: str | None) -> str:
    if action and action.startswith("AssumeRoleWith"):
        return "sts"
    if amz_target := headers.get("x-amz-target"):
        return amz_target.partition("_")[0].partition(".")[0].lower()
    first_label = headers.get("host", "").partition(".")[0]
    return first_label if headers.get("host", "").endswith(".amazonaws.com") else "s3"


def _form_resource(form: Mapping[str, str]) -> str:
    named = [f"{name}={value}" for name, value in form.items() if _RESOURCE_FIELDS.search(name)]
    return " ".join(part for part in named if "Token" not in part)[:_RESOURCE_LENGTH]


def _json_resource(body: bytes) -> str:
    try:
        fields = json.loads(body or b"{}")
    except ValueError:
        return ""
    if not isinstance(fields, dict):
        return ""
    named = [f"{name}={value}" for name, value in fields.items() if isinstance(value, str)]
    return " ".join(part for part in named if _RESOURCE_FIELDS.search(part))[:_RESOURCE_LENGTH]
