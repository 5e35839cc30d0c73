"""Triggers runs of other DAGs. A run is named after its reason, so that two checks trigger only one run."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from tidegate.lanes.run import ActionBlocked, LaneRun
from tidegate.lanes.spec import ENDED_PARAM
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.remedy import OWNER, Person, Remedy, Trigger, Wait
from tidegate.models.time_to_live import ATTEMPTS, TriggeredRun

_MOST = 1000
"""How many runs are looked up at most. No check triggers more than one."""


_STALE_LOCK = "docs/runbooks/stale-lock.md, where a lock holds it up"


def first_not_over(
    run: LaneRun, dag_id: str, name: Callable[[int], str], over: Collection[str] = ("failed",)
) -> TriggeredRun:
    """The first of the runs `name(1)`, `name(2)`, ... that is not over: in progress, unreadable, or not triggered yet.

    The caller decides which states are over: if it asks before it looks at what is deployed, success may count as well.
    """
    failed: tuple[str, ...] = ()
    for number in range(1, _MOST):
        state = run.dag_runs.state(dag_id, name(number))
        if not isinstance(state, Known) or state.value not in over:
            return TriggeredRun(run_id=name(number), state=state, failed_before=failed)
        failed = (*failed, name(number))[-ATTEMPTS:] if state.value == "failed" else ()
    return TriggeredRun(run_id=name(_MOST), state=run.dag_runs.state(dag_id, name(_MOST)), failed_before=failed)


def trigger(
    run: LaneRun,
    dag_id: str,
    wanted: TriggeredRun,
    conf: dict[str, Any],
    *,
    code: str,
    keeps_failing: str,
    why: str,
    closed: Iterable[Blocker],
) -> None:
    """Trigger one run, unless it exists. Raises ActionBlocked, which names what is in the way.

    `closed` holds the reasons why this worker must not trigger it, or why it would not start, even if it is queued
    already. `code` and `why` say what is left undone. After `ATTEMPTS` failures in a row the code is `keeps_failing`,
    and a person has to look: another run every hour would not help.
    """
    reasons = [blocker.sentence() for blocker in closed]
    by_hand = {name: value for name, value in conf.items() if name != ENDED_PARAM}
    now_by_hand = Trigger(dag_id, {name: value for name, value in by_hand.items() if name != "confirm"}, ("confirm",))
    mend = Person(OWNER, "mend what is observed")
    remedy = Remedy.of(mend, Wait("the next check has triggered it"), alternative=(now_by_hand,))
    match wanted.state:
        case Known("queued") if reasons:
            problem = "it is queued, and would not start: " + " || ".join(reasons)
            remedy = Remedy.of(mend, Wait("the run has started by itself"))
        case Known(state):
            run.log(f"{dag_id} run {wanted.run_id} is {state} already")
            return
        case _ if reasons:
            problem = " || ".join(reasons)
        case _ if not wanted.is_untried:
            problem = f"nobody can tell how it stands: {shown(wanted.state)}"
        case _ if wanted.keeps_failing:
            code, problem = keeps_failing, f"{', '.join(wanted.failed_before)} failed, so no further one is triggered"
            remedy = Remedy.of(
                Person(OWNER, f"read the log of {wanted.failed_before[-1]} and mend what it names", _STALE_LOCK),
                now_by_hand,
            )
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
                remedy=remedy,
            ).sentence()
        )
    run.log(f"triggered {dag_id} run {wanted.run_id} with {conf}")
