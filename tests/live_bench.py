"""A workbench with Airflow's real scheduler, executor and triggerer, and questions to it."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests import OWN, POLICIES
from sandbox.client import SandboxClient
from sandbox.testing import Sandbox
from tidegate.settings import settings as product_settings
from workbench import session
from workbench.places import Bench
from workbench.rest import Airflow

PROJECT = Path(__file__).resolve().parents[1]
ROOTS = PROJECT / "include" / "terraform"
SOON = {
    # How soon Airflow notices that a worker is gone; its default is five minutes.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
}


@dataclass(frozen=True, slots=True)
class Live:
    """A running workbench."""

    bench: Bench
    airflow: Airflow
    sandbox: Sandbox
    terraform_source: Path

    def run(self, dag_id: str, **conf: Any) -> tuple[str, str]:
        """Trigger a run and follow it to its end; returns its id and state."""
        run_id = self.airflow.trigger(dag_id, conf)
        return run_id, self.airflow.follow(dag_id, run_id, lambda task: None, seconds=900)

    def newest(self, name: str) -> dict[str, Any]:
        """The snapshot of this name that was written last."""
        files = list((self.bench.directory / "runs").rglob(f"{name}*.json"))
        document: dict[str, Any] = json.loads(max(files, key=lambda path: path.stat().st_mtime_ns).read_bytes())
        return document

    def codes(self, name: str) -> set[str]:
        """Codes of the blockers of that snapshot."""
        return {blocker["code"] for blocker in self.newest(name)["blockers"]}

    def wait_for_lock(self, stack: str, seconds: float = 60) -> None:
        """Wait until terraform holds the lock on a stack's state; fails after `seconds`."""
        dynamodb, deadline = self.sandbox.client("dynamodb"), time.monotonic() + seconds
        key = {"LockID": {"S": f"fraud-platform-dev-min-tfstate/dev_min/{stack}/terraform.tfstate"}}
        while time.monotonic() < deadline:
            if "Item" in dynamodb.get_item(TableName="fraud-platform-dev-min-tf-locks", Key=key):
                return
        raise AssertionError(f"nobody took the lock of {stack} within {seconds} s")


@contextmanager
def running(directory: Path, environments: Path, *, roots: Path = ROOTS, policies: Path = POLICIES) -> Iterator[Live]:
    """A workbench with these manifests and policies and a copy of the HCL; stopped whatever happens."""
    bench, source = Bench(directory), directory / "terraform-source"
    shutil.copytree(roots, source, ignore=shutil.ignore_patterns(".terraform"))
    settings = SOON | {
        "TIDEGATE_TERRAFORM_DIR": str(source),
        "TIDEGATE_RUNS_DIR": str(directory / "runs"),
        "TIDEGATE_ENVIRONMENTS_DIR": str(environments),
        "TIDEGATE_POLICIES_DIR": str(policies),
    }
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "TIDEGATE_"))]:
        del os.environ[name]
    os.environ |= OWN | settings  # the sandbox plays the accounts of these manifests
    product_settings.cache_clear()
    try:
        connection = session.start(bench, more=settings)
        env = session.sandbox_environment(bench)
        with SandboxClient(env["TIDEGATE_SANDBOX_ADMIN"]) as admin:
            airflow = Airflow(connection)
            named = [path.stem for path in environments.glob("*.yaml")]
            airflow.wait_for_dags({f"{name}.{dag}" for name in named for dag in session.DAGS})
            yield Live(bench, airflow, Sandbox(bench.sandbox, env, admin, enforces_iam=True), source)
    finally:
        session.stop(bench)
        os.environ.clear()
        os.environ.update(before)
        product_settings.cache_clear()
