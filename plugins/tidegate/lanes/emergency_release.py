"""The release of the emergency latch: by a person, with a reason, after a fresh pass of the cost guardrail (CO4)."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tidegate.evidence import control
from tidegate.evidence.store import AlreadyExists, StoreError, WriteUnconfirmed
from tidegate.gates.registry import by_id
from tidegate.lanes.cost_history import COST_GATE, CostAttempt, newest_judged
from tidegate.lanes.emergency_stop import said_reason
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.readiness import caller, tools
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.models.blocker import Blocker
from tidegate.models.emergency import CostJudgement, EmergencyReleaseFacts
from tidegate.models.facts import Facts, Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.remedy import OWNER, Clear, Person, Remedy
from tidegate.models.snapshot import Snapshot


def collect_release(run: LaneRun) -> EmergencyReleaseFacts:
    """RELEASE.A: the latch, and the newest cost guardrail of any M9. Takes no lease."""
    who, what = caller(run), tools(run)
    observed_at = now()
    cost = _newest_cost(run, observed_at)
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
    except WriteUnconfirmed as error:
        raise ActionBlocked(
            Blocker(
                code="LATCH-RELEASE-UNCONFIRMED",
                summary="whether the latch is released, and builds are open, is not known",
                resource=error.key,
                observed=str(error),
                expected="an answer of the evidence bucket",
                remedy=Remedy.of(
                    Person(OWNER, "mend what keeps the evidence bucket from answering"),
                    Clear(run.task_id),
                    note="It reads the latch anew; a latch that is not set then was released by this run",
                ),
            ).sentence()
        ) from error
    run.log(f"the emergency latch of {run.environment.name} is released by {stored.uri}: builds are open again")


def _newest_cost(run: LaneRun, at: datetime) -> Observed[CostJudgement]:
    """The cost guardrail that was observed last, over all executions of M9: also of an old one that was cleared today.

    An unreadable one counts as of the time of its execution, so that a later run is a way out.
    """
    found: list[tuple[datetime, Observed[CostJudgement], CostAttempt]] = []
    try:
        for attempt in newest_judged(run, at):
            snapshot = attempt.snapshot
            if snapshot is None:
                found.append((_started(attempt.execution_id), Unreadable(attempt.problem), attempt))
            else:
                judged = _judgement(run, attempt.stored.uri, snapshot)
                found.append((snapshot.observed_at, Known(judged), attempt))
    except StoreError as error:
        return Unreadable(str(error))
    if not found:
        return Absent()
    _, judgement, newest = max(found, key=lambda each: each[0])
    if newest.snapshot is not None:
        run.rests_on(newest.stored.uri, newest.snapshot.digest, newest.stored.version_id)
    return judgement


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
        policy_digest_today=policy_digest(run, by_id(COST_GATE)),
        total=_total(snapshot),
        stop=run.environment.budget.stop_usd,
        vouches_until=_vouches_until(snapshot),
    )


def _vouches_until(snapshot: Snapshot) -> Observed[datetime]:
    moments = [source.data_as_of for source in snapshot.sources]
    return Known(min(moments)) if moments else Unreadable("it names no source")


def _total(snapshot: Snapshot) -> Observed[Decimal]:
    """The total in the snapshot's facts. A snapshot whose collector crashed has none."""
    said = snapshot.facts.get("total")
    try:
        return Known(Decimal(said)) if isinstance(said, str) else Unreadable("its facts have no total")
    except InvalidOperation:
        return Unreadable("its total is no number")


def _started(execution_id: str) -> datetime:
    """When an execution started, by its id. A malformed key counts as the newest, because its age is unknown."""
    try:
        return datetime.strptime(execution_id.partition("_")[2], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
