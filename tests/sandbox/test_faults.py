"""Every kind of fault, as a real client sees it."""

import time
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ResponseStreamingError

from sandbox.faults import Kind
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)
BODY = b"0123456789" * 100


@pytest.fixture
def bucket(sandbox: Sandbox) -> str:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="faulty", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    s3.put_object(Bucket="faulty", Key="object", Body=BODY)
    return "faulty"


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    response = error.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.mark.parametrize(
    ("kind", "service", "operation", "arguments", "expected"),
    [
        ("access_denied", "s3", "list_buckets", {}, (403, "AccessDenied")),
        ("access_denied", "dynamodb", "list_tables", {}, (403, "AccessDeniedException")),
        ("access_denied", "iam", "list_roles", {}, (403, "AccessDenied")),
        ("access_denied", "ec2", "describe_vpcs", {}, (403, "UnauthorizedOperation")),
        ("access_denied", "budgets", "describe_budgets", {"AccountId": "123456789012"}, (403, "AccessDeniedException")),
        ("access_denied", "route53", "list_hosted_zones", {}, (403, "AccessDenied")),
        ("access_denied", "lambda", "list_functions", {}, (403, "AccessDeniedException")),
        ("explicit_deny", "ec2", "describe_vpcs", {}, (403, "UnauthorizedOperation")),
        ("explicit_deny", "rds", "describe_db_instances", {}, (403, "AccessDenied")),
        ("throttle", "s3", "list_buckets", {}, (503, "SlowDown")),
        ("throttle", "dynamodb", "list_tables", {}, (400, "ThrottlingException")),
        ("throttle", "iam", "list_roles", {}, (400, "Throttling")),
        ("throttle", "ec2", "describe_vpcs", {}, (503, "RequestLimitExceeded")),
        ("expired_token", "s3", "list_buckets", {}, (400, "ExpiredToken")),
        ("expired_token", "dynamodb", "list_tables", {}, (400, "ExpiredTokenException")),
        ("expired_token", "iam", "list_roles", {}, (403, "ExpiredToken")),
        ("error", "sns", "list_topics", {}, (500, "InternalError")),
    ],
)
def test_error_answers(
    sandbox: Sandbox, kind: Kind, service: str, operation: str, arguments: dict[str, str], expected: tuple[int, str]
) -> None:
    client = sandbox.client(service)
    with sandbox.admin.fault(service=service, kind=kind), pytest.raises(ClientError) as caught:
        getattr(client, operation)(**arguments)

    assert code_of(caught) == expected
    assert "made by the sandbox" in caught.value.response["Error"]["Message"]


def test_error_takes_status_and_code(sandbox: Sandbox) -> None:
    client = sandbox.client("dynamodb")
    with (
        sandbox.admin.fault(service="dynamodb", kind="error", status=413, code="TooBig"),
        pytest.raises(ClientError) as caught,
    ):
        client.list_tables()

    assert code_of(caught) == (413, "TooBig")


def test_refuse_closes_the_connection_before_the_call_is_made(sandbox: Sandbox, bucket: str) -> None:
    s3 = sandbox.client("s3")
    position = sandbox.admin.journal_position()
    with (
        sandbox.admin.fault(service="s3", operation="DeleteObject", kind="refuse"),
        pytest.raises((ConnectionClosedError, HTTPClientError)),
    ):
        s3.delete_object(Bucket=bucket, Key="object")

    (call,) = sandbox.admin.calls(position)
    assert (call.operation, call.status, call.fault) == ("DeleteObject", None, "refuse")
    assert s3.head_object(Bucket=bucket, Key="object")["ContentLength"] == len(BODY)


def test_lose_drops_the_answer_to_a_call_that_was_done(sandbox: Sandbox, bucket: str) -> None:
    s3 = sandbox.client("s3")
    position = sandbox.admin.journal_position()
    with (
        sandbox.admin.fault(service="s3", operation="PutObject", kind="lose"),
        pytest.raises((ConnectionClosedError, HTTPClientError)),
    ):
        s3.put_object(Bucket=bucket, Key="new", Body=b"done")

    (call,) = sandbox.admin.calls(position)
    assert (call.operation, call.status, call.fault) == ("PutObject", 200, "lose")
    assert s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"done"


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, (500, "InternalError")), ({"status": 503, "code": "ServiceUnavailable"}, (503, "ServiceUnavailable"))],
)
def test_error_after_answers_an_error_to_a_call_that_was_done(
    sandbox: Sandbox, bucket: str, given: dict[str, Any], expected: tuple[int, str]
) -> None:
    s3 = sandbox.client("s3")
    position = sandbox.admin.journal_position()
    with (
        sandbox.admin.fault(service="s3", operation="PutObject", kind="error_after", **given),
        pytest.raises(ClientError) as caught,
    ):
        s3.put_object(Bucket=bucket, Key="new", Body=b"done")

    (call,) = sandbox.admin.calls(position)
    assert code_of(caught) == expected
    assert (call.status, call.fault) == (200, "error_after")
    assert s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"done"


def test_truncate_cuts_the_body_half_way(sandbox: Sandbox, bucket: str) -> None:
    s3 = sandbox.client("s3")
    with sandbox.admin.fault(service="s3", operation="GetObject", kind="truncate"):
        answer = s3.get_object(Bucket=bucket, Key="object")
        with pytest.raises(ResponseStreamingError):
            answer["Body"].read()

    assert s3.get_object(Bucket=bucket, Key="object")["Body"].read() == BODY


