"""On Airflow's real scheduler: clearing or marking does not open a gate, and a killed worker leaves no chaos.

The tests build on each other, as a day of on-call does: a blocked build, then a killed worker, then the way out.
"""

import signal
from typing import Any

import psutil
import pytest

from live_bench import Live
from workbench import airflow as processes

pytestmark = [pytest.mark.scheduler, pytest.mark.end_to_end, pytest.mark.timeout(1500)]

M1, M2 = "dev_min.m1_backend_bootstrap", "dev_min.m2_substrate_build"
M9 = "dev_min.m9_teardown_cost_check"
STOP, HOURLY = "dev_min.emergency_stop", "dev_min.hourly_check"
BUILD = {"runtime_database_enabled": False}
ADDED = 'resource "aws_ssm_parameter" "added" {\n  name  = "/fraud-platform/dev_min/demo/added"\n'
ADDED += '  type  = "String"\n  value = "x"\n}\n'
NAT_GATEWAY = 'resource "aws_nat_gateway" "surprise" {\n  connectivity_type = "private"\n'
NAT_GATEWAY += "  subnet_id = module.network.public_subnet_ids[0]\n}\n"


def mutations(live: Live, since: int) -> list[str]:
    return [
        f"{call.service} {call.operation}"
        for call in live.sandbox.admin.mutating_calls(since)
        if call.service not in {"s3", "dynamodb", "sts"} and call.operation != "Publish"
    ]


def test_clearing_only_the_apply_of_a_blocked_run_applies_nothing(live: Live) -> None:
    assert live.run(M1)[1] == "success"
    surprise = live.terraform_source / "demo" / "surprise.tf"
    surprise.write_text(NAT_GATEWAY, encoding="utf-8")
    run_id, state = live.run(M2, **BUILD)
    surprise.unlink()
    assert state == "failed"
    assert live.codes("m2_f_demo_plan_snapshot") == {"FORBIDDEN-RESOURCE", "TYPE-NOT-ALLOWED", "COST-PLAN-OVER-LIMIT"}

    since = live.sandbox.admin.journal_position()
    live.airflow.clear(M2, run_id, ["f_demo.apply"], downstream=False)
    assert live.airflow.follow(M2, run_id, lambda task: None) == "failed"
    assert live.airflow.tasks(M2, run_id)["f_demo.apply"]["state"] == "upstream_failed"

    # The mark alone lets Airflow start what failed after it: a clear beside that would kill the apply as it starts.
    live.airflow.mark(M2, run_id, "f_demo.plan_and_guard", "success")
    assert live.airflow.follow(M2, run_id, lambda task: None) == "failed"
    live.airflow.clear(M2, run_id, ["f_demo.apply"], downstream=True)
    assert live.airflow.follow(M2, run_id, lambda task: None) == "failed"
    assert live.airflow.tasks(M2, run_id)["f_demo.apply"]["state"] == "failed"
    assert "GUARD-NOT-PASSED" in live.codes("m2_f_demo_authorization_snapshot")
    assert live.newest("m2_j_phase_verdict")["overall_pass"] is False
    assert mutations(live, since) == []
    assert live.sandbox.client("ec2").describe_nat_gateways()["NatGateways"] == []


def test_a_worker_killed_during_apply_leaves_one_terraform_which_finishes(live: Live) -> None:
    admin = live.sandbox.admin
    with admin.fault(service="ec2", operation="CreateVpc", kind="delay", seconds=90, times=1):
        run_id = live.airflow.trigger(M2, {**BUILD, "platform_run": "continue"})
        terraform = processes.wait_for_terraform(live.bench, "apply", "demo", seconds=600)
        kill_worker_of(terraform)
        assert live.airflow.follow(M2, run_id, lambda task: None) == "failed"
        assert terraform.is_running(), "terraform must outlive its worker"

        assert live.run(M2, **BUILD, platform_run="continue")[1] == "failed"
        assert live.codes("m2_a_readiness_snapshot") == {"STATE-LOCKED"}
        assert "holder live" in live.newest("m2_a_readiness_snapshot")["blockers"][0]["observed"]
        assert [process.pid for process in processes.terraforms(live.bench)] == [terraform.pid]
        terraform.wait(600)

    assert live.run(M2, **BUILD, platform_run="continue")[1] == "success"
    vpcs = live.sandbox.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert len(vpcs) == 1


