"""The phases as data: every path resolves, every gate exists, nothing mutates unguarded."""

import inspect
from dataclasses import replace
from typing import Any, get_type_hints

import pytest

from standins import dev_min, three_stacks
from tidegate.evidence.layout import Phase
from tidegate.gates.registry import by_id
from tidegate.lanes import phases
from tidegate.lanes.phases import (
    bootstrap_phase,
    build_phase,
    extend_phase,
    hourly_phase,
    lane_gaps,
    phase_of,
    release_phase,
    stop_phase,
    teardown_phase,
)
from tidegate.lanes.spec import Lane, PhaseSpec
from tidegate.lanes.watch_phases import audit_phase
from tidegate.models.environment import Environment
from tidegate.operators.airflow_run import resolve

ENVIRONMENT = dev_min()[0]
"""Without Kafka; what comes with it is below."""

PHASES: dict[Phase, PhaseSpec] = {
    "m1": bootstrap_phase(ENVIRONMENT),
    "m2": build_phase(ENVIRONMENT),
    "m9": teardown_phase(ENVIRONMENT),
    "stop": stop_phase(ENVIRONMENT),
    "release": release_phase(ENVIRONMENT),
    "audit": audit_phase(ENVIRONMENT),
    "hourly": hourly_phase(ENVIRONMENT),
    "extend": extend_phase(ENVIRONMENT),
}
KEEP_FINDINGS = ("NETWORK-POSTURE", "DESTROYED-STATE", "RESIDUAL-SCAN", "AUDIT-RESIDUAL")
FINDINGS = "tidegate.lanes.findings:settle"
ALL = [
    pytest.param(spec, lane, id=f"{phase}-{lane.task_id}")
    for phase, spec in PHASES.items()
    for lane in (*spec.lanes, spec.verdict)
]
ACTIONS = [
    pytest.param(action, id=f"{phase}-{lane.task_id}-{action.partition(':')[2]}")
    for phase, spec in PHASES.items()
    for lane in spec.lanes
    for action in (lane.on_pass, lane.on_fail)
    if action
]
MUTATING = [
    pytest.param(spec, lane, id=f"{phase}-{lane.task_id}")
    for phase, spec in PHASES.items()
    for lane in spec.lanes
    if lane.mutates
]


