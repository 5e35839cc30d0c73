"""Who holds the lock on a state."""

import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tidegate.collectors.aws.locks import parse_lock, read_state_locks
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import StateLock, each_lock

INFO = {
    "ID": "b6a5",
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "worker@host",
    "Version": "1.11.4",
    "Created": "2026-02-13T20:14:27.123456789Z",
    "Path": "bucket/key",
}
CREATED = datetime(2026, 2, 13, 20, 14, 27, 123456, tzinfo=UTC)


WHOLE = json.dumps(INFO).encode()


def lock(kind):
    return StateLock(
        id="b6a5",
        operation="OperationTypeApply",
        who="worker@host",
        created=CREATED,
        kind=kind,
        sha256=hashlib.sha256(WHOLE).hexdigest(),
    )


NO_ITEM = {"ResponseMetadata": {}}


@pytest.fixture
def store(aws, environment):
    aws.s3.create_bucket(
        Bucket=environment.backend.bucket, CreateBucketConfiguration={"LocationConstraint": environment.region}
    )
    aws.dynamodb.create_table(
        TableName=environment.backend.lock_table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def put(aws, environment, lock_id, **attributes):
    aws.dynamodb.put_item(TableName=environment.backend.lock_table, Item={"LockID": {"S": lock_id}, **attributes})


def test_nobody_holds_it(aws, environment, store):
    assert read_state_locks(aws, environment, "core") == Known(())


def test_both_kinds_of_lock(aws, environment, store):
    key = environment.stacks["core"].state_key
    put(aws, environment, f"{environment.backend.bucket}/{key}", Info={"S": json.dumps(INFO)})
    aws.s3.put_object(Bucket=environment.backend.bucket, Key=f"{key}.tflock", Body=json.dumps(INFO))
    assert read_state_locks(aws, environment, "core") == Known((lock("dynamodb"), lock("s3-lockfile")))
    assert read_state_locks(aws, environment, "demo") == Known(())


def test_the_digest_beside_a_lock_is_no_lock(aws, environment, store):
    key = environment.stacks["core"].state_key
    put(aws, environment, f"{environment.backend.bucket}/{key}-md5", Digest={"S": "0"})
    assert read_state_locks(aws, environment, "core") == Known(())


def test_settings_of_the_stack_itself_count(environment, clients, script, aws_error):
    own = environment.stacks["demo"].model_copy(
        update={"state_bucket": "other", "lock_table": "mine", "region": "us-east-1"}
    )
    changed = environment.model_copy(update={"stacks": {**environment.stacks, "demo": own}})
    table = script(clients.dynamodb_in("us-east-1"))("GetItem", NO_ITEM)
    bucket = script(clients.s3_in("us-east-1"))("GetObject", aws_error("NoSuchKey"))
    assert read_state_locks(clients, changed, "demo") == Known(())
    assert table.asked[0][1]["TableName"] == "mine"
    assert table.asked[0][1]["ConsistentRead"] is True
    assert table.asked[0][1]["Key"] == {"LockID": {"S": f"other/{own.state_key}"}}
    assert bucket.asked[0][1] == {"Bucket": "other", "Key": f"{own.state_key}.tflock"}


def test_without_a_table_there_is_nothing_to_lock_with(aws, environment):
    assert read_state_locks(aws, environment, "core") == Absent()


def test_without_a_bucket_nobody_can_say(aws, environment, script):
    script(aws.dynamodb)("GetItem", NO_ITEM)
    seen = read_state_locks(aws, environment, "core")
    assert isinstance(seen, Unreadable)
    assert "NoSuchBucket" in seen.reason


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_table_that_cannot_be_read(clients, environment, script, aws_error, code):
    script(clients.dynamodb)("GetItem", aws_error(code))
    seen = read_state_locks(clients, environment, "core")
    assert isinstance(seen, Unreadable)
    assert f"{code}: as scripted" in seen.reason


@pytest.mark.parametrize("code", ["AccessDenied", "SlowDown", "NoSuchBucket"])
def test_a_bucket_that_cannot_be_read(clients, environment, script, aws_error, code):
    script(clients.dynamodb)("GetItem", NO_ITEM)
    script(clients.s3)("GetObject", aws_error(code))
    seen = read_state_locks(clients, environment, "core")
    assert isinstance(seen, Unreadable)
    assert f"{code}: as scripted" in seen.reason


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="cut-short"),
        pytest.param({"ResponseMetadata": {}, "Item": None}, id="null"),
    ],
)
def test_an_answer_that_cannot_be_understood_is_not_free(clients, environment, script, aws_error, answer):
    script(clients.dynamodb)("GetItem", answer)
    script(clients.s3)("GetObject", aws_error("NoSuchKey"))
    assert isinstance(read_state_locks(clients, environment, "core"), Unreadable)


