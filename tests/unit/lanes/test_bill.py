"""The bill in the audit: what may explain a charge is collected, and what nothing explains is kept open."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

import factories_guardrails as guardrails
from factories_bill import HERE, UNHEARD, bill, month, spend, watch
from factories_residual import audit_residual_facts
from factories_time_to_live import time_to_live_facts
from factories_world import NOW
from standins import three_stacks
from tidegate.evidence.store import StoreError
from tidegate.evidence.unexplained_spend import record_unexplained, unexplained_spend
from tidegate.gates.registry import by_id
from tidegate.lanes import bill as lane
from tidegate.lanes import findings
from tidegate.lanes import spend as after_zero
from tidegate.lanes.phases import phase_of
from tidegate.models.bill import BillFacts, UnexplainedSpend
from tidegate.models.facts import CollectorBroken, Coverage, Source
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.policy import PolicyException

AS_OF = NOW - timedelta(hours=24)
ENVIRONMENT = three_stacks()
DOCUMENT = {"attempt": 1, "digest": "a" * 64}


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, moment: Any) -> None:
    monkeypatch.setattr(lane, "now", moment)
    monkeypatch.setattr(after_zero, "now", moment)


def run_of(world: Any, environment: Any = ENVIRONMENT) -> Any:
    return world.run("audit", "m_spend_after_zero", environment=environment)


def scanned(world: Any) -> None:
    """The night's scan: one subject read, one that was not."""
    night = audit_residual_facts()
    covered = (
        Coverage(subject=f"aws_db_instance@{HERE}", status="read"),
        Coverage(subject=f"aws_instance@{HERE}", status="unreadable", reason="Throttling"),
    )
    inventory = replace(night.inventory, coverage=covered, expected_coverage=tuple(it.subject for it in covered))
    world.left("audit", "d_residual_scan", replace(night, inventory=inventory), environment=ENVIRONMENT)


def charged(world: Any, charges: Any = None, **changes: Any) -> None:
    given = {
        "days": Known(month(charges or {})),
        "observed_at": NOW,
        "sources": (Source(name="aws-cost-explorer", data_as_of=AS_OF),),
        **changes,
    }
    facts = replace(guardrails.both_on(date(2026, 11, 21)), **given)
    world.left("audit", "f_cost_guardrail", facts, environment=ENVIRONMENT)


def collected(world: Any, environment: Any = ENVIRONMENT) -> BillFacts:
    facts = after_zero.collect_spend_after_zero(run_of(world, environment)).bill
    assert facts is not None
    return facts


def keep(world: Any, *spends: UnexplainedSpend) -> None:
    evidence = {"uri": "s3://x/y", "sha256": "a" * 64}
    record_unexplained(
        world.remote, "dev_min", judged=(), now_open=spends, recorded_by="audit_x", at=NOW, evidence=evidence
    )


def test_what_may_explain_a_charge(world: Any) -> None:
    scanned(world)
    charges = {3: (("Tax", "NoRegion", "1.5"),), 18: ((UNHEARD, HERE, "0.5"),)}
    charged(world, charges)
    keep(world, spend())
    exceptions = tuple(
        PolicyException(rule=rule, resource="x", owner="y", reason="because of this", expires=date(2026, 12, 1))
        for rule in ("SPEND-UNEXPLAINED", "FINDING-OPEN")
    )
    facts = collected(world, ENVIRONMENT.model_copy(update={"exceptions": exceptions}))
    assert (facts.region, facts.data_as_of, facts.lag_hours) == (HERE, Known(AS_OF), 24)
    assert (facts.days, facts.open) == (Known(month(charges)), Known((spend(),)))
    assert facts.looked_at == Known((f"aws_db_instance@{HERE}",))
    assert ("aws_s3_bucket" in facts.persistent_types, "aws_s3_bucket" in facts.ephemeral_types) == (True, False)
    assert ("aws_db_instance" in facts.persistent_types, "aws_db_instance" in facts.ephemeral_types) == (False, True)
    assert "confluent_kafka_cluster" in facts.ephemeral_types
    assert (facts.above_usd, facts.today, facts.exceptions) == (Decimal("0.01"), NOW.date(), exceptions[:1])
    assert "of this month, apart, USD: Tax 1.5" in world.said


