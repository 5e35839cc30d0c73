"""What earlier cost guardrails left in the evidence, over all executions of M9 (CO4, EV4).

Guardrails of M2, the audit and the hourly check do not count here: only a teardown's scope must be kept, only its pass
releases the latch, and a month of hourly checks would be read again every hour.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tidegate.evidence.canonical import unseal
from tidegate.evidence.cost_judgements import last_judged, record_judging
from tidegate.evidence.cost_scope import record_scope, recorded_scopes
from tidegate.evidence.store import StoredObject, StoreError
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.newest import attempts_of, look_back
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.lanes.spec import Lane
from tidegate.lanes.verdict import verdict_series
from tidegate.models.cost import CostFacts
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.snapshot import Snapshot

COST_GATE = "COST-GUARDRAIL"

HELD_AGAINST = 3
"""So many of the newest snapshots are held against the record of widest scopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAttempt:
    """One attempt of the cost guardrail. `snapshot` is None if it cannot be read; `problem` says why."""

    execution_id: str
    number: int
    stored: StoredObject
    snapshot: Snapshot | None
    problem: str = ""


def cost_attempts(run: LaneRun, *, newest_only: bool) -> Iterator[CostAttempt]:
    """Every attempt of every execution, or only the newest one of each. Raises StoreError."""
    for execution_id, attempts in attempts_of(run, cost_lane(run)).items():
        for number in [max(attempts)] if newest_only else sorted(attempts):
            yield _read(run, execution_id, number, attempts[number])


def newest_attempts(run: LaneRun, at: datetime) -> Iterator[CostAttempt]:
    """The newest attempt of each of the newest executions, `HELD_AGAINST` of them where so many ran within a year.

    Raises StoreError.
    """
    found: dict[str, dict[int, str]] = {}
    for since in look_back(at):
        if len(found) >= HELD_AGAINST or (found and since is None):
            break
        found = attempts_of(run, cost_lane(run), since=since)
    for execution_id in sorted(found, reverse=True)[:HELD_AGAINST]:
        number = max(found[execution_id])
        yield _read(run, execution_id, number, found[execution_id][number])


def newest_judged(run: LaneRun, at: datetime) -> Iterator[CostAttempt]:
    """The attempts among which the newest judgement is: that of the execution that was judged last, by the record, and
    those of the newest executions. They are held against the record: nobody makes an older judgement the newest by
    hiding one. Without any record, as after an update, the newest attempt of every execution. Raises StoreError.
    """
    last = last_judged(run.remote, run.environment.name)
    if isinstance(last, Absent):
        yield from cost_attempts(run, newest_only=True)
        return
    if not isinstance(last, Known):
        raise StoreError(f"control/{run.environment.name}/cost_judgements", shown(last))
    newest = tuple(newest_attempts(run, at))
    yield from newest
    if last.value not in {attempt.execution_id for attempt in newest}:
        for execution_id, attempts in attempts_of(run, cost_lane(run), last.value).items():
            yield _read(run, execution_id, max(attempts), attempts[max(attempts)])


def cost_lane(run: LaneRun) -> Lane:
    """M9.G."""
    return next(lane for lane in phase_of(run.environment, "m9").lanes if lane.gate == COST_GATE)


def _read(run: LaneRun, execution_id: str, number: int, key: str) -> CostAttempt:
    stored, content = run.remote.read(key)
    try:
        snapshot, problem = parse_snapshot(unseal(content)), ""
    except ValueError as error:
        snapshot, problem = None, f"{stored.uri}: {error}"
    return CostAttempt(execution_id=execution_id, number=number, stored=stored, snapshot=snapshot, problem=problem)


def widest_scope(run: LaneRun, at: datetime) -> Observed[tuple[str, ...]]:
    """Every platform that some M9.G had to judge, with those of today's manifest; sorted.

    The record of widest scopes says it, and M9.G carries it on before it is judged. The newest snapshots are held
    against it, so that nobody makes the scope narrower by hiding one record. Without any record, as after an update,
    all of history is read. What made the scope wider than today's becomes an input.

    M9.G also records that its cost is judged now, for the release of the emergency latch.
    """
    today, name = run.environment.cost_scope, run.environment.name
    recorded = recorded_scopes(run.remote, name)
    if isinstance(recorded, Unreadable):
        return recorded
    try:
        attempts = newest_attempts(run, at) if isinstance(recorded, Known) else cost_attempts(run, newest_only=False)
        judged = _judged_scopes(run, attempts)
        if isinstance(judged, Unreadable):
            return judged
        known: set[str] = set()
        for record in recorded.value if isinstance(recorded, Known) else ():
            if not set(record.scope) <= set(today):
                run.rests_on(record.stored.uri, record.digest, record.stored.version_id)
            known |= set(record.scope)
        widest = {*today, *judged, *known}
        if run.phase == "m9":
            if widest != known:
                record_scope(run.remote, name, tuple(sorted(widest)), recorded_by=run.execution_id, at=at)
            record_judging(run.remote, name, run.execution_id, at=at)
    except StoreError as error:
        return Unreadable(str(error))
    return Known(tuple(sorted(widest)))


def _judged_scopes(run: LaneRun, attempts: Iterable[CostAttempt]) -> set[str] | Unreadable:
    """The platforms that attempts speak of, passed or not. One that cannot be read may have had any scope."""
    found: set[str] = set()
    for attempt in attempts:
        if attempt.snapshot is None:
            return Unreadable(attempt.problem)
        judged = _scope_of(attempt.snapshot)
        if isinstance(judged, Unreadable):
            return Unreadable(f"{attempt.stored.uri}: {judged.reason}")
        if not set(judged) <= set(run.environment.cost_scope):
            run.rests_on(attempt.stored.uri, attempt.snapshot.digest, attempt.stored.version_id)
        found |= set(judged)
    return found


def _scope_of(snapshot: Snapshot) -> tuple[str, ...] | Unreadable:
    """The scopes that a snapshot names. One whose collector crashed has no facts; other attempts count in its place."""
    if snapshot.gate == COST_GATE and snapshot.facts_type != CostFacts.__name__:
        return ()
    scope = snapshot.facts.get("cost_scope")
    before = snapshot.facts.get("widest_scope") or {}
    known = before.get("value", []) if isinstance(before, dict) else None
    if not _names(scope) or not _names(known):
        return Unreadable("its facts name no cost scope")
    return (*scope, *known)  # type: ignore[misc]


def _names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def last_seen(run: LaneRun, newest_read: datetime | None) -> Observed[datetime]:
    """The newest time in the evidence, of a Cost Explorer read or of a verdict. Absent if it holds neither.

    If the clock shows an earlier time, it has jumped back, and no age computed from it can be trusted.
    """
    moments = [] if newest_read is None else [newest_read]
    match verdict_series(run).newest():
        case Known((number, record)):
            try:
                moment = datetime.fromisoformat(str(record.get("recorded_at")))
            except ValueError:
                return Unreadable(f"verdict record {number} does not say when it was made")
            if moment.tzinfo is None:
                return Unreadable(f"verdict record {number} says a time without a zone")
            moments.append(moment)
        case Absent():
            pass
        case unreadable:
            return unreadable
    return Known(max(moments)) if moments else Absent()