def test_the_lock_of_a_dead_terraform_is_released_only_when_asked_and_on_record(live: Live) -> None:
    # Terraform asks for it, and no live scan does.
    with live.sandbox.admin.fault(service="ecs", operation="DescribeTaskDefinition", kind="delay", seconds=600):
        run_id = live.airflow.trigger(M2, {**BUILD, "platform_run": "continue"})
        terraform = processes.wait_for_terraform(live.bench, "plan", "demo", seconds=600)
        live.wait_for_lock("demo")
        family = [*terraform.children(recursive=True), terraform]
        kill_worker_of(terraform)
        for process in family:
            process.send_signal(signal.SIGKILL)
        assert live.airflow.follow(M2, run_id, lambda task: None) == "failed"

    assert live.run(M2, **BUILD, platform_run="continue")[1] == "failed"
    assert live.codes("m2_a_readiness_snapshot") == {"STATE-LOCK-STALE"}

    assert live.run(M2, **BUILD, platform_run="continue", release_dead_lock=True)[1] == "success"
    released = live.sandbox.client("s3").list_objects_v2(
        Bucket="fraud-platform-dev-min-evidence", Prefix="control/dev_min/released_locks/"
    )
    assert released["KeyCount"] == 1


def test_at_the_stop_a_running_build_ends_and_the_emergency_stop_tears_down(live: Live) -> None:
    """The hourly check finds 28 USD while demo is planned: latch, stop, M9 after the build, proof."""
    ec2, ours = live.sandbox.client("ec2"), [{"Name": "is-default", "Values": ["false"]}]
    if not ec2.describe_vpcs(Filters=ours)["Vpcs"]:  # this test alone
        assert [live.run(M1)[1], live.run(M2, **BUILD)[1]] == ["success", "success"]
    seen: set[tuple[str, Any]] = set()

    def watch(task: dict[str, Any]) -> None:
        seen.add((task["task_id"], task["state"]))

    changed = live.terraform_source / "demo" / "added.tf"
    changed.write_text(ADDED, encoding="utf-8")
    with live.sandbox.admin.fault(service="ecs", operation="DescribeTaskDefinition", kind="delay", seconds=30, times=1):
        build = live.airflow.trigger(M2, {**BUILD, "platform_run": "continue"})
        processes.wait_for_terraform(live.bench, "plan", "demo", seconds=600)
        since = live.sandbox.admin.journal_position()
        live.sandbox.admin.set_budget_spend("fraud-platform-dev-min-budget", "28")
        assert live.run(HOURLY)[1] == "failed"
    assert live.codes("hourly_a_cost_guardrail_snapshot") == {"COST-STOP-REACHED"}
    assert live.airflow.follow(M2, build, watch) == "failed"
    changed.unlink()
    assert live.codes("m2_f_demo_authorization_snapshot") == {"LATCH-SET"}

    state = live.airflow.follow(STOP, "cost_stop__1", watch, seconds=400)
    assert state == "success", live.codes("stop_b_teardown_snapshot")
    live.sandbox.admin.set_budget_spend("fraud-platform-dev-min-budget", "0")
    assert [call for call in mutations(live, since) if call.startswith("ssm Put")] == []
    assert ("b_teardown", "deferred") in seen
    told = live.newest("stop_b_teardown_snapshot")
    verdict = live.newest("m9_i_phase_verdict")
    assert told["facts"]["verdict"]["value"]["execution_id"] == verdict["execution_id"]
    assert verdict["airflow"]["run_id"] == told["facts"]["run_id"] == f"{told['execution_id']}__try1"
    assert verdict["digest"] in {given["sha256"] for given in told["inputs"]}
    assert live.newest("teardown_proof")["overall_pass"] is True
    assert ec2.describe_vpcs(Filters=ours)["Vpcs"] == []
    assert live.newest("stop_c_phase_verdict")["overall_pass"] is True

    assert live.run(M2, **BUILD)[1] == "failed"
    assert live.codes("m2_a_readiness_snapshot") == {"LATCH-SET"}


def test_teardown_waits_deferred_for_a_lock_and_goes_on_when_it_is_free(live: Live) -> None:
    dynamodb, table = live.sandbox.client("dynamodb"), "fraud-platform-dev-min-tf-locks"
    key = {"LockID": {"S": "fraud-platform-dev-min-tfstate/dev_min/demo/terraform.tfstate"}}
    holder = '{"ID":"1","Operation":"OperationTypeApply","Who":"alice@laptop","Created":"2026-01-01T00:00:00Z"}'
    dynamodb.put_item(TableName=table, Item={**key, "Info": {"S": holder}})
    seen: list[tuple[str, Any]] = []

    def watch(task: dict[str, Any]) -> None:
        seen.append((task["task_id"], task["state"]))
        if seen[-1] == ("a_readiness", "deferred"):
            dynamodb.delete_item(TableName=table, Key=key)

    run_id = live.airflow.trigger(M9, {"target": "demo", "confirm": "dev_min"})
    assert live.airflow.follow(M9, run_id, watch) == "success"
    assert ("a_readiness", "deferred") in seen
    assert live.newest("teardown_proof")["overall_pass"] is True


def kill_worker_of(terraform: psutil.Process) -> None:
    """SIGKILL the task process that started terraform, and the executor's worker above it."""
    task = terraform.parent()
    assert task is not None
    worker = task.parent()
    assert worker is not None
    for process in (worker, task):
        process.send_signal(signal.SIGKILL)
