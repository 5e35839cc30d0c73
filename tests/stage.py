"""The stage of end-to-end tests: a sandbox, the project's DAGs run in this process, and questions to AWS afterwards.

`dag.test()` runs the tasks with Airflow's own runner, XCom backend and deferral, one after the other; terraform, the
AWS provider and the HTTP in between are real. Whether something mutated is asked from the sandbox's journal and from
the states, never from logs.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.testing import Sandbox

ENVIRONMENT = "dev_min"
PROJECT = Path(__file__).resolve().parents[1]
DAG_IDS = {
    "m1": f"{ENVIRONMENT}.m1_backend_bootstrap",
    "m2": f"{ENVIRONMENT}.m2_substrate_build",
    "m9": f"{ENVIRONMENT}.m9_teardown_cost_check",
    "stop": f"{ENVIRONMENT}.emergency_stop",
    "release": f"{ENVIRONMENT}.emergency_release",
}
BUILD = {"runtime_database_enabled": False}
TEARDOWN = {"target": "demo", "confirm": ENVIRONMENT}
_HOUSEKEEPING = {"s3", "dynamodb", "sts"}
"""Services that runs write to without mutating the environment: evidence, plans, XCom, leases, locks."""


@dataclass(frozen=True, slots=True)
class Run:
    """A DAG run that ended."""

    state: str
    tasks: dict[str, str]
    snapshots: dict[str, dict[str, Any]]
    """The newest attempt of each snapshot that this run left in the mirror, by snapshot name."""

    def codes(self, snapshot: str) -> set[str]:
        """Codes of the blockers of a snapshot."""
        return {blocker["code"] for blocker in self.snapshots[snapshot]["blockers"]}

    @property
    def started(self) -> set[str]:
        """Tasks that were started."""
        return {task for task, state in self.tasks.items() if state in {"success", "failed"}}


@dataclass(slots=True)
class Stage:
    """The sandbox with the project before it."""

    sandbox: Sandbox
    directory: Path

    @property
    def runs(self) -> Path:
        """The mirror."""
        return self.directory / "runs"

    def run(self, phase: str, **conf: Any) -> Run:
        """Run a DAG of the environment to its end in this process."""
        from tidegate.settings import settings

        settings.cache_clear()
        before = set(self._mirrored())
        dag = self._dag(phase)
        moment = datetime.now(UTC)
        run = dag.test(run_after=moment, logical_date=moment, run_conf=conf)
        states = {task.task_id: str(task.state) for task in run.get_task_instances()}
        new = sorted(set(self._mirrored()) - before, key=lambda path: path.stat().st_mtime_ns)
        snapshots = {path.name.split(".")[0]: json.loads(path.read_text(encoding="utf-8")) for path in new}
        return Run(str(run.state), states, snapshots)

    def position(self) -> int:
        """Where the journal of calls stands now."""
        return self.sandbox.admin.journal_position()

    def mutations(self, since: int) -> list[str]:
        """Calls after `since` that changed the environment, as `service Operation resource`."""
        return [
            f"{call.service} {call.operation} {call.resource}"
            for call in self.sandbox.admin.mutating_calls(since)
            if call.service not in _HOUSEKEEPING
        ]

    def state_of(self, stack: str) -> tuple[str, int, int] | None:
        """Lineage, serial and resource count of a stack's state, read straight from the bucket; None without one."""
        s3 = self.sandbox.client("s3")
        try:
            answer = s3.get_object(
                Bucket="fraud-platform-dev-min-tfstate", Key=f"{ENVIRONMENT}/{stack}/terraform.tfstate"
            )
        except s3.exceptions.NoSuchKey:
            return None
        document = json.loads(answer["Body"].read())
        managed = [resource for resource in document["resources"] if resource["mode"] == "managed"]
        return document["lineage"], document["serial"], len(managed)

    @contextmanager
    def state_object_gone(self, stack: str) -> Iterator[None]:
        """Take a stack's state object away for the `with` block, and put the same content back."""
        s3, place = self.sandbox.client("s3"), {"Bucket": "fraud-platform-dev-min-tfstate"}
        place["Key"] = f"{ENVIRONMENT}/{stack}/terraform.tfstate"
        content = s3.get_object(**place)["Body"].read()
        s3.delete_object(**place)
        try:
            yield
        finally:
            s3.put_object(**place, Body=content)

    @contextmanager
    def paused(self, phase: str) -> Iterator[None]:
        """Pause a DAG of the environment for the `with` block."""
        _pause(DAG_IDS[phase], paused=True)
        try:
            yield
        finally:
            _pause(DAG_IDS[phase], paused=False)

    def evidence(self, prefix: str) -> list[str]:
        """Keys in the evidence bucket."""
        answer = self.sandbox.client("s3").list_objects_v2(Bucket="fraud-platform-dev-min-evidence", Prefix=prefix)
        return [item["Key"] for item in answer.get("Contents", [])]

    @contextmanager
    def terraform_with(self, stack: str, name: str, text: str) -> Iterator[None]:
        """Run with one more HCL file in a stack's root."""
        copy = self.directory / "terraform-source"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(PROJECT / "include" / "terraform", copy, ignore=shutil.ignore_patterns(".terraform"))
        (copy / stack / name).write_text(text, encoding="utf-8")
        with environment_variable("TIDEGATE_TERRAFORM_DIR", str(copy)):
            yield

    @contextmanager
    def manifest_with(self, *changes: tuple[str, str]) -> Iterator[None]:
        """Run with a manifest in which each first text is replaced by the second."""
        text = (PROJECT / "include" / "environments" / f"{ENVIRONMENT}.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"the manifest has no {old!r}"
            text = text.replace(old, new)
        copy = self.directory / "environments"
        copy.mkdir(exist_ok=True)
        (copy / f"{ENVIRONMENT}.yaml").write_text(text, encoding="utf-8")
        with environment_variable("TIDEGATE_ENVIRONMENTS_DIR", str(copy)):
            yield

    def _dag(self, phase: str) -> Any:
        """Parsed anew for each run: `dag.test()` leaves the params of a run in the DAG."""
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(PROJECT / "dags" / f"{DAG_IDS[phase].partition('.')[2]}.py"))
        assert not bag.import_errors
        return bag.dags[DAG_IDS[phase]]

    def _mirrored(self) -> Iterator[Path]:
        for folder in ("dev_substrate", "runs"):
            yield from (self.runs / folder).rglob("*.json")


def _pause(dag_id: str, *, paused: bool) -> None:
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session

    with create_session() as session:
        row = session.get(DagModel, dag_id)
        assert row is not None
        row.is_paused = paused


@contextmanager
def environment_variable(name: str, value: str | None) -> Iterator[None]:
    """Set (or, with None, remove) a variable of this process for the `with` block."""
    before = os.environ.get(name)
    _set(name, value)
    try:
        yield
    finally:
        _set(name, before)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
