"""Terraform state as evidence sees it: identity of the file and addresses, never attribute values (ST7, ID4)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Observed

STATE_ONLY_TYPES = frozenset({"terraform_data"})
"""Resource types that exist nowhere but in the state: nobody answers for them, and nothing of them can be left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateVersion:
    """One version of a state object. `serial` counts Terraform's writes; `version_id` is S3's."""

    key: str
    lineage: str
    serial: int
    version_id: str
    terraform_version: str
    resource_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryVersion:
    """One version of a state object. `serial` and `lineage` are Unreadable where it is no state."""

    version_id: str
    modified: datetime
    size: int
    """Bytes."""
    is_latest: bool
    serial: Observed[int]
    lineage: Observed[str]
    md5: Observed[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateDigest:
    """A state object that the digest in the lock table does not fit (hashicorp/terraform#20708)."""

    digest: str
    """MD5, as the lock table holds it."""
    current: Observed[HistoryVersion]
    """The newest version. Absent: the object is not there."""
    fitting: tuple[HistoryVersion, ...]
    """Versions that the digest fits, newest first."""
    looked_at: int
    """How many versions were looked at, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerProvider:
    """A state that the worker's provider cannot read, because a newer one wrote it."""

    address: str
    """The first resource that terraform named."""
    provider: str
    """Its source, such as `registry.terraform.io/hashicorp/aws`. A state does not say which version wrote it."""
    locked: str
    """The version in the root's dependency lock."""
    schema_version: int
    """Of the resource, in the state."""
    version_id: str
    serial: int
    older: str
    """The newest version of the state in which the resource has an older schema; blank: none was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLock:
    """Who holds a state lock, as Terraform wrote it."""

    id: str
    operation: str
    who: str
    created: datetime | None
    kind: str
    """`dynamodb` or `s3-lockfile`; both, where they are of one lock."""
    damage: str = ""
    """Why nobody can tell whose it is or how old; blank: it is whole. Fields that it does not say are blank then."""
    sha256: str = ""
    """Of what lay there, byte for byte; blank in evidence of before 2026-11-29."""

    @property
    def name(self) -> str:
        """By which a person names it: its id, else the beginning of its digest."""
        return self.id or f"damaged-{self.sha256[:12]}"


def each_lock(locks: Iterable[StateLock]) -> tuple[StateLock, ...]:
    """One for each lock: what lies in the table and in the bucket with the same id and holder is one lock."""
    found: dict[tuple[str, str, str, datetime | None], StateLock] = {}
    for lock in locks:
        key = (lock.name, lock.who, lock.operation, lock.created)
        known = found.get(key)
        new_kind = known is not None and lock.kind not in known.kind.split(" and ")
        found[key] = replace(known, kind=f"{known.kind} and {lock.kind}") if known and new_kind else known or lock
    return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class LockLook:
    """The first look at a lock since which it and the state are as they were; on record."""

    seen_at: datetime
    state_version: str
    """Version id of the state object then; blank: there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateResource:
    """One resource in a state: where it is declared, what it is, which cloud id it has."""

    address: str
    type: str
    id: str
    name: str = ""
    """By which its service calls it, where that is another and a log group bears it (models/log_groups.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyEnd:
    """How the newest `terraform apply` of a stack ended, as the task that ran it recorded it."""

    execution_id: str
    task: str
    plan_sha256: str
    returncode: int | None
    """None: it was started and not seen to end."""
    planned_again: bool = False
    """It was not seen to end, and a build or a teardown has made a plan since: that shows what it left half made."""

    @property
    def is_lost(self) -> bool:
        """Nobody saw it end, and nobody has planned the stack for a build or a teardown since."""
        return self.returncode is None and not self.planned_again


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedStateFacts(Facts):
    """After an apply: the state beside the plan that was applied (ST7)."""

    stack: str
    applied: bool
    """False when the plan had no changes and nothing was applied."""
    planned_sha256: str
    """Of the plan file that the guard passed on."""
    apply_end: Observed[ApplyEnd]
    """Not looked for (Absent) when nothing was to be applied."""
    before: Observed[StateVersion]
    after: Observed[StateVersion]
    planned_addresses: tuple[str, ...]
    """Managed addresses that stand after the plan."""
    state_addresses: Observed[tuple[str, ...]]
    tainted: Observed[tuple[str, ...]]
    """Addresses whose creation did not finish."""
    protected_addresses: tuple[str, ...]
    """Addresses (or prefixes ending in a dot) that no build may replace."""
    required_outputs: tuple[str, ...]
    outputs: Observed[tuple[str, ...]]
    """Names of outputs that have a value."""
    locks: Observed[tuple[StateLock, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyedStateFacts(Facts):
    """After a destroy: what is left in the state, and what answers when it is asked live (TD4).

    Of a stack that this teardown leaves alone (`targeted` is false): that its state did not move.
    """

    stack: str
    targeted: bool = True
    frozen_serial: Observed[int] = field(default_factory=Absent)
    """Serial of a stack that is left alone, as M9.B froze it (0: no state). Absent: the stack is a target."""
    before: Observed[StateVersion]
    after: Observed[StateVersion]
    post_destroy_state_count: Observed[int]
    destroy_set: tuple[StateResource, ...]
    still_there: Observed[tuple[StateResource, ...]]
    """Members of the destroy-set that still answer."""
    locks: Observed[tuple[StateLock, ...]]
