"""Which log groups are removed after a destroy: exact names, owner gone, nobody else's, on record first."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from factories_world import plan, planned, residual_facts
from standins import MemoryStore
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.store import StoreError
from tidegate.evidence.teardowns import begin_teardown, end_teardown
from tidegate.lanes import log_groups
from tidegate.lanes.log_groups import (
    destroyed_before,
    make_way,
    names_taken,
    remove,
    remove_written_again,
    written_again,
)
from tidegate.lanes.run import ActionBlocked, LaneRun
from tidegate.models.log_groups import LOG_GROUP, Owner
from tidegate.models.observed import Known, Unreadable
from tidegate.models.snapshot import InputRecord
from tidegate.models.state import StateResource

CLUSTER = "fraud-platform-dev-min-demo-runtime"
PERFORMANCE = f"/aws/ecs/containerinsights/{CLUSTER}/performance"
ARN = f"arn:aws:ecs:eu-west-2:123456789012:cluster/{CLUSTER}"
OWNER = Owner(type="aws_ecs_cluster", id=ARN, name=CLUSTER)
RECORD = "control/dev_min/removed_log_groups/000001.json"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    with mock_aws():
        yield boto3.client("logs", region_name="eu-west-2")


@pytest.fixture
def run(world: Any, logs: Any) -> LaneRun:
    return world.run("m9", "f_residual_scan", clients=Clients.from_environment("eu-west-2"))  # type: ignore[no-any-return]


def standing(logs: Any) -> set[str]:
    return {it["logGroupName"] for it in logs.describe_log_groups()["logGroups"]}


def judged(run: LaneRun, *owners: Owner) -> dict[str, str]:
    found = written_again(run, owners)
    assert isinstance(found, Known), found
    return {it.name: it.kept for it in found.value}


def test_an_untagged_one_of_a_cluster_that_is_gone_goes_on_record(run: LaneRun, logs: Any, world: Any) -> None:
    logs.create_log_group(logGroupName=PERFORMANCE)
    logs.create_log_group(logGroupName=f"{PERFORMANCE}-of-somebody")
    found = written_again(run, (OWNER,))
    assert isinstance(found, Known)
    (group,) = found.value
    assert (group.name, group.kept, group.ours) == (PERFORMANCE, "", True)
    assert remove(run, found.value) == ()
    assert standing(logs) == {f"{PERFORMANCE}-of-somebody"}, "never by prefix"
    assert PERFORMANCE.encode() in world.remote.objects[RECORD]
    assert judged(run, OWNER) == {}


def test_nothing_is_removed_that_is_not_on_record(run: LaneRun, logs: Any, world: Any) -> None:
    logs.create_log_group(logGroupName=PERFORMANCE)
    found = written_again(run, (OWNER,))
    assert isinstance(found, Known)

    class Refusing(MemoryStore):
        def create(self, key: str, content: bytes) -> Any:
            raise StoreError(key, "AccessDenied")

    refusing = world.run("m9", "f_residual_scan", clients=run.clients, remote=Refusing())
    with pytest.raises(StoreError):
        remove(refusing, found.value)
    assert standing(logs) == {PERFORMANCE}


def test_an_owner_that_answers_keeps_it(run: LaneRun, logs: Any) -> None:
    boto3.client("ecs", region_name="eu-west-2").create_cluster(clusterName=CLUSTER)
    logs.create_log_group(logGroupName=PERFORMANCE)
    assert judged(run, OWNER) == {PERFORMANCE: f"aws_ecs_cluster {ARN} still answers"}


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"environment": "prod"}, "it is tagged environment=prod"),
        ({"project": "other"}, "it is tagged project=other"),
        ({"environment": "dev_min", "project": "fraud-platform"}, ""),
        ({"team": "fraud"}, ""),
    ],
)
def test_the_tag_of_another_environment_keeps_it(run: LaneRun, logs: Any, tags: dict[str, str], kept: str) -> None:
    logs.create_log_group(logGroupName=PERFORMANCE, tags=tags)
    assert judged(run, OWNER) == {PERFORMANCE: kept}


def test_of_an_owner_that_nobody_can_ask_for_it_stays(run: LaneRun, logs: Any) -> None:
    logs.create_log_group(logGroupName="/aws/codebuild/f")
    (kept,) = judged(run, Owner(type="aws_codebuild_project", id="f", name="f")).values()
    assert kept.startswith("nobody can tell whether aws_codebuild_project f is gone")


def test_the_group_of_the_stack_itself_goes_when_all_of_the_stack_is_gone(run: LaneRun, logs: Any) -> None:
    own = Owner(type=LOG_GROUP, id="fraud-platform-dev-min-demo-runtime", name="")
    logs.create_log_group(logGroupName=own.id)
    assert judged(run, own, OWNER) == {own.id: ""}
    boto3.client("ecs", region_name="eu-west-2").create_cluster(clusterName=CLUSTER)
    assert "still answers" in judged(run, own, OWNER)[own.id]
    assert judged(run, own) == {own.id: "nobody can ask for its stack"}


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        (("eu-west-2", "us-east-1"), "it is in account 123456789012, region us-east-1"),
        (("123456789012", "999999999999"), "it is in account 999999999999, region eu-west-2"),
    ],
)
def test_another_account_or_region_keeps_it(
    run: LaneRun, logs: Any, monkeypatch: pytest.MonkeyPatch, there: tuple[str, str], kept: str
) -> None:
    logs.create_log_group(logGroupName=PERFORMANCE)
    real = log_groups.standing_log_groups

    def elsewhere(*given: Any) -> Any:
        found = real(*given)
        assert isinstance(found, Known)
        return Known(tuple(replace(it, arn=it.arn.replace(*there)) for it in found.value))

    monkeypatch.setattr(log_groups, "standing_log_groups", elsewhere)
    assert judged(run, OWNER) == {PERFORMANCE: kept}


def test_what_others_claim_is_not_ours_whatever_its_name(run: LaneRun, logs: Any) -> None:
    """No command to delete it is offered."""
    logs.create_log_group(logGroupName=PERFORMANCE, tags={"environment": "prod"})
    found = written_again(run, (OWNER,))
    assert isinstance(found, Known)
    assert [it.ours for it in found.value] == [False]


def going(*names: str, actions: tuple[str, ...] = ("create",)) -> Any:
    """A plan with these log groups."""
    resources = [
        planned(f"aws_cloudwatch_log_group.g{i}", actions=actions, attributes={"name": Known(name)})
        for i, name in enumerate(names)
    ]
    return plan(resources=tuple(resources))


@pytest.mark.parametrize("actions", [("no-op",), ("update",), ("delete", "create"), ("delete",)])
def test_a_name_that_the_plan_does_not_create_anew_is_its_own(
    run: LaneRun, logs: Any, actions: tuple[str, ...]
) -> None:
    logs.create_log_group(logGroupName="mine")
    assert names_taken(run, "demo", going("mine", actions=actions)) == Known(())


def test_a_removal_that_aws_refuses_is_said_and_kept_on_record_once(
    run: LaneRun, logs: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.create_log_group(logGroupName=PERFORMANCE)
    found = written_again(run, (OWNER,))
    assert isinstance(found, Known)
    monkeypatch.setattr(log_groups, "delete_log_group", lambda *_: Unreadable("DeleteLogGroup: AccessDenied"))
    assert remove(run, found.value) == remove(run, found.value) == ("DeleteLogGroup: AccessDenied",)
    assert [key for key in world.remote.objects if "removed_log_groups" in key] == [RECORD]
    assert any("stays: DeleteLogGroup: AccessDenied" in said for said in world.said)


def test_nothing_is_removed_while_another_run_has_the_environment(world: Any, run: LaneRun, logs: Any) -> None:
    """Its build may just have made the log group, before anything else of its stack."""
    boto3.client("s3", region_name="eu-west-2").create_bucket(
        Bucket="fraud-platform-dev-min-evidence", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
    )
    logs.create_log_group(logGroupName=PERFORMANCE)
    facts = residual_facts(log_groups=written_again(run, (OWNER,)))
    other = world.run("m2", "f_demo.apply", clients=run.clients, run_id="another")
    assert other.acquire_lease().ours
    remove_written_again(run, facts, None)
    assert standing(logs) == {PERFORMANCE}
    assert any("no log group is removed" in said and "another" in said for said in world.said)
    other.lease.release(dag_id=other.dag_id, run_id=other.run_id, now=datetime.now(UTC))
    remove_written_again(run, facts, None)
    assert standing(logs) == set()


def test_no_teardown_ever_was(run: LaneRun) -> None:
    assert destroyed_before(run, ("demo",)) == Known(())


def test_a_damaged_record_of_a_teardown_is_no_licence(run: LaneRun, world: Any) -> None:
    world.remote.objects["control/dev_min/teardowns/demo/000001.json"] = b"{}"
    assert isinstance(destroyed_before(run, ("demo",)), Unreadable)


def test_a_name_that_a_build_creates(world: Any, run: LaneRun, logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert names_taken(run, "demo", going("free")) == Known(())
    logs.create_log_group(logGroupName="mine")
    logs.create_log_group(logGroupName=PERFORMANCE)
    found = names_taken(run, "demo", going("mine"))
    assert isinstance(found, Known)
    assert [it.kept for it in found.value] == ["it follows from nothing that the last teardown took"]
    with pytest.raises(ActionBlocked, match=r"LOG-GROUP-NAME-TAKEN demo.*mine"):
        make_way(run, "demo", going("mine", PERFORMANCE))
    assert standing(logs) == {"mine", PERFORMANCE}

    begin_teardown(
        world.remote,
        "dev_min",
        "demo",
        execution_id="m9_1",
        scope=InputRecord(uri="s3://e/s.json", version_id="v1", sha256="e" * 64),
        destroy_set=[StateResource(address="a", type=OWNER.type, id=OWNER.id, name=OWNER.name)],
    )
    end_teardown(world.remote, "dev_min", "demo", execution_id="m9_1", outcome="destroyed")
    with monkeypatch.context() as refusing:
        refusing.setattr(log_groups, "delete_log_group", lambda *_: Unreadable("DeleteLogGroup: AccessDenied"))
        with pytest.raises(ActionBlocked, match="AccessDenied"):
            make_way(run, "demo", going(PERFORMANCE))
    make_way(run, "demo", going(PERFORMANCE))
    assert standing(logs) == {"mine"}
