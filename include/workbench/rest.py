"""A small client of Airflow's REST API: trigger a DAG run, follow it, clear tasks, read logs."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from workbench.airflow import Connection, WorkbenchError

FINAL = {"success", "failed"}
READS = 3
"""How often a read is sent until an answer comes."""


class Airflow:
    """Airflow behind a connection.

    Every call raises WorkbenchError: with Airflow's own words when it is refused, with one sentence when there is no
    answer. A read is asked again first, for a busy machine answers late; what changes something is asked once.
    """

    def __init__(self, connection: Connection, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=connection.url, timeout=30, transport=transport)
        answer = self._asked(
            "POST", "/auth/token", json={"username": connection.username, "password": connection.password}
        )
        if answer.status_code >= 400:
            raise WorkbenchError(f"Airflow refused the login of {connection.username}: {answer.status_code}")
        self._client.headers["Authorization"] = f"Bearer {self._answer(answer)['access_token']}"

    def wait_for_dags(self, dag_ids: set[str], seconds: float = 120) -> None:
        """Wait until these DAGs are parsed."""
        deadline = time.monotonic() + seconds
        found: set[str] = set()
        while time.monotonic() < deadline:
            found = {dag["dag_id"] for dag in self._get("/api/v2/dags", limit=100)["dags"]}
            if dag_ids <= found:
                return
            time.sleep(0.5)
        raise WorkbenchError(f"no DAG {sorted(dag_ids - found)}; there are {sorted(found)}")

    def ensure_pools(self, pools: Mapping[str, Mapping[str, Any]]) -> None:
        """Create the pools that are not there yet, and give the others their slots."""
        there = {pool["name"]: pool["slots"] for pool in self._get("/api/v2/pools", limit=100)["pools"]}
        for name, pool in pools.items():
            if name not in there:
                self._send("POST", "/api/v2/pools", {"name": name, **pool})
            elif there[name] != pool["slots"]:
                self._send("PATCH", f"/api/v2/pools/{name}", {"pool": name, **pool})

    def trigger(self, dag_id: str, conf: dict[str, Any], run_id: str | None = None) -> str:
        """Trigger a DAG run with params; returns its run id."""
        body: dict[str, Any] = {"logical_date": None, "conf": conf}
        if run_id is not None:
            body["dag_run_id"] = run_id
        return str(self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """`queued`, `running`, `success` or `failed`."""
        return str(self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> dict[str, dict[str, Any]]:
        """Task instances of a run by task id."""
        found = self._get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=200)["task_instances"]
        return {task["task_id"]: task for task in found}

    def task_ids(self, dag_id: str) -> set[str]:
        """The tasks of a DAG as Airflow has read it last."""
        return {task["task_id"] for task in self._get(f"/api/v2/dags/{dag_id}/tasks")["tasks"]}

    def follow(
        self, dag_id: str, run_id: str, on_change: Callable[[dict[str, Any]], None], seconds: float = 1800
    ) -> str:
        """Report every change of a task's state until the run has ended; returns the run's state."""
        deadline = time.monotonic() + seconds
        seen: dict[str, str | None] = {}
        while time.monotonic() < deadline:
            state = self.run_state(dag_id, run_id)
            for task in sorted(self.tasks(dag_id, run_id).values(), key=lambda task: task["start_date"] or "~"):
                if seen.get(task["task_id"]) != task["state"]:
                    seen[task["task_id"]] = task["state"]
                    on_change(task)
            if state in FINAL:
                return state
            time.sleep(0.5)
        raise WorkbenchError(f"{dag_id} {run_id} did not end in {seconds:.0f} s")

    def clear(self, dag_id: str, run_id: str, task_ids: list[str], *, downstream: bool) -> None:
        """Clear tasks of a run, as the button on the page does."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": task_ids,
            "include_downstream": downstream,
            "only_failed": False,
        }
        self._send("POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", body)

    def mark(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task as success or failed, as the button on the page does."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}", {"new_state": state})

    def log_lines(self, dag_id: str, run_id: str, task_id: str, try_number: int) -> list[str]:
        """The task log as people read it, a line each."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        content = self._get(path, full_content="true").get("content", [])
        return [text for line in content for text in _as_read(line)]

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._answer(self._asked("GET", path, params=query, headers={"Accept": "application/json"}))

    def _send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._answer(self._asked(method, path, json=body))

    def _asked(self, method: str, path: str, **given: Any) -> httpx.Response:
        left = READS if method == "GET" else 1
        while True:
            left -= 1
            try:
                return self._client.request(method, path, **given)
            except httpx.TransportError as error:
                if left == 0:
                    raise WorkbenchError(
                        f"Airflow gave no answer to {method} {path} ({type(error).__name__}): the machine may be too "
                        f"busy; a run that was triggered goes on, follow it at {self._client.base_url}"
                    ) from error

    def _answer(self, answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code >= 400:
            try:
                detail = answer.json().get("detail", answer.text)
            except ValueError:
                detail = answer.text
            raise WorkbenchError(f"Airflow answered {answer.status_code} to {answer.request.url.path}: {detail}")
        try:
            document: dict[str, Any] = answer.json()
        except ValueError as error:
            raise WorkbenchError(f"what Airflow answered to {answer.request.url.path} is not JSON") from error
        return document


def _as_read(line: Any) -> list[str]:
    """A structured log line as the page shows it, with the exception that it carries."""
    if not isinstance(line, dict):
        return [str(line)]
    raised = [f"{error.get('exc_type')}: {error.get('exc_value')}" for error in line.get("error_detail") or ()]
    return [str(line.get("event", line)), *raised]
