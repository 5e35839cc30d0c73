"""Log groups that AWS wrote again: which name follows from what, and what the two gates say of one that stands."""

from typing import Any

import pytest

from factories_world import NOW, PREFIX, inventory, live, plan_facts, residual_facts
from tidegate.gates import plan_guard, residual_scan
from tidegate.models.log_groups import LOG_GROUP, Owner, WrittenLogGroup, by_name, names_of
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.remedy import Command, Person

NAME = f"/aws/rds/instance/{PREFIX}-demo/postgresql"
ARN = f"arn:aws:logs:eu-west-2:123456789012:log-group:{NAME}"


def group(**changes: Any) -> WrittenLogGroup:
    given = {"name": NAME, "arn": ARN, "owner": "aws_db_instance db-ABC", "kept": "", "ours": True}
    return WrittenLogGroup(**{**given, **changes})


@pytest.mark.parametrize(
    ("type", "name", "expected"),
    [
        ("aws_ecs_cluster", "c", "/aws/ecs/containerinsights/c/performance"),
        ("aws_lambda_function", "f", "/aws/lambda/f"),
        ("aws_db_instance", "d", "/aws/rds/instance/d/postgresql"),
        ("aws_rds_cluster", "d", "/aws/rds/cluster/d/audit"),
    ],
)
def test_a_name_follows_from_its_owner(type: str, name: str, expected: str) -> None:
    assert expected in names_of(Owner(type=type, id="x", name=name))


def test_an_owner_without_a_name_has_no_log_group() -> None:
    assert names_of(Owner(type="aws_lambda_function", id="x", name="")) == ()
    assert names_of(Owner(type="aws_vpc", id="vpc-1", name="vpc-1")) == ()


def test_the_service_that_writes_comes_before_the_stack_that_made_it() -> None:
    itself, database = (
        Owner(type=LOG_GROUP, id=NAME, name=NAME),
        Owner(type="aws_db_instance", id="db-ABC", name=f"{PREFIX}-demo"),
    )
    assert by_name((itself, database))[NAME] == database
    assert by_name((database, itself))[NAME] == database
    assert by_name((itself,)) == {NAME: itself}


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (Absent(), []),
        (Known(()), []),
        (Known((group(),)), ["LOG-GROUP-WRITTEN-AGAIN"]),
        (Known((group(kept="it is tagged environment=prod"),)), []),
        (Unreadable("AccessDenied"), ["LOG-GROUPS-UNREADABLE"]),
    ],
)
def test_after_a_teardown(found: Observed[tuple[WrittenLogGroup, ...]], codes: list[str]) -> None:
    assert [it.code for it in residual_scan.GATE.evaluate(residual_facts(log_groups=found), judged_at=NOW)] == codes


def test_time_and_the_next_look_clear_it() -> None:
    told = residual_scan.GATE.evaluate(residual_facts(log_groups=Known((group(),))), judged_at=NOW)
    assert residual_scan.GATE.may_clear_by_itself(told)


def test_one_that_is_removed_between_looks_is_not_left_over_as_well() -> None:
    tags = {"project": "fraud-platform", "lifecycle": "ephemeral"}
    facts = residual_facts(live(LOG_GROUP, NAME, tags=tags), log_groups=Known((group(),)))
    facts = residual_facts(
        inventory=inventory(live(LOG_GROUP, NAME, tags=tags)),
        log_groups=facts.log_groups,
        ephemeral_types=(LOG_GROUP,),
    )
    assert [it.code for it in residual_scan.GATE.evaluate(facts, judged_at=NOW)] == ["LOG-GROUP-WRITTEN-AGAIN"]


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (Absent(), []),
        (Known((group(),)), []),
        (Known((group(kept="aws_db_instance db-ABC still answers"),)), ["LOG-GROUP-NAME-TAKEN"]),
        (Unreadable("AccessDenied"), ["LOG-GROUPS-UNREADABLE"]),
    ],
)
def test_before_a_build(found: Observed[tuple[WrittenLogGroup, ...]], codes: list[str]) -> None:
    assert [it.code for it in plan_guard.GATE.evaluate(plan_facts(log_groups=found), judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("taken", "kind"),
    [
        (group(kept="x"), Command),
        (group(kept="x", ours=False), Person),
        (group(kept="x", name="$(id)"), Person),
        (group(kept="x", arn="no arn"), Person),
    ],
)
def test_a_command_only_for_what_is_ours_and_has_the_shape_of_a_name(taken: WrittenLogGroup, kind: type) -> None:
    (blocker,) = plan_guard.GATE.evaluate(plan_facts(log_groups=Known((taken,))), judged_at=NOW)
    assert isinstance(blocker.remedy.steps[0], kind)
    if kind is Command:
        assert "aws logs delete-log-group --log-group-name" in blocker.remedy.text
        assert "--region eu-west-2" in blocker.remedy.text
