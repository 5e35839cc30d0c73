"""The release of the emergency latch: by a person, with a reason, after a fresh pass of the cost (CO4)."""

from datetime import UTC, datetime
from typing import Any

from tidegate.evidence import control
from tidegate.evidence.canonical import unseal
from tidegate.evidence.layout import attempt_of
from tidegate.evidence.store import AlreadyExists, StoredObject, StoreError
from tidegate.gates.registry import by_id
from tidegate.lanes.emergency_stop import said_reason
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.phases import phase_of
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.readiness import caller, tools
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.spec import Lane
from tidegate.models.emergency import CostJudgement, EmergencyReleaseFacts
from tidegate.models.facts import Facts, Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.snapshot import Snapshot

_COST_GATE = "COST-GUARDRAIL"


def collect_release(run: LaneRun) -> EmergencyReleaseFacts:
    """RELEASE.A: the latch, and the newest cost guardrail of any M9. Takes no lease."""
    who, what = caller(run), tools(run)
    cost = _newest_cost(run)
    observed_at = now()
    return EmergencyReleaseFacts(
        observed_at=observed_at,
        sources=(Source(name="sts", data_as_of=observed_at), Source(name="evidence", data_as_of=observed_at)),
        caller=who,
        tools=what,
        environment=run.environment.name,
        profile=run.profile,
        confirm=str(run.params.get("confirm", "")),
        reason=said_reason(run),
        latch=control.read_latch(run.remote, run.environment.name),
        cost=cost,
    )


def release(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the pass: release exactly the judged record of the latch. Raises ActionBlocked, StoreError."""
    if not isinstance(facts, EmergencyReleaseFacts) or not isinstance(facts.latch, Known):
        raise LookupError("no judged latch to release")
    latch = facts.latch.value
    uri = run.remote.uri(run.place(run.lane).remote_key(int(document["attempt"])))
    try:
        stored = control.release_latch(
            run.remote,
            run.environment.name,
            latch,
            reason=facts.reason,
            recorded_by=run.execution_id,
            at=now(),
            evidence={"uri": uri, "sha256": str(document["digest"])},
        )
    except AlreadyExists as error:
        raise ActionBlocked(
            f"LATCH-MOVED {error.key}: the latch has a newer record than the judged one | observed: a record after "
            f"{latch.number} | expected: record {latch.number} is the newest | remedy: read the newest record, then "
            "clear this task with everything downstream"
        ) from error
    run.log(f"the emergency latch of {run.environment.name} is released by {stored.uri}: builds are open again")


def _newest_cost(run: LaneRun) -> Observed[CostJudgement]:
    """The cost guardrail that was observed last, over all executions of M9.

    All are read: an old execution whose task was cleared today is the newest judgement. One that cannot be read counts
    from the time of its execution, so that a later run is a way out.
    """
    lane = next(lane for lane in phase_of(run.environment, "m9").lanes if lane.gate == _COST_GATE)
    found: list[tuple[datetime, Observed[CostJudgement], tuple[StoredObject, Snapshot] | None]] = []
    try:
        for execution_id, key in _newest_attempts(run, lane).items():
            stored, content = run.remote.read(key)
            try:
                snapshot = parse_snapshot(unseal(content))
            except ValueError as error:
                found.append((_started(execution_id), Unreadable(f"{stored.uri}: {error}"), None))
                continue
            found.append((snapshot.observed_at, Known(_judgement(run, stored.uri, snapshot)), (stored, snapshot)))
    except StoreError as error:
        return Unreadable(str(error))
    if not found:
        return Absent()
    _, judgement, source = max(found, key=lambda each: each[0])
    if source is not None:
        run.rests_on(source[0].uri, source[1].digest, source[0].version_id)
    return judgement


def _newest_attempts(run: LaneRun, lane: Lane) -> dict[str, str]:
    """Key of the newest attempt of the cost guardrail, by execution. Raises StoreError."""
    prefix = run.place_of(lane, "").remote.removesuffix(f"/{lane.snapshot}")
    attempts: dict[str, tuple[int, str]] = {}
    for key in run.remote.keys(prefix):
        execution_id = key.removeprefix(prefix).partition("/")[0]
        attempt = attempt_of(run.place_of(lane, execution_id).remote, key)
        if attempt is not None:
            attempts[execution_id] = max(attempts.get(execution_id, (0, "")), (attempt, key))
    return {execution_id: key for execution_id, (_, key) in attempts.items()}


def _judgement(run: LaneRun, uri: str, snapshot: Snapshot) -> CostJudgement:
    return CostJudgement(
        uri=uri,
        execution_id=snapshot.execution_id,
        environment=snapshot.environment,
        profile=snapshot.profile,
        gate=snapshot.gate,
        status=snapshot.status,
        overall_pass=snapshot.overall_pass,
        observed_at=snapshot.observed_at,
        valid_until=snapshot.valid_until,
        policy_digest=snapshot.policy_digest,
        policy_digest_today=policy_digest(run, by_id(_COST_GATE)),
    )


def _started(execution_id: str) -> datetime:
    """When an execution started, by its id. A key that is none counts as the newest: nobody knows how old it is."""
    try:
        return datetime.strptime(execution_id.partition("_")[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
