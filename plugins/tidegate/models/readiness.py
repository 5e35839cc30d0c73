"""What must hold before a phase starts."""

from dataclasses import dataclass
from typing import Literal

from tidegate.models.control import Control
from tidegate.models.facts import Facts
from tidegate.models.identity import Caller, Tools
from tidegate.models.observed import Observed
from tidegate.models.state import StateLock


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
class BuildReadinessFacts(Facts):
    """Facts of M2.A. `continue_platform_run`: the operator asked to go on with the open platform run."""

    caller: Caller
    tools: Tools
    control: Control
    continue_platform_run: bool
    lane_gaps: tuple[LaneGap, ...]
    locks: tuple[StackLocks, ...] = ()


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
