"""The bill as the audit's third safety net: collects what may explain each charge, keeps unexplained charges open."""

from typing import Any

from tidegate.cost.bill import apart, open_now
from tidegate.cost.month import said_usd
from tidegate.evidence.unexplained_spend import record_unexplained, unexplained_spend
from tidegate.gates.rules_bill import standing_of
from tidegate.lanes.guards import handed_over_facts
from tidegate.lanes.run import LaneRun, now
from tidegate.models.bill import SPEND_RULE, BillFacts
from tidegate.models.cost import CostFacts
from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.residual import AuditResidualFacts
from tidegate.models.spend import SpendAfterZeroFacts

SCAN_TASK = "d_residual_scan"
EXPLORER = "aws-cost-explorer"


def bill_facts(run: LaneRun, cost: Observed[CostFacts]) -> BillFacts:
    """What the cost guardrail of this audit read, by service and region. Makes no call that costs."""
    environment = run.environment
    as_of: Observed[Any] = Absent()
    if isinstance(cost, Known):
        as_of = next((Known(it.data_as_of) for it in cost.value.sources if it.name == EXPLORER), Absent())
    return BillFacts(
        execution_id=run.execution_id,
        region=environment.region,
        days=cost.value.days if isinstance(cost, Known) else Unreadable("the cost guardrail of this run tells nothing"),
        data_as_of=as_of,
        lag_hours=environment.billing_lag_hours["aws"],
        policy=run.policies.bill,
        looked_at=_looked_at(run),
        persistent_types=_types(run, "persistent"),
        ephemeral_types=_types(run, "ephemeral"),
        above_usd=environment.audit.unexplained_usd_per_day,
        open=unexplained_spend(run.control, environment.name),
        exceptions=tuple(each for each in environment.exceptions if each.rule == SPEND_RULE),
        today=now().date(),
    )


def say_apart(run: LaneRun, bill: BillFacts) -> None:
    """Name charges that no resource causes: no scan looks for them, and they count for the month."""
    named = [f"{name} {said_usd(amount)}" for name, amount in sorted(apart(bill).items())]
    if named:
        run.log(f"of this month, apart, USD: {', '.join(named)}")


def settle(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the judgement is in the evidence, keep unexplained charges open. Raises StoreError."""
    if not isinstance(facts, SpendAfterZeroFacts) or facts.bill is None or not isinstance(facts.bill.open, Known):
        return
    record_unexplained(
        run.remote,
        run.environment.name,
        judged=facts.bill.open.value,
        now_open=open_now(facts.bill, standing_of(facts)),
        recorded_by=run.execution_id,
        at=now(),
        evidence={
            "uri": run.remote.uri(run.place(run.lane).remote_key(int(document["attempt"]))),
            "sha256": str(document["digest"]),
        },
        log=run.log,
    )


def _looked_at(run: LaneRun) -> Observed[tuple[str, ...]]:
    scan = handed_over_facts(run, SCAN_TASK, AuditResidualFacts)
    if not isinstance(scan, Known):
        return scan
    return Known(tuple(it.subject for it in scan.value.inventory.coverage if it.status == "read"))


def _types(run: LaneRun, *lifecycles: str) -> tuple[str, ...]:
    stacks = run.environment.stacks_by_lifecycle(*lifecycles)
    return tuple(sorted({kind for name in stacks for kind in run.policies.allowed_types.stacks.get(name, ())}))