def test_what_nobody_handed_over_is_not_nothing(world: Any) -> None:
    facts = collected(world)
    assert (type(facts.days), facts.data_as_of, type(facts.looked_at)) == (Unreadable, Absent(), Absent)
    broken = CollectorBroken(observed_at=NOW, error="KeyError: 'x'")
    world.left("audit", "d_residual_scan", broken, environment=ENVIRONMENT)
    charged(world, sources=())
    facts = collected(world)
    assert (facts.data_as_of, type(facts.looked_at)) == (Absent(), Unreadable)
    codes = {it.code for it in by_id("SPEND-AFTER-ZERO").evaluate(watch(facts), judged_at=NOW)}
    assert codes == {"SPEND-GROUPS-MISSING", "SPEND-SCAN-UNREADABLE"}


def test_it_opens_goes_on_and_closes(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "collect_time_to_live", lambda _run: time_to_live_facts(observed_at=NOW))
    scanned(world)
    charged(world, {17: ((UNHEARD, HERE, "0.5"),), 18: ((UNHEARD, HERE, "0.7"),)})
    run = run_of(world)
    facts = after_zero.collect_spend_after_zero(run)
    assert [it.code for it in by_id("SPEND-AFTER-ZERO").evaluate(facts, judged_at=NOW)] == ["SPEND-UNEXPLAINED"]
    lane.settle(run, facts, DOCUMENT)
    opened = spend(
        since=date(2026, 11, 17), last=date(2026, 11, 18), usd_per_day=Decimal("0.7"), seen_by=run.execution_id
    )
    assert unexplained_spend(world.remote, "dev_min") == Known((opened,))
    hourly = findings.collect_hourly(world.run("hourly", "b_time_to_live", environment=ENVIRONMENT))
    assert hourly.unexplained == Known((opened,))
    assert "SPEND-UNEXPLAINED" in [it.code for it in by_id("TIME-TO-LIVE").evaluate(hourly, judged_at=NOW)]
    charged(world, {18: ((UNHEARD, HERE, "0.7"),)})
    lane.settle(run_of(world), after_zero.collect_spend_after_zero(run_of(world)), DOCUMENT)
    assert unexplained_spend(world.remote, "dev_min") == Known((opened,)), "the 19th alone is quiet"
    later = (Source(name="aws-cost-explorer", data_as_of=AS_OF + timedelta(days=1)),)
    charged(world, {18: ((UNHEARD, HERE, "0.7"),)}, sources=later)
    lane.settle(run_of(world), after_zero.collect_spend_after_zero(run_of(world)), DOCUMENT)
    assert unexplained_spend(world.remote, "dev_min") == Known(())


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(CollectorBroken(observed_at=NOW, error="x"), id="a-crash"),
        pytest.param(replace(watch(bill({18: ((UNHEARD, HERE, "1"),)})), bill=None), id="nobody-asked"),
        pytest.param(watch(bill({18: ((UNHEARD, HERE, "1"),)}, open=Unreadable("403"))), id="unknown-records"),
    ],
)
def test_what_nobody_knows_changes_no_record(world: Any, facts: Any) -> None:
    keep(world, spend())
    lane.settle(run_of(world), facts, DOCUMENT)
    assert unexplained_spend(world.remote, "dev_min") == Known((spend(),))


def test_a_record_that_cannot_be_written_is_an_error(world: Any) -> None:
    world.remote.refusing.add("create")
    with pytest.raises(StoreError):
        lane.settle(run_of(world), watch(bill({18: ((UNHEARD, HERE, "1"),)})), DOCUMENT)


def test_the_lane_settles_whatever_its_gate_said() -> None:
    (of_bill,) = [it for it in phase_of(ENVIRONMENT, "audit").lanes if it.gate == "SPEND-AFTER-ZERO"]
    assert of_bill.on_pass == of_bill.on_fail == "tidegate.lanes.bill:settle"
