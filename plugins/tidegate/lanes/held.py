"""Whoever builds by hand is told that there is a hold: it keeps scheduled builds off, and no person (LC8)."""

from tidegate.evidence.holds import read_hold
from tidegate.lanes.run import LaneRun, now
from tidegate.models.observed import Absent, Known, shown


def tell_of_hold(run: LaneRun) -> None:
    """One line in the log of M2.A where a hold is in force, or where nobody can tell."""
    if run.environment.schedules is None:
        return
    lift = f"lift it with {run.environment.name}.hold, action = lift"
    match read_hold(run.control, run.environment.name):
        case Known(hold) if hold.in_force(now()):
            run.log(f"there is a hold, {hold.said}. It keeps scheduled builds off and not this one; {lift}")
        case Known() | Absent():
            return
        case other:
            run.log(f"whether there is a hold cannot be read, so no build starts by the clock: {shown(other)}; {lift}")
