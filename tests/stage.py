"""The stage of end-to-end tests: a sandbox, the project's DAGs run in this process, and questions to AWS afterwards.

`dag.test()` runs the tasks with Airflow's own runner, XCom backend and deferral, one after the other; terraform, the
AWS provider and the HTTP in between are real. Whether something mutated is asked from the sandbox's journal and from
the states, never from logs.
"""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from sandbox.faults import Fault
from sandbox.testing import Sandbox

ENVIRONMENT = "dev_min"
PROJECT = Path(__file__).resolve().parents[1]
DAG_IDS = {
    "m1": f"{ENVIRONMENT}.m1_backend_bootstrap",
    "m2": f"{ENVIRONMENT}.m2_substrate_build",
    "m9": f"{ENVIRONMENT}.m9_teardown_cost_check",
    "stop": f"{ENVIRONMENT}.emergency_stop",
    "release": f"{ENVIRONMENT}.emergency_release",
    "audit": f"{ENVIRONMENT}.teardown_audit",
    "hourly": f"{ENVIRONMENT}.hourly_check",
    "extend": f"{ENVIRONMENT}.extend_time_to_live",
    "unlock": f"{ENVIRONMENT}.release_lock",
    "scheduledbuild": f"{ENVIRONMENT}.scheduled_build",
    "scheduledteardown": f"{ENVIRONMENT}.scheduled_teardown",
    "hold": f"{ENVIRONMENT}.hold",
}
BUILD = {"runtime_database_enabled": False}
TEARDOWN = {"target": "demo", "confirm": ENVIRONMENT, "read_bills_anew": True}
"""Tests change what the bills say within the hours for which an answer counts."""
_HOUSEKEEPING = {"s3", "dynamodb", "sts"}
"""Services that runs write to without mutating the environment: evidence, plans, XCom, leases, locks."""


