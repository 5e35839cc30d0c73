"""The verdict leaf: runs whatever happened, recomputes from the evidence, fails the run unless all lanes passed."""

from collections.abc import Mapping
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from tidegate.operators import telling
from tidegate.operators.airflow_run import log, resolve
from tidegate.operators.gate import GateOperator, collected, conclude, judge_and_push


class PhaseVerdictOperator(GateOperator):
    """Directly downstream of every lane, trigger rule `all_done`, and the only leaf: it never masks a failure."""

    ui_color = "#e6f4ea"

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
            try:
                conclude(run, facts, judged)
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
