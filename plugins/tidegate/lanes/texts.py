"""What people read about a phase in Airflow's pages."""

from tidegate.evidence.layout import Phase
from tidegate.lanes.phases import phase_of
from tidegate.lanes.spec import Lane
from tidegate.models.environment import Environment

TITLES: dict[Phase, str] = {
    "m1": "M1 backend bootstrap",
    "m2": "M2 substrate build",
    "m9": "M9 teardown and cost check",
    "stop": "Emergency stop",
    "release": "Emergency release",
    "audit": "Nightly teardown audit",
    "hourly": "Hourly check",
    "extend": "Extend the time to live",
    "unlock": "Release a state lock",
    "scheduledbuild": "Scheduled build",
    "scheduledteardown": "Scheduled teardown",
    "hold": "Hold scheduled builds",
}

SUMMARIES: dict[Phase, str] = {
    "m1": "Makes the state, evidence and work buckets and the lock table. Idempotent.",
    "m2": "Builds the stacks upstream first. Every plan is guarded, every apply authorised, every state checked.",
    "m9": "Freezes what goes and what stays, destroys exactly that, and proves it.",
    "stop": "Closes all builds with the emergency latch, then runs M9 and waits for its verdict.",
    "release": "Opens builds again, with a reason, after a cost guardrail (M9.G) that passed since the latch was set.",
    "audit": "Looks at everything every night, also when nothing is up: what stands, what it costs, locks, drift, "
    "identities, evidence. What it finds is a blocker, and one alert.",
    "hourly": "Projects the cost and looks at the time to live, without a call that costs anything.",
    "extend": "Moves the end of a stack's time to live, with a reason.",
    "unlock": "Releases one state lock by its id, with a reason: of a holder outside the deployment, or a damaged one.",
    "scheduledbuild": "Starts M2 by the clock, unless the emergency latch, an open finding or a hold forbids it.",
    "scheduledteardown": "Starts M9 by the clock for all that may be destroyed. Nothing forbids that.",
    "hold": "Keeps scheduled builds off until a moment, or lifts that, with a reason. A person's M2 goes on.",
}

_CHANGES: dict[Phase, str] = {
    "m1": "creates what is missing of the three buckets and the lock table through the AWS API; weakens nothing",
    "m2": "applies the stacks of the manifest with Terraform, only what their guarded plans show; with `repair_drift` "
    "it first takes the taint marks off protected resources of a persistent stack",
    "m9": "destroys the target stacks, only what the frozen destroy plan shows; persistent stacks are never touched",
    "stop": "sets the emergency latch and triggers M9, which destroys the target stacks; persistent stacks are never "
    "touched",
    "release": "releases the emergency latch; nothing in AWS besides that record",
    "audit": "nothing by itself; where the stop is reached it sets the emergency latch and triggers the emergency "
    "stop, and it triggers M9 for a stack whose time to live has ended",
    "hourly": "nothing by itself; it sets latch and triggers as the audit does",
    "extend": "the record of when the stack's time to live ends; nothing in AWS besides that record",
    "unlock": "deletes that lock in the lock table and in the state bucket, if it is byte for byte the judged one",
    "scheduledbuild": "nothing by itself; it triggers M2, which builds",
    "scheduledteardown": "nothing by itself; it triggers M9, which destroys every stack that may be destroyed",
    "hold": "the record of the hold; nothing in AWS besides that record",
}

_NOTES: dict[Phase, str] = {
    "audit": "**Schedule.** Times are UTC. Unpausing the DAG starts the last missed audit at once: that is harmless, "
    "for it only reads. A run that has not ended by its deadline is ended by Airflow (`dagrun_timeout`) and fails; "
    "each lane ends earlier, so that the verdict is reached. A night without a verdict is a finding of the next audit.",
    "scheduledbuild": "**Schedule.** `schedules` in the manifest, in its time zone. A run is skipped while a hold is "
    "in force, and when it comes so late that the teardown after it was due already. It fails when anything else "
    "forbids the build, and says what.",
    "scheduledteardown": "**Schedule.** `schedules` in the manifest, in its time zone. After a pause or an outage "
    "Airflow starts the run that was missed last at once: unpausing this DAG may tear down what stands.",
    "hourly": "**Schedule.** Times are UTC. A check that has not ended after 20 minutes is ended by Airflow and fails, "
    "so that it holds up no other; each lane ends earlier.",
}
"""What else people should know."""

_FAILURE = """
### Reading a failure
Open the red task's log. Lines that start with `BLOCKED` say: code, resource, what was observed, what was expected, and
the next command. What waits for a closed gate stays unstarted (`upstream_failed`), or ends `skipped` when it was not
reached; in M9 what waits for its end alone goes on. A lane of a stack that is no target ends `skipped` as well. The
verdict's log gives the causes in full, and all lanes with the address of their snapshots. Correct the cause, then clear
the red task with everything downstream; a pass from before never counts again.
"""


def doc_md(environment: Environment, phase: Phase) -> str:
    """The DAG's page: what it does, what it changes, how to read a failure."""
    rows = "\n".join(
        f"| {lane.name} | `{lane.task_id}` | {lane.title} | `{lane.gate}` |" for lane in _lanes(environment, phase)
    )
    return (
        f"## {TITLES[phase]} of {environment.name}\n{SUMMARIES[phase]}\n\n"
        f"**Changes:** {_CHANGES[phase]}.\n\n"
        f"**Evidence:** `s3://{environment.evidence.bucket}/evidence/`, mirrored below `runs/`.\n\n"
        + (f"{_NOTES[phase]}\n\n" if phase in _NOTES else "")
        + f"| lane | task | what it checks | gate |\n|---|---|---|---|\n{rows}\n{_FAILURE}"
    )


def lane_doc(lane: Lane) -> str:
    """A task's page."""
    mutates = "It changes the environment, after the gate has opened." if lane.mutates else "It changes nothing."
    if lane.effect:
        mutates = f"It {lane.effect}."
    waits = f" It may wait up to {lane.waits_seconds} seconds for what time alone mends." if lane.waits_seconds else ""
    return f"**{lane.name} {lane.title}.** Gate `{lane.gate}`, snapshot `{lane.snapshot}.json`. {mutates}{waits}"


def _lanes(environment: Environment, phase: Phase) -> tuple[Lane, ...]:
    spec = phase_of(environment, phase)
    return (*spec.lanes, spec.verdict)
