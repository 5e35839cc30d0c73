"""Facts that pass, for every gate: the one table. A new gate has its line in PASSING, and nothing else here.

The contract of gates walks PASSING and VARIANTS, evidence of whole phases is made of them (`factories_evidence`), and
real runs are given them (`end_to_end/test_failing_gates.py`). `unit/gates/test_contract.py` says who has no line.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pytest

import factories_audit as audit
import factories_control as control
import factories_emergency as emergency
import factories_guardrails as guardrails
import factories_orphans as orphans
import factories_residual as residual
import factories_schedule as schedule
import factories_time_to_live as lives
import factories_world as world
from factories_prices import DATABASE, PRICES, known
from tidegate.gates.registry import GATES
from tidegate.models.facts import Facts
from tidegate.models.observed import Known

DESIRED_NONE = {"desired_count": Known(0)}
SERVICE_AT_REST = {**DESIRED_NONE, "scheduling_strategy": Known("REPLICA")}

PASSING: dict[str, Callable[[], Facts]] = {
    "IDENTITY-AND-TOOLS": control.identity_facts,
    "BUILD-READINESS": control.build_readiness_facts,
    "TEARDOWN-READINESS": control.teardown_readiness_facts,
    "BOOTSTRAP-RESULT": control.bootstrap_facts,
    "BACKEND-READINESS": world.backend_facts,
    "PLAN-GUARD": world.plan_facts,
    "MUTATION-AUTHORIZATION": control.authorization_facts,
    "APPLIED-STATE": world.applied_facts,
    "STACK-CONTRACT": world.contract_facts,
    "NETWORK-POSTURE": world.posture_facts,
    "STATE-OWNERSHIP": guardrails.ownership_facts,
    "BUDGET-GUARDRAIL": guardrails.budget_facts,
    "TEARDOWN-VIABILITY": guardrails.viability_facts,
    "TEARDOWN-SCOPE": world.scope_facts,
    "PRE-DESTROY": guardrails.pre_destroy_facts,
    "DESTROYED-STATE": world.destroyed_facts,
    "ORPHAN-IDENTITIES": orphans.orphan_facts,
    "RESIDUAL-SCAN": world.residual_facts,
    "PRESERVED-THINGS": world.preserved_facts,
    "CONFLUENT-BILLING": guardrails.confluent_billing_facts,
    "COST-GUARDRAIL": guardrails.cost_facts,
    "TEARDOWN-PROOF": world.proof_facts,
    "EMERGENCY-LATCH": emergency.emergency_latch_facts,
    "EMERGENCY-TEARDOWN": emergency.emergency_teardown_facts,
    "EMERGENCY-RELEASE": emergency.emergency_release_facts,
    "LOCK-RELEASE": control.lock_release_facts,
    "TIME-TO-LIVE": lives.time_to_live_facts,
    "TIME-TO-LIVE-EXTENSION": lives.extension_facts,
    "BUILD-HOLD": schedule.hold_facts,
    "SCHEDULED-BUILD": schedule.build_facts,
    "SCHEDULED-TEARDOWN": schedule.teardown_facts,
    "AUDIT-RESIDUAL": residual.audit_residual_facts,
    "SPEND-AFTER-ZERO": residual.spend_facts,
    "AUDIT-CONTINUITY": audit.continuity_facts,
    "STATE-LOCKS": audit.locks_facts,
    "STACK-DRIFT": audit.drift_facts,
    "AUDIT-IDENTITIES": audit.identities_facts,
    "EVIDENCE-CHAIN": audit.evidence_facts,
    "STANDING-PASSES": audit.passes_facts,
    "PHASE-VERDICT": control.verdict_facts,
}
"""By gate, a function that makes facts which pass when they are judged at their own `observed_at`."""

VARIANTS: dict[str, tuple[Callable[[], Facts], ...]] = {
    "PLAN-GUARD": (
        lambda: world.plan_facts(
            world.planned("aws_ecs_service.api", "create", attributes=SERVICE_AT_REST),
            world.planned("aws_db_instance.this", "create", attributes=known(**DATABASE)),
            allowed_types=("aws_ecs_service", "aws_db_instance"),
            prices=PRICES,
        ),
    ),
    "MUTATION-AUTHORIZATION": (
        lambda: control.authorization_facts(direction="destroy"),
        control.authorization_left_alone,
    ),
    "STACK-CONTRACT": (lambda: world.contract_facts(world.upstream(), world.messaging_upstream()),),
    "NETWORK-POSTURE": (lambda: world.posture_facts(world.live(type="aws_ecs_service", attributes=DESIRED_NONE)),),
    "TEARDOWN-SCOPE": (lambda: world.scope_facts(downstream={"demo": Known(0)}),),
    "DESTROYED-STATE": (world.destroyed_left_alone,),
    "ORPHAN-IDENTITIES": (orphans.left_alone,),
    "RESIDUAL-SCAN": (lambda: world.residual_facts(world.live(type="aws_ecs_service", attributes=DESIRED_NONE)),),
    "COST-GUARDRAIL": (guardrails.both_platforms,),
    "TEARDOWN-PROOF": (lambda: world.proof_facts(ephemeral_state_counts={"demo": Known(0), "confluent": Known(3)}),),
    "AUDIT-RESIDUAL": (
        lambda: residual.standing(world.live(type="aws_vpc", id="vpc-1"), held=(world.state_resource(),)),
    ),
}
"""Other facts that pass, where one set of them does not hold every kind of value that the gate looks at."""

DATED: dict[str, Callable[[datetime], Facts]] = {
    "CONFLUENT-BILLING": lambda at: guardrails.confluent_billing_facts(billing=guardrails.billing_on(at.date())),
    "COST-GUARDRAIL": lambda at: guardrails.cost_facts_on(at.date()),
    "EMERGENCY-RELEASE": lambda at: emergency.emergency_release_facts(
        cost=Known(emergency.cost_judgement(valid_until=at + timedelta(days=1)))
    ),
    "TIME-TO-LIVE": lambda at: lives.time_to_live_facts(lives.life(record=Known(lives.built_at(at)))),
    "TIME-TO-LIVE-EXTENSION": lambda at: lives.extension_facts(record=Known(lives.built_at(at))),
    "BUILD-HOLD": lambda at: schedule.hold_facts(until=Known(at + timedelta(days=3))),
}
"""Facts that pass on another day than the table's, where a gate compares dates in them with `observed_at`."""


