"""Builds and teardowns by the clock: they trigger M2 and M9 as a person does, and do nothing else (LC8).

A run that is triggered is named after the moment at which it was due, so that a task that runs twice starts one.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from tidegate.evidence import control
from tidegate.evidence.holds import read_hold
from tidegate.lanes.clock_phases import BUILD_TASK
from tidegate.lanes.findings import finding_facts
from tidegate.lanes.guards import facts_of, handed_over_snapshot
from tidegate.lanes.readiness import caller, tools
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.spec import ENDED_PARAM, dag_id_of
from tidegate.lanes.triggering import first_not_over
from tidegate.models.blocker import Blocker
from tidegate.models.environment import Environment
from tidegate.models.facts import Facts, Source
from tidegate.models.observed import Known, shown
from tidegate.models.operations import Schedules
from tidegate.models.remedy import OWNER, Clear, Person, Remedy, Trigger
from tidegate.models.schedule import SECOND_NET, NotWantedFacts, ScheduledBuildFacts, ScheduledTeardownFacts
from tidegate.models.time_to_live import TriggeredRun


def not_wanted(run: LaneRun) -> NotWantedFacts | None:
    """Before anything is judged: is the build held off, or so late that its teardown is due already? None: neither."""
    schedules, at = _schedules(run), now()
    hold = read_hold(run.control, run.environment.name)
    facts = NotWantedFacts(
        observed_at=at,
        sources=(Source(name="evidence", data_as_of=at),),
        environment=run.environment.name,
        hold=hold.value if isinstance(hold, Known) and hold.value.in_force(at) else None,
        teardown_due=schedules.teardown_after(run.run_after),
    )
    return facts if facts.reasons else None


def recorded_not_wanted(run: LaneRun) -> dict[str, NotWantedFacts]:
    """The same for later tasks, by the snapshot that the build's own task left in this run."""
    snapshot = handed_over_snapshot(run, BUILD_TASK)
    if not isinstance(snapshot, Known) or snapshot.value.facts_type != NotWantedFacts.__name__:
        return {}
    facts = facts_of(snapshot.value, NotWantedFacts)
    return {BUILD_TASK: facts.value} if isinstance(facts, Known) and facts.value.reasons else {}


def collect_build(run: LaneRun) -> ScheduledBuildFacts:
    """SCHEDULEDBUILD.A: latch, findings (asked for live), hold, and the DAGs. Takes no lease."""
    who, what, name = caller(run), tools(run), run.environment.name
    m2 = dag_id_of(name, "m2")
    latch = control.read_latch(run.remote, name)
    findings = finding_facts(run)
    wanted = _wanted(run, m2, "scheduled_build")
    m2_status, teardown = run.dag_status(m2), run.dag_status(dag_id_of(name, "scheduledteardown"))
    observed_at = now()
    return ScheduledBuildFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="airflow", data_as_of=observed_at)),
        caller=who,
        tools=what,
        environment=name,
        latch=latch,
        findings=findings,
        hold=read_hold(run.control, name),
        m2=m2_status,
        teardown=teardown,
        run=wanted,
    )


def start_build(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the pass: trigger M2 with every param, unless the run is there already. Raises ActionBlocked."""
    if not isinstance(facts, ScheduledBuildFacts):
        raise LookupError("no judged build")
    dag_id, wanted = facts.m2.dag_id, facts.run
    if not wanted.is_untried:
        run.log(f"{dag_id} run {wanted.run_id} is {shown(wanted.state)} already")
        return
    conf = build_conf(run.environment, _hours(run))
    problem = run.dag_runs.trigger(dag_id, wanted.run_id, conf)
    if problem:
        raise ActionBlocked(
            Blocker(
                code="SCHEDULED-BUILD-NOT-STARTED",
                summary="nothing forbids the build, and Airflow did not take the run of M2",
                resource=f"{dag_id} run {wanted.run_id}",
                observed=problem,
                expected="a run that starts",
                remedy=Remedy.of(
                    Person(OWNER, "mend what is observed"), Clear(run.task_id), alternative=(Trigger(dag_id),)
                ),
            ).sentence()
        )
    run.log(f"started {dag_id} run {wanted.run_id} with {conf}")


def start_teardown(run: LaneRun) -> ScheduledTeardownFacts:
    """SCHEDULEDTEARDOWN.A: trigger M9 first, whatever the evidence holds or answers, then see how it stands.

    Only a DAG that is known to be paused or broken is left alone: its run would wait, and destroy whenever it may.
    """
    m9 = run.dag_status(dag_id_of(run.environment.name, "m9"))
    wanted = _wanted(run, m9.dag_id, "scheduled_teardown")
    state, problem = wanted.state, ""
    if isinstance(state, Known):
        run.log(f"{m9.dag_id} run {wanted.run_id} is {state.value} already")
    elif m9.paused != Known(True) and m9.loads != Known(False):
        conf = teardown_conf(run.environment)
        problem = run.dag_runs.trigger(m9.dag_id, wanted.run_id, conf)
        state = run.dag_runs.state(m9.dag_id, wanted.run_id)
        if not problem:
            run.log(f"started {m9.dag_id} run {wanted.run_id} with {conf}")
    observed_at = now()
    return ScheduledTeardownFacts(
        observed_at=observed_at,
        sources=(Source(name="airflow", data_as_of=observed_at),),
        environment=run.environment.name,
        m9=m9,
        run_id=wanted.run_id,
        run_state=state,
        trigger_problem=problem,
    )


def build_conf(environment: Environment, hours: int) -> dict[str, Any]:
    """Every field of M2's form, as a person leaves it, and the time to live."""
    return {
        "platform_run": "auto",
        "stacks": "all",
        **{name: given.default for stack in environment.stacks.values() for name, given in stack.params.items()},
        "time_to_live_hours": hours,
        "repair_drift": False,
        "repair_reason": None,
        **_UNDECIDED,
    }


def teardown_conf(environment: Environment) -> dict[str, Any]:
    """Every field of M9's form: all that may be destroyed."""
    return {
        "target": environment.targets[-1],
        "confirm": environment.name,
        "read_bills_anew": False,
        **_UNDECIDED,
        ENDED_PARAM: None,
    }


_UNDECIDED: dict[str, Any] = {
    "release_dead_lock": False,
    "unsaved_state": None,
    "restore_state_version": None,
    "state_reason": None,
}
"""What only a person says about locks and states."""


def _wanted(run: LaneRun, dag_id: str, what: str) -> TriggeredRun:
    """`scheduled_build__20260213T080000Z`, and `...__2` when that one failed and the task was cleared."""
    stem = f"{what}__{run.run_after.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return first_not_over(run, dag_id, lambda number: stem if number == 1 else f"{stem}__{number}")


def _hours(run: LaneRun) -> int:
    """Until an hour after the next scheduled teardown, so that a check tears down what that one leaves standing."""
    bounds, at = run.environment.time_to_live, now()
    due = _schedules(run).teardown_after(at)
    hours = math.ceil((due + SECOND_NET - at) / timedelta(hours=1))
    if hours > bounds.max_hours:
        ends = _said(at + timedelta(hours=bounds.max_hours))
        run.log(
            f"the time to live ends at {ends}, before the scheduled teardown at {_said(due)}: "
            f"time_to_live.max_hours is {bounds.max_hours}"
        )
    return min(hours, bounds.max_hours)


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _schedules(run: LaneRun) -> Schedules:
    schedules = run.environment.schedules
    if schedules is None:
        raise LookupError("the manifest has no schedules")
    return schedules
