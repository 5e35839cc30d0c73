"""Every gate, by hand: one that is not listed here judges nothing, and a test says so. docs/gates.md is made of it."""

from typing import Any

from tidegate.gates import (
    applied_state,
    audit_continuity,
    audit_identities,
    audit_residual,
    backend_readiness,
    bootstrap_result,
    budget_guardrail,
    build_readiness,
    confluent_billing,
    cost_guardrail,
    destroyed_state,
    emergency_latch,
    emergency_release,
    emergency_teardown,
    evidence_chain,
    identity_and_tools,
    lock_release,
    mutation_authorization,
    network_posture,
    orphan_identities,
    phase_verdict,
    plan_guard,
    pre_destroy,
    preserved_things,
    residual_scan,
    spend_after_zero,
    stack_contract,
    stack_drift,
    standing_passes,
    state_locks,
    state_ownership,
    teardown_proof,
    teardown_readiness,
    teardown_scope,
    teardown_viability,
    time_to_live,
    time_to_live_extension,
)
from tidegate.gates.base import Gate

GATES: tuple[Gate[Any], ...] = (
    identity_and_tools.GATE,
    build_readiness.GATE,
    teardown_readiness.GATE,
    bootstrap_result.GATE,
    backend_readiness.GATE,
    plan_guard.GATE,
    mutation_authorization.GATE,
    applied_state.GATE,
    stack_contract.GATE,
    network_posture.GATE,
    state_ownership.GATE,
    budget_guardrail.GATE,
    teardown_viability.GATE,
    teardown_scope.GATE,
    pre_destroy.GATE,
    destroyed_state.GATE,
    orphan_identities.GATE,
    residual_scan.GATE,
    preserved_things.GATE,
    confluent_billing.GATE,
    cost_guardrail.GATE,
    teardown_proof.GATE,
    emergency_latch.GATE,
    emergency_teardown.GATE,
    emergency_release.GATE,
    lock_release.GATE,
    time_to_live.GATE,
    time_to_live_extension.GATE,
    audit_residual.GATE,
    spend_after_zero.GATE,
    audit_continuity.GATE,
    state_locks.GATE,
    stack_drift.GATE,
    audit_identities.GATE,
    evidence_chain.GATE,
    standing_passes.GATE,
    phase_verdict.GATE,
)
"""In the order in which an environment meets them."""

_BY_ID = {gate.id: gate for gate in GATES}


def by_id(gate_id: str) -> Gate[Any]:
    """The gate with this id. Raises KeyError."""
    return _BY_ID[gate_id]
