"""What a lane is: one step of a phase, judged by one gate, leaving one snapshot."""

from dataclasses import dataclass
from typing import Literal

from tidegate.evidence.layout import Phase

DAG_NAMES: dict[Phase, str] = {
    "m1": "m1_backend_bootstrap",
    "m2": "m2_substrate_build",
    "m9": "m9_teardown_cost_check",
    "stop": "emergency_stop",
    "release": "emergency_release",
    "audit": "teardown_audit",
    "hourly": "hourly_check",
    "extend": "extend_time_to_live",
    "unlock": "release_lock",
    "scheduledbuild": "scheduled_build",
    "scheduledteardown": "scheduled_teardown",
    "hold": "hold",
}


ENDED_PARAM = "time_to_live_ended"
"""M9's param: the end of a time to live, given by the check that triggers M9 for it. A person gives none."""


def dag_id_of(environment: str, phase: Phase) -> str:
    """`dev_min.m9_teardown_cost_check`."""
    return f"{environment}.{DAG_NAMES[phase]}"


Starts = Literal["success", "end", "any"]
"""How the lanes that a lane waits for must have ended.

* `success`: each passed, or was no target of the run
* `end`: each was started, however it ended, or was no target of the run; the lane's own gate decides the rest
* `any`: at least one passed; the lane's own gate decides the rest
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One gated task.

    `collect`, `on_pass` and `on_fail` are import paths (`module:function`), resolved on the worker: DAG files stay
    light. `collect(run) -> Facts`; `on_pass(run, facts, document)` acts after the pass is in the evidence, `on_fail`
    (same arguments) after a closed gate is, before its task fails. Neither ever changes the judgement.
    `guards` are the task ids whose snapshots must have passed before this lane may change anything.
    `waits_seconds` above 0 makes the lane a sensor: it looks again while only waiting can help.
    """

    phase: Phase
    letter: str
    task_id: str
    title: str
    snapshot: str
    gate: str
    collect: str
    on_pass: str | None = None
    on_fail: str | None = None
    after_look: str | None = None
    """For a sensor: `after_look(run, facts, None)` acts after each look, and the next look sees what it did."""
    stack: str | None = None
    whole_build: bool = False
    """It is about the build as a whole, so it has nothing to do if one persistent stack is repaired alone."""
    guards: tuple[str, ...] = ()
    waits_seconds: int = 0
    mutates: bool = False
    beside: bool = False
    """It runs in parallel with the lane before it: both wait for the same lanes, and what follows waits for both."""
    after: tuple[str, ...] | None = None
    """The task ids that it waits for. None means the lane before it or, with `beside`, what that lane waits for."""
    starts: Starts = "success"
    """How those must have ended. A lane that was not reached does nothing (`lanes/reach.py`)."""
    share: int = 1
    """The lane's share of the phase's deadline, relative to other lanes. Without effect if the phase
    has no deadline.
    """
    effect: str = ""
    """What the lane does besides judging, for people, if `mutates` and `on_pass` do not show it."""
    before_backend: bool = False
    """The lane runs before there is an evidence bucket (M1): snapshots go to the local mirror, no XCom."""

    @property
    def mutates_after(self) -> bool:
        """Whether its gate only authorises: the change comes after the pass, and may fail."""
        return self.mutates and self.on_pass is not None

    @property
    def name(self) -> str:
        """`M2.C`."""
        return f"{self.phase.upper()}.{self.letter.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseSpec:
    """A phase: its lanes in order and its verdict lane."""

    phase: Phase
    lanes: tuple[Lane, ...]
    verdict: Lane
    every_lane_runs: bool = False
    """Lanes run one after the other, however earlier ones ended, because each looks at something of its own."""
    schedule: str | None = None
    """Cron. None means only when triggered."""
    time_zone: str = "UTC"
    """In which the cron is read."""
    deadline_minutes: int | None = None
    """Minutes after its due time by which a run must have ended. None means that its lanes have
    deadlines of their own.
    """

    def upstream_of(self, lane: Lane) -> tuple[str, ...]:
        """The task ids that a lane waits for; the verdict waits for every lane."""
        if lane == self.verdict:
            return tuple(it.task_id for it in self.lanes)
        if lane.after is not None:
            return lane.after
        before: list[str] = []
        step: list[str] = []
        for each in self.lanes:
            if not each.beside:
                before, step = step, []
            if each == lane:
                break
            step.append(each.task_id)
        return tuple(before)

    def seconds_of(self, lane: Lane) -> float | None:
        """How long a task of this lane may run, so that the verdict is reached within the deadline whatever earlier
        lanes do. None if the phase has no deadline. The verdict gets a tenth, Airflow's gaps between tasks 15 percent,
        and the lanes' waits are set aside; lanes divide the rest by their shares.
        """
        if self.deadline_minutes is None:
            return None
        whole = self.deadline_minutes * 60.0
        if lane == self.verdict:
            return whole / 10
        working = max(whole * 0.75 - sum(it.waits_seconds for it in self.lanes), whole / 10)
        return working * lane.share / sum(it.share for it in self.lanes)

    def lane(self, task_id: str) -> Lane:
        """The lane of a task. Raises KeyError."""
        for lane in (*self.lanes, self.verdict):
            if lane.task_id == task_id:
                return lane
        raise KeyError(task_id)


def verdict_lane(phase: Phase, letter: str, *, before_backend: bool = False) -> Lane:
    """The last lane of a phase: its verdict."""
    return Lane(
        phase=phase,
        letter=letter,
        task_id=f"{letter}_phase_verdict",
        title="Phase verdict",
        snapshot=f"{phase}_{letter}_phase_verdict",
        gate="PHASE-VERDICT",
        collect="tidegate.lanes.verdict:collect_verdict",
        before_backend=before_backend,
    )
