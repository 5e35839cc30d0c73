"""The phases as data. What the manifest does not ask for does not exist: never a fake pass."""

from typing import TYPE_CHECKING, get_args

from tidegate.evidence.layout import Phase
from tidegate.lanes.clock_phases import hold_phase, scheduled_build_phase, scheduled_teardown_phase
from tidegate.lanes.spec import Lane, PhaseSpec, verdict_lane
from tidegate.lanes.stack_lanes import all_build_lanes, all_destroy_lanes
from tidegate.lanes.watch_phases import audit_phase, extend_phase, hourly_phase
from tidegate.models.environment import Environment

if TYPE_CHECKING:  # a DAG file imports this module each time it is parsed, and needs no facts
    from tidegate.models.readiness import LaneGap

_READINESS = "tidegate.lanes.readiness"
_BUILD = "tidegate.lanes.build"
_TEARDOWN = "tidegate.lanes.teardown"
_GUARDRAILS = "tidegate.lanes.guardrails"
_COST = "tidegate.lanes.cost"
_STOP = "tidegate.lanes.emergency_stop"
_RELEASE = "tidegate.lanes.emergency_release"
_UNLOCK = "tidegate.lanes.lock_release"
_PROOF = "tidegate.lanes.proof"
_FINDINGS = "tidegate.lanes.findings"

PRESERVED_TASK = "f_preserved"
"""The lane of M9 that the teardown proof does not rest on: what is preserved is no part of what is gone."""


def bootstrap_phase(environment: Environment) -> PhaseSpec:
    """M1: makes the backend, through the AWS API, before there is a state to lock."""
    return PhaseSpec(
        phase="m1",
        lanes=(
            Lane(
                phase="m1",
                letter="a",
                task_id="a_identity_and_tools",
                title="Identity and tools",
                snapshot="m1_a_identity_and_tools_snapshot",
                gate="IDENTITY-AND-TOOLS",
                collect=f"{_READINESS}:collect_identity",
                before_backend=True,
            ),
            Lane(
                phase="m1",
                letter="b",
                task_id="b_bootstrap",
                title="Buckets and lock table",
                snapshot="m1_b_bootstrap_snapshot",
                gate="BOOTSTRAP-RESULT",
                collect=f"{_READINESS}:bootstrap_backend",
                mutates=True,
                before_backend=True,
            ),
            Lane(
                phase="m1",
                letter="c",
                task_id="c_backend_readiness",
                title="Backend readiness",
                snapshot="m1_c_backend_state_readiness_snapshot",
                gate="BACKEND-READINESS",
                collect=f"{_READINESS}:collect_backend_readiness",
                before_backend=True,
            ),
        ),
        verdict=verdict_lane("m1", "d", before_backend=True),
    )


