"""Who holds the lock on a state."""

import io
import json
from datetime import UTC, datetime

import pytest

from tidegate.collectors.aws.locks import parse_lock, read_state_locks
from tidegate.collectors.aws.reading import MalformedAnswer
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import StateLock

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


def lock(kind):
    return StateLock(id="b6a5", operation="OperationTypeApply", who="worker@host", created=CREATED, kind=kind)


def item(info):
    return {"ResponseMetadata": {}, "Item": {"LockID": {"S": "x"}, "Info": {"S": info}}}


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
        pytest.param({"ResponseMetadata": {}, "Item": {"LockID": {"S": "x"}}}, id="lock-without-information"),
        pytest.param({"ResponseMetadata": {}, "Item": {"Info": {"N": "1"}}}, id="other-type"),
        pytest.param(item("not JSON"), id="not-json"),
        pytest.param(item("[]"), id="not-an-object"),
        pytest.param(item(json.dumps({**INFO, "Who": None})), id="no-holder"),
    ],
)
def test_a_lock_that_cannot_be_understood_is_not_free(clients, environment, script, aws_error, answer):
    script(clients.dynamodb)("GetItem", answer)
    script(clients.s3)("GetObject", aws_error("NoSuchKey"))
    assert isinstance(read_state_locks(clients, environment, "core"), Unreadable)


def test_a_lock_file_that_is_not_text(clients, environment, script):
    script(clients.dynamodb)("GetItem", NO_ITEM)
    script(clients.s3)("GetObject", {"Body": io.BytesIO(b"\xff\xfe")})
    seen = read_state_locks(clients, environment, "core")
    assert isinstance(seen, Unreadable)
    assert "not UTF-8" in seen.reason


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
    assert parse_lock(json.dumps({**INFO, "Created": created}), "dynamodb").created == expected


def test_the_time_has_to_be_there():
    with pytest.raises(MalformedAnswer):
        parse_lock(json.dumps({**INFO, "Created": None}), "dynamodb")
