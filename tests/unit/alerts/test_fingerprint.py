"""A finding is the same as long as it says the same, except for what moves by itself."""

import pytest
from botocore.exceptions import ClientError

from factories_alerts import blocker
from tidegate.alerts.fingerprint import digest, fingerprint, steady
from tidegate.answers import explain, said
from tidegate.gates.registry import GATES

POSTURE = "NETWORK-POSTURE"


def test_the_same_finding_has_the_same_fingerprint() -> None:
    assert fingerprint(POSTURE, blocker()) == fingerprint(POSTURE, blocker())


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "FORBIDDEN-UNKNOWN"},
        {"resource": "aws_nat_gateway nat-2"},
        {"observed": "state deleting"},
        {"expected": "something else"},
    ],
)
def test_what_it_says_makes_another(changed: dict[str, str]) -> None:
    assert fingerprint(POSTURE, blocker(**changed)) != fingerprint(POSTURE, blocker())  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [{"remedy": "another way"}, {"summary": "in other words"}, {"owner": "platform"}])
def test_what_it_is_called_or_who_owns_it_does_not(changed: dict[str, str]) -> None:
    assert fingerprint(POSTURE, blocker(**changed)) == fingerprint(POSTURE, blocker())  # type: ignore[arg-type]


def test_a_measurement_that_moves_is_no_change_but_another_limit_is() -> None:
    def stop(spent: str, limit: str) -> str:
        given = blocker(
            "COST-STOP-REACHED", "AWS", observed=f"{spent} USD since 2026-02-01", expected=f"less than {limit}"
        )
        return fingerprint("COST-GUARDRAIL", given)

    assert stop("28.10", "28") == stop("29.70", "28")
    assert stop("28.10", "28") != stop("28.10", "25")


def test_a_date_in_what_a_measurement_expects_moves_by_itself() -> None:
    def period(today: str) -> str:
        given = blocker("COST-PERIOD-MISMATCH", "period", observed="x", expected=f"2026-02-01 up to {today}")
        return fingerprint("COST-GUARDRAIL", given)

    assert period("2026-02-13") == period("2026-02-14")


def test_in_place_of_what_moves_by_itself_stands_nothing() -> None:
    """Fingerprints are remembered for months: with something else there, all would be told anew."""
    measured = blocker("COST-PERIOD-MISMATCH", "period", observed="28.10 USD", expected="2026-02-01 up to 2026-02-13")
    assert fingerprint("COST-GUARDRAIL", measured) == digest(
        ("COST-GUARDRAIL", "COST-PERIOD-MISMATCH", "period", " up to ", "")
    )


def test_facts_that_were_too_old_tell_times_and_nothing_new() -> None:
    old = [blocker("FACTS-STALE", "X", observed=f"observed at 2026-02-1{day}T00:00:00Z") for day in (1, 2)]
    assert fingerprint(POSTURE, old[0]) == fingerprint(POSTURE, old[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AccessDenied (RequestId: 8E1F2A3B)", "AccessDenied (RequestId: 77AA00BB)"),
        ("x Request ID: a/b+c=, HostId: q/w==", "x Request ID: d/e+f=, HostId: z/z=="),
        ("id 6ba7b810-9dad-11d1-80b4-00c04fd430c8 denied", "id 00000000-9dad-11d1-80b4-00c04fd430c8 denied"),
        ("Throttled (reached max retries: 3): no", "Throttled (reached max retries: 4): no"),
        ("s3://e/audit_20260213T201427Z/x.json", "s3://e/audit_20260214T201427Z/x.attempt2.json"),
    ],
)
def test_what_each_call_has_of_its_own_means_nothing(one: str, other: str) -> None:
    assert steady(one) == steady(other)


def denied(
    session: str, encoded: str, retries: int, role: str = "tidegate-m2", action: str = "ec2:RunInstances"
) -> str:
    """What AWS says to a session of a role, as evidence has it."""
    message = (
        f"User: arn:aws:sts::123456789012:assumed-role/{role}/{session} is not authorized to perform: {action}. "
        f"Encoded authorization failure message: {encoded}"
    )
    answer = {
        "Error": {"Code": "UnauthorizedOperation", "Message": message},
        "ResponseMetadata": {"RetryAttempts": retries, "RequestId": session},
    }
    error = ClientError(answer, "DescribeVpcs")  # type: ignore[arg-type]
    return f"{explain('DescribeVpcs', error)} | {said(error)}"


def test_what_aws_denies_to_another_session_is_the_same() -> None:
    first = denied("botocore-session-1771013667", "kq3-Zx_" * 30, 0)
    assert steady(denied("botocore-session-1771017267", "9aB_cd-" * 30, 3)) == steady(first)
    assert "ec2:RunInstances" in steady(first)


def test_what_aws_denies_to_another_role_or_action_is_not() -> None:
    first = steady(denied("s-1", "kq3", 0))
    assert steady(denied("s-1", "kq3", 0, role="tidegate-m9")) != first
    assert steady(denied("s-1", "kq3", 0, action="ec2:DescribeVpcs")) != first


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M9 run stop_20260213T201427Z__try1 failed", "M9 run stop_20260213T211427Z__try2 failed"),
        ("run cost_stop__3 failed", "run cost_stop__3__2 failed"),
        ("run ttl__demo__20260213T201427Z__1", "run ttl__demo__20260213T201427Z__12"),
        ("AROAEXAMPLE123:one is not authorized", "AROAEXAMPLE123:two is not authorized"),
    ],
)
def test_another_try_of_a_run_is_the_same(one: str, other: str) -> None:
    assert steady(one) == steady(other)


def test_another_end_or_latch_is_not() -> None:
    assert steady("run cost_stop__3__2") != steady("run cost_stop__4__2")
    assert steady("ttl__demo__20260213T201427Z__1") != steady("ttl__demo__20260214T201427Z__1")


def test_what_is_denied_still_counts() -> None:
    assert steady("AccessDenied when calling ListBuckets") != steady("AccessDenied when calling DescribeVpcs")


@pytest.mark.parametrize("gate", [gate for gate in GATES if gate.measured_codes], ids=lambda gate: gate.id)
def test_measured_codes_are_codes(gate: object) -> None:
    codes = gate.measured_codes  # type: ignore[attr-defined]
    assert all(code == code.upper() and "-" in code for code in codes)