def build_phase(environment: Environment) -> PhaseSpec:
    """M2: builds the stacks upstream first, each through plan guard, authorisation and state check.

    What looks at the whole comes after all of them, one beside the other.
    """
    lanes = [
        Lane(
            phase="m2",
            letter="a",
            task_id="a_readiness",
            title="Identity, tools, latch, lease, previous platform run",
            snapshot="m2_a_readiness_snapshot",
            gate="BUILD-READINESS",
            collect=f"{_READINESS}:collect_build_readiness",
            on_pass=f"{_READINESS}:open_platform_run",
        ),
        Lane(
            phase="m2",
            letter="b",
            task_id="b_backend_readiness",
            title="Backend, locks, state readiness",
            snapshot="m2_b_backend_state_readiness_snapshot",
            gate="BACKEND-READINESS",
            collect=f"{_READINESS}:collect_backend_readiness",
        ),
        Lane(
            phase="m2",
            letter="b",
            task_id="b_cost_guardrail",
            whole_build=True,
            title="Cost of this month known, and below the stop",
            snapshot="m2_b_cost_guardrail_snapshot",
            gate="COST-GUARDRAIL",
            collect=f"{_COST}:collect_cost",
            on_fail=f"{_STOP}:latch_at_the_stop",
            effect="sets the emergency latch when the cost has reached the stop",
            beside=True,
        ),
    ]
    base = ("a_readiness", "b_backend_readiness", "b_cost_guardrail")
    stacks = all_build_lanes(environment, guards=base, after=("b_backend_readiness", "b_cost_guardrail"))
    lanes += stacks
    verified = tuple(lane.task_id for lane in stacks if lane.gate == "APPLIED-STATE")
    lanes.append(
        Lane(
            phase="m2",
            letter="g",
            task_id="g_network_posture",
            whole_build=True,
            after=verified,
            title="No NAT gateway, no load balancer, nothing always on",
            snapshot="no_nat_check",
            gate="NETWORK-POSTURE",
            collect=f"{_BUILD}:collect_posture",
            on_fail=f"{_FINDINGS}:settle",
            effect="keeps what stands against a rule as an open finding",
        )
    )
    lanes.append(
        Lane(
            phase="m2",
            letter="h",
            task_id="h_state_ownership",
            whole_build=True,
            title="No resource in two states",
            snapshot="m2_h_state_ownership_snapshot",
            gate="STATE-OWNERSHIP",
            collect=f"{_GUARDRAILS}:collect_ownership",
            after=verified,
        )
    )
    lanes.append(
        Lane(
            phase="m2",
            letter="i",
            task_id="i_budget_guardrail",
            title="Budget, its alerts, and who hears them",
            snapshot="budget_guardrail_snapshot",
            gate="BUDGET-GUARDRAIL",
            collect=f"{_GUARDRAILS}:collect_budget_guardrail",
            after=verified,
        )
    )
    lanes.append(
        Lane(
            phase="m2",
            letter="i",
            task_id="i_teardown_viability",
            whole_build=True,
            title="Every stack can be torn down again; M9, emergency stop, audit and hourly check are ready",
            snapshot="teardown_viability_snapshot",
            gate="TEARDOWN-VIABILITY",
            collect=f"{_GUARDRAILS}:collect_viability",
            after=verified,
        )
    )
    return PhaseSpec(phase="m2", lanes=tuple(lanes), verdict=verdict_lane("m2", "j"))


def teardown_phase(environment: Environment) -> PhaseSpec:
    """M9: freezes what goes and what stays, destroys exactly that, and proves it.

    Everything after the destroys judges only: residual scan, preserved things and cost as soon as one lane of a destroy
    passed, the proof when all before it did, preserved things apart (RE2).
    """
    destroys = all_destroy_lanes(environment)
    gone = tuple(lane.task_id for lane in destroys)
    cost = _cost_lanes(environment, gone)
    lanes = [
        Lane(
            phase="m9",
            letter="a",
            task_id="a_readiness",
            title="Identity, tools, confirmation, locks, platform run",
            snapshot="m9_a_readiness_snapshot",
            gate="TEARDOWN-READINESS",
            collect=f"{_READINESS}:collect_teardown_readiness",
            waits_seconds=environment.deadlines.lock_wait,
        ),
        Lane(
            phase="m9",
            letter="b",
            task_id="b_scope_freeze",
            title="Destroy-set and preserve-set, frozen",
            snapshot="m9_b_teardown_scope",
            gate="TEARDOWN-SCOPE",
            collect=f"{_TEARDOWN}:collect_scope",
            guards=("a_readiness",),
            after=("a_readiness",),
        ),
        Lane(
            phase="m9",
            letter="c",
            task_id="c_pre_destroy",
            title="Blast radius, and the frozen scope still true",
            snapshot="m9_c_pre_destroy_snapshot",
            gate="PRE-DESTROY",
            collect=f"{_TEARDOWN}:collect_pre_destroy",
            after=("b_scope_freeze",),
            starts="end",
        ),
        *destroys,
        Lane(
            phase="m9",
            letter="f",
            task_id="f_residual_scan",
            title="Nothing left",
            snapshot="m9_f_residual_scan_snapshot",
            gate="RESIDUAL-SCAN",
            collect=f"{_TEARDOWN}:collect_residual",
            on_pass=f"{_FINDINGS}:settle",
            on_fail=f"{_FINDINGS}:settle",
            after_look="tidegate.lanes.log_groups:remove_written_again",
            effect="removes log groups of the destroyed that AWS wrote again, keeps what stands as open findings, and "
            "closes those that are gone",
            waits_seconds=environment.deadlines.residual_wait + environment.deadlines.residual_pause,
            after=gone,
            starts="any",
        ),
        Lane(
            phase="m9",
            letter="f",
            task_id=PRESERVED_TASK,
            title="Nothing preserved missing, no other stack moved",
            snapshot="m9_f_preserved_snapshot",
            gate="PRESERVED-THINGS",
            collect=f"{_TEARDOWN}:collect_preserved",
            waits_seconds=environment.deadlines.residual_wait,
            after=gone,
            starts="any",
        ),
        *cost,
        Lane(
            phase="m9",
            letter="h",
            task_id="h_teardown_proof",
            title="Teardown proof",
            snapshot="teardown_proof",
            gate="TEARDOWN-PROOF",
            collect=f"{_PROOF}:collect_proof",
            on_pass=f"{_PROOF}:close_platform_run",
            after=(
                "a_readiness",
                "b_scope_freeze",
                "c_pre_destroy",
                *gone,
                "f_residual_scan",
                *(lane.task_id for lane in cost),
            ),
        ),
    ]
    return PhaseSpec(phase="m9", lanes=tuple(lanes), verdict=verdict_lane("m9", "i"))


