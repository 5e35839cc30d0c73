"""A gate that may wait: it looks again while only time is missing, and judges on the worker each time.

Between two looks the task is deferred, so it holds no worker slot. The trigger is a timer: it says "look again" and
knows nothing of gates.
"""

import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException

from tidegate.environments import ManifestError
from tidegate.lanes.spec import Lane
from tidegate.operators.airflow_run import lane_run, log, resolve
from tidegate.operators.blocker_lines import blocker_lines
from tidegate.operators.gate import (
    act,
    collected,
    conclude,
    judge_and_push,
    refuse_under_a_finished_verdict,
    skip_what_has_nothing_to_do,
)
from tidegate.triggers.look_again import LookAgainTrigger, deadline_of, kept_of


class GuardrailSensor(BaseSensorOperator):
    """Waits at most `lane.waits_seconds` for the blockers that time alone may remove; all others close it at once.

    A look that was clean and has to be confirmed is remembered, and always gets its second look: also past that time.
    """

    ui_color = "#f3e8fd"

    def __init__(self, *, lane: Lane, environment: str, look_again_seconds: int, **kwargs: Any) -> None:
        # One retry: Airflow 3.3 can fail a deferred task by mistake when its trigger fires within seconds (#72716).
        super().__init__(do_xcom_push=False, retries=1, retry_delay=timedelta(seconds=1), **kwargs)
        self.lane = lane
        self.environment = environment
        self.look_again_seconds = look_again_seconds
        self._run: Any = None

    def execute(self, context: Mapping[str, Any]) -> None:
        """First look; the deadline counts from here."""
        deadline = datetime.now(UTC) + timedelta(seconds=self.lane.waits_seconds)
        self._look(context, deadline, None, first=True)

    def look_again(self, context: Mapping[str, Any], event: Any = None) -> None:
        """A further look, after the timer. Without a deadline in the event it is the last one."""
        self._look(context, deadline_of(event) or datetime.now(UTC), kept_of(event))

    def on_kill(self) -> None:
        """Ask a running terraform once to stop, and return."""
        if self._run is not None:
            self._run.interrupt()

    def _look(self, context: Mapping[str, Any], deadline: datetime, kept: Any, *, first: bool = False) -> None:
        from tidegate.gates.registry import by_id
        from tidegate.lanes.judging import look
        from tidegate.lanes.looks import carried_on

        try:
            self._run = run = lane_run(context, self.lane, self.environment)
        except ManifestError as error:
            raise AirflowFailException(f"MANIFEST-INVALID {error}") from error
        log(f"{self.lane.name} {self.lane.title} - {self.environment}, profile {run.profile}")
        refuse_under_a_finished_verdict(run)
        skip_what_has_nothing_to_do(run, context)
        run.kept = kept
        facts = collected(run, resolve(self.lane.collect))
        blockers = look(run, facts)
        if self.lane.after_look is not None:
            act(run, self.lane.after_look, facts)
        gate, until, seconds, keep = by_id(self.lane.gate), deadline, self.look_again_seconds, None
        if gate.only_unconfirmed(blockers):
            keep = carried_on(facts.looks)
            until = max(deadline, facts.looks.due_at)
            seconds = max(1, math.ceil((facts.looks.due_at - datetime.now(UTC)).total_seconds()))
            if first:  # judging it may take longer than the pause: its second look it gets all the same
                until = max(until, datetime.now(UTC) + timedelta(seconds=seconds))
        if gate.may_clear_by_itself(blockers) and datetime.now(UTC) < until:
            for blocker in blockers:
                log(blocker_lines(blocker, said="WAITING"), logging.WARNING)
            log(f"looking again in {seconds} s, until {until:%H:%M:%S} UTC at the latest")
            self.defer(trigger=LookAgainTrigger(seconds, deadline.isoformat(), keep), method_name="look_again")
        conclude(run, *judge_and_push(run, facts, context))
