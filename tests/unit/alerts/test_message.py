"""Texts for a phone at night: what, where, what to do, where to look; no secrets, and subjects that SNS takes."""

from factories_alerts import about, blocker
from tidegate.alerts import message


def test_a_subject_says_environment_phase_and_what() -> None:
    assert message.subject(about(), "STACK-DRIFTED aws_s3_bucket.state") == (
        "tidegate dev_min AUDIT: STACK-DRIFTED aws_s3_bucket.state"
    )


def test_a_subject_is_what_sns_takes() -> None:
    long = message.subject(about(), "CODE\nline two\t" + "x" * 200 + "é")
    assert len(long) == message.SUBJECT_LENGTH == 99
    assert long.endswith("...")
    assert message.subject(about(), "schön\x07 ~1 USD\x7f") == "tidegate dev_min AUDIT: sch?n? ~1 USD?"


def test_a_subject_that_just_fits_is_whole() -> None:
    headline = "x" * (99 - len("tidegate dev_min AUDIT: "))
    assert message.subject(about(), headline).endswith("x")


def test_a_text_ends_with_where_to_look() -> None:
    told = message.text(about(), "First.", message.said(blocker()))
    assert told == (
        "First.\n\n"
        "FORBIDDEN-LIVE\nsomething forbidden stands\nWhere: aws_nat_gateway nat-1\nObserved: state available\n"
        "Expected: nothing of this type\nDo: remove it (its owner)\nOwner: finops\n\n"
        "Run: https://airflow.example/dags/dev_min.teardown_audit/runs/scheduled__1\n"
        "Evidence: s3://evidence/audit_n_phase_verdict.json\n"
        "Execution: audit_20260213T201427Z of dev_min\n"
    )


def test_what_is_not_known_is_left_out_and_the_sandbox_is_named() -> None:
    told = message.text(about(link="", evidence="", profile="sandbox"), "First.")
    assert told == "First.\n\nExecution: audit_20260213T201427Z of dev_min (sandbox: nothing real)\n"


def test_what_nobody_owns_names_no_owner() -> None:
    assert message.said(blocker(owner="")) == message.said(blocker()).removesuffix("\nOwner: finops")


def test_secrets_do_not_leave() -> None:
    leak = blocker(observed="x-amz-security-token:s3cr3t", resource="https://me:pw@host/")
    assert "s3cr3t" not in message.text(about(), "First.", message.said(leak))
    assert "me:pw" not in message.text(about(), "First.", message.said(leak))
    assert "s3cr3t" not in message.subject(about(), "password=s3cr3t")


def test_many_are_numbered_and_too_many_are_counted() -> None:
    told = message.all_said([blocker(resource=str(number)) for number in range(23)])
    assert told[0].startswith("1. FORBIDDEN-LIVE")
    assert told[-1] == "and 3 more: see the evidence"
    assert len(message.all_said([blocker(), blocker()])) == 2


def test_a_long_observation_is_shortened() -> None:
    long, fits = (message.said(blocker(observed="y" * length)).splitlines() for length in (801, 800))
    assert f"Observed: {'y' * 800}... (shortened)" in long
    assert f"Observed: {'y' * 800}" in fits
