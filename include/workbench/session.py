"""Brings a workbench up and down: sandbox first, then Airflow against it."""

import contextlib
import io
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from sandbox import supervisor
from sandbox.environment import Environment, read_env
from tidegate import environments
from tidegate.pools import pools
from tidegate.settings import settings
from tidegate.terraform.program import TerraformMissing, find_program
from workbench import airflow
from workbench.airflow import Connection, WorkbenchError
from workbench.places import Bench, free_ports, port_is_free
from workbench.rest import Airflow

DAGS = (
    "m1_backend_bootstrap",
    "m2_substrate_build",
    "m9_teardown_cost_check",
    "emergency_stop",
    "emergency_release",
    "teardown_audit",
    "hourly_check",
    "extend_time_to_live",
    "release_lock",
)


def start_sandbox(bench: Bench) -> Environment:
    """Start the sandbox, or find it running. Raises WorkbenchError."""
    loaded = [environments.load(name) for name in environments.names()]
    played = [word for environment in loaded for word in ("--environment", environment.name)]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = supervisor.main(
            [
                *("start", "--directory", str(bench.sandbox), "--region", loaded[0].region, *played),
            ]
        )
    if status != 0:
        raise WorkbenchError(said.getvalue().strip() or "the sandbox did not start")
    return read_env(bench.sandbox / "env")


def sandbox_environment(bench: Bench) -> Environment:
    """The environment of the running sandbox. Raises WorkbenchError."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        status = supervisor.main(["status", "--directory", str(bench.sandbox)])
    if status != 0:
        raise WorkbenchError("the sandbox is not running: start it with `make sandbox` (or `make up`, with pages)")
    return read_env(bench.sandbox / "env")


def stop_sandbox(bench: Bench) -> None:
    """Stop the sandbox; its state is lost."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        supervisor.main(["stop", "--directory", str(bench.sandbox)])


def start(bench: Bench, port: int | None = None, more: Mapping[str, str] | None = None) -> Connection:
    """Start sandbox and Airflow, with `more` on top of the bench's own environment.

    On a failure, what this call started is stopped again.
    """
    if airflow.running(bench):
        connection = airflow.connection_of(bench)
        raise WorkbenchError(
            f"Airflow is already running at {connection.url} (login: runs/connection.json); stop it with `make down`"
        )
    try:
        find_program(settings().terraform)
    except TerraformMissing as error:
        raise WorkbenchError(str(error)) from error
    if port is not None and not port_is_free(port):
        raise WorkbenchError(f"port {port} is in use: stop what listens there, or choose another with PORT=<number>")
    port = port or free_ports(1)[0]
    try:
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(airflow.migrate, bench, airflow.airflow_environment(bench, {}, [], port))
            sandbox = start_sandbox(bench)
            starting.result()
        environment = airflow.airflow_environment(bench, sandbox, sandbox.unset, port)
        connection = airflow.start(bench, environment | dict(more or {}), port)
        Airflow(connection).ensure_pools(pools())
        return connection
    except BaseException:
        stop(bench)
        raise


def start_airflow(bench: Bench) -> Connection:
    """Start Airflow beside the running sandbox, on a free port."""
    sandbox, port = sandbox_environment(bench), free_ports(1)[0]
    environment = airflow.airflow_environment(bench, sandbox, sandbox.unset, port)
    airflow.migrate(bench, environment)
    connection = airflow.start(bench, environment, port)
    Airflow(connection).ensure_pools(pools())
    return connection


def stop(bench: Bench) -> bool:
    """Stop Airflow and the sandbox. Returns whether Airflow was running."""
    was_running = airflow.stop(bench)
    stop_sandbox(bench)
    return was_running


def apply_to_this_process(environment: Environment) -> None:
    """Use the sandbox from this process, for looking at what the runs left."""
    os.environ.update(environment)
    for name in environment.unset:
        os.environ.pop(name, None)
