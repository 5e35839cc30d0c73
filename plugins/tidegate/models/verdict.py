"""The phase verdict: a pure function of the required snapshots (EV2)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed

LaneStatus = Literal["pass", "fail", "not_run", "stale", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneResult:
    """One required lane as the evidence shows it.

    `handed_over_digest` is what the lane's task passed on in its current try (Absent: this try wrote nothing);
    `stored_digest` is that of the newest attempt in the store. A pass counts only when both are the same.
    """

    task: str
    lane: str
    gate: str
    task_state: str
    handed_over_digest: Observed[str]
    stored_digest: Observed[str]
    digest_valid: Observed[bool]
    """The newest attempt's own digest matches its content."""
    status: Observed[str]
    overall_pass: Observed[bool]
    execution_id: Observed[str]
    environment: Observed[str]
    profile: Observed[str]
    expired: Observed[bool]
    blockers: tuple[str, ...]
    """Sentences of the lane's blockers, for the log of the verdict."""
    uri: str
    worker_started: bool | None = None
    """Whether the worker of the task's current try ever reported its start; None: nobody asked, or nobody can tell."""
    no_target: bool = False
    """What the run was asked for, as its own evidence records it, excludes the lane's stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingStack:
    """A stack that is still deployed after a teardown (RE6)."""

    stack: str
    resources: Observed[int]
    """In its state."""
    usd_per_hour: Observed[Decimal]
    """What it spends, or at least spends, by the scan and the prices of this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFacts(Facts):
    """Everything the verdict rests on."""

    phase: str
    execution_id: str
    environment: str
    profile: str
    lanes: tuple[LaneResult, ...]
    counts_as_build: bool = True
    """False: the run was asked for a persistent stack alone. Such a pass says nothing of a build."""
    standing: tuple[StandingStack, ...] = ()
    """After a teardown: every stack that it could have taken and that still stands, or of which nobody can tell."""
    outcome: str = ""
    """What became of the environment, in one sentence; empty where the phase has none to tell."""
