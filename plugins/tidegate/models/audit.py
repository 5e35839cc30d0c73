"""What the nightly audit finds out about itself, about locks and drift, identities, evidence and standing passes (TD8).

Nothing in here is a value of a resource: of drift the names of attributes are kept, never what they hold (ID4).
"""

from dataclasses import dataclass, field
from datetime import date, datetime

from tidegate.models.authorization import Intent
from tidegate.models.control import LeaseHolder
from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.orphans import Identity
from tidegate.models.policy import PolicyException
from tidegate.models.root import RootSources
from tidegate.models.state import ApplyEnd, StateLock, StateVersion
from tidegate.models.unsaved import UnsavedState


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousAudit:
    """The youngest audit before this one that has a verdict in the chain. Times are aware UTC."""

    number: int
    execution_id: str
    due_at: datetime
    """As its execution id says. `recorded_at` is later, also much later when its verdict was cleared."""
    recorded_at: datetime
    overall_pass: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditContinuityFacts(Facts):
    """Facts of AUDIT.B: was there an audit every night."""

    schedule: str
    deadline_minutes: int
    """By when an audit must have ended, minutes after it was due."""
    previous: Observed[PreviousAudit]
    """Absent: this is the first audit that ever gets a verdict."""
    newest_record: Observed[datetime]
    """When the newest verdict of any phase was recorded. Absent: the chain is empty."""
    missed: Observed[tuple[datetime, ...]]
    """When audits were due since the previous one and should have ended by now; of very many the newest. Oldest first.
    Empty when there is no previous one: nothing was expected before the first."""
    without_verdict: Observed[tuple[str, ...]]
    """Audits that began since the previous one and left no verdict, by execution id."""
    hourly_schedule: str
    hourly_due: Observed[datetime]
    """Since when at least one hourly check must have been due and left its verdict. Absent: none is expected, because
    schedules are switched off, or because there was no audit before that.
    """
    hourly_newest: Observed[datetime]
    """When the newest hourly check with a verdict was due. Absent: none since `hourly_due`, or none is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLockState:
    """Who holds the state of a stack, and which terraform tidegate did not see end."""

    stack: str
    locks: Observed[tuple[StateLock, ...]]
    intent: Observed[Intent]
    """Absent: every terraform of tidegate was seen to end."""
    last_apply: Observed[ApplyEnd]
    """How the newest apply ended; its record outlives that of a later plan. Absent: none is recorded."""
    first_looks: dict[str, datetime] = field(default_factory=dict)
    """By name of a lock that does not say its time: since when it is on record."""
    unsaved: Observed[UnsavedState] = field(default_factory=Absent)
    """A state that terraform could not save. Absent: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLocksFacts(Facts):
    """Facts of AUDIT.G."""

    expected_stacks: tuple[str, ...]
    max_lock_minutes: int
    stacks: tuple[StackLockState, ...]
    lease: Observed[LeaseHolder]
    """Absent: nobody ever took the run lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedResource:
    """A managed resource that a plan would change: what it would do, and which attributes differ, by name."""

    address: str
    actions: tuple[str, ...]
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPlan:
    """What a plan that nobody applies has told about a stack."""

    complete: bool
    """The plan shows everything, and Terraform made it without an error."""
    drifted: tuple[ChangedResource, ...]
    """Changed outside Terraform since the last apply, so that a plan would change it back."""
    pending: tuple[ChangedResource, ...]
    """As the last apply left it, and no longer as the configuration wants it."""
    outputs: tuple[str, ...]
    """Names of outputs that would change."""
    has_changes: bool
    """Terraform's exit status said that there is something to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDrift:
    """One stack: its state, and the plan beside it. `plan` Absent: the stack is not up, so none was made."""

    stack: str
    state: Observed[StateVersion]
    plan: Observed[DriftPlan]
    applied_before: Observed[str]
    """Of a persistent stack that is not up: what says that it was applied once. Absent: nothing does, or the stack may
    be gone.
    """
    root: Observed[RootSources] = field(default_factory=Absent)
    """What terraform would have read; of a refused root there is no plan. Absent: the stack is not up, it is no root,
    or nobody looked, as in evidence of versions before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDriftFacts(Facts):
    """Facts of AUDIT.H."""

    expected_stacks: tuple[str, ...]
    stacks: tuple[StackDrift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditIdentitiesFacts(Facts):
    """Facts of AUDIT.I: per kind, what belongs to the environment by its name, beside what the states hold."""

    expected_stacks: tuple[str, ...]
    name_prefix: str
    """What is called so, or begins with it and a hyphen, belongs to the environment."""
    parameter_prefix: str
    intents: dict[str, Observed[Intent]]
    """By stack with identities at Confluent: the terraform that nobody saw end. Absent: there is none."""
    held: dict[str, Observed[tuple[str, ...]]]
    """By stack: ids of identities, environments and parameters in its state. Absent: it has no state."""
    environments: Observed[tuple[Identity, ...]]
    service_accounts: Observed[tuple[Identity, ...]]
    api_keys: Observed[tuple[Identity, ...]]
    role_bindings: Observed[tuple[Identity, ...]]
    parameters: Observed[tuple[Identity, ...]]

    @property
    def applying(self) -> tuple[str, ...]:
        """Stacks of which an apply lives: what it has just made is in no state yet."""
        return tuple(
            stack
            for stack, it in self.intents.items()
            if isinstance(it, Known) and it.value.may_be_changing and it.value.liveness == "live"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFinding:
    """One thing that `tidegate verify` has to say. Not `certain`: this version cannot judge it."""

    code: str
    file: str
    observed: str
    expected: str
    remedy: str
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedExecution:
    """One execution whose evidence was judged again."""

    execution_id: str
    findings: Observed[tuple[EvidenceFinding, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceChainFacts(Facts):
    """Facts of AUDIT.J: the chain of verdicts, and the executions behind its newest records."""

    records: Observed[int]
    """How many records the chain has. Absent: none yet, so there is nothing to verify."""
    walked: int | None = None
    """Of how many of them the links were followed: the newest, and a block of the others. None: all (until ADR 41)."""
    chain: Observed[tuple[EvidenceFinding, ...]]
    """What is wrong with the chain itself. Absent: there is none yet."""
    since: str
    """Execution id of the previous audit, from which on executions are judged again; blank: from the beginning."""
    executions: tuple[VerifiedExecution, ...]
    """Newest first; this audit is not among them."""
    by_record_only: tuple[str, ...]
    """Executions since then of which only the record in the chain was looked at, because there are too many."""
    proof: Observed[str]
    """Execution id behind the newest teardown proof; it is among `executions`. Absent: there is no proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedPolicy:
    """Under which policy a lane was judged, and what that policy is now."""

    lane: str
    gate: str
    policy_digest: str
    policy_digest_today: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPass:
    """A pass that people rely on. `policies`: its own, and those of the snapshots that it rests on."""

    execution_id: str
    uri: str
    overall_pass: bool
    policies: tuple[JudgedPolicy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPassesFacts(Facts):
    """Facts of AUDIT.K. An observation that is Absent: there is no such snapshot, so nobody can rely on it."""

    cost: Observed[StandingPass]
    """The newest cost guardrail of a teardown (M9.G)."""
    proof: Observed[StandingPass]
    """The newest teardown proof."""
    build: Observed[StandingPass]
    """The newest verdict of a build. Absent also when no platform run is open."""
    exceptions: tuple[PolicyException, ...]
    today: date
    """UTC; an exception counts up to and including its last day."""
    warn_expiry_days: int
