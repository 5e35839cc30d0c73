"""What several tests of this folder look at."""

import pytest

from deployment.asking import AIRFLOW, Answers, ask
from deployment.reading import Service, services

SECRETS = [("database", "sql_alchemy_conn"), ("core", "fernet_key"), ("api", "secret_key"), ("api_auth", "jwt_secret")]
FOLDERS = [("core", "dags_folder"), ("core", "plugins_folder")]


@pytest.fixture(scope="session")
def airflow_services() -> dict[str, Service]:
    """The services that run Airflow."""
    return {name: services()[name] for name in AIRFLOW}


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What the installed Airflow says; asked once, because it takes seconds, and after `no_stage`."""
    return ask(tmp_path_factory.mktemp("airflow"), SECRETS + FOLDERS)
