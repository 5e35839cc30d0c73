"""What earlier lanes left counts only where what their task handed over and what the store holds agree."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import factories_control as control
import factories_guardrails as guardrails
import factories_world as world_of
from factories_world import NOW
from standins import dev_min
from tidegate.evidence.canonical import seal
from tidegate.gates.registry import by_id
from tidegate.lanes.guards import guarding_snapshots, handed_over_facts, parse_snapshot, plan_reference
from tidegate.models.authorization import GuardingSnapshot
from tidegate.models.identity import IdentityFacts
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.plan import PlanFacts
from tidegate.models.state import AppliedStateFacts

PLAN_TASK = "f_demo.plan_and_guard"
APPLY_TASK = "f_demo.apply"
FOLDER = "evidence/dev_min/substrate/m2_20260213T201427Z"
PLAN_KEY = f"{FOLDER}/m2_f_demo_plan_snapshot.json"
PLAN_FACTS = world_of.plan_facts(world_of.service(Known(0)), world_of.planned("aws_vpc.this", "no-op", drifted=False))
READY = control.build_readiness_facts(observed_at=NOW)


@pytest.fixture
def planned(world: Any) -> Any:
    """A run in which the readiness lanes and demo's plan guard passed."""
    world.left("m2", "a_readiness", READY)
    world.left("m2", "b_backend_readiness", world_of.backend_facts())
    world.left("m2", "b_cost_guardrail", guardrails.cost_facts(observed_at=NOW))
    world.left("m2", "e_stack_contract", world_of.contract_facts())
    world.left("m2", PLAN_TASK, PLAN_FACTS)
    return world


def facts_of(world: Any, task: str = PLAN_TASK, kind: Any = PlanFacts) -> Any:
    return handed_over_facts(world.run("m2", APPLY_TASK), task, kind)


# Facts.


def test_facts_come_back_as_they_were(planned: Any) -> None:
    assert facts_of(planned) == Known(PLAN_FACTS)


@pytest.mark.parametrize(
    ("task", "facts"),
    [
        ("f_demo.verify", world_of.applied_facts()),
        ("f_demo.verify", world_of.applied_facts(before=Absent(), outputs=Unreadable("denied"))),
        ("a_readiness", READY),
        ("b_backend_readiness", world_of.backend_facts()),
        ("b_cost_guardrail", guardrails.both_platforms(observed_at=NOW)),
        ("g_network_posture", world_of.posture_facts()),
    ],
)
def test_all_kinds_of_facts_come_back(world: Any, task: str, facts: Any) -> None:
    world.left("m2", task, facts)
    assert facts_of(world, task, type(facts)) == Known(facts)


def test_a_frozen_scope_comes_back(world: Any) -> None:
    facts = world_of.scope_facts()
    world.left("m9", "b_scope_freeze", facts)
    assert handed_over_facts(world.run("m9", "d_demo.destroy"), "b_scope_freeze", type(facts)) == Known(facts)


def test_what_facts_rest_on_is_named(planned: Any) -> None:
    run = planned.run("m2", APPLY_TASK)
    handed_over_facts(run, PLAN_TASK, PlanFacts)
    (given,) = run.inputs
    assert given.uri == f"s3://the-evidence/{PLAN_KEY}"
    assert given.sha256 == planned.handed_over[PLAN_TASK]["digest"]
    assert given.version_id == f"v-{PLAN_KEY}"


def test_a_task_that_handed_nothing_over(planned: Any) -> None:
    del planned.handed_over[PLAN_TASK]
    assert facts_of(planned) == Absent()


def test_a_task_that_handed_over_something_else(planned: Any) -> None:
    planned.handed_over[PLAN_TASK] = Unreadable("a str, expected a snapshot")
    assert facts_of(planned) == Unreadable("a str, expected a snapshot")


def test_a_snapshot_that_the_store_does_not_have(planned: Any) -> None:
    del planned.remote.objects[PLAN_KEY]
    assert facts_of(planned) == Absent()


@pytest.mark.parametrize("method", ["keys", "read"])
def test_a_store_without_an_answer(planned: Any, method: str) -> None:
    run = planned.run("m2", APPLY_TASK)
    assert run.execution_id
    planned.remote.refusing.add(method)
    found = handed_over_facts(run, PLAN_TASK, PlanFacts)
    assert isinstance(found, Unreadable)
    assert "told not to answer" in found.reason
    assert isinstance(guarding_snapshots(run, "demo")[0], Unreadable)


