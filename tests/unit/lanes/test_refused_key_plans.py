"""A refused operator key in the lanes around it: when a plan goes without a refresh, and what a destroy does then."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

import factories_world as world_of
from factories_world import NOW
from standins import three_stacks
from tidegate.lanes import build, scope, teardown
from tidegate.lanes.run import ActionBlocked
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.operator_key import RefusedKey
from tidegate.models.snapshot import InputRecord
from tidegate.models.unsaved import ObjectVersion

ENVIRONMENT = three_stacks()
CLUSTER = world_of.state_resource("confluent_kafka_cluster.this", "lkc-1")
TOPIC = world_of.state_resource("confluent_kafka_topic.this", "lkc-1/fraud.tx")
REFUSED = RefusedKey(key_id="OPKEY", cluster="lkc-1", status=401, seen_at=NOW, addresses=(TOPIC.address,))
RECORD = InputRecord(uri="s3://e/scope.json", version_id=None, sha256="e" * 64)
FAILED = Unreadable("401 Unauthorized")
STATE = SimpleNamespace(
    resources=Known((CLUSTER, TOPIC)), version=Known(world_of.state_version()), outputs=Known({}), tainted=Known(())
)


class Planner:
    """Answers plans with and without a refresh, and keeps what was asked."""

    def __init__(self, with_refresh: Any, without: Any) -> None:
        self.answers = {True: with_refresh, False: without}
        self.asked: list[bool] = []

    def __call__(self, *_: Any, refresh: bool = True, **__: Any) -> Any:
        self.asked.append(refresh)
        return self.answers[refresh]


# A teardown freezes its scope.


def scoped(world: Any, monkeypatch: pytest.MonkeyPatch, planner: Planner, refused: Any) -> Any:
    monkeypatch.setattr(scope, "read_state", lambda *_: STATE)
    monkeypatch.setattr(scope, "_recorded_inputs", lambda *_: Known({}))
    monkeypatch.setattr(scope, "newer_provider", lambda *_: Absent())
    monkeypatch.setattr(scope, "make_plan", planner)
    monkeypatch.setattr(scope, "refused_now", refused)
    run = world.run("m9", "b_scope_freeze", environment=ENVIRONMENT)
    return scope.stack_scope(run, "confluent", Absent())


def test_a_plan_that_failed_on_a_refused_key_is_made_without_a_refresh(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = Planner(FAILED, world_of.destroy_plan())
    found = scoped(world, monkeypatch, planner, lambda *_: (REFUSED,))
    assert planner.asked == [True, False]
    assert found.refused_keys == (REFUSED,)
    assert isinstance(found.plan, Known)
    assert any("without a refresh" in said for said in world.said)


def test_one_that_failed_for_another_reason_is_not(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planner = Planner(FAILED, world_of.destroy_plan())
    found = scoped(world, monkeypatch, planner, lambda *_: ())
    assert (planner.asked, found.refused_keys, found.plan) == ([True], (), FAILED)


def test_where_there_is_a_plan_no_key_is_tried(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planner = Planner(world_of.destroy_plan(), FAILED)
    found = scoped(world, monkeypatch, planner, lambda *_: pytest.fail("the key was tried"))
    assert (planner.asked, found.refused_keys) == ([True], ())


# A build.


def planned(
    world: Any, monkeypatch: pytest.MonkeyPatch, planner: Planner, renewed: bool, **params: Any
) -> tuple[Any, list[Any]]:
    renewals: list[Any] = []

    def renew(*given: Any) -> bool:
        renewals.append(given)
        return renewed

    monkeypatch.setattr(build, "read_state", lambda *_: STATE)
    monkeypatch.setattr(build, "settle", lambda *_: Absent())
    monkeypatch.setattr(build, "stack_inputs", lambda *_: {})
    monkeypatch.setattr(build, "take_marks_off", lambda *_: ())
    monkeypatch.setattr(build, "newer_provider", lambda *_: Absent())
    monkeypatch.setattr(build, "names_taken", lambda *_: Known(()))
    monkeypatch.setattr(build, "make_plan", planner)
    monkeypatch.setattr(build, "refused_now", lambda *_: (REFUSED,))
    monkeypatch.setattr(build, "renew_operator_key", renew)
    run = world.run("m2", "d_confluent.plan_and_guard", environment=ENVIRONMENT, params=params)
    return build.collect_plan(run), renewals


@pytest.mark.parametrize("params", [{}, {"repair_drift": True, "repair_reason": "  "}], ids=["no-repair", "no-reason"])
def test_no_key_is_made_anew_unless_a_person_says_why(
    world: Any, monkeypatch: pytest.MonkeyPatch, params: dict[str, Any]
) -> None:
    planner = Planner(FAILED, Known(world_of.plan()))
    facts, renewals = planned(world, monkeypatch, planner, True, **params)
    assert (renewals, planner.asked) == ([], [True])
    assert (facts.refused_keys, facts.renewed, facts.plan) == ((REFUSED,), (), FAILED)


@pytest.mark.parametrize("renewed", [True, False])
def test_after_a_renewal_the_plan_is_made_without_a_refresh(
    world: Any, monkeypatch: pytest.MonkeyPatch, renewed: bool
) -> None:
    planner = Planner(FAILED, Known(world_of.plan()))
    params = {"repair_drift": True, "repair_reason": "revoked"}
    facts, renewals = planned(world, monkeypatch, planner, renewed, **params)
    assert len(renewals) == 1
    assert planner.asked == ([True, False] if renewed else [True])
    assert bool(facts.renewed) is renewed
    assert isinstance(facts.plan, Known) is renewed


def test_what_the_plan_creates_is_looked_for(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []

    def taken(_run: Any, stack: str, _plan: Any) -> Any:
        looked.append(stack)
        return Unreadable("403")

    planner = Planner(Known(world_of.plan()), FAILED)
    planned(world, monkeypatch, planner, False)
    monkeypatch.setattr(build, "names_taken", taken)
    run = world.run("m2", "d_confluent.plan_and_guard", environment=ENVIRONMENT)
    assert build.collect_plan(run).log_groups == Unreadable("403")
    assert looked == ["confluent"]


# The destroy.


class Destroy:
    """A frozen scope with a refused key, and what the destroy of it did, in order."""

    def __init__(self, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.frozen = world_of.scope(
            stack="confluent",
            lifecycle="messaging",
            plan=world_of.destroy_plan(
                world_of.planned(CLUSTER.address, "delete"),
                world_of.planned(TOPIC.address, "delete"),
                stack="confluent",
            ),
            destroy_set=(CLUSTER, TOPIC),
            refused_keys=(REFUSED,),
        )
        self.again = replace(
            self.frozen,
            plan=world_of.destroy_plan(world_of.planned(CLUSTER.address, "delete"), stack="confluent"),
            destroy_set=(CLUSTER,),
            refused_keys=(),
        )
        self.unsaved: Any = Absent()
        clients = SimpleNamespace(s3=None)
        self.run = world.run("m9", "e_confluent.destroy", environment=ENVIRONMENT, clients=clients)
        facts = world_of.scope_facts(self.frozen, target="confluent")
        before = ObjectVersion(version_id="v1", etag="e")

        def forget(*_: Any) -> ObjectVersion:
            self.done.append("forget")
            return before

        def put_back(_run: Any, _scope: Any, version: ObjectVersion) -> None:
            self.done.append(f"is it gone, or is {version.version_id} put back")

        monkeypatch.setattr(teardown, "_frozen", lambda *_: self.frozen)
        monkeypatch.setattr(teardown, "_frozen_by", lambda *_: RECORD)
        monkeypatch.setattr(teardown, "frozen_scope", lambda *_: facts)
        monkeypatch.setattr(teardown, "forget", forget)
        monkeypatch.setattr(teardown, "put_back_if_standing", put_back)
        monkeypatch.setattr(teardown, "stack_scope", lambda *_: self.again)
        monkeypatch.setattr(teardown, "unsaved_state", lambda *_: self.unsaved)
        monkeypatch.setattr(teardown, "apply_fetched", lambda *_: self.done.append("apply"))
        monkeypatch.setattr(teardown.plan_store, "fetch_plan", lambda *_: Known(self.fetched))
        self.fetched = self.again.plan.value.sha256 if isinstance(self.again.plan, Known) else ""

    def __call__(self) -> None:
        teardown.apply_destroy(self.run, world_of.destroyed_facts(), {})


@pytest.fixture
def destroy(world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Destroy:
    monkeypatch.setattr(teardown.workspace, "prepare", lambda *_: (SimpleNamespace(directory=tmp_path), ""))
    return Destroy(world, monkeypatch)


GONE = "is it gone, or is v1 put back"


def test_what_nobody_can_ask_for_is_forgotten_and_the_rest_destroyed(destroy: Destroy) -> None:
    destroy()
    assert destroy.done == ["forget", "apply", GONE]


def test_a_key_that_the_cluster_takes_forgets_nothing(destroy: Destroy) -> None:
    destroy.frozen = replace(destroy.frozen, refused_keys=())
    destroy()
    assert destroy.done == ["apply"]


def test_a_plan_that_takes_more_than_was_frozen_is_not_applied(destroy: Destroy) -> None:
    other = world_of.state_resource("aws_vpc.this", "vpc-1")
    destroy.again = replace(destroy.again, destroy_set=(CLUSTER, other))
    with pytest.raises(ActionBlocked, match="SCOPE-CHANGED-BY-FORGETTING"):
        destroy()
    assert destroy.done == ["forget", GONE]


def test_no_plan_no_destroy_and_the_state_comes_back(destroy: Destroy) -> None:
    destroy.again = replace(destroy.again, plan=FAILED)
    with pytest.raises(ActionBlocked):
        destroy()
    assert destroy.done == ["forget", GONE]


def test_another_plan_in_the_bucket_is_not_applied(destroy: Destroy) -> None:
    destroy.fetched = "f" * 64
    with pytest.raises(ActionBlocked, match="not the plan that was judged"):
        destroy()
    assert destroy.done == ["forget", GONE]


def test_a_state_that_could_not_be_saved_is_the_newest_truth(destroy: Destroy) -> None:
    destroy.unsaved = Known("left in m9_1")
    destroy()
    assert destroy.done == ["forget", "apply"]
