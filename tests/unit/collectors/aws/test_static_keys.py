"""Static keys are found wherever boto or Airflow would find them, and never kept."""

import json
from pathlib import Path

import pytest

from tidegate.collectors.aws.static_keys import find_static_keys, merged
from tidegate.models.identity import StaticKey
from tidegate.models.observed import Absent, Known, Unreadable

SECRET = "nobody-may-see-this"


@pytest.fixture
def home() -> Path:
    return Path.home()


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def places() -> list[str]:
    found = find_static_keys()
    assert isinstance(found, Known), found
    assert SECRET not in repr(found)
    return [f"{key.where}: {key.what}" for key in found.value]


def test_nothing_to_find():
    assert find_static_keys() == Known(())


def test_environment_variables(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", SECRET)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    assert places() == [
        "environment variable AWS_ACCESS_KEY_ID: a static key",
        "environment variable AWS_SECRET_ACCESS_KEY: a static key",
    ]


def test_an_empty_variable_holds_no_key(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "")
    assert places() == []


def test_a_session_key_copied_into_the_environment_is_found_too(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIA" + SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", SECRET)
    assert places() == ["environment variable AWS_ACCESS_KEY_ID: a copied session key, which nothing renews"]


@pytest.mark.parametrize(
    ("name", "section"),
    [
        pytest.param(".aws/credentials", "default", id="credentials"),
        pytest.param(".aws/credentials", "somebody-else", id="any-profile"),
        pytest.param(".aws/config", "profile x", id="config"),
        pytest.param(".aws/config", "DEFAULT", id="default-section"),
    ],
)
def test_files_in_the_home_directory(home, name, section):
    path = put(home / name, f"[{section}]\nregion = eu-west-2\nAWS_ACCESS_KEY_ID = {SECRET}\n")
    assert places() == [f"{path} [{section}]: aws_access_key_id"]


def test_files_named_by_variables(home, monkeypatch):
    credentials = put(home / "c", f"[a]\naws_access_key_id={SECRET}\naws_secret_access_key={SECRET}\n")
    config = put(home / "d", f"[profile b]\naws_secret_access_key={SECRET}\n")
    legacy = put(home / "e", f"[Credentials]\naws_access_key_id={SECRET}\n")
    first = put(home / "f", f"AWSAccessKeyId={SECRET}\nAWSSecretKey={SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "~/c")
    monkeypatch.setenv("AWS_CONFIG_FILE", "$HOME/d")
    monkeypatch.setenv("BOTO_CONFIG", str(legacy))
    monkeypatch.setenv("AWS_CREDENTIAL_FILE", str(first))
    assert places() == [
        f"{credentials} [a]: aws_access_key_id and aws_secret_access_key",
        f"{config} [profile b]: aws_secret_access_key",
        f"{legacy} [Credentials]: aws_access_key_id",
        f"{first}: AWSAccessKeyId",
        f"{first}: AWSSecretKey",
    ]


def test_the_legacy_file_of_the_home_directory(home, monkeypatch):
    monkeypatch.delenv("BOTO_CONFIG")
    path = put(home / ".boto", f"[Credentials]\naws_secret_access_key={SECRET}\n")
    assert places() == [f"{path} [Credentials]: aws_secret_access_key"]


def test_a_profile_that_assumes_a_role_is_no_key(home):
    put(home / ".aws/config", "[profile a]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = /t\n")
    assert places() == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xff\xfe\x00", id="not-text"),
        pytest.param(f"aws_secret_access_key = {SECRET}".encode(), id="no-section"),
        pytest.param(f"[a]\nx=1\n[a]\naws_secret_access_key={SECRET}".encode(), id="section-twice"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_unreadable(home, content):
    (home / ".aws").mkdir()
    (home / ".aws/credentials").write_bytes(content)
    found = find_static_keys()
    assert isinstance(found, Unreadable)
    assert ".aws/credentials may hold a static key" in found.reason
    assert SECRET not in found.reason


def test_a_file_without_permission_is_unreadable(home, monkeypatch):
    put(home / ".aws/credentials", "[default]\n")

    def refuse(self: Path, encoding: str) -> str:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_text", refuse)
    found = find_static_keys()
    assert isinstance(found, Unreadable)
    assert "PermissionError" in found.reason


@pytest.mark.parametrize(
    ("value", "what"),
    [
        pytest.param(f"aws://login:{SECRET}@/", "login or password of an AWS connection", id="url"),
        pytest.param(f"aws://:{SECRET}@/", "login or password of an AWS connection", id="url-password-only"),
        pytest.param(f"aws:///?aws_secret_access_key={SECRET}", "aws_secret_access_key", id="url-query"),
        pytest.param(
            "aws:///?__extra__=%7B%22aws_access_key_id%22%3A+%22" + SECRET + "%22%7D",
            "aws_access_key_id",
            id="url-extra",
        ),
        pytest.param(
            json.dumps({"conn_type": "aws", "login": "l", "password": SECRET}),
            "login or password of an AWS connection",
            id="json",
        ),
        pytest.param(
            json.dumps({"conn_type": "aws", "extra": {"session_kwargs": {"aws_access_key_id": SECRET}}}),
            "aws_access_key_id",
            id="json-nested",
        ),
        pytest.param(
            json.dumps({"conn_type": "http", "extra": json.dumps({"a": [{"aws_secret_access_key": SECRET}]})}),
            "aws_secret_access_key",
            id="json-in-json-of-any-type",
        ),
        pytest.param(f"generic://{'AKIA' + 'X' * 16}:{SECRET}@/", "login is an access key id", id="any-type"),
    ],
)
def test_connections_in_variables(monkeypatch, value, what):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", value)
    assert places() == [f"environment variable AIRFLOW_CONN_AWS_DEFAULT: {what}"]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("aws://", id="default-chain"),
        pytest.param("aws:///?role_arn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&region_name=eu-west-2", id="role"),
        pytest.param(json.dumps({"conn_type": "aws", "login": None, "extra": {"region_name": "eu-west-2"}}), id="json"),
        pytest.param("postgres://user:word@host/db", id="database"),
        pytest.param("", id="empty"),
    ],
)
def test_connections_without_a_key(monkeypatch, value):
    monkeypatch.setenv("AIRFLOW_CONN_X", value)
    assert places() == []


@pytest.mark.parametrize("value", ["{broken", "aws://[broken"])
def test_a_connection_that_is_none_is_unreadable(monkeypatch, value):
    monkeypatch.setenv("AIRFLOW_CONN_X", value)
    found = find_static_keys()
    assert isinstance(found, Unreadable)
    assert "AIRFLOW_CONN_X is not a connection" in found.reason


def test_findings_are_merged_and_what_is_unknown_stays_so():
    here, there = StaticKey(where="here", what="a"), StaticKey(where="there", what="b")
    assert merged(Known((here,)), Known((there,))) == Known((here, there))
    assert merged(Known((here,)), Absent()) == Known((here,))
    assert merged(Known((here,)), Unreadable("no store")) == Unreadable("unreadable: no store; found: a in here")
    assert merged(Unreadable("x"), Known((there,))) == Unreadable("unreadable: x; found: b in there")