def test_a_newer_attempt_than_was_handed_over_is_another_snapshot(planned: Any) -> None:
    older = planned.handed_over[PLAN_TASK]
    planned.left("m2", PLAN_TASK, replace(PLAN_FACTS, plan=Unreadable("no terraform")))
    planned.handed_over[PLAN_TASK] = older
    found = facts_of(planned)
    assert isinstance(found, Unreadable)
    assert found.reason.endswith(f"m2_f_demo_plan_snapshot.attempt2.json is not what {PLAN_TASK} handed over")
    run = planned.run("m2", APPLY_TASK)
    handed_over_facts(run, PLAN_TASK, PlanFacts)
    assert run.inputs == []


def test_a_snapshot_that_was_changed_on_its_way(planned: Any) -> None:
    planned.handed_over[PLAN_TASK] = {**planned.handed_over[PLAN_TASK], "digest": "0" * 64}
    assert isinstance(facts_of(planned), Unreadable)


def test_facts_are_those_of_the_store(planned: Any) -> None:
    pushed = json.loads(json.dumps(planned.handed_over[PLAN_TASK]))
    pushed["facts"]["plan"]["value"]["has_changes"] = False
    planned.handed_over[PLAN_TASK] = pushed
    assert facts_of(planned) == Known(PLAN_FACTS)


def test_a_snapshot_that_was_changed_in_the_store(planned: Any, tampered: Any) -> None:
    tampered(planned, PLAN_KEY)
    found = facts_of(planned)
    assert isinstance(found, Unreadable)
    assert "the digest does not match the content" in found.reason


@pytest.mark.parametrize("content", [b"", b"[]", b"not json"])
def test_what_is_no_document_in_the_store(planned: Any, content: bytes) -> None:
    planned.remote.objects[PLAN_KEY] = content
    assert isinstance(facts_of(planned), Unreadable)
    assert isinstance(guarding_snapshots(planned.run("m2", APPLY_TASK), "demo")[-1], Unreadable)


def test_facts_of_another_kind(planned: Any) -> None:
    found = facts_of(planned, kind=AppliedStateFacts)
    assert isinstance(found, Unreadable)
    assert "do not fit AppliedStateFacts" in found.reason
    assert isinstance(facts_of(planned, "a_readiness", PlanFacts), Unreadable)


def test_a_sealed_document_that_is_no_snapshot(planned: Any) -> None:
    content = seal({"status": "pass", "facts": planned.handed_over[PLAN_TASK]["facts"]})
    planned.remote.objects[PLAN_KEY] = content
    planned.handed_over[PLAN_TASK] = json.loads(content)
    found = facts_of(planned)
    assert isinstance(found, Unreadable)
    assert "not a snapshot" in found.reason
    assert isinstance(guarding_snapshots(planned.run("m2", APPLY_TASK), "demo")[-1], Unreadable)


@pytest.mark.parametrize("document", [None, [], "text", {}, {"status": "pass"}])
def test_what_is_no_snapshot(document: Any) -> None:
    with pytest.raises(ValueError, match="not a snapshot: "):
        parse_snapshot(document)


def test_a_field_too_many_is_no_snapshot(planned: Any) -> None:
    document = planned.handed_over[PLAN_TASK]
    assert parse_snapshot(document).status == "pass"
    with pytest.raises(ValueError, match="not a snapshot: 1 fields"):
        parse_snapshot({**document, "override": True})


# Guards.


def guards_of(world: Any, stack: str = "demo") -> tuple[Any, ...]:
    return guarding_snapshots(world.run("m2", APPLY_TASK), stack)


def test_guards_in_their_order(planned: Any) -> None:
    found = guards_of(planned)
    assert [guard.value.gate for guard in found] == [
        "BUILD-READINESS",
        "BACKEND-READINESS",
        "COST-GUARDRAIL",
        "STACK-CONTRACT",
        "PLAN-GUARD",
    ]
    digest = planned.handed_over[PLAN_TASK]["digest"]
    assert found[-1] == Known(
        GuardingSnapshot(
            gate="PLAN-GUARD",
            uri=f"s3://the-evidence/{PLAN_KEY}",
            sha256_recorded=digest,
            sha256_stored=digest,
            status="pass",
            overall_pass=True,
            plan_sha256=world_of.SHA,
            state_serial=8,
            state_lineage="3f1c",
            expired=False,
            policy_changed=False,
        )
    )


