"""A Terraform plan as a gate sees it: addresses, types, actions and the few attributes that policy names (ID4)."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from tidegate.models.blocker import Blocker
from tidegate.models.cost import MonthSoFar
from tidegate.models.facts import Facts
from tidegate.models.log_groups import WrittenLogGroup
from tidegate.models.notice import Notice
from tidegate.models.observed import Absent, Observed, Planned
from tidegate.models.operator_key import RefusedKey
from tidegate.models.policy import ForbiddenRule, PolicyException
from tidegate.models.prices import PricePolicy
from tidegate.models.root import RootSources
from tidegate.models.state import NewerProvider, StateResource, StateVersion
from tidegate.models.unsaved import UnsavedState

Purpose = Literal["build", "destroy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAttribute:
    """An attribute that was changed outside Terraform. Values of secrets, lists and blocks are not kept (ID4)."""

    name: str
    was: str | None
    """As the last apply left it. None: not shown."""
    now: str | None
    """As it is found. None: not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedFromDeletion:
    """A resource of a destroy plan whose service refuses to delete it, because somebody protected it."""

    address: str
    type: str
    name: str
    """By which its service's commands know it."""
    region: str
    """Empty where it has none, or none that can be told."""
    attribute: str
    """Which attribute says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedResource:
    """One managed resource of a plan. `attributes` holds only what a policy or a price looks at, by its dotted name."""

    address: str
    type: str
    actions: tuple[str, ...]
    importing: bool
    drifted: bool
    """It was changed outside Terraform since the last apply, and this plan would change it back (LC7)."""
    attributes: dict[str, Planned[Any]]
    before: dict[str, Planned[Any]] | None = None
    """What decides the price, as it stands now, of what the plan changes, replaces or deletes. None: nothing stands,
    or nothing changes."""
    changed_outside: tuple[ChangedAttribute, ...] = ()
    """Where it drifted: which attributes. Empty where the whole resource came or went."""
    takes_away: tuple[str, ...] = ()
    """Of an identity provider or role that is imported: what others may need of it and would lose, in words."""

    @property
    def stands_after(self) -> bool:
        """Does the resource exist after the apply? True for everything but a plain delete or a forget."""
        return self.actions not in {("delete",), ("forget",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionUse:
    """A region of AWS in which a plan would work."""

    region: Planned[str]
    first: str
    """The first that names it: an address, or `provider aws.other`."""
    count: int
    """How many name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The saved plan. `sha256` is that of the plan file; `source_digest` that of the stack's HCL."""

    stack: str
    purpose: Purpose
    format_version: str
    terraform_version: str
    complete: bool
    errored: bool
    has_changes: bool
    resources: tuple[PlannedResource, ...]
    sha256: str
    source_digest: str
    refreshed: tuple[str, ...] | None = None
    """Of a destroy plan: the addresses that the cloud still knew when Terraform asked. None: the plan does not say."""
    protected: tuple[ProtectedFromDeletion, ...] = ()
    """Of a destroy plan: what it would fail on half way."""
    deferred: tuple[str, ...] = ()
    """What Terraform puts off to a later plan; `resources` holds it as well."""
    invoked: tuple[str, ...] = ()
    """Actions of providers that the apply runs besides, by their addresses."""
    regions: tuple[RegionUse, ...] = ()
    """Of AWS: those that a resource or a provider names; each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedHours:
    """How long a stack that is built now stands, and how long the projection takes it to have stood at once."""

    lag: int
    """The billing lag: the projection counts what stands from there on, also what was built a moment ago."""
    lives: int | None
    """Its longest time to live. None: until the month ends, as far as anybody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts(Facts):
    """Facts of the plan guard (M2.C, M2.F): the plan, the state it was made from, the policy it is held against."""

    plan: Observed[Plan]
    state: Observed[StateVersion]
    """Absent: the stack has no state yet."""
    stack: str
    allowed_types: tuple[str, ...]
    protected_addresses: tuple[str, ...]
    """Addresses (or prefixes ending in a dot) that no build may delete or replace; `*` is every one of the stack."""
    forbidden: tuple[ForbiddenRule, ...]
    exceptions: tuple[PolicyException, ...]
    today: date
    """UTC; an exception counts up to and including its last day."""
    drift_blocks: bool
    repair_drift_reason: str | None
    """Why the operator asked to repair drift; None when it was not asked for."""
    tainted: Observed[tuple[str, ...]]
    """Addresses in the state whose creation did not finish. Absent: the stack has no state yet."""
    untainted: tuple[str, ...]
    """Protected addresses that this task took the mark off before it planned, on the operator's reason."""
    prices: PricePolicy
    """What they say about the types of this plan."""
    region: str
    """Where the stack is priced."""
    """Where the stack is built."""
    prices_max_age_days: int
    """A price whose source was read longer ago than this before `today` is not trusted."""
    plan_limit_usd_per_month: Decimal
    """What one plan may add, if it stood for a month of `prices.hours_per_month`."""
    counted_hours: CountedHours
    """For how long what the plan adds counts."""
    month: Observed[MonthSoFar]
    """What the cost guardrail of the same run saw. Absent: judged offline, where there is no month to hold it against;
    a lane never passes that on."""
    unsaved: Observed[UnsavedState] = field(default_factory=Absent)
    """A state that an earlier terraform could not save: then there is no plan. Absent: none."""
    too_new: Observed[NewerProvider] = field(default_factory=Absent)
    """Why there is no plan, when a newer provider wrote the state. Absent: that is not why."""
    root: Observed[RootSources] = field(default_factory=Absent)
    """What terraform would have read; of a refused root there is no plan. Absent: it is no root, or nobody looked, as
    in evidence of versions before."""
    log_groups: Observed[tuple[WrittenLogGroup, ...]] = field(default_factory=Absent)
    """Those that stand under names which the plan creates. Absent: nobody looked, as in evidence of versions before."""
    refused_keys: tuple[RefusedKey, ...] = ()
    """Keys that their cluster refused in this run, so that the first plan failed."""
    renewed: tuple[str, ...] = ()
    """Addresses that this task made anew before it planned, on the operator's reason: then the plan is made without a
    refresh."""
    alone: bool = False
    """The run was asked for the persistent stacks alone: it adds nothing that has a price."""
    protected_types: tuple[str, ...] = ()
    """Types that no build may delete or replace, in whichever stack."""
    released_addresses: tuple[str, ...] = ()
    """What the stack may forget although it stays: somebody else holds it now."""
    only_repairs: bool = False
    """Alone, and the emergency latch is set or cannot be read: it only puts back what drifted."""
    standard_support: dict[str, dict[str, date]] = field(default_factory=dict)
    """By engine of a database and major version the last day of its standard support."""
    aws_region: str = ""
    """Where everything of AWS lives, and where the guards look for it. Empty in evidence of versions before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreserveItem:
    """Something that must survive a teardown: its id, its type, and why it is preserved."""

    type: str
    id: str
    reason: str
    stack: str = ""
    """The stack whose state holds it; empty for what the manifest names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenResource:
    """What a teardown that began had frozen to go."""

    type: str
    id: str
    name: str = ""
    """By which its service calls it; empty in records of versions that did not keep it, and where it is the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunTeardown:
    """A teardown that began and did not end; the next one finishes it (TD6)."""

    execution_id: str
    scope_uri: str
    scope_sha256: str
    destroy_set: tuple[FrozenResource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackScope:
    """One part of a scope: what a destroy plan would remove from one stack. Addresses come from the plan, ids from the
    state. What is wrong with a part stops the destroy of its own stack, and of no other (RE2).
    """

    stack: str
    lifecycle: str
    destroyable: bool
    plan: Observed[Plan]
    state: Observed[StateVersion]
    """Absent: the stack has no state, so there is nothing to destroy."""
    destroy_set: tuple[StateResource, ...]
    """What the plan deletes, and what the cloud no longer has although the state still names it."""
    unplanned: tuple[StateResource, ...]
    """In the state but not in the destroy plan: they would be left behind."""
    resumes: Observed[BegunTeardown]
    """Absent: no earlier teardown of the stack was left half way."""
    unsaved: Observed[UnsavedState] = field(default_factory=Absent)
    """A state that an earlier terraform could not save: then there is no plan. Absent: none."""
    too_new: Observed[NewerProvider] = field(default_factory=Absent)
    """Why there is no plan, when a newer provider wrote the state. Absent: that is not why."""
    root: Observed[RootSources] = field(default_factory=Absent)
    """What terraform would have read; of a refused root there is no plan. Absent: it is no root, or nobody looked, as
    in evidence of versions before."""
    refused_keys: tuple[RefusedKey, ...] = ()
    """Keys that their cluster refused in this run, so that no refresh can be made: then the plan is made without one,
    and what is managed with them is forgotten right before the destroy. Empty: the plan is refreshed, or there is none.
    """
    needed_by: tuple[str, ...] = ()
    """Every stack that needs this one, through however many others: they go first."""
    stopped_by: tuple[Blocker, ...] = ()
    """What M9.A found that keeps any terraform from this stack: then it was not planned."""
    digest: str = ""
    """sha256 over destroy-set, plan digest and state of this part, in RFC 8785 form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeardownScopeFacts(Facts):
    """Facts of M9.B: destroy-set and preserve-set, frozen under one digest (TD1)."""

    target: str
    stacks: tuple[StackScope, ...]
    preserve_set: Observed[tuple[PreserveItem, ...]]
    protected_types: tuple[str, ...]
    protected_ids: tuple[str, ...]
    protected_prefixes: tuple[str, ...]
    """Ids that start with one of these belong to protected surfaces."""
    persistent_serials: dict[str, Observed[int]]
    """State serial, at the freeze, of each stack that is no target; a teardown leaves them unmoved (LC6). 0: no state.

    Persistent stacks are never targets.
    """
    downstream: dict[str, Observed[int]] = field(default_factory=dict)
    """Resources in the state of each stack that needs a target and is none itself: they must go first, or with it."""
    frozen_digest: str
    """sha256 over the digests of the parts, the preserve-set and the serials, in RFC 8785 form."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """One for each key that its cluster refuses: the stack is planned without a refresh."""
        return tuple(
            Notice(
                key=f"operator-key-refused/{scope.stack}/{key.key_id}",
                summary=f"{scope.stack} is torn down without a refresh: cluster {key.cluster} answered {key.status} to "
                f"key {key.key_id}; {len(key.addresses)} topics and ACLs are forgotten and go with the cluster",
                remedy="nothing, if the environment is to go; else M2 with repair_drift makes a new key",
            )
            for scope in self.stacks
            for key in scope.refused_keys
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReference:
    """A plan in the work bucket as the guard passed it on."""

    stack: str
    purpose: Purpose
    uri: str
    sha256: str
    serial: int | None
    lineage: str | None
