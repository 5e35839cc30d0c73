"""One bucket of the backend, secure from birth, exactly as `include/terraform/core/README.md` says. Core adds the tags.

Whatever is stricter already stays as it is: a stronger cipher, a longer or harder lock, further policy statements.
"""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tidegate.collectors.aws.bucket_policy import denies_plain_http, denies_version_deletion, statements
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, ask, error_code, field, optional
from tidegate.terraform.bootstrap_steps import Outcome, Part, Refused, changed, current

IAM_ACTIONS: tuple[str, ...] = (
    "s3:CreateBucket",
    "s3:GetBucketLocation",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)

FIRST_REGION = "us-east-1"
"""The one region that CreateBucket wants left out, and that GetBucketLocation answers with null."""

OWNERSHIP = "BucketOwnerEnforced"
ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")
EXPIRY_RULE = "expire-all-objects"
DAYS_PER_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSpec:
    """What a bucket must be. `lock_days`: default Object Lock retention; `expiry_days`: age at which objects go."""

    name: str
    region: str
    account_id: str
    versioned: bool = False
    deny_version_deletion: bool = False
    lock_days: int | None = None
    expiry_days: int | None = None


def bucket_parts(clients: Clients, spec: BucketSpec) -> list[Part]:
    """Everything to ensure for a bucket, in order. Nothing is called before a part is performed."""
    bucket = _Bucket(clients, spec)
    label = f"bucket {spec.name}"
    parts = [
        Part(label, bucket.ensure_bucket),
        Part(f"{label}: object ownership", bucket.ensure_ownership),
        Part(f"{label}: public access block", bucket.ensure_public_access_block),
        Part(f"{label}: encryption", bucket.ensure_encryption),
        Part(f"{label}: policy", bucket.ensure_policy),
    ]
    if spec.versioned:
        parts.append(Part(f"{label}: versioning", bucket.ensure_versioning))
    if spec.lock_days is not None:
        parts.append(Part(f"{label}: object lock", bucket.ensure_object_lock))
    if spec.expiry_days is not None:
        parts.append(Part(f"{label}: lifecycle", bucket.ensure_lifecycle))
    return parts


