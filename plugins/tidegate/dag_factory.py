"""DAG factories: one DAG per phase and environment, wired from the lane specs."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, CronTriggerTimetable, Param, TaskGroup

from tidegate import environments
from tidegate.environments import ManifestError
from tidegate.evidence.layout import Phase
from tidegate.lanes import texts
from tidegate.lanes.phases import ASKED_FOR, phase_of, phases_of
from tidegate.lanes.spec import ENDED_PARAM, Lane, PhaseSpec, dag_id_of
from tidegate.models.environment import Environment
from tidegate.models.stack import StackParam
from tidegate.operators.broken import BrokenManifestOperator
from tidegate.operators.gate import GateOperator, TerraformApplyOperator, TerraformPlanOperator
from tidegate.operators.verdict import PhaseVerdictOperator
from tidegate.operators.without_verdict import RunWithoutVerdict
from tidegate.pools import pool_of
from tidegate.sensors.guardrail import GuardrailSensor
from tidegate.settings import settings

_PLANNING = {"PLAN-GUARD", "TEARDOWN-SCOPE", "TEARDOWN-VIABILITY"}
"""Gates whose facts come from a plan that somebody applies."""

_LOOKING = {"STACK-DRIFT"}
"""Gates whose facts come from a plan that only looks. It starts nothing beside another terraform, so it waits for no
slot: behind an apply of an hour the audit would not reach its verdict within its deadline (TD8).
"""


def dags_of(phase: Phase) -> dict[str, DAG]:
    """The DAG of a phase for every environment that has a manifest and asks for the phase, by DAG id.

    A manifest that cannot be used yields a DAG with one task that fails and says why; the others load.
    """
    made = (_dag(name, found, phase) for name, found in environments.load_all().items())
    return {dag.dag_id: dag for dag in made if dag is not None}


def _dag(name: str, found: Environment | ManifestError, phase: Phase) -> DAG | None:
    if isinstance(found, Environment):
        return _build(found, phase) if phase in phases_of(found) else None
    if phase in ASKED_FOR:  # nobody can tell whether the manifest does
        return None
    with DAG(dag_id=dag_id_of(name, phase), schedule=None, catchup=False, tags=["tidegate", name]) as broken:
        BrokenManifestOperator(task_id="manifest_is_valid", reason=str(found))
    return broken


def _build(environment: Environment, phase: Phase) -> DAG:
    spec = phase_of(environment, phase)
    with DAG(
        dag_id=dag_id_of(environment.name, phase),
        dag_display_name=f"{texts.TITLES[phase]} - {environment.name}",
        description=texts.SUMMARIES[phase],
        doc_md=texts.doc_md(environment, phase),
        schedule=_schedule(spec) if settings().schedules else None,
        catchup=False,
        max_active_runs=1,
        max_active_tasks=environment.slots,
        dagrun_timeout=timedelta(minutes=spec.deadline_minutes) if spec.deadline_minutes else None,
        params=params_of(environment, phase),
        tags=["tidegate", environment.name, phase],
        default_args={"retries": 0, "owner": "tidegate", **_queue(environment)},
        render_template_as_native_obj=False,
        on_failure_callback=RunWithoutVerdict(environment=environment.name, phase=phase),
    ) as dag:
        groups: dict[str, TaskGroup] = {}
        tasks: dict[str, Any] = {}
        verdict = PhaseVerdictOperator(
            task_id=spec.verdict.task_id,
            lane=spec.verdict,
            environment=environment.name,
            trigger_rule="all_done",
            execution_timeout=_timeout(spec, spec.verdict),
            doc_md=texts.lane_doc(spec.verdict),
        )
        for lane in spec.lanes:
            task = tasks[lane.task_id] = _task(spec, lane, environment, groups)
            for earlier in spec.upstream_of(lane):
                tasks[earlier] >> task
            task >> verdict
    return dag


def _queue(environment: Environment) -> dict[str, str]:
    return {} if environment.queue is None else {"queue": environment.queue}


def _schedule(spec: PhaseSpec) -> str | CronTriggerTimetable | None:
    if spec.schedule is None or spec.time_zone == "UTC":
        return spec.schedule
    return CronTriggerTimetable(spec.schedule, timezone=spec.time_zone)


def _timeout(spec: PhaseSpec, lane: Lane) -> timedelta | None:
    """A lane that takes too long ends before the run's deadline does: the verdict still tells of it (TD8)."""
    seconds = spec.seconds_of(lane)
    return None if seconds is None else timedelta(seconds=seconds)