def test_only_those_who_saw_a_plan_vouch_for_one(planned: Any) -> None:
    saw = [
        (guard.value.plan_sha256, guard.value.state_serial, guard.value.state_lineage) for guard in guards_of(planned)
    ]
    assert saw == [("", None, None)] * 4 + [(world_of.SHA, 8, "3f1c")]


def test_a_first_build_has_no_state(planned: Any) -> None:
    planned.left("m2", PLAN_TASK, replace(PLAN_FACTS, state=Absent()))
    guard = guards_of(planned)[-1].value
    assert (guard.plan_sha256, guard.state_serial, guard.state_lineage) == (world_of.SHA, None, None)


def test_a_plan_that_nobody_could_read_is_vouched_for_by_nobody(planned: Any) -> None:
    planned.left("m2", PLAN_TASK, replace(PLAN_FACTS, plan=Unreadable("no terraform")))
    guard = guards_of(planned)[-1].value
    assert (guard.plan_sha256, guard.status, guard.overall_pass) == ("", "fail", False)


def test_each_guard_is_an_input_of_the_authorisation(planned: Any) -> None:
    run = planned.run("m2", APPLY_TASK)
    guarding_snapshots(run, "demo")
    assert [given.uri.rpartition("/")[2] for given in run.inputs] == [
        "m2_a_readiness_snapshot.json",
        "m2_b_backend_state_readiness_snapshot.json",
        "m2_b_cost_guardrail_snapshot.json",
        "m2_e_stack_contract_snapshot.json",
        "m2_f_demo_plan_snapshot.json",
    ]


def test_a_guard_that_handed_over_another_digest_than_is_stored(planned: Any) -> None:
    older = planned.handed_over[PLAN_TASK]
    newer = planned.left("m2", PLAN_TASK, PLAN_FACTS, try_number=2).published.document
    planned.handed_over[PLAN_TASK] = older
    guard = guards_of(planned)[-1].value
    assert (guard.sha256_recorded, guard.sha256_stored) == (older["digest"], newer["digest"])
    assert guard.uri.endswith("m2_f_demo_plan_snapshot.attempt2.json")
    assert guard.sha256_recorded != guard.sha256_stored
    facts = control.authorization_facts(observed_at=NOW, guards=(Known(guard),))
    codes = {blocker.code for blocker in by_id("MUTATION-AUTHORIZATION").evaluate(facts, judged_at=NOW)}
    assert "GUARD-DIGEST-MISMATCH" in codes


def test_a_guard_that_handed_over_no_digest_matches_nothing(planned: Any) -> None:
    planned.handed_over[PLAN_TASK] = {key: v for key, v in planned.handed_over[PLAN_TASK].items() if key != "digest"}
    guard = guards_of(planned)[-1].value
    assert guard.sha256_recorded != guard.sha256_stored


def test_guards_that_are_not_there(planned: Any) -> None:
    planned.handed_over["a_readiness"] = Unreadable("a str, expected a snapshot")
    del planned.handed_over["b_backend_readiness"]
    del planned.remote.objects[PLAN_KEY]
    first, second, third, _, fifth = guards_of(planned)
    assert (first, second, fifth) == (Unreadable("a str, expected a snapshot"), Absent(), Absent())
    assert isinstance(third, Known)


def test_a_tampered_guard(planned: Any, tampered: Any) -> None:
    tampered(planned, PLAN_KEY)
    found = guards_of(planned)[-1]
    assert isinstance(found, Unreadable)
    assert "the digest does not match the content" in found.reason


def test_a_failed_guard_is_passed_on_as_failed(planned: Any) -> None:
    planned.left("m2", "a_readiness", replace(READY, control=control.control(lease=control.THEIRS)))
    guard = guards_of(planned)[0].value
    assert (guard.status, guard.overall_pass, guard.expired) == ("fail", False, False)


def test_a_pass_expires(planned: Any, moment: Any) -> None:
    moment.now = NOW + timedelta(hours=24)
    assert [guard.value.expired for guard in guards_of(planned)] == [False] * 5
    moment.now += timedelta(seconds=1)
    assert [guard.value.expired for guard in guards_of(planned)] == [True] * 5


