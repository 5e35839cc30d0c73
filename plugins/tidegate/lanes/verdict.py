"""Collects what the phase verdict rests on, and appends the verdict to the environment's chain."""

import json
from dataclasses import replace
from typing import Any

from tidegate.evidence.canonical import document_digest
from tidegate.evidence.control import Series
from tidegate.evidence.store import StoreUnreachable
from tidegate.gates.registry import by_id
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.outcome import with_outcome
from tidegate.lanes.phases import phase_of
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.spec import Lane
from tidegate.lanes.targets import not_targets
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.verdict import LaneResult, VerdictFacts


def collect_verdict(run: LaneRun) -> VerdictFacts:
    """Every required lane of the phase, as it is in the evidence now."""
    observed_at = now()
    states = run.task_states()
    unstarted = run.unstarted_tasks()
    lanes = phase_of(run.environment, run.phase).lanes
    excluded = not_targets(run)
    facts = VerdictFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="airflow", data_as_of=observed_at)),
        phase=run.phase,
        execution_id=run.execution_id,
        environment=run.environment.name,
        profile=run.profile,
        lanes=tuple(
            replace(
                _result(run, lane, states.get(lane.task_id, "none")),
                no_target=lane.task_id in excluded,
                worker_started=lane.task_id not in unstarted.value if isinstance(unstarted, Known) else None,
            )
            for lane in lanes
        ),
    )
    return with_outcome(run, facts)


def verdict_series(run: LaneRun) -> Series:
    """The numbered verdicts of the environment, chained by digest."""
    return Series(run.remote, f"evidence/{run.environment.name}/verdicts")


def chain_verdict(run: LaneRun, uri: str, version_id: str | None, document: dict[str, Any]) -> int:
    """Append the verdict to the chain; returns its number. Raises StoreError."""

    def record(newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "schema": {"name": "tidegate.verdict-record", "version": 1},
            "phase": run.phase,
            "execution_id": run.execution_id,
            "overall_pass": document["overall_pass"],
            "verdict": {"uri": uri, "version_id": version_id, "sha256": document["digest"]},
            "previous": None if newest is None else {"number": newest["number"], "sha256": newest["digest"]},
            "recorded_at": now().isoformat(),
        }

    stored, _ = verdict_series(run).append_next(record)
    return int(stored.key.rpartition("/")[2].removesuffix(".json"))


def _result(run: LaneRun, lane: Lane, task_state: str) -> LaneResult:
    empty: Observed[Any] = Absent()
    handed = _handed_over(run, lane)
    common: dict[str, Any] = {"task": lane.task_id, "lane": lane.name, "gate": lane.gate, "task_state": task_state}
    nothing = dict.fromkeys(
        (
            "stored_digest",
            "digest_valid",
            "status",
            "overall_pass",
            "execution_id",
            "environment",
            "profile",
            "expired",
        ),
        empty,
    )
    place = run.place(lane)
    uri = place.local if lane.before_backend else run.remote.uri(f"{place.remote}.json")
    try:
        stored = run.stored(lane)
    except StoreUnreachable as error:
        nothing |= {"stored_digest": Unreadable(str(error))}
        return LaneResult(**common, **nothing, handed_over_digest=handed, blockers=(), uri=uri)  # type: ignore[arg-type]
    if stored is None:
        return LaneResult(**common, **nothing, handed_over_digest=handed, blockers=(), uri=uri)  # type: ignore[arg-type]
    return _stored_result(run, lane, common, handed, stored[0].uri, stored[0].version_id, stored[1])


def _handed_over(run: LaneRun, lane: Lane) -> Observed[str]:
    if lane.before_backend:
        return _local_digest(run, lane)
    match run.handed_over(lane.task_id):
        case Known(document) if isinstance(document.get("digest"), str):
            return Known(document["digest"])
        case Known():
            return Unreadable(f"{lane.task_id} handed over something without a digest")
        case other:
            return other


def _local_digest(run: LaneRun, lane: Lane) -> Observed[str]:
    """M1 has no XCom before its bucket exists, so its own mirror on the same worker shows the current try."""
    try:
        stored = run.stored(lane)
        return Absent() if stored is None else Known(str(json.loads(stored[1])["digest"]))
    except (StoreUnreachable, ValueError, KeyError, TypeError) as error:
        return Unreadable(f"{lane.task_id}: {error}")


def _stored_result(
    run: LaneRun,
    lane: Lane,
    common: dict[str, Any],
    handed: Observed[str],
    uri: str,
    version_id: str | None,
    content: bytes,
) -> LaneResult:
    try:
        document = json.loads(content)
        snapshot = parse_snapshot(document)
        digest_valid = document_digest(document) == snapshot.digest
    except ValueError as error:
        unreadable: Observed[Any] = Unreadable(str(error))
        return LaneResult(
            **common,
            handed_over_digest=handed,
            stored_digest=unreadable,
            digest_valid=unreadable,
            status=unreadable,
            overall_pass=unreadable,
            execution_id=unreadable,
            environment=unreadable,
            profile=unreadable,
            expired=unreadable,
            blockers=(),
            uri=uri,
        )
    run.rests_on(uri, snapshot.digest, version_id)
    return LaneResult(
        **common,
        handed_over_digest=handed,
        stored_digest=Known(snapshot.digest),
        digest_valid=Known(digest_valid),
        status=Known(snapshot.status),
        overall_pass=Known(snapshot.overall_pass),
        execution_id=Known(snapshot.execution_id),
        environment=Known(snapshot.environment),
        profile=Known(snapshot.profile),
        expired=Known(snapshot.valid_until < now() or snapshot.policy_digest != policy_digest(run, by_id(lane.gate))),
        blockers=tuple(blocker.blocker().sentence() for blocker in snapshot.blockers),
        uri=uri,
    )