@dataclass(frozen=True, slots=True)
class Run:
    """A DAG run that ended."""

    state: str
    tasks: dict[str, str]
    snapshots: dict[str, dict[str, Any]]
    """The newest attempt of each snapshot that this run left in the mirror, by snapshot name."""
    phase: str = ""
    run_id: str = ""

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

    def run(self, phase: str, *, right_before: Mapping[str, Callable[[], None]] | None = None, **conf: Any) -> Run:
        """Run a DAG of the environment to its end in this process.

        `right_before` names tasks, and what happens to the world just before they start: too late for earlier gates.
        """
        from tidegate.settings import settings

        settings.cache_clear()
        before = set(self._mirrored())
        dag = self._dag(phase)
        for task_id, happening in (right_before or {}).items():
            dag.get_task(task_id)._pre_execute_hook = _once(happening)
        moment = datetime.now(UTC)
        run = dag.test(run_after=moment, logical_date=moment, run_conf=conf)
        return self._ended(phase, run, before)

    def clear(self, run: Run, task_id: str) -> Run:
        """Clear a task of a run with everything downstream, as a person does in Airflow's pages, and run it to its end.

        `dag.test()` clears whole runs only; this is its loop over what was cleared.
        """
        from airflow.models.dagrun import DagRun
        from airflow.models.taskinstance import clear_task_instances
        from airflow.sdk.definitions.dag import _run_task
        from airflow.serialization.serialized_objects import DagSerialization
        from airflow.utils.session import create_session
        from airflow.utils.state import DagRunState, TaskInstanceState
        from sqlalchemy import select

        from tidegate.settings import settings

        settings.cache_clear()
        before = set(self._mirrored())
        dag = self._dag(run.phase)
        wanted = {task_id, *dag.get_task(task_id).get_flat_relative_ids(upstream=False)}
        with create_session() as session:
            found = session.scalar(select(DagRun).where(DagRun.dag_id == dag.dag_id, DagRun.run_id == run.run_id))
            assert found is not None, run
            serialized: Any = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
            serialized.on_success_callback, serialized.on_failure_callback = None, dag.on_failure_callback
            found.dag = serialized
            tasks = [it for it in found.get_task_instances(session=session) if it.task_id in wanted]
            clear_task_instances(tasks, session, dag_run_state=DagRunState.RUNNING)
            session.commit()
            idle = 0
            while found.state == DagRunState.RUNNING:
                session.expire_all()
                ready, _ = found.update_state(session=session)
                idle = 0 if ready else idle + 1
                for each in ready:
                    each.try_number += 1
                    each.state = TaskInstanceState.SCHEDULED
                session.commit()
                assert idle < len(wanted) + 2, "nothing is left that could run"
                for each in ready:
                    _run_task(ti=each, task=dag.task_dict[each.task_id], run_triggerer=True)
            return self._ended(run.phase, found, before)

    def _ended(self, phase: str, run: Any, before: set[Path]) -> Run:
        states = {task.task_id: str(task.state) for task in run.get_task_instances()}
        new = sorted(set(self._mirrored()) - before, key=lambda path: path.stat().st_mtime_ns)
        snapshots = {path.name.split(".")[0]: json.loads(path.read_text(encoding="utf-8")) for path in new}
        return Run(str(run.state), states, snapshots, phase, run.run_id)

    def emptied(self) -> None:
        """Account and evidence as on the first day, after M1."""
        self.sandbox.admin.reset()
        self.sandbox.admin.set_spend()
        run = self.run("m1")
        assert run.state == "success", run.tasks

    def position(self) -> int:
        """Where the journal of calls stands now."""
        return self.sandbox.admin.journal_position()

    def mutations(self, since: int) -> list[str]:
        """Calls after `since` that changed the environment, as `service Operation resource`; no alerts."""
        return [
            f"{call.service} {call.operation} {call.resource}"
            for call in self.sandbox.admin.mutating_calls(since)
            if call.service not in _HOUSEKEEPING and call.operation != "Publish"
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

    def state_document(self, stack: str) -> dict[str, Any]:
        """A stack's state as it lies in the bucket."""
        answer = self.sandbox.client("s3").get_object(**self._state_place(stack))
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document

    @contextmanager
    def state_edited(self, stack: str, edit: Callable[[dict[str, Any]], None]) -> Iterator[None]:
        """Change a stack's state object for the `with` block, and put the old content back."""
        s3, place = self.sandbox.client("s3"), self._state_place(stack)
        content, document = s3.get_object(**place)["Body"].read(), self.state_document(stack)
        edit(document)
        s3.put_object(**place, Body=json.dumps(document).encode())
        try:
            yield
        finally:
            s3.put_object(**place, Body=content)

    @contextmanager
    def state_object_gone(self, stack: str) -> Iterator[None]:
        """Take a stack's state object away for the `with` block, and put the same content back."""
        s3, place = self.sandbox.client("s3"), self._state_place(stack)
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

    def kill_terraform_after(self, service: str, operation: str) -> threading.Thread:
        """SIGKILL terraform, as a machine that dies would, once it has made a call; join the thread afterwards."""
        since = self.position()

        def watch() -> None:
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline:
                if any((it.service, it.operation) == (service, operation) for it in self.sandbox.admin.calls(since)):
                    for process in self._terraforms():
                        os.killpg(process.pid, signal.SIGKILL)
                    return

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        return thread

    def refuse_the_state_once_a_vpc_is_asked_for(self) -> None:
        """From the next VPC on no write of demo's state, nor beside it, is taken, until the faults are cleared."""
        since = self.position()
        refused = Fault(
            service="s3", kind="expired_token", operation="PutObject", resource=f"{ENVIRONMENT}/demo/terraform.tfstate"
        )

        def watch() -> None:
            deadline = time.monotonic() + 600
            while time.monotonic() < deadline:
                if any((it.service, it.operation) == ("ec2", "CreateVpc") for it in self.sandbox.admin.calls(since)):
                    self.sandbox.admin.add_fault(refused)
                    return

        threading.Thread(target=watch, daemon=True).start()

    def unsaved_files(self) -> list[Path]:
        """States that terraform could not write and left on this worker."""
        return [path for path in (self.directory / "terraform").rglob("*.tfstate") if ".terraform" not in path.parts]

    def _terraforms(self) -> list[psutil.Process]:
        """Terraform processes of this stage; each leads a session of its own."""
        return [
            process
            for process in psutil.Process().children(recursive=True)
            if process.name() == "terraform" and os.getpgid(process.pid) == process.pid
        ]

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
    def manifest_with(self, *changes: tuple[str, str]) -> Iterator[Path]:
        """Run with a manifest in which each first text is replaced by the second; yields its file."""
        from tidegate.settings import settings

        settings.cache_clear()
        text = (settings().environments_dir / f"{ENVIRONMENT}.yaml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"the manifest has no {old!r}"
            text = text.replace(old, new)
        copy = self.directory / "environments"
        copy.mkdir(exist_ok=True)
        manifest = copy / f"{ENVIRONMENT}.yaml"
        manifest.write_text(text, encoding="utf-8")
        with environment_variable("TIDEGATE_ENVIRONMENTS_DIR", str(copy)):
            yield manifest

    def _state_place(self, stack: str) -> dict[str, str]:
        return {"Bucket": "fraud-platform-dev-min-tfstate", "Key": f"{ENVIRONMENT}/{stack}/terraform.tfstate"}

    def _dag(self, phase: str) -> Any:
        """Parsed anew for each run: `dag.test()` leaves the params of a run in the DAG."""
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(PROJECT / "dags" / f"{DAG_IDS[phase].partition('.')[2]}.py"))
        assert not bag.import_errors
        return bag.dags[DAG_IDS[phase]]

    def _mirrored(self) -> Iterator[Path]:
        for folder in ("dev_substrate", ENVIRONMENT, "runs"):
            yield from (self.runs / folder).rglob("*.json")


def _once(happening: Callable[[], None]) -> Callable[[Any], None]:
    """As a hook of a task; one that resumes after a deferral starts a second time."""
    pending = [happening]

    def hook(context: Any) -> None:
        if pending:
            pending.pop()()

    return hook


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
