"""What the containers are told: .env.example and docker-compose.yaml agree with each other and with the product."""

import os
import re
from pathlib import Path, PurePosixPath

import pytest

from deployment.asking import AIRFLOW
from deployment.reading import (
    PROJECT,
    MissingVariable,
    compose,
    container_environment,
    dockerfile,
    documented,
    example,
    interpolated,
    references,
    sandbox_options,
    services,
)
from manifests import OWN
from sandbox.environment import Addresses, Environment, Files, sandbox_environment
from tidegate import environments
from tidegate.collectors.aws.caller import _endpoints
from tidegate.collectors.aws.static_keys import find_static_keys
from tidegate.lanes.confluent import confluent_endpoint
from tidegate.models.observed import Known
from tidegate.settings import Settings
from tidegate.terraform.stand_in import stand_in_mirror
from workbench.airflow import airflow_environment
from workbench.places import Bench

# Read by Compose itself.
OF_COMPOSE = {"COMPOSE_PROFILES"}
PROFILES = ["sandbox", "aws"]
REQUIRED = ["AWS_REGION", "TIDEGATE_PROFILE"]
WORKERS = ("scheduler", "dag-processor")
"""Who runs tasks, or what is to be told of runs without a verdict."""
AMBIENT = ("AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE")
# What the workbench sets because it is a workbench, and what Compose gives in another way.
NOT_IN_COMPOSE = {
    "AIRFLOW_HOME",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
    "TIDEGATE_WORK_DIR",
    "TIDEGATE_GIT_COMMIT",
    "TIDEGATE_GIT_DIRTY",
    "TIDEGATE_SCHEDULES",
    "AIRFLOW__API__HOST",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME",
    "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT",
    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT",
}


def _environment(profile: str, service: str = "scheduler") -> dict[str, str]:
    return container_environment(services()[service], example(profile))


def test_every_variable_is_documented_and_every_documented_one_is_used() -> None:
    assert references(compose()["services"]) == documented() - OF_COMPOSE


@pytest.mark.parametrize("profile", PROFILES)
def test_the_example_is_complete(profile: str) -> None:
    interpolated(compose()["services"], example(profile))


@pytest.mark.parametrize("name", REQUIRED)
def test_compose_refuses_to_guess(name: str) -> None:
    given = example("sandbox")
    del given[name]
    with pytest.raises(MissingVariable, match=f"{name}: set it in .env"):
        interpolated(compose()["services"], given)


def test_the_example_is_of_the_manifest() -> None:
    environment = environments.load(environments.names()[0])
    given = example("sandbox")
    assert given["AWS_REGION"] == environment.region


def _told_by_the_sandbox() -> Environment:
    """What the sandbox's env file would say in its container."""
    options = sandbox_options()
    of = f"http://{options.advertise}"
    addresses = Addresses(f"{of}:{options.port}", f"{of}:{options.admin_port}", f"{of}:{options.confluent_port}")
    files = Files(options.token_file, options.connections_file, options.provider_mirror, options.tokens)
    return sandbox_environment(addresses, options.region, options.role_arn, files)


@pytest.mark.parametrize("service", AIRFLOW)
def test_airflow_is_told_what_the_sandbox_would_tell(service: str) -> None:
    told = _told_by_the_sandbox()
    del told["TIDEGATE_SANDBOX_ADMIN"]  # for whoever makes faults, not for the product
    for name in AMBIENT:  # for people's commands: tasks act as roles of their environment
        del told[name]
    tokens = told.pop("TIDEGATE_TOKEN_FILES")
    environment = _environment("sandbox", service)
    assert set(AMBIENT) & set(environment) == set()
    if service in WORKERS:
        assert environment["TIDEGATE_TOKEN_FILES"] == tokens
    assert {name: environment.get(name) for name in told} == told
    assert set(told.unset) & set(environment) == set()
    assert example("sandbox")["COMPOSE_PROFILES"] in services()["sandbox"]["profiles"]


