"""The emergency stop and its release: what was asked, the latch, the teardown, the cost (CO4)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tidegate.models.control import LatchRecord
from tidegate.models.facts import Facts
from tidegate.models.identity import Caller, Tools
from tidegate.models.observed import Observed
from tidegate.models.viability import DagStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyLatchFacts(Facts):
    """Facts of STOP.A. The latch is only written when caller, confirmation and reason allow it; the target is M9's."""

    caller: Caller
    tools: Tools
    environment: str
    confirm: str
    reason: str
    target: tuple[str, ...]
    destroyable: tuple[str, ...]
    latch: Observed[LatchRecord]
    """As read after it was written."""
    write_problem: str = ""
    """What the evidence store said when it did not take the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeardownVerdict:
    """The newest phase verdict of an execution of M9."""

    uri: str
    execution_id: str
    run_id: str
    """The run of M9 that wrote it."""
    environment: str
    profile: str
    gate: str
    status: str
    overall_pass: bool
    lanes: tuple[str, ...]
    """Each lane as it stands in the verdict: `M9.D d_demo.destroy pass`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyTeardownFacts(Facts):
    """Facts of STOP.B: the run of M9 that this stop triggered."""

    environment: str
    profile: str
    m9: DagStatus
    run_id: str
    run_state: Observed[str]
    """As Airflow says. Absent: there is no such run."""
    trigger_problem: str
    """What Airflow said when it did not take the run; empty otherwise."""
    verdict: Observed[TeardownVerdict]
    """Absent: there is none (yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostJudgement:
    """The newest snapshot of the cost guardrail, whatever execution of M9 wrote it."""

    uri: str
    execution_id: str
    environment: str
    profile: str
    gate: str
    status: str
    overall_pass: bool
    observed_at: datetime
    valid_until: datetime
    policy_digest: str
    policy_digest_today: str
    """Of manifest and policies as they are now."""
    total: Observed[Decimal]
    """USD of the month, reported and projected, as it was judged."""
    stop: Decimal
    """USD, of the manifest as it is now."""
    vouches_until: Observed[datetime]
    """Up to when every bill that it read is complete: the oldest `data_as_of` of its sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyReleaseFacts(Facts):
    """Facts of RELEASE.A."""

    caller: Caller
    tools: Tools
    environment: str
    profile: str
    confirm: str
    reason: str
    latch: Observed[LatchRecord]
    cost: Observed[CostJudgement]
    """Absent: the cost guardrail never left a snapshot."""
