"""The main job, end to end: M1, M2 and M9 of an environment through Airflow's real scheduler against the sandbox.

Ends with `tidegate demo: PASS` or `tidegate demo: FAIL` and leaves `runs/demo/summary.json`.
"""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.client import SandboxClient
from tidegate import environments
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.parameters import read_parameters
from tidegate.collectors.aws.state import read_state
from tidegate.evidence.layout import Phase
from tidegate.evidence.store import EvidenceStore, StoreError
from tidegate.models.environment import Environment
from tidegate.models.observed import Known
from tidegate.settings import settings
from workbench import session
from workbench.airflow import WorkbenchError
from workbench.executions import bucket_of, execution_id_of, lanes_of, mirror, verified
from workbench.places import Bench, demo_bench
from workbench.rest import Airflow

ENVIRONMENT = "dev_min"


def plan_of(environment: Environment) -> tuple[tuple[Phase, str, dict[str, Any]], ...]:
    """The phases with their DAGs and params: bootstrap, build, and the teardown of all that may go."""
    everything = {"target": "+".join(environment.destroyable_stacks), "confirm": environment.name}
    return (
        ("m1", "m1_backend_bootstrap", {}),
        ("m2", "m2_substrate_build", {}),
        ("m9", "m9_teardown_cost_check", everything),
    )


@dataclass(slots=True)
class PhaseResult:
    """What one phase left."""

    phase: Phase
    state: str = "not run"
    execution_id: str = ""
    seconds: float = 0.0
    task_seconds: float = 0.0
    lanes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """The run succeeded, and every lane's snapshot passed and lies in S3 and in `runs/`."""
        return self.state == "success" and bool(self.lanes) and all(lane["passed"] for lane in self.lanes)


