"""IN4: an AWS-only pass goes stale when the scope grows, and a rerun under the new scope closes it.

One M9 whose lanes are cleared and run again; each attempt stays where it is.
"""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import factories_control as control
import factories_guardrails as guardrails
import factories_world as world_of
from factories_world import NOW
from tidegate.gates.registry import by_id
from tidegate.lanes import outcome, proof
from tidegate.lanes.judging import Judged, judge
from tidegate.lanes.phases import teardown_phase
from tidegate.lanes.proof import collect_proof
from tidegate.lanes.verdict import collect_verdict
from tidegate.models.environment import Environment
from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Known, Unreadable

SCOPE = "evidence/dev_min/run_control/m9_20260213T201427Z"
BOTH = ("aws", "confluent")
EARLIER = {
    "a_readiness": control.teardown_readiness_facts(observed_at=NOW),
    "b_scope_freeze": world_of.scope_facts(),
    "c_pre_destroy": guardrails.pre_destroy_facts(observed_at=NOW),
    "d_demo.destroy": control.authorization_facts(observed_at=NOW, direction="destroy"),
    "d_demo.verify": world_of.destroyed_facts(),
    "f_residual_scan": world_of.residual_facts(),
    "f_preserved": world_of.preserved_facts(),
}
TODAY = NOW.date()
DAYS = replace(guardrails.cost_facts_on(TODAY), observed_at=NOW)
BILL = replace(guardrails.confluent_billing_facts(billing=guardrails.billing_on(TODAY)), observed_at=NOW)
BOTH_COST = replace(guardrails.both_on(TODAY), observed_at=NOW)
REFUSED = replace(
    guardrails.billing_on(TODAY), bill=Unreadable("GET /billing/v1/costs: 401 user_unauthenticated: expired key")
)


@pytest.fixture(autouse=True)
def nothing_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "read_state", lambda *_: SimpleNamespace(resources=Absent()))


class Teardown:
    """One M9 of dev_min, judged as its manifest is at the moment."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.environment: Environment = world.run("m9", "a_readiness").environment
        self.states: dict[str, str] = {}

    def raise_scope(self) -> None:
        self.environment = self.environment.model_copy(update={"cost_scope": BOTH})

    def run(self, task: str) -> Any:
        spec = teardown_phase(self.environment)
        run = self.world.run("m9", "a_readiness", task_states=lambda: self.states)
        run.environment, run.lane, run.task_id = self.environment, spec.lane(task), task
        return run

    def left(self, task: str, facts: Facts) -> Judged:
        judged = judge(self.run(task), facts)
        self.world.handed_over[task] = judged.published.document
        self.states[task] = "success" if judged.passed else "failed"
        return judged

    def proof(self) -> Judged:
        return self.left("h_teardown_proof", collect_proof(self.run("h_teardown_proof")))

    def verdict(self) -> list[str]:
        facts = collect_verdict(self.run("i_phase_verdict"))
        return [it.code for it in by_id("PHASE-VERDICT").evaluate(facts, judged_at=facts.observed_at)]


def codes(judged: Judged) -> list[tuple[str, str]]:
    return [(blocker.code, blocker.resource) for blocker in judged.blockers]


@pytest.fixture
def m9(world: Any, moment: Any, monkeypatch: pytest.MonkeyPatch) -> Teardown:
    """A teardown that passed under the AWS-only scope, all lanes of it."""
    moment.now = NOW
    monkeypatch.setattr(proof, "now", moment)
    monkeypatch.setattr(proof, "read_state", lambda *_: SimpleNamespace(resources=Known(())))
    found = Teardown(world)
    for task, facts in EARLIER.items():
        assert found.left(task, facts).passed
    assert found.left("g_cost_guardrail", DAYS).passed
    assert found.proof().passed
    assert found.verdict() == []
    return found


def test_raising_the_scope_makes_the_pass_stale_and_the_proof_refuses_it(m9: Teardown) -> None:
    m9.raise_scope()
    assert "LANE-STALE" in m9.verdict()
    refused = m9.proof()
    assert codes(refused) == [
        ("PROOF-SOURCE-MISSING", "g_confluent_billing"),
        ("PROOF-SOURCE-STALE", "g_cost_guardrail"),
    ]
    assert "manifest or policy has changed since the lane was judged" in refused.blockers[1].summary


def test_other_gates_do_not_depend_on_the_scope(m9: Teardown) -> None:
    """Only what was judged under the scope has to be judged again."""
    m9.raise_scope()
    stale = {resource for code, resource in codes(m9.proof()) if code == "PROOF-SOURCE-STALE"}
    assert stale == {"g_cost_guardrail"}


def test_fail_fix_rerun_pass_stays_visible(m9: Teardown) -> None:
    m9.raise_scope()
    assert not m9.proof().passed

    assert codes(m9.left("g_confluent_billing", replace(BILL, billing=REFUSED))) == [
        ("CONFLUENT-BILLING-UNREADABLE", "https://api.confluent.cloud")
    ]
    assert codes(m9.left("g_cost_guardrail", replace(BOTH_COST, confluent=REFUSED))) == [
        ("COST-UNREADABLE", "Confluent")
    ]
    assert codes(m9.proof()) == [
        ("PROOF-SOURCE-NOT-PASSED", "g_confluent_billing"),
        ("PROOF-SOURCE-NOT-PASSED", "g_cost_guardrail"),
    ]
    assert m9.verdict().count("LANE-BLOCKED") == 3

    assert m9.left("g_confluent_billing", BILL).passed
    assert m9.left("g_cost_guardrail", BOTH_COST).passed
    assert m9.proof().passed
    assert m9.verdict() == []

    chain = {
        name: [json.loads(m9.world.remote.objects[f"{stem}{attempt}.json"])["status"] for attempt in attempts]
        for name, stem, attempts in (
            ("bill", f"{SCOPE}/confluent_billing_snapshot", ("", ".attempt2")),
            ("cost", f"{SCOPE}/m9_g_cost_guardrail_snapshot", ("", ".attempt2", ".attempt3")),
        )
    }
    assert chain == {"bill": ["fail", "pass"], "cost": ["pass", "fail", "pass"]}
    digests = {
        json.loads(m9.world.remote.objects[f"{SCOPE}/m9_g_cost_guardrail_snapshot{attempt}.json"])["policy_digest"]
        for attempt in ("", ".attempt3")
    }
    assert len(digests) == 2, "each pass belongs to its own scope"


@pytest.mark.parametrize(
    "changes",
    [
        {"cost_scope": BOTH},
        {"billing_lag_hours": {"aws": 24, "confluent": 96}},
        {"exceptions": (guardrails.quiet(rule="COST-SCOPE-NARROWED", resource="confluent"),)},
    ],
    ids=["scope", "lag", "exception"],
)
def test_what_the_cost_was_judged_under_is_in_its_policy(m9: Teardown, changes: dict[str, Any]) -> None:
    m9.environment = m9.environment.model_copy(update=changes)
    assert ("PROOF-SOURCE-STALE", "g_cost_guardrail") in codes(m9.proof())
