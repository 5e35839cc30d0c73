"""After a cost guardrail has set the latch: every deployed stack that can be torn down is torn down (CO4).

How long it takes from the decision to the first destroy call, with nothing else running: the closed guardrail triggers
the stop in the same task; STOP.A writes nothing new and STOP.B triggers M9 at its first look, before it defers; M9.A
passes at its first look; M9.B makes the destroy plan; M9.C and the authorisation read states again. That is six task
starts of a few seconds each, below 60 seconds together, plus the plan. A task that defers before the first destroy is
M9.A alone, while another run holds the lease or a lock: it looks again every `deadlines.look_again` seconds, for
`deadlines.lock_wait` at most. So a build whose M2.B reached the stop gives the lease back with its verdict and M9 goes
on; a build that is in an apply finishes that apply, is refused the next one by the latch, and then M9 goes on. Where
the apply takes longer than that, the stop fails, and the next check triggers it again.
"""

from tidegate.collectors.aws.state import read_state
from tidegate.evidence import control
from tidegate.gates.base import each
from tidegate.gates.rules_dag import stop_blockers
from tidegate.gates.rules_identity import identity_blockers
from tidegate.lanes.frozen import count_of
from tidegate.lanes.readiness import caller, tools
from tidegate.lanes.run import ActionBlocked, LaneRun
from tidegate.lanes.spec import dag_id_of
from tidegate.lanes.triggering import first_not_over, trigger
from tidegate.models.blocker import Blocker
from tidegate.models.control import LatchRecord
from tidegate.models.observed import Known, Observed, shown
from tidegate.models.remedy import OWNER, Person, Remedy, Trigger
from tidegate.models.time_to_live import TriggeredRun

_REASON_LENGTH = 200
"""As the stop's param allows."""


def stop_what_stands(run: LaneRun) -> None:
    """Trigger the emergency stop for all destroyable stacks if any of them is deployed or cannot be read.

    From M9.G, only for stacks that are no target of that teardown. Each latch record gets one run per check: while it
    waits or runs, or has torn everything down, nothing more is triggered. After a failure the next check triggers the
    next run, until three have failed in a row. Raises ActionBlocked.
    """
    latch = control.read_latch(run.remote, run.environment.name)
    match latch:
        case Known(record) if record.is_set:
            _stop(run, record)
        case other:
            raise ActionBlocked(_latch_moved(run, other))


def _stop(run: LaneRun, latch: LatchRecord) -> None:
    environment, dag = run.environment, dag_id_of(run.environment.name, "stop")
    wanted = _wanted(run, dag, latch.number, ("failed",))  # before the states: what stands after it was not its work
    standing = _standing(run)
    if not standing:
        run.log("nothing that can be torn down stands beyond this run: no emergency stop is triggered")
        return
    if wanted.state == Known("success") and any(isinstance(count, Known) for count in standing.values()):
        wanted = _wanted(run, dag, latch.number, ("failed", "success"))
    named = ", ".join(f"{stack} ({shown(count)} resources)" for stack, count in standing.items())
    trigger(
        run,
        dag,
        wanted,
        {
            "target": "+".join(environment.destroyable_stacks),
            "confirm": environment.name,
            "reason": f"latch record {latch.number}: {latch.reason}"[:_REASON_LENGTH],
        },
        code="COST-STOP-NOT-TRIGGERED",
        keeps_failing="COST-STOP-KEEPS-FAILING",
        why=f"the cost has reached the stop, and no emergency stop is under way for what stands: {named}",
        closed=each(identity_blockers(caller(run), tools(run)), stop_blockers(run.dag_status(dag))),
    )


def _wanted(run: LaneRun, dag: str, number: int, over: tuple[str, ...]) -> TriggeredRun:
    """`cost_stop__3`, then `cost_stop__3__2` and so on."""
    stem = f"cost_stop__{number}"
    return first_not_over(run, dag, lambda attempt: stem if attempt == 1 else f"{stem}__{attempt}", over)


def _standing(run: LaneRun) -> dict[str, Observed[int]]:
    """Destroyable stacks that hold resources or cannot be read, except those that this M9 tears down itself."""
    target = str(run.params.get("target", "")).split("+") if run.phase == "m9" else []
    counts = {
        stack: count_of(read_state(run.clients, run.environment, stack).resources)
        for stack in run.environment.destroyable_stacks
        if stack not in target
    }
    return {stack: count for stack, count in counts.items() if count != Known(0)}


def _latch_moved(run: LaneRun, latch: Observed[LatchRecord]) -> str:
    return Blocker(
        code="COST-STOP-NOT-TRIGGERED",
        summary="the cost has reached the stop, and the latch does not read as set",
        resource=f"control/{run.environment.name}/latch",
        observed=shown(latch),
        expected="the record that was just written",
        remedy=Remedy.of(
            Person(OWNER, "let the execution role read there; the next check triggers the stop"),
            alternative=(Trigger(dag_id_of(run.environment.name, "stop"), {}, ("confirm", "reason")),),
        ),
    ).sentence()
