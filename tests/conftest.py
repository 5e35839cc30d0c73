"""Before any test imports Airflow: a home and manifests of its own, our plugins, no examples, no AWS settings."""

import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from manifests import OWN

PROJECT = Path(__file__).resolve().parents[1]
_HOME = tempfile.TemporaryDirectory(prefix="tidegate-tests-")

for _name in [name for name in os.environ if name.startswith(("AIRFLOW", "AWS_", "TIDEGATE_", "TF_"))]:
    del os.environ[_name]
os.environ |= {
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__XCOM_BACKEND": "tidegate.operators.xcom.SnapshotXCom",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME.name}/airflow.db",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{_HOME.name}/logs",
    "AWS_EC2_METADATA_DISABLED": "true",
    **OWN,
}


@pytest.fixture(scope="session", autouse=True)
def service_descriptions_read_once() -> Iterator[None]:
    """A task is a process and reads botocore's descriptions of the services once; here hundreds share a process."""
    from botocore import session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "create_loader", cache(session.create_loader))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: a worker takes whole files, and one that starts last would be waited for alone."""
    longest = (
        "scheduler/test_real_scheduler.py",
        "remedies/test_scenarios.py",
        "end_to_end/test_watch.py",
        "end_to_end/test_lake.py",
        "end_to_end/test_blocked_builds.py",
        "end_to_end/test_kafka.py",
        "end_to_end/test_emergency_latch.py",
        "end_to_end/test_teardown.py",
        "end_to_end/test_failing_gates.py",
    )

    def rank(item: pytest.Item) -> int:
        name = item.path.relative_to(PROJECT / "tests").as_posix()
        return longest.index(name) if name in longest else len(longest)

    items.sort(key=rank)


@pytest.fixture(scope="module", autouse=True)
def no_stage(request: pytest.FixtureRequest) -> Iterator[None]:
    """What an end-to-end stage of this process has set is of no other module, its fixtures included.

    Settings that a module's last fixture has read are not those of the next module.
    """
    from tidegate.settings import settings

    settings.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        if request.path.relative_to(PROJECT / "tests").parts[0] not in {"end_to_end", "remedies"}:
            for name in leaked():
                patch.delenv(name)
            for name, value in OWN.items():
                patch.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    """Settings are read once per process; every test starts without them."""
    from tidegate.settings import settings

    settings.cache_clear()
    yield
    settings.cache_clear()


def leaked() -> list[str]:
    """What the end-to-end stage of this process has set for its own tests."""
    ours = {"AWS_EC2_METADATA_DISABLED"}
    theirs = ("AWS_", "TIDEGATE_", "AIRFLOW__SECRETS__")
    return [name for name in os.environ if name.startswith(theirs) and name not in ours]
