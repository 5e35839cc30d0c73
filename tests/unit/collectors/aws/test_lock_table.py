"""The posture of the lock table."""

import pytest

from tidegate.collectors.aws.lock_table import collect_lock_table
from tidegate.models.observed import Absent, Known, Unreadable

FIELDS = ("exists", "region", "status", "key_schema", "deletion_protection")


@pytest.fixture
def good(environment):
    return {
        "TableName": environment.backend.lock_table,
        "TableArn": f"arn:aws:dynamodb:eu-west-2:123456789012:table/{environment.backend.lock_table}",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "LockID", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "LockID", "AttributeType": "S"}],
        "DeletionProtectionEnabled": True,
    }


def test_a_real_table(aws, environment):
    aws.dynamodb.create_table(
        TableName=environment.backend.lock_table,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
    )
    seen = collect_lock_table(aws, environment)
    assert seen.name == environment.backend.lock_table
    assert [getattr(seen, name) for name in FIELDS] == [
        Known(value) for value in (True, "eu-west-2", "ACTIVE", ("LockID:HASH:S",), True)
    ]


def test_no_table(aws, environment):
    seen = collect_lock_table(aws, environment)
    assert [getattr(seen, name) for name in FIELDS] == [Absent()] * 5


def test_another_key_is_told_in_full(good, clients, script, environment):
    good["KeySchema"] = [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]
    good["AttributeDefinitions"] = [
        {"AttributeName": "a", "AttributeType": "N"},
        {"AttributeName": "b", "AttributeType": "S"},
    ]
    script(clients.dynamodb)("DescribeTable", {"Table": good})
    assert collect_lock_table(clients, environment).key_schema == Known(("a:HASH:N", "b:RANGE:S"))


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_table_that_cannot_be_read(clients, script, environment, aws_error, code):
    script(clients.dynamodb)("DescribeTable", aws_error(code))
    seen = collect_lock_table(clients, environment)
    busy = code == "ThrottlingException"
    expected = Unreadable(f"DescribeTable {environment.backend.lock_table}: {code}: as scripted", transient=busy)
    assert [getattr(seen, name) for name in FIELDS] == [expected] * 5


def test_no_connection(clients, script, environment, refused_connection):
    script(clients.dynamodb)("DescribeTable", refused_connection)
    assert isinstance(collect_lock_table(clients, environment).exists, Unreadable)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("exists", {"TableName": None}),
        ("region", {"TableArn": "nonsense"}),
        ("region", {"TableArn": 1}),
        ("status", {"TableStatus": None}),
        ("status", {"TableStatus": ["ACTIVE"]}),
        ("key_schema", {"KeySchema": None}),
        ("key_schema", {"KeySchema": ["LockID"]}),
        ("key_schema", {"AttributeDefinitions": []}),
        ("deletion_protection", {"DeletionProtectionEnabled": "true"}),
    ],
)
def test_a_malformed_part_spoils_only_itself(good, clients, script, environment, name, change):
    script(clients.dynamodb)("DescribeTable", {"Table": {**good, **change}})
    seen = collect_lock_table(clients, environment)
    for each in FIELDS:
        assert isinstance(getattr(seen, each), Unreadable if each == name else Known), each


@pytest.mark.parametrize("answer", [{}, {"Table": None}, {"Table": []}, {"message": "half an ans"}])
def test_an_answer_without_a_table(clients, script, environment, answer):
    script(clients.dynamodb)("DescribeTable", answer)
    seen = collect_lock_table(clients, environment)
    assert all(isinstance(getattr(seen, name), Unreadable) for name in FIELDS)