@pytest.mark.parametrize(
    ("phase", "rows"),
    [
        (
            "m1",
            [
                ("M1.A", "a_identity_and_tools", "IDENTITY-AND-TOOLS", "m1_a_identity_and_tools_snapshot"),
                ("M1.B", "b_bootstrap", "BOOTSTRAP-RESULT", "m1_b_bootstrap_snapshot"),
                ("M1.C", "c_backend_readiness", "BACKEND-READINESS", "m1_c_backend_state_readiness_snapshot"),
                ("M1.D", "d_phase_verdict", "PHASE-VERDICT", "m1_d_phase_verdict"),
            ],
        ),
        (
            "m2",
            [
                ("M2.A", "a_readiness", "BUILD-READINESS", "m2_a_readiness_snapshot"),
                ("M2.B", "b_backend_readiness", "BACKEND-READINESS", "m2_b_backend_state_readiness_snapshot"),
                ("M2.B", "b_cost_guardrail", "COST-GUARDRAIL", "m2_b_cost_guardrail_snapshot"),
                ("M2.C", "c_core.plan_and_guard", "PLAN-GUARD", "m2_c_core_plan_snapshot"),
                ("M2.C", "c_core.apply", "MUTATION-AUTHORIZATION", "m2_c_core_authorization_snapshot"),
                ("M2.C", "c_core.verify", "APPLIED-STATE", "m2_c_core_state_snapshot"),
                ("M2.E", "e_stack_contract", "STACK-CONTRACT", "m2_e_stack_contract_snapshot"),
                ("M2.F", "f_demo.plan_and_guard", "PLAN-GUARD", "m2_f_demo_plan_snapshot"),
                ("M2.F", "f_demo.apply", "MUTATION-AUTHORIZATION", "m2_f_demo_authorization_snapshot"),
                ("M2.F", "f_demo.verify", "APPLIED-STATE", "m2_f_demo_state_snapshot"),
                ("M2.G", "g_network_posture", "NETWORK-POSTURE", "no_nat_check"),
                ("M2.J", "j_phase_verdict", "PHASE-VERDICT", "m2_j_phase_verdict"),
            ],
        ),
        (
            "m9",
            [
                ("M9.A", "a_readiness", "TEARDOWN-READINESS", "m9_a_readiness_snapshot"),
                ("M9.B", "b_scope_freeze", "TEARDOWN-SCOPE", "m9_b_teardown_scope"),
                ("M9.D", "d_demo.destroy", "MUTATION-AUTHORIZATION", "m9_d_demo_authorization_snapshot"),
                ("M9.D", "d_demo.verify", "DESTROYED-STATE", "m9_d_demo_state_snapshot"),
                ("M9.F", "f_residual_scan", "RESIDUAL-SCAN", "m9_f_residual_scan_snapshot"),
                ("M9.F", "f_preserved", "PRESERVED-THINGS", "m9_f_preserved_snapshot"),
                ("M9.H", "h_teardown_proof", "TEARDOWN-PROOF", "teardown_proof"),
                ("M9.I", "i_phase_verdict", "PHASE-VERDICT", "m9_i_phase_verdict"),
            ],
        ),
        (
            "stop",
            [
                ("STOP.A", "a_emergency_latch", "EMERGENCY-LATCH", "stop_a_emergency_latch_snapshot"),
                ("STOP.B", "b_teardown", "EMERGENCY-TEARDOWN", "stop_b_teardown_snapshot"),
                ("STOP.C", "c_phase_verdict", "PHASE-VERDICT", "stop_c_phase_verdict"),
            ],
        ),
        (
            "release",
            [
                ("RELEASE.A", "a_emergency_release", "EMERGENCY-RELEASE", "release_a_emergency_release_snapshot"),
                ("RELEASE.B", "b_phase_verdict", "PHASE-VERDICT", "release_b_phase_verdict"),
            ],
        ),
        (
            "audit",
            [
                ("AUDIT.F", "f_cost_guardrail", "COST-GUARDRAIL", "audit_f_cost_guardrail_snapshot"),
                ("AUDIT.L", "l_time_to_live", "TIME-TO-LIVE", "audit_l_time_to_live_snapshot"),
                ("AUDIT.N", "n_phase_verdict", "PHASE-VERDICT", "audit_n_phase_verdict"),
            ],
        ),
        (
            "hourly",
            [
                ("HOURLY.A", "a_cost_guardrail", "COST-GUARDRAIL", "hourly_a_cost_guardrail_snapshot"),
                ("HOURLY.B", "b_time_to_live", "TIME-TO-LIVE", "hourly_b_time_to_live_snapshot"),
                ("HOURLY.C", "c_phase_verdict", "PHASE-VERDICT", "hourly_c_phase_verdict"),
            ],
        ),
        (
            "extend",
            [
                ("EXTEND.A", "a_extend", "TIME-TO-LIVE-EXTENSION", "extend_a_extension_snapshot"),
                ("EXTEND.B", "b_phase_verdict", "PHASE-VERDICT", "extend_b_phase_verdict"),
            ],
        ),
    ],
)
def test_the_lanes_are_these(phase: Phase, rows: list[tuple[str, str, str, str]]) -> None:
    """What people, evidence and grids know a lane by. A change here is a change of the evidence's keys."""
    spec = PHASES[phase]
    found = [(lane.name, lane.task_id, lane.gate, lane.snapshot) for lane in (*spec.lanes, spec.verdict)]
    known = {row[1] for row in rows}
    assert [row for row in found if row[1] in known] == rows


@pytest.mark.parametrize("phase", PHASES)
def test_the_phase_of_a_name(phase: Phase) -> None:
    assert phase_of(ENVIRONMENT, phase) == PHASES[phase]
    assert {lane.phase for lane in (*PHASES[phase].lanes, PHASES[phase].verdict)} == {phase}


@pytest.mark.parametrize("spec", PHASES.values(), ids=PHASES)
def test_nothing_is_there_twice(spec: PhaseSpec) -> None:
    lanes = (*spec.lanes, spec.verdict)
    assert len({lane.task_id for lane in lanes}) == len(lanes)
    assert len({lane.snapshot for lane in lanes}) == len(lanes)


@pytest.mark.parametrize("spec", PHASES.values(), ids=PHASES)
def test_letters_rise_and_the_verdict_has_the_last(spec: PhaseSpec) -> None:
    letters = [lane.letter for lane in spec.lanes]
    assert letters == sorted(letters)
    assert spec.verdict.letter > letters[-1]
    assert all(lane.task_id.startswith(f"{lane.letter}_") for lane in (*spec.lanes, spec.verdict))


