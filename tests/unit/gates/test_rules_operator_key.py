"""What a refused key allows: forgetting topics and ACLs of a cluster that goes, and one key made anew."""

from dataclasses import replace
from typing import Any

import pytest

from factories_world import NOW, destroy_plan, plan, plan_facts, planned, scope, scope_facts, state_resource
from tidegate.gates import plan_guard, teardown_scope
from tidegate.gates.rules_operator_key import RENEWED, renewal_refusals
from tidegate.lanes.forgotten_scope import subset_blockers
from tidegate.models.observed import Unreadable
from tidegate.models.operator_key import RefusedKey
from tidegate.models.plan import StackScope
from tidegate.models.state import StateResource

CLUSTER = state_resource("confluent_kafka_cluster.this", "lkc-1")
TOPIC = state_resource("confluent_kafka_topic.this", "lkc-1/fraud")
KEY = StateResource(address=RENEWED, type="confluent_api_key", id="OPKEY")
REFUSED = RefusedKey(key_id="OPKEY", cluster="lkc-1", status=401, seen_at=NOW, addresses=(TOPIC.address,))
NO_PLAN = Unreadable("terraform plan ended with status 1: 401 Unauthorized")


def confluent(*resources: StateResource, **changes: Any) -> StackScope:
    going = resources or (CLUSTER, TOPIC)
    made = destroy_plan(*(planned(it.address, "delete") for it in going), stack="confluent")
    return scope(
        **{
            "stack": "confluent",
            "lifecycle": "messaging",
            "plan": made,
            "destroy_set": going,
            "refused_keys": (REFUSED,),
            **changes,
        }
    )


def codes(part: StackScope) -> list[str]:
    facts = scope_facts(part, target="confluent")
    return [it.code for it in teardown_scope.GATE.evaluate(facts, judged_at=NOW)]


def test_a_scope_that_forgets_what_goes_with_its_cluster_is_open_and_tells() -> None:
    facts = scope_facts(confluent(), target="confluent")
    assert codes(confluent()) == []
    (notice,) = facts.notices
    assert "401" in notice.summary
    assert "without a refresh" in notice.summary


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(confluent(TOPIC), id="its-cluster-stays"),
        pytest.param(confluent(CLUSTER, replace(TOPIC, id="lkc-2/fraud")), id="of-another-cluster"),
        pytest.param(confluent(CLUSTER, replace(TOPIC, type="confluent_service_account")), id="no-topic"),
        pytest.param(confluent(CLUSTER), id="not-in-the-destroy-set"),
    ],
)
def test_nothing_else_is_forgotten(part: StackScope) -> None:
    assert codes(part) == ["FORGET-OUTSIDE-SCOPE"]


def test_a_failed_plan_says_why_only_when_the_cluster_said_it() -> None:
    """A text that names 401, a planted one or one of the Cloud API key, is no refusal."""
    assert codes(confluent(plan=NO_PLAN, destroy_set=(), refused_keys=())) == ["PLAN-UNREADABLE"]
    assert codes(confluent(plan=NO_PLAN, destroy_set=())) == ["PLAN-UNREADABLE", "OPERATOR-KEY-REFUSED"]


def test_a_build_blocks_with_the_repair_as_its_way_out() -> None:
    facts = replace(plan_facts(), plan=NO_PLAN, refused_keys=(REFUSED,))
    (blocker,) = plan_guard.GATE.evaluate(facts, judged_at=NOW)
    assert blocker.code == "OPERATOR-KEY-REFUSED"
    assert "repair_drift" in blocker.sentence()


@pytest.mark.parametrize("changes", [{"refused_keys": ()}, {"renewed": (RENEWED,)}])
def test_a_plan_that_failed_for_another_reason_stays_unreadable(changes: Any) -> None:
    """Nobody saw the cluster refuse the key, or it has a new one and there is no plan all the same."""
    facts = replace(plan_facts(), plan=NO_PLAN, **{"refused_keys": (REFUSED,), **changes})
    assert [it.code for it in plan_guard.GATE.evaluate(facts, judged_at=NOW)] == ["PLAN-UNREADABLE"]


@pytest.mark.parametrize(
    ("again", "said"),
    [
        pytest.param(confluent(CLUSTER, KEY), [], id="the-rest-of-it"),
        pytest.param(confluent(CLUSTER, TOPIC, KEY), [], id="all-of-it"),
        pytest.param(confluent(CLUSTER), [RENEWED], id="one-would-stay"),
        pytest.param(confluent(CLUSTER, KEY, state_resource("aws_vpc.this", "vpc-1")), ["aws_vpc.this"], id="one-more"),
        pytest.param(confluent(replace(CLUSTER, id="lkc-2"), KEY), [CLUSTER.address], id="another-cluster"),
        pytest.param(
            confluent(CLUSTER, KEY, plan=destroy_plan(planned("aws_vpc.this", "delete"), stack="confluent")),
            ["aws_vpc.this"],
            id="one-more-that-no-state-tells-of",
        ),
        pytest.param(confluent(plan=NO_PLAN, destroy_set=()), [RENEWED, CLUSTER.address], id="no-plan"),
    ],
)
def test_the_plan_after_forgetting(again: StackScope, said: list[str]) -> None:
    found = list(subset_blockers(confluent(CLUSTER, TOPIC, KEY), again))
    assert [it.resource for it in found] == said
    assert {it.code for it in found} <= {"SCOPE-CHANGED-BY-FORGETTING"}


@pytest.mark.parametrize(
    ("actions", "others", "changes", "refused"),
    [
        pytest.param(("create",), (), {}, 0, id="made"),
        pytest.param(("create", "delete"), (), {"complete": False}, 0, id="replaced-by-a-targeted-plan"),
        pytest.param(("create",), (planned("aws_vpc.this", "no-op"),), {}, 0, id="beside-what-stays"),
        pytest.param(("create",), (planned("aws_vpc.this", "update"),), {}, 1, id="and-more"),
        pytest.param(("delete",), (), {}, 1, id="deleted"),
        pytest.param(("update",), (), {}, 1, id="changed"),
        pytest.param(("no-op",), (), {}, 1, id="nothing"),
        pytest.param(("create",), (), {"errored": True}, 1, id="errored"),
        pytest.param(("create",), (), {"purpose": "destroy"}, 1, id="a-destroy"),
        pytest.param(("create",), (), {"format_version": "2.0"}, 1, id="another-format"),
    ],
)
def test_the_plan_of_a_new_key(actions: Any, others: Any, changes: Any, refused: int) -> None:
    key = replace(planned("confluent_api_key.this", "create"), address=RENEWED, actions=actions)
    assert len(renewal_refusals(plan(key, *others, **changes))) == refused
