"""Another team's environment, of a manifest, roots and policy data alone: built, judged, torn down, proven. Tests build
on each other.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lake_stage import ENVIRONMENT, LakeStage, lake_stage
from sandbox.iam.evaluation import Caller, Need, Policies, Policy, decide
from tidegate.environments import load_policies
from tidegate.models.execution_role import ExecutionRole, role_of

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]

NAME = "customer-insight-lake-min"
ACCOUNT = "210987654321"
BUILD, TEARDOWN = "m2_substrate_build", "m9_teardown_cost_check"
STACKS = ("core", "lake", "features", "serving")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeStage]:
    """lake_min after its bootstrap."""
    with lake_stage(tmp_path_factory.mktemp("lake")) as stage:
        passed(stage.run("m1_backend_bootstrap"))
        yield stage


def passed(run: Any) -> None:
    closed = {name: run.codes(name) for name in run.snapshots if run.codes(name)}
    assert run.state == "success", (closed, {task: state for task, state in run.tasks.items() if state != "success"})


def role(stage: LakeStage) -> ExecutionRole:
    return role_of(stage.environment, load_policies(stage.environment))


def standing(stage: LakeStage) -> dict[str, list[str]]:
    """What AWS has of the two ephemeral stacks, asked service by service."""
    ours = (f"{NAME}-features", f"{NAME}-serving")
    of = stage.sandbox.client
    names = {
        "functions": [it["FunctionName"] for it in of("lambda").list_functions()["Functions"]],
        "queues": [it.rpartition("/")[2] for it in of("sqs").list_queues().get("QueueUrls", [])],
        "schedules": [it["Name"] for it in of("scheduler").list_schedules()["Schedules"]],
        "groups": [it["Name"] for it in of("scheduler").list_schedule_groups()["ScheduleGroups"]],
        "tables": of("dynamodb").list_tables()["TableNames"],
        "roles": [it["RoleName"] for it in of("iam").list_roles()["Roles"]],
        "logs": [it["logGroupName"].rpartition("/")[2] for it in of("logs").describe_log_groups()["logGroups"]],
    }
    return {kind: sorted(it for it in found if it.startswith(ours)) for kind, found in names.items()}


def test_four_stacks_are_built_and_two_of_them_behind_the_contract_with_lake(lake: LakeStage) -> None:
    run = lake.run(BUILD)
    passed(run)
    applied = {task for task in run.tasks if task.endswith(".apply")}
    assert applied == {"c_core.apply", "c_lake.apply", "f_features.apply", "f_serving.apply"}
    assert {task for task in run.tasks if task.endswith("_contract")} == {"e_features_contract", "e_serving_contract"}
    assert standing(lake) == {
        "functions": [f"{NAME}-features-build", f"{NAME}-serving-score"],
        "queues": [f"{NAME}-features-built", f"{NAME}-features-failed"],
        "schedules": [f"{NAME}-features-nightly"],
        "groups": [f"{NAME}-features"],
        "tables": [f"{NAME}-serving-online"],
        "roles": [f"{NAME}-features-build", f"{NAME}-features-schedule", f"{NAME}-serving-score"],
        "logs": [f"{NAME}-features-build", f"{NAME}-serving-score"],
    }
    found = lake.sandbox.client("lambda").get_function_configuration(FunctionName=f"{NAME}-features-build")
    given = found["Environment"]["Variables"]
    assert (given["DATABASE"], given["WORKGROUP"]) == (f"{NAME}-lake", f"{NAME}-lake"), "what lake handed over"


def test_the_role_has_no_right_that_its_stacks_do_not_need(lake: LakeStage) -> None:
    policies = role(lake).policies
    assert [arn.partition("-lanes-")[2] for arn in policies] == [
        *("backend", "guards", "core", "stack-lake", "stack-features", "stack-serving")
    ]
    writing = {
        action
        for text in policies.values()
        for statement in json.loads(text)["Statement"]
        for action in statement["Action"]
        if action.startswith(("ec2:", "rds:", "ecs:")) and not action.split(":")[1].startswith(("Describe", "List"))
    }
    assert writing == set()


REFUSED: dict[str, Callable[[Any], Any]] = {
    "a network": lambda of: of("ec2").create_vpc(CidrBlock="10.0.0.0/16"),
    "a cluster": lambda of: of("ecs").create_cluster(clusterName=f"{NAME}-serving"),
    "the data bucket removed": lambda of: of("s3").delete_bucket(Bucket=f"{NAME}-lake-data"),
    "data removed": lambda of: of("s3").delete_object(Bucket=f"{NAME}-lake-data", Key="events/day=2026-11-30/a"),
    "the table of lake removed": lambda of: of("glue").delete_table(DatabaseName=f"{NAME}-lake", Name="events"),
    "its database removed": lambda of: of("glue").delete_database(Name=f"{NAME}-lake"),
    "its workgroup removed": lambda of: of("athena").delete_work_group(WorkGroup=f"{NAME}-lake"),
    "the database of somebody else": lambda of: of("glue").create_database(DatabaseInput={"Name": "others"}),
    "a queue of somebody else": lambda of: of("sqs").create_queue(QueueName="others"),
    "a role without boundary": lambda of: of("iam").create_role(
        RoleName=f"{NAME}-features-up", AssumeRolePolicyDocument=json.dumps(TRUST)
    ),
    "a role of a stack that makes none": lambda of: of("iam").create_role(
        RoleName=f"{NAME}-lake-up",
        AssumeRolePolicyDocument=json.dumps(TRUST),
        PermissionsBoundary=f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-boundary",
    ),
    "itself handed to a function": lambda of: of("lambda").create_function(
        FunctionName=f"{NAME}-features-up",
        Role=f"arn:aws:iam::{ACCOUNT}:role/{NAME}-execution",
        Code={"ZipFile": b"x"},
        Runtime="python3.13",
        Handler="a.b",
    ),
    "a role of a function handed to the scheduler of another stack": lambda of: of("scheduler").create_schedule(
        Name="up",
        GroupName=f"{NAME}-serving",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:eu-west-2:{ACCOUNT}:x", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{NAME}-x"},
    ),
}


ASKED_HERE: list[str] = []
"""What this file itself asked and was denied, beside what the lanes asked."""


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_stack_is_about_is_refused(lake: LakeStage, what: str) -> None:
    with pytest.raises(ClientError) as caught:
        REFUSED[what](lambda service: lake.sandbox.client(service, as_owner=False))
    ASKED_HERE.append(what)
    error = caught.value.response["Error"]
    assert error["Code"] in DENIED, error
    assert f"assumed-role/{NAME}-execution/" in error["Message"]


def test_a_field_of_the_form_changes_one_stack_and_no_other(lake: LakeStage) -> None:
    before = {stack: lake.state_of(stack) for stack in STACKS}
    passed(lake.run(BUILD, platform_run="continue", schedule_enabled=True))
    [nightly] = lake.sandbox.client("scheduler").list_schedules()["Schedules"]
    assert nightly["State"] == "ENABLED"
    assert [stack for stack in STACKS if lake.state_of(stack) != before[stack]] == ["features"]


def test_without_an_output_of_lake_neither_is_planned(lake: LakeStage) -> None:
    since = lake.position()
    with ExitStack() as until:
        gone: list[bool] = []

        def lost() -> None:
            if not gone:
                gone.append(True)
                until.enter_context(lake.state_edited("lake", lambda it: it["outputs"].pop("data_bucket")))

        contracts = {"e_features_contract": lost, "e_serving_contract": lost}
        run = lake.run(BUILD, platform_run="continue", right_before=contracts)
    assert run.state == "failed"
    for stack in ("features", "serving"):
        [blocker] = run.snapshots[f"m2_e_{stack}_contract_snapshot"]["blockers"]
        assert "data_bucket" in json.dumps(blocker)
        assert f"f_{stack}.plan_and_guard" not in run.started
    assert lake.mutations(since) == []


def test_a_night_finds_nothing_that_no_state_explains(lake: LakeStage) -> None:
    """Functions, queues and groups bear the tags of what must go; the states of the two stacks hold them."""
    passed(lake.run("teardown_audit"))


def test_both_are_torn_down_with_a_proof_and_the_lake_stays(lake: LakeStage) -> None:
    s3 = lake.sandbox.client("s3")
    key = "events/day=2026-11-30/part-0.parquet"
    s3.put_object(Bucket=f"{NAME}-lake-data", Key=key, Body=b"data")
    before = {stack: lake.state_of(stack) for stack in ("core", "lake")}
    run = lake.run(TEARDOWN, target="serving+features", confirm=ENVIRONMENT, read_bills_anew=True)
    passed(run)
    assert {stack: lake.state_of(stack) for stack in ("core", "lake")} == before
    assert [(lake.state_of(stack) or ("", 0, 1))[2] for stack in ("features", "serving")] == [0, 0]
    assert {kind: found for kind, found in standing(lake).items() if found} == {}
    assert s3.get_object(Bucket=f"{NAME}-lake-data", Key=key)["Body"].read() == b"data"
    assert (
        lake.sandbox.client("glue").get_table(DatabaseName=f"{NAME}-lake", Name="events")["Table"]["Name"] == "events"
    )
    proof = run.snapshots["teardown_proof"]
    assert proof["overall_pass"]
    assert proof["environment"] == ENVIRONMENT
    kept = {it["id"] for it in run.snapshots["m9_b_teardown_scope"]["facts"]["preserve_set"]["value"]}
    assert {f"{NAME}-lake-data", f"{NAME}-lake-results", f"{ACCOUNT}:{NAME}-lake:events"} <= kept


def test_every_statement_of_the_stacks_was_needed_and_nothing_was_denied(lake: LakeStage) -> None:
    """Of what the runs asked: without a statement something would have been denied."""
    made = role(lake)
    caller = Caller(f"{made.arn}/lane".replace(":iam:", ":sts:"), ACCOUNT, made.arn)

    def granted(need: Need, policies: dict[str, str]) -> bool:
        attached = tuple(Policy(arn.rpartition("/")[2], text) for arn, text in policies.items())
        return decide(need, caller, Policies(attached, Policy("boundary", made.boundary))).allowed

    asked = [
        need
        for each in lake.sandbox.admin.iam_needs()
        if granted(
            need := Need(each["action"], each["resource"], {key: tuple(it) for key, it in each["context"].items()}),
            dict(made.policies),
        )
    ]
    idle = []
    for arn, text in made.policies.items():
        document = json.loads(text)
        for statement in document["Statement"] if "-lanes-stack-" in arn else ():
            without = json.dumps({**document, "Statement": [it for it in document["Statement"] if it is not statement]})
            if all(granted(need, {**made.policies, arn: without}) for need in asked):
                idle.append((arn.rpartition("/")[2], statement["Sid"]))
    assert idle == []
    log = (lake.sandbox.directory / "aws.log").read_text("utf-8")
    assert len([line for line in log.splitlines() if "denied: " in line]) == len(ASKED_HERE)
