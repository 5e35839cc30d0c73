"""The phases of a manifest with `schedules`: build and teardown by the clock, and the hold (LC8)."""

from tidegate.lanes.spec import Lane, PhaseSpec, verdict_lane
from tidegate.models.environment import Environment

_SCHEDULED = "tidegate.lanes.scheduled"
_HOLD = "tidegate.lanes.hold"

BUILD_TASK = "a_build"

_DEADLINE_MINUTES = 20
"""They only trigger: one that hangs is over before anybody waits for its build."""


def scheduled_build_phase(environment: Environment) -> PhaseSpec:
    """The clock starts M2, unless something forbids it."""
    schedules = environment.schedules
    return PhaseSpec(
        phase="scheduledbuild",
        schedule=None if schedules is None else schedules.build,
        time_zone="UTC" if schedules is None else schedules.time_zone,
        deadline_minutes=_DEADLINE_MINUTES,
        lanes=(
            Lane(
                phase="scheduledbuild",
                letter="a",
                task_id=BUILD_TASK,
                title="No latch, no open finding and no hold: M2 started",
                snapshot="scheduledbuild_a_build_snapshot",
                gate="SCHEDULED-BUILD",
                collect=f"{_SCHEDULED}:collect_build",
                on_pass=f"{_SCHEDULED}:start_build",
                effect="triggers M2 after a pass; where a hold is in force it does nothing and ends skipped",
            ),
        ),
        verdict=verdict_lane("scheduledbuild", "b"),
    )


def scheduled_teardown_phase(environment: Environment) -> PhaseSpec:
    """The clock starts M9, every time."""
    schedules = environment.schedules
    return PhaseSpec(
        phase="scheduledteardown",
        schedule=None if schedules is None else schedules.teardown,
        time_zone="UTC" if schedules is None else schedules.time_zone,
        deadline_minutes=_DEADLINE_MINUTES,
        lanes=(
            Lane(
                phase="scheduledteardown",
                letter="a",
                task_id="a_teardown",
                title="M9 started",
                snapshot="scheduledteardown_a_teardown_snapshot",
                gate="SCHEDULED-TEARDOWN",
                collect=f"{_SCHEDULED}:start_teardown",
                effect="triggers M9 before anything is judged",
            ),
        ),
        verdict=verdict_lane("scheduledteardown", "b"),
    )


def hold_phase(environment: Environment) -> PhaseSpec:
    """A person holds scheduled builds off, or lifts the hold."""
    return PhaseSpec(
        phase="hold",
        lanes=(
            Lane(
                phase="hold",
                letter="a",
                task_id="a_hold",
                title="Reason given, end within bounds",
                snapshot="hold_a_hold_snapshot",
                gate="BUILD-HOLD",
                collect=f"{_HOLD}:collect_hold",
                on_pass=f"{_HOLD}:write_hold",
                effect="records the hold, or that it is lifted, after a pass",
            ),
        ),
        verdict=verdict_lane("hold", "b"),
    )
