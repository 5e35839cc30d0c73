"""What the stand-in lacks fails at once, names itself, and is not retried by a client with its default retries."""

from typing import TYPE_CHECKING

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.test import EnvironBuilder

from sandbox.aws.application import ask_or_explain
from sandbox.aws.patching import MotoHasChanged, add, replace
from sandbox.calls import Call
from sandbox.errors import Protocol
from sandbox.testing import Sandbox

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.timeout(120)
DEFAULT_RETRIES = Config(read_timeout=20)
ACCOUNT = "123456789012"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        pytest.param("budgets", "describe_budget_actions_for_account", {"AccountId": ACCOUNT}, id="json"),
        pytest.param("iam", "get_context_keys_for_custom_policy", {"PolicyInputList": ["{}"]}, id="query"),
        pytest.param("ec2", "describe_trunk_interface_associations", {}, id="ec2"),
        pytest.param("ce", "get_reservation_coverage", {"TimePeriod": {"Start": "a", "End": "b"}}, id="ce"),
        pytest.param("s3", "list_bucket_metrics_configurations", {"Bucket": "bucket"}, id="s3-bucket"),
        pytest.param("s3", "delete_bucket_metrics_configuration", {"Bucket": "bucket", "Id": "x"}, id="s3-delete"),
        pytest.param("s3", "get_object_torrent", {"Bucket": "bucket", "Key": "k"}, id="s3-object"),
        pytest.param("lambda", "get_account_settings", {}, id="rest-json"),
        pytest.param("route53", "get_checker_ip_ranges", {}, id="rest-xml"),
        pytest.param("devicefarm", "list_projects", {}, id="no-such-service-json"),
        pytest.param("controltower", "list_baselines", {}, id="no-such-service-rest"),
    ],
)
def test_a_gap_names_itself_in_one_attempt(
    sandbox: Sandbox, service: str, operation: str, arguments: dict[str, object]
) -> None:
    client = sandbox.client(service, DEFAULT_RETRIES)
    position = sandbox.admin.journal_position()
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**arguments)

    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplementedBySandbox", 400)
    assert "the sandbox does not implement" in error["Error"]["Message"]
    assert len(sandbox.admin.calls(position)) == 1


def test_deleting_an_unknown_subresource_does_not_delete_the_bucket(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    with pytest.raises(ClientError):
        s3.delete_bucket_metrics_configuration(Bucket="bucket", Id="all")

    s3.head_bucket(Bucket="bucket")


def crashing(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    raise ZeroDivisionError("by zero")


def failing(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("500 INTERNAL SERVER ERROR", [])
    return [b"moto is lost"]


def lost(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    start_response("404 NOT FOUND", [("Content-Type", "text/html")])
    return [b"<!doctype html><title>404 Not Found</title>"]


@pytest.mark.parametrize(
    ("moto", "code", "reason"),
    [
        pytest.param(crashing, "InternalErrorInSandbox", "ZeroDivisionError: by zero", id="crash"),
        pytest.param(failing, "InternalErrorInSandbox", "moto is lost", id="500"),
        pytest.param(lost, "NotImplementedBySandbox", "moto has no such operation", id="flask-404"),
    ],
)
def test_what_breaks_inside_moto_is_not_retryable(moto: "WSGIApplication", code: str, reason: str) -> None:
    environ = EnvironBuilder(method="POST").get_environ()

    answer = ask_or_explain(moto, environ, Call("sns", "Publish", "", None), Protocol.QUERY)

    assert answer.status == 400
    assert f"<Code>{code}</Code>".encode() in answer.body
    assert f"sns Publish: {reason}".encode() in answer.body


def test_extensions_notice_when_moto_changes() -> None:
    class Moto:
        def present(self) -> None: ...

    with pytest.raises(MotoHasChanged, match="has no method missing"):
        replace(Moto, "missing", print)
    with pytest.raises(MotoHasChanged, match="has its own method present by now"):
        add(Moto, "present", print)