@pytest.mark.parametrize(("spec", "lane"), ALL)
def test_a_lane_collects_what_its_gate_judges(spec: PhaseSpec, lane: Lane) -> None:
    collect = resolve(lane.collect)
    assert list(inspect.signature(collect).parameters) == ["run"]
    facts = by_id(lane.gate).facts
    assert get_type_hints(collect)["return"] is facts, f"{lane.collect} returns {facts.__name__}: {lane.gate} judges it"


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_takes_the_run_its_facts_and_its_snapshot(action: str) -> None:
    assert list(inspect.signature(resolve(action)).parameters) == ["run", "facts", "document"]


def test_on_a_closed_gate_only_cost_time_to_live_and_what_keeps_findings_act() -> None:
    acting = {(lane.gate, lane.on_fail) for spec in PHASES.values() for lane in spec.lanes if lane.on_fail}
    assert acting == {
        ("COST-GUARDRAIL", "tidegate.lanes.emergency_stop:latch_at_the_stop"),
        ("TIME-TO-LIVE", "tidegate.lanes.time_to_live:tear_down_the_ended"),
        ("TIME-TO-LIVE", "tidegate.lanes.findings:settle_and_tear_down"),
        *((gate, "tidegate.lanes.findings:settle") for gate in KEEP_FINDINGS),
        ("SPEND-AFTER-ZERO", "tidegate.lanes.bill:settle"),
    }


def test_findings_are_closed_by_every_lane_that_asks_for_all_of_them() -> None:
    closing = {lane.name for spec in PHASES.values() for lane in spec.lanes if lane.on_pass == FINDINGS}
    assert closing == {"M9.F", "AUDIT.D", "HOURLY.B"}


def test_whatever_acts_says_what_it_does() -> None:
    """People read it in the task's page; a mutation says so by itself."""
    acting = [lane for spec in PHASES.values() for lane in spec.lanes if lane.on_fail]
    acting += [lane for lane in PHASES["extend"].lanes if lane.on_pass]
    assert acting
    assert all(lane.effect for lane in acting)


def test_the_hourly_check_looks_at_nothing_but_cost_and_time() -> None:
    """It calls no API that costs anything: the cost comes from recorded answers, the time from states and evidence."""
    assert [lane.gate for lane in PHASES["hourly"].lanes] == ["COST-GUARDRAIL", "TIME-TO-LIVE"]


def test_the_bill_of_confluent_is_a_lane_where_the_scope_asks_for_it() -> None:
    def billed(*scope: str) -> list[tuple[str, str, bool]]:
        spec = teardown_phase(ENVIRONMENT.model_copy(update={"cost_scope": scope}))
        return [(lane.task_id, lane.snapshot, lane.beside) for lane in spec.lanes if lane.letter == "g"]

    cost = ("g_cost_guardrail", "m9_g_cost_guardrail_snapshot")
    assert billed("aws") == [(*cost, False)]
    assert billed("aws", "confluent") == [("g_confluent_billing", "confluent_billing_snapshot", False), (*cost, True)]
    raised = teardown_phase(ENVIRONMENT.model_copy(update={"cost_scope": ("aws", "confluent")}))
    lane = raised.lane("g_confluent_billing")
    assert get_type_hints(resolve(lane.collect))["return"] is by_id(lane.gate).facts


def test_the_stop_waits_as_long_as_m9_may_take() -> None:
    deadlines = ENVIRONMENT.deadlines.model_copy(
        update={"lock_wait": 5, "residual_wait": 70, "residual_pause": 9, "terraform": 600}
    )
    spec = stop_phase(ENVIRONMENT.model_copy(update={"deadlines": deadlines}))
    assert [lane.waits_seconds for lane in spec.lanes] == [0, 1354]


@pytest.mark.parametrize(("spec", "lane"), ALL)
def test_guards_come_before_what_they_guard(spec: PhaseSpec, lane: Lane) -> None:
    tasks = [other.task_id for other in (*spec.lanes, spec.verdict)]
    earlier = tasks[: tasks.index(lane.task_id)]
    assert set(lane.guards) <= set(earlier)
    assert len(set(lane.guards)) == len(lane.guards)


