"""The time to live of ephemeral stacks: renewed by a build, watched by audit and hourly check, extended by a person.

Watching reads the evidence bucket, the states and Airflow, and makes no call that costs anything.
"""

from datetime import datetime
from typing import Any, TypeGuard

from tidegate.collectors.aws.state import read_state
from tidegate.evidence import control
from tidegate.evidence.store import AlreadyExists
from tidegate.evidence.time_to_live import extend_time_to_live, read_time_to_live, renew_time_to_live
from tidegate.gates.base import each
from tidegate.gates.rules_dag import m9_blockers
from tidegate.gates.rules_identity import identity_blockers
from tidegate.lanes.emergency_stop import said_reason
from tidegate.lanes.frozen import count_of
from tidegate.lanes.readiness import caller, tools
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.lanes.spec import ENDED_PARAM, dag_id_of
from tidegate.lanes.triggering import first_not_over, trigger
from tidegate.models.blocker import Blocker
from tidegate.models.facts import Facts, Source
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.remedy import Clear, Edit, Remedy, Trigger
from tidegate.models.time_to_live import ExtensionFacts, StackLife, TimeToLive, TimeToLiveFacts, TriggeredRun

_OVER = ("failed", "success")
"""A run of M9 that succeeded is over too. Runs are read before the state, so a stack that is deployed after that
was built again.
"""

_NOT_READ = StackLife(stack="", resource_count=Known(0), record=Absent())
"""For a stack without a time to live, whatever its name, nothing is read."""


def renew(run: LaneRun, stack: str) -> None:
    """Right before M2 applies an ephemeral stack, its time starts anew. Raises ActionBlocked, StoreError.

    Also if the plan has no changes: whoever builds wants the stack to be deployed from now on.
    """
    if stack not in run.environment.stacks_with_time_to_live:
        return
    hours = _hours_of(run)
    ends_at = renew_time_to_live(
        run.remote,
        run.environment.name,
        stack,
        hours=hours,
        set_by=run.execution_id,
        reason=f"built by {run.execution_id}",
        at=now(),
    )
    run.log(f"{stack} may stand for {hours} h, until {ends_at.isoformat()}; then it is torn down")


def collect_time_to_live(run: LaneRun) -> TimeToLiveFacts:
    """AUDIT.L and, with open findings, HOURLY.B: every ephemeral stack, its record, and what its state holds."""
    who, what = caller(run), tools(run)
    observed_at = now()
    stacks = tuple(_life(run, stack, observed_at) for stack in run.environment.stacks_with_time_to_live)
    return TimeToLiveFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        caller=who,
        tools=what,
        environment=run.environment.name,
        max_hours=run.environment.time_to_live.max_hours,
        warn_hours=run.environment.time_to_live.warn_hours,
        stacks=stacks,
    )


