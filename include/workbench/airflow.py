"""Starts and stops Airflow's four processes for a workbench, with their own home, ports and secrets."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from cryptography.fernet import Fernet

from tidegate.aws_identity import OF_THE_WORKER
from tidegate.terraform.process import INTENT_VARIABLE
from workbench.places import PROJECT, Bench, free_ports, port_is_free

COMPONENTS = (
    ("api-server", ["api-server"]),
    ("scheduler", ["scheduler"]),
    ("dag-processor", ["dag-processor"]),
    ("triggerer", ["triggerer"]),
)
READY_SECONDS = 240.0
_NEVER_THE_CALLERS = frozenset(
    {
        "AIRFLOW__API__BASE_PATH",
        "AIRFLOW__API__SSL_CERT",
        "AIRFLOW__API__SSL_KEY",
        "AIRFLOW__CORE__AUTH_MANAGER",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY",
    }
)
"""Settings of the caller that would lead the bench to another Airflow's files, address or login."""
STOP_SECONDS = 20.0
_CHOICES = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PARALLELISM": "3",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
    # A task whose worker reports its start too late is red with an empty log: on a slow machine 5 s are too few.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
}
"""What suits one small machine; whoever runs the bench may choose otherwise."""
TERRAFORM_STOP_SECONDS = 90.0


class WorkbenchError(Exception):
    """Something that a person can mend; the text is one clear sentence."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the pages and the REST API of a bench."""

    url: str
    username: str
    password: str


def airflow_environment(bench: Bench, sandbox: Mapping[str, str], unset: list[str], port: int) -> dict[str, str]:
    """The environment of Airflow's processes: this one's, the sandbox's, and the bench's settings.

    The caller's own `AIRFLOW__*` hold, also where they are another choice than the bench's. The sandbox's addresses and
    what makes the bench an Airflow of its own (home, database, secrets, ports, folders, login) are the bench's alone.
    """
    environment = {name: value for name, value in os.environ.items() if _is_the_callers(name)}
    chosen = {name: value for name, value in _CHOICES.items() if name not in environment}
    environment |= sandbox
    for name in unset:
        environment.pop(name, None)
    secret = _secrets(bench)
    worker_logs, trigger_logs = free_ports(2)
    commit, dirty = _git_version()
    settings = {
        "AIRFLOW_HOME": str(bench.airflow_home),
        "PYTHONPATH": str(PROJECT / "include"),
        "PYTHONDONTWRITEBYTECODE": "",
        "TIDEGATE_WORK_DIR": str(bench.directory / "terraform"),
        "TIDEGATE_GIT_COMMIT": commit,
        "TIDEGATE_GIT_DIRTY": dirty,
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # A scheduled DAG runs at once for the interval that it missed last: before M1 there is nothing to look at.
        "TIDEGATE_SCHEDULES": os.environ.get("TIDEGATE_SCHEDULES", "false"),
        "AIRFLOW__CORE__FERNET_KEY": secret["fernet_key"],
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(bench.airflow_home / "passwords.json"),
        "AIRFLOW__CORE__XCOM_BACKEND": "tidegate.operators.xcom.SnapshotXCom",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{bench.airflow_home / 'airflow.db'}",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__SECRET_KEY": secret["secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": secret["jwt_secret"],
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_logs),
    }
    return environment | chosen | settings


def _is_the_callers(name: str) -> bool:
    """Does a variable of this process reach the bench? Of Airflow's own only settings, and not those of a place."""
    return not name.startswith("AIRFLOW") or (name.startswith("AIRFLOW__") and name not in _NEVER_THE_CALLERS)


def migrate(bench: Bench, environment: Mapping[str, str]) -> None:
    """Make or update the metadata database. Raises WorkbenchError."""
    bench.airflow_home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"],
        env=dict(environment),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode != 0:
        raise WorkbenchError(f"airflow db migrate ended with status {done.returncode}: {done.stderr.strip()[-400:]}")


def start(bench: Bench, environment: Mapping[str, str], port: int) -> Connection:
    """Start the four processes and wait until they answer. On a failure nothing is left running."""
    if not port_is_free(port):
        raise WorkbenchError(f"port {port} is in use: stop what listens there, or choose another with PORT=<number>")
    logs = bench.airflow_home / "logs" / "components"
    logs.mkdir(parents=True, exist_ok=True)
    started: list[dict[str, float | str]] = []
    try:
        for name, arguments in COMPONENTS:
            with (logs / f"{name}.log").open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", "airflow", *arguments],
                    env=_component_environment(bench, environment, name),
                    cwd=PROJECT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            created = psutil.Process(process.pid).create_time()
            started.append({"name": name, "pid": process.pid, "create_time": created})
            bench.processes.write_text(json.dumps(started), encoding="utf-8")
        connection = Connection(f"http://127.0.0.1:{port}", "admin", _secrets(bench)["password"])
        _wait_until_ready(connection, bench)
    except BaseException:
        stop(bench)
        raise
    _write_private(bench.connection, {"url": connection.url, "username": "admin", "password": connection.password})
    return connection


