"""What people hear: a failed verdict once, through SNS, with its blockers and a link to the run."""

import pytest

from stage import TEARDOWN, Stage, environment_variable

pytestmark = [pytest.mark.end_to_end, pytest.mark.timeout(900)]

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
