"""AUDIT.B: the audits that were due since the last one with a verdict, from the chain of verdicts (TD8)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from croniter import croniter

from tidegate.evidence.execution import moment_of_execution
from tidegate.evidence.store import NotThere, StoreError
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.verdict import verdict_series
from tidegate.models.audit import AuditContinuityFacts, PreviousAudit
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.verdict_record import VerdictRecord
from tidegate.settings import settings
from tidegate.verify.chain import READERS, read_record

AT_MOST = 62
"""At most this many missed nights are named, the newest ones. More would add nothing after a long silence or a clock
jump.
"""

CLOCKS_DIFFER = timedelta(hours=1)
"""How far the clocks of two workers may differ. If they differ more, a search in the chain ends too early."""
NO_SCHEDULE = "no schedule (schedules are switched off)"


class ChainUnreadable(Exception):
    """A record of the chain is missing or malformed."""


def collect_continuity(run: LaneRun) -> AuditContinuityFacts:
    """What the chain says of earlier audits and of the newest hourly check. This audit's own attempts never count."""
    audit = run.environment.audit
    chain = _Chain(run)
    newest, previous = _newest_record(chain), _previous(run, chain)
    observed_at = now()
    due = _hourly_due(run, chain, previous, observed_at)
    return AuditContinuityFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at),),
        schedule=audit.schedule if settings().schedules else NO_SCHEDULE,
        deadline_minutes=audit.deadline_minutes,
        previous=previous,
        newest_record=newest,
        missed=_missed(run, previous, observed_at),
        without_verdict=_without_verdict(run, chain, previous),
        hourly_schedule=audit.hourly_schedule if settings().schedules else NO_SCHEDULE,
        hourly_due=due,
        hourly_newest=_newest_hourly(chain, due),
    )


class _Chain:
    """The records of the chain, newest first. They are read in parallel, each once, and only as far as needed."""

    def __init__(self, run: LaneRun) -> None:
        self._series = verdict_series(run)
        self._read: list[VerdictRecord] = []
        self._left: int | None = None

    def back_to(self, moment: datetime | None = None) -> Iterator[VerdictRecord]:
        """Newest first, up to the first that was recorded before a given time. Raises StoreError, ChainUnreadable."""
        at = 0
        while at < len(self._read) or self._more(READERS if at else 1):
            if at == len(self._read):  # every number of that part is missing
                continue
            record = self._read[at]
            if moment is not None and _recorded_at(record) < moment - CLOCKS_DIFFER:
                return
            yield record
            at += 1

    def _more(self, count: int) -> bool:
        if self._left is None:
            self._left = self._series.highest()
        numbers = range(self._left, max(self._left - count, 0), -1)
        with ThreadPoolExecutor(READERS) as readers:
            found = readers.map(self._record, map(self._series.key, numbers))
        self._read += [record for record in found if record is not None]
        self._left -= len(numbers)
        return bool(numbers)

    def _record(self, key: str) -> VerdictRecord | None:
        """None for a number that is missing: that is a finding of the evidence chain (AUDIT.J)."""
        try:
            record, finding = read_record(self._series.store, key)
        except NotThere:
            return None
        if record is None:
            raise ChainUnreadable(f"{key}: {finding.observed if finding else 'no record'}")
        return record


def _newest_record(chain: _Chain) -> Observed[datetime]:
    try:
        record = next(chain.back_to(), None)
        return Absent() if record is None else Known(_recorded_at(record))
    except (StoreError, ChainUnreadable) as error:
        return Unreadable(str(error))


def _previous(run: LaneRun, chain: _Chain) -> Observed[PreviousAudit]:
    """The previous audit, by when it was due. Clearing an older one records it again but does not make it newer."""
    try:
        found = _youngest(chain, "audit", before=run.execution_id)
        return Absent() if found is None else Known(_as_previous(found))
    except (StoreError, ChainUnreadable) as error:
        return Unreadable(str(error))


def _as_previous(record: VerdictRecord) -> PreviousAudit:
    return PreviousAudit(
        number=record.number,
        execution_id=record.execution_id,
        due_at=_due_at(record),
        recorded_at=_recorded_at(record),
        overall_pass=record.overall_pass,
    )


