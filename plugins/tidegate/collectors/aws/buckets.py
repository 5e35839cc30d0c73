"""The posture of the environment's three buckets, each setting by its own call (ST2)."""

from collections.abc import Callable, Collection
from typing import TypeVar

from tidegate.collectors.aws.bucket_policy import denies_plain_http, denies_version_deletion
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, NotThere, ask, field, observe, optional, text
from tidegate.models.backend import BucketPosture, Purpose
from tidegate.models.environment import Environment
from tidegate.models.observed import Known, Observed

IAM_ACTIONS: tuple[str, ...] = (
    "s3:GetBucketLocation",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:ListBucket",
)

NO_BUCKET = ("NoSuchBucket", "404")
DEFAULT_REGION = "us-east-1"

T = TypeVar("T")


def collect_buckets(clients: Clients, environment: Environment) -> tuple[BucketPosture, ...]:
    """State, evidence and work bucket, in this order. Never raises for what S3 answers.

    A bucket of another account answers 403 and is Unreadable: every call names the account that must own it.
    """
    named: tuple[tuple[Purpose, str], ...] = (
        ("state", environment.backend.bucket),
        ("evidence", environment.evidence.bucket),
        ("work", environment.work.bucket),
    )
    return tuple(_posture(_Bucket(clients, name, environment.account_id), purpose) for purpose, name in named)


def _posture(bucket: "_Bucket", purpose: Purpose) -> BucketPosture:
    there = bucket.exists()
    if not isinstance(there, Known):
        # Its settings are not asked one by one: they have the same answer, and a dead endpoint costs time.
        return BucketPosture(
            name=bucket.name,
            purpose=purpose,
            exists=there,
            region=there,
            versioning=there,
            encryption=there,
            public_access_blocked=there,
            tls_only=there,
            version_deletion_denied=there,
            object_lock=there,
        )
    policy = bucket.policy()
    return BucketPosture(
        name=bucket.name,
        purpose=purpose,
        exists=there,
        region=bucket.region(),
        versioning=bucket.versioning(),
        encryption=bucket.encryption(),
        public_access_blocked=bucket.public_access_blocked(),
        tls_only=_judged(policy, bucket.name, denies_plain_http),
        version_deletion_denied=_judged(policy, bucket.name, denies_version_deletion),
        object_lock=bucket.object_lock(),
    )


def _judged(policy: Observed[str], bucket: str, rule: Callable[[str, str], bool]) -> Observed[bool]:
    if not isinstance(policy, Known):
        return policy
    return observe(f"GetBucketPolicy {bucket}", lambda: rule(policy.value, bucket))


class _Bucket:
    """The reads of one bucket; each says Absent when S3 answers that there is no such setting."""

    def __init__(self, clients: Clients, name: str, owner: str) -> None:
        self.name = name
        self._clients = clients
        self._owner = owner

    def _observe(self, call: str, read: Callable[[], T], absent: Collection[str] = ()) -> Observed[T]:
        return observe(f"{call} {self.name}", read, absent=[*absent, *NO_BUCKET])

    def exists(self) -> Observed[bool]:
        def read() -> bool:
            ask(self._clients.s3.head_bucket, Bucket=self.name, ExpectedBucketOwner=self._owner)
            return True

        return self._observe("HeadBucket", read)

    def region(self) -> Observed[str]:
        def read() -> str:
            answer = ask(self._clients.s3.get_bucket_location, Bucket=self.name, ExpectedBucketOwner=self._owner)
            # The one place where null is a value: the first region has no name here.
            if "LocationConstraint" in answer and answer["LocationConstraint"] is None:
                return DEFAULT_REGION
            location = field(answer, "LocationConstraint", str)
            return "eu-west-1" if location == "EU" else location

        return self._observe("GetBucketLocation", read)

    def versioning(self) -> Observed[str]:
        def read() -> str:
            answer = ask(self._clients.s3.get_bucket_versioning, Bucket=self.name, ExpectedBucketOwner=self._owner)
            if optional(answer, "Status", str) is None:
                raise NotThere
            return text(answer, "Status")

        return self._observe("GetBucketVersioning", read)

    def encryption(self) -> Observed[str]:
        def read() -> str:
            answer = ask(self._clients.s3.get_bucket_encryption, Bucket=self.name, ExpectedBucketOwner=self._owner)
            rules = field(answer, "ServerSideEncryptionConfiguration.Rules", list)
            if not rules:
                raise MalformedAnswer("an encryption configuration without a rule")
            return field(rules[0], "ApplyServerSideEncryptionByDefault.SSEAlgorithm", str)

        return self._observe("GetBucketEncryption", read, ["ServerSideEncryptionConfigurationNotFoundError"])

    def public_access_blocked(self) -> Observed[bool]:
        def read() -> bool:
            answer = ask(self._clients.s3.get_public_access_block, Bucket=self.name, ExpectedBucketOwner=self._owner)
            blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
            # Each is read before any is judged: one that is missing is malformed, even beside one that is off.
            on = [field(answer, f"PublicAccessBlockConfiguration.{block}", bool) for block in blocks]
            return all(on)

        return self._observe("GetPublicAccessBlock", read, ["NoSuchPublicAccessBlockConfiguration"])

    def policy(self) -> Observed[str]:
        def read() -> str:
            answer = ask(self._clients.s3.get_bucket_policy, Bucket=self.name, ExpectedBucketOwner=self._owner)
            return field(answer, "Policy", str)

        return self._observe("GetBucketPolicy", read, ["NoSuchBucketPolicy"])

    def object_lock(self) -> Observed[str]:
        """The mode of the default retention; Absent also when a lock has no default, for then nothing is locked."""

        def read() -> str:
            answer = ask(
                self._clients.s3.get_object_lock_configuration, Bucket=self.name, ExpectedBucketOwner=self._owner
            )
            configuration = field(answer, "ObjectLockConfiguration", dict)
            if (enabled := text(configuration, "ObjectLockEnabled")) != "Enabled":
                raise MalformedAnswer(f"ObjectLockEnabled is {enabled}, expected Enabled")
            if optional(configuration, "Rule", dict) is None:
                raise NotThere
            days, years = (optional(configuration, f"Rule.DefaultRetention.{unit}", int) for unit in ("Days", "Years"))
            if (days or 0) + (years or 0) < 1:
                raise MalformedAnswer("a default retention that lasts no day")
            return text(configuration, "Rule.DefaultRetention.Mode")

        return self._observe("GetObjectLockConfiguration", read, ["ObjectLockConfigurationNotFoundError"])
