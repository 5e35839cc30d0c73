"""The four incidents (IN1, IN2, IN3, IN4), replayed in the sandbox on Airflow's real scheduler.

Each is a chain: a run that fails closed, the cause removed, a rerun that passes. "Fix" never touches the product's
code: drift is repaired, the manifest is corrected, a fault is withdrawn, a lane is run again under today's policy.
The chains share builds and teardowns, so that the environment is built once and torn down once.

Ends with a table, `runs/incidents/summary.json`, and `tidegate incidents: PASS` or `FAIL`. Whoever wants to check it
runs `tidegate verify <execution>`: everything in the table is read from the evidence, nothing is remembered.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.markup import escape

from sandbox.client import SandboxClient
from tidegate import environments
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.layout import Phase
from tidegate.evidence.store import EvidenceStore
from tidegate.models.environment import Environment
from tidegate.settings import settings
from workbench import session
from workbench.airflow import WorkbenchError
from workbench.executions import bucket_of, execution_id_of, lanes_of, mirror, verified
from workbench.places import Bench
from workbench.rest import Airflow

ENVIRONMENT = "dev_min"
DAGS: Mapping[Phase, str] = {
    "m1": f"{ENVIRONMENT}.m1_backend_bootstrap",
    "m2": f"{ENVIRONMENT}.m2_substrate_build",
    "m9": f"{ENVIRONMENT}.m9_teardown_cost_check",
}
BUILD = {"runtime_database_enabled": False}
TEARDOWN = {"target": "demo+confluent", "confirm": ENVIRONMENT}
ASK_AGAIN = {**TEARDOWN, "read_bills_anew": True}
"""The M9 before has asked Cost Explorer already, and its answer counts for hours."""
BOTH, AWS_ONLY = "cost_scope: [aws, confluent]", "cost_scope: [aws]"
SEES_A_NEW_MANIFEST = {"AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "2"}
"""Airflow reads a DAG file again that often; the manifest decides which lanes it has."""

Expected = Literal["pass", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One run of a chain, as the evidence has it. `expected`: the verdict, and for a failure a blocker's code."""

    incident: str
    what: str
    expected: Expected
    code: str
    execution_id: str
    attempt: int
    """Of the verdict: above one when the run was judged again."""
    verdict: str
    blockers: tuple[str, ...]
    """`CODE resource` of every lane but the verdict's own."""
    sound: bool
    """`tidegate verify` finds nothing wrong with the evidence, in S3 and in `runs/`."""

    @property
    def as_expected(self) -> bool:
        """The run ended as the incident says, for the reason that it says."""
        named = any(blocker.split(" ")[0] == self.code for blocker in self.blockers)
        return self.sound and self.verdict == self.expected and (named or self.expected == "pass")