def _trigger_rule(spec: PhaseSpec, lane: Lane) -> str:
    """When Airflow starts a lane. What it cannot tell, a lane of a stack that is no target from one that was never
    reached, the operator looks up before it does anything (`lanes/reach.py`).
    """
    return "all_done" if spec.every_lane_runs or lane.starts != "success" else "none_failed"


def _task(spec: PhaseSpec, lane: Lane, environment: Environment, groups: dict[str, TaskGroup]) -> Any:
    group, _, name = lane.task_id.rpartition(".")
    common: dict[str, Any] = {
        "task_id": name,
        "lane": lane,
        "environment": environment.name,
        "doc_md": texts.lane_doc(lane),
        "trigger_rule": _trigger_rule(spec, lane),
        "execution_timeout": _timeout(spec, lane),
    }
    if lane.mutates or lane.gate in _PLANNING:
        common["pool"] = pool_of(environment.name)
    if group:
        if group not in groups:
            groups[group] = TaskGroup(group)
        common["task_group"] = groups[group]
    if lane.waits_seconds:
        return GuardrailSensor(look_again_seconds=environment.deadlines.look_again, **common)
    if lane.gate == "MUTATION-AUTHORIZATION":
        return TerraformApplyOperator(**common)
    return (TerraformPlanOperator if lane.gate in _PLANNING | _LOOKING else GateOperator)(**common)


def params_of(environment: Environment, phase: Phase) -> dict[str, Param]:
    """What a person fills in to trigger a phase."""
    release = Param(
        False,
        type="boolean",
        title="Release a dead holder's lock",
        description="Releases a state lock whose terraform is proven gone from its host. Leaves a record.",
        section="Locks",
    )
    if phase == "m2":
        return {
            "platform_run": Param(
                "auto",
                type="string",
                enum=["auto", "new", "continue"],
                title="Platform run",
                description="`auto` opens a new one when a teardown proof closed the last, and goes on with an open "
                "one after a build that did not finish or a teardown that passed for its target; where there is doubt "
                "it stops and names both ways. `new` needs the last to be closed; `continue` goes on with the open.",
                section="Build",
            ),
            "stacks": Param(
                "all",
                type="string",
                enum=["all", *environment.stacks_by_lifecycle("persistent")],
                title="Stacks",
                description="`all` builds everything. A persistent stack alone is repaired, also while the emergency "
                "latch is set: nothing that has a price is added, no platform run opens, and it counts as no build.",
                section="Build",
            ),
            **_stack_params(environment),
            "time_to_live_hours": _hours(
                environment,
                environment.time_to_live.default_hours,
                f"Ephemeral stacks are torn down this many hours after they are built{_without_end(environment)}.",
                "Build",
            ),
            "repair_drift": Param(
                False,
                type="boolean",
                title="Repair persistent stacks",
                description="Lets this run change back what was changed behind Terraform's back, and mend what an "
                "interrupted run left half made. Needs a reason.",
                section="Drift",
            ),
            "repair_reason": Param(
                None,
                type=["null", "string"],
                maxLength=200,
                title="Reason for the repair",
                description="Kept in the evidence.",
                section="Drift",
            ),
            "release_dead_lock": release,
            **_state_params(),
        }
    if phase == "m9":
        first = environment.targets[0] if environment.targets else ""
        return {
            "target": _target(environment, first),
            "confirm": _confirm(environment),
            "read_bills_anew": Param(
                False,
                type="boolean",
                title="Read the bills anew",
                description="Asks Cost Explorer also when a recent answer is in the record. AWS charges 0.01 USD for "
                "each page.",
                section="Cost",
            ),
            "release_dead_lock": release,
            **_state_params(),
            ENDED_PARAM: Param(
                None,
                type=["null", "string"],
                maxLength=40,
                title="Triggered by an ended time to live",
                description="Given by the check that triggers this run: when the time ended. It keeps what was built "
                "again or extended since. Persons leave it empty.",
                section="For checks only",
            ),
        }
    if phase == "stop":
        reason = _reason("Why everything is stopped. Kept in the latch's record; shown to whoever builds.")
        everything = environment.targets[-1] if environment.targets else ""
        return {"reason": reason, "target": _target(environment, everything), "confirm": _confirm(environment)}
    if phase == "release":
        reason = _reason("Why builds may go on: what spent, and what was done about it. Kept in the latch's record.")
        return {"reason": reason, "confirm": _confirm(environment)}
    if phase == "unlock":
        stacks = list(environment.stacks)
        return {
            "stack": Param(
                stacks[0],
                type="string",
                enum=stacks,
                title="Stack",
                description="Whose state is locked.",
                section="Lock",
            ),
            "lock_id": Param(
                "",
                type="string",
                maxLength=200,
                title="Lock",
                description="As M2, M9 or the audit names it: the lock's id, or `damaged-...`.",
                section="Lock",
            ),
            "reason": _reason("Who held it, and how you know that nobody works with it any more. Kept in the record."),
            "confirm": _confirm(environment),
        }
    if phase == "extend":
        stacks = list(environment.stacks_with_time_to_live) or [""]
        stack = Param(
            stacks[0],
            type="string",
            enum=stacks,
            title="Stack",
            description="The stack that is to stay deployed longer.",
            section="Target",
        )
        hours = _hours(
            environment,
            1,
            f"By how many hours. The new end is at most {environment.time_to_live.max_hours} hours from now.",
            "Target",
        )
        reason = _reason("Why it must stand longer. Kept in the record of its time to live.")
        return {"stack": stack, "hours": hours, "confirm": _confirm(environment), "reason": reason}
    return _hold_params(environment) if phase == "hold" else {}


