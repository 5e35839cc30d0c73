"""M9: what stops it, and that it leaves nothing behind and core untouched. The tests build on each other."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import verified
from manifests import TWO_REGIONS
from stage import BUILD, TEARDOWN, Run, Stage
from tidegate.collectors.aws.cost import read_daily_cost
from tidegate.lanes import own_reads

IMPATIENT = (
    ("residual_wait: 900", "residual_wait: 2"),
    ("look_again: 20", "look_again: 1"),
)
pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]


def assert_refused(run: Run) -> None:
    """The destroy was started, for it starts whatever the end of the last look, and its own authorisation refused it.

    Nothing was destroyed, so no lane after it was reached, and none left evidence.
    """
    assert run.tasks["d_demo.destroy"] == "failed"
    assert run.codes("m9_d_demo_authorization_snapshot") == {"GUARD-NOT-PASSED"}
    assert run.tasks["d_demo.verify"] == run.tasks["h_teardown_proof"] == "upstream_failed"
    for lane in ("f_residual_scan", "f_preserved", "g_cost_guardrail"):
        assert run.tasks[lane] == "skipped"
    left = {"m9_f_residual_scan_snapshot", "m9_f_preserved_snapshot", "m9_g_cost_guardrail_snapshot", "teardown_proof"}
    assert not left & set(run.snapshots)


def test_a_wrong_confirmation(built: Stage) -> None:
    since, state = built.position(), built.state_of("demo")
    run = built.run("m9", target="demo", confirm="prod")
    assert run.state == "failed"
    assert run.codes("m9_a_readiness_snapshot") == {"CONFIRM-MISMATCH"}
    assert built.mutations(since) == []
    assert built.state_of("demo") == state


def test_a_protected_resource_in_the_destroy_set(built: Stage) -> None:
    since, state = built.position(), built.state_of("demo")
    vpcs = built.sandbox.client("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    with built.manifest_with(("  ids: [fraud-platform-dev-min-execution]", f"  ids: [{vpcs[0]['VpcId']}]")):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    assert run.codes("m9_b_teardown_scope") == {"PROTECTED-IN-DESTROY-SET"}
    assert_refused(run)
    assert built.mutations(since) == []
    assert built.state_of("demo") == state


def test_more_would_go_than_one_teardown_may_take(built: Stage) -> None:
    since, state = built.position(), built.state_of("demo")
    with built.manifest_with(("max_resources: 90", "max_resources: 5")):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    assert run.codes("m9_c_pre_destroy_snapshot") == {"BLAST-RADIUS-COUNT"}
    assert_refused(run)
    assert built.mutations(since) == []
    assert built.state_of("demo") == state


def test_a_held_lock_is_waited_for_and_then_blocks(built: Stage) -> None:
    dynamodb, since = built.sandbox.client("dynamodb"), built.position()
    lock = {"LockID": {"S": "fraud-platform-dev-min-tfstate/dev_min/demo/terraform.tfstate"}}
    holder = '{"ID":"1","Operation":"OperationTypeApply","Who":"alice@laptop","Created":"2026-01-01T00:00:00Z"}'
    dynamodb.put_item(TableName="fraud-platform-dev-min-tf-locks", Item={**lock, "Info": {"S": holder}})
    try:
        with built.manifest_with(("lock_wait: 600", "lock_wait: 3"), ("look_again: 20", "look_again: 1")):
            run = built.run("m9", **TEARDOWN)
    finally:
        dynamodb.delete_item(TableName="fraud-platform-dev-min-tf-locks", Key=lock)
    assert run.state == "failed"
    assert run.codes("m9_a_readiness_snapshot") == {"STATE-LOCKED"}
    assert "alice@laptop" in run.snapshots["m9_a_readiness_snapshot"]["blockers"][0]["observed"]
    assert built.mutations(since) == []


def test_a_teardown_killed_half_way_is_finished_by_the_next_one(built: Stage) -> None:
    core = built.state_of("core")
    killer = built.kill_terraform_after("ec2", "DeleteSubnet")
    with built.sandbox.admin.fault(service="ecs", operation="DeleteCluster", kind="delay", seconds=60):
        killed = built.run("m9", **TEARDOWN)  # a cluster that is gone keeps the next plan waiting for two minutes
    killer.join()
    assert killed.state == "failed"
    assert killed.tasks["d_demo.destroy"] == "failed"
    assert killed.tasks["d_demo.verify"] == "upstream_failed"
    frozen = killed.snapshots["m9_b_teardown_scope"]
    (first,) = frozen["facts"]["stacks"]
    assert (built.state_of("demo") or ("", 0, 0))[2] > 0, "the state still names what is left"

    with built.manifest_with(("lock_wait: 600", "lock_wait: 3"), ("look_again: 20", "look_again: 1")):
        again = built.run("m9", **TEARDOWN)
    assert again.codes("m9_a_readiness_snapshot") == {"STATE-LOCK-STALE"}

    run = built.run("m9", **TEARDOWN, release_dead_lock=True)
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    (second,) = run.snapshots["m9_b_teardown_scope"]["facts"]["stacks"]
    assert second["resumes"]["value"]["scope_sha256"] == frozen["digest"]
    assert frozen["digest"] in {given["sha256"] for given in run.snapshots["m9_b_teardown_scope"]["inputs"]}
    ids = [{resource["id"] for resource in scope["destroy_set"]} for scope in (first, second)]
    assert ids[1] <= ids[0]
    deleted = {it["address"] for it in second["plan"]["value"]["resources"]}
    assert deleted < {it["address"] for it in second["destroy_set"]}, "what was gone already is not deleted twice"
    assert run.snapshots["m9_d_demo_state_snapshot"]["facts"]["post_destroy_state_count"]["value"] == 0
    assert run.snapshots["teardown_proof"]["overall_pass"] is True
    assert built.state_of("core") == core


def test_build_and_teardown_leave_core_untouched(built: Stage) -> None:
    """The teardown finds core's outputs gone: it uses the values that its build recorded (TD2)."""
    core = built.state_of("core")
    again = built.run("m2", **BUILD)
    assert again.state == "success", again.tasks
    assert (built.state_of("demo") or ("", 0, 0))[2] > 20
    with built.state_object_gone("core"):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    lineage, serial, count = built.state_of("demo") or ("", 0, -1)
    assert (lineage != "", serial > 0, count) == (True, True, 0)
    assert run.snapshots["m9_d_demo_state_snapshot"]["facts"]["post_destroy_state_count"]["value"] == 0
    assert run.snapshots["teardown_proof"]["overall_pass"] is True
    assert built.state_of("core") == core