def stop_phase(environment: Environment) -> PhaseSpec:
    """Emergency stop: sets the latch, then lets M9 tear down and waits for its verdict. Holds no lease."""
    deadlines, stacks = environment.deadlines, len(environment.destroyable_stacks)
    return PhaseSpec(
        phase="stop",
        lanes=(
            Lane(
                phase="stop",
                letter="a",
                task_id="a_emergency_latch",
                title="Emergency latch set, builds closed",
                snapshot="stop_a_emergency_latch_snapshot",
                gate="EMERGENCY-LATCH",
                collect=f"{_STOP}:collect_latch",
                effect="sets the emergency latch",
            ),
            Lane(
                phase="stop",
                letter="b",
                task_id="b_teardown",
                title="M9 triggered, ended and passed",
                snapshot="stop_b_teardown_snapshot",
                gate="EMERGENCY-TEARDOWN",
                collect=f"{_STOP}:collect_teardown",
                effect="triggers M9",
                # As long as M9 may take: its wait for locks; per stack a plan, a destroy and a wait for what is left of
                # it; at the end the wait for residuals, and the pause before the look that confirms there are none.
                waits_seconds=deadlines.lock_wait
                + 2 * stacks * deadlines.terraform
                + (stacks + 1) * deadlines.residual_wait
                + deadlines.residual_pause,
            ),
        ),
        verdict=verdict_lane("stop", "c"),
    )


def release_phase(environment: Environment) -> PhaseSpec:
    """Emergency release: a person's reason, a fresh pass of the cost, and then a released latch."""
    return PhaseSpec(
        phase="release",
        lanes=(
            Lane(
                phase="release",
                letter="a",
                task_id="a_emergency_release",
                title="Reason given, cost passed since the latch was set",
                snapshot="release_a_emergency_release_snapshot",
                gate="EMERGENCY-RELEASE",
                collect=f"{_RELEASE}:collect_release",
                on_pass=f"{_RELEASE}:release",
                effect="releases the emergency latch after a pass",
            ),
        ),
        verdict=verdict_lane("release", "b"),
    )


