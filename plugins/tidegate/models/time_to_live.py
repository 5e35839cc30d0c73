"""How long an ephemeral stack may stand: the record of it, and what it is judged by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tidegate.models.bill import UnexplainedSpend
from tidegate.models.control import LatchRecord
from tidegate.models.facts import Facts
from tidegate.models.findings import FindingFacts
from tidegate.models.identity import Caller, Tools
from tidegate.models.notice import Notice
from tidegate.models.observed import Absent, Known, Observed

ATTEMPTS = 3
"""How many runs for one and the same reason may fail in a row before no check triggers another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToLive:
    """The newest record of when a stack's time ends. Times are aware UTC."""

    number: int
    stack: str
    ends_at: datetime
    hours: int
    """What was asked for."""
    set_by: str
    """Execution that built the stack or extended its time."""
    reason: str
    set_at: datetime

    def moment(self, observed_at: datetime) -> datetime:
        """The newest moment that is known: a clock that went back lets nothing stand longer."""
        return max(observed_at, self.set_at)

    def has_ended(self, observed_at: datetime) -> bool:
        """Its time is over."""
        return self.ends_at <= self.moment(observed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedLife:
    """The end that a teardown was triggered by, beside what the stack's newest record says now."""

    stack: str
    triggered_by: Observed[datetime]
    """Unreadable: the param is no time with a zone."""
    record: Observed[TimeToLive]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggeredRun:
    """A run of another DAG that a lane triggers, by the name that follows from why."""

    run_id: str
    state: Observed[str]
    """As Airflow says. Absent: there is no such run yet."""
    failed_before: tuple[str, ...] = ()
    """The runs for the same reason that failed in a row right before it, oldest first; the last `ATTEMPTS` of them."""

    @property
    def keeps_failing(self) -> bool:
        """As often in a row that one more would not mend it: a person has to look."""
        return self.is_untried and len(self.failed_before) >= ATTEMPTS

    @property
    def is_untried(self) -> bool:
        """Airflow knows no such run."""
        return isinstance(self.state, Absent)

    @property
    def is_under_way(self) -> bool:
        """It waits or runs."""
        return self.state in {Known("queued"), Known("running")}


@dataclass(frozen=True, slots=True, kw_only=True)
class StackLife:
    """One ephemeral stack. A record counts only while the state holds resources."""

    stack: str
    resource_count: Observed[int]
    """Resources in its state; 0 without a state."""
    record: Observed[TimeToLive]
    teardown: TriggeredRun | None = None
    """Where its time has ended: the run of M9 for this end that is under way or has not been tried yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToLiveFacts(Facts):
    """Facts of the time to live: every stack of lifecycle ephemeral. Messaging and persistent stacks have none."""

    caller: Caller
    tools: Tools
    environment: str
    max_hours: int
    warn_hours: tuple[int, ...]
    stacks: tuple[StackLife, ...]
    findings: FindingFacts | None = None
    """None: the audit, whose residual scan asks for them; and evidence of versions that kept none."""
    unexplained: Observed[tuple[UnexplainedSpend, ...]] | None = None
    """What the bill of the newest audit could not explain. None as for `findings`."""

    @property
    def ended(self) -> tuple[StackLife, ...]:
        """Stacks that stand although their time is over, as far as both are known."""
        return tuple(
            life
            for life in self.stacks
            if _stands(life) and isinstance(life.record, Known) and life.record.value.has_ended(self.observed_at)
        )

    @property
    def notices(self) -> tuple[Notice, ...]:
        """A warning per stack: the last of the manifest's hours that is reached."""
        return tuple(self._warnings())

    def _warnings(self) -> Iterator[Notice]:
        for life in self.stacks:
            if not _stands(life) or not isinstance(life.record, Known):
                continue
            record = life.record.value
            left = record.ends_at - record.moment(self.observed_at)
            reached = [hours for hours in self.warn_hours if left <= timedelta(hours=hours)]
            if reached and left > timedelta(0):
                yield Notice(
                    key=f"ttl/{life.stack}/{record.ends_at.isoformat()}/{min(reached)}",
                    summary=f"{life.stack} ends in {_said(left)}, at {record.ends_at.isoformat()}",
                    remedy=f"trigger {self.environment}.extend_time_to_live with stack = {life.stack}, hours and a "
                    "reason, or let it be torn down",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFacts(Facts):
    """Facts of EXTEND.A: what a person asked for, and whether there is anything to extend."""

    caller: Caller
    tools: Tools
    environment: str
    confirm: str
    reason: str
    stack: str
    extendable: tuple[str, ...]
    """The stacks that have a time to live."""
    hours: int
    """By how much; 0 when nothing usable was typed."""
    max_hours: int
    resource_count: Observed[int]
    record: Observed[TimeToLive]
    latch: Observed[LatchRecord]
    teardown: TriggeredRun | None = None
    """Where its time has ended: the run of M9 for this end."""

    @property
    def starts_at(self) -> datetime:
        """What the hours are added to: the end so far, or now where that is over, not known, or out of bounds."""
        now = self.observed_at.replace(microsecond=0)
        if not isinstance(self.record, Known):
            return now
        record = self.record.value
        out_of_bounds = record.set_at > self.observed_at or record.ends_at > now + timedelta(hours=self.max_hours)
        return now if out_of_bounds else max(now, record.ends_at)

    @property
    def ends_at(self) -> datetime:
        """The new end."""
        return self.starts_at + timedelta(hours=self.hours)


def _stands(life: StackLife) -> bool:
    return isinstance(life.resource_count, Known) and life.resource_count.value > 0


def _said(left: timedelta) -> str:
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part) or (
        "less than a minute"
    )
