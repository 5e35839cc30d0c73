"""What M9.B froze in this run, for the lanes after it."""

from typing import Any

from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.plan import TeardownScopeFacts

SCOPE_TASK = "b_scope_freeze"


def frozen_scope(run: LaneRun) -> TeardownScopeFacts:
    """The scope that this run froze. Raises LookupError if it froze none."""
    match handed_over_facts(run, SCOPE_TASK, TeardownScopeFacts):
        case Known(facts):
            return facts
        case other:
            raise LookupError(f"no frozen scope in this run: {shown(other)}")


def is_targeted(run: LaneRun, stack: str) -> bool:
    """Whether this run tears the stack down. Only a frozen scope without it means no; an unknown one skips nothing."""
    frozen = handed_over_facts(run, SCOPE_TASK, TeardownScopeFacts)
    return not isinstance(frozen, Known) or any(scope.stack == stack for scope in frozen.value.stacks)


def count_of(resources: Observed[Any]) -> Observed[int]:
    """How many resources a state holds; a stack without a state has 0."""
    match resources:
        case Known(found):
            return Known(len(found))
        case Absent():
            return Known(0)
        case other:
            return other
