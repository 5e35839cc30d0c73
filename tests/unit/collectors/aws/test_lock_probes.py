"""Real locks, taken and released; whatever breaks in the middle, nothing is left behind."""

import json

import pytest

from tidegate.collectors.aws.lock_probes import PROBE_FOLDER, probe_dynamodb_lock, probe_lockfile
from tidegate.models.backend import LockProbe
from tidegate.models.observed import Absent, Known, Unreadable


@pytest.fixture
def table(aws, environment):
    aws.dynamodb.create_table(
        TableName=environment.backend.lock_table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def bucket(aws, environment):
    aws.s3.create_bucket(
        Bucket=environment.backend.bucket, CreateBucketConfiguration={"LocationConstraint": environment.region}
    )


def items(aws, environment):
    return aws.dynamodb.scan(TableName=environment.backend.lock_table)["Items"]


def objects(aws, environment):
    return aws.s3.list_objects_v2(Bucket=environment.backend.bucket).get("Contents", [])


def test_a_lock_in_the_table(aws, environment, table):
    assert probe_dynamodb_lock(aws, environment) == Known(
        LockProbe(mechanism="dynamodb", acquired=True, second_refused=True, released=True)
    )
    assert items(aws, environment) == []


def test_a_lock_file(aws, environment, bucket):
    assert probe_lockfile(aws, environment) == Known(
        LockProbe(mechanism="s3-lockfile", acquired=True, second_refused=True, released=True)
    )
    assert objects(aws, environment) == []


def test_no_table_and_no_bucket(aws, environment):
    assert probe_dynamodb_lock(aws, environment) == Absent()
    assert probe_lockfile(aws, environment) == Absent()


def test_the_lock_is_one_that_terraform_would_read(aws, environment, table, script, let_through):
    scripted = script(aws.dynamodb)("PutItem", let_through)
    probe_dynamodb_lock(aws, environment)
    item = scripted.asked[0][1]["Item"]
    assert item["LockID"]["S"].startswith(f"{environment.backend.bucket}/{PROBE_FOLDER}/")
    information = json.loads(item["Info"]["S"])
    assert set(information) == {"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}


def test_lock_files_go_where_the_role_may_delete(aws, environment, bucket, script, let_through):
    scripted = script(aws.s3)("PutObject", let_through)
    probe_lockfile(aws, environment)
    assert {parameters["IfNoneMatch"] for _, parameters in scripted.asked} == {"*"}
    for _, parameters in scripted.asked:
        assert parameters["Key"].startswith(f"{PROBE_FOLDER}/")
        assert parameters["Key"].endswith(".tflock")


def test_a_table_that_does_not_refuse_a_second_taker(aws, environment, table, script):
    script(aws.dynamodb)("PutItem", {})
    seen = probe_dynamodb_lock(aws, environment)
    assert seen == Known(LockProbe(mechanism="dynamodb", acquired=True, second_refused=False, released=True))


def test_a_store_that_does_not_refuse_a_second_taker(aws, environment, bucket, script):
    script(aws.s3)("PutObject", {})
    seen = probe_lockfile(aws, environment)
    assert seen == Known(LockProbe(mechanism="s3-lockfile", acquired=True, second_refused=False, released=True))


def test_a_lock_that_cannot_be_taken(aws, environment, table, bucket, script, aws_error):
    script(aws.dynamodb)("PutItem", aws_error("ConditionalCheckFailedException"))
    script(aws.s3)("PutObject", aws_error("PreconditionFailed"))
    assert probe_dynamodb_lock(aws, environment) == Known(
        LockProbe(mechanism="dynamodb", acquired=False, second_refused=False, released=True)
    )
    assert probe_lockfile(aws, environment) == Known(
        LockProbe(mechanism="s3-lockfile", acquired=False, second_refused=False, released=True)
    )


@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException"])
def test_the_first_taking_is_unreadable(aws, environment, table, bucket, script, aws_error, code):
    dynamodb = script(aws.dynamodb)("PutItem", aws_error(code))("DeleteItem", {})
    s3 = script(aws.s3)("PutObject", aws_error(code))("DeleteObject", {})
    for seen in (probe_dynamodb_lock(aws, environment), probe_lockfile(aws, environment)):
        assert isinstance(seen, Unreadable)
        assert f"{code}: as scripted" in seen.reason
    # The lock may have been written all the same.
    assert "DeleteItem" in [operation for operation, _ in dynamodb.asked]
    assert "DeleteObject" in [operation for operation, _ in s3.asked]


def test_a_break_in_the_middle_leaves_nothing_behind(aws, environment, table, bucket, script, let_through, aws_error):
    script(aws.dynamodb)("PutItem", let_through, aws_error("InternalServerError"))
    script(aws.s3)("PutObject", let_through, aws_error("InternalError"))
    assert isinstance(probe_dynamodb_lock(aws, environment), Unreadable)
    assert isinstance(probe_lockfile(aws, environment), Unreadable)
    assert items(aws, environment) == []
    assert objects(aws, environment) == []


def test_a_lock_that_cannot_be_released_is_named(aws, environment, table, bucket, script, aws_error):
    script(aws.dynamodb)("DeleteItem", aws_error("AccessDeniedException"))
    script(aws.s3)("DeleteObject", aws_error("AccessDenied"))
    for seen in (probe_dynamodb_lock(aws, environment), probe_lockfile(aws, environment)):
        assert isinstance(seen, Unreadable)
        assert "releasing lock" in seen.reason
        assert "may be left behind" in seen.reason


def test_a_lock_that_stays_is_not_released(aws, environment, table, bucket, script):
    script(aws.dynamodb)("DeleteItem", {})
    script(aws.s3)("DeleteObject", {})
    for seen in (probe_dynamodb_lock(aws, environment), probe_lockfile(aws, environment)):
        assert isinstance(seen, Known)
        assert seen.value.released is False


def test_a_release_that_cannot_be_checked(aws, environment, table, bucket, script, aws_error):
    script(aws.dynamodb)("GetItem", {})
    script(aws.s3)("HeadObject", aws_error("403", "Forbidden"))
    assert isinstance(probe_dynamodb_lock(aws, environment), Unreadable)
    assert isinstance(probe_lockfile(aws, environment), Unreadable)


def test_no_connection(clients, environment, script, refused_connection):
    for operation in ("PutItem", "DeleteItem"):
        script(clients.dynamodb)(operation, refused_connection)
    assert isinstance(probe_dynamodb_lock(clients, environment), Unreadable)


def test_an_unusable_configuration_is_unreadable(clients, environment, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert isinstance(probe_dynamodb_lock(clients, environment), Unreadable)
    assert isinstance(probe_lockfile(clients, environment), Unreadable)
