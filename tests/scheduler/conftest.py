"""One workbench in a directory of its own for the module; stopped whatever happens."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from live_bench import Live
from manifests import without_kafka
from sandbox.client import SandboxClient
from sandbox.testing import Sandbox
from workbench import session
from workbench.places import Bench
from workbench.rest import Airflow

PROJECT = Path(__file__).resolve().parents[2]
SOON = {
    # How soon Airflow notices that a worker is gone; its default is five minutes.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    directory = tmp_path_factory.mktemp("live")
    bench = Bench(directory)
    source = directory / "terraform-source"
    shutil.copytree(PROJECT / "include" / "terraform", source, ignore=shutil.ignore_patterns(".terraform"))
    settings = SOON | {
        "TIDEGATE_TERRAFORM_DIR": str(source),
        "TIDEGATE_RUNS_DIR": str(directory / "runs"),
        "TIDEGATE_ENVIRONMENTS_DIR": str(without_kafka(directory / "environments")),
    }
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "TIDEGATE_"))]:
        del os.environ[name]
    try:
        connection = session.start(bench, more=settings)
        env = session.sandbox_environment(bench)
        with SandboxClient(env["TIDEGATE_SANDBOX_ADMIN"]) as admin:
            airflow = Airflow(connection)
            airflow.wait_for_dags({f"dev_min.{name}" for name in session.DAGS})
            yield Live(bench, airflow, Sandbox(bench.sandbox, env, admin), source)
    finally:
        session.stop(bench)
        os.environ.clear()
        os.environ.update(before)
