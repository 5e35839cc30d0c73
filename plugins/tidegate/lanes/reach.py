"""Whether a lane was reached: Airflow's trigger rules cannot tell a lane that was no target from one that never ran.

A lane that was not reached does nothing and leaves nothing: its task ends skipped, and the verdict calls it not run.
"""

from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Absent

_ENDED = {"success", "failed"}


def not_reached(run: LaneRun) -> str:
    """Why the lane must not start, for a log. Empty if it may."""
    spec = phase_of(run.environment, run.phase)
    if spec.every_lane_runs or run.lane == spec.verdict:
        return ""
    waits_for = spec.upstream_of(run.lane)
    if not waits_for:
        return ""
    states = run.task_states()
    became = {task: _became(run, task, states.get(task, "none")) for task in waits_for}
    if run.lane.starts == "any":
        return "" if "success" in became.values() else _said(became)
    good = {"success", "no target"} | (_ENDED if run.lane.starts == "end" else set())
    return _said({task: word for task, word in became.items() if word not in good})


def _became(run: LaneRun, task: str, state: str) -> str:
    """A lane that is no target leaves a snapshot before it ends skipped; one that was not reached leaves none."""
    if state == "skipped" and not isinstance(run.handed_over(task), Absent):
        return "no target"
    return state


def _said(became: dict[str, str]) -> str:
    return ", ".join(f"{task} is {word}" for task, word in became.items())
