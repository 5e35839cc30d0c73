"""AUDIT.H: of which stacks a plan is made, and with which values."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from factories_audit import drift_plan, stack_drift
from factories_control import intent, lock
from factories_residual import platform_run
from factories_root import root_sources
from factories_world import NOW, apply_end, proof_facts, state_version
from standins import three_stacks
from tidegate.evidence.control import close_platform_run, inputs_series, open_platform_run
from tidegate.gates.stack_drift import GATE
from tidegate.lanes import audit_drift, planning
from tidegate.lanes.audit_drift import collect_drift
from tidegate.models.audit import ChangedResource, StackDriftFacts
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.terraform import runner
from tidegate.terraform.variables import FromTheRun, stack_variables

LATER = NOW + timedelta(minutes=9)
CLIENTS = SimpleNamespace(whose="this run's")
UP, EMPTY = Known(state_version()), Known(state_version(resource_count=0))


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The stacks of which a plan was made, with their values."""
    made: dict[str, Any] = {}

    def plan(run: Any, stack: str, inputs: dict[str, Any]) -> Any:
        assert run.task_id == "h_drift"
        made[stack] = inputs
        return Known(drift_plan())

    clock = iter((NOW, LATER))
    monkeypatch.setattr(audit_drift, "now", lambda: next(clock))
    monkeypatch.setattr(audit_drift, "make_drift_plan", plan)
    monkeypatch.setattr(audit_drift, "look_at_root", lambda *_: Known(root_sources()))
    return made


def collected(world: Any, monkeypatch: pytest.MonkeyPatch, *, applied: Any = None, **states: Any) -> Any:
    def state(clients: Any, environment: Any, stack: str) -> Any:
        assert (clients, environment) == (CLIENTS, three_stacks())
        return SimpleNamespace(version=states[stack])

    monkeypatch.setattr(audit_drift, "read_state", state)
    run = world.run("audit", "h_drift", environment=three_stacks(), clients=CLIENTS)
    run.intents = {"core": SimpleNamespace(last_apply=lambda: applied or Absent())}.__getitem__
    return collect_drift(run)


def codes(facts: Any) -> list[tuple[str, str]]:
    return [(blocker.code, blocker.resource) for blocker in GATE.evaluate(facts, judged_at=NOW)]


def record(world: Any, stack: str, **inputs: Any) -> None:
    series = inputs_series(world.remote, "dev_min", stack)
    series.append_next(lambda _newest: {"stack": stack, "execution_id": "m2_x", **inputs})