def _hold_params(environment: Environment) -> dict[str, Param]:
    days = 0 if environment.schedules is None else environment.schedules.max_hold_days
    return {
        "action": Param(
            "set",
            type="string",
            enum=["set", "lift"],
            title="Set or lift",
            description="`set` keeps scheduled builds off until the moment below; setting it again moves that moment. "
            "`lift` lets the next scheduled build go on. Teardowns start in any case.",
            section="Hold",
        ),
        "until": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Until, UTC",
            description=f"When the hold ends by itself: at most {days} days from now. To lift a hold, leave it empty.",
            section="Hold",
        ),
        "reason": _reason("Why. Kept in the record with your name, and shown to whoever builds by hand."),
    }


def _stack_params(environment: Environment) -> dict[str, Param]:
    """What the stacks of the manifest ask whoever builds them."""
    return {
        name: Param(given.default, section="Build", **_schema(given))
        for stack in environment.stacks.values()
        for name, given in stack.params.items()
    }


def _schema(given: StackParam) -> dict[str, Any]:
    choices = {"enum": list(given.choices)} if given.choices else {}
    return {"type": given.type, "title": given.title, "description": given.help, **choices}


def _without_end(environment: Environment) -> str:
    """Which ephemeral stacks have no time to live of their own, as the end of a sentence."""
    timed = environment.stacks_with_time_to_live
    left = [name for name in environment.stacks_by_lifecycle("ephemeral") if name not in timed]
    return f"; {', '.join(left)} only when M9 is asked for it" if left else ""


def _state_params() -> dict[str, Param]:
    """A person's word about a state that only a person can settle."""
    return {
        "unsaved_state": _optional(
            "What to do with a state that was not saved",
            "`<stack>:push` or `<stack>:discard`, where STATE-NOT-SAVED says that a person must decide.",
        ),
        "restore_state_version": _optional(
            "Put a state version back",
            "`<stack>:<version id>`, written under the lock before anything is planned. `tidegate state history` lists "
            "the versions. Needs a reason.",
        ),
        "state_reason": _optional("Reason", "Why that is right for this state. Kept in its record."),
    }


def _optional(title: str, description: str) -> Param:
    return Param(
        None, type=["null", "string"], maxLength=200, title=title, description=description, section="Terraform state"
    )


def _hours(environment: Environment, default: int, description: str, section: str) -> Param:
    return Param(
        default,
        type="integer",
        minimum=1,
        maximum=environment.time_to_live.max_hours,
        title="Time to live, hours",
        description=description,
        section=section,
    )


def _target(environment: Environment, default: str) -> Param:
    return Param(
        default,
        type="string",
        enum=list(environment.targets) or [""],
        title="What to tear down",
        description="Core is never offered. A stack goes only with, or after, all that need it.",
        section="Target",
    )


def _confirm(environment: Environment) -> Param:
    return Param(
        "",
        type="string",
        maxLength=40,
        title="Confirm",
        description=f"Type the environment's name, {environment.name}, to confirm.",
        section="Target",
    )


def _reason(description: str) -> Param:
    return Param("", type="string", maxLength=200, title="Reason", description=description, section="Reason")
