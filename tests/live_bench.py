"""A workbench with Airflow's real scheduler, executor and triggerer, and questions to it."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.testing import Sandbox
from workbench.places import Bench
from workbench.rest import Airflow


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
        return run_id, self.airflow.follow(dag_id, run_id, lambda task: None, seconds=400)

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