def test_nothing_is_up(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = collected(world, monkeypatch, core=Absent(), confluent=EMPTY, demo=Absent())
    assert planned == {}
    assert [(it.stack, it.plan) for it in facts.stacks] == [(name, Absent()) for name in ("core", "confluent", "demo")]
    assert codes(facts) == []
    assert world.said == [
        f"{stack}: no resources in its state, so nothing that could drift" for stack in ("core", "confluent", "demo")
    ]


def test_core_has_its_values_from_the_manifest_and_the_others_from_their_newest_build(
    world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(world, "demo", inputs={"a": 1})
    record(world, "demo", inputs={"a": 2}, upstream_contract={"core": {}})
    facts = collected(world, monkeypatch, core=UP, confluent=Absent(), demo=UP)
    assert planned == {"core": stack_variables(three_stacks(), "core", FromTheRun()), "demo": {"a": 2}}
    assert facts == StackDriftFacts(
        observed_at=LATER,
        sources=(Source(name="terraform", data_as_of=NOW), Source(name="state", data_as_of=NOW)),
        expected_stacks=("core", "confluent", "demo"),
        stacks=(
            stack_drift("core", state=UP),
            stack_drift("confluent", state=Absent(), plan=Absent(), root=Absent()),
            stack_drift("demo", state=UP),
        ),
    )
    assert codes(facts) == []
    assert world.said == [
        "core: 0 drifted, 0 changes pending",
        "confluent: no resources in its state, so nothing that could drift",
        "demo: variable values of m2_x (record 2)",
        "demo: 0 drifted, 0 changes pending",
    ]


def test_what_differs_is_counted(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = ChangedResource(address="aws_vpc.this", actions=("update",), attributes=("tags",))
    plan = Known(drift_plan(drifted=(changed,), pending=(changed, changed)))
    monkeypatch.setattr(audit_drift, "make_drift_plan", lambda *_: plan)
    facts = collected(world, monkeypatch, core=UP, confluent=Absent(), demo=Absent())
    assert facts.stacks[0].plan == plan
    assert world.said[0] == "core: 1 drifted, 2 changes pending"


def test_a_stack_that_is_up_without_recorded_values_cannot_be_planned(
    world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(world, "confluent", values={})
    facts = collected(world, monkeypatch, core=UP, confluent=UP, demo=UP)
    assert set(planned) == {"core"}
    assert [it.plan for it in facts.stacks[1:]] == [
        Unreadable("recorded variable values of confluent: record 1 holds none"),
        Unreadable("no build of demo recorded its variable values"),
    ]
    assert codes(facts) == [("PLAN-UNREADABLE", "confluent"), ("PLAN-UNREADABLE", "demo")]


def test_recorded_values_that_cannot_be_read(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record(world, "demo", inputs={})
    world.remote.refusing.add("read")
    facts = collected(world, monkeypatch, core=Absent(), confluent=Absent(), demo=UP)
    why = "recorded variable values of demo: control/dev_min/inputs/demo/000001.json: told not to answer"
    assert facts.stacks[2].plan == Unreadable(why)
    assert codes(facts) == [("PLAN-UNREADABLE", "demo")]
    assert world.said[-1] == f"demo: no plan, unreadable: {why}"


def test_an_unreadable_state_is_not_planned_from(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = collected(world, monkeypatch, core=Unreadable("403"), confluent=Absent(), demo=Absent())
    assert planned == {}
    assert codes(facts) == [("STATE-UNREADABLE", "core")]


@pytest.mark.parametrize("state", [Absent(), EMPTY], ids=["no-state", "without-resources"])
def test_a_persistent_stack_that_was_applied_and_has_no_state(
    world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch, state: Any
) -> None:
    facts = collected(
        world, monkeypatch, core=state, confluent=Absent(), demo=Absent(), applied=Known(apply_end(task="t"))
    )
    assert [it.applied_before for it in facts.stacks] == [
        Known("t applied it (m2_20261121T091500Z)"),
        Absent(),
        Absent(),
    ]
    assert (codes(facts), planned) == ([("STATE-GONE", "state of core")], {})


def test_its_values_say_so_too(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    record(world, "core", inputs={})
    facts = collected(world, monkeypatch, core=Absent(), confluent=Absent(), demo=Absent())
    assert facts.stacks[0].applied_before == Known("m2_x recorded its values after an apply (record 1)")


def test_so_does_a_teardown_proof(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.left("m9", "h_teardown_proof", proof_facts(observed_at=NOW))
    facts = collected(world, monkeypatch, core=Absent(), confluent=Absent(), demo=Absent())
    (proof,) = (world.remote.objects[key] for key in world.remote.keys("evidence/runs/"))
    assert facts.stacks[0].applied_before == Known(
        f"a teardown beside it was proven by {json.loads(proof)['execution_id']}"
    )


@pytest.mark.parametrize(("is_open", "found"), [(False, [("STATE-GONE", "state of core")]), (True, [])])
def test_so_does_a_platform_run_that_was_closed(
    world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch, is_open: bool, found: Any
) -> None:
    """One that is open may have been stopped before its first apply."""
    run = platform_run(is_open=True)
    open_platform_run(world.remote, "dev_min", run)
    if not is_open:
        close_platform_run(world.remote, "dev_min", run, "s3://x/proof.json")
    facts = collected(world, monkeypatch, core=Absent(), confluent=Absent(), demo=Absent())
    assert facts.stacks[0].applied_before == (Absent() if is_open else Known("platform_1 was built upon it and closed"))
    assert codes(facts) == found


def test_a_first_apply_that_failed_left_no_state_to_lose(
    world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Known(apply_end(returncode=1))
    assert codes(collected(world, monkeypatch, core=Absent(), confluent=Absent(), demo=Absent(), applied=failed)) == []


def test_nobody_can_say_whether_it_was_applied(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    dark = Unreadable("403")
    facts = collected(world, monkeypatch, core=Absent(), confluent=Absent(), demo=Absent(), applied=dark)
    assert facts.stacks[0].applied_before == dark
    assert codes(facts) == [("APPLIED-BEFORE-UNREADABLE", "core")]


def test_every_record_that_cannot_be_read_is_named(world: Any, planned: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.remote.refusing.add("keys")
    facts = collected(world, monkeypatch, core=EMPTY, confluent=EMPTY, demo=EMPTY, applied=Unreadable("403"))
    places = ("control/dev_min/inputs/core/", "evidence/runs/", "control/dev_min/platform_runs/")
    assert facts.stacks[0].applied_before == Unreadable(
        "; ".join(["403", *(f"{place}: told not to answer" for place in places)])
    )


# The plan itself.


class Fake:
    """terraform that plans as told and leaves its files."""

    def __init__(self, directory: Any, error: Exception | None = None) -> None:
        self.directory, self.error, self.given = directory, error, {}

    def init(self) -> None:
        pass

    def plan(self, **given: Any) -> Any:
        self.given = given
        if self.error:
            raise self.error
        path = self.directory / "build.tfplan"
        path.write_bytes(b"secret")
        return runner.SavedPlan(path, "a" * 64, has_changes=False)

    def show(self, _saved: Any) -> Any:
        path = self.directory / "show.out"
        path.write_text('{"format_version": "1.2", "complete": true, "errored": false}', encoding="utf-8")
        return path


@pytest.fixture
def looking(world: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(error: Exception | None = None, unfinished: Any = None, locks: Any = None) -> Any:
        fake = Fake(tmp_path, error)
        workspace = SimpleNamespace(write_inputs=lambda _inputs: None)
        monkeypatch.setattr(planning, "checked_workspace", lambda *_: (workspace, "d"))
        lane = world.run("audit", "h_drift")
        lane.terraform = lambda _prepared: fake
        lane.intents = lambda _stack: SimpleNamespace(unfinished=lambda: unfinished or Absent())
        monkeypatch.setattr(planning, "read_state_locks", lambda *_: locks or Known(()))
        return planning.make_drift_plan(lane, "demo", {}), fake

    return run


def test_it_waits_for_the_lock_and_leaves_no_plan_behind(looking: Any, tmp_path: Any, world: Any) -> None:
    found, fake = looking()
    assert found == Known(drift_plan())
    assert fake.given == {"destroy": False, "lock_timeout_seconds": 60, "only_looks": True}
    assert list(tmp_path.glob("*.tfplan")) + list(tmp_path.glob("*.out")) == []
    assert world.remote.objects == {}


def test_a_lock_that_is_held_makes_no_plan(looking: Any) -> None:
    held = runner.TerraformStopped("plan", 1, ("Error acquiring the state lock",))
    assert "Error acquiring the state lock" in looking(held)[0].reason


@pytest.mark.parametrize(
    ("operation", "liveness"),
    [("apply", "live"), ("apply", "unknown"), ("apply", "dead"), ("untaint", "dead"), ("plan", "live")],
)
def test_nothing_starts_beside_a_terraform_that_was_not_seen_to_end(
    looking: Any, operation: str, liveness: Any
) -> None:
    """The record of a dead one is what its lock is released with: a plan would take its place."""
    found, fake = looking(unfinished=Known(intent(operation=operation, task="t", host="h", liveness=liveness)))
    assert found == Unreadable(
        f"terraform {operation} of t on host h was not seen to end ({liveness}); a plan would hide it"
    )
    assert fake.given == {}


def test_a_dead_plan_without_a_lock_hinders_nobody(looking: Any) -> None:
    assert looking(unfinished=Known(intent(operation="plan", liveness="dead")))[0] == Known(drift_plan())


@pytest.mark.parametrize(
    ("locks", "said"),
    [
        (Known((lock(who="root@w3", id="0f9e"),)), "root@w3 holds lock 0f9e for OperationTypeApply"),
        (Absent(), "no lock table"),
        (Unreadable("403"), "unreadable: 403"),
    ],
)
def test_nothing_starts_while_the_state_is_or_may_be_locked(looking: Any, locks: Any, said: str) -> None:
    found, fake = looking(locks=locks)
    assert said in found.reason
    assert fake.given == {}


def test_nothing_starts_when_nobody_can_say_what_was_started(looking: Any) -> None:
    found, fake = looking(unfinished=Unreadable("403"))
    assert (found, fake.given) == (Unreadable("intent record: unreadable: 403"), {})
