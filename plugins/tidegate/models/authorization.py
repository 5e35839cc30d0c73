"""Everything that must still hold in the second before a mutation (ID2, TD2)."""

from dataclasses import dataclass, field
from typing import Literal

from tidegate.models.control import Control
from tidegate.models.facts import Facts
from tidegate.models.identity import Caller, Tools
from tidegate.models.observed import Absent, Observed
from tidegate.models.state import StateLock, StateVersion
from tidegate.models.time_to_live import EndedLife
from tidegate.models.unsaved import UnsavedState


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardingSnapshot:
    """The snapshot that must have passed before this mutation, read back from the evidence store."""

    gate: str
    uri: str
    sha256_recorded: str
    """The digest that the upstream task passed on for this try."""
    sha256_stored: str
    """The digest of what the store holds as the newest attempt."""
    status: str
    overall_pass: bool
    plan_sha256: str
    state_serial: int | None
    state_lineage: str | None
    expired: bool
    policy_changed: bool = False
    """It passed under another version of the manifest's or the policies' sections that its gate depends on (EV4)."""
    stopping: tuple[str, ...] | None = None
    """Where it speaks of several stacks and did not pass: what of it stops this one, as `CODE resource`. None: it
    counts as a whole (RE2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A terraform process that was started, or was about to be: who, where, what."""

    id: str
    stack: str
    operation: str
    execution_id: str
    task: str
    host: str
    liveness: Literal["live", "dead", "unknown"]

    @property
    def may_be_changing(self) -> bool:
        """An apply that lives, or of which nobody can tell: what it has just made may be in no state yet."""
        return self.operation == "apply" and self.liveness != "dead"

    @property
    def hinders_a_look(self) -> bool:
        """It may still run, or it changed resources and its record is needed: a plan for the audit starts nothing."""
        return self.liveness != "dead" or self.operation != "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationFacts(Facts):
    """Facts read freshly, right before `terraform apply`. Nobody upstream is trusted: just this task may be cleared."""

    stack: str
    direction: Literal["build", "destroy"]
    guards: tuple[Observed[GuardingSnapshot], ...]
    plan_file_sha256: Observed[str]
    """Digest of the plan file as fetched from the work bucket now."""
    state: Observed[StateVersion]
    caller: Caller
    tools: Tools
    control: Control
    locks: Observed[tuple[StateLock, ...]]
    intent: Observed[Intent]
    """A terraform of another try or run on this stack. Absent: none."""
    evidence_writable: Observed[bool]
    targeted: bool = True
    """False: this teardown leaves the stack alone. Then nothing is authorised, and no plan, lock or intent is read."""
    ended_lives: tuple[EndedLife, ...] = ()
    """Of the stack, where its ended time to live triggered this teardown."""
    unsaved: Observed[UnsavedState] = field(default_factory=Absent)
    """A state of the stack that an earlier terraform could not save. Absent: none."""
    needed_by: dict[str, Observed[int]] = field(default_factory=dict)
    """Of a destroy: resources in the state of each stack that needs this one, read now (LC1)."""
    emergency: Observed[str] = field(default_factory=Absent)
    """The execution of the emergency stop that triggered this very run, by its record and the latch. Absent: none."""
    alone: bool = False
    """The run was asked for a persistent stack alone, by what its first lane recorded: it belongs to no platform run,
    and the latch does not keep it, for its plan guard lets it only put back what drifted."""
    platform_run: str | None
    """The platform run that this DAG run works on; a build must find exactly it open (LC1)."""
