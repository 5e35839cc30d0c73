"""Who calls AWS."""

import os

import pytest
from moto.core import DEFAULT_ACCOUNT_ID

from tidegate.collectors.aws.caller import collect_caller
from tidegate.collectors.aws.clients import Clients
from tidegate.models.identity import Endpoint, StaticKey
from tidegate.models.observed import Absent, Known, Unreadable

NO_KEYS = Known(())
ARN = "arn:aws:sts::123456789012:assumed-role/fraud-platform-dev-min-execution/lane"


def answered(arn=ARN, account="123456789012"):
    return {"Account": account, "Arn": arn, "UserId": "x"}


@pytest.fixture
def web_identity(moto, environment, monkeypatch, tmp_path):
    """The process as a lane's worker has it, without the placeholder keys that moto sets."""
    token = tmp_path / "token"
    token.write_text("token")
    with monkeypatch.context() as process:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            process.delenv(name)
        process.setenv("AWS_ROLE_ARN", f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/the-workers-own")
        process.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
        process.setenv("AWS_ROLE_SESSION_NAME", "worker")
        process.setenv("AWS_REGION", "us-east-1")
        yield


def test_a_role_assumed_with_a_web_identity(web_identity, environment):
    caller = collect_caller(Clients.acting_for(environment, "lane"), environment, "sandbox", NO_KEYS)
    assert caller.profile == "sandbox"
    assert (caller.expected_account_id, caller.expected_region) == (environment.account_id, environment.region)
    assert caller.account_id == Known(DEFAULT_ACCOUNT_ID)
    assert caller.role == Known(environment.role_name) == Known(caller.expected_role)
    assert caller.session == Known("lane")
    assert caller.credential_method == Known("assume-role-with-web-identity")
    assert caller.temporary == Known(True)
    assert caller.static_keys == NO_KEYS
    assert caller.region == Known(environment.region)


def test_a_static_key_in_the_environment_is_seen_and_not_kept(aws, environment, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody-may-see-this")
    caller = collect_caller(aws, environment, "aws", NO_KEYS)
    assert caller.credential_method == Known("env")
    assert caller.temporary == Known(False)
    assert isinstance(caller.static_keys, Known)
    assert len(caller.static_keys.value) == 2
    assert "nobody-may-see-this" not in repr(caller)


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("arn:aws:iam::123456789012:user/somebody", id="user"),
        pytest.param("arn:aws:iam::123456789012:root", id="root"),
        pytest.param("arn:aws:sts::123456789012:federated-user/somebody", id="federated"),
        pytest.param("arn:aws:sts::123456789012:assumed-role/half", id="half-a-role"),
    ],
)
def test_who_assumed_no_role_has_none(clients, script, environment, arn):
    script(clients.sts)("GetCallerIdentity", answered(arn))
    caller = collect_caller(clients, environment, "aws", NO_KEYS)
    assert caller.arn == Known(arn)
    assert (caller.role, caller.session) == (Absent(), Absent())


def test_other_partitions_have_roles_too(clients, script, environment):
    script(clients.sts)("GetCallerIdentity", answered(ARN.replace("arn:aws:", "arn:aws-cn:")))
    assert collect_caller(clients, environment, "aws", NO_KEYS).role == Known("fraud-platform-dev-min-execution")


@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException", "ExpiredToken"])
def test_an_identity_that_cannot_be_read(clients, script, environment, aws_error, code):
    script(clients.sts)("GetCallerIdentity", aws_error(code))
    caller = collect_caller(clients, environment, "aws", NO_KEYS)
    for seen in (caller.account_id, caller.arn, caller.role, caller.session):
        assert seen == Unreadable(f"GetCallerIdentity: {code}: as scripted", transient=code == "ThrottlingException")


def test_sts_out_of_reach(clients, script, environment, refused_connection):
    script(clients.sts)("GetCallerIdentity", refused_connection)
    assert isinstance(collect_caller(clients, environment, "aws", NO_KEYS).account_id, Unreadable)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="empty"),
        pytest.param({"Account": "1", "Arn": None}, id="null"),
        pytest.param({"Account": 123456789012, "Arn": ARN}, id="other-type"),
        pytest.param({"Account": "1", "Arn": "nonsense"}, id="no-arn"),
    ],
)
def test_a_malformed_identity(clients, script, environment, answer):
    script(clients.sts)("GetCallerIdentity", answer)
    caller = collect_caller(clients, environment, "aws", NO_KEYS)
    assert isinstance(caller.account_id, Unreadable)
    assert "malformed answer" in caller.account_id.reason


def test_no_credentials_at_all(clients, script, environment, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    script(clients.sts)("GetCallerIdentity", answered())
    caller = collect_caller(clients, environment, "aws", NO_KEYS)
    assert (caller.credential_method, caller.temporary) == (Absent(), Absent())


def test_credentials_that_cannot_be_resolved(script, environment, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "gone"))
    clients = Clients.acting_for(environment, "lane")
    script(clients.sts)("GetCallerIdentity", answered())
    caller = collect_caller(clients, environment, "aws", NO_KEYS)
    assert isinstance(caller.credential_method, Unreadable)
    assert caller.temporary == caller.credential_method


def test_an_unusable_configuration_is_unreadable(environment, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    caller = collect_caller(Clients.from_environment("eu-west-2"), environment, "aws", NO_KEYS)
    assert isinstance(caller.account_id, Unreadable)
    assert "ProfileNotFound" in caller.account_id.reason


def test_keys_of_airflow_are_merged_in(clients, script, environment):
    script(clients.sts)("GetCallerIdentity", answered())
    key = StaticKey(where="connection aws_default", what="login")
    assert collect_caller(clients, environment, "aws", Known((key,))).static_keys == Known((key,))
    assert collect_caller(clients, environment, "aws", Absent()).static_keys == NO_KEYS
    assert collect_caller(clients, environment, "aws", Unreadable("no answer")).static_keys == Unreadable(
        "unreadable: no answer"
    )


def test_endpoint_overrides(clients, script, environment, monkeypatch):
    script(clients.sts)("GetCallerIdentity", answered())
    overrides = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
        "AWS_ENDPOINT_URL_DYNAMODB": "http://[::1]:5000",
        "AWS_ENDPOINT_URL_ECS": "",
        "AWS_ENDPOINT_URL_IAM": "http://[broken",
        "AWS_ENDPOINT_URL_S3": "https://user:word@s3.example/path",
        "AWS_ENDPOINT_URL_STS": "http://localhost:5000",
    }
    for name, value in overrides.items():
        monkeypatch.setenv(name, value)
    assert collect_caller(clients, environment, "aws", NO_KEYS).endpoints == (
        Endpoint(variable="AWS_ENDPOINT_URL", url="http://127.0.0.1:5000", loopback=True),
        Endpoint(variable="AWS_ENDPOINT_URL_DYNAMODB", url="http://[::1]:5000", loopback=True),
        Endpoint(variable="AWS_ENDPOINT_URL_IAM", url="(not a URL)", loopback=False),
        Endpoint(variable="AWS_ENDPOINT_URL_S3", url="https://s3.example/path", loopback=False),
        Endpoint(variable="AWS_ENDPOINT_URL_STS", url="http://localhost:5000", loopback=True),
    )