def unlock_phase(environment: Environment) -> PhaseSpec:
    """Release of one state lock by its name: a person's reason, two looks, and a record."""
    deadlines = environment.deadlines
    return PhaseSpec(
        phase="unlock",
        lanes=(
            Lane(
                phase="unlock",
                letter="a",
                task_id="a_release_lock",
                title="Lock named, holder no terraform of ours, nothing moved between two looks",
                snapshot="unlock_a_release_lock_snapshot",
                gate="LOCK-RELEASE",
                collect=f"{_UNLOCK}:collect_lock_release",
                on_pass=f"{_UNLOCK}:release_named",
                effect="puts its first look at the lock on record, and deletes the lock after a pass",
                # The second look comes one lock wait after the first; one more look may be due right before.
                waits_seconds=deadlines.lock_wait + 3 * deadlines.look_again,
            ),
        ),
        verdict=verdict_lane("unlock", "b"),
    )


def phase_of(environment: Environment, phase: Phase) -> PhaseSpec:
    """The lanes of a phase in an environment."""
    return {
        "m1": bootstrap_phase,
        "m2": build_phase,
        "m9": teardown_phase,
        "stop": stop_phase,
        "release": release_phase,
        "audit": audit_phase,
        "hourly": hourly_phase,
        "extend": extend_phase,
        "unlock": unlock_phase,
        "scheduledbuild": scheduled_build_phase,
        "scheduledteardown": scheduled_teardown_phase,
        "hold": hold_phase,
    }[phase](environment)


ASKED_FOR: tuple[Phase, ...] = ("scheduledbuild", "scheduledteardown", "hold")
"""Phases that only a manifest with `schedules` has."""


def phases_of(environment: Environment) -> tuple[Phase, ...]:
    """The phases that an environment has: what the manifest does not ask for has no DAG."""
    schedules = environment.schedules
    asked: set[Phase] = set() if schedules is None else {"scheduledteardown"}
    if schedules is not None and schedules.build is not None:
        asked |= {"scheduledbuild", "hold"}
    every: tuple[Phase, ...] = get_args(Phase)
    return tuple(phase for phase in every if phase not in ASKED_FOR or phase in asked)


def lane_gaps(environment: Environment) -> "tuple[LaneGap, ...]":
    """Stacks of the manifest for which lanes are missing: who adds lanes to a phase closes the gap by that."""
    from tidegate.models.readiness import LaneGap

    built = {lane.stack for lane in build_phase(environment).lanes if lane.mutates}
    destroyed = {lane.stack for lane in teardown_phase(environment).lanes if lane.mutates}
    gaps = [LaneGap(stack=name, missing="build") for name in environment.stacks if name not in built]
    gaps += [
        LaneGap(stack=name, missing="destroy")
        for name, stack in environment.stacks.items()
        if stack.destroyable and name not in destroyed
    ]
    return tuple(gaps)


def _cost_lanes(environment: Environment, gone: tuple[str, ...]) -> list[Lane]:
    """The cost guardrail, and beside it the bill of Confluent where the scope asks for one.

    Beside, not after: a bill that cannot be read must not keep the stop rung of the others from being judged. What the
    residual scan found keeps neither from being judged.
    """
    after = (*gone, "f_residual_scan")
    lanes = []
    if "confluent" in environment.cost_scope:
        lanes.append(
            Lane(
                phase="m9",
                letter="g",
                task_id="g_confluent_billing",
                title="Bill of Confluent known, whole and reported",
                snapshot="confluent_billing_snapshot",
                gate="CONFLUENT-BILLING",
                collect=f"{_COST}:collect_confluent_billing",
                after=after,
                starts="any",
            )
        )
    lanes.append(
        Lane(
            phase="m9",
            letter="g",
            task_id="g_cost_guardrail",
            title="Cost of this month below the stop",
            snapshot="m9_g_cost_guardrail_snapshot",
            gate="COST-GUARDRAIL",
            collect=f"{_COST}:collect_cost",
            on_fail=f"{_STOP}:latch_at_the_stop",
            effect="sets the emergency latch when the cost has reached the stop, and triggers the emergency stop for "
            "what stands besides this run's target",
            beside=bool(lanes),
            after=after,
            starts="any",
        )
    )
    return lanes
