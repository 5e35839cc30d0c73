"""Control records of an environment: run lease, emergency latch, platform run (CO4, LC1)."""

from dataclasses import dataclass
from datetime import datetime

from tidegate.models.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseHolder:
    """Who may run lanes of an environment now. Times are aware UTC."""

    dag_id: str
    run_id: str
    execution_id: str
    acquired_at: datetime
    heartbeat_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The lease as this run sees it: `ours` after a conditional put that we won, else who holds it."""

    ours: bool
    holder: Observed[LeaseHolder]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatchRecord:
    """The newest record of the emergency latch (CO4)."""

    number: int
    is_set: bool
    reason: str
    recorded_by: str
    """Execution that set or released it."""
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRun:
    """One life of the ephemeral stacks: opened by M2, closed by a teardown proof (LC1)."""

    id: str
    opened_by: str
    opened_at: datetime
    closed_by: str | None
    """URI of the proof that closed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The three control records. `latch` Absent: never set. `platform_run` Absent: none was ever opened."""

    lease: Lease
    latch: Observed[LatchRecord]
    platform_run: Observed[PlatformRun]