@pytest.mark.parametrize(("spec", "lane"), MUTATING)
def test_whatever_mutates_is_guarded(spec: PhaseSpec, lane: Lane) -> None:
    if spec.phase == "m1":
        assert lane.gate == "BOOTSTRAP-RESULT"  # judges its own identity right before it acts
        return
    assert lane.gate == "MUTATION-AUTHORIZATION"
    assert lane.on_pass is not None
    gates = [spec.lane(task).gate for task in lane.guards]
    assert gates[0] in {"BUILD-READINESS", "TEARDOWN-READINESS"}
    (planned,) = [task for task in lane.guards if spec.lane(task).gate in {"PLAN-GUARD", "TEARDOWN-SCOPE"}]
    assert spec.lane(planned).stack in {None, lane.stack}
    assert ("PRE-DESTROY" in gates) == (spec.phase == "m9")


def test_whatever_is_authorised_mutates() -> None:
    authorised = {lane for spec in PHASES.values() for lane in spec.lanes if lane.gate == "MUTATION-AUTHORIZATION"}
    assert {lane.stack for lane in authorised} == set(ENVIRONMENT.stacks)
    assert all(lane.mutates and lane.stack in ENVIRONMENT.stacks for lane in authorised)


def test_terraform_runs_in_authorised_lanes_only() -> None:
    runs_terraform = {"tidegate.lanes.build:apply", "tidegate.lanes.teardown:apply_destroy"}
    for spec in PHASES.values():
        for lane in spec.lanes:
            assert (lane.on_pass in runs_terraform) == (lane.gate == "MUTATION-AUTHORIZATION")


def test_the_readiness_of_the_backend_guards_every_apply() -> None:
    for lane in PHASES["m2"].lanes:
        if lane.mutates:
            assert "b_backend_readiness" in lane.guards


def test_demo_is_not_built_without_its_contract() -> None:
    assert "e_stack_contract" in PHASES["m2"].lane("f_demo.apply").guards


@pytest.mark.parametrize("stack", ["core", "demo"])
def test_a_stack_is_planned_applied_and_verified(stack: str) -> None:
    own = [lane for lane in PHASES["m2"].lanes if lane.stack == stack and lane.task_id.endswith(f"_{stack}.apply")]
    group = own[0].task_id.partition(".")[0]
    steps = [lane.task_id for lane in PHASES["m2"].lanes if lane.task_id.startswith(f"{group}.")]
    assert [step.partition(".")[2] for step in steps] == ["plan_and_guard", "apply", "verify"]


def test_upstream_is_built_first() -> None:
    stacks = list(dict.fromkeys(lane.stack for lane in PHASES["m2"].lanes if lane.stack))
    assert stacks == [name for name in ENVIRONMENT.stacks if name in stacks]
    assert set(stacks) == set(ENVIRONMENT.stacks)


def test_core_is_destroyed_nowhere() -> None:
    destroyable = {name for name, stack in ENVIRONMENT.stacks.items() if stack.destroyable}
    assert {lane.stack for lane in PHASES["m9"].lanes if lane.stack} == destroyable
    assert "core" not in destroyable


def test_only_the_bootstrap_runs_before_there_is_a_bucket() -> None:
    for phase, spec in PHASES.items():
        assert {lane.before_backend for lane in (*spec.lanes, spec.verdict)} == {phase == "m1"}


def test_waits_are_the_manifests() -> None:
    deadlines = ENVIRONMENT.deadlines.model_copy(update={"lock_wait": 11, "residual_wait": 22, "residual_pause": 3})
    spec = teardown_phase(ENVIRONMENT.model_copy(update={"deadlines": deadlines}))
    waits = {lane.task_id: lane.waits_seconds for lane in spec.lanes if lane.waits_seconds}
    assert waits == {"a_readiness": 11, "d_demo.verify": 22, "f_residual_scan": 25, "f_preserved": 22}


def test_what_the_manifest_does_not_ask_for_is_not_built() -> None:
    spec = build_phase(_with({"core": ENVIRONMENT.stacks["core"]}))
    assert {lane.stack for lane in spec.lanes} == {"core", None}
    assert spec.upstream_of(spec.lane("g_network_posture")) == ("c_core.verify",)


def test_every_stack_has_its_lanes() -> None:
    assert lane_gaps(ENVIRONMENT) == ()


def test_a_stack_without_lanes_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """No manifest makes one; a mistake in what makes the lanes would."""
    monkeypatch.setattr(phases, "all_build_lanes", lambda _environment, **_: [])
    monkeypatch.setattr(phases, "all_destroy_lanes", lambda _environment: [])
    found = [(gap.stack, gap.missing) for gap in lane_gaps(ENVIRONMENT)]
    assert found == [("core", "build"), ("demo", "build"), ("demo", "destroy")]


