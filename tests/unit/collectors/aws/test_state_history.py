"""The versions of a state beside the digest of the lock table, on moto's S3 and DynamoDB."""

import hashlib
from collections.abc import Iterator

import pytest

from factories_state import KEY, backend, body, resource
from standins import aws_error, dev_min, refuse
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.state_history import check_digest, read_digest, read_history
from tidegate.models.observed import Absent, Known, Unreadable

ENVIRONMENT = dev_min()[0]
STATES, TABLE = ENVIRONMENT.backend.bucket, ENVIRONMENT.backend.lock_table
FIRST, SECOND = body(resource("a")), body(resource("b"), serial=8)


@pytest.fixture
def clients() -> Iterator[Clients]:
    with backend() as made:
        yield made


def stored(clients: Clients, content: bytes) -> str:
    return str(clients.s3.put_object(Bucket=STATES, Key=KEY, Body=content)["VersionId"])


def digested(clients: Clients, content: bytes) -> None:
    digest = hashlib.md5(content).hexdigest()
    clients.dynamodb.put_item(TableName=TABLE, Item={"LockID": {"S": f"{STATES}/{KEY}-md5"}, "Digest": {"S": digest}})


def test_versions_newest_first(clients: Clients) -> None:
    ids = [stored(clients, FIRST), stored(clients, SECOND)]
    clients.s3.put_object(Bucket=STATES, Key=f"{KEY}.tflock", Body=b"{}")  # begins with the same key
    found = read_history(clients, ENVIRONMENT, "demo")
    assert isinstance(found, Known)
    assert [it.version_id for it in found.value] == ids[::-1]
    assert [it.serial for it in found.value] == [Known(8), Known(7)]
    assert [it.is_latest for it in found.value] == [True, False]
    assert found.value[0].size == len(SECOND)


def test_no_state_has_no_history(clients: Clients) -> None:
    assert read_history(clients, ENVIRONMENT, "demo") == Absent()
    assert check_digest(clients, ENVIRONMENT, "demo") == Absent()


def test_what_is_no_state_is_listed_and_says_so(clients: Clients) -> None:
    stored(clients, FIRST[:-9])
    found = read_history(clients, ENVIRONMENT, "demo")
    assert isinstance(found, Known)
    (only,) = found.value
    assert isinstance(only.serial, Unreadable)
    assert "truncated" in only.serial.reason


def test_a_digest_that_fits_is_no_finding(clients: Clients) -> None:
    stored(clients, FIRST)
    stored(clients, SECOND)
    digested(clients, SECOND)
    assert check_digest(clients, ENVIRONMENT, "demo") == Absent()
    assert read_digest(clients, ENVIRONMENT, "demo") == Known(hashlib.md5(SECOND).hexdigest())


def test_a_state_without_a_digest_is_no_finding(clients: Clients) -> None:
    stored(clients, FIRST)
    assert check_digest(clients, ENVIRONMENT, "demo") == Absent()


def test_the_version_that_fits_is_found(clients: Clients) -> None:
    first = stored(clients, FIRST)
    second = stored(clients, SECOND)
    digested(clients, FIRST)
    found = check_digest(clients, ENVIRONMENT, "demo")
    assert isinstance(found, Known)
    assert [it.version_id for it in found.value.fitting] == [first]
    assert isinstance(found.value.current, Known)
    assert (found.value.current.value.version_id, found.value.looked_at) == (second, 2)


def test_a_digest_that_nothing_fits(clients: Clients) -> None:
    stored(clients, FIRST)
    digested(clients, b"another")
    found = check_digest(clients, ENVIRONMENT, "demo")
    assert isinstance(found, Known)
    assert found.value.fitting == ()


def test_a_state_that_was_deleted_leaves_its_digest(clients: Clients) -> None:
    first = stored(clients, FIRST)
    digested(clients, FIRST)
    clients.s3.delete_object(Bucket=STATES, Key=KEY)
    found = check_digest(clients, ENVIRONMENT, "demo")
    assert isinstance(found, Known)
    assert found.value.current == Absent()
    assert [it.version_id for it in found.value.fitting] == [first]


def test_what_cannot_be_read_is_no_fit(clients: Clients) -> None:
    stored(clients, FIRST)
    digested(clients, FIRST)
    refuse(clients.s3, "GetObject", aws_error("AccessDenied"))
    assert isinstance(check_digest(clients, ENVIRONMENT, "demo"), Unreadable)
    refuse(clients.s3, "ListObjectVersions", aws_error("AccessDenied"))
    assert isinstance(check_digest(clients, ENVIRONMENT, "demo"), Unreadable)