def test_confluent_is_asked_where_the_sandbox_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in _environment("sandbox").items():
        monkeypatch.setenv(name, value)
    endpoint = confluent_endpoint(environments.load(environments.names()[0]), "sandbox")
    assert endpoint == Known(f"http://127.0.0.1:{sandbox_options().confluent_port}")
    assert stand_in_mirror() == sandbox_options().provider_mirror


@pytest.mark.parametrize("service", [*AIRFLOW, "sandbox", "network", "postgres"])
def test_aws_has_nothing_of_the_sandbox(service: str) -> None:
    """A person sets up a connection or a secrets backend there; an endpoint would block, a stand-in be ignored."""
    also_on_aws = {name for name in example("aws") if name in services()["scheduler"]["environment"]}
    either = {"AWS_DEFAULT_REGION", "TIDEGATE_TOKEN_FILES"}
    of_the_sandbox = set(_told_by_the_sandbox()) - also_on_aws - either
    assert {name for name in of_the_sandbox if not name.startswith("AWS_")} == {
        "TIDEGATE_SANDBOX_ADMIN",
        "TIDEGATE_STAND_IN_MIRROR",
        "TIDEGATE_CONFLUENT_ENDPOINT",
        "AIRFLOW__SECRETS__BACKEND",
        "AIRFLOW__SECRETS__BACKEND_KWARGS",
    }
    assert set(_environment("aws", service)) & of_the_sandbox == set()


@pytest.mark.parametrize("service", AIRFLOW)
def test_a_secrets_backend_of_ones_own_reaches_airflow(service: str) -> None:
    own = {"AIRFLOW__SECRETS__BACKEND": "somewhere.Else", "AIRFLOW__SECRETS__BACKEND_KWARGS": "{}"}
    given = container_environment(services()[service], example("aws") | own)
    assert {name: given[name] for name in own} == own


@pytest.mark.parametrize("service", AIRFLOW)
def test_aws_has_no_endpoint_and_no_sandbox(service: str) -> None:
    environment = _environment("aws", service)
    assert environment["TIDEGATE_PROFILE"] == "aws"
    assert {name for name in environment if name.startswith("AWS_")} == {
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        *(AMBIENT if service in WORKERS else ()),
    }
    assert "COMPOSE_PROFILES" not in example("aws")


def test_an_instance_role_needs_no_variable_of_its_own() -> None:
    given = {name: example("aws")[name] for name in (*REQUIRED, "AIRFLOW_PORT")}
    environment = container_environment(services()["scheduler"], given)
    assert {name for name in environment if name.startswith("AWS_")} == {"AWS_REGION", "AWS_DEFAULT_REGION"}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("service", WORKERS)
def test_the_workers_tokens_lie_in_the_directory_that_workers_alone_have(service: str, profile: str) -> None:
    given = _environment(profile, service)
    token = PurePosixPath(given.get("TIDEGATE_TOKEN_FILES") or given["AWS_WEB_IDENTITY_TOKEN_FILE"])
    assert PurePosixPath("/opt/airflow/web_identity") in token.parents
    assert [mount for mount in _mounted(service, profile) if mount.endswith(":/opt/airflow/web_identity:ro")]
    assert not [mount for mount in _mounted("api-server", profile) if "/opt/airflow/web_identity" in mount]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_api_server_reads_and_has_the_readers_tokens_alone(profile: str) -> None:
    given = _environment(profile, "api-server")
    assert given["TIDEGATE_ACTS_AS"] == "reader"
    token = PurePosixPath(given["TIDEGATE_TOKEN_FILES"])
    assert PurePosixPath("/opt/airflow/reader_identity") in token.parents
    assert [mount for mount in _mounted("api-server", profile) if mount.endswith(":/opt/airflow/reader_identity:ro")]
    assert [name for name in WORKERS if "TIDEGATE_ACTS_AS" in _environment(profile, name)] == []
    assert sandbox_options().reader_tokens == Path("/opt/airflow/reader_identity")