def _component_environment(bench: Bench, environment: Mapping[str, str], component: str) -> dict[str, str]:
    """The API server shows evidence as the reader roles: it finds no token of an execution role."""
    if component != "api-server":
        return dict(environment)
    no_worker = {name: value for name, value in environment.items() if name not in OF_THE_WORKER}
    tokens = bench.sandbox.resolve() / "reader_tokens" / "{environment}"
    return {**no_worker, "TIDEGATE_ACTS_AS": "reader", "TIDEGATE_TOKEN_FILES": str(tokens)}


def running(bench: Bench) -> list[psutil.Process]:
    """The processes of a bench that are alive."""
    if not bench.processes.is_file():
        return []
    alive = []
    for row in json.loads(bench.processes.read_text(encoding="utf-8")):
        try:
            process = psutil.Process(int(row["pid"]))
            if abs(process.create_time() - float(row["create_time"])) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                alive.append(process)
        except psutil.NoSuchProcess:
            continue
    return alive


def connection_of(bench: Bench) -> Connection:
    """The connection of a running bench. Raises WorkbenchError."""
    if not running(bench) or not bench.connection.is_file():
        raise WorkbenchError("Airflow is not running here: start it with `make up`")
    return Connection(**json.loads(bench.connection.read_text(encoding="utf-8")))


def stop(bench: Bench) -> bool:
    """Stop everything that the bench started: terraform by one SIGINT so that it releases its lock, Airflow by SIGTERM.

    Returns whether anything was running. What does not end in time is killed.
    """
    roots = running(bench)
    family = list({process for root in roots for process in [root, *root.children(recursive=True)]})
    left_behind = terraforms(bench)
    for process in left_behind:
        process.send_signal(signal.SIGINT)
    psutil.wait_procs(left_behind, timeout=TERRAFORM_STOP_SECONDS)
    for process in roots:
        _signal(process, signal.SIGTERM)
    _, left = psutil.wait_procs(family, timeout=STOP_SECONDS)
    for process in left:
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(left, timeout=STOP_SECONDS)
    bench.processes.unlink(missing_ok=True)
    bench.connection.unlink(missing_ok=True)
    return bool(roots or left_behind)


def terraforms(bench: Bench) -> list[psutil.Process]:
    """The terraform processes that hold or may take a state lock for this bench, whoever their parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get(INTENT_VARIABLE) and Path(process.cwd()).is_relative_to(bench.directory)
            if ours and not process.name().startswith("terraform-provider"):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_for_terraform(bench: Bench, command: str, stack: str, seconds: float) -> psutil.Process:
    """Wait until terraform runs a command for a stack of this bench. Raises WorkbenchError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for process in terraforms(bench):
            try:
                if command in process.cmdline() and f"/{stack}/" in process.cwd():
                    return process
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.2)
    raise WorkbenchError(f"no terraform {command} of {stack} within {seconds:.0f} s")


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _wait_until_ready(connection: Connection, bench: Bench) -> None:
    deadline = time.monotonic() + READY_SECONDS
    seen = "no answer yet"
    while time.monotonic() < deadline:
        if len(running(bench)) < len(COMPONENTS):
            raise WorkbenchError(f"a process of Airflow ended at its start; read {_shown(bench)}/logs/components/*.log")
        try:
            health = httpx.get(f"{connection.url}/api/v2/monitor/health", timeout=5).json()
            states = {
                name: health.get(name, {}).get("status")
                for name in ("metadatabase", "scheduler", "triggerer", "dag_processor")
            }
            if set(states.values()) == {"healthy"}:
                return
            seen = str(states)
        except (httpx.HTTPError, ValueError) as error:
            seen = type(error).__name__
        time.sleep(0.5)
    raise WorkbenchError(
        f"Airflow did not get ready in {READY_SECONDS:.0f} s ({seen}); read {_shown(bench)}/logs/components/*.log"
    )


def _shown(bench: Bench) -> Path:
    return bench.airflow_home.relative_to(PROJECT) if bench.airflow_home.is_relative_to(PROJECT) else bench.airflow_home


def _secrets(bench: Bench) -> dict[str, str]:
    """Secrets made once per bench and kept in files that only this user can read."""
    path = bench.airflow_home / "secrets.json"
    if not path.is_file():
        bench.airflow_home.mkdir(parents=True, exist_ok=True)
        made = {
            "fernet_key": Fernet.generate_key().decode(),
            "secret_key": secrets.token_hex(32),
            "jwt_secret": secrets.token_hex(32),
            "password": secrets.token_urlsafe(12),
        }
        _write_private(path, made)
        _write_private(bench.airflow_home / "passwords.json", {"admin": made["password"]})
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def _write_private(path: Path, content: dict[str, str]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)


def _git_version() -> tuple[str, str]:
    def git(*arguments: str) -> str | None:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    commit, status = git("rev-parse", "HEAD"), git("status", "--porcelain")
    return commit or "unknown", "" if status is None else str(bool(status)).lower()
