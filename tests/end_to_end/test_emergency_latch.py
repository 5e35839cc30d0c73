"""The emergency latch, from the stop rung to the release. The tests build on each other, in this order.

Builds are refused while it is set or cannot be read, in the middle of a run too; teardown runs in both cases. That the
emergency stop's own M9 tears down is proven on the real scheduler (tests/scheduler): `dag.test()` runs one DAG only.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stage import BUILD, ENVIRONMENT, TEARDOWN, Run, Stage
from tidegate import environments
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.canonical import seal
from tidegate.evidence.control import set_latch
from tidegate.evidence.store import S3Store
from tidegate.lanes import build
from tidegate.lanes.subjects import subject_of
from tidegate.verify.execution import verify_execution

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]

BUCKET = "fraud-platform-dev-min-evidence"
GO_ON = {**BUILD, "platform_run": "continue"}
STOP = {**TEARDOWN, "reason": "spend runs away"}
RELEASE = {"confirm": ENVIRONMENT, "reason": "the support plan is cancelled"}
ADDED = 'resource "aws_ssm_parameter" "added" {\n  name  = "/fraud-platform/dev_min/demo/added"\n'
ADDED += '  type  = "String"\n  value = "x"\n}\n'


def records(stage: Stage) -> list[str]:
    """Keys of the latch's records."""
    return stage.evidence("control/dev_min/latch/")


def newest(stage: Stage) -> dict[str, Any]:
    """The newest record, as it lies in the bucket."""
    content = stage.sandbox.client("s3").get_object(Bucket=BUCKET, Key=records(stage)[-1])["Body"].read()
    record: dict[str, Any] = json.loads(content)
    return record


def break_next(stage: Stage) -> None:
    """A further record that is no record."""
    key = f"control/dev_min/latch/{len(records(stage)) + 1:06d}.json"
    stage.sandbox.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b'{"is_set": fal')


def set_long_ago(stage: Stage) -> None:
    """A further record that has been set for 80 hours: longer than the bills of any platform are late."""
    at = datetime.now(UTC) - timedelta(hours=80)
    number = len(records(stage)) + 1
    record = {"is_set": True, "reason": "28 USD", "recorded_by": "m9_before", "recorded_at": at.isoformat()}
    content = seal({**record, "evidence": None, "number": number})
    key = f"control/dev_min/latch/{number:06d}.json"
    stage.sandbox.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)


@contextmanager
def denied(stage: Stage) -> Iterator[None]:
    """The role may neither list nor read the latch; what it writes elsewhere is not touched."""
    admin, fault = stage.sandbox.admin, {"service": "s3", "kind": "access_denied", "resource": "latch"}
    with admin.fault(**fault, operation="GetObject"), admin.fault(**fault, operation="ListObjectsV2"):
        yield


@contextmanager
def spend_at_the_stop(stage: Stage) -> Iterator[None]:
    """28.00 USD this month, of which a credit takes 20 off the bill; the next cent below is in test_teardown.py."""
    used = {"date": datetime.now(UTC).date(), "service": "AWS Support", "amount": "28.00"}
    stage.sandbox.admin.set_spend(rows=[used, {**used, "amount": "-20", "record_type": "Credit"}])
    try:
        yield
    finally:
        stage.sandbox.admin.set_spend()


def refused(stage: Stage, code: str) -> Run:
    """A build ends at its first lane with this code, and nothing mutates."""
    since, states = stage.position(), [stage.state_of("core"), stage.state_of("demo")]
    run = stage.run("m2", **GO_ON)
    assert run.state == "failed"
    assert run.codes("m2_a_readiness_snapshot") == {code}
    assert run.started == {"a_readiness", "j_phase_verdict"}
    assert stage.mutations(since) == []
    assert [stage.state_of("core"), stage.state_of("demo")] == states
    return run


