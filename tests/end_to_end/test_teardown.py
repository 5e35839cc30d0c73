"""M9: what stops it, and that it leaves nothing behind and core untouched. Runs after the blocked builds."""

from contextlib import nullcontext

import pytest

from stage import BUILD, TEARDOWN, Stage

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(420)]


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
    assert run.tasks["d_demo.destroy"] == "upstream_failed"
    assert built.mutations(since) == []
    assert built.state_of("demo") == state


def test_more_would_go_than_one_teardown_may_take(built: Stage) -> None:
    since, state = built.position(), built.state_of("demo")
    with built.manifest_with(("max_resources: 60", "max_resources: 5")):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    assert run.codes("m9_c_pre_destroy_snapshot") == {"BLAST-RADIUS-COUNT"}
    assert run.tasks["d_demo.destroy"] == "upstream_failed"
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


def test_teardown_build_teardown_leaves_core_untouched(built: Stage) -> None:
    """The second teardown finds core's outputs gone: it uses the values that its build recorded (TD2)."""
    core = built.state_of("core")
    for cycle in range(2):
        with built.state_object_gone("core") if cycle == 1 else nullcontext():
            run = built.run("m9", **TEARDOWN)
        assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
        lineage, serial, count = built.state_of("demo") or ("", 0, -1)
        assert (lineage != "", serial > 0, count) == (True, True, 0)
        assert run.snapshots["m9_d_demo_state_snapshot"]["facts"]["post_destroy_state_count"]["value"] == 0
        assert run.snapshots["teardown_proof"]["overall_pass"] is True
        assert built.state_of("core") == core
        if cycle == 0:
            again = built.run("m2", **BUILD)
            assert again.state == "success", again.tasks
            assert (built.state_of("demo") or ("", 0, 0))[2] > 20
    assert built.state_of("core") == core


def test_teardown_of_nothing_runs_all_lanes_and_does_nothing(built: Stage) -> None:
    since = built.position()
    run = built.run("m9", **TEARDOWN)
    assert run.state == "success", run.tasks
    assert set(run.tasks.values()) == {"success"}
    assert built.mutations(since) == []


def test_cost_that_cannot_be_read_leaves_the_teardown_unproven(built: Stage) -> None:
    refused = {"service": "ce", "kind": "error", "status": 400, "code": "ValidationException"}
    with built.sandbox.admin.fault(**refused):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    assert run.codes("m9_g_cost_guardrail_snapshot") == {"COST-UNREADABLE"}
    assert run.tasks["d_demo.destroy"] == run.tasks["f_residual_scan"] == "success"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"


def test_cost_at_the_stop_leaves_the_teardown_unproven(built: Stage) -> None:
    built.sandbox.admin.set_spend(per_day={"AWS Support": "28"}, page_size=5)
    try:
        run = built.run("m9", **TEARDOWN)
    finally:
        built.sandbox.admin.set_spend()
    assert run.state == "failed"
    assert run.codes("m9_g_cost_guardrail_snapshot") == {"COST-STOP-REACHED"}
    assert run.snapshots["m9_g_cost_guardrail_snapshot"]["facts"]["rung"] == "28"
    assert run.tasks["d_demo.destroy"] == "success"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"


def test_evidence_of_every_lane_is_in_s3_and_in_the_mirror(built: Stage) -> None:
    run = built.run("m9", **TEARDOWN)
    execution = run.snapshots["m9_i_phase_verdict"]["execution_id"]
    stored = {key.rpartition("/")[2] for key in built.evidence(f"evidence/dev_min/run_control/{execution}/")}
    mirrored = {path.name for path in (built.runs / "dev_substrate" / "m9" / execution).iterdir()}
    assert stored == mirrored
    assert {"m9_a_readiness_snapshot.json", "m9_b_teardown_scope.json", "m9_i_phase_verdict.json"} <= stored