def main(console: Console, name: str = ENVIRONMENT) -> int:
    """Run the demo of an environment; 0 only when everything passed. Raises ManifestError."""
    environment = environments.load(name)
    bench = demo_bench()
    began = time.monotonic()
    if session.stop(bench):
        console.print("stopped what an earlier demo had left running")
    for leftover in (bench.airflow_home, bench.directory / "terraform"):
        shutil.rmtree(leftover, ignore_errors=True)
    console.print("starting the sandbox (stand-ins for AWS and Confluent on loopback) and Airflow ...")
    try:
        connection = session.start(bench)
        started = time.monotonic() - began
        console.print(f"ready after {started:.0f} s: Airflow at {connection.url}")
        results, checks = _phases(console, bench, environment, Airflow(connection))
    finally:
        session.stop(bench)
    summary = _summary(bench, environment, results, checks, started, time.monotonic() - began)
    (bench.directory / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    _show(console, results, checks, summary)
    return 0 if summary["overall_pass"] else 1


def _phases(
    console: Console, bench: Bench, environment: Environment, airflow: Airflow
) -> tuple[list[PhaseResult], dict[str, bool]]:
    plan = plan_of(environment)
    airflow.wait_for_dags({f"{environment.name}.{dag}" for _, dag, _ in plan})
    sandbox = session.sandbox_environment(bench)
    session.apply_to_this_process(sandbox)
    settings.cache_clear()
    clients = Clients.acting_for(environment, "demo")
    kept = tuple(environment.stacks_by_lifecycle("persistent"))
    results: list[PhaseResult] = []
    serials: dict[tuple[str, Phase], int | None] = {}
    for phase, dag, conf in plan:
        result = _run(console, airflow, environment, clients, phase, f"{environment.name}.{dag}", conf)
        results.append(result)
        for stack in kept:
            version = read_state(clients, environment, stack).version
            serials[stack, phase] = version.value.serial if isinstance(version, Known) else None
        if not result.passed:
            break
    emptied = {stack: read_state(clients, environment, stack).resources for stack in environment.destroyable_stacks}
    return results, {
        **{
            f"tidegate verify finds all evidence sound, read from {place}": _verified(
                environment, store, results, remote
            )
            for place, store, remote in (
                ("S3", bucket_of(clients, environment), True),
                ("runs/", mirror(), False),
            )
        },
        **{f"{stack} state is empty after M9": found == Known(()) for stack, found in emptied.items()},
        "no identity of Confluent and no secret in SSM is left": _nothing_left(clients, environment, sandbox),
        **{
            f"{stack}'s state serial is the same before and after M9": serials.get((stack, "m2")) is not None
            and serials.get((stack, "m2")) == serials.get((stack, "m9"))
            for stack in kept
        },
    }


def _nothing_left(clients: Clients, environment: Environment, sandbox: Mapping[str, str]) -> bool:
    """Asked of the stand-in and of SSM themselves, not of the lanes."""
    with SandboxClient(sandbox["TIDEGATE_SANDBOX_ADMIN"]) as admin:
        identities = [identity for found in admin.confluent_identities().values() for identity in found]
    return identities == [] and read_parameters(clients, environment.secrets_prefix) == Known(())


def _run(
    console: Console,
    airflow: Airflow,
    environment: Environment,
    clients: Clients,
    phase: Phase,
    dag_id: str,
    conf: dict[str, Any],
) -> PhaseResult:
    console.print(f"\n[bold]{dag_id}[/bold]")
    result, began = PhaseResult(phase), time.monotonic()

    def on_change(task: dict[str, Any]) -> None:
        at = time.monotonic() - began
        if task["state"] in {"success", "failed"}:
            console.print(
                f"  at {at:4.0f} s  {task['state']:<15} {task['task_id']}, {task['duration'] or 0:.0f} s",
                highlight=False,
            )
        elif task["state"] in {"running", "upstream_failed", "skipped", "deferred"}:
            console.print(f"  at {at:4.0f} s  {task['state']:<15} {task['task_id']}", highlight=False)

    run_id = airflow.trigger(dag_id, conf)
    result.state = airflow.follow(dag_id, run_id, on_change)
    result.seconds = time.monotonic() - began
    tasks = airflow.tasks(dag_id, run_id)
    result.task_seconds = sum(task["duration"] or 0.0 for task in tasks.values())
    try:
        result.execution_id = execution_id_of(clients, environment, phase, dag_id, run_id)
    except StoreError as error:
        console.print(f"no execution of {dag_id} can be read: {error}", highlight=False, markup=False)
    result.lanes = lanes_of(clients, environment, phase, result.execution_id)
    if result.state != "success":
        explain(console, airflow, dag_id, run_id)
    return result


def _verified(environment: Environment, store: EvidenceStore, results: list[PhaseResult], remote: bool) -> bool:
    """Every execution of the demo. What cannot be read is not verified: M1 may fail before it makes the bucket."""
    ids = [result.execution_id for result in results if result.execution_id]
    try:
        found = [verified(environment, store, each, remote=remote) for each in ids]
    except StoreError:
        return False
    return len(found) == len(results) and all(it.certain and it.sound and it.verdict == "pass" for it in found)


def explain(console: Console, airflow: Airflow, dag_id: str, run_id: str) -> None:
    """Print the end of each failed task's log."""
    for task in airflow.tasks(dag_id, run_id).values():
        if task["state"] == "failed":
            console.print(f"\n[red]{task['task_id']}[/red]")
            try:
                lines = airflow.log_lines(dag_id, run_id, task["task_id"], max(1, task["try_number"]))
            except WorkbenchError as error:  # a task whose worker never started may have no log
                lines = [str(error)]
            for line in lines[-25:]:
                console.print(f"    {line}", highlight=False, markup=False)


def _summary(
    bench: Bench,
    environment: Environment,
    results: list[PhaseResult],
    checks: dict[str, bool],
    started: float,
    total: float,
) -> dict[str, Any]:
    rows = [
        json.loads(line)
        for path in bench.directory.glob("terraform/*/*/timings.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    executions = {result.execution_id for result in results}
    complete = len(results) == len(plan_of(environment))
    terraform = sum(row["seconds"] for row in rows if row["execution_id"] in executions)
    tasks = sum(result.task_seconds for result in results)
    return {
        "environment": environment.name,
        "overall_pass": complete and all(result.passed for result in results) and all(checks.values()),
        "executions": {result.phase: result.execution_id for result in results},
        "phases": {
            result.phase: {
                "state": result.state,
                "passed": result.passed,
                "seconds": round(result.seconds, 1),
                "lanes": result.lanes,
            }
            for result in results
        },
        "checks": checks,
        "seconds": {
            "total": round(total, 1),
            "start": round(started, 1),
            "terraform": round(terraform, 1),
            "own_code": round(tasks - terraform, 1),
            "airflow": round(sum(result.seconds for result in results) - tasks, 1),
        },
        "terraform_commands": [f"{row['stack']} {row['command']}" for row in rows if row["execution_id"] in executions],
        "finished_at": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def _show(console: Console, results: list[PhaseResult], checks: dict[str, bool], summary: dict[str, Any]) -> None:
    for result in results:
        folders = {lane["snapshot"].rpartition("/")[0] for lane in result.lanes if lane["snapshot"]}
        table = Table(title=f"\n{result.phase.upper()}  {result.execution_id}", title_justify="left", box=None)
        for column, width in (("lane", 4), ("status", 6), ("task", 22)):
            table.add_column(column, no_wrap=True, min_width=width)
        table.add_column("snapshot", overflow="fold")  # on a narrow terminal a name takes two lines
        for lane in result.lanes:
            colour = "green" if lane["passed"] else "red"
            name = lane["snapshot"].rpartition("/")[2]
            table.add_row(lane["lane"], f"[{colour}]{lane['status']}[/{colour}]", lane["task"], name)
        console.print(table)
        for folder in sorted(folders):
            console.print(f"  {folder}/", highlight=False)
    console.print()
    for check, held in checks.items():
        console.print(f"{'[green]yes[/green]' if held else '[red]no [/red]'}  {check}")
    seconds = summary["seconds"]
    airflow = seconds["airflow"]  # below zero where tasks ran beside each other for longer than any waited
    between = f"+ Airflow {airflow:.0f}" if airflow >= 0 else f"- {-airflow:.0f} beside each other"
    console.print(
        f"time: {seconds['total']:.0f} s = start {seconds['start']:.0f} + terraform {seconds['terraform']:.0f} "
        f"+ own code {seconds['own_code']:.0f} {between} + rest; see runs/demo/summary.json",
        highlight=False,
    )
    console.print(f"tidegate demo: {'PASS' if summary['overall_pass'] else 'FAIL'}", highlight=False)
