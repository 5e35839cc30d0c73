"""The way out of something that stands: by who holds it, and never a run that cannot help."""

from dataclasses import replace

import pytest

from tidegate.gates.rules_live_remedy import held_by, is_marked, way_out
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.ownership import OwnedState, Owners
from tidegate.models.remedy import Clear, Command, Edit, Person, Remedy, Trigger
from tidegate.models.state import StateResource

ALB = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/quick-test-alb/0123456789abcdef"
BALANCER = LiveResource(type="aws_lb", id=ALB, region="eu-west-2", status="active", attributes={}, tags={})
TAGS = {"project": "fraud-platform", "environment": "dev_min"}


def state(stack: str, *held: tuple[str, str], destroyable: bool = True) -> OwnedState:
    resources = tuple(StateResource(address=f"{kind}.x", type=kind, id=id_) for kind, id_ in held)
    return OwnedState(stack=stack, destroyable=destroyable, resources=Known(resources))


def owners(*states: OwnedState, dedicated: bool = False) -> Owners:
    return Owners(
        states=states, region="eu-west-2", tags=TAGS, name_prefix="fraud-platform-dev-min", dedicated=dedicated
    )


def dags(remedy: Remedy) -> list[str]:
    return [step.dag for step in (*remedy.steps, *remedy.alternative) if isinstance(step, Trigger)]


@pytest.mark.parametrize("tearing_down", [True, False])
def test_what_no_state_holds_and_nobody_marked_is_for_its_owner(tearing_down: bool) -> None:
    """A teardown would take demo down and leave it standing."""
    remedy = way_out(BALANCER, owners(state("demo")), tearing_down=tearing_down)
    assert dags(remedy) == []
    assert isinstance(remedy.steps[0], Person)
    assert remedy.steps[-1] == Clear()
    assert isinstance(remedy.alternative[0], Edit)
    assert "M9 will not remove it" in remedy.text


@pytest.mark.parametrize(
    ("resource", "dedicated"),
    [
        (replace(BALANCER, tags=TAGS), False),
        (replace(BALANCER, tags={**TAGS, "more": "x"}), False),
        (BALANCER, True),
    ],
)
def test_what_is_the_environments_is_offered_for_deletion(resource: LiveResource, dedicated: bool) -> None:
    remedy = way_out(resource, owners(state("demo"), dedicated=dedicated), tearing_down=True)
    command, clear = remedy.steps
    assert isinstance(command, Command)
    assert command.argv == (
        "aws",
        "elbv2",
        "delete-load-balancer",
        "--load-balancer-arn",
        ALB,
        "--region",
        "eu-west-2",
    )
    assert clear == Clear()


@pytest.mark.parametrize("tags", [{"project": "fraud-platform"}, {**TAGS, "environment": "dev_min2"}, {}])
def test_another_environments_marks_are_none_of_ours(tags: dict[str, str]) -> None:
    assert not is_marked(replace(BALANCER, tags=tags), owners())


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("fraud-platform-dev-min", True),
        ("fraud-platform-dev-min-demo-runtime", True),
        ("fraud-platform-dev-min2-demo", False),
        ("x-fraud-platform-dev-min-demo", False),
        ("", False),
    ],
)
def test_a_name_marks_too_and_a_prefix_of_another_name_does_not(name: str, ours: bool) -> None:
    assert is_marked(replace(BALANCER, type="aws_db_instance", id=name), owners()) is ours


def test_a_hostile_name_is_in_no_command() -> None:
    hostile = replace(BALANCER, type="aws_db_instance", id="fraud-platform-dev-min-x; rm -rf ~", tags=TAGS)
    remedy = way_out(hostile, owners(state("demo")), tearing_down=True)
    assert not any(isinstance(step, Command) for step in remedy.steps)


def test_what_a_destroyable_stack_holds_its_teardown_removes() -> None:
    held = owners(state("core", destroyable=False), state("demo", ("aws_lb", ALB)))
    assert way_out(BALANCER, held, tearing_down=True).steps == (
        Trigger("<environment>.m9_teardown_cost_check", {"target": "demo"}, ("confirm",)),
    )
    building = way_out(BALANCER, held, tearing_down=False)
    assert dags(building) == ["<environment>.m2_substrate_build", "<environment>.m9_teardown_cost_check"]
    assert "<root of demo>" in building.text


def test_what_core_holds_no_teardown_is_offered_for() -> None:
    held = owners(state("core", ("aws_lb", ALB), destroyable=False))
    assert dags(way_out(BALANCER, held, tearing_down=True)) == ["<environment>.m2_substrate_build"]


@pytest.mark.parametrize("unread", [Unreadable("403")])
def test_nobody_can_tell_without_every_state(unread: Observed[tuple[StateResource, ...]]) -> None:
    """Else what rightly stands would be offered for deletion."""
    dark = OwnedState(stack="core", destroyable=False, resources=unread)
    marked = replace(BALANCER, tags=TAGS)
    for known in (None, owners(dark, state("demo"))):
        remedy = way_out(marked, known, tearing_down=True)
        assert not any(isinstance(step, Command | Trigger) for step in remedy.steps)


def test_a_stack_without_a_state_holds_nothing() -> None:
    none = OwnedState(stack="demo", destroyable=True, resources=Absent())
    assert isinstance(way_out(replace(BALANCER, tags=TAGS), owners(none), tearing_down=True).steps[0], Command)


@pytest.mark.parametrize(
    ("resource", "held", "is_held"),
    [
        (BALANCER, ("aws_lb", ALB), True),
        (BALANCER, ("aws_elb", ALB), False),
        (BALANCER, ("aws_lb", ALB + "0"), False),
        (
            replace(BALANCER, id="c-1", type="aws_ecs_cluster"),
            ("aws_ecs_cluster", "arn:aws:ecs:eu-west-2:1:cluster/c-1"),
            True,
        ),
        (replace(BALANCER, id="c-1", type="aws_ecs_cluster", region="us-east-1"), ("aws_ecs_cluster", "c-1"), False),
        (
            replace(BALANCER, id="n", type="aws_db_instance", attributes={"dbi_resource_id": Known("db-1")}),
            ("aws_db_instance", "db-1"),
            True,
        ),
    ],
)
def test_who_holds_it(resource: LiveResource, held: tuple[str, str], is_held: bool) -> None:
    assert (held_by(resource, owners(state("demo", held))) is not None) is is_held


@pytest.mark.parametrize("database", [Known("db-ABCDEFGHIJKLMNOPQRSTUVWX01"), Known("x; reboot"), Absent()])
def test_an_automated_snapshot_goes_with_the_retained_backup_of_its_database(database: Observed[str]) -> None:
    """RDS refuses to delete it by its own name."""
    snapshot = LiveResource(
        type="aws_db_snapshot",
        id="rds:fraud-platform-dev-min-demo-runtime-2026-11-29-01-39",
        region="eu-west-2",
        status="available",
        attributes={"dbi_resource_id": database},
        tags={},
    )
    first = way_out(snapshot, owners(state("demo")), tearing_down=True).steps[0]
    if database == Known("db-ABCDEFGHIJKLMNOPQRSTUVWX01"):
        assert isinstance(first, Command)
        assert first.argv[1:3] == ("rds", "delete-db-instance-automated-backup")
        assert "db-ABCDEFGHIJKLMNOPQRSTUVWX01" in first.argv
    else:
        assert isinstance(first, Person)
