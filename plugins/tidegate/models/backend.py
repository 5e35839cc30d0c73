"""The backend that Terraform needs before anything may mutate (ST1, ST2, ST3)."""

from dataclasses import dataclass
from typing import Literal

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed
from tidegate.models.state import StateLock

Purpose = Literal["state", "evidence", "work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPosture:
    """One bucket, asked by its own API calls. Every field Absent when AWS says that there is no such setting."""

    name: str
    purpose: Purpose
    exists: Observed[bool]
    region: Observed[str]
    versioning: Observed[str]
    """`Enabled` or `Suspended`."""
    encryption: Observed[str]
    """The default algorithm, e.g. `AES256`."""
    public_access_blocked: Observed[bool]
    """True when all four blocks are on."""
    tls_only: Observed[bool]
    """True when the policy denies every call without TLS."""
    version_deletion_denied: Observed[bool]
    object_lock: Observed[str]
    """`GOVERNANCE` or `COMPLIANCE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTablePosture:
    """The DynamoDB lock table. `key_schema` is e.g. (`LockID:HASH:S`,)."""

    name: str
    exists: Observed[bool]
    region: Observed[str]
    status: Observed[str]
    key_schema: Observed[tuple[str, ...]]
    deletion_protection: Observed[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockProbe:
    """A real lock taken and released. `second_refused`: a second taker was turned away meanwhile."""

    mechanism: Literal["dynamodb", "s3-lockfile"]
    acquired: bool
    second_refused: bool
    released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StackBackend:
    """The backend configuration of one stack, as the manifest gives it to `terraform init`."""

    stack: str
    bucket: str
    key: str
    region: str
    lock_table: str
    use_lockfile: bool
    encrypt: bool
    locks: Observed[tuple[StateLock, ...]]
    """Locks held on this stack's state now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendFacts(Facts):
    """Facts of M1.C and M2.B."""

    expected_region: str
    buckets: tuple[BucketPosture, ...]
    lock_table: LockTablePosture
    dynamodb_probe: Observed[LockProbe]
    lockfile_probe: Observed[LockProbe]
    stacks: tuple[StackBackend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapStep:
    """One thing that the bootstrap ensured, in the order of doing."""

    resource: str
    outcome: Literal["created", "kept", "corrected", "refused"]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapFacts(Facts):
    """What M1.B did. `expected` names every resource that must be among the steps."""

    expected: tuple[str, ...]
    steps: tuple[BootstrapStep, ...]
