"""The verdict leaf: runs whatever happened, recomputes from the evidence, fails the run unless all lanes passed."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from tidegate.operators import telling
from tidegate.operators.airflow_run import log, resolve
from tidegate.operators.blocker_lines import blocker_lines, not_run_line
from tidegate.operators.gate import GateOperator, collected, conclude, judge_and_push


class PhaseVerdictOperator(GateOperator):
    """Directly downstream of every lane, trigger rule `all_done`, and the only leaf: it never masks a failure."""

    ui_color = "#e6f4ea"

    def open(self, context: Mapping[str, Any]) -> Any:
        """As other lanes, but what a task handed over is fetched once: the verdict, its alerts and its log need it."""
        run = super().open(context)
        run.handed_over = cache(run.handed_over)
        return run

    def execute(self, context: Mapping[str, Any]) -> None:
        """Judge the phase, chain the verdict, release the run lease, show the lanes, tell people."""
        run = self.open(context)
        try:
            facts, judged = self._judged_and_closed(run, context)
        except AirflowFailException as error:
            telling.tell_of_no_verdict(run, str(error), context)
            raise
        undelivered: tuple[Any, ...] = ()
        try:
            undelivered = telling.tell_of_verdict(run, judged, context)
        finally:
            _say(run, judged)
            try:
                conclude(run, facts, judged, told=True)
            finally:
                outcome = getattr(facts, "outcome", "")
                if outcome:
                    log(outcome)
        if undelivered and run.phase in telling.LOUD_PHASES:
            raise AirflowFailException(undelivered[0].sentence())

    def _judged_and_closed(self, run: Any, context: Mapping[str, Any]) -> tuple[Any, Any]:
        from tidegate.gates.phase_verdict import lane_status
        from tidegate.lanes import closing

        published = None
        try:
            facts = collected(run, resolve(self.lane.collect))
            for result in getattr(facts, "lanes", ()):
                log(f"{lane_status(result):<8} {result.lane:<5} {result.task:<28} {result.uri}")
            facts, judged = judge_and_push(run, facts, context)
            published = judged.published
        finally:
            try:
                closing.close(run, published)
            except closing.ClosingBlocked as error:
                raise AirflowFailException(str(error)) from error
        return facts, judged


def _say(run: Any, judged: Any) -> None:
    """The causes in full, then what only the verdict saw, then in one line the lanes that did not run."""
    from tidegate.alerts.events import FOLLOWS, of_its_own
    from tidegate.lanes import found

    lanes = found.found(run)
    own = of_its_own(judged.blockers, lanes)
    for blocker in (*(it for lane in lanes for it in lane.blockers), *(it for it in own if it.code not in FOLLOWS)):
        log(blocker_lines(blocker), logging.ERROR)
    left_out = not_run_line(it.summary.partition(":")[0] for it in own if it.code in FOLLOWS)
    if left_out:
        log(left_out, logging.ERROR)
