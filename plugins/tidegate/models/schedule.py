"""Builds and teardowns by the clock, and the hold that keeps such builds off (LC8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tidegate.models.control import LatchRecord
from tidegate.models.facts import Facts
from tidegate.models.findings import FindingFacts
from tidegate.models.identity import Caller, Tools
from tidegate.models.observed import Observed
from tidegate.models.remedy import Remedy, Trigger
from tidegate.models.time_to_live import TriggeredRun
from tidegate.models.viability import DagStatus

SECOND_NET = timedelta(hours=1)
"""So long after the scheduled teardown ends the time to live of what was built by schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The newest record of a hold: set until a moment, or lifted. Times are aware UTC."""

    number: int
    is_set: bool
    until: datetime
    reason: str
    who: str
    """The user of Airflow who asked."""
    recorded_by: str
    """Execution that wrote it."""
    recorded_at: datetime

    def in_force(self, at: datetime) -> bool:
        """Does it keep scheduled builds off?"""
        return self.is_set and at < self.until

    @property
    def said(self) -> str:
        """`set by jane at ..., until ...: the reason`, or `lifted by jane at ...: the reason`."""
        done = "set" if self.is_set else "lifted"
        until = f", until {self.until.isoformat()}" if self.is_set else ""
        return f"{done} by {self.who} at {self.recorded_at.isoformat()}{until}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts(Facts):
    """Facts of HOLD.A: what a person asked for, and the hold that there is."""

    caller: Caller
    tools: Tools
    environment: str
    action: str
    """`set` or `lift`."""
    reason: str
    who: str
    until: Observed[datetime]
    """What was typed. Absent: nothing. Unreadable: it is no time with a zone."""
    max_days: int
    hold: Observed[Hold]
    """The newest record. Absent: there never was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWantedFacts(Facts):
    """What the lane of a scheduled build leaves where nobody wants a build now: it is held, or its hours are over.

    Nothing is judged, and it is no pass.
    """

    environment: str
    hold: Hold | None
    """The hold in force."""
    teardown_due: datetime
    """When the first scheduled teardown after this build was, or is, due."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why no build is wanted; empty where one is."""
        said = []
        if self.hold is not None and self.hold.in_force(self.observed_at):
            said.append(f"there is a hold, {self.hold.said}")
        if self.teardown_due <= self.observed_at:
            said.append(f"it comes too late: the teardown after it was due at {self.teardown_due.isoformat()}")
        return tuple(said)

    @property
    def why(self) -> str:
        """The reasons with the way out, as people read it."""
        return f"{'; '.join(self.reasons)} | remedy: {hold_remedy(self.environment, held=self.hold is not None).text}"


def hold_remedy(environment: str, *, held: bool) -> Remedy:
    """Lift the hold, so that the next scheduled build goes on; or build now, which no hold keeps anybody from."""
    build = Trigger(f"{environment}.m2_substrate_build")
    if not held:
        return Remedy.of(build, note="The next scheduled build comes by itself")
    return Remedy.of(Trigger(f"{environment}.hold", {"action": "lift"}, ("reason",)), alternative=(build,))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledBuildFacts(Facts):
    """Facts of a scheduled build: whatever may forbid it, and the run of M2 that it would start."""

    caller: Caller
    tools: Tools
    environment: str
    latch: Observed[LatchRecord]
    findings: FindingFacts
    hold: Observed[Hold]
    m2: DagStatus
    teardown: DagStatus
    """The DAG that tears down by the clock."""
    run: TriggeredRun
    """The run of M2 for this build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledTeardownFacts(Facts):
    """Facts of a scheduled teardown: the run of M9 that was started before anything was judged."""

    environment: str
    m9: DagStatus
    run_id: str
    run_state: Observed[str]
    """As Airflow says afterwards. Absent: there is no such run."""
    trigger_problem: str
    """What Airflow said when it did not take the run; empty otherwise."""