def _with(stacks: dict[str, Any]) -> Environment:
    return ENVIRONMENT.model_copy(update={"stacks": stacks})


def test_a_lane_by_its_task() -> None:
    spec = PHASES["m2"]
    assert spec.lane("a_readiness") is spec.lanes[0]
    assert spec.lane("j_phase_verdict") is spec.verdict
    with pytest.raises(KeyError, match="z_nothing"):
        spec.lane("z_nothing")


# The audit.


AUDIT = audit_phase(three_stacks())


def test_the_audit_looks_at_itself_at_locks_drift_identities_evidence_and_passes() -> None:
    own = [
        ("AUDIT.B", "b_continuity", "AUDIT-CONTINUITY", "audit_b_continuity_snapshot"),
        ("AUDIT.G", "g_state_locks", "STATE-LOCKS", "audit_g_state_locks_snapshot"),
        ("AUDIT.H", "h_drift", "STACK-DRIFT", "audit_h_drift_snapshot"),
        ("AUDIT.I", "i_orphan_identities", "AUDIT-IDENTITIES", "audit_i_orphan_identities_snapshot"),
        ("AUDIT.J", "j_evidence_chain", "EVIDENCE-CHAIN", "audit_j_evidence_chain_snapshot"),
        ("AUDIT.K", "k_standing_passes", "STANDING-PASSES", "audit_k_standing_passes_snapshot"),
    ]
    assert [row for row in names(AUDIT) if row in own] == own


def test_the_audit_changes_nothing_and_runs_every_lane() -> None:
    assert AUDIT.every_lane_runs
    assert not any(lane.mutates or lane.guards for lane in AUDIT.lanes)
    test_nothing_is_there_twice(AUDIT)
    test_letters_rise_and_the_verdict_has_the_last(AUDIT)
    for lane in (*AUDIT.lanes, AUDIT.verdict):
        test_a_lane_collects_what_its_gate_judges(AUDIT, lane)


@pytest.mark.parametrize("minutes", [5, 60, 600])
def test_every_lane_and_the_verdict_end_within_the_deadline(minutes: int) -> None:
    """With time to spare for what Airflow does between tasks."""
    spec = replace(AUDIT, deadline_minutes=minutes)
    seconds = {lane.task_id: spec.seconds_of(lane) or 0.0 for lane in (*spec.lanes, spec.verdict)}
    waits = sum(lane.waits_seconds for lane in spec.lanes)
    assert all(value > 0 for value in seconds.values())
    assert sum(seconds.values()) + waits <= 0.86 * minutes * 60 or waits > 0.65 * minutes * 60
    assert seconds["n_phase_verdict"] == minutes * 6
    assert seconds["h_drift"] == pytest.approx(6 * seconds["b_continuity"])


def test_a_lane_that_asks_confluent_outlives_its_slow_lists() -> None:
    """A list may take 90 seconds; then there must be time left for what AWS says."""
    seconds = {lane.letter: AUDIT.seconds_of(lane) or 0.0 for lane in AUDIT.lanes}
    assert min(seconds[letter] for letter in "dfi") >= 2 * 90 + 60


def test_what_lanes_may_wait_is_set_aside() -> None:
    waiting = tuple(
        replace(lane, waits_seconds=300 if lane.task_id == "c_network_posture" else 0) for lane in AUDIT.lanes
    )
    spec = replace(AUDIT, lanes=waiting, deadline_minutes=60)
    assert sum(spec.seconds_of(lane) or 0 for lane in waiting) == pytest.approx(0.75 * 3600 - 300)


def test_other_phases_have_no_deadline() -> None:
    for phase in ("m1", "m2", "m9", "stop", "release"):
        spec = PHASES[phase]
        assert {spec.seconds_of(lane) for lane in (*spec.lanes, spec.verdict)} == {None}


# Three stacks.

THREE = three_stacks()
BUILD, TEARDOWN = build_phase(THREE), teardown_phase(THREE)


def names(spec: PhaseSpec) -> list[tuple[str, str, str, str]]:
    return [(lane.name, lane.task_id, lane.gate, lane.snapshot) for lane in spec.lanes]


