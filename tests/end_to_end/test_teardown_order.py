"""What stops a destroy and what does not (RE2), and that a green run never hides what stands (RE6).

An alert mail that somebody unsubscribed while the emergency latch is set closed a circle once: no teardown passed, so
no cost was judged, so no latch was released, so no build put the subscription back.
"""

from datetime import UTC, datetime

import pytest

from stage import BUILD, ENVIRONMENT, TEARDOWN, Stage
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.control import set_latch
from tidegate.evidence.store import S3Store

IMPATIENT = (("residual_wait: 900", "residual_wait: 2"), ("look_again: 20", "look_again: 1"))
TOPIC = "arn:aws:sns:eu-west-2:123456789012:fraud-platform-dev-min-alerts"
BUCKET = "fraud-platform-dev-min-evidence"
pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]


def test_a_mail_that_was_unsubscribed_seals_nothing(built: Stage) -> None:
    sns = built.sandbox.client("sns")
    for each in sns.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    latched()
    with built.manifest_with(*IMPATIENT):
        torn_down = built.run("m9", **TEARDOWN)
        assert torn_down.state == "success", (torn_down.tasks, {it: torn_down.codes(it) for it in torn_down.snapshots})
        assert (built.state_of("demo") or ("", 0, -1))[2] == 0
        verdict = torn_down.snapshots["m9_i_phase_verdict"]["facts"]
        assert verdict["outcome"] == "demo is gone and proven; the platform run is closed"

        released = built.run("release", confirm=ENVIRONMENT, reason="all is gone")
    assert released.state == "success", released.tasks


def latched() -> None:
    """The emergency latch, as a person sets it."""
    store = S3Store(Clients.from_environment("eu-west-2").s3, BUCKET)
    set_latch(store, ENVIRONMENT, reason="spend runs away", recorded_by="stop_20260101T000000Z", at=datetime.now(UTC))


def test_core_alone_is_repaired_while_the_latch_is_set(built: Stage) -> None:
    """It puts back what drifted and nothing else, opens no platform run, and is no build."""
    latched()
    refused = built.run("m2", **BUILD)
    assert refused.codes("m2_a_readiness_snapshot") == {"LATCH-SET"}
    records, demo, since = built.evidence("control/dev_min/platform_runs/"), built.state_of("demo"), built.position()

    blocked = built.run("m2", stacks="core")
    (drift,) = blocked.snapshots["m2_c_core_plan_snapshot"]["blockers"]
    assert (drift["code"], drift["resource"]) == ("CORE-DRIFT", "aws_sns_topic_subscription.email")
    assert drift["observed"].startswith("gone")
    assert built.mutations(since) == []

    repaired = built.run("m2", stacks="core", repair_drift=True, repair_reason="mail unsubscribed")
    assert len(built.sandbox.client("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]) == 1
    assert repaired.state == "success", (repaired.tasks, {it: repaired.codes(it) for it in repaired.snapshots})
    assert {task for task, state in repaired.tasks.items() if state == "skipped"} == {
        "b_cost_guardrail",
        "e_stack_contract",
        "f_demo.plan_and_guard",
        "f_demo.apply",
        "f_demo.verify",
        "g_network_posture",
        "h_state_ownership",
        "i_teardown_viability",
    }
    verdict = repaired.snapshots["m2_j_phase_verdict"]["facts"]
    assert verdict["counts_as_build"] is False
    assert "this is no build" in verdict["outcome"]
    assert built.evidence("control/dev_min/platform_runs/") == records
    assert built.state_of("demo") == demo

    released = built.run("release", confirm=ENVIRONMENT, reason="all is gone")
    assert released.codes("release_a_emergency_release_snapshot") == {"RELEASE-NEEDS-COST-PASS"}
    with built.manifest_with(*IMPATIENT):
        assert built.run("m9", **TEARDOWN).state == "success"
    assert built.run("release", confirm=ENVIRONMENT, reason="all is gone").state == "success"
    assert built.run("m2", **BUILD).state == "success", "auto opens a new platform run after the proof"


def test_a_preserved_thing_that_is_missing_stops_neither_cost_nor_proof(built: Stage) -> None:
    """The verdict is red for it, and names the repair."""
    assert (built.state_of("demo") or ("", 0, 0))[2] > 0
    ssm = built.sandbox.client("ssm")
    name = sorted(it["Name"] for it in ssm.describe_parameters()["Parameters"] if "/core/" in it["Name"])[0]
    ssm.delete_parameter(Name=name)
    with built.manifest_with(*IMPATIENT):
        run = built.run("m9", **TEARDOWN)
    assert run.state == "failed"
    (blocker,) = run.snapshots["m9_f_preserved_snapshot"]["blockers"]
    assert (blocker["code"], blocker["resource"]) == ("PRESERVED-MISSING", f"aws_ssm_parameter {name}")
    assert "stacks = core" in blocker["remedy"]["text"]
    assert run.tasks["f_residual_scan"] == run.tasks["g_cost_guardrail"] == run.tasks["h_teardown_proof"] == "success"
    assert run.snapshots["teardown_proof"]["overall_pass"] is True
    assert (built.state_of("demo") or ("", 0, -1))[2] == 0
