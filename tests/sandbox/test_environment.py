"""The env file: what it holds, what it must not hold, and reading it back."""

from pathlib import Path

import pytest

from sandbox.environment import Addresses, Environment, Files, read_env, render, sandbox_environment

EXPECTED_NAMES = {
    "TIDEGATE_PROFILE",
    "TIDEGATE_SANDBOX_ADMIN",
    "TIDEGATE_STAND_IN_MIRROR",
    "TIDEGATE_CONFLUENT_ENDPOINT",
    "AIRFLOW__SECRETS__BACKEND",
    "AIRFLOW__SECRETS__BACKEND_KWARGS",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_SESSION_NAME",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_S3_CONTROL",
    "AWS_S3_USE_PATH_STYLE",
    "AWS_EC2_METADATA_DISABLED",
}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    addresses = Addresses(aws="http://127.0.0.1:1", admin="http://127.0.0.1:2", confluent="http://127.0.0.1:3")
    files = Files(tmp_path / "a token", tmp_path / "a key", tmp_path / "providers")
    return sandbox_environment(addresses, "eu-west-2", "arn:aws:iam::123456789012:role/r", files)


def test_names(environment: Environment) -> None:
    assert set(environment) == EXPECTED_NAMES
    assert environment.unset == ["AWS_CA_BUNDLE"]


def test_no_static_key_is_set_or_unset(environment: Environment) -> None:
    mentioned = {*environment, *environment.unset} - {"AIRFLOW__SECRETS__BACKEND", "AIRFLOW__SECRETS__BACKEND_KWARGS"}
    assert not {name for name in mentioned if "ACCESS_KEY" in name or "SECRET" in name or "SESSION_TOKEN" in name}


def test_what_is_written_is_read_back(environment: Environment, tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text(render(environment))

    found = read_env(path)

    assert found == environment
    assert found.unset == environment.unset


def test_applied_as_a_shell_would(environment: Environment) -> None:
    applied = environment.applied_to({"AWS_CA_BUNDLE": "/x", "HOME": "/h", "AWS_REGION": "us-east-1"})

    assert "AWS_CA_BUNDLE" not in applied
    assert (applied["HOME"], applied["AWS_REGION"]) == ("/h", "eu-west-2")


def test_a_strange_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_text("# comment\n\nexport A=1\nB=2\n")

    with pytest.raises(ValueError, match="line 4: expected 'export NAME=value'"):
        read_env(path)
