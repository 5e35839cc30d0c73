"""The phases as data (design.md, lanes). What the manifest does not ask for does not exist: never a fake pass."""

from tidegate.evidence.layout import Phase
from tidegate.lanes.spec import Lane, PhaseSpec
from tidegate.models.environment import Environment
from tidegate.models.readiness import LaneGap

_READINESS = "tidegate.lanes.readiness"
_BUILD = "tidegate.lanes.build"
_TEARDOWN = "tidegate.lanes.teardown"
_GUARDRAILS = "tidegate.lanes.guardrails"


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
        verdict=_verdict("m1", "d", before_backend=True),
    )


def build_phase(environment: Environment) -> PhaseSpec:
    """M2: builds the stacks upstream first, each through plan guard, authorisation and state check."""
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
    ]
    base = ("a_readiness", "b_backend_readiness")
    if "core" in environment.stacks:
        lanes += _stack_lanes("c", "core", base)
    if "demo" in environment.stacks:
        lanes.append(
            Lane(
                phase="m2",
                letter="e",
                task_id="e_stack_contract",
                title="Contract between the stacks",
                snapshot="m2_e_stack_contract_snapshot",
                gate="STACK-CONTRACT",
                collect=f"{_BUILD}:collect_contract",
                stack="demo",
            )
        )
        lanes += _stack_lanes("f", "demo", (*base, "e_stack_contract"))
    lanes.append(
        Lane(
            phase="m2",
            letter="g",
            task_id="g_network_posture",
            title="No NAT gateway, no load balancer, nothing always on",
            snapshot="no_nat_check",
            gate="NETWORK-POSTURE",
            collect=f"{_BUILD}:collect_posture",
        )
    )
    lanes.append(
        Lane(
            phase="m2",
            letter="h",
            task_id="h_state_ownership",
            title="No resource in two states",
            snapshot="m2_h_state_ownership_snapshot",
            gate="STATE-OWNERSHIP",
            collect=f"{_GUARDRAILS}:collect_ownership",
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
        )
    )
    lanes.append(
        Lane(
            phase="m2",
            letter="i",
            task_id="i_teardown_viability",
            title="Every stack can be torn down again, and M9 is ready",
            snapshot="teardown_viability_snapshot",
            gate="TEARDOWN-VIABILITY",
            collect=f"{_GUARDRAILS}:collect_viability",
        )
    )
    return PhaseSpec(phase="m2", lanes=tuple(lanes), verdict=_verdict("m2", "j"))


def teardown_phase(environment: Environment) -> PhaseSpec:
    """M9: freezes what goes and what stays, destroys exactly that, and proves it."""
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
        ),
        Lane(
            phase="m9",
            letter="c",
            task_id="c_pre_destroy",
            title="Blast radius, and the frozen scope still true",
            snapshot="m9_c_pre_destroy_snapshot",
            gate="PRE-DESTROY",
            collect=f"{_TEARDOWN}:collect_pre_destroy",
        ),
        Lane(
            phase="m9",
            letter="d",
            task_id="d_demo.destroy",
            title="Apply the frozen destroy plan of demo",
            snapshot="m9_d_demo_authorization_snapshot",
            gate="MUTATION-AUTHORIZATION",
            collect=f"{_TEARDOWN}:authorize_destroy",
            on_pass=f"{_TEARDOWN}:apply_destroy",
            stack="demo",
            guards=("a_readiness", "b_scope_freeze", "c_pre_destroy"),
            mutates=True,
        ),
        Lane(
            phase="m9",
            letter="d",
            task_id="d_demo.verify",
            title="State empty, resources gone",
            snapshot="m9_d_demo_state_snapshot",
            gate="DESTROYED-STATE",
            collect=f"{_TEARDOWN}:collect_destroyed",
            stack="demo",
            waits_seconds=environment.deadlines.residual_wait,
        ),
        Lane(
            phase="m9",
            letter="f",
            task_id="f_residual_scan",
            title="Nothing left, nothing preserved missing",
            snapshot="m9_f_residual_scan_snapshot",
            gate="RESIDUAL-SCAN",
            collect=f"{_TEARDOWN}:collect_residual",
            waits_seconds=environment.deadlines.residual_wait,
        ),
        Lane(
            phase="m9",
            letter="g",
            task_id="g_cost_guardrail",
            title="Cost of this month below the stop",
            snapshot="m9_g_cost_guardrail_snapshot",
            gate="COST-GUARDRAIL",
            collect=f"{_GUARDRAILS}:collect_cost",
        ),
        Lane(
            phase="m9",
            letter="h",
            task_id="h_teardown_proof",
            title="Teardown proof",
            snapshot="teardown_proof",
            gate="TEARDOWN-PROOF",
            collect=f"{_TEARDOWN}:collect_proof",
            on_pass=f"{_TEARDOWN}:close_platform_run",
        ),
    ]
    return PhaseSpec(phase="m9", lanes=tuple(lanes), verdict=_verdict("m9", "i"))


def phase_of(environment: Environment, phase: Phase) -> PhaseSpec:
    """The lanes of a phase in an environment."""
    return {"m1": bootstrap_phase, "m2": build_phase, "m9": teardown_phase}[phase](environment)


def lane_gaps(environment: Environment) -> tuple[LaneGap, ...]:
    """Stacks of the manifest for which lanes are missing: who adds lanes to a phase closes the gap by that."""
    built = {lane.stack for lane in build_phase(environment).lanes if lane.mutates}
    destroyed = {lane.stack for lane in teardown_phase(environment).lanes if lane.mutates}
    gaps = [LaneGap(stack=name, missing="build") for name in environment.stacks if name not in built]
    gaps += [
        LaneGap(stack=name, missing="destroy")
        for name, stack in environment.stacks.items()
        if stack.destroyable and name not in destroyed
    ]
    return tuple(gaps)


def _stack_lanes(letter: str, stack: str, guards: tuple[str, ...]) -> list[Lane]:
    group = f"{letter}_{stack}"
    return [
        Lane(
            phase="m2",
            letter=letter,
            task_id=f"{group}.plan_and_guard",
            title=f"Plan of {stack}, held against policy",
            snapshot=f"m2_{group}_plan_snapshot",
            gate="PLAN-GUARD",
            collect=f"{_BUILD}:collect_plan",
            stack=stack,
            guards=guards,
        ),
        Lane(
            phase="m2",
            letter=letter,
            task_id=f"{group}.apply",
            title=f"Apply the guarded plan of {stack}",
            snapshot=f"m2_{group}_authorization_snapshot",
            gate="MUTATION-AUTHORIZATION",
            collect=f"{_BUILD}:authorize_apply",
            on_pass=f"{_BUILD}:apply",
            stack=stack,
            guards=(*guards, f"{group}.plan_and_guard"),
            mutates=True,
        ),
        Lane(
            phase="m2",
            letter=letter,
            task_id=f"{group}.verify",
            title=f"State of {stack} after the apply",
            snapshot=f"m2_{group}_state_snapshot",
            gate="APPLIED-STATE",
            collect=f"{_BUILD}:collect_applied",
            stack=stack,
        ),
    ]


def _verdict(phase: Phase, letter: str, *, before_backend: bool = False) -> Lane:
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
