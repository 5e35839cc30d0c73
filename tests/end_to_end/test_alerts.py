"""What people hear: a failed verdict once, through SNS, with its blockers and a link to the run."""

import pytest

from stage import TEARDOWN, Stage, environment_variable

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(1500)]

TOPIC = "arn:aws:sns:eu-west-2:123456789012:fraud-platform-dev-min-alerts"


def test_a_failed_verdict_is_one_message(built: Stage) -> None:
    before = len(built.sandbox.admin.published_messages(TOPIC))
    with environment_variable("AIRFLOW__API__BASE_URL", "https://airflow.example"):
        run = built.run("m9", **{**TEARDOWN, "confirm": "somewhere"})
    assert run.state == "failed"

    (told,) = built.sandbox.admin.published_messages(TOPIC)[before:]

    assert told.subject == "tidegate dev_min M9: CONFIRM-MISMATCH dev_min"
    assert "Do: " in told.message
    assert "Run: https://airflow.example/dags/dev_min.m9_teardown_cost_check/runs/manual__" in told.message
    assert "m9_i_phase_verdict" in told.message


def test_a_verdict_that_passed_is_no_message(built: Stage) -> None:
    before = len(built.sandbox.admin.published_messages())
    assert built.run("m1").state == "success"
    assert built.sandbox.admin.published_messages()[before:] == []


def test_a_finding_of_the_audit_is_told_once(built: Stage) -> None:
    """The nightly audit on a standing environment; everything else that it finds is in test_watch.py."""
    ec2 = built.sandbox.client("ec2")
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "tag:stack", "Values": ["demo"]}])["Vpcs"]
    told = len(built.sandbox.admin.published_messages())
    ec2.create_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "by-hand", "Value": "s3cr3t-of-somebody"}])
    try:
        first = built.run("audit")
        new = [str(message.subject) for message in built.sandbox.admin.published_messages()[told:]]
        second = built.run("audit")
    finally:
        ec2.delete_tags(Resources=[vpc["VpcId"]], Tags=[{"Key": "by-hand"}])
    for run in (first, second):
        assert set(run.tasks.values()) <= {"success", "failed"}, "every lane runs"
        assert run.codes("audit_h_drift_snapshot") == {"STACK-DRIFTED"}
        assert run.snapshots["audit_n_phase_verdict"]["overall_pass"] is False
    assert "s3cr3t-of-somebody" not in str(first.snapshots["audit_h_drift_snapshot"]), "names of attributes, no values"
    assert len([subject for subject in new if "STACK-DRIFTED" in subject]) == 1, new
    assert len(built.sandbox.admin.published_messages()) == told + len(new), "the second night is silent"
