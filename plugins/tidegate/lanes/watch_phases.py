"""The phases that run while nobody builds: nightly audit, hourly check, and the extension of a time to live."""

from tidegate.evidence.layout import Phase
from tidegate.lanes.spec import Lane, PhaseSpec, verdict_lane
from tidegate.models.environment import Environment

_READINESS = "tidegate.lanes.readiness"
_BUILD = "tidegate.lanes.build"
_GUARDRAILS = "tidegate.lanes.guardrails"
_COST = "tidegate.lanes.cost"
_STOP = "tidegate.lanes.emergency_stop"
_TIME_TO_LIVE = "tidegate.lanes.time_to_live"
_AUDIT = "tidegate.lanes.audit"
_FINDINGS = "tidegate.lanes.findings"
_BILL = "tidegate.lanes.bill"


_HOURLY_MINUTES = 20
"""A check that hangs must be over before the next one is due: a DAG has one run at a time."""


def audit_phase(environment: Environment) -> PhaseSpec:
    """Every night, even if nothing is deployed. Each lane runs whatever the others found (TD8)."""
    return PhaseSpec(
        phase="audit",
        every_lane_runs=True,
        schedule=environment.audit.schedule,
        deadline_minutes=environment.audit.deadline_minutes,
        lanes=(
            Lane(
                phase="audit",
                letter="a",
                task_id="a_identity_and_tools",
                title="Identity and tools",
                snapshot="audit_a_identity_and_tools_snapshot",
                gate="IDENTITY-AND-TOOLS",
                collect=f"{_READINESS}:collect_identity",
            ),
            Lane(
                phase="audit",
                letter="b",
                task_id="b_continuity",
                title="An audit every night, each with its verdict",
                snapshot="audit_b_continuity_snapshot",
                gate="AUDIT-CONTINUITY",
                collect=f"{_AUDIT}_continuity:collect_continuity",
            ),
            Lane(
                phase="audit",
                letter="c",
                task_id="c_network_posture",
                title="No NAT gateway, no load balancer, nothing always on",
                snapshot="audit_c_network_posture_snapshot",
                gate="NETWORK-POSTURE",
                collect=f"{_BUILD}:collect_posture",
            ),
            Lane(
                phase="audit",
                letter="d",
                task_id="d_residual_scan",
                title="Nothing ephemeral stands that no platform run accounts for",
                snapshot="audit_d_residual_scan_snapshot",
                gate="AUDIT-RESIDUAL",
                collect="tidegate.lanes.residual:collect_audit_residual",
                on_pass=f"{_FINDINGS}:settle",
                on_fail=f"{_FINDINGS}:settle",
                effect="keeps what stands as open findings, and closes those that are gone",
                # No wait for a teardown: what is still there after the pause is a finding of this night.
                waits_seconds=environment.deadlines.residual_pause + environment.deadlines.look_again,
                share=3,
            ),
            Lane(
                phase="audit",
                letter="e",
                task_id="e_budget_guardrail",
                title="Budget, its alerts, and who hears them",
                snapshot="audit_e_budget_guardrail_snapshot",
                gate="BUDGET-GUARDRAIL",
                collect=f"{_GUARDRAILS}:collect_budget_guardrail",
            ),
            _cost_lane("audit", "f"),
            Lane(
                phase="audit",
                letter="g",
                task_id="g_state_locks",
                title="No lock is older than work takes",
                snapshot="audit_g_state_locks_snapshot",
                gate="STATE-LOCKS",
                collect=f"{_AUDIT}_locks:collect_locks",
            ),
            Lane(
                phase="audit",
                letter="h",
                task_id="h_drift",
                title="What stands is as the last apply left it",
                snapshot="audit_h_drift_snapshot",
                gate="STACK-DRIFT",
                collect=f"{_AUDIT}_drift:collect_drift",
                share=6,
            ),
            *_identity_lanes(environment),
            Lane(
                phase="audit",
                letter="j",
                task_id="j_evidence_chain",
                title="Verdicts chained, evidence judged again",
                snapshot="audit_j_evidence_chain_snapshot",
                gate="EVIDENCE-CHAIN",
                collect=f"{_AUDIT}_evidence:collect_evidence",
                share=4,
            ),
            Lane(
                phase="audit",
                letter="k",
                task_id="k_standing_passes",
                title="Passes belong to today's policy, no exception ends unnoticed",
                snapshot="audit_k_standing_passes_snapshot",
                gate="STANDING-PASSES",
                collect=f"{_AUDIT}_passes:collect_passes",
            ),
            _time_to_live_lane("audit", "l"),
            Lane(
                phase="audit",
                letter="m",
                task_id="m_spend_after_zero",
                title="Every charge is explained, and none comes after the proven teardown",
                snapshot="audit_m_spend_after_zero_snapshot",
                gate="SPEND-AFTER-ZERO",
                collect="tidegate.lanes.spend:collect_spend_after_zero",
                on_pass=f"{_BILL}:settle",
                on_fail=f"{_BILL}:settle",
                effect="keeps open what the bill charges for and nothing explains, and closes what is over",
            ),
        ),
        verdict=verdict_lane("audit", "n"),
    )