def _mounted(service: str, profile: str) -> list[str]:
    found: list[str] = interpolated(services()[service]["volumes"], example(profile))
    return found


@pytest.mark.parametrize(("profile", "endpoints"), [("sandbox", 6), ("aws", 0)])
def test_the_identity_gate_would_accept_it(
    profile: str, endpoints: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "BOTO_CONFIG", "AWS_CREDENTIAL_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in _environment(profile).items():
        monkeypatch.setenv(name, value)
    assert Settings().profile == profile
    assert [endpoint.loopback for endpoint in _endpoints()] == [True] * endpoints
    assert find_static_keys() == Known(())


def test_every_variable_of_tidegate_means_something() -> None:
    named = {name for service in services().values() for name in service.get("environment", {})}
    named |= set(re.findall(r"TIDEGATE_[A-Z_]+", "\n".join(step.arguments for step in dockerfile())))
    code = "\n".join(path.read_text("utf-8") for path in (PROJECT / "plugins").rglob("*.py"))
    ours = {name for name in named if name.startswith("TIDEGATE_")}
    assert {"TIDEGATE_PROFILE", "TIDEGATE_GIT_COMMIT"} <= ours
    for name in ours:
        assert name.removeprefix("TIDEGATE_").lower() in Settings.model_fields or f'"{name}"' in code


def test_airflow_is_set_up_as_on_the_workbench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a run of the workbench needs, a deployment needs as well, with the same value where it is a choice."""
    for name in [name for name in os.environ if re.match("AIRFLOW|TIDEGATE|PYTHON", name)]:
        monkeypatch.delenv(name)
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    bench = airflow_environment(Bench(tmp_path), {}, [], 8080)
    needed = {name: value for name, value in bench.items() if re.match("AIRFLOW|TIDEGATE|PYTHON", name)}
    needed = {name: value for name, value in needed.items() if name not in {*NOT_IN_COMPOSE, *OWN}}
    given = _environment("sandbox", "api-server")
    assert [name for name in needed if name not in given and f"{name}_CMD" not in given] == []
    chosen = {name: value for name, value in needed.items() if name in given and str(tmp_path) not in value}
    own_place = ("AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__CORE__PLUGINS_FOLDER")
    assert {name: given[name] for name in chosen if given[name] != chosen[name] and name not in own_place} == {}


def test_the_callers_own_settings_of_airflow_reach_the_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person chooses; what makes the bench an Airflow of its own is not theirs."""
    chosen = {
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "300",
        "AIRFLOW__CORE__PARALLELISM": "7",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
    }
    elsewhere = {
        "AIRFLOW_HOME": "/elsewhere",
        "AIRFLOW_CONN_AWS_DEFAULT": "aws://",
        "AIRFLOW__API__PORT": "1",
        "AIRFLOW__CORE__AUTH_MANAGER": "somewhere.Else",
        "AIRFLOW__CORE__FERNET_KEY": "theirs",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": "[]",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "sqlite:////elsewhere",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": "/elsewhere",
        "AIRFLOW__SECRETS__BACKEND": "theirs",
    }
    for name, value in (chosen | elsewhere).items():
        monkeypatch.setenv(name, value)
    bench = airflow_environment(Bench(tmp_path), {"AIRFLOW__SECRETS__BACKEND": "the sandbox's"}, [], 8080)
    assert {name: bench[name] for name in chosen} == chosen
    assert {name for name, value in elsewhere.items() if bench.get(name) == value} == set()
    assert bench["AIRFLOW__SECRETS__BACKEND"] == "the sandbox's"


def test_workers_wait_a_minute_for_the_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT", raising=False)
    bench = airflow_environment(Bench(tmp_path), {}, [], 8080)
    assert bench["AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT"] == "60"
    assert _environment("aws", "scheduler")["AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT"] == "60"