NO_INFORMATION = "it is an item without information"


@pytest.mark.parametrize(
    ("information", "damage", "name"),
    [
        pytest.param(None, NO_INFORMATION, "damaged-000000000000", id="without-information"),
        pytest.param({"N": "1"}, NO_INFORMATION, "damaged-000000000000", id="other-type"),
        pytest.param({"S": ""}, "it is empty", "damaged-e3b0c44298fc", id="empty"),
        pytest.param({"S": "not JSON"}, "it is not JSON", None, id="not-json"),
        pytest.param({"S": "[]"}, "it is not an object of JSON", "damaged-4f53cda18c2b", id="not-an-object"),
        pytest.param({"S": json.dumps({**INFO, "Who": None})}, "it says no holder", "b6a5", id="no-holder"),
        pytest.param({"S": json.dumps({**INFO, "ID": ""})}, "it says no id", None, id="no-id"),
        pytest.param({"S": json.dumps({**INFO, "Created": None})}, "it says no time", "b6a5", id="no-time"),
        pytest.param({"S": json.dumps({**INFO, "Created": "yesterday"})}, "it says no time", "b6a5", id="no-such-time"),
        pytest.param({"S": "{}"}, "it says no id and no holder and no time", None, id="says-nothing"),
    ],
)
def test_a_damaged_item_is_a_lock_that_says_what_is_wrong(
    clients, environment, script, aws_error, information, damage, name
):
    found = {"LockID": {"S": "x"}} | ({} if information is None else {"Info": information})
    script(clients.dynamodb)("GetItem", {"ResponseMetadata": {}, "Item": found})
    script(clients.s3)("GetObject", aws_error("NoSuchKey"))
    (seen,) = read_state_locks(clients, environment, "core").value
    assert (seen.damage, seen.kind) == (damage, "dynamodb")
    assert seen.name == (name or f"damaged-{seen.sha256[:12]}")


@pytest.mark.parametrize(("content", "damage"), [(b"", "it is empty"), (b"\xff\xfe", "it is not JSON")])
def test_a_damaged_lock_file(clients, environment, script, content, damage):
    script(clients.dynamodb)("GetItem", NO_ITEM)
    script(clients.s3)("GetObject", {"Body": io.BytesIO(content)})
    (seen,) = read_state_locks(clients, environment, "core").value
    assert (seen.damage, seen.kind, seen.sha256) == (damage, "s3-lockfile", hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-02-13T20:14:27.123456789Z", CREATED),
        ("2026-02-13T20:14:27Z", CREATED.replace(microsecond=0)),
        ("2026-02-13T21:14:27.123456789+01:00", CREATED),
        ("2026-02-13T20:14:27", None),
        ("yesterday", None),
    ],
)
def test_times_of_terraform(created, expected):
    assert parse_lock(json.dumps({**INFO, "Created": created}).encode(), "dynamodb").created == expected


def test_table_and_file_of_one_lock_are_one_lock():
    other = replace(lock("dynamodb"), id="c7")
    found = each_lock((lock("dynamodb"), other, lock("s3-lockfile")))
    assert [(it.id, it.kind) for it in found] == [("b6a5", "dynamodb and s3-lockfile"), ("c7", "dynamodb")]


def test_two_locks_of_different_holders_are_never_one():
    assert len(each_lock((lock("dynamodb"), replace(lock("s3-lockfile"), who="alice@laptop")))) == 2
