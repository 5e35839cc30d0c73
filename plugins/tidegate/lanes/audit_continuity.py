"""AUDIT.B: which audits were due since the last one that left a verdict, from the chain of verdicts (TD8)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from croniter import croniter

from tidegate.evidence.store import StoreError
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.verdict import verdict_series
from tidegate.models.audit import AuditContinuityFacts, PreviousAudit
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.verdict_record import VerdictRecord
from tidegate.settings import settings
from tidegate.verify.chain import read_record

AT_MOST = 62
"""So many missed nights are named, the newest: after a longer silence, or a jump of the clock, more say no more."""


class ChainUnreadable(Exception):
    """A record of the chain is not there or not what it should be."""


def collect_continuity(run: LaneRun) -> AuditContinuityFacts:
    """What the chain says about the audits before this one. The attempt of this audit itself never counts."""
    audit = run.environment.audit
    newest, previous = _newest_record(run), _previous(run)
    observed_at = now()
    return AuditContinuityFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at),),
        schedule=audit.schedule if settings().schedules else "no schedule (schedules are switched off)",
        deadline_minutes=audit.deadline_minutes,
        previous=previous,
        newest_record=newest,
        missed=_missed(run, previous, observed_at),
        without_verdict=_without_verdict(run, previous),
    )


def _records(run: LaneRun) -> Iterator[VerdictRecord]:
    """Newest first. Raises StoreError, ChainUnreadable."""
    for key in reversed(run.remote.keys(f"{verdict_series(run).prefix}/")):
        record, finding = read_record(run.remote, key)
        if record is None:
            raise ChainUnreadable(f"{key}: {finding.observed if finding else 'no record'}")
        yield record


def _newest_record(run: LaneRun) -> Observed[datetime]:
    try:
        record = next(_records(run), None)
        return Absent() if record is None else Known(_recorded_at(record))
    except (StoreError, ChainUnreadable) as error:
        return Unreadable(str(error))


def _previous(run: LaneRun) -> Observed[PreviousAudit]:
    try:
        for record in _records(run):
            if record.phase == "audit" and record.execution_id != run.execution_id:
                return Known(
                    PreviousAudit(
                        number=record.number,
                        execution_id=record.execution_id,
                        recorded_at=_recorded_at(record),
                        overall_pass=record.overall_pass,
                    )
                )
    except (StoreError, ChainUnreadable) as error:
        return Unreadable(str(error))
    return Absent()


def _recorded_at(record: VerdictRecord) -> datetime:
    try:
        moment = datetime.fromisoformat(record.recorded_at)
    except ValueError as error:
        raise ChainUnreadable(f"record {record.number}: recorded_at {record.recorded_at!r} is no time") from error
    if moment.tzinfo is None:
        raise ChainUnreadable(f"record {record.number}: recorded_at {record.recorded_at} has no zone")
    return moment.astimezone(UTC)


def _missed(run: LaneRun, previous: Observed[PreviousAudit], observed_at: datetime) -> Observed[tuple[datetime, ...]]:
    """Due after the previous verdict, before this audit, and past their deadline."""
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
        while len(found) < AT_MOST and (moment := due.get_prev(datetime)) > previous.value.recorded_at:
            found.append(moment)
    except ValueError as error:
        return Unreadable(f"audit.schedule {audit.schedule}: {error}")
    return Known(tuple(reversed(found)))


def _without_verdict(run: LaneRun, previous: Observed[PreviousAudit]) -> Observed[tuple[str, ...]]:
    """Claimed after the previous audit and before this one, and named by no record of the chain."""
    if not isinstance(previous, Known | Absent):
        return previous
    after = previous.value.execution_id if isinstance(previous, Known) else ""
    prefix = f"control/{run.environment.name}/executions/"
    try:
        claimed = {key.removeprefix(prefix).removesuffix(".json") for key in run.remote.keys(f"{prefix}audit_")}
        open_ = {execution for execution in claimed if after < execution < run.execution_id}
        if open_:  # a run that was cleared later may have got its verdict out of order
            open_ -= {record.execution_id for record in _records(run)}
    except (StoreError, ChainUnreadable) as error:
        return Unreadable(str(error))
    return Known(tuple(sorted(open_)))
