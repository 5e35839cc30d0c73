"""The emergency stop: a cost guardrail sets the latch at the stop, STOP.A when a person asks, and STOP.B tears down
(CO4).
"""

from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tidegate.evidence import control
from tidegate.evidence.canonical import unseal
from tidegate.evidence.execution import find_claim
from tidegate.evidence.publish import newest
from tidegate.evidence.store import StoreError, StoreUnreachable
from tidegate.gates.phase_verdict import lane_status
from tidegate.gates.rules_dag import ready
from tidegate.gates.rules_identity import identity_blockers
from tidegate.lanes.cost_stop import stop_what_stands
from tidegate.lanes.emergency_record import record_trigger
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.phases import phase_of
from tidegate.lanes.readiness import caller, tools
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.spec import dag_id_of
from tidegate.models.blocker import Blocker
from tidegate.models.emergency import EmergencyLatchFacts, EmergencyTeardownFacts, TeardownVerdict
from tidegate.models.facts import Facts, Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Trigger
from tidegate.models.verdict import VerdictFacts
from tidegate.models.viability import DagStatus

_CLOCKS_APART = timedelta(hours=1)
"""How far the clocks of worker and API server may differ when the claim of the triggered run is looked for."""


def said_reason(run: LaneRun) -> str:
    """The reason as it was typed, on one line."""
    return " ".join(str(run.params.get("reason") or "").split())