def tear_down_the_ended(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After a closed TIME-TO-LIVE: trigger M9 for each stack that is deployed although its time has ended.

    Each end gets one run per check. While it waits or runs, nothing more is triggered; after one that ended in vain,
    the next check triggers the next, until three have failed in a row. Nothing is triggered under another identity, or
    for a stack whose state cannot be read. Downstream first: a stack goes only after all that need it. Raises
    ActionBlocked.
    """
    if not isinstance(facts, TimeToLiveFacts):
        return
    blocked = []
    for life in reversed(facts.ended):
        try:
            _tear_down(run, facts, life)
        except ActionBlocked as error:
            blocked.append(str(error))
    if blocked:
        raise ActionBlocked(" || ".join(blocked))


def collect_extension(run: LaneRun) -> ExtensionFacts:
    """EXTEND.A: what was asked for, and what is deployed. Takes no lease."""
    who, what = caller(run), tools(run)
    stack, hours = str(run.params.get("stack", "")), run.params.get("hours")
    extendable = tuple(run.environment.stacks_with_time_to_live)
    observed_at = now()
    life = _life(run, stack, observed_at) if stack in extendable else _NOT_READ
    return ExtensionFacts(
        observed_at=observed_at,
        sources=(Source(name="sts", data_as_of=observed_at), Source(name="evidence", data_as_of=observed_at)),
        caller=who,
        tools=what,
        environment=run.environment.name,
        confirm=str(run.params.get("confirm", "")),
        reason=said_reason(run),
        stack=stack,
        extendable=extendable,
        hours=hours if _is_count(hours) else 0,
        max_hours=run.environment.time_to_live.max_hours,
        resource_count=life.resource_count,
        record=life.record,
        latch=control.read_latch(run.remote, run.environment.name),
        teardown=life.teardown,
    )


def extend(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the pass: record the judged end. Raises ActionBlocked if another record was written since,
    and StoreError.
    """
    if not isinstance(facts, ExtensionFacts):
        raise LookupError("no judged extension")
    try:
        stored = extend_time_to_live(
            run.remote,
            run.environment.name,
            facts.stack,
            facts.record,
            ends_at=facts.ends_at,
            hours=facts.hours,
            set_by=run.execution_id,
            reason=facts.reason,
            at=now(),
        )
    except AlreadyExists as error:
        raise ActionBlocked(
            Blocker(
                code="TIME-TO-LIVE-MOVED",
                summary="the time to live has a newer record than the judged one",
                resource=f"stack {facts.stack}",
                observed=f"{error.key} is there already",
                expected="the judged record is the newest",
                remedy=Remedy.of(Clear(run.task_id), note="It judges the newest record"),
            ).sentence()
        ) from error
    run.log(f"{facts.stack} may stand until {facts.ends_at.isoformat()}, as {stored.uri} says")


def _life(run: LaneRun, stack: str, observed_at: datetime) -> StackLife:
    """Reads the runs of M9 before the state: what is deployed after a run that ended was not torn down by it."""
    record = read_time_to_live(run.control, run.environment.name, stack)
    teardown = _teardown(run, stack, record, observed_at)
    count = count_of(read_state(run.clients, run.environment, stack).resources)
    return StackLife(stack=stack, resource_count=count, record=record, teardown=teardown)


def _teardown(run: LaneRun, stack: str, record: Observed[TimeToLive], observed_at: datetime) -> TriggeredRun | None:
    """The run of M9 for this end, once it has come: `ttl__demo__20260213T201427Z__1`."""
    if not isinstance(record, Known) or not record.value.has_ended(observed_at):
        return None
    stem = f"ttl__{stack}__{record.value.ends_at:%Y%m%dT%H%M%SZ}"
    return first_not_over(run, dag_id_of(run.environment.name, "m9"), lambda number: f"{stem}__{number}", _OVER)


def _tear_down(run: LaneRun, facts: TimeToLiveFacts, life: StackLife) -> None:
    environment, m9 = run.environment, dag_id_of(run.environment.name, "m9")
    if life.teardown is None or not isinstance(life.record, Known):
        raise LookupError(f"no run of {m9} was named for {life.stack}")
    if life.stack not in environment.targets:
        raise ActionBlocked(
            Blocker(
                code="TIME-TO-LIVE-NOT-A-TARGET",
                summary="the time of a stack has ended that no teardown may take alone",
                resource=f"stack {life.stack}",
                observed=f"targets {', '.join(environment.targets) or 'none'}",
                expected=f"{life.stack} among them",
                remedy=Remedy.of(
                    Edit(f"include/environments/{environment.name}.yaml", f"stacks.{life.stack}.destroyable", True),
                    Clear(run.task_id),
                ),
            ).sentence()
        )
    trigger(
        run,
        m9,
        life.teardown,
        {
            "target": life.stack,
            "confirm": environment.name,
            ENDED_PARAM: life.record.value.ends_at.isoformat(),
        },
        code="TIME-TO-LIVE-TEARDOWN-NOT-TRIGGERED",
        keeps_failing="TEARDOWN-KEEPS-FAILING",
        why=f"the time of {life.stack} has ended, and no teardown of it is under way",
        closed=each(identity_blockers(facts.caller, facts.tools), m9_blockers(run.dag_status(m9))),
    )


def _hours_of(run: LaneRun) -> int:
    bounds = run.environment.time_to_live
    hours = run.params.get("time_to_live_hours", bounds.default_hours)
    if not _is_count(hours) or not 1 <= hours <= bounds.max_hours:
        raise ActionBlocked(
            Blocker(
                code="TIME-TO-LIVE-HOURS-INVALID",
                summary="the stack cannot be given this time to live, so nothing is applied",
                resource="param time_to_live_hours",
                observed=repr(hours),
                expected=f"1 to {bounds.max_hours}, as time_to_live.max_hours says",
                remedy=Remedy.of(Trigger(run.dag_id, {"time_to_live_hours": bounds.default_hours})),
            ).sentence()
        )
    return hours


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