def test_delay_answers_late(sandbox: Sandbox) -> None:
    client = sandbox.client("dynamodb")
    with sandbox.admin.fault(service="dynamodb", kind="delay", seconds=0.3):
        started = time.monotonic()
        client.list_tables()

    assert time.monotonic() - started >= 0.3


def test_delay_does_not_hold_up_others(sandbox: Sandbox) -> None:
    slow = sandbox.client("dynamodb", Config(read_timeout=0.2, retries={"total_max_attempts": 1}))
    with sandbox.admin.fault(service="dynamodb", kind="delay", seconds=30):
        with pytest.raises(HTTPClientError):
            slow.list_tables()
        assert sandbox.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_delayed_call_is_not_made_once_the_client_gave_up(sandbox: Sandbox) -> None:
    impatient = sandbox.client("sns", Config(read_timeout=0.2, retries={"total_max_attempts": 1}))
    position = sandbox.admin.journal_position()
    with sandbox.admin.fault(service="sns", operation="CreateTopic", kind="delay", seconds=0.6):
        with pytest.raises(HTTPClientError):
            impatient.create_topic(Name="late")
        impatient.close()
        sandbox.client("sns", Config(read_timeout=20)).create_topic(Name="patient")

    topics = sandbox.client("sns").list_topics()["Topics"]
    assert [topic["TopicArn"].rpartition(":")[2] for topic in topics] == ["patient"]
    statuses = [call.status for call in sandbox.admin.calls(position) if call.operation == "CreateTopic"]
    assert statuses == [None, 200]


def test_times_are_counted(sandbox: Sandbox) -> None:
    client = sandbox.client("dynamodb")
    with sandbox.admin.fault(service="dynamodb", kind="throttle", times=2):
        for _ in range(2):
            with pytest.raises(ClientError):
                client.list_tables()
        assert client.list_tables()["TableNames"] == []
        (fault,) = sandbox.admin.faults()
        assert (fault["hits"], fault["left"]) == (2, 0)
    assert sandbox.admin.faults() == []


def test_a_retrying_client_gets_through(sandbox: Sandbox) -> None:
    client = sandbox.client("dynamodb", Config(retries={"total_max_attempts": 3, "mode": "standard"}))
    position = sandbox.admin.journal_position()
    with sandbox.admin.fault(service="dynamodb", kind="throttle", times=1):
        client.list_tables()

    assert [call.status for call in sandbox.admin.calls(position)] == [400, 200]


def test_only_the_named_operation_and_resource_are_spoiled(sandbox: Sandbox, bucket: str) -> None:
    s3 = sandbox.client("s3")
    with sandbox.admin.fault(service="s3", operation="GetObject", resource="/faulty/obj", kind="access_denied"):
        assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
        with pytest.raises(ClientError):
            s3.get_object(Bucket=bucket, Key="object")
        with pytest.raises(ClientError) as missing:
            s3.get_object(Bucket=bucket, Key="another")
    assert code_of(missing) == (404, "NoSuchKey")


def test_resource_is_looked_for_in_the_body(sandbox: Sandbox) -> None:
    client = sandbox.client("dynamodb")
    with sandbox.admin.fault(service="dynamodb", kind="access_denied", resource="the-table"):
        assert client.list_tables()["TableNames"] == []
        with pytest.raises(ClientError) as caught:
            client.describe_table(TableName="the-table")
    assert code_of(caught) == (403, "AccessDeniedException")


def test_only_the_named_region_is_closed_and_the_answer_says_by_what(sandbox: Sandbox) -> None:
    with sandbox.admin.fault(service="*", kind="explicit_deny", region="sa-east-1"):
        assert sandbox.client("ec2").describe_vpcs()["Vpcs"]
        with pytest.raises(ClientError) as caught:
            sandbox.client("ec2", region="sa-east-1").describe_vpcs()
    assert "with an explicit deny in a service control policy" in caught.value.response["Error"]["Message"]


def test_star_spoils_every_service(sandbox: Sandbox) -> None:
    clients = [sandbox.client("iam"), sandbox.client("dynamodb")]
    with sandbox.admin.fault(service="*", kind="access_denied"):
        for client, operation in zip(clients, ["list_roles", "list_tables"], strict=True):
            with pytest.raises(ClientError):
                getattr(client, operation)()


def test_signing_in_can_fail(sandbox: Sandbox) -> None:
    with (
        sandbox.admin.fault(service="sts", operation="AssumeRoleWithWebIdentity", kind="expired_token"),
        pytest.raises(ClientError) as caught,
    ):
        sandbox.client("s3")

    assert code_of(caught) == (400, "ExpiredTokenException")


def test_the_journal_tells_which_calls_changed_something(sandbox: Sandbox) -> None:
    client = sandbox.client("sns")
    position = sandbox.admin.journal_position()
    topic = client.create_topic(Name="alerts")["TopicArn"]
    client.get_topic_attributes(TopicArn=topic)
    client.delete_topic(TopicArn=topic)

    changed = sandbox.admin.mutating_calls(position)

    assert [(call.service, call.operation, call.status) for call in changed] == [
        ("sns", "CreateTopic", 200),
        ("sns", "DeleteTopic", 200),
    ]
    assert topic in changed[1].resource
    assert changed[0].time.utcoffset() is not None
