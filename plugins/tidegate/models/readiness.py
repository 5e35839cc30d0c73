"""What must hold before a phase starts."""

from dataclasses import dataclass, field
from typing import Literal

from tidegate.models.control import Control
from tidegate.models.facts import Facts
from tidegate.models.identity import Caller, Tools
from tidegate.models.observed import Absent, Observed
from tidegate.models.role_standing import RoleStanding
from tidegate.models.root import StackRoot
from tidegate.models.state import StateDigest, StateLock, StateVersion
from tidegate.models.time_to_live import EndedLife


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLocks:
    """The locks on one stack's state, and whether their holder is alive (ST6)."""

    stack: str
    locks: Observed[tuple[StateLock, ...]]
    liveness: Literal["none", "live", "dead", "unknown"]
    evidence: str
    """Why the holder is thought live or dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneGap:
    """A stack of the manifest that no lane of this version builds, or that may be destroyed and no lane destroys."""

    stack: str
    missing: Literal["build", "destroy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """Which state a stack has now, and which Terraform wrote it. Absent: it has none yet."""

    stack: str
    version: Observed[StateVersion]
    digest: Observed[StateDigest] = field(default_factory=Absent)
    """Absent: the digest in the lock table fits the object, or there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReadinessFacts(Facts):
    """Facts of M2.A. `continue_platform_run`: the operator asked to go on with the open platform run."""

    caller: Caller
    tools: Tools
    control: Control
    continue_platform_run: bool
    lane_gaps: tuple[LaneGap, ...]
    locks: tuple[StackLocks, ...] = ()
    states: tuple[StackState, ...] = ()
    """Of every stack."""
    restore_refused: str = ""
    """Why the state version that the params name was not put back; blank: it was, or nobody asked."""
    stacks: str = "all"
    """What the run was asked for: `all`, or the name of one persistent stack that is repaired alone."""
    persistent: tuple[str, ...] = ()
    """The stacks that may be repaired alone."""
    asked: str = ""
    """The param `platform_run`: `auto`, `new` or `continue`."""
    way: str = ""
    """Which way `auto` found: `new`, `continue` or `blocked`; empty where a person chose."""
    way_reason: str = ""
    """Why."""
    role: Observed[RoleStanding] = field(default_factory=Absent)
    """The execution role as it stands. Absent: nobody looked, as in evidence of versions before."""
    roots: tuple[StackRoot, ...] = ()
    """Of every stack that this run may build. Empty in evidence of versions before."""

    @property
    def alone(self) -> bool:
        """One persistent stack alone: no platform run is opened or continued, and nothing counts as a build."""
        return self.stacks != "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeardownReadinessFacts(Facts):
    """Facts of M9.A. Destroying `core` is offered nowhere, so `target` can never name it."""

    caller: Caller
    tools: Tools
    control: Control
    environment: str
    confirm: str
    target: tuple[str, ...]
    destroyable: tuple[str, ...]
    lane_gaps: tuple[LaneGap, ...]
    locks: tuple[StackLocks, ...]
    evidence_writable: Observed[bool]
    states: tuple[StackState, ...] = ()
    """Of the stacks that the target names."""
    restore_refused: str = ""
    """Why the state version that the params name was not put back; blank: it was, or nobody asked."""
    ended_lives: tuple[EndedLife, ...] = ()
    """Of the targets that have a time to live; only where an ended one triggered this run."""