def variants(gate_id: str) -> tuple[Callable[[], Facts], ...]:
    """Everything that passes this gate; nothing where it has no line, which is a red test of its own."""
    return (PASSING[gate_id], *VARIANTS.get(gate_id, ())) if gate_id in PASSING else ()


def passing_on(at: datetime, gate_id: str) -> Facts:
    """Facts that pass when they are observed and judged at this moment."""
    return DATED[gate_id](at) if gate_id in DATED else PASSING[gate_id]()


def told(gate_id: str) -> str:
    """What is to be done for a gate without a line."""
    return f"{gate_id} has no facts that pass: add a line for it to PASSING in tests/facts_that_pass.py"


def without_a_line() -> list[str]:
    """What the table lacks, and what it holds for gates that are none, each as a sentence."""
    known_gates = [gate.id for gate in GATES]
    lines = dict.fromkeys([*PASSING, *VARIANTS, *DATED])
    return [
        *(told(gate_id) for gate_id in known_gates if gate_id not in PASSING),
        *(
            f"{gate_id} is in tests/facts_that_pass.py and not in plugins/tidegate/gates/registry.py: list it "
            "there, or take its line out"
            for gate_id in lines
            if gate_id not in known_gates
        ),
    ]


def fail_without_a_line(gate_ids: Iterable[str]) -> None:
    """A test of a whole phase that has a gate without a line says what to add, instead of a KeyError."""
    lacking = [told(gate_id) for gate_id in gate_ids if gate_id not in PASSING]
    if lacking:
        pytest.fail("; ".join(lacking))
