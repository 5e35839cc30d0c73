"""The applies that run during a scan: what they have just made is in no state yet."""

from collections.abc import Iterable, Mapping

from tidegate.lanes.run import LaneRun
from tidegate.models.authorization import Intent
from tidegate.models.observed import Known, Observed


def unfinished_intents(
    run: LaneRun, stacks: Iterable[str], before: Mapping[str, Observed[Intent]] | None = None
) -> dict[str, Observed[Intent]]:
    """By stack, the terraform that has not been seen to end. An apply that ran `before` the scan counts as well: it may
    have ended in the middle of it.
    """
    found: dict[str, Observed[Intent]] = {}
    for stack in stacks:
        earlier = (before or {}).get(stack)
        was_changing = isinstance(earlier, Known) and earlier.value.may_be_changing
        found[stack] = earlier if earlier is not None and was_changing else run.intents(stack).unfinished()
    return found
