"""Log groups that AWS writes again after a destroy hold up nothing, go on record, and meet no next build (RE2)."""

import json

import pytest

from stage import BUILD, TEARDOWN, Stage

IMPATIENT = (("residual_wait: 900", "residual_wait: 60"), ("look_again: 20", "look_again: 1"))
NAME = "fraud-platform-dev-min"
pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]


def groups(stage: Stage) -> set[str]:
    return {it["logGroupName"] for it in stage.sandbox.client("logs").describe_log_groups()["logGroups"]}


def write_again(stage: Stage, *names: str) -> None:
    for name in names:
        stage.sandbox.client("logs").create_log_group(logGroupName=name)


def test_those_that_come_back_before_the_last_look_are_removed_on_record(built: Stage) -> None:
    (own,) = [name for name in groups(built) if name.startswith(NAME)]
    (cluster,) = [
        it["instances"][0]["attributes"]["name"]
        for it in built.state_document("demo")["resources"]
        if it["type"] == "aws_ecs_cluster"
    ]
    insights = f"/aws/ecs/containerinsights/{cluster}/performance"
    others = f"{insights}-of-somebody"
    back = {"f_residual_scan": lambda: write_again(built, own, insights, others)}
    with built.manifest_with(*IMPATIENT):
        run = built.run("m9", right_before=back, **TEARDOWN)
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    assert run.snapshots["teardown_proof"]["overall_pass"] is True
    assert groups(built) == {others}, "never by prefix"
    (record,) = built.evidence("control/dev_min/removed_log_groups/")
    content = built.sandbox.client("s3").get_object(Bucket=f"{NAME}-evidence", Key=record)["Body"].read()
    assert {it["name"] for it in json.loads(content)["log_groups"]} == {own, insights}

    write_again(built, own)  # minutes after the last look
    run = built.run("m2", **BUILD)
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    assert len(built.evidence("control/dev_min/removed_log_groups/")) == 2
    assert own in {it["attributes"]["name"] for it in _log_groups_in_state(built)}


def test_one_of_another_environment_blocks_the_build_with_its_name(built: Stage) -> None:
    (own,) = [name for name in groups(built) if name.startswith(NAME)]
    with built.manifest_with(*IMPATIENT):
        assert built.run("m9", **TEARDOWN).state == "success"
    built.sandbox.client("logs").create_log_group(logGroupName=own, tags={"environment": "prod"})
    run = built.run("m2", **BUILD)
    assert run.codes("m2_f_demo_plan_snapshot") == {"LOG-GROUP-NAME-TAKEN"}
    built.sandbox.client("logs").delete_log_group(logGroupName=own)
    assert built.run("m2", platform_run="continue", **BUILD).state == "success"


def _log_groups_in_state(stage: Stage) -> list[dict[str, dict[str, str]]]:
    return [
        instance
        for it in stage.state_document("demo")["resources"]
        if it["type"] == "aws_cloudwatch_log_group"
        for instance in it["instances"]
    ]
