"""What earlier cost guardrails left in the evidence, over all executions of M9 (CO4, EV4).

Guardrails of M2, the audit and the hourly check do not count here: only a teardown's scope must be kept, only its pass
releases the latch, and a month of hourly checks would be read again every hour.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tidegate.evidence.canonical import unseal
from tidegate.evidence.layout import attempt_of
from tidegate.evidence.store import StoredObject, StoreError
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.lanes.verdict import verdict_series
from tidegate.models.cost import CostFacts
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.snapshot import Snapshot

COST_GATE = "COST-GUARDRAIL"


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
    lane = next(lane for lane in phase_of(run.environment, "m9").lanes if lane.gate == COST_GATE)
    prefix = run.place_of(lane, "").remote.removesuffix(f"/{lane.snapshot}")
    found: dict[str, dict[int, str]] = {}
    for key in run.remote.keys(prefix):
        execution_id = key.removeprefix(prefix).partition("/")[0]
        attempt = attempt_of(run.place_of(lane, execution_id).remote, key)
        if attempt is not None:
            found.setdefault(execution_id, {})[attempt] = key
    for execution_id, attempts in found.items():
        for number in [max(attempts)] if newest_only else sorted(attempts):
            stored, content = run.remote.read(attempts[number])
            try:
                snapshot, problem = parse_snapshot(unseal(content)), ""
            except ValueError as error:
                snapshot, problem = None, f"{stored.uri}: {error}"
            yield CostAttempt(
                execution_id=execution_id, number=number, stored=stored, snapshot=snapshot, problem=problem
            )


def widest_scope(run: LaneRun) -> Observed[tuple[str, ...]]:
    """Every platform that any M9.G had to judge, and those of today's manifest, sorted.

    Each attempt counts, passed or not: a platform that was once in the scope stays there until an exception removes it.
    An unreadable attempt may have had any scope. Attempts that make the scope wider than today's become inputs.
    """
    widest: set[str] = set(run.environment.cost_scope)
    try:
        for attempt in cost_attempts(run, newest_only=False):
            if attempt.snapshot is None:
                return Unreadable(attempt.problem)
            judged = _scope_of(attempt.snapshot)
            if isinstance(judged, Unreadable):
                return Unreadable(f"{attempt.stored.uri}: {judged.reason}")
            if not set(judged) <= set(run.environment.cost_scope):
                run.rests_on(attempt.stored.uri, attempt.snapshot.digest, attempt.stored.version_id)
            widest |= set(judged)
    except StoreError as error:
        return Unreadable(str(error))
    return Known(tuple(sorted(widest)))


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