class _Bucket:
    def __init__(self, clients: Clients, spec: BucketSpec) -> None:
        self._clients = clients
        self._spec = spec
        # Every call names the owner, so that a bucket of another account answers 403 to all of them.
        self._named: Any = {"Bucket": spec.name, "ExpectedBucketOwner": spec.account_id}

    def ensure_bucket(self) -> Outcome:
        try:
            ask(self._clients.s3.head_bucket, **self._named)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchBucket"):
                return self._create()
            if error_code(error) in ("403", "AccessDenied"):
                raise Refused("HeadBucket answers 403: another account owns it, or this role may not see it") from error
            raise
        answer = ask(self._clients.s3.get_bucket_location, **self._named)
        region = field(answer, "LocationConstraint", str) if answer.get("LocationConstraint") else FIRST_REGION
        if region != self._spec.region:
            raise Refused(f"it is in {region}, expected {self._spec.region}; a bucket cannot move")
        return "kept"

    def _create(self) -> Outcome:
        arguments: Any = {"Bucket": self._spec.name, "ObjectOwnership": OWNERSHIP}
        if self._spec.region != FIRST_REGION:
            arguments["CreateBucketConfiguration"] = {"LocationConstraint": self._spec.region}
        if self._spec.lock_days is not None:
            arguments["ObjectLockEnabledForBucket"] = True
        try:
            ask(self._clients.s3.create_bucket, **arguments)
        except ClientError as error:
            if error_code(error) == "BucketAlreadyOwnedByYou":
                return "kept"
            if error_code(error) == "BucketAlreadyExists":
                raise Refused("BucketAlreadyExists: another account owns a bucket of this name") from error
            raise
        return "created"

    def ensure_ownership(self) -> Outcome:
        s3 = self._clients.s3
        before = current(lambda: ask(s3.get_bucket_ownership_controls, **self._named), "OwnershipControlsNotFoundError")
        rules = field(before, "OwnershipControls.Rules", list) if before is not None else []
        if rules and all(field(rule, "ObjectOwnership", str) == OWNERSHIP for rule in rules):
            return "kept"
        wanted: Any = {"Rules": [{"ObjectOwnership": OWNERSHIP}]}
        ask(s3.put_bucket_ownership_controls, **self._named, OwnershipControls=wanted)
        return changed(before)

    def ensure_public_access_block(self) -> Outcome:
        s3 = self._clients.s3
        wanted: Any = dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        )
        before = current(lambda: ask(s3.get_public_access_block, **self._named), "NoSuchPublicAccessBlockConfiguration")
        if before is not None and field(before, "PublicAccessBlockConfiguration", dict) == wanted:
            return "kept"
        ask(s3.put_public_access_block, **self._named, PublicAccessBlockConfiguration=wanted)
        return changed(before)

    def ensure_encryption(self) -> Outcome:
        s3 = self._clients.s3
        before = current(
            lambda: ask(s3.get_bucket_encryption, **self._named), "ServerSideEncryptionConfigurationNotFoundError"
        )
        rules = field(before, "ServerSideEncryptionConfiguration.Rules", list) if before is not None else []
        if rules and field(rules[0], "ApplyServerSideEncryptionByDefault.SSEAlgorithm", str) in ENCRYPTIONS:
            return "kept"
        default: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}
        ask(s3.put_bucket_encryption, **self._named, ServerSideEncryptionConfiguration={"Rules": [default]})
        return changed(before)

    def ensure_policy(self) -> Outcome:
        s3 = self._clients.s3
        answer = current(lambda: ask(s3.get_bucket_policy, **self._named), "NoSuchBucketPolicy")
        before = field(answer, "Policy", str) if answer is not None else None
        if before is not None and self._is_strict_enough(before):
            return "kept"
        ask(s3.put_bucket_policy, **self._named, Policy=self._policy(before))
        return changed(before)

    def _is_strict_enough(self, policy: str) -> bool:
        name = self._spec.name
        return denies_plain_http(policy, name) and (
            not self._spec.deny_version_deletion or denies_version_deletion(policy, name)
        )

    def _policy(self, before: str | None) -> str:
        """Our statements, and after them whatever else was there."""
        arn = f"arn:aws:s3:::{self._spec.name}"
        everybody = {"Effect": "Deny", "Principal": "*"}
        ours: list[dict[str, Any]] = [
            {
                "Sid": "DenyInsecureTransport",
                **everybody,
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ]
        if self._spec.deny_version_deletion:
            ours.append(
                {"Sid": "DenyVersionDeletion", **everybody, "Action": "s3:DeleteObjectVersion", "Resource": f"{arn}/*"}
            )
        sids = {statement["Sid"] for statement in ours}
        others = [s for s in (statements(before) if before else []) if s.get("Sid") not in sids]
        return json.dumps({"Version": "2012-10-17", "Statement": [*ours, *others]})

    def ensure_versioning(self) -> Outcome:
        s3 = self._clients.s3
        before = optional(ask(s3.get_bucket_versioning, **self._named), "Status", str)
        if before == "Enabled":
            return "kept"
        ask(s3.put_bucket_versioning, **self._named, VersioningConfiguration={"Status": "Enabled"})
        return changed(before)

    def ensure_object_lock(self) -> Outcome:
        s3 = self._clients.s3
        before = current(
            lambda: ask(s3.get_object_lock_configuration, **self._named), "ObjectLockConfigurationNotFoundError"
        )
        retention = _default_retention(before)
        mode, days = ("GOVERNANCE", 0) if retention is None else _mode_and_days(retention)
        if days >= (self._spec.lock_days or 0):
            return "kept"
        rule: Any = {"DefaultRetention": {"Mode": mode, "Days": self._spec.lock_days}}
        ask(
            s3.put_object_lock_configuration,
            **self._named,
            ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule},
        )
        return changed(retention)

    def ensure_lifecycle(self) -> Outcome:
        s3 = self._clients.s3
        wanted: Any = {
            "ID": EXPIRY_RULE,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Expiration": {"Days": self._spec.expiry_days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
        before = current(
            lambda: ask(s3.get_bucket_lifecycle_configuration, **self._named), "NoSuchLifecycleConfiguration"
        )
        rules = field(before, "Rules", list) if before is not None else []
        if wanted in rules:
            return "kept"
        others = [rule for rule in rules if optional(rule, "ID", str) != EXPIRY_RULE]
        ask(s3.put_bucket_lifecycle_configuration, **self._named, LifecycleConfiguration={"Rules": [wanted, *others]})
        return changed(before)


def _default_retention(answer: Any) -> dict[str, Any] | None:
    if answer is None:
        return None
    configuration = field(answer, "ObjectLockConfiguration", dict)
    rule = optional(configuration, "Rule", dict)
    return None if rule is None else field(rule, "DefaultRetention", dict)


def _mode_and_days(retention: dict[str, Any]) -> tuple[str, int]:
    """A retention is given in days or in years."""
    days, years = optional(retention, "Days", int), optional(retention, "Years", int)
    if days is None and years is None:
        raise MalformedAnswer("DefaultRetention has neither Days nor Years")
    return field(retention, "Mode", str), (days or 0) + (years or 0) * DAYS_PER_YEAR
