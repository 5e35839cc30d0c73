"""The operators that run lanes: collect, judge, write the snapshot, push it, then pass or fail.

The evidence is written before the task fails, and the task fails without retry: a closed gate stays closed until a
person has changed something and clears it.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, AirflowTaskTimeout

from tidegate.environments import ManifestError
from tidegate.lanes.spec import Lane
from tidegate.operators.airflow_run import XCOM_KEY, lane_run, log, resolve
from tidegate.operators.blocker_lines import blocker_lines


class GateOperator(BaseOperator):
    """Runs one lane. Changes nothing unless the lane has an action for after the judgement."""

    ui_color = "#e8f0fe"

    def __init__(self, *, lane: Lane, environment: str, **kwargs: Any) -> None:
        super().__init__(do_xcom_push=False, **kwargs)
        self.lane = lane
        self.environment = environment
        self._run: Any = None

    def execute(self, context: Mapping[str, Any]) -> None:
        """Collect, judge, publish, push; raise AirflowFailException on any blocker."""
        run = self.open(context)
        refuse_under_a_finished_verdict(run)
        skip_what_has_nothing_to_do(run, context)
        conclude(run, *judge_and_push(run, collected(run, resolve(self.lane.collect)), context))

    def open(self, context: Mapping[str, Any]) -> Any:
        """The run of this lane; a manifest that cannot be used fails the task with the reason."""
        try:
            self._run = lane_run(context, self.lane, self.environment)
        except ManifestError as error:
            raise AirflowFailException(f"MANIFEST-INVALID {error}") from error
        log(f"{self.lane.name} {self.lane.title} - {self.environment}, profile {self._run.profile}")
        return self._run

    def on_kill(self) -> None:
        """Ask a running terraform once to stop, and return: the supervisor waits only five seconds."""
        if self._run is not None:
            self._run.interrupt()


class TerraformPlanOperator(GateOperator):
    """Plans a stack and holds the plan against policy. The saved plan waits in the work bucket."""

    ui_color = "#fef7e0"


class TerraformApplyOperator(GateOperator):
    """Authorises a mutation on freshly read facts and then applies exactly the guarded plan."""

    ui_color = "#fce8e6"


def refuse_under_a_finished_verdict(run: Any) -> None:
    """A lane that is cleared without the verdict below it would leave an old verdict standing over a new try."""
    from tidegate.lanes.phases import phase_of

    verdict = phase_of(run.environment, run.phase).verdict.task_id
    if run.task_states().get(verdict) in {"success", "failed"}:
        raise AirflowFailException(
            f"CLEAR-DOWNSTREAM-TOO {run.task_id}: this run already has a verdict | observed: {verdict} has ended | "
            "expected: the verdict cleared as well | remedy: clear this task with everything downstream"
        )


def skip_what_has_nothing_to_do(run: Any, context: Mapping[str, Any]) -> None:
    """End the task skipped where the lane was not reached, and leaves nothing, or where nobody asked the run for its
    stack or wants its build, and leaves a snapshot that says so. Raises AirflowSkipException, and AirflowFailException
    when the evidence does not take that snapshot.
    """
    from tidegate.lanes.judging import EvidenceUnreachable, leave_not_run
    from tidegate.lanes.reach import not_reached
    from tidegate.lanes.targets import nothing_to_do

    unreached = not_reached(run)
    if unreached:
        raise AirflowSkipException(f"{run.lane.name} was not reached: {unreached}")
    facts = nothing_to_do(run)
    if facts is None:
        return
    try:
        published = leave_not_run(run, facts)
    except EvidenceUnreachable as error:
        raise AirflowFailException(str(error)) from error
    context["ti"].xcom_push(key=XCOM_KEY, value=published.document)
    log(f"snapshot {published.stored.uri} (attempt {published.attempt}, digest {published.digest[:12]})")
    raise AirflowSkipException(f"{run.lane.name} did nothing: {facts.why}")


def collected(run: Any, collect: Callable[[Any], Any]) -> Any:
    """What the collector observed. Its crash is an observation too: it leaves a snapshot, and the gate stays closed."""
    from tidegate.lanes.run import now
    from tidegate.models.facts import CollectorBroken, Facts

    try:
        facts = collect(run)
    except AirflowTaskTimeout:  # no Exception: it would pass by; the snapshot says that the lane took too long
        run.interrupt()
        return CollectorBroken(observed_at=now(), error="the lane took longer than its part of the deadline")
    except Exception as error:
        return CollectorBroken(observed_at=now(), error=f"{type(error).__name__}: {error}")
    return (
        facts
        if isinstance(facts, Facts)
        else CollectorBroken(observed_at=now(), error=f"it gave a {type(facts).__name__}")
    )


def judge_and_push(run: Any, facts: Any, context: Mapping[str, Any]) -> tuple[Any, Any]:
    """Judge, publish, push. Raises AirflowFailException only when the evidence does not take the snapshot."""
    from tidegate.lanes.judging import EvidenceUnreachable, judge

    try:
        judged = judge(run, facts)
    except EvidenceUnreachable as error:
        raise AirflowFailException(str(error)) from error
    if not run.lane.before_backend:
        context["ti"].xcom_push(key=XCOM_KEY, value=judged.published.document)
    log(
        f"snapshot {judged.published.stored.uri} "
        f"(attempt {judged.published.attempt}, digest {judged.published.digest[:12]})"
    )
    return facts, judged


def conclude(run: Any, facts: Any, judged: Any, *, told: bool = False) -> None:
    """Fail on any blocker, after what the lane does then; otherwise do what it does after a pass.

    `told`: the log has the blockers already.

    Raises AirflowFailException.
    """
    if not judged.passed:
        if not told:
            for blocker in judged.blockers:
                log(blocker_lines(blocker), logging.ERROR)
        codes = ", ".join(dict.fromkeys(blocker.code for blocker in judged.blockers))
        closed = f"{run.lane.name} blocked by {len(judged.blockers)}: {codes}"
        if run.lane.on_fail is not None:
            try:
                act(run, run.lane.on_fail, facts, judged.published.document)
            except AirflowFailException as error:
                raise AirflowFailException(f"{closed}; {error}") from error
        raise AirflowFailException(closed)
    log(f"{run.lane.name} authorised; nothing is applied yet" if run.lane.mutates_after else f"{run.lane.name} passed")
    if run.lane.on_pass is not None:
        act(run, run.lane.on_pass, facts, judged.published.document)
    if run.lane.mutates_after:
        log(f"{run.lane.name} passed: what was authorised is done")


def act(run: Any, action: str, facts: Any, document: dict[str, Any] | None = None) -> None:
    """What a lane does besides judging; what keeps it from that fails the task with its way out.

    Raises AirflowFailException.
    """
    from tidegate.evidence.store import StoreError
    from tidegate.lanes.run import ActionBlocked
    from tidegate.terraform.intent import IntentUnwritable
    from tidegate.terraform.process import TerraformDeadline
    from tidegate.terraform.program import TerraformMissing
    from tidegate.terraform.runner import TerraformStopped

    try:
        resolve(action)(run, facts, document)
    except ActionBlocked as error:
        raise AirflowFailException(str(error)) from error
    except TerraformDeadline as error:
        raise AirflowFailException(
            f"TERRAFORM-STILL-RUNNING {run.lane.stack}: {error} | expected: an end within deadlines.terraform | "
            "remedy: wait until it has ended (docs/runbooks/stale-lock.md); start nothing beside it"
        ) from error
    except (TerraformStopped, TerraformMissing, IntentUnwritable) as error:
        raise AirflowFailException(
            f"TERRAFORM-STOPPED {run.lane.stack}: {error} | expected: status 0 | remedy: read the events above; "
            "trigger the phase again, its plan shows what is left to do"
        ) from error
    except StoreError as error:
        raise AirflowFailException(
            f"EVIDENCE-UNREACHABLE {error} | remedy: check the evidence bucket, clear this task"
        ) from error