def test_teardown_of_nothing_runs_all_lanes_and_does_nothing(built: Stage) -> None:
    since = built.position()
    run = built.run("m9", **TEARDOWN)
    assert run.state == "success", run.tasks
    assert set(run.tasks.values()) == {"success"}
    assert built.mutations(since) == []


def test_a_database_that_nobody_destroyed(built: Stage) -> None:
    rds = built.sandbox.client("rds")

    def forget() -> None:
        rds.create_db_instance(
            DBInstanceIdentifier="left-behind",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            StorageType="gp3",
            PubliclyAccessible=False,
            MasterUsername="postgres",
            ManageMasterUserPassword=True,
        )

    try:
        with built.manifest_with(*IMPATIENT):
            run = built.run("m9", **TEARDOWN, right_before={"f_residual_scan": forget})
    finally:
        rds.delete_db_instance(DBInstanceIdentifier="left-behind", SkipFinalSnapshot=True)
    assert run.state == "failed"
    (blocker,) = run.snapshots["m9_f_residual_scan_snapshot"]["blockers"]
    assert blocker["code"] == "FORBIDDEN-LIVE"
    assert "left-behind" in blocker["resource"]
    assert run.tasks["g_cost_guardrail"] == "success", "the cost is judged although the scan is red"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"
    assert "teardown_proof" not in run.snapshots


def test_a_nat_gateway_left_in_the_second_region(built: Stage) -> None:
    ec2 = built.sandbox.client("ec2", region="us-east-1")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    try:
        with built.manifest_with(*IMPATIENT, TWO_REGIONS):
            run = built.run("m9", **TEARDOWN)
    finally:
        ec2.delete_nat_gateway(NatGatewayId=nat)
        ec2.delete_subnet(SubnetId=subnet)
        ec2.delete_vpc(VpcId=vpc)
    assert run.state == "failed"
    (blocker,) = run.snapshots["m9_f_residual_scan_snapshot"]["blockers"]
    assert blocker["code"] == "FORBIDDEN-LIVE"
    assert nat in blocker["resource"]
    assert "us-east-1" in f"{blocker['resource']} {blocker['observed']}"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"


