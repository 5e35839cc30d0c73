"""What `platform_run = auto` does: continue, or open a new one, where that is certain; else a person decides (LC1)."""

from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from tidegate.evidence.teardowns import unfinished_teardown
from tidegate.lanes.newest import Found, newest_of
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.verdict import VerdictFacts


def platform_way(run: LaneRun) -> tuple[str, str]:
    """`new`, `continue` or `blocked`, and why, for log and evidence.

    A new one after one that a proof closed. The open one continues after a build that did not finish, or after a
    teardown that passed for its target. After a build that passed, or a failed or unfinished teardown, it is not clear
    what is wanted.
    """
    match run.platform_run:
        case Absent():
            return "new", "there was none before"
        case Known(platform) if platform.closed_by is not None:
            return "new", f"{platform.id} is closed by {platform.closed_by}"
        case Known(platform) if platform.opened_by == run.execution_id:
            return "continue", f"{platform.id} was opened by this very run"
        case Known(platform):
            return _of_open(run, platform.id, platform.opened_at)
        case other:
            return "blocked", f"the platform run cannot be read: {shown(other)}"


def _of_open(run: LaneRun, platform: str, since: datetime) -> tuple[str, str]:
    for stack in run.environment.destroyable_stacks:
        begun = unfinished_teardown(run.remote, run.environment.name, stack)
        if not isinstance(begun, Absent):
            said = f"begun by {begun.value.execution_id}" if isinstance(begun, Known) else shown(begun)
            return "blocked", f"{platform} is open, and the teardown of {stack} was left half way: {said}"
    build, teardown = _newest(run, "m2", platform, since), _newest(run, "m9", platform, since)
    for found in (build, teardown):
        if not isinstance(found, Known | Absent):
            return "blocked", f"{platform} is open, and its newest verdict cannot be read: {shown(found)}"
    if isinstance(teardown, Known) and (not isinstance(build, Known) or _later(teardown.value, build.value)):
        verdict = teardown.value.snapshot
        if verdict.overall_pass:
            return "continue", f"{platform} is open, and the teardown {verdict.execution_id} passed for its target"
        return "blocked", f"{platform} is open, and the teardown {verdict.execution_id} did not pass"
    if isinstance(build, Known) and build.value.snapshot.overall_pass:
        return "blocked", f"{platform} is open, and stands as {build.value.snapshot.execution_id} built it"
    named = build.value.snapshot.execution_id if isinstance(build, Known) else "the build that opened it"
    return "continue", f"{platform} is open, and {named} did not finish"


def _newest(run: LaneRun, phase: str, platform: str, since: datetime) -> Observed[Found]:
    """The newest verdict of a phase that belongs to this platform run and counts. Absent if there is none.

    Only executions that were due since it was opened are looked at: what is older belongs to another.
    """
    lane = phase_of(run.environment, "m9" if phase == "m9" else "m2").verdict
    return newest_of(
        run, lane, since=since, accept=lambda it: counts_as_build(it) and it.snapshot.platform_run == platform
    )


def counts_as_build(found: Found) -> bool:
    """A verdict of a stack that was repaired alone does not count as a build. One that cannot be read does."""
    try:
        return TypeAdapter(VerdictFacts).validate_python(found.snapshot.facts).counts_as_build
    except ValidationError:
        return True


def _later(one: Found, other: Found) -> bool:
    return one.snapshot.observed_at > other.snapshot.observed_at
