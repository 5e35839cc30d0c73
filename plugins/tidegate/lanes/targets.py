"""Which lanes of a run have nothing to do: their stack is no target, or nobody wants the scheduled build.

The run's own evidence decides that, never its params.
"""

from collections.abc import Mapping

from tidegate.lanes.frozen import SCOPE_TASK
from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.scheduled import not_wanted, recorded_not_wanted
from tidegate.models.not_target import NotTargetFacts
from tidegate.models.observed import Known
from tidegate.models.plan import TeardownScopeFacts
from tidegate.models.readiness import BuildReadinessFacts
from tidegate.models.schedule import NotWantedFacts

READINESS_TASK = "a_readiness"


def not_targets(run: LaneRun) -> Mapping[str, NotTargetFacts | NotWantedFacts]:
    """By task. Empty if nothing is recorded: in doubt nothing is skipped."""
    if run.phase == "m2":
        return _beside_one_stack(run)
    if run.phase == "scheduledbuild":
        return recorded_not_wanted(run)
    return _beside_the_frozen(run) if run.phase == "m9" else {}


def _beside_the_frozen(run: LaneRun) -> dict[str, NotTargetFacts]:
    frozen = handed_over_facts(run, SCOPE_TASK, TeardownScopeFacts)
    if not isinstance(frozen, Known):
        return {}
    targets = {scope.stack for scope in frozen.value.stacks}
    return {
        lane.task_id: NotTargetFacts(
            observed_at=now(), stack=lane.stack, target=frozen.value.target, recorded_in=SCOPE_TASK
        )
        for lane in phase_of(run.environment, "m9").lanes
        if lane.stack is not None and lane.stack not in targets
    }


def asked_for(run: LaneRun) -> str:
    """The stack that an M2 repairs alone, or `all`, as its first lane recorded it; `all` if nothing is recorded."""
    if run.phase != "m2":
        return "all"
    facts = handed_over_facts(run, READINESS_TASK, BuildReadinessFacts)
    return facts.value.stacks if isinstance(facts, Known) else "all"


def _beside_one_stack(run: LaneRun) -> dict[str, NotTargetFacts]:
    stack = asked_for(run)
    if stack == "all":
        return {}
    return {
        lane.task_id: NotTargetFacts(
            observed_at=now(), stack=lane.stack or "", target=stack, recorded_in=READINESS_TASK
        )
        for lane in phase_of(run.environment, "m2").lanes
        if lane.whole_build or lane.stack not in (None, stack)
    }


def nothing_to_do(run: LaneRun) -> NotTargetFacts | NotWantedFacts | None:
    """What this lane leaves if its stack is no target of the run, or nobody wants its build. None: it has to run."""
    if run.lane.before_backend or run.lane == phase_of(run.environment, run.phase).verdict:
        return None
    if run.phase == "scheduledbuild":
        return not_wanted(run)
    return not_targets(run).get(run.lane.task_id)