def test_a_pass_under_another_policy_is_said_so(planned: Any) -> None:
    environment, _ = dev_min()
    changed = environment.model_copy(update={"terraform_version": "= 1.12.2"})
    found = guarding_snapshots(planned.run("m2", APPLY_TASK, environment=changed), "demo")
    stale = {guard.value.gate for guard in found if guard.value.policy_changed}
    assert stale == {
        guard.value.gate for guard in found if "terraform_version" in by_id(guard.value.gate).policy_sections
    }
    assert "PLAN-GUARD" in stale
    assert not any(guard.value.policy_changed for guard in guards_of(planned))


def test_a_lane_without_guards_has_none(planned: Any) -> None:
    assert guarding_snapshots(planned.run("m2", "g_network_posture"), "demo") == ()


def test_the_scope_vouches_for_the_plan_of_each_stack(world: Any) -> None:
    world.left("m9", "a_readiness", control.teardown_readiness_facts(observed_at=NOW))
    facts = world_of.scope_facts()
    (scope,) = facts.stacks
    plan = replace(scope.plan.value, sha256="c" * 64)
    other = replace(scope, stack="confluent", plan=Known(replace(plan, stack="confluent", sha256="d" * 64)))
    world.left("m9", "b_scope_freeze", replace(facts, stacks=(replace(scope, plan=Known(plan)), other)))

    def vouched(stack: str) -> tuple[str, int | None]:
        guards = guarding_snapshots(world.run("m9", "d_demo.destroy"), stack)
        (found,) = [it for it in guards if isinstance(it, Known) and it.value.gate == "TEARDOWN-SCOPE"]
        return found.value.plan_sha256, found.value.state_serial

    assert vouched("demo") == ("c" * 64, scope.state.value.serial)
    assert vouched("confluent") == ("d" * 64, scope.state.value.serial)
    assert vouched("core") == ("", None)


# The reference to the plan.


def handed(*uris: Any) -> dict[str, Any]:
    return {"digest": "x", "inputs": [{"uri": uri, "version_id": None, "sha256": "a"} for uri in uris]}


def reference(world: Any, stack: str = "demo") -> Any:
    return plan_reference(world.run("m2", APPLY_TASK), stack)


def test_the_plan_of_a_stack(world: Any) -> None:
    uri = "s3://work/plans/dev_min/m2_x/demo-0123.tfplan"
    world.handed_over[PLAN_TASK] = handed("s3://evidence/demo-snapshot.json", "s3://work/core-1.tfplan", uri)
    assert reference(world) == Known(uri)
    assert reference(world, "core") == Known("s3://work/core-1.tfplan")


def test_the_newest_guard_that_names_one_wins(world: Any) -> None:
    world.handed_over["a_readiness"] = handed("s3://work/demo-older.tfplan")
    world.handed_over[PLAN_TASK] = handed("s3://work/demo-newer.tfplan")
    assert reference(world) == Known("s3://work/demo-newer.tfplan")


def test_of_two_plans_in_one_guard_the_one_made_last_counts(world: Any) -> None:
    """A key that was made anew had a plan of its own, before that of the stack."""
    world.handed_over[PLAN_TASK] = handed("s3://work/demo-key.tfplan", "s3://work/demo-stack.tfplan")
    assert reference(world) == Known("s3://work/demo-stack.tfplan")


@pytest.mark.parametrize(
    "pushed",
    [
        {},
        {PLAN_TASK: handed()},
        {PLAN_TASK: {"digest": "x"}},
        {PLAN_TASK: handed("s3://work/core-1.tfplan", "s3://work/demo-1.json", None)},
        {PLAN_TASK: {"inputs": ["s3://work/demo-1.tfplan", {}]}},
        {PLAN_TASK: Unreadable("a str")},
        {"g_network_posture": handed("s3://work/demo-1.tfplan")},
    ],
)
def test_no_plan_to_apply(world: Any, pushed: dict[str, Any]) -> None:
    world.handed_over.update(pushed)
    assert reference(world) == Absent()


def test_facts_of_m1_are_in_the_mirror(world: Any) -> None:
    facts = control.identity_facts(observed_at=NOW)
    world.left("m1", "a_identity_and_tools", facts)
    found = handed_over_facts(world.run("m1", "b_bootstrap"), "a_identity_and_tools", IdentityFacts)
    assert found == Known(facts)