def main(console: Console, bench: Bench) -> int:
    """Replay all four; 0 only when every run ended as its incident says."""
    if session.stop(bench):
        console.print("stopped what an earlier replay had left running")
    for leftover in (bench.airflow_home, bench.directory / "terraform", bench.directory / "environments"):
        shutil.rmtree(leftover, ignore_errors=True)
    manifest = Manifest(bench.directory / "environments" / f"{ENVIRONMENT}.yaml", settings().environments_dir)
    manifest.write((BOTH, AWS_ONLY))
    console.print("starting the sandbox (stand-ins for AWS and Confluent on loopback) and Airflow ...")
    began = time.monotonic()
    try:
        elsewhere = {"TIDEGATE_ENVIRONMENTS_DIR": str(manifest.path.parent)}
        connection = session.start(bench, more=SEES_A_NEW_MANIFEST | elsewhere)
        sandbox = session.sandbox_environment(bench)
        session.apply_to_this_process(sandbox)
        session.apply_to_this_process(type(sandbox)(elsewhere, []))
        settings.cache_clear()
        airflow = Airflow(connection)
        airflow.wait_for_dags(set(DAGS.values()))
        with SandboxClient(sandbox["TIDEGATE_SANDBOX_ADMIN"]) as admin:
            steps = Replay(console, airflow, admin, manifest).run()
    finally:
        session.stop(bench)
    passed = bool(steps) and all(step.as_expected for step in steps)
    summary = {"overall_pass": passed, "steps": [asdict(step) | {"as_expected": step.as_expected} for step in steps]}
    (bench.directory / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    for line in _lines(steps):
        console.print(line, highlight=False)
    console.print("check any of them: .venv/bin/tidegate verify <execution> --environment dev_min", highlight=False)
    console.print(f"time: {time.monotonic() - began:.0f} s; see runs/incidents/summary.json", highlight=False)
    console.print(f"tidegate incidents: {'PASS' if passed else 'FAIL'}", highlight=False)
    return 0 if passed else 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """A copy of a manifest, for mistakes in it and their correction."""

    path: Path
    source: Path
    """The directory of the manifest that is copied."""

    def write(self, *changes: tuple[str, str]) -> None:
        """The manifest with each first text replaced by the second. Raises ValueError where one is gone."""
        text = (self.source / self.path.name).read_text(encoding="utf-8")
        for old, new in changes:
            if old not in text:
                raise ValueError(f"{self.path.name} has no {old!r}")
            text = text.replace(old, new)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(text, encoding="utf-8")


@dataclass(slots=True)
class Replay:
    """The chains, one after the other, in one environment."""

    console: Console
    airflow: Airflow
    admin: SandboxClient
    manifest: Manifest
    _run: tuple[Phase, str] = field(default=("m1", ""), init=False)

    def run(self) -> list[Step]:
        """Stops at the first run that did not end as expected: what follows would show nothing."""
        steps: list[Step] = []
        for chain in (self._bootstrap, self._in1, self._in2, self._in3, self._in4):
            for step in chain():
                steps.append(step)
                colour = "green" if step.as_expected else "red"
                self.console.print(f"  [{colour}]{step.verdict}[/{colour}] {step.execution_id}", highlight=False)
                if not step.as_expected:
                    return steps
        return steps

    def _bootstrap(self) -> Iterator[Step]:
        yield self._step("", "bootstrap", "m1", {})

    def _in1(self) -> Iterator[Step]:
        """IN1: unit and threshold of the budget changed behind Terraform's back, after core was planned."""
        budget = Budget()
        yield self._step(
            "IN1",
            "budget changed by hand: EUR, and an alert at 12",
            "m2",
            BUILD,
            code="BUDGET-UNIT-MISMATCH",
            after=("c_core.verify", budget.stray),
        )
        repair = {"repair_drift": True, "repair_reason": "the budget was changed by hand (IN1)"}
        yield self._step("IN1", "drift repaired by M2", "m2", {**BUILD, **repair, "platform_run": "continue"})

    def _in2(self) -> Iterator[Step]:
        """IN2: the teardown is pointed at a directory that is no stack root."""
        self.manifest.write((BOTH, AWS_ONLY), ("    root: demo\n", "    root: modules\n"))
        yield self._step("IN2", "root of demo: modules", "m9", TEARDOWN, code="PLAN-UNREADABLE")
        self.manifest.write((BOTH, AWS_ONLY))
        yield self._step("IN2", "manifest corrected", "m9", TEARDOWN)

    def _in3(self) -> Iterator[Step]:
        """IN3: Cost Explorer refuses the period; here because its own day is in the month before."""
        today = datetime.now(UTC).date()
        self.admin.set_spend(as_of=today.replace(day=1) - timedelta(days=1))
        yield self._step("IN3", "Cost Explorer refuses the period", "m9", ASK_AGAIN, code="COST-UNREADABLE")
        self.admin.set_spend()
        yield self._step("IN3", "fault withdrawn", "m9", ASK_AGAIN)

    def _in4(self) -> Iterator[Step]:
        """IN4: the cost scope grows, and a pass of AWS alone does not count any more."""
        yield self._step("IN4", "cost scope: aws", "m9", TEARDOWN)
        self.manifest.write()
        self._wait_for_task("m9", "g_confluent_billing")
        yield self._judged_again(
            "IN4", "its proof again, cost scope: aws + confluent", "h_teardown_proof", code="PROOF-SOURCE-STALE"
        )
        yield self._step("IN4", "rerun under the new scope", "m9", TEARDOWN)

    def _step(
        self,
        incident: str,
        what: str,
        phase: Phase,
        conf: Mapping[str, Any],
        *,
        code: str = "",
        after: tuple[str, Callable[[], None]] | None = None,
    ) -> Step:
        """Run a phase. `after`: what happens to the world once a task of the run has succeeded."""
        self.console.print(f"\n[bold]{incident or phase.upper()}[/bold] {what}", highlight=False)
        self._run = phase, self.airflow.trigger(DAGS[phase], dict(conf))
        return self._ended(incident, what, code, after)

    def _judged_again(self, incident: str, what: str, task_id: str, *, code: str) -> Step:
        """Clear a lane of the last run with everything downstream, as on-call would to have it judged afresh."""
        self.console.print(f"\n[bold]{incident}[/bold] {what}", highlight=False)
        phase, run_id = self._run
        self.airflow.clear(DAGS[phase], run_id, [task_id], downstream=True)
        return self._ended(incident, what, code, None)

    def _ended(self, incident: str, what: str, code: str, after: tuple[str, Callable[[], None]] | None) -> Step:
        phase, run_id = self._run
        pending = [after] if after else []

        def on_change(task: dict[str, Any]) -> None:
            if pending and (task["task_id"], task["state"]) == (pending[0][0], "success"):
                pending.pop()[1]()

        self.airflow.follow(DAGS[phase], run_id, on_change)
        environment = environments.load(ENVIRONMENT)
        clients = Clients.acting_for(environment, "incidents")
        execution = execution_id_of(clients, environment, phase, DAGS[phase], run_id)
        if not execution:
            raise WorkbenchError(
                f"{DAGS[phase]} {run_id} reached no lane; its logs are below runs/incidents/airflow/logs"
            )
        *lanes, verdict = lanes_of(clients, environment, phase, execution)
        stores = [(mirror(), False)] + ([(bucket_of(clients, environment), True)] if phase != "m1" else [])
        return Step(
            incident=incident,
            what=what,
            expected="fail" if code else "pass",
            code=code,
            execution_id=execution,
            attempt=verdict["attempt"],
            verdict=verdict["status"],
            blockers=tuple(f"{it['code']} {it['resource']}" for lane in lanes for it in lane.get("blockers", ())),
            sound=all(_sound(environment, store, execution, remote=remote) for store, remote in stores),
        )

    def _wait_for_task(self, phase: Phase, task_id: str, seconds: float = 120) -> None:
        """Wait until Airflow has read the manifest that asks for this lane. Raises WorkbenchError."""
        deadline = time.monotonic() + seconds
        while task_id not in self.airflow.task_ids(DAGS[phase]):
            if time.monotonic() > deadline:
                raise WorkbenchError(f"{DAGS[phase]} has no task {task_id} after {seconds:.0f} s")
            time.sleep(0.5)


def _sound(environment: Environment, store: EvidenceStore, execution_id: str, *, remote: bool) -> bool:
    """Nothing is wrong with the evidence and nothing of it is unknown to this version."""
    verification = verified(environment, store, execution_id, remote=remote)
    return verification.sound and verification.certain


class Budget:
    """The budget of the environment, changed through AWS as a person in the console would."""

    def __init__(self) -> None:
        environment = environments.load(ENVIRONMENT)
        self._client = Clients.acting_for(environment, "incidents").budgets
        self._named: Any = {"AccountId": environment.account_id, "BudgetName": environment.budget.name}

    def stray(self) -> None:
        """Another unit, and the first alert at 12 instead of 10."""
        before = self._client.describe_budget(**self._named)["Budget"]
        kept = {name: value for name, value in before.items() if name not in {"CalculatedSpend", "LastUpdatedTime"}}
        limit = {"Amount": before["BudgetLimit"]["Amount"], "Unit": "EUR"}
        changed: Any = kept | {"BudgetLimit": limit}
        self._client.update_budget(AccountId=self._named["AccountId"], NewBudget=changed)
        self._client.update_notification(
            **self._named, OldNotification=self._alert(10), NewNotification=self._alert(12)
        )

    def _alert(self, threshold: int) -> Any:
        return {
            "NotificationType": "ACTUAL",
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": float(threshold),
            "ThresholdType": "ABSOLUTE_VALUE",
        }


def _lines(steps: list[Step]) -> Iterator[str]:
    """The chains, as the evidence has them; a blocker to a line."""
    yield "\n[bold]incident  verdict  execution[/bold]"
    for step in steps:
        colour = "green" if step.as_expected else "red"
        execution = step.execution_id + (f", attempt {step.attempt}" if step.attempt > 1 else "")
        yield f"{step.incident or '-':<10}[{colour}]{step.verdict:<7}[/{colour}]  {execution}  {step.what}"
        said = step.blockers if step.as_expected else (*step.blockers, f"expected: {step.code or step.expected}")
        yield from (f"{'':<19}{escape(blocker)}" for blocker in said)
        if not step.sound:
            yield f"{'':<19}[red]tidegate verify finds fault with it[/red]"
