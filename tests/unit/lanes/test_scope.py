"""What a teardown takes with it, when an earlier one died half way, and which rules hold while stacks stand."""

from types import SimpleNamespace
from typing import Any

import pytest

import factories_world as world_of
from factories_world import NOW
from standins import dev_min
from tidegate.evidence.teardowns import begin_teardown, unfinished_teardown
from tidegate.lanes import build, scope
from tidegate.lanes.plan_facts import plan_facts
from tidegate.lanes.run import ActionBlocked
from tidegate.models.observed import Absent, Known
from tidegate.models.snapshot import InputRecord

GONE = world_of.state_resource("aws_subnet.gone", "subnet-1")
THERE = world_of.state_resource("aws_vpc.this", "vpc-1")


def begin(run: Any, *resources: Any) -> None:
    frozen = InputRecord(uri="s3://e/m9_b_teardown_scope.json", version_id=None, sha256="e" * 64)
    begin_teardown(run.remote, "dev_min", "demo", execution_id="m9_1", scope=frozen, destroy_set=resources)


@pytest.mark.parametrize(
    ("refreshed", "going", "left"),
    [
        pytest.param(("aws_vpc.this",), (GONE, THERE), (), id="the-cloud-lost-one"),
        pytest.param(("aws_subnet.gone", "aws_vpc.this"), (THERE,), (GONE,), id="the-plan-forgets-one"),
        pytest.param(None, (THERE,), (GONE,), id="the-plan-does-not-say"),
    ],
)
def test_what_the_cloud_lost_goes_and_what_the_plan_forgets_does_not(
    world: Any, monkeypatch: pytest.MonkeyPatch, refreshed: Any, going: Any, left: Any
) -> None:
    """TD6: Terraform had deleted it before it died; the state still names it, and no plan ever will."""
    state = SimpleNamespace(resources=Known((GONE, THERE)), version=Known(world_of.state_version()), outputs=Known({}))
    plan = world_of.destroy_plan(refreshed=refreshed)
    monkeypatch.setattr(scope, "read_state", lambda *_: state)
    monkeypatch.setattr(scope, "make_plan", lambda *_, **__: plan)
    run = world.run("m9", "b_scope_freeze")
    begin(run, GONE, THERE)
    found = scope.stack_scope(run, "demo")
    assert (found.destroy_set, found.unplanned) == (going, left)
    assert found.resumes == unfinished_teardown(run.remote, "dev_min", "demo")


def test_a_build_ends_the_teardown_before_it_applies(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is built anew was never frozen; the next teardown freezes all of it."""
    run, seen = world.run("m2", "f_demo.apply"), []
    begin(run, THERE)
    monkeypatch.setattr(build, "planned", lambda *_: SimpleNamespace(has_changes=True, resources=()))
    monkeypatch.setattr(build, "_record_inputs", lambda *_: None)
    monkeypatch.setattr(
        build, "apply_fetched", lambda *_: seen.append(unfinished_teardown(run.remote, "dev_min", "demo"))
    )
    build.apply(run, world_of.applied_facts(), {})
    assert seen == [Absent()]


def test_a_log_group_that_stays_keeps_a_build_from_everything(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is applied, and the teardown before is not said to have been built over."""
    run = world.run("m2", "f_demo.apply")
    begin(run, THERE)

    def stays(*_: Any) -> None:
        raise ActionBlocked("LOG-GROUP-NAME-TAKEN demo")

    monkeypatch.setattr(build, "planned", lambda *_: SimpleNamespace(has_changes=True, resources=()))
    monkeypatch.setattr(build, "make_way", stays)
    monkeypatch.setattr(build, "_record_inputs", lambda *_: pytest.fail("recorded"))
    monkeypatch.setattr(build, "apply_fetched", lambda *_: pytest.fail("applied"))
    with pytest.raises(ActionBlocked):
        build.apply(run, world_of.applied_facts(), {})
    assert isinstance(unfinished_teardown(run.remote, "dev_min", "demo"), Known)


def test_a_database_is_judged_neither_in_a_plan_nor_while_demo_stands(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LEFT-DATABASE holds after a teardown only."""
    environment, policies = dev_min()
    planned = plan_facts(
        environment,
        policies,
        stack="demo",
        plan=Known(world_of.plan()),
        state=Absent(),
        observed_at=NOW,
        sources=(),
        today=NOW.date(),
        drift_blocks=False,
        tainted=Known(()),
        month=Absent(),
    )
    monkeypatch.setattr(build, "collect_inventory", lambda *_: world_of.inventory())
    monkeypatch.setattr(build, "owners_of", lambda _run: None)
    posture = build.collect_posture(world.run("m2", "g_network_posture"))
    assert posture.forbidden == policies.forbidden.standing_rules
    assert planned.forbidden == (*posture.forbidden, *policies.forbidden.in_plans)
    assert "LEFT-DATABASE" not in {rule.id for rule in planned.forbidden}
