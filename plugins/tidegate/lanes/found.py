"""What the lanes of a run found in their current try, for alerts."""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tidegate.alerts import causes, events
from tidegate.evidence.canonical import document_digest
from tidegate.evidence.control import read_latch
from tidegate.evidence.layout import Phase, Place, proof_place, snapshot_place
from tidegate.evidence.publish import newest
from tidegate.evidence.store import EvidenceStore, S3Store, StoreUnreachable
from tidegate.gates.registry import by_id
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.judging import Judged
from tidegate.lanes.own_reads import NEVER_ASK
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.lanes.spec import Lane
from tidegate.models.alert import About, Alert, LaneFound
from tidegate.models.blocker import Blocker
from tidegate.models.cost import CostFacts
from tidegate.models.environment import Environment
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
        asked_by=asked_by(run.remote, run.environment.name, run.run_id),
    )


def asked_by(remote: S3Store, environment: str, run_id: str) -> str:
    """Why tidegate triggered this run, the same for each of its tries. Empty if it did not, or if that is not known."""
    latch = read_latch(remote, environment) if causes.is_of_a_stop(run_id) else None
    return causes.asked_by(run_id, latch.value.number if isinstance(latch, Known) else None)


def found(run: LaneRun) -> tuple[LaneFound, ...]:
    """Each lane that left a complete snapshot in this try. The verdict covers what is wrong with the others."""
    told = (
        _found(lane, run.place(lane), run.remote, _document(run, lane), run.execution_id)
        for lane in phase_of(run.environment, run.phase).lanes
    )
    return tuple(lane for lane in told if lane is not None)


def rested_on(
    environment: Environment, phase: Phase, verdict: Snapshot, local: EvidenceStore, remote: S3Store
) -> tuple[LaneFound, ...]:
    """The same for later readers: the snapshots that this verdict rests on. Raises StoreError."""
    digests = {given.sha256 for given in verdict.inputs}
    told = []
    for lane in phase_of(environment, phase).lanes:
        place = _place(environment, phase, lane, verdict)
        left = newest(local, place.local) if lane.before_backend else newest(remote, place.remote)
        document: Any = None if left is None else _parsed(left[1])
        found_there = _found(lane, place, remote, document, verdict.execution_id)
        if found_there is not None and document["digest"] in digests:
            told.append(found_there)
    return tuple(told)


def _place(environment: Environment, phase: Phase, lane: Lane, verdict: Snapshot) -> Place:
    if lane.snapshot == "teardown_proof":
        return proof_place(verdict.platform_run or f"unnumbered_{verdict.execution_id}")
    return snapshot_place(environment.name, environment.mirror, phase, lane.name, verdict.execution_id, lane.snapshot)


def alerts_of(
    remote: S3Store, of: About, lanes: tuple[LaneFound, ...], verdict: tuple[Blocker, ...]
) -> tuple[Alert, ...]:
    """All events of a judged run; a latch that it set comes first. `verdict` holds the verdict's blockers."""
    return (*_latch(remote, of), *events.events(of, lanes, verdict))


def _latch(remote: S3Store, of: About) -> tuple[Alert, ...]:
    match read_latch(remote, of.environment):
        case Known(latch) if latch.is_set and latch.recorded_by == of.execution_id:
            return (events.latch_set(of, latch),)
    return ()


def _found(lane: Lane, place: Place, remote: S3Store, document: Any, execution_id: str) -> LaneFound | None:
    try:
        snapshot = parse_snapshot(document)
    except ValueError:
        return None
    if document_digest(document) != snapshot.digest or snapshot.execution_id != execution_id:
        return None
    blockers = tuple(blocker.blocker() for blocker in snapshot.blockers)
    facts = _facts(snapshot)
    return LaneFound(
        lane=lane.name,
        gate=lane.gate,
        uri=remote.uri(place.remote_key(snapshot.attempt)),
        blockers=blockers,
        notices=_notices(facts),
        judged=events.judged(facts is not None and not _asks_less(lane, facts), blockers),
    )


def _document(run: LaneRun, lane: Lane) -> Any:
    """The snapshot as handed over. M1 hands nothing over, so its newest attempt is used."""
    if not lane.before_backend:
        handed = run.handed_over(lane.task_id)
        return handed.value if isinstance(handed, Known) else None
    try:
        stored = run.stored(lane)
        return None if stored is None else _parsed(stored[1])
    except StoreUnreachable:
        return None


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _facts(snapshot: Snapshot) -> Facts | None:
    """The facts, if they are of the type that the gate judges."""
    wanted = by_id(snapshot.gate).facts
    if snapshot.facts_type != wanted.__name__:
        return None
    try:
        facts: Facts = TypeAdapter(wanted).validate_python(snapshot.facts)
    except ValidationError:
        return None
    return facts


def _asks_less(lane: Lane, facts: Facts) -> bool:
    """The hourly check shares this gate with the audit but never asks Cost Explorer: it closes no finding of it."""
    return lane.phase in NEVER_ASK and isinstance(facts, CostFacts) and not facts.own_reads.asked


def _notices(facts: Facts | None) -> tuple[Notice, ...]:
    given = getattr(facts, "notices", ())
    return tuple(notice for notice in given if isinstance(notice, Notice))
