"""The end that triggered a teardown, compared with the newest record: a stack rebuilt since is not torn down."""

from collections.abc import Collection
from datetime import datetime

from tidegate.evidence.time_to_live import read_time_to_live
from tidegate.lanes.run import LaneRun
from tidegate.lanes.spec import ENDED_PARAM
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.time_to_live import EndedLife


def ended_lives(run: LaneRun, stacks: Collection[str]) -> tuple[EndedLife, ...]:
    """The stacks that have a time to live, with it read now. Empty if no ended time triggered this run."""
    given = run.params.get(ENDED_PARAM)
    if given is None or given == "":
        return ()
    triggered_by = _moment(given)
    return tuple(
        EndedLife(
            stack=stack,
            triggered_by=triggered_by,
            record=read_time_to_live(run.remote, run.environment.name, stack),
        )
        for stack in run.environment.stacks_with_time_to_live
        if stack in stacks
    )


def _moment(given: object) -> Observed[datetime]:
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        return Unreadable(f"{given!r} is no time")
    return Known(moment) if moment.tzinfo is not None else Unreadable(f"{given!r} is a time without a zone")
