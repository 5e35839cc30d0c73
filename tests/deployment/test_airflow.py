"""The installed Airflow knows every option, command and path that docker-compose.yaml names."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from deployment.asking import AIRFLOW, Answers, commands
from deployment.reading import Service, services

COMMAND = "_CMD"


def _options(service: Service) -> dict[tuple[str, str], str]:
    """Airflow's options by section and key, with the name that the environment has for them."""
    names = [name for name in service["environment"] if name.startswith("AIRFLOW__")]
    parts = {name: name.removesuffix(COMMAND).lower().split("__") for name in names}
    return {(section, key): name for name, (_, section, key) in parts.items()}


def test_every_option_is_one_of_airflow(airflow: Answers, airflow_services: dict[str, Service]) -> None:
    named = {option for service in airflow_services.values() for option in _options(service)}
    assert len(named) > 20
    assert named - airflow.options == set()


def test_airflow_reads_by_command_what_it_is_told_to(airflow: Answers, airflow_services: dict[str, Service]) -> None:
    named = {option: name for service in airflow_services.values() for option, name in _options(service).items()}
    by_command = {option for option, name in named.items() if name.endswith(COMMAND)}
    assert len(by_command) == 4
    assert by_command - airflow.sensitive == set()


@pytest.mark.parametrize(
    ("option", "file"),
    [
        ("database.sql_alchemy_conn", "sql_alchemy_conn"),
        ("core.fernet_key", "fernet_key"),
        ("api.secret_key", "api_secret_key"),
        ("api_auth.jwt_secret", "jwt_secret"),
    ],
)
def test_a_secret_arrives_as_it_lies_in_its_file(airflow: Answers, option: str, file: str) -> None:
    assert airflow.values[option] == (airflow.secrets / file).read_text("ascii")


def test_airflow_loads_what_the_options_name(airflow: Answers) -> None:
    executor, xcom_backend = airflow.loaded
    assert executor.endswith(".LocalExecutor")
    assert xcom_backend == "SnapshotXCom"
    assert airflow.values["core.dags_folder"] == "/opt/airflow/dags"
    assert airflow.values["core.plugins_folder"] == "/opt/airflow/plugins"


def test_airflow_finds_the_key_of_confluent_where_the_sandbox_puts_it(airflow: Answers) -> None:
    assert airflow.connection == airflow.cloud_key


def test_airflow_accepts_every_command(airflow: Answers) -> None:
    assert airflow.refused == {}


def test_every_process_of_airflow_runs_once() -> None:
    assert [commands(name)[0] for name in AIRFLOW] == [
        ["api-server"],
        ["scheduler"],
        ["dag-processor"],
        ["triggerer"],
        ["db", "migrate"],
        ["pools", "import", "/dev/shm/pools.json"],
    ]


@pytest.mark.parametrize(
    ("service", "job"),
    [("scheduler", "SchedulerJob"), ("dag-processor", "DagProcessorJob"), ("triggerer", "TriggererJob")],
)
def test_a_health_check_asks_for_the_job_of_its_own_service(service: str, job: str) -> None:
    assert commands(service)[1] == ["jobs", "check", "--job-type", job, "--local"]


def test_the_api_server_answers_at_the_path_of_its_health_check() -> None:
    *_, url = services()["api-server"]["healthcheck"]["test"]
    package = find_spec("airflow.api_fastapi")
    assert package is not None
    assert package.origin is not None
    documented = Path(package.origin).parent / "core_api" / "openapi" / "v2-rest-api-generated.yaml"
    assert f"\n  {url.removeprefix('http://127.0.0.1:8080')}:\n" in documented.read_text("utf-8")