def _youngest(
    chain: _Chain, phase: str, *, before: str | None = None, since: datetime | None = None
) -> VerdictRecord | None:
    """The record of the execution that was due last.

    An execution is recorded only after it was due, so the search ends at records older than the due time of what it
    found.
    """
    found: VerdictRecord | None = None
    for record in chain.back_to(since):
        if found is not None and _recorded_at(record) < _due_at(found) - CLOCKS_DIFFER:
            break
        if record.phase != phase:
            continue
        due = _due_at(record)
        if (before is None or record.execution_id < before) and (found is None or due > _due_at(found)):
            found = record
    return found


def _due_at(record: VerdictRecord) -> datetime:
    try:
        return moment_of_execution(record.execution_id)
    except ValueError as error:
        raise ChainUnreadable(f"record {record.number}: {error}") from error


def _hourly_due(
    run: LaneRun, chain: _Chain, previous: Observed[PreviousAudit], observed_at: datetime
) -> Observed[datetime]:
    """The time since which at least one hourly check must have left a verdict: the last due time but one, less what an
    audit may take. Absent if nothing is scheduled, or if no earlier audit exists, so that nothing is expected yet.
    """
    if not settings().schedules or isinstance(previous, Absent):
        return Absent()
    audit = run.environment.audit
    try:
        due = croniter(audit.hourly_schedule, observed_at)
        due.get_prev()
        before: datetime = due.get_prev(datetime)
    except ValueError as error:
        return Unreadable(f"audit.hourly_schedule {audit.hourly_schedule}: {error}")
    since = before - timedelta(minutes=audit.deadline_minutes)
    try:
        audits = (record for record in chain.back_to() if record.phase == "audit")
        return Known(since) if any(_due_at(record) <= since for record in audits) else Absent()
    except (StoreError, ChainUnreadable) as error:
        return Unreadable(str(error))


def _newest_hourly(chain: _Chain, due: Observed[datetime]) -> Observed[datetime]:
    if not isinstance(due, Known):
        return Absent()
    try:
        found = _youngest(chain, "hourly", since=due.value)
        return Known(_due_at(found)) if found is not None and _due_at(found) >= due.value else Absent()
    except (StoreError, ChainUnreadable) as error:
        return Unreadable(str(error))


def _recorded_at(record: VerdictRecord) -> datetime:
    try:
        moment = datetime.fromisoformat(record.recorded_at)
    except ValueError as error:
        raise ChainUnreadable(f"record {record.number}: recorded_at {record.recorded_at!r} is no time") from error
    if moment.tzinfo is None:
        raise ChainUnreadable(f"record {record.number}: recorded_at {record.recorded_at} has no zone")
    return moment.astimezone(UTC)


def _missed(run: LaneRun, previous: Observed[PreviousAudit], observed_at: datetime) -> Observed[tuple[datetime, ...]]:
    """Audits that were due between the previous one and this one and are past their deadline."""
    if not isinstance(previous, Known):
        return Known(()) if isinstance(previous, Absent) else previous
    if not settings().schedules:
        return Known(())
    audit = run.environment.audit
    overdue = observed_at - timedelta(minutes=audit.deadline_minutes)
    before = min(overdue + timedelta(seconds=1), run.run_after.astimezone(UTC))
    found: list[datetime] = []
    try:
        due = croniter(audit.schedule, before)
        while len(found) < AT_MOST and (moment := due.get_prev(datetime)) > previous.value.due_at:
            found.append(moment)
    except ValueError as error:
        return Unreadable(f"audit.schedule {audit.schedule}: {error}")
    return Known(tuple(reversed(found)))


def _without_verdict(run: LaneRun, chain: _Chain, previous: Observed[PreviousAudit]) -> Observed[tuple[str, ...]]:
    """Executions that were claimed between the previous audit and this one and that no record of the chain names."""
    if not isinstance(previous, Known | Absent):
        return previous
    after = previous.value.execution_id if isinstance(previous, Known) else ""
    prefix = f"control/{run.environment.name}/executions/"
    try:
        keys = run.remote.keys(f"{prefix}audit_", f"{prefix}{after}")
        claimed = {key.removeprefix(prefix).removesuffix(".json") for key in keys}
        open_ = {execution for execution in claimed if after < execution < run.execution_id}
        if open_:  # a run that was cleared later may have got its verdict out of order
            first = min(moment_of_execution(execution) for execution in open_)
            open_ -= {record.execution_id for record in chain.back_to(first)}
    except (StoreError, ChainUnreadable, ValueError) as error:
        return Unreadable(str(error))
    return Known(tuple(sorted(open_)))