def test_the_messaging_stack_is_built_between_the_others() -> None:
    own = [
        ("M2.D", "d_confluent.plan_and_guard", "PLAN-GUARD", "m2_d_confluent_plan_snapshot"),
        ("M2.D", "d_confluent.apply", "MUTATION-AUTHORIZATION", "m2_d_confluent_authorization_snapshot"),
        ("M2.D", "d_confluent.verify", "APPLIED-STATE", "m2_d_confluent_state_snapshot"),
    ]
    found = names(BUILD)
    assert [row for row in found if row not in names(PHASES["m2"])] == own
    tasks = [row[1] for row in found]
    first = tasks.index(own[0][1])
    assert (tasks[first - 1], tasks[first + 3]) == ("c_core.verify", "e_stack_contract")


def test_the_messaging_stack_is_destroyed_after_what_needs_it_and_looked_for() -> None:
    own = [
        ("M9.E", "e_confluent.destroy", "MUTATION-AUTHORIZATION", "m9_e_confluent_authorization_snapshot"),
        ("M9.E", "e_confluent.verify", "DESTROYED-STATE", "m9_e_confluent_state_snapshot"),
        ("M9.E", "e_confluent.orphans", "ORPHAN-IDENTITIES", "m9_e_confluent_orphan_identities_snapshot"),
    ]
    found = names(TEARDOWN)
    bill = ("M9.G", "g_confluent_billing", "CONFLUENT-BILLING", "confluent_billing_snapshot")
    assert [row for row in found if row not in names(PHASES["m9"])] == [*own, bill]
    tasks = [row[1] for row in found]
    first = tasks.index(own[0][1])
    assert (tasks[first - 1], tasks[first + 3]) == ("d_demo.verify", "f_residual_scan")


def test_its_teardown_ends_with_its_identities() -> None:
    """Until they are gone the next run must know what was frozen to go."""
    ends = [lane.task_id for lane in TEARDOWN.lanes if lane.on_pass == "tidegate.lanes.teardown:end_stack_teardown"]
    assert ends == ["d_demo.verify", "e_confluent.orphans"]


@pytest.mark.parametrize("spec", [BUILD, TEARDOWN], ids=["m2", "m9"])
def test_three_stacks_keep_all_that_holds_for_two(spec: PhaseSpec) -> None:
    test_nothing_is_there_twice(spec)
    test_letters_rise_and_the_verdict_has_the_last(spec)
    for lane in (*spec.lanes, spec.verdict):
        test_a_lane_collects_what_its_gate_judges(spec, lane)
        test_guards_come_before_what_they_guard(spec, lane)
        if lane.on_pass:
            test_an_action_takes_the_run_its_facts_and_its_snapshot(lane.on_pass)
        if lane.mutates:
            test_whatever_mutates_is_guarded(spec, lane)
            assert spec.phase != "m2" or "b_backend_readiness" in lane.guards


def test_three_stacks_leave_no_gap() -> None:
    assert lane_gaps(THREE) == ()


def test_a_stack_that_may_not_go_has_no_lane_to_destroy_it() -> None:
    kept = THREE.stacks["confluent"].model_copy(update={"destroyable": False})
    environment = THREE.model_copy(update={"stacks": {**THREE.stacks, "confluent": kept}})
    assert {lane.stack for lane in teardown_phase(environment).lanes} == {"demo", None}
    assert lane_gaps(environment) == ()


def test_the_stop_waits_for_both_stacks() -> None:
    deadlines = THREE.deadlines.model_copy(
        update={"lock_wait": 5, "residual_wait": 70, "residual_pause": 9, "terraform": 600}
    )
    spec = stop_phase(THREE.model_copy(update={"deadlines": deadlines}))
    assert [lane.waits_seconds for lane in spec.lanes] == [0, 5 + 4 * 600 + 3 * 70 + 9]


def test_targets_are_downstream_first() -> None:
    assert ENVIRONMENT.targets == ("demo",)
    assert THREE.destroyable_stacks == ("demo", "confluent")
    assert THREE.targets == ("demo", "confluent", "demo+confluent")


def test_unknown_cost_stops_builds_and_never_a_teardown() -> None:
    """Every build waits for its cost guardrail; what destroys waits for none."""
    build, teardown = PHASES["m2"], PHASES["m9"]
    (cost,) = [lane for lane in build.lanes if lane.gate == "COST-GUARDRAIL"]
    assert (cost.task_id, cost.beside) == ("b_cost_guardrail", True)
    assert all(cost.task_id in lane.guards for lane in build.lanes if lane.mutates)
    tasks = [lane.task_id for lane in teardown.lanes]
    assert all(tasks.index(lane.task_id) < tasks.index("g_cost_guardrail") for lane in teardown.lanes if lane.mutates)
