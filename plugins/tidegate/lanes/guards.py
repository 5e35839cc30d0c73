"""Reads snapshots of earlier lanes of the same run, handed over by their tasks and checked against the evidence."""

from collections import Counter
from collections.abc import Container
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from tidegate.evidence.canonical import unseal
from tidegate.evidence.store import StoreUnreachable
from tidegate.gates.registry import by_id
from tidegate.lanes.phases import phase_of
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.run import LaneRun, now
from tidegate.models.authorization import GuardingSnapshot
from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.snapshot import Snapshot

F = TypeVar("F", bound=Facts)


def parse_snapshot(document: Any) -> Snapshot:
    """A snapshot document as the model. Raises ValueError if it is none."""
    try:
        return Snapshot.model_validate(document)
    except ValidationError as error:
        raise ValueError(f"not a snapshot: {error.error_count()} fields do not fit the schema") from error


def handed_over_snapshot(run: LaneRun, task_id: str) -> Observed[Snapshot]:
    """The snapshot of a task in the evidence, provided that the task's current try handed over that very one."""
    match run.handed_over(task_id):
        case Known(document):
            pass
        case other:
            return other
    lane = phase_of(run.environment, run.phase).lane(task_id)
    try:
        stored = run.stored(lane)
        if stored is None:
            return Absent()
        evidence = unseal(stored[1])
        if evidence["digest"] != document.get("digest"):
            return Unreadable(f"{stored[0].uri} is not what {task_id} handed over")
        run.rests_on(stored[0].uri, evidence["digest"], stored[0].version_id)
        return Known(parse_snapshot(evidence))
    except StoreUnreachable as error:
        return Unreadable(str(error))
    except ValueError as error:
        return Unreadable(f"snapshot of {task_id}: {error}")


def handed_over_facts(run: LaneRun, task_id: str, facts_type: type[F]) -> Observed[F]:
    """The facts of such a snapshot."""
    match handed_over_snapshot(run, task_id):
        case Known(snapshot):
            return facts_of(snapshot, facts_type)
        case other:
            return other


def facts_of(snapshot: Snapshot, facts_type: type[F]) -> Known[F] | Unreadable:
    """The facts of a snapshot, parsed as their type."""
    try:
        return Known(TypeAdapter(facts_type).validate_python(snapshot.facts))
    except ValidationError as error:
        task = snapshot.airflow.task_id
        return Unreadable(f"facts of {task}: {error.error_count()} fields do not fit {facts_type.__name__}")


def guarding_snapshots(
    run: LaneRun, stack: str, without: Container[str] = ()
) -> tuple[Observed[GuardingSnapshot], ...]:
    """The snapshots that guard this lane's mutation, in order, except those of lanes that had nothing to do in this
    run.
    """
    return tuple(_guard(run, task_id, stack) for task_id in run.lane.guards if task_id not in without)


def plan_reference(run: LaneRun, stack: str) -> Observed[str]:
    """URI of the guarded plan of a stack, from the newest guard that names one."""
    for task_id in reversed(run.lane.guards):
        document = run.handed_over(task_id)
        if isinstance(document, Known):
            for given in reversed(document.value.get("inputs", ())):  # a key made anew had a plan of its own before
                if (
                    isinstance(given, dict)
                    and f"/{stack}-" in str(given.get("uri"))
                    and str(given["uri"]).endswith(".tfplan")
                ):
                    return Known(str(given["uri"]))
    return Absent()


def _guard(run: LaneRun, task_id: str, stack: str) -> Observed[GuardingSnapshot]:
    match run.handed_over(task_id):
        case Known(document):
            pass
        case other:
            return other
    lane = phase_of(run.environment, run.phase).lane(task_id)
    try:
        stored = run.stored(lane)
        if stored is None:
            return Absent()
        stored_object, content = stored
        snapshot = parse_snapshot(unseal(content))
    except StoreUnreachable as error:
        return Unreadable(str(error))
    except ValueError as error:
        return Unreadable(f"snapshot of {task_id}: {error}")
    run.rests_on(stored_object.uri, snapshot.digest, stored_object.version_id)
    plan_sha256, serial, lineage = _planned(snapshot, stack)
    return Known(
        GuardingSnapshot(
            gate=snapshot.gate,
            uri=stored_object.uri,
            sha256_recorded=str(document.get("digest")),
            sha256_stored=snapshot.digest,
            status=snapshot.status,
            overall_pass=snapshot.overall_pass,
            plan_sha256=plan_sha256,
            state_serial=serial,
            state_lineage=lineage,
            expired=snapshot.valid_until < now(),
            policy_changed=snapshot.policy_digest != policy_digest(run, by_id(snapshot.gate)),
            stopping=_stopping(snapshot, stack),
        )
    )


def _stopping(snapshot: Snapshot, stack: str) -> tuple[str, ...] | None:
    """The blockers of a guard about several stacks that stop this one. None: the guard counts as a whole.

    The gate judges the stored facts again for the one stack. Further blockers in the snapshot, because its facts were
    stale or somebody wrote them, stop every stack.
    """
    gate = by_id(snapshot.gate)
    if gate.stops is None:
        return None
    facts = facts_of(snapshot, gate.facts)
    if not isinstance(facts, Known):
        return None
    again = Counter((it.code, it.resource) for it in gate.blockers(facts.value))
    stored = Counter((it.code, it.resource) for it in snapshot.blockers)
    stopping = [(it.code, it.resource) for it in gate.stops(facts.value, stack)]
    return tuple(f"{code} {resource}" for code, resource in [*stopping, *(stored - again).elements()])


def _planned(snapshot: Snapshot, stack: str) -> tuple[str, int | None, str | None]:
    """Plan digest, state serial and lineage that a snapshot vouches for; empty for gates that saw no plan."""
    facts = snapshot.facts
    if snapshot.gate == "TEARDOWN-SCOPE":
        facts = next((scope for scope in facts.get("stacks", ()) if scope.get("stack") == stack), {})
    plan, state = facts.get("plan") or {}, facts.get("state") or {}
    if snapshot.gate not in {"PLAN-GUARD", "TEARDOWN-SCOPE"} or plan.get("kind") != "known":
        return "", None, None
    version = state["value"] if state.get("kind") == "known" else {"serial": None, "lineage": None}
    return plan["value"]["sha256"], version["serial"], version["lineage"]
