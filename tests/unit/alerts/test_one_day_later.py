"""What the audit and the hourly check find tonight has tomorrow night the same fingerprint, if nothing has changed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

import factories_audit as audit
import factories_control as control
import factories_guardrails as guardrails
import factories_orphans as orphans
import factories_residual as residual
import factories_time_to_live as lives
import factories_world as world
from factories_world import NOW, TODAY
from standins import three_stacks
from tidegate.alerts.fingerprint import fingerprint
from tidegate.gates.registry import by_id
from tidegate.lanes.phases import phase_of
from tidegate.models.facts import Facts
from tidegate.models.looks import Looks
from tidegate.models.observed import Absent, Known, Unreadable

DAY = timedelta(days=1)
DARK = Unreadable("AccessDenied")
AHEAD = Known(NOW + 9 * DAY)
NAT = world.live("aws_nat_gateway", "nat-1")
OURS = world.live(tags={"project": "fraud-platform", "lifecycle": "ephemeral"})
EXCEPTIONS = tuple(
    world.exception(rule, "nat-1", TODAY + days * DAY) for rule, days in (("no-nat-gateway", -2), ("no-eip", 4))
)


def back(looks: Looks) -> Looks:
    """The clock went back between two looks."""
    return replace(looks, first=Known(replace(looks.this, ended=looks.this.began + DAY)))


BLOCKING: dict[str, tuple[Facts, ...]] = {
    "IDENTITY-AND-TOOLS": (control.identity_facts(caller=control.caller(arn=DARK, static_keys=DARK)),),
    "AUDIT-CONTINUITY": (
        audit.continuity_facts(newest_record=AHEAD, without_verdict=Known(("audit_20261119T020000Z",))),
        audit.continuity_facts(hourly_newest=Absent()),
        audit.continuity_facts(previous=DARK),
    ),
    "NETWORK-POSTURE": (world.posture_facts(NAT, exceptions=EXCEPTIONS), world.posture_facts(forbidden=())),
    "AUDIT-RESIDUAL": (
        residual.audit_residual_facts(NAT, OURS, exceptions=EXCEPTIONS),
        residual.standing(OURS, replace(OURS, id="vpc-2", status="deleting")),
        residual.audit_residual_facts(looks=world.looks(first=Absent())),
        residual.audit_residual_facts(looks=back(world.looks())),
    ),
    "BUDGET-GUARDRAIL": (guardrails.budget_facts(limit=Absent(), filters=Known(("Service",))),),
    "COST-GUARDRAIL": (
        guardrails.cost_facts(days=DARK, budgets=DARK),
        guardrails.cost_facts(guardrails.daily(amount="28.00")),
    ),
    "STATE-LOCKS": (
        audit.locks_facts(
            stacks=(
                audit.lock_state("core", locks=Known((control.lock(), control.lock(created=None)))),
                audit.lock_state("confluent", intent=Known(control.intent(liveness="dead"))),
                audit.lock_state("demo", last_apply=Known(world.apply_end(returncode=None))),
            ),
            lease=Known(audit.given_back(expires_at=NOW - timedelta(hours=2))),
        ),
        audit.locks_facts(stacks=(audit.lock_state(locks=DARK, intent=DARK, last_apply=DARK),), lease=DARK),
    ),
    "STACK-DRIFT": (
        audit.drift_facts(
            audit.stack_drift("core", state=Absent(), plan=Absent(), applied_before=Known("m2_20261119T020000Z")),
            audit.stack_drift(plan=Known(audit.drift_plan(drifted=(audit.changed_resource(),), has_changes=True))),
        ),
    ),
    "AUDIT-IDENTITIES": (
        audit.identities_facts(held={name: Absent() for name in audit.STACKS}),
        audit.identities_facts(api_keys=DARK, parameters=Known((orphans.identity("parameter"),))),
    ),
    "EVIDENCE-CHAIN": (
        audit.evidence_facts(audit.verified("m2_x", audit.evidence_finding())),
        audit.evidence_facts(chain=DARK),
    ),
    "STANDING-PASSES": (
        audit.passes_facts(exceptions=EXCEPTIONS, cost=Known(audit.standing(policies=())), proof=DARK),
    ),
    "TIME-TO-LIVE": (lives.time_to_live_facts(lives.ended(), lives.life(record=Absent())),),
    "SPEND-AFTER-ZERO": (
        residual.spend_facts(residual.spend("aws", residual.day_spend(16, "1.00"))),
        residual.spend_facts(closed_at=AHEAD),
        residual.spend_facts(residual.spend(data_as_of=AHEAD), residual.spend("confluent", days=DARK)),
    ),
}


def gates() -> set[str]:
    """Whatever lanes of the two phases are judged by; a failed verdict repeats what its lanes found."""
    environment = three_stacks()
    return {lane.gate for phase in ("audit", "hourly") for lane in phase_of(environment, phase).lanes}  # type: ignore[arg-type]


def later(facts: Any, days: int = 1) -> Any:
    """The same, seen so many days later; what each look measures anew moves with it."""
    step = days * DAY
    changes: dict[str, Any] = {"observed_at": facts.observed_at + step}
    if isinstance(getattr(facts, "today", None), date):
        changes["today"] = facts.today + step
    if isinstance(getattr(facts, "hourly_due", None), Known):
        changes["hourly_due"] = Known(facts.hourly_due.value + step)
    if isinstance(getattr(facts, "looks", None), Looks):
        this, first = facts.looks.this, facts.looks.first
        moved = replace(this, began=this.began + step, ended=this.ended + step)
        if isinstance(first, Known):
            first = Known(replace(first.value, began=first.value.began + step, ended=first.value.ended + step))
        changes["looks"] = replace(facts.looks, this=moved, first=first)
    return replace(facts, **changes)


def blocking() -> Iterator[Any]:
    for gate, cases in BLOCKING.items():
        for number, facts in enumerate(cases):
            yield pytest.param(gate, facts, id=f"{gate}-{number}")


def found(gate: str, facts: Any) -> tuple[Counter[tuple[str, str]], dict[str, str]]:
    """How often each code has each fingerprint; and for people what was said."""
    judged = by_id(gate).evaluate(facts, judged_at=facts.observed_at)
    assert judged
    assert not {"GATE-BROKEN", "FACTS-STALE"} & {blocker.code for blocker in judged}
    prints = [(blocker.code, fingerprint(gate, blocker)) for blocker in judged]
    return Counter(prints), {mark: blocker.sentence() for (_, mark), blocker in zip(prints, judged, strict=True)}


def test_every_gate_of_the_audit_and_of_the_hourly_check_is_here() -> None:
    assert set(BLOCKING) == gates(), (
        "a gate of these two phases has facts that close it in BLOCKING of tests/unit/alerts/test_one_day_later.py"
    )


@pytest.mark.parametrize(("gate", "facts"), list(blocking()))
def test_one_day_later_it_is_the_same_finding(gate: str, facts: Facts) -> None:
    tonight, said = found(gate, facts)
    tomorrow, said_then = found(gate, later(facts))
    new = [said_then[mark] for _, mark in tomorrow - tonight]
    assert not new, ([said[mark] for _, mark in tonight - tomorrow], new)


def test_a_day_that_is_charged_for_more_than_last_night_said_is_the_same_finding() -> None:
    one, other = (residual.spend_facts(residual.spend("aws", residual.day_spend(16, it))) for it in ("1.00", "1.02"))
    assert "SPEND-AFTER-ZERO" in {code for code, _ in found("SPEND-AFTER-ZERO", one)[0]}
    assert found("SPEND-AFTER-ZERO", one)[0] == found("SPEND-AFTER-ZERO", other)[0]