def latch_at_the_stop(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After a closed cost guardrail: set the latch if the stop is reached, then tear down what is deployed (CO4).

    Reported and projected cost count together. Raises ActionBlocked, also for a worker with another identity, which
    sets nothing.

    Cost that cannot be read closes the gate but does not set the latch: releasing a latch takes a person, and one
    refused read is not worth that. It never stops a teardown.
    """
    reached = [blocker for blocker in document["blockers"] if blocker["code"] == "COST-STOP-REACHED"]
    if not reached:
        return
    strangers = [blocker.sentence() for blocker in identity_blockers(caller(run), tools(run))]
    if strangers:
        raise ActionBlocked(
            Blocker(
                code="EMERGENCY-LATCH-NOT-SET",
                summary="the cost has reached the stop, and this worker is not the one that may set the latch",
                resource=f"control/{run.environment.name}/latch",
                observed=" || ".join(strangers),
                expected="the caller and the tools of the manifest",
                remedy=Remedy.of(
                    Person(OWNER, "mend what is observed"),
                    Clear(run.task_id),
                    alternative=(Trigger(dag_id_of(run.environment.name, "stop"), {}, ("confirm", "reason")),),
                ),
            ).sentence()
        )
    told = ", ".join(f"{blocker['resource']} {blocker['observed']}" for blocker in reached)
    environment, number = run.environment, int(document["attempt"])
    snapshot = {"uri": run.remote.uri(run.place(run.lane).remote_key(number)), "sha256": str(document["digest"])}
    try:
        control.set_latch(
            run.remote,
            environment.name,
            reason=f"the cost has reached the stop of {environment.budget.stop_usd} {environment.budget.unit}: {told}",
            recorded_by=run.execution_id,
            at=now(),
            evidence=snapshot,
        )
    except StoreError as error:
        raise ActionBlocked(
            Blocker(
                code="EMERGENCY-LATCH-UNWRITABLE",
                summary="the cost has reached the stop, and the evidence bucket did not take the record of the latch",
                resource=f"control/{environment.name}/latch",
                observed=str(error),
                expected="a new record",
                remedy=Remedy.of(
                    Person(OWNER, "let the execution role write there"),
                    Clear(run.task_id),
                    note=f"Until then pause {dag_id_of(environment.name, 'm2')}",
                ),
            ).sentence()
        ) from error
    run.log(f"the emergency latch of {environment.name} is set: builds are closed, teardown is open")
    stop_what_stands(run)


def collect_latch(run: LaneRun) -> EmergencyLatchFacts:
    """STOP.A: sets the latch if this is the environment that was meant, and reads it back. Takes no lease."""
    who, what, environment = caller(run), tools(run), run.environment.name
    reason, confirm = said_reason(run), str(run.params.get("confirm", ""))
    problem = ""
    if reason and confirm == environment and not tuple(identity_blockers(who, what)):
        try:
            control.set_latch(run.remote, environment, reason=reason, recorded_by=run.execution_id, at=now())
        except StoreError as error:
            problem = str(error)
    observed_at = now()
    return EmergencyLatchFacts(
        observed_at=observed_at,
        sources=(Source(name="sts", data_as_of=observed_at), Source(name="evidence", data_as_of=observed_at)),
        caller=who,
        tools=what,
        environment=environment,
        confirm=confirm,
        reason=reason,
        target=tuple(part for part in str(run.params.get("target", "")).split("+") if part),
        destroyable=run.environment.destroyable_stacks,
        latch=control.read_latch(run.remote, environment),
        write_problem=problem,
    )


def collect_teardown(run: LaneRun) -> EmergencyTeardownFacts:
    """STOP.B: triggers M9 once, then reads the state of that run and, once it has ended, its verdict."""
    m9 = run.dag_status(dag_id_of(run.environment.name, "m9"))
    run_id, state, problem = _teardown_run(run, m9)
    ended = isinstance(state, Known) and state.value in {"success", "failed"}
    observed_at = now()
    return EmergencyTeardownFacts(
        observed_at=observed_at,
        sources=(Source(name="airflow", data_as_of=observed_at), Source(name="evidence", data_as_of=observed_at)),
        environment=run.environment.name,
        profile=run.profile,
        m9=m9,
        run_id=run_id,
        run_state=state,
        trigger_problem=problem,
        verdict=_verdict_of(run, m9.dag_id, run_id) if ended else Absent(),
    )


def _teardown_run(run: LaneRun, m9: DagStatus) -> tuple[str, Observed[str], str]:
    """The run of M9 that this stop relies on: one that an earlier try triggered and that has not failed, else a new
    one.

    The run is named after this execution and try, so a task that runs twice triggers only one run.
    """
    names = [f"{run.execution_id}__try{number}" for number in range(run.try_number, 0, -1)]
    for name in names:
        state = run.dag_runs.state(m9.dag_id, name)
        if not isinstance(state, Absent) and (name == names[0] or state != Known("failed")):
            return name, state, ""
    if not ready(m9):
        return names[0], Absent(), ""
    conf = {name: run.params.get(name, "") for name in ("target", "confirm")}
    unrecorded = record_trigger(run, m9.dag_id, names[0], str(conf["target"]))
    if unrecorded:
        run.log(f"M9 will not know that this stop triggered it, and tears down in its ordinary order: {unrecorded}")
    problem = run.dag_runs.trigger(m9.dag_id, names[0], conf)
    if not problem:
        run.log(f"triggered {m9.dag_id} run {names[0]} with {conf}")
    return names[0], run.dag_runs.state(m9.dag_id, names[0]), problem


def _verdict_of(run: LaneRun, dag_id: str, run_id: str) -> Observed[TeardownVerdict]:
    claimed = find_claim(
        run.remote,
        run.environment.name,
        "m9",
        dag_id=dag_id,
        run_id=run_id,
        not_before=run.run_after - _CLOCKS_APART,
    )
    if not isinstance(claimed, Known):
        return claimed
    lane = phase_of(run.environment, "m9").verdict
    place = run.place_of(lane, claimed.value)
    try:
        stored = newest(run.remote, place.remote)
        if stored is None:
            return Absent()
        snapshot = parse_snapshot(unseal(stored[1]))
        lanes = (
            TypeAdapter(VerdictFacts).validate_python(snapshot.facts).lanes if _of_lanes(snapshot.facts_type) else ()
        )
    except ValidationError as error:
        return Unreadable(f"{place.remote}: {error.error_count()} fields do not fit the facts of a verdict")
    except (StoreUnreachable, ValueError) as error:
        return Unreadable(f"{place.remote}: {error}")
    run.rests_on(stored[0].uri, snapshot.digest, stored[0].version_id)
    return Known(
        TeardownVerdict(
            uri=stored[0].uri,
            execution_id=snapshot.execution_id,
            run_id=snapshot.airflow.run_id,
            environment=snapshot.environment,
            profile=snapshot.profile,
            gate=snapshot.gate,
            status=snapshot.status,
            overall_pass=snapshot.overall_pass,
            lanes=tuple(f"{result.lane} {result.task} {lane_status(result)}" for result in lanes),
        )
    )


def _of_lanes(facts_type: str) -> bool:
    """The lanes of a verdict. One whose collector crashed has none."""
    return facts_type == VerdictFacts.__name__
