"""Which lanes of a run are about stacks that are no target. The run's own evidence decides that, never its params."""

from tidegate.lanes.frozen import SCOPE_TASK
from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun, now
from tidegate.models.not_target import NotTargetFacts
from tidegate.models.observed import Known
from tidegate.models.plan import TeardownScopeFacts
from tidegate.models.readiness import BuildReadinessFacts

READINESS_TASK = "a_readiness"


def not_targets(run: LaneRun) -> dict[str, NotTargetFacts]:
    """By task. Empty if nothing is recorded: in doubt nothing is skipped."""
    if run.phase == "m2":
        return _beside_one_stack(run)
    if run.phase != "m9":
        return {}
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


def not_a_target(run: LaneRun) -> NotTargetFacts | None:
    """What this lane leaves if its stack is no target of the run."""
    if run.lane.before_backend or run.lane == phase_of(run.environment, run.phase).verdict:
        return None
    return not_targets(run).get(run.lane.task_id)
