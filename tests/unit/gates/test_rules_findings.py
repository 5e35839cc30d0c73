"""An open finding closes the gates that need an all-clear until it is gone, covered, or held by a state again."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from factories_findings import FIRST, SINCE, finding, finding_facts, finding_look, owners
from factories_residual import audit_residual_facts, owned
from factories_time_to_live import time_to_live_facts
from factories_world import NOW, TODAY, exception, live, proof_facts, residual_facts, state_resource
from tidegate.gates.registry import by_id
from tidegate.models.findings import FindingFacts
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.remedy import Command, Person, Trigger

FACTS: dict[str, Any] = {
    "RESIDUAL-SCAN": residual_facts,
    "AUDIT-RESIDUAL": audit_residual_facts,
    "TEARDOWN-PROOF": proof_facts,
    "TIME-TO-LIVE": time_to_live_facts,
}
BALANCER = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/quick-test-alb/0123456789abcdef"


def judged(gate: str, findings: FindingFacts | None, **changes: Any) -> list[Any]:
    facts = FACTS[gate](findings=findings, **changes)
    return list(by_id(gate).evaluate(facts, judged_at=facts.observed_at))


@pytest.fixture(params=sorted(FACTS))
def gate(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_without_a_finding_the_gate_is_open(gate: str) -> None:
    assert judged(gate, finding_facts()) == []


def test_what_stands_closes_the_gate_and_says_who_saw_it_when(gate: str) -> None:
    (blocker,) = judged(gate, finding_facts(finding_look()))
    assert blocker.code == "FINDING-OPEN"
    assert blocker.resource == "aws_iam_role fraud-platform-dev-min-demo-runtime eu-west-2"
    assert f"RESOURCE-STILL-THERE since {SINCE.isoformat()}, seen by {FIRST}, then in state of demo" in blocker.observed
    assert "FINDING-OPEN" in blocker.expected


def test_what_a_live_look_calls_gone_is_no_blocker(gate: str) -> None:
    assert judged(gate, finding_facts(finding_look(there=Absent()))) == []


def test_what_cannot_be_asked_is_not_gone(gate: str) -> None:
    (blocker,) = judged(gate, finding_facts(finding_look(there=Unreadable("403"))))
    assert blocker.code == "FINDING-UNREADABLE"
    assert "403" in blocker.observed


def test_records_that_cannot_be_read_close_the_gate(gate: str) -> None:
    facts = finding_facts(looks=Unreadable("findings record 3 is of version 2; this tidegate reads up to 1"))
    (blocker,) = judged(gate, facts)
    assert blocker.code == "FINDINGS-UNREADABLE"
    assert "version 2" in blocker.observed
    assert "run the version of tidegate that wrote" in blocker.remedy.text


@pytest.mark.parametrize("gate", sorted(set(FACTS) - {"TIME-TO-LIVE"}))
def test_a_collector_that_did_not_look_is_no_all_clear(gate: str) -> None:
    assert [blocker.code for blocker in judged(gate, None)] == ["FINDINGS-UNREADABLE"]


def test_the_audit_leaves_findings_to_its_residual_scan() -> None:
    assert judged("TIME-TO-LIVE", None) == []


@pytest.mark.parametrize(
    ("rule", "resource", "expires", "covered"),
    [
        ("FINDING-OPEN", finding().id, TODAY, True),
        ("FINDING-OPEN", finding().id, TODAY - timedelta(days=1), False),
        ("FINDING-OPEN", "another", TODAY, False),
        ("NAT-GATEWAY", finding().id, TODAY, False),
        ("THE-ROLES", finding().id, TODAY, True),
    ],
)
def test_an_exception_covers_it_to_its_last_day(
    gate: str, rule: str, resource: str, expires: date, covered: bool
) -> None:
    look = finding_look(rules=("FINDING-OPEN", "THE-ROLES"))
    found = judged(gate, finding_facts(look, exceptions=(exception(rule, resource, expires),)))
    assert [blocker.code for blocker in found] == ([] if covered else ["FINDING-OPEN"])


def test_what_a_state_holds_again_was_built_again(gate: str) -> None:
    again = owned("demo", replace(state_resource("aws_iam_role.runtime", finding().id), type="aws_iam_role"))
    assert judged(gate, finding_facts(finding_look(), owners=owners(owned("core"), again))) == []


@pytest.mark.parametrize(
    "named", [live("aws_vpc", "vpc-1", tags={"project": "fraud-platform", "lifecycle": "ephemeral"})]
)
def test_one_thing_is_told_once(named: LiveResource) -> None:
    look = finding_look(finding("aws_vpc", "vpc-1", code="RESIDUAL-RESOURCE"))
    facts = residual_facts(named, findings=finding_facts(look))
    found = by_id("RESIDUAL-SCAN").evaluate(facts, judged_at=NOW)
    assert [blocker.code for blocker in found] == ["RESIDUAL-RESOURCE"]


def test_what_was_destroyed_and_answers_is_told_once() -> None:
    role = replace(state_resource("aws_iam_role.runtime", finding().id), type="aws_iam_role")
    facts = residual_facts(destroyed_still_there=Known((role,)), findings=finding_facts(finding_look()))
    found = by_id("RESIDUAL-SCAN").evaluate(facts, judged_at=NOW)
    assert [blocker.code for blocker in found] == ["RESOURCE-STILL-THERE"]


def test_the_way_out_depends_on_who_holds_it_and_never_is_a_run_that_cannot_help(gate: str) -> None:
    balancer = finding("aws_lb", BALANCER, code="FORBIDDEN-LIVE", held_by=None)
    marked = live("aws_lb", BALANCER, tags={"project": "fraud-platform", "environment": "dev_min"})
    (ours,) = judged(gate, finding_facts(finding_look(balancer, there=Known(marked))))
    assert isinstance(ours.remedy.steps[0], Command)
    assert BALANCER in ours.remedy.steps[0].argv
    (unmarked,) = judged(gate, finding_facts(finding_look(balancer)))
    assert isinstance(unmarked.remedy.steps[0], Person)
    for blocker in (ours, unmarked):
        assert not [it for it in (*blocker.remedy.steps, *blocker.remedy.alternative) if isinstance(it, Trigger)]
