"""What the lanes of a run found in their current try, for those who are told of it."""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tidegate.alerts import events
from tidegate.evidence.canonical import document_digest
from tidegate.evidence.control import read_latch
from tidegate.evidence.store import StoreUnreachable
from tidegate.gates.registry import by_id
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.judging import Judged
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.lanes.spec import Lane
from tidegate.models.alert import About, Alert, LaneFound
from tidegate.models.blocker import Blocker
from tidegate.models.facts import Facts
from tidegate.models.notice import Notice
from tidegate.models.observed import Known
from tidegate.models.snapshot import Snapshot


def about(run: LaneRun, link: str, judged: Judged | None) -> About:
    """The run, as its messages name it. `judged`: its verdict, when there is one in the evidence."""
    return About(
        environment=run.environment.name,
        profile=run.profile,
        phase=run.phase,
        execution_id=run.execution_id,
        link=link,
        evidence="" if judged is None else run.remote.uri(run.place(run.lane).remote_key(judged.published.attempt)),
    )


def found(run: LaneRun) -> tuple[LaneFound, ...]:
    """Each lane that left a whole snapshot in this try; what is wrong with the others, the verdict says."""
    told = (_found(run, lane) for lane in phase_of(run.environment, run.phase).lanes)
    return tuple(lane for lane in told if lane is not None)


def alerts_of(run: LaneRun, of: About, lanes: tuple[LaneFound, ...], judged: Judged) -> tuple[Alert, ...]:
    """Everything that this judged run has to tell: a latch that it set first."""
    return (*_latch(run, of), *events.events(of, lanes, judged.blockers))


def _latch(run: LaneRun, of: About) -> tuple[Alert, ...]:
    match read_latch(run.remote, run.environment.name):
        case Known(latch) if latch.is_set and latch.recorded_by == run.execution_id:
            return (events.latch_set(of, latch),)
    return ()


def _found(run: LaneRun, lane: Lane) -> LaneFound | None:
    document = _document(run, lane)
    try:
        snapshot = parse_snapshot(document)
    except ValueError:
        return None
    if document_digest(document) != snapshot.digest or snapshot.execution_id != run.execution_id:
        return None
    blockers = tuple(Blocker(**blocker.model_dump()) for blocker in snapshot.blockers)
    facts = _facts(snapshot)
    return LaneFound(
        lane=lane.name,
        gate=lane.gate,
        uri=run.remote.uri(run.place(lane).remote_key(snapshot.attempt)),
        blockers=blockers,
        notices=() if facts is None else _notices(facts),
        judged=events.judged(facts is not None, blockers),
    )


def _document(run: LaneRun, lane: Lane) -> Any:
    """As handed over; M1 hands nothing over, its newest attempt stands for it."""
    if not lane.before_backend:
        handed = run.handed_over(lane.task_id)
        return handed.value if isinstance(handed, Known) else None
    try:
        stored = run.stored(lane)
        return None if stored is None else json.loads(stored[1])
    except (StoreUnreachable, ValueError):
        return None


def _facts(snapshot: Snapshot) -> Facts | None:
    """The facts, when they are those that the gate judges."""
    wanted = by_id(snapshot.gate).facts
    if snapshot.facts_type != wanted.__name__:
        return None
    try:
        facts: Facts = TypeAdapter(wanted).validate_python(snapshot.facts)
    except ValidationError:
        return None
    return facts


def _notices(facts: Facts) -> tuple[Notice, ...]:
    given = getattr(facts, "notices", ())
    return tuple(notice for notice in given if isinstance(notice, Notice))
