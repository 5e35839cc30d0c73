"""The phase verdict: a pure function of the required snapshots (EV2)."""

from dataclasses import dataclass
from typing import Literal

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed

LaneStatus = Literal["pass", "fail", "not_run", "stale"]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFacts(Facts):
    """Everything the verdict rests on."""

    phase: str
    execution_id: str
    environment: str
    profile: str
    lanes: tuple[LaneResult, ...]
