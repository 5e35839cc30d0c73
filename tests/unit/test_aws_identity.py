"""As whom a task asks AWS: a role of its environment, and nothing of what the worker is (ID1)."""

from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import CredentialRetrievalError

from standins import dev_min
from tidegate.aws_identity import OF_THE_WORKER, identity_of
from tidegate.lanes.run import session_name
from tidegate.models.environment import Environment
from tidegate.models.role_assumption import Worker
from tidegate.settings import settings

ROLE = "arn:aws:iam::123456789012:role/fraud-platform-dev-min-execution"
WORKER = "arn:aws:iam::999999999999:role/airflow/worker"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """On a worker of which nothing is said."""
    for name in OF_THE_WORKER:
        monkeypatch.delenv(name, raising=False)
    return dev_min()[0]


@pytest.fixture
def from_worker(environment: Environment) -> Environment:
    document = environment.model_dump(by_alias=True) | {
        "identity": "from_worker",
        "oidc": None,
        "worker": {"role_arn": WORKER},
    }
    return Environment.model_validate(document)


def setting(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()


def test_a_token_is_taken_for_the_role_of_the_manifest(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the worker is besides changes nothing."""
    for name, value in {
        "AWS_ROLE_ARN": WORKER,
        "AWS_ROLE_SESSION_NAME": "worker",
        "AWS_PROFILE": "somebody",
        "AWS_REGION": "us-east-1",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/tokens/worker",
    }.items():
        monkeypatch.setenv(name, value)
    assert identity_of(environment, "m2_x.c_core.apply").variables(tmp_path) == {
        "AWS_REGION": "eu-west-2",
        "AWS_DEFAULT_REGION": "eu-west-2",
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/tokens/worker",
        "AWS_ROLE_SESSION_NAME": "m2_x.c_core.apply",
    }
    assert list(tmp_path.iterdir()) == []


def test_where_the_token_lies(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    assert identity_of(environment, "x").token_file == ""
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/tokens/worker")
    assert identity_of(environment, "x").token_file == "/tokens/worker"
    assert environment.oidc is not None
    oidc = environment.oidc.model_copy(update={"token_file": "/tokens/manifest"})
    told = environment.model_copy(update={"oidc": oidc})
    assert identity_of(told, "x").token_file == "/tokens/manifest"
    setting(monkeypatch, TIDEGATE_TOKEN_FILES="/tokens/of/{environment}")
    assert identity_of(told, "x").token_file == "/tokens/of/dev_min"


def test_without_a_token_there_are_no_credentials_whatever_lies_about(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAWORKER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    credentials: Any = identity_of(environment, "x").session(Config()).get_credentials()
    assert credentials.method == "assume-role-with-web-identity"
    with pytest.raises(CredentialRetrievalError, match=r"no token: neither .*oidc\.token_file nor AWS_WEB_IDENTITY"):
        credentials.get_frozen_credentials()


def test_a_process_that_only_shows_acts_as_the_reader(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting(monkeypatch, TIDEGATE_ACTS_AS="reader")
    assert identity_of(environment, "x").role_arn == "arn:aws:iam::123456789012:role/fraud-platform-dev-min-reader"


@pytest.mark.parametrize(
    ("worker", "source"),
    [
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/tokens/worker", "AWS_ROLE_ARN": WORKER},
            [
                "[profile worker]",
                "region = eu-west-2",
                f"role_arn = {WORKER}",
                "role_session_name = m2_x",
                "web_identity_token_file = /tokens/worker",
            ],
        ),
        ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"}, ["credential_source = EcsContainer"]),
        ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1"}, ["credential_source = EcsContainer"]),
        ({}, ["credential_source = Ec2InstanceMetadata"]),
        ({"AWS_ACCESS_KEY_ID": "AKIASTATIC"}, ["credential_source = Ec2InstanceMetadata"]),
    ],
)
def test_the_workers_own_role_serves_to_assume_the_environments(
    from_worker: Environment,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    worker: dict[str, str],
    source: list[str],
) -> None:
    for name, value in worker.items():
        monkeypatch.setenv(name, value)
    given = identity_of(from_worker, "m2_x").variables(tmp_path / "work")
    files = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
    container = {name for name in worker if name.startswith("AWS_CONTAINER")}
    assert set(given) == {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", *files, *container}
    lines = Path(given["AWS_CONFIG_FILE"]).read_text("utf-8").splitlines()
    own = lines[lines.index(f"[profile {given['AWS_PROFILE']}]") :]
    assert own[:4] == ["[profile environment]", "region = eu-west-2", f"role_arn = {ROLE}", "role_session_name = m2_x"]
    assert set(source) <= set(lines)
    assert len([line for line in own if line.startswith(("source_profile", "credential_source"))]) == 1
    assert Path(given["AWS_SHARED_CREDENTIALS_FILE"]).read_text("utf-8") == "", "and no key that lies at home"


def test_the_name_of_a_session_says_run_and_task(environment: Environment) -> None:
    from factories_world import NOW

    named = session_name("m2", NOW, "c_core.apply")
    assert identity_of(environment, named).session_name == f"m2_{NOW:%Y%m%dT%H%M%SZ}.c_core.apply"
    odd = identity_of(environment, "m2_x." + "ä/" * 9 + "y" * 80).session_name
    assert (odd[:7], len(odd)) == ("m2_x.-y", 64)


def test_whoever_assumes_the_role_is_said_once(environment: Environment) -> None:
    document = environment.model_dump(by_alias=True)
    for changes, said in (
        ({"oidc": None}, "identity is web_identity: it needs the section oidc"),
        ({"worker": Worker(role_arn=WORKER)}, "identity is web_identity: the section worker says who else"),
        ({"identity": "from_worker", "oidc": None}, "identity is from_worker: it needs the section worker"),
    ):
        with pytest.raises(ValueError, match=said):
            Environment.model_validate(document | changes)
