"""AUDIT-RESIDUAL: what stands without a platform run, and beside the stacks of an open one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from factories_control import intent
from factories_residual import audit_residual_facts, owned, standing
from factories_world import NOW, PREFIX, inventory, live, look, looks, preserve_item, state_resource
from tidegate.gates.audit_residual import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.residual import AuditResidualFacts

DARK = Unreadable("AccessDenied")
APPLYING = {"demo": Known(intent(liveness="live"))}
TAGS = {"project": "fraud-platform", "lifecycle": "ephemeral"}
OURS = live(tags=TAGS)
NAT = live("aws_nat_gateway", "nat-1")
CLUSTER = live("aws_ecs_cluster", f"{PREFIX}-runtime")
ARN = f"arn:aws:ecs:eu-west-2:123456789012:cluster/{PREFIX}-runtime"
DATABASE = live("aws_db_instance", f"{PREFIX}-db", attributes={"dbi_resource_id": Known("db-ABC")})


def codes(facts: AuditResidualFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param(audit_residual_facts(), [], id="nothing-stands"),
        pytest.param(audit_residual_facts(platform_run=Absent()), [], id="the-first-night-ever"),
        pytest.param(audit_residual_facts(live()), [], id="the-vpc-of-somebody-else"),
        pytest.param(audit_residual_facts(OURS), ["RESIDUAL-RESOURCE"], id="after-the-closing"),
        pytest.param(
            audit_residual_facts(OURS, platform_run=Absent()), ["RESIDUAL-RESOURCE"], id="never-a-platform-run"
        ),
        pytest.param(
            audit_residual_facts(OURS, states=(owned("core"), owned("demo", state_resource(id=OURS.id)))),
            ["RESIDUAL-RESOURCE"],
            id="a-state-is-no-reason-without-a-platform-run",
        ),
        pytest.param(
            audit_residual_facts(OURS, preserve_set=Known((preserve_item(type="aws_vpc", id=OURS.id),))),
            [],
            id="preserved",
        ),
        pytest.param(audit_residual_facts(NAT), ["FORBIDDEN-LIVE"], id="forbidden-whoever-made-it"),
        pytest.param(
            audit_residual_facts(live(tags=TAGS, status="deleting")), ["RESIDUAL-DELETING"], id="on-its-way-out"
        ),
    ],
)
def test_without_an_open_platform_run_everything_ephemeral_is_found(
    facts: AuditResidualFacts, found: Sequence[str]
) -> None:
    assert codes(facts) == found


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        pytest.param(standing(OURS, held=(state_resource(id=OURS.id),)), [], id="in-a-state"),
        pytest.param(standing(OURS), ["ORPHAN-BESIDE-STACKS"], id="in-no-state"),
        pytest.param(
            standing(OURS, held=(state_resource("aws_subnet.a", OURS.id),)),
            ["ORPHAN-BESIDE-STACKS"],
            id="another-type-with-its-id",
        ),
        pytest.param(
            standing(live(tags=TAGS, region="us-east-1"), held=(state_resource(id=OURS.id),)),
            ["ORPHAN-BESIDE-STACKS"],
            id="its-name-in-another-region",
        ),
        pytest.param(standing(CLUSTER, held=(state_resource("aws_ecs_cluster.a", ARN),)), [], id="known-by-its-arn"),
        pytest.param(
            standing(
                live("aws_ecs_cluster", CLUSTER.id, region="us-east-1"),
                held=(state_resource("aws_ecs_cluster.a", ARN),),
            ),
            ["ORPHAN-BESIDE-STACKS"],
            id="the-arn-of-another-region",
        ),
        pytest.param(
            standing(live("aws_ecs_cluster", f"{PREFIX}-run"), held=(state_resource("aws_ecs_cluster.a", ARN),)),
            ["ORPHAN-BESIDE-STACKS"],
            id="a-part-of-its-name-is-not-its-name",
        ),
        pytest.param(
            standing(
                DATABASE, held=(state_resource("aws_db_instance.a", "db-ABC"),), ephemeral_types=("aws_db_instance",)
            ),
            [],
            id="a-database-by-the-id-of-rds",
        ),
        pytest.param(
            standing(
                DATABASE, held=(state_resource("aws_db_instance.a", "db-XYZ"),), ephemeral_types=("aws_db_instance",)
            ),
            ["ORPHAN-BESIDE-STACKS"],
            id="a-database-that-no-state-knows",
        ),
        pytest.param(
            standing(OURS, preserve_set=Known((preserve_item(type="aws_vpc", id=OURS.id),))), [], id="preserved"
        ),
        pytest.param(standing(NAT), [], id="what-is-forbidden-while-stacks-stand-the-posture-says"),
        pytest.param(standing(live(tags=TAGS, status="deleting")), ["RESIDUAL-DELETING"], id="on-its-way-out"),
        pytest.param(
            standing(replace(DATABASE, status="creating"), ephemeral_types=("aws_db_instance",)),
            ["ORPHAN-BESIDE-STACKS"],
            id="busy-may-be-in-the-making",
        ),
        pytest.param(
            standing(
                replace(DATABASE, status="creating", attributes={"deletion_protection": Known(True)}),
                ephemeral_types=("aws_db_instance",),
            ),
            ["RESIDUAL-UNDELETABLE"],
            id="protected-whatever-it-does",
        ),
        pytest.param(standing(OURS, intents=APPLYING), [], id="an-apply-is-under-way"),
        pytest.param(
            standing(OURS, intents={"demo": Known(intent(liveness="unknown"))}), [], id="an-apply-may-be-under-way"
        ),
        pytest.param(
            standing(OURS, intents={"demo": Known(intent(liveness="dead"))}),
            ["ORPHAN-BESIDE-STACKS"],
            id="an-apply-that-is-gone-explains-nothing",
        ),
        pytest.param(
            standing(OURS, intents={"demo": Known(intent(operation="plan", liveness="live"))}),
            ["ORPHAN-BESIDE-STACKS"],
            id="a-plan-makes-nothing",
        ),
        pytest.param(standing(OURS, intents={"demo": DARK}), ["ORPHAN-BESIDE-STACKS"], id="nobody-can-say-so"),
        pytest.param(
            standing(live(tags={**TAGS, "aws:cloudformation:stack-name": "x"})), [], id="a-vendor's-and-costs-nothing"
        ),
        pytest.param(
            standing(live(tags={**TAGS, "aws:cloudformation:stack-name": "x"}), free_types=()),
            ["RESIDUAL-VENDOR-MANAGED"],
            id="a-vendor's-and-costs",
        ),
    ],
)
def test_beside_an_open_platform_run_orphans_are_found(facts: AuditResidualFacts, found: Sequence[str]) -> None:
    assert codes(facts) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"platform_run": DARK}, ["PLATFORM-RUN-UNREADABLE"]),
        ({"states": (owned("core"), owned("demo", resources=DARK))}, ["STATE-UNREADABLE"]),
        ({"states": (owned("core"),)}, ["STATE-NOT-READ"]),
        ({"preserve_set": DARK}, ["PRESERVE-SET-UNREADABLE"]),
        ({"preserve_set": Absent()}, ["PRESERVE-SET-MISSING"]),
        ({"inventory": inventory(coverage=())}, ["COVERAGE-GAP", "COVERAGE-GAP"]),
        ({"ephemeral_types": ()}, ["EPHEMERAL-TYPES-MISSING"]),
        ({"looks": looks(first=Absent())}, ["RESIDUAL-UNCONFIRMED"]),
        ({"looks": looks(first=Known(look(1)))}, ["CLOCK-WENT-BACK"]),
    ],
)
@pytest.mark.parametrize("facts_of", [audit_residual_facts, standing], ids=["closed", "open"])
def test_what_cannot_be_told_is_a_finding(facts_of: Any, changes: dict[str, Any], found: Sequence[str]) -> None:
    assert codes(facts_of(**changes)) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        pytest.param({"states": (owned("core"), owned("demo", resources=DARK))}, "STATE-UNREADABLE", id="unreadable"),
        pytest.param({"states": (owned("core"),)}, "STATE-NOT-READ", id="left-out"),
        pytest.param({"preserve_set": DARK}, "PRESERVE-SET-UNREADABLE", id="preserve-set"),
    ],
)
def test_nobody_is_told_to_delete_what_an_unread_state_may_hold(changes: dict[str, Any], found: str) -> None:
    assert codes(standing(OURS, NAT, **changes)) == [found]


def test_a_state_without_a_resource_holds_nothing() -> None:
    assert codes(standing(OURS, states=(owned("core"), owned("demo", resources=Absent())))) == ["ORPHAN-BESIDE-STACKS"]


def test_every_orphan_is_named_whatever_was_looked_at_before_it() -> None:
    held = (state_resource("aws_subnet.a", "subnet-1"), state_resource(id="vpc-mine"))
    mine, going = live(id="vpc-mine", tags=TAGS), live(id="vpc-going", tags=TAGS, status="deleting")
    blockers = GATE.evaluate(
        standing(mine, going, live(tags=TAGS), live("aws_vpc", "vpc-2", tags=TAGS), held=held), judged_at=NOW
    )
    assert [(blocker.code, blocker.resource) for blocker in blockers] == [
        ("RESIDUAL-DELETING", "aws_vpc vpc-going eu-west-2"),
        ("ORPHAN-BESIDE-STACKS", "aws_vpc vpc-0other eu-west-2"),
        ("ORPHAN-BESIDE-STACKS", "aws_vpc vpc-2 eu-west-2"),
    ]


def test_a_state_may_know_a_resource_behind_those_of_other_types() -> None:
    held = (state_resource("aws_subnet.a", "subnet-1"), state_resource(id=OURS.id))
    assert codes(standing(OURS, held=held)) == []


@pytest.mark.parametrize(
    ("changes", "resource"),
    [({"platform_run": DARK}, "control record platform_runs"), ({"preserve_set": DARK}, "preserve-set")],
)
def test_what_could_not_be_read_is_named(changes: dict[str, Any], resource: str) -> None:
    (blocker,) = GATE.evaluate(audit_residual_facts(**changes), judged_at=NOW)
    assert blocker.resource == resource


def test_without_a_platform_run_an_apply_explains_nothing() -> None:
    assert codes(audit_residual_facts(OURS, intents=APPLYING)) == ["RESIDUAL-RESOURCE"]


def test_a_database_in_the_making_may_clear_by_itself() -> None:
    making = standing(replace(DATABASE, status="creating"), ephemeral_types=("aws_db_instance",))
    assert GATE.may_clear_by_itself(GATE.evaluate(making, judged_at=NOW))


def test_a_platform_run_that_cannot_be_read_hides_no_orphan() -> None:
    assert codes(standing(OURS, platform_run=DARK)) == ["PLATFORM-RUN-UNREADABLE", "ORPHAN-BESIDE-STACKS"]


def test_a_running_apply_gets_time_to_write_its_state() -> None:
    assert GATE.may_clear_by_itself(GATE.evaluate(standing(OURS), judged_at=NOW))
    assert not GATE.may_clear_by_itself(GATE.evaluate(audit_residual_facts(OURS), judged_at=NOW))
