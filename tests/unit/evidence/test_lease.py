"""The run lease: of two takers one wins, and a lease that cannot be read is nobody's to use."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from standins import BUCKET, LEAKY, NO_TOKEN_FILE, SECRET, aws_error, meanwhile, refuse, s3_client
from tidegate import conditional
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.lease import RunLease
from tidegate.models.control import Lease, LeaseHolder
from tidegate.models.observed import Absent, Known, Unreadable

KEY = "control/dev_min/lease.json"
NOW = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
LENGTH = timedelta(seconds=1800)
BUILD = {"dag_id": "dev_min.m2", "run_id": "manual__1"}
TEARDOWN = {"dag_id": "dev_min.m9", "run_id": "manual__9"}
BUILDING = {**BUILD, "execution_id": "m2_x"}
TEARING = {**TEARDOWN, "execution_id": "m9_x"}


@pytest.fixture
def lease(s3: Any) -> RunLease:
    return RunLease(s3, BUCKET, "dev_min", seconds=1800)


@pytest.fixture
def other(s3: Any) -> RunLease:
    """The same lease from another worker."""
    return RunLease(s3_client(), BUCKET, "dev_min", seconds=1800)


def held(by: dict[str, str], at: datetime, since: datetime | None = None) -> LeaseHolder:
    return LeaseHolder(**by, acquired_at=since or at, heartbeat_at=at, expires_at=at + LENGTH)


def written(s3: Any) -> dict[str, Any]:
    return unseal(s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read())


def test_a_free_lease_is_taken(lease: RunLease, s3: Any) -> None:
    assert lease.acquire(**BUILDING, now=NOW) == Lease(ours=True, holder=Known(held(BUILDING, NOW)))
    assert written(s3)["run_id"] == "manual__1"
    assert written(s3)["expires_at"] == (NOW + LENGTH).isoformat()


def test_its_length_is_that_of_the_manifest(s3: Any) -> None:
    taken = RunLease(s3, BUCKET, "dev_min", seconds=60).acquire(**BUILDING, now=NOW)
    assert isinstance(taken.holder, Known)
    assert taken.holder.value.expires_at == NOW + timedelta(seconds=60)


def test_environments_have_leases_of_their_own(lease: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW)
    assert RunLease(s3, BUCKET, "staging", seconds=60).acquire(**TEARING, now=NOW).ours


def test_renewing_keeps_when_it_was_taken(lease: RunLease) -> None:
    lease.acquire(**BUILDING, now=NOW)
    later = NOW + timedelta(minutes=20)
    assert lease.acquire(**BUILDING, now=later) == Lease(ours=True, holder=Known(held(BUILDING, later, since=NOW)))


def test_a_held_lease_is_not_taken(lease: RunLease, other: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW)
    refused = other.acquire(**TEARING, now=NOW + LENGTH - timedelta(seconds=1))
    assert refused == Lease(ours=False, holder=Known(held(BUILDING, NOW)))
    assert written(s3)["run_id"] == "manual__1"


def test_another_run_of_the_same_dag_is_another_holder(lease: RunLease) -> None:
    lease.acquire(**BUILDING, now=NOW)
    assert not lease.acquire(**{**BUILDING, "run_id": "manual__2"}, now=NOW).ours
    assert not lease.acquire(**{**BUILDING, "dag_id": "dev_min.m1"}, now=NOW).ours


def test_an_expired_lease_is_taken_over(lease: RunLease, other: RunLease) -> None:
    lease.acquire(**BUILDING, now=NOW)
    taken = other.acquire(**TEARING, now=NOW + LENGTH)
    assert taken == Lease(ours=True, holder=Known(held(TEARING, NOW + LENGTH)))
    assert not lease.check(**BUILD, now=NOW + LENGTH).ours


def test_of_two_takers_one_wins(lease: RunLease, other: RunLease, s3: Any) -> None:
    meanwhile(s3, "PutObject", lambda: other.acquire(**TEARING, now=NOW))
    assert lease.acquire(**BUILDING, now=NOW) == Lease(ours=False, holder=Known(held(TEARING, NOW)))
    assert written(s3)["run_id"] == "manual__9"


def test_of_two_who_take_over_one_wins(lease: RunLease, other: RunLease, s3: Any) -> None:
    lease.acquire(dag_id="dev_min.m1", run_id="gone", execution_id="m1_x", now=NOW - LENGTH)
    meanwhile(s3, "PutObject", lambda: other.acquire(**TEARING, now=NOW))
    assert lease.acquire(**BUILDING, now=NOW) == Lease(ours=False, holder=Known(held(TEARING, NOW)))
    assert written(s3)["run_id"] == "manual__9"


def test_a_renewal_does_not_undo_a_takeover(lease: RunLease, other: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW)
    late = NOW + LENGTH + timedelta(seconds=1)
    meanwhile(s3, "PutObject", lambda: other.acquire(**TEARING, now=late))
    assert not lease.acquire(**BUILDING, now=late).ours
    assert written(s3)["run_id"] == "manual__9"


# Looking.


def test_looking_at_a_free_lease(lease: RunLease) -> None:
    assert lease.check(**BUILD, now=NOW) == Lease(ours=False, holder=Absent())


def test_looking_takes_nothing(lease: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW)
    before = written(s3)
    assert lease.check(**BUILD, now=NOW + timedelta(minutes=5)) == Lease(ours=True, holder=Known(held(BUILDING, NOW)))
    assert not lease.check(**TEARDOWN, now=NOW).ours
    assert written(s3) == before


def test_ours_until_it_expires(lease: RunLease) -> None:
    lease.acquire(**BUILDING, now=NOW)
    assert lease.check(**BUILD, now=NOW + LENGTH - timedelta(seconds=1)).ours
    assert not lease.check(**BUILD, now=NOW + LENGTH).ours


# Releasing.


def test_a_released_lease_is_free_at_once(lease: RunLease, other: RunLease) -> None:
    lease.acquire(**BUILDING, now=NOW)
    later = NOW + timedelta(minutes=3)
    assert lease.release(**BUILD, now=later)
    assert not lease.check(**BUILD, now=later).ours
    assert other.acquire(**TEARING, now=later).ours


def test_who_held_it_stays_written(lease: RunLease) -> None:
    lease.acquire(**BUILDING, now=NOW)
    later = NOW + timedelta(minutes=3)
    lease.release(**BUILD, now=later)
    expected = replace(held(BUILDING, NOW), heartbeat_at=later, expires_at=later)
    assert lease.check(**BUILD, now=later).holder == Known(expected)


def test_releasing_what_another_holds_leaves_it_alone(lease: RunLease, other: RunLease) -> None:
    lease.acquire(**BUILDING, now=NOW)
    assert other.release(**TEARDOWN, now=NOW)
    assert other.release(dag_id=BUILD["dag_id"], run_id="manual__2", now=NOW)
    assert lease.check(**BUILD, now=NOW).ours


def test_a_task_that_another_task_of_its_run_was_faster_than_holds_the_lease(
    lease: RunLease, other: RunLease, s3: Any
) -> None:
    meanwhile(s3, "PutObject", lambda: other.acquire(**BUILDING, now=NOW + timedelta(seconds=1)))
    taken = lease.acquire(**BUILDING, now=NOW)
    assert taken == Lease(ours=True, holder=Known(held(BUILDING, NOW + timedelta(seconds=1))))


def test_a_lease_that_was_given_back_meanwhile_is_not_held(lease: RunLease, other: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW)
    meanwhile(s3, "PutObject", lambda: other.release(**BUILD, now=NOW + timedelta(seconds=1)))
    assert not lease.acquire(**BUILDING, now=NOW + timedelta(seconds=1)).ours


def test_a_release_goes_on_when_another_task_of_its_run_renews_meanwhile(
    lease: RunLease, other: RunLease, s3: Any
) -> None:
    lease.acquire(**BUILDING, now=NOW)
    meanwhile(s3, "PutObject", lambda: other.acquire(**BUILDING, now=NOW + timedelta(seconds=1)))
    assert lease.release(**BUILD, now=NOW + timedelta(seconds=2))
    assert not lease.check(**BUILD, now=NOW + timedelta(seconds=2)).ours


def test_a_conflict_that_lasts_is_no_lost_race(lease: RunLease, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditional, "PAUSES", ())
    refuse(s3, "PutObject", aws_error("ConditionalRequestConflict"))
    found = lease.acquire(**BUILDING, now=NOW)
    assert isinstance(found.holder, Unreadable)
    assert "ConditionalRequestConflict" in found.holder.reason


def test_a_renewal_that_is_refused_is_not_ours_although_the_lease_still_is(lease: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW)
    refuse(s3, "PutObject", aws_error("AccessDenied"))
    assert not lease.acquire(**BUILDING, now=NOW + timedelta(minutes=1)).ours


def test_releasing_a_free_lease(lease: RunLease) -> None:
    assert lease.release(**BUILD, now=NOW)
    assert lease.check(**BUILD, now=NOW).holder == Absent()


def test_releasing_does_not_undo_a_takeover(lease: RunLease, other: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW - LENGTH)
    meanwhile(s3, "PutObject", lambda: other.acquire(**TEARING, now=NOW))
    assert lease.release(**BUILD, now=NOW)
    assert other.check(**TEARDOWN, now=NOW).ours


# No answer.

NO_ANSWER = [
    pytest.param(aws_error("AccessDenied"), id="denied"),
    pytest.param(aws_error("NoSuchBucket"), id="no-bucket"),
    pytest.param(EndpointConnectionError(endpoint_url="https://s3"), id="no-connection"),
    pytest.param(NO_TOKEN_FILE, id="no-token-file"),
    pytest.param(ResponseParserError("half an answer"), id="malformed"),
]


@pytest.mark.parametrize("error", NO_ANSWER)
def test_a_lease_that_cannot_be_read_is_not_ours(lease: RunLease, s3: Any, error: Exception) -> None:
    lease.acquire(**BUILDING, now=NOW)
    before = written(s3)
    refuse(s3, "GetObject", error)
    for found in (lease.acquire(**BUILDING, now=NOW), lease.check(**BUILD, now=NOW)):
        assert not found.ours
        assert isinstance(found.holder, Unreadable)
        assert found.holder.reason.startswith(f"{KEY}: ")
    assert not lease.release(**BUILD, now=NOW + timedelta(minutes=1))
    fresh = s3_client().get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    assert unseal(fresh) == before


@pytest.mark.parametrize("error", NO_ANSWER)
def test_a_lease_that_cannot_be_written_is_not_ours(lease: RunLease, s3: Any, error: Exception) -> None:
    refuse(s3, "PutObject", error)
    found = lease.acquire(**BUILDING, now=NOW)
    assert not found.ours
    assert isinstance(found.holder, Unreadable)


def test_what_s3_repeats_of_a_token_is_not_kept(lease: RunLease, s3: Any) -> None:
    for operation, code in (("PutObject", "SignatureDoesNotMatch"), ("GetObject", "SignatureDoesNotMatch")):
        refuse(s3, operation, aws_error(code, operation, LEAKY))
        found = lease.acquire(**BUILDING, now=NOW)
        assert isinstance(found.holder, Unreadable)
        assert "SignatureDoesNotMatch" in found.holder.reason
        assert SECRET not in repr(found)


@pytest.mark.parametrize("naive", ["acquired_at", "heartbeat_at", "expires_at"])
def test_a_lease_without_time_zones_is_neither_free_nor_ours(lease: RunLease, s3: Any, naive: str) -> None:
    times = dict.fromkeys(("acquired_at", "heartbeat_at", "expires_at"), "2026-02-13T20:14:27+00:00")
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=seal({**BUILDING, **times, naive: "2026-02-13T20:14:27"}))
    for found in (lease.check(**BUILD, now=NOW), lease.acquire(**TEARING, now=NOW)):
        assert not found.ours
        assert isinstance(found.holder, Unreadable)
        assert "a time without a zone" in found.holder.reason


def test_a_release_that_cannot_be_written_is_told(lease: RunLease, s3: Any) -> None:
    lease.acquire(**BUILDING, now=NOW)
    refuse(s3, "PutObject", aws_error("AccessDenied"))
    assert not lease.release(**BUILD, now=NOW)


RECORD = {
    **BUILDING,
    "acquired_at": NOW.isoformat(),
    "heartbeat_at": NOW.isoformat(),
    "expires_at": (NOW + LENGTH).isoformat(),
}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not json", id="not-json"),
        pytest.param(b"[]", id="a-list"),
        pytest.param(seal(RECORD).replace(b"manual__1", b"manual__9"), id="tampered"),
        *(
            pytest.param(seal({key: value for key, value in RECORD.items() if key != gone}), id=f"without-{gone}")
            for gone in RECORD
        ),
        pytest.param(seal({**RECORD, "expires_at": "never"}), id="no-time"),
        pytest.param(seal({**RECORD, "expires_at": None}), id="time-null"),
    ],
)
def test_a_broken_lease_is_neither_free_nor_ours(lease: RunLease, s3: Any, content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=content)
    for found in (lease.acquire(**BUILDING, now=NOW), lease.check(**BUILD, now=NOW)):
        assert not found.ours
        assert isinstance(found.holder, Unreadable)
    assert not lease.release(**BUILD, now=NOW)
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == content
