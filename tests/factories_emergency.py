"""Passing facts of the emergency stop and its release. Each takes changes by keyword."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from factories_control import NOW, caller, latch, tools
from factories_guardrails import dag_status
from tidegate.models.emergency import (
    CostJudgement,
    EmergencyLatchFacts,
    EmergencyReleaseFacts,
    EmergencyTeardownFacts,
    TeardownVerdict,
)
from tidegate.models.observed import Known

RUN_ID = "stop_20260213T201427Z__try1"
SET_AT = NOW - timedelta(hours=80)
FAR = datetime(2999, 1, 1, tzinfo=UTC)


def emergency_latch_facts(**changes: Any) -> EmergencyLatchFacts:
    """The latch is set."""
    facts = EmergencyLatchFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        environment="dev_min",
        confirm="dev_min",
        reason="spend runs away",
        target=("demo",),
        destroyable=("demo",),
        latch=Known(latch(is_set=True)),
    )
    return replace(facts, **changes)


def teardown_verdict(**changes: Any) -> TeardownVerdict:
    """M9 passed."""
    verdict = TeardownVerdict(
        uri="s3://evidence/m9_i_phase_verdict.json",
        execution_id="m9_20260213T201430Z",
        run_id=RUN_ID,
        environment="dev_min",
        profile="aws",
        gate="PHASE-VERDICT",
        status="pass",
        overall_pass=True,
        lanes=("M9.D d_demo.destroy pass", "M9.G g_cost_guardrail pass"),
    )
    return replace(verdict, **changes)


def emergency_teardown_facts(**changes: Any) -> EmergencyTeardownFacts:
    """The triggered M9 has ended and passed."""
    facts = EmergencyTeardownFacts(
        observed_at=NOW,
        environment="dev_min",
        profile="aws",
        m9=dag_status(),
        run_id=RUN_ID,
        run_state=Known("success"),
        trigger_problem="",
        verdict=Known(teardown_verdict()),
    )
    return replace(facts, **changes)


def cost_judgement(**changes: Any) -> CostJudgement:
    """A pass of an hour ago, under today's policy."""
    judgement = CostJudgement(
        uri="s3://evidence/m9_g_cost_guardrail_snapshot.json",
        execution_id="m9_20260213T190000Z",
        environment="dev_min",
        profile="aws",
        gate="COST-GUARDRAIL",
        status="pass",
        overall_pass=True,
        observed_at=NOW - timedelta(hours=1),
        valid_until=NOW + timedelta(hours=23),
        policy_digest="c" * 64,
        policy_digest_today="c" * 64,
        total=Known(Decimal("9.99")),
        stop=Decimal(28),
        vouches_until=Known(NOW - timedelta(hours=73)),
    )
    return replace(judgement, **changes)


def emergency_release_facts(**changes: Any) -> EmergencyReleaseFacts:
    """The latch was set 80 hours ago, the cost passed an hour ago; Confluent's bill is three days late."""
    facts = EmergencyReleaseFacts(
        observed_at=NOW,
        caller=caller(),
        tools=tools(),
        environment="dev_min",
        profile="aws",
        confirm="dev_min",
        reason="the forgotten cluster is gone",
        latch=Known(latch(is_set=True, recorded_at=SET_AT)),
        cost=Known(cost_judgement()),
    )
    return replace(facts, **changes)
