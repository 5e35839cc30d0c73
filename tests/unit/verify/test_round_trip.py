"""Facts go into the evidence as JSON and come back as the same facts: only then can a stored judgement be repeated."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

import factories_audit as audit
import factories_control as control
import factories_emergency as emergency
import factories_guardrails as guardrails
import factories_orphans as orphans
import factories_residual as residual
import factories_time_to_live as lives
import factories_world as world
from factories_prices import PRICES
from facts_that_pass import variants
from tidegate.evidence.canonical import digest_of, plain
from tidegate.gates.base import Gate
from tidegate.gates.registry import GATES
from tidegate.models.facts import Coverage, Facts, Source
from tidegate.models.identity import Endpoint
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable

SOURCES = (
    Source(
        name="aws",
        data_as_of=world.NOW - timedelta(microseconds=7),
        coverage=(Coverage(subject="a", status="read"), Coverage(subject="b", status="unreadable", reason="403")),
    ),
)
ANY = {
    "text": Known("7"),
    "number": Known(7),
    "fraction": Known(0.5),
    "true": Known(True),
    "zero": Known(0),
    "false": Known(False),
    "none": Absent(),
    "unknown": UnknownUntilApply(),
    "unreadable": Unreadable("two blocks"),
}
LIVE = {name: value for name, value in ANY.items() if name != "unknown"}
"""What stands is decided."""
RULES = tuple(
    world.rule_with(operator, value)
    for operator, value in [
        ("in", ("1", 1, True)),
        ("equals", True),
        ("equals", "1"),
        ("not_equals", 1),
        ("greater_than", 0),
        ("present", None),
    ]
)
SERVICE = world.planned("module.a.aws_ecs_service.x", "create", attributes=ANY, drifted=True, importing=True)

OTHERS: dict[str, tuple[Callable[[], Facts], ...]] = {
    "IDENTITY-AND-TOOLS": (
        lambda: control.identity_facts(
            caller=control.caller(
                static_keys=control.static_keys("the environment"),
                endpoints=(Endpoint(variable="AWS_ENDPOINT_URL", url="http://127.0.0.1:4", loopback=True),),
                account_id=Unreadable("403"),
            )
        ),
    ),
    "BUILD-READINESS": (
        lambda: control.build_readiness_facts(control=control.control(lease=control.THEIRS, latch=Absent())),
        lambda: control.build_readiness_facts(locks=(control.stack_locks(locks=Known((control.lock(),))),)),
    ),
    "TEARDOWN-READINESS": (
        lambda: control.teardown_readiness_facts(confirm="", target=(), evidence_writable=Known(False)),
        lambda: control.teardown_readiness_facts(
            ended_lives=(lives.ended_life(), lives.ended_life(triggered_by=Unreadable("x"), record=Absent()))
        ),
    ),
    "BOOTSTRAP-RESULT": (
        lambda: control.bootstrap_facts(steps=(control.step("lock table", outcome="refused", detail="no"),)),
    ),
    "BACKEND-READINESS": (
        lambda: world.backend_facts(lockfile_probe=Unreadable("x"), stacks=(world.stack_backend("a", key="k"),)),
    ),
    "PLAN-GUARD": (
        lambda: world.plan_facts(SERVICE, forbidden=RULES, exceptions=(world.exception("ALWAYS-ON-ECS", "x"),)),
        lambda: world.plan_facts(plan=Unreadable("no root"), state=Absent(), repair_drift_reason=" "),
        lambda: world.plan_facts(
            world.planned("aws_db_instance.x", "update", before=ANY), prices=PRICES, month=Unreadable("no guardrail")
        ),
    ),
    "MUTATION-AUTHORIZATION": (
        lambda: control.authorization_facts(guards=(Unreadable("x"), Known(control.guard(state_serial=None)))),
        lambda: control.authorization_facts(direction="destroy", locks=Known((control.lock(created=None),))),
        lambda: control.authorization_facts(direction="destroy", ended_lives=(lives.ended_life(),)),
    ),
    "APPLIED-STATE": (lambda: world.applied_facts(before=Absent(), applied=False),),
    "STACK-CONTRACT": (
        lambda: world.contract_facts(world.upstream(source="manual", outputs={"a": Absent(), "b": Unreadable("x")})),
        lambda: world.contract_facts(world.messaging_upstream(secrets=Known((world.parameter(type="String"),)))),
    ),
    "NETWORK-POSTURE": (
        lambda: world.posture_facts(world.live("aws_ecs_service", attributes=LIVE, tags={"a": "b"}), forbidden=RULES),
    ),
    "STATE-OWNERSHIP": (
        lambda: guardrails.ownership_facts(
            guardrails.owned("core", world.state_resource()),
            guardrails.owned("demo", resources=Unreadable("cut")),
        ),
    ),
    "BUDGET-GUARDRAIL": (
        lambda: guardrails.budget_facts(
            guardrails.alert(threshold=Decimal("9.5"), subscribers=Unreadable("403")),
            limit=Absent(),
            filters=Known(("Service",)),
            subscriptions=Known((guardrails.subscription(status="pending"),)),
        ),
    ),
    "TEARDOWN-VIABILITY": (
        lambda: guardrails.viability_facts(
            world.scope(plan=Absent()), m9=guardrails.dag_status(paused=Known(True), loads=Unreadable("x"))
        ),
        lambda: guardrails.viability_facts(schedules=False, audit=None, hourly_check=None),
    ),
    "PRE-DESTROY": (
        lambda: guardrails.pre_destroy_facts(
            target=Absent(),
            resources={"core": Unreadable("x"), "demo": Absent()},
            states=(guardrails.moment(now=Absent()),),
        ),
    ),
    "CONFLUENT-BILLING": (
        lambda: guardrails.confluent_billing_facts(
            billing=guardrails.billing(bill=Known(guardrails.bill(negative=(guardrails.negative_line(),)))),
            exceptions=(guardrails.quiet(),),
        ),
        lambda: guardrails.confluent_billing_facts(
            billing=guardrails.billing(bill=Unreadable("401"), standing_since=Absent())
        ),
    ),
    "COST-GUARDRAIL": (
        lambda: guardrails.cost_facts(widest_scope=Unreadable("403"), exceptions=(guardrails.quiet(),)),
        lambda: guardrails.cost_facts(guardrails.daily(amount="28.00"), budgets=Unreadable("403"), rung="unknown"),
    ),
    "TEARDOWN-SCOPE": (
        lambda: world.scope_facts(
            world.scope(plan=Absent(), unplanned=(world.state_resource(),)),
            downstream={"demo": Known(3), "other": Unreadable("x")},
        ),
    ),
    "DESTROYED-STATE": (
        lambda: world.destroyed_facts(post_destroy_state_count=Known(2), still_there=Known((world.state_resource(),))),
    ),
    "ORPHAN-IDENTITIES": (
        lambda: orphans.orphan_facts(
            api_keys=Unreadable("403"), service_accounts=Known((orphans.identity(display_name=""),))
        ),
    ),
    "RESIDUAL-SCAN": (
        lambda: world.residual_facts(
            world.live("aws_ecs_service", attributes=LIVE), destroyed_still_there=Unreadable("x")
        ),
    ),
    "PRESERVED-THINGS": (
        lambda: world.preserved_facts(preserved_missing=Unreadable("x"), serials_now={"core": Unreadable("x")}),
    ),
    "AUDIT-RESIDUAL": (
        lambda: residual.standing(
            world.live("aws_ecs_service", attributes=LIVE), held=(world.state_resource(),), preserve_set=Unreadable("x")
        ),
        lambda: residual.audit_residual_facts(platform_run=Absent(), looks=world.looks(first=Unreadable("x"))),
    ),
    "SPEND-AFTER-ZERO": (
        lambda: residual.spend_facts(
            residual.spend("aws", residual.day_spend(16, "1.00")), residual.spend("confluent", days=Unreadable("403"))
        ),
        lambda: residual.spend_facts(platform_run=Absent(), closed_at=Absent()),
    ),
    "TEARDOWN-PROOF": (
        lambda: world.proof_facts(
            ephemeral_state_counts={"demo": Known(0), "confluent": Known(3)}, platform_run_stays_open_for=("confluent",)
        ),
        lambda: world.proof_facts(platform_run=None, references=(world.reference(version_id=None, status="fail"),)),
    ),
    "EMERGENCY-LATCH": (lambda: emergency.emergency_latch_facts(latch=Absent(), write_problem="403"),),
    "EMERGENCY-TEARDOWN": (lambda: emergency.emergency_teardown_facts(verdict=Unreadable("x"), run_state=Absent()),),
    "EMERGENCY-RELEASE": (lambda: emergency.emergency_release_facts(cost=Absent(), latch=Unreadable("x")),),
    "LOCK-RELEASE": (lambda: control.lock_release_facts(look=Absent(), locks=Unreadable("x"), holder="unknown"),),
    "TIME-TO-LIVE": (
        lambda: lives.time_to_live_facts(
            lives.ended(),
            lives.ended(Known("running"), resource_count=Unreadable("403")),
            lives.life(teardown=replace(lives.triggered(), failed_before=("ttl__demo__1", "ttl__demo__2"))),
            lives.life(record=Absent()),
        ),
    ),
    "TIME-TO-LIVE-EXTENSION": (
        lambda: lives.extension_facts(
            record=Unreadable("x"), latch=Absent(), teardown=lives.triggered(Unreadable("500")), hours=0
        ),
    ),
    "AUDIT-CONTINUITY": (
        lambda: audit.continuity_facts(missed=Known((world.NOW,)), without_verdict=Known(("audit_x",))),
        audit.first_audit,
    ),
    "STATE-LOCKS": (
        lambda: audit.locks_facts(
            stacks=(audit.lock_state(locks=Known((control.lock(created=None),)), intent=Known(control.intent())),),
            lease=Absent(),
        ),
    ),
    "STACK-DRIFT": (
        lambda: audit.drift_facts(
            audit.stack_drift(plan=Known(audit.drift_plan(drifted=(audit.changed_resource(),), has_changes=True))),
            audit.stack_drift("core", state=Absent(), plan=Absent()),
        ),
    ),
    "AUDIT-IDENTITIES": (
        lambda: audit.identities_facts(held={"core": Unreadable("x")}, api_keys=Known((orphans.identity("api_key"),))),
    ),
    "EVIDENCE-CHAIN": (
        lambda: audit.evidence_facts(
            audit.verified("m2_x", audit.evidence_finding(certain=False)), by_record_only=("m2_y",), proof=Absent()
        ),
    ),
    "STANDING-PASSES": (
        lambda: audit.passes_facts(
            cost=Known(audit.standing(policies=())), build=Absent(), exceptions=(world.exception("R", "x"),)
        ),
    ),
    "PHASE-VERDICT": (lambda: control.verdict_facts(control.empty_lane(), control.failed_lane()),),
}
"""By gate: facts beyond those that pass, most of which do not, with every kind of value that they can hold."""


def all_facts() -> Iterator[Any]:
    for gate in GATES:
        for number, maker in enumerate((*variants(gate.id), *OTHERS.get(gate.id, ()))):
            yield pytest.param(gate, maker(), id=f"{gate.id}-{number}")


def shape(facts: Facts) -> str:
    """What the facts are, to the last type; UTC by whichever name."""
    return re.sub(r"TzInfo\((UTC|0)\)", "datetime.timezone.utc", repr(facts))


def changed(facts: Facts) -> Facts:
    """With sources, as collectors give them."""
    return replace(facts, sources=SOURCES)


def test_whatever_is_here_is_facts_of_a_gate() -> None:
    """Facts of a gate that was renamed would be left out of the walk without a word."""
    assert set(OTHERS) - {gate.id for gate in GATES} == set()


@pytest.mark.parametrize(("gate", "facts"), list(all_facts()))
def test_facts_survive_json(gate: Gate[Any], facts: Facts) -> None:
    facts = changed(facts)
    text = json.dumps(plain(facts))
    back = TypeAdapter(gate.facts).validate_python(json.loads(text))
    assert back == facts
    assert shape(back) == shape(facts), "equal is not enough: 1 == True"
    assert digest_of(back) == digest_of(facts)
    assert TypeAdapter(gate.facts).validate_json(text, strict=True) == facts
    judged = gate.evaluate(facts, judged_at=facts.observed_at)
    assert gate.evaluate(back, judged_at=back.observed_at) == judged
    assert "GATE-BROKEN" not in {blocker.code for blocker in judged}


def test_money_stays_what_it_was() -> None:
    assert TypeAdapter(Decimal).validate_python(json.loads(json.dumps(plain(Decimal("10.00"))))) == Decimal("10.00")