def test_a_latch_that_is_set_during_a_build_stops_the_next_apply(built: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    collect = build.collect_contract

    def set_meanwhile(run: Any) -> Any:
        set_latch(run.remote, ENVIRONMENT, reason="meanwhile", recorded_by="m9_meanwhile", at=datetime.now(UTC))
        return collect(run)

    monkeypatch.setattr(build, "collect_contract", set_meanwhile)
    since, state = built.position(), built.state_of("demo")
    with built.terraform_with("demo", "added.tf", ADDED):
        run = built.run("m2", **GO_ON)
    assert run.state == "failed"
    assert run.tasks["c_core.apply"] == run.tasks["f_demo.plan_and_guard"] == "success"
    assert run.codes("m2_f_demo_authorization_snapshot") == {"LATCH-SET"}
    assert built.mutations(since) == []
    assert built.state_of("demo") == state


def test_a_stop_that_names_another_environment_stops_nothing(built: Stage) -> None:
    before = records(built)
    run = built.run("stop", **{**STOP, "confirm": "prod"})
    assert run.state == "failed"
    assert "CONFIRM-MISMATCH" in run.codes("stop_a_emergency_latch_snapshot")
    assert run.tasks["b_teardown"] == "upstream_failed"
    assert records(built) == before


def test_a_latch_that_cannot_be_read_stops_builds(built: Stage) -> None:
    with denied(built):
        blocked = refused(built, "LATCH-UNREADABLE").snapshots["m2_a_readiness_snapshot"]["blockers"][0]
    assert "AccessDenied" in blocked["observed"]
    break_next(built)
    refused(built, "LATCH-UNREADABLE")


def test_the_stop_sets_the_latch_also_over_a_broken_record_and_says_that_m9_is_paused(built: Stage) -> None:
    since, state = built.position(), built.state_of("demo")
    with built.paused("m9"):
        run = built.run("stop", **STOP)
    assert run.state == "failed"
    assert run.tasks == {"a_emergency_latch": "success", "b_teardown": "failed", "c_phase_verdict": "failed"}
    assert run.codes("stop_b_teardown_snapshot") == {"M9-PAUSED"}
    execution = run.snapshots["stop_c_phase_verdict"]["execution_id"]
    assert (newest(built)["is_set"], newest(built)["recorded_by"]) == (True, execution)
    assert built.mutations(since) == []
    assert built.state_of("demo") == state
    assert_sound(execution, "fail")

    blocked = refused(built, "LATCH-SET").snapshots["m2_a_readiness_snapshot"]["blockers"][0]
    assert f"by {execution}: spend runs away" in blocked["observed"]
    assert "trigger dev_min.emergency_release with your own confirm and your own reason" in blocked["remedy"]["text"]


def test_without_a_fresh_pass_of_the_cost_nothing_is_released(built: Stage) -> None:
    before = records(built)
    run = built.run("release", **RELEASE)
    assert run.state == "failed"
    assert run.codes("release_a_emergency_release_snapshot") == {"RELEASE-NEEDS-COST-PASS"}
    assert records(built) == before


def test_the_stop_rung_sets_the_latch_and_the_destroy_asks_for_none(built: Stage) -> None:
    core = built.state_of("core")
    break_next(built)
    number = len(records(built))
    with spend_at_the_stop(built):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    assert run.tasks["d_demo.destroy"] == run.tasks["d_demo.verify"] == "success"
    assert (built.state_of("demo") or ("", 0, -1))[2] == 0
    assert built.state_of("core") == core
    judged = run.snapshots["m9_g_cost_guardrail_snapshot"]
    assert run.codes("m9_g_cost_guardrail_snapshot") == {"COST-STOP-REACHED"}
    assert judged["facts"]["rung"] == "28"
    assert run.tasks["h_teardown_proof"] == "upstream_failed"
    record = newest(built)
    assert (record["number"], record["is_set"], record["recorded_by"]) == (number + 1, True, judged["execution_id"])
    assert record["evidence"]["sha256"] == judged["digest"]
    assert "the cost has reached the stop of 28 USD" in record["reason"]

    refused(built, "LATCH-SET")
    run = built.run("release", **RELEASE)
    assert run.codes("release_a_emergency_release_snapshot") == {"RELEASE-NEEDS-COST-PASS"}
    assert newest(built) == record


def test_after_a_fresh_pass_a_person_releases_it_and_builds_go_on(built: Stage) -> None:
    """What set the latch must be in the bills: minutes after it no pass releases it."""
    with denied(built):
        torn_down = built.run("m9", **TEARDOWN)
    assert torn_down.state == "success", torn_down.tasks
    cost = torn_down.snapshots["m9_g_cost_guardrail_snapshot"]
    before = records(built)

    run = built.run("release", **{**RELEASE, "reason": " "})
    assert run.codes("release_a_emergency_release_snapshot") == {"REASON-MISSING", "RELEASE-COST-NOT-BILLED-YET"}
    assert records(built) == before

    run = built.run("release", **RELEASE)
    assert run.codes("release_a_emergency_release_snapshot") == {"RELEASE-COST-NOT-BILLED-YET"}
    assert records(built) == before
    set_long_ago(built)

    run = built.run("release", **RELEASE)
    assert run.state == "success", run.tasks
    snapshot = run.snapshots["release_a_emergency_release_snapshot"]
    assert snapshot["facts"]["cost"]["value"]["execution_id"] == cost["execution_id"]
    assert cost["digest"] in {given["sha256"] for given in snapshot["inputs"]}
    record = newest(built)
    assert (record["is_set"], record["reason"]) == (False, RELEASE["reason"])
    assert (record["recorded_by"], record["evidence"]["sha256"]) == (snapshot["execution_id"], snapshot["digest"])
    assert_sound(snapshot["execution_id"], "pass")

    again = built.run("release", **RELEASE)
    assert "LATCH-NOT-SET" in again.codes("release_a_emergency_release_snapshot")
    assert newest(built) == record

    built_again = built.run("m2", **BUILD)
    assert built_again.state == "success", built_again.tasks
    viability = built_again.snapshots["teardown_viability_snapshot"]["facts"]["emergency_stop"]
    assert (viability["paused"]["value"], viability["loads"]["value"]) == (False, True)


def assert_sound(execution: str, verdict: str) -> None:
    """`tidegate verify --from s3` judges the execution again and finds the same."""
    environment = environments.load(ENVIRONMENT)
    store = S3Store(Clients.from_environment(environment.region).s3, environment.evidence.bucket)
    found = verify_execution(store, subject_of(environment, execution, remote=True), profile="sandbox")
    assert found.findings == ()
    assert found.verdict == verdict