def test_a_malformed_period_leaves_the_teardown_unproven(built: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cost Explorer itself refuses it (IN3); the destroy went on, and nothing is proven."""

    class Malformed(date):
        def isoformat(self) -> str:
            return self.strftime("%d/%m/%Y")

    def ask(clients: Any, start: date, end: date, **how: Any) -> Any:
        return read_daily_cost(clients, Malformed(start.year, start.month, start.day), end, **how)

    monkeypatch.setattr(own_reads, "read_daily_cost", ask)
    run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    blocked = {it["code"]: it["observed"] for it in run.snapshots["m9_g_cost_guardrail_snapshot"]["blockers"]}
    assert set(blocked) == {"COST-UNREADABLE"}
    assert "ValidationException: Start time is invalid" in blocked["COST-UNREADABLE"]
    assert run.tasks["d_demo.destroy"] == run.tasks["f_residual_scan"] == "success"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"


def test_cost_just_below_the_stop_passes(built: Stage) -> None:
    """27.99 USD; at 28.00 the emergency latch is set, see test_emergency_latch.py."""
    used = {"date": datetime.now(UTC).date(), "service": "Amazon Relational Database Service", "amount": "27.99"}
    built.sandbox.admin.set_spend(rows=[used, {**used, "amount": "-20", "record_type": "Credit"}])
    try:
        run = built.run("m9", **TEARDOWN)
    finally:
        built.sandbox.admin.set_spend()
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    assert run.snapshots["m9_g_cost_guardrail_snapshot"]["facts"]["rung"] == "20"


def test_evidence_of_every_lane_is_in_s3_and_in_the_mirror(built: Stage) -> None:
    run = built.run("m9", **TEARDOWN)
    execution = run.snapshots["m9_i_phase_verdict"]["execution_id"]
    stored = {key.rpartition("/")[2] for key in built.evidence(f"evidence/dev_min/run_control/{execution}/")}
    mirrored = {path.name for path in (built.runs / "dev_substrate" / "m9" / execution).iterdir()}
    assert stored == mirrored
    assert {"m9_a_readiness_snapshot.json", "m9_b_teardown_scope.json", "m9_i_phase_verdict.json"} <= stored


def test_the_evidence_of_real_runs_is_sound_from_both_stores(built: Stage) -> None:
    for phase, place in (("m2", "dev_substrate/m2_j"), ("m9", "dev_substrate/m9")):
        passed = passed_executions(built, phase, place)
        assert passed, phase
        for execution in passed[-2:]:
            assert verified.from_s3(built, execution) == set()
            assert verified.from_mirror(built, execution) == set()


def test_whoever_touches_evidence_is_named(built: Stage) -> None:
    execution = passed_executions(built, "m9", "dev_substrate/m9")[-1]
    residual, scope = "m9_f_residual_scan_snapshot.json", "m9_b_teardown_scope.json"
    preserved = "m9_f_preserved_snapshot.json"

    def flip(folder: Path) -> None:
        content = bytearray((folder / residual).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / residual).write_bytes(bytes(content))

    def delete(folder: Path) -> None:
        (folder / scope).unlink()

    def swap(folder: Path) -> None:
        (folder / scope.replace(".json", ".attempt2.json")).write_bytes((folder / scope).read_bytes())

    def forge(folder: Path) -> None:
        facts = json.loads((folder / preserved).read_bytes())["facts"]
        lost = [{"type": "aws_s3_bucket", "id": "x", "reason": "state bucket", "stack": ""}]
        verified.rewritten(folder / preserved, facts={**facts, "preserved_missing": {"kind": "known", "value": lost}})

    for touch, expected in (
        (flip, {residual}),
        (delete, {scope}),
        (swap, {scope.replace(".json", ".attempt2.json")}),
        (forge, {preserved}),
        (lambda folder: verified.rewritten(folder / scope, environment="prod_min"), {scope}),
        (lambda folder: verified.rewritten(folder / scope, profile="aws"), {scope}),
    ):
        named = {file for _, file in verified.touched(built, execution, touch)}
        assert expected <= named, (touch, named)


def passed_executions(stage: Stage, phase: str, place: str) -> list[str]:
    """Execution ids whose verdict passed, oldest first."""
    verdicts = sorted((stage.runs / place).rglob("*_phase_verdict.json"))
    documents = [json.loads(path.read_bytes()) for path in verdicts]
    return [it["execution_id"] for it in documents if it["overall_pass"] and it["execution_id"].startswith(phase)]
