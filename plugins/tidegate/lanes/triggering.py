"""Triggers runs of other DAGs by names that follow from why, so that two checks trigger one run."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from tidegate.lanes.run import ActionBlocked, LaneRun
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.time_to_live import TriggeredRun

_MOST = 1000
"""How many runs are asked for at most; no check triggers more than one."""


def first_not_over(
    run: LaneRun, dag_id: str, name: Callable[[int], str], over: Collection[str] = ("failed",)
) -> TriggeredRun:
    """The first of the runs `name(1)`, `name(2)`, ... that is not over: under way, unreadable, or not tried yet.

    Which states are over is the caller's: one that asks before it looks at what stands may count success as well.
    """
    for number in range(1, _MOST):
        state = run.dag_runs.state(dag_id, name(number))
        if not isinstance(state, Known) or state.value not in over:
            return TriggeredRun(run_id=name(number), state=state)
    return TriggeredRun(run_id=name(_MOST), state=run.dag_runs.state(dag_id, name(_MOST)))


def trigger(
    run: LaneRun,
    dag_id: str,
    wanted: TriggeredRun,
    conf: dict[str, Any],
    *,
    code: str,
    why: str,
    closed: Iterable[Blocker],
) -> None:
    """Trigger one run, unless it is there already. Raises ActionBlocked, which names what is in the way.

    `closed` are the reasons why this worker must not trigger it or it would not start; `code` and `why` say what is
    left undone.
    """
    match wanted.state:
        case Known(state):
            run.log(f"{dag_id} run {wanted.run_id} is {state} already")
            return
        case _ if reasons := [blocker.sentence() for blocker in closed]:
            problem = " || ".join(reasons)
        case _ if not wanted.is_untried:
            problem = f"nobody can tell how it stands: {shown(wanted.state)}"
        case _:
            problem = run.dag_runs.trigger(dag_id, wanted.run_id, conf)
    if problem:
        raise ActionBlocked(
            Blocker(
                code=code,
                summary=why,
                resource=f"{dag_id} run {wanted.run_id}",
                observed=problem,
                expected="a run that starts",
                remedy=f"mend what is observed; the next check triggers it, or trigger {dag_id} now with {conf}",
            ).sentence()
        )
    run.log(f"triggered {dag_id} run {wanted.run_id} with {conf}")
