"""`python -m workbench demo|incidents|up|down|sandbox|run|mutants`: what the Makefile's targets call."""

import json
import signal
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from tidegate import environments
from tidegate.environments import ManifestError
from workbench import airflow, demo, incidents, mutants, session
from workbench.airflow import WorkbenchError
from workbench.places import incidents_bench, local_bench
from workbench.rest import Airflow

_USAGE_ERROR: Any = typer.BadParameter.__base__

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(soft_wrap=True)


@app.command("demo")
def run_demo(environment: Annotated[str, typer.Argument(help="which environment")] = demo.ENVIRONMENT) -> None:
    """Build, tear down and prove an environment in the sandbox, through Airflow's real scheduler."""
    raise typer.Exit(demo.main(console, environment))


@app.command("incidents")
def run_incidents() -> None:
    """Replay the four incidents in the sandbox: each fails closed, its cause is removed, and the rerun passes."""
    raise typer.Exit(incidents.main(console, incidents_bench()))


@app.command()
def up(port: Annotated[int, typer.Option(help="of Airflow's pages")] = 8080) -> None:
    """Start the sandbox and Airflow with its pages; prints URL and login. A second time changes nothing and says so."""
    connection = session.start(local_bench(), port)
    console.print(f"Airflow   {connection.url}", highlight=False)
    console.print(f"login     {connection.username} / {connection.password}", highlight=False, markup=False)
    console.print("next      make run DAG=dev_min.m1_backend_bootstrap   stop with: make down", highlight=False)


@app.command()
def down() -> None:
    """Stop Airflow and the sandbox; the sandbox's state is lost."""
    console.print("stopped" if session.stop(local_bench()) else "Airflow was not running; the sandbox is stopped")


@app.command()
def sandbox() -> None:
    """Start only the sandbox and say what to source."""
    environment = session.start_sandbox(local_bench())
    console.print(f"sandbox   {environment['AWS_ENDPOINT_URL']} (AWS stand-in, loopback only)", highlight=False)
    console.print("use it    . runs/sandbox/env", highlight=False)


@app.command("run")
def run_dag(dag: str, conf: Annotated[str, typer.Option(help="params as JSON")] = "{}") -> None:
    """Run one DAG to its end against the running sandbox. Exit status 0 pass, 1 blocked, 2 could not tell."""
    environment, _, name = dag.partition(".")
    if environment not in environments.names() or name not in session.DAGS:
        known = ", ".join(f"{e}.{d}" for e in environments.names() for d in session.DAGS)
        raise WorkbenchError(f"unknown DAG {dag!r}; there are: {known}")
    try:
        params: Any = json.loads(conf)
    except ValueError as error:
        raise WorkbenchError(f"CONF is not JSON: {error}") from error
    if not isinstance(params, dict):
        raise WorkbenchError(f"CONF must be a JSON object, found {type(params).__name__}")
    raise typer.Exit(_headless(dag, params))


@app.command("mutants")
def run_mutants(
    only: Annotated[list[str] | None, typer.Argument(help="modules or patterns; all when none is named")] = None,
    children: Annotated[int | None, typer.Option(min=1, help="processes; as many as cores unless given")] = None,
) -> None:
    """Break the code place by place. Exit status 1 when no test notices and no reason is written, or one is stale."""
    raise typer.Exit(mutants.main(console, only or [], children))


def _headless(dag: str, params: dict[str, Any]) -> int:
    bench = local_bench()
    ours = not airflow.running(bench)
    if ours:
        session.sandbox_environment(bench)  # refuse early: a run without its sandbox would tell nothing
        connection = session.start_airflow(bench)
    else:
        connection = airflow.connection_of(bench)
    try:
        client = Airflow(connection)
        client.wait_for_dags({dag})
        run_id = client.trigger(dag, params)
        state = client.follow(
            dag, run_id, lambda task: console.print(f"{task['state'] or 'none':<16}{task['task_id']}", highlight=False)
        )
        if state != "success":
            demo.explain(console, client, dag, run_id)
    finally:
        if ours:
            airflow.stop(bench)
    console.print(f"{dag}: {'PASS' if state == 'success' else 'BLOCKED'}", highlight=False)
    return 0 if state == "success" else 1


def _as_interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run a command; a person's mistake is one sentence and status 2, wrong usage is status 64."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        return int(app(standalone_mode=False) or 0)
    except (WorkbenchError, ManifestError) as error:
        print(f"tidegate: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("tidegate: interrupted; what this command had started is stopped", file=sys.stderr)
        return 130
    except _USAGE_ERROR as error:
        error.show()
        return 64


if __name__ == "__main__":
    sys.exit(main())