def hourly_phase(environment: Environment) -> PhaseSpec:
    """Every hour, without a call that costs anything: projected cost and time to live (CO6)."""
    return PhaseSpec(
        phase="hourly",
        every_lane_runs=True,
        schedule=environment.audit.hourly_schedule,
        deadline_minutes=_HOURLY_MINUTES,
        lanes=(_cost_lane("hourly", "a"), _time_to_live_lane("hourly", "b")),
        verdict=verdict_lane("hourly", "c"),
    )


def extend_phase(environment: Environment) -> PhaseSpec:
    """A person lets an ephemeral stack stay deployed longer."""
    return PhaseSpec(
        phase="extend",
        lanes=(
            Lane(
                phase="extend",
                letter="a",
                task_id="a_extend",
                title="The stack stands, reason given, new end within bounds",
                snapshot="extend_a_extension_snapshot",
                gate="TIME-TO-LIVE-EXTENSION",
                collect=f"{_TIME_TO_LIVE}:collect_extension",
                on_pass=f"{_TIME_TO_LIVE}:extend",
                effect="records the new end after a pass",
            ),
        ),
        verdict=verdict_lane("extend", "b"),
    )


def _identity_lanes(environment: Environment) -> tuple[Lane, ...]:
    """Only where a stack could leave identities behind."""
    if not environment.stacks_with_identities:
        return ()
    return (
        Lane(
            phase="audit",
            letter="i",
            task_id="i_orphan_identities",
            title="No identity and no secret that no state holds",
            snapshot="audit_i_orphan_identities_snapshot",
            gate="AUDIT-IDENTITIES",
            collect=f"{_AUDIT}_identities:collect_identities",
            share=4,
        ),
    )


def _cost_lane(phase: str, letter: str) -> Lane:
    return Lane(
        phase=phase,  # type: ignore[arg-type]
        letter=letter,
        task_id=f"{letter}_cost_guardrail",
        title="Cost of this month, reported and projected, below the stop",
        snapshot=f"{phase}_{letter}_cost_guardrail_snapshot",
        gate="COST-GUARDRAIL",
        share=3,  # a slow list of Confluent must leave the lane time to judge what AWS says
        collect=f"{_COST}:collect_cost",
        on_fail=f"{_STOP}:latch_at_the_stop",
        effect="sets the emergency latch when the cost has reached the stop, and triggers the emergency stop for what "
        "stands",
    )


def _time_to_live_lane(phase: Phase, letter: str) -> Lane:
    """The hourly one also checks what earlier runs saw deployed; in the audit the residual scan does that."""
    hourly = phase == "hourly"
    return Lane(
        phase=phase,
        letter=letter,
        task_id=f"{letter}_time_to_live",
        title="No ephemeral stack stands longer than it may"
        + (", no finding is open, no charge unexplained" if hourly else ""),
        snapshot=f"{phase}_{letter}_time_to_live_snapshot",
        gate="TIME-TO-LIVE",
        collect=f"{_FINDINGS}:collect_hourly" if hourly else f"{_TIME_TO_LIVE}:collect_time_to_live",
        on_pass=f"{_FINDINGS}:settle" if hourly else None,
        on_fail=f"{_FINDINGS}:settle_and_tear_down" if hourly else f"{_TIME_TO_LIVE}:tear_down_the_ended",
        effect="triggers M9 for a stack that stands although its time has ended"
        + (", and closes findings that are gone" if hourly else ""),
    )
