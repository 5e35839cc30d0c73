"""Turns Airflow's context into a `LaneRun`: the only place where the two meet."""

import base64
import importlib
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import structlog
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowRuntimeError
from airflow.sdk.log import mask_secret

from tidegate.lanes.spec import Lane
from tidegate.models.login import Login
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.redaction import without_secrets
from tidegate.operators.dag_runs import SupervisedDagRuns
from tidegate.operators.xcom import share

if TYPE_CHECKING:  # a DAG file imports this module each time it is parsed, and needs none of them
    from tidegate.lanes.run import LaneRun
    from tidegate.models.confluent import CloudKey
    from tidegate.models.identity import StaticKey
    from tidegate.models.viability import DagStatus

XCOM_KEY = "snapshot"
_AWS_CONNECTION = "aws_default"
_NOT_FOUND = 404
_KEY_EXTRAS = ("aws_access_key_id", "aws_secret_access_key")


_CHATTY = ("botocore", "airflow.providers.amazon", "airflow.task.hooks", "airflow.hooks")


def log(line: str, level: int = logging.INFO) -> None:
    """One line into the task log, without secrets (ID4). All lines go through here, so that they keep their order.

    Blockers are errors and what is waited for is a warning: Airflow's pages colour and filter by that.
    """
    structlog.get_logger("tidegate").log(level, without_secrets(line))


def lane_run(context: Mapping[str, Any], lane: Lane, environment: str) -> "LaneRun":
    """The run of a lane in this task try. Raises ManifestError."""
    from tidegate.lanes.run import open_run

    for name in _CHATTY:  # their notes on credentials and endpoints hide what on-call looks for
        logging.getLogger(name).setLevel(logging.WARNING)
    # A role that cannot be assumed is a blocker; here it would be a stack trace for each question besides.
    logging.getLogger("botocore.credentials").setLevel(logging.ERROR)
    ti = context["ti"]
    run = open_run(
        lane,
        environment,
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        try_number=ti.try_number,
        run_after=context["dag_run"].run_after,
        params=dict(context["params"]),
        log=log,
        handed_over=lambda task_id: handed_over(ti, task_id),
        task_states=lambda: _task_states(ti),
        unstarted_tasks=lambda: unstarted_tasks(ti),
        airflow_static_keys=static_keys_in_connections(),
        dag_status=lambda dag_id: dag_status(ti, dag_id),
        dag_runs=SupervisedDagRuns(ti),
        cloud_key=cloud_key,
        login=login,
    )
    run.triggered_by = str(getattr(context["dag_run"], "triggering_user_name", None) or "")
    share(run.environment.name, run.clients)
    return run


def handed_over(ti: Any, task_id: str) -> Observed[dict[str, Any]]:
    """The snapshot that a task pushed in its current try.

    A cleared task's XCom is deleted. A lost document, or an address that is none of ours, is unreadable, not absent.
    """
    try:
        value = ti.xcom_pull(task_ids=task_id, key=XCOM_KEY)
    except Exception as error:  # noqa: BLE001 - whatever the object store answers, it is no snapshot
        return Unreadable(f"{task_id}: {type(error).__name__}: {error}")
    if value is None:
        return Absent()
    if not isinstance(value, dict):
        return Unreadable(f"{task_id} handed over a {type(value).__name__}, expected a snapshot")
    return Known(value)


def resolve(path: str) -> Callable[..., Any]:
    """The function behind `module:function`."""
    module, _, name = path.partition(":")
    return cast(Callable[..., Any], getattr(importlib.import_module(module), name))


def static_keys_in_connections() -> "Observed[tuple[StaticKey, ...]]":
    """Static keys in Airflow's AWS connection: fields are named, values never kept (ID1)."""
    from tidegate.models.identity import StaticKey

    try:
        connection = Connection.get(_AWS_CONNECTION)
    except AirflowNotFoundException:
        return Known(())
    except AirflowRuntimeError as error:
        return Unreadable(f"connection {_AWS_CONNECTION}: {error}")
    where = f"Airflow connection {_AWS_CONNECTION}"
    found = [StaticKey(where=where, what=name) for name in ("login", "password") if getattr(connection, name)]
    found += [StaticKey(where=where, what=f"extra {name}") for name in _KEY_EXTRAS if connection.extra_dejson.get(name)]
    return Known(tuple(found))


def cloud_key(connection_id: str) -> "Observed[CloudKey]":
    """The Cloud API key in an Airflow connection: login and password. Absent: there is no such connection."""
    from tidegate.models.confluent import CloudKey

    held = login(connection_id)
    if not isinstance(held, Known):
        return held
    key, secret = held.value.login, held.value.password
    if not key or not secret:
        without = "login" if not key else "password"
        return Unreadable(f"connection {connection_id} has no {without}; it needs a Cloud API key and its secret")
    return Known(CloudKey(key=key, secret=secret))


def login(connection_id: str) -> Observed[Login]:
    """Login and password of an Airflow connection. From here on Airflow masks them in every log.

    Absent: there is no such connection. Why one cannot be used is told without its content (ID4): what a parser says
    about a connection that is broken may quote it.
    """
    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        return Absent()
    except (AirflowException, AirflowRuntimeError, OSError, ValueError) as error:
        return Unreadable(f"connection {connection_id}: {type(error).__name__}")
    held = Login(login=connection.login or "", password=connection.password or "")
    for text in (held.password, held.login, base64.b64encode(f"{held.login}:{held.password}".encode()).decode()):
        if text:
            mask_secret(text)
    return Known(held)


def dag_status(ti: Any, dag_id: str) -> "DagStatus":
    """A DAG as Airflow's database has it, and whether its file loads here and now.

    The database alone does not tell: it keeps the row of a DAG whose file has an import error.
    """
    from airflow.sdk.api.client import ServerResponseError

    from tidegate.models.viability import DagStatus

    unread = f"GetDag {dag_id}"
    try:
        found = ti.get_dag(dag_id)
        paused: Observed[bool] = Known(bool(found.is_paused))
    except AirflowRuntimeError as error:
        status = (error.error.detail or {}).get("status_code")
        absent: Observed[bool] = Absent() if status == _NOT_FOUND else Unreadable(f"{unread}: {error}")
        return DagStatus(dag_id=dag_id, paused=absent, loads=absent)
    except ServerResponseError as error:  # the same when the task runs in the test's own process
        gone = error.response.status_code == _NOT_FOUND
        absent = Absent() if gone else Unreadable(f"{unread}: {error}")
        return DagStatus(dag_id=dag_id, paused=absent, loads=absent)
    loads, problem = _loads(dag_id, found.bundle_name, found.bundle_version, found.relative_fileloc)
    return DagStatus(dag_id=dag_id, paused=paused, loads=loads, problem=problem)


def _loads(dag_id: str, bundle_name: str | None, version: str | None, file: str | None) -> tuple[Observed[bool], str]:
    """Load the DAG's file as a worker does before it runs a task of it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag

    if not bundle_name or not file:
        return Unreadable(f"Airflow names no file of {dag_id}"), ""
    try:
        manager: Any = DagBundlesManager()  # type: ignore[no-untyped-call]
        bundle = manager.get_bundle(name=bundle_name, version=version)
        bundle.initialize()
        path = bundle.path / file
        if not path.is_file():
            return Known(False), f"{file} is not in bundle {bundle_name}"
        bag = BundleDagBag(
            dag_folder=str(path), safe_mode=False, load_op_links=False, bundle_path=bundle.path, bundle_name=bundle_name
        )
    except (AirflowException, OSError, ValueError) as error:
        return Unreadable(f"bundle {bundle_name}: {type(error).__name__}: {error}"), ""
    if bag.import_errors:
        last = next(iter(bag.import_errors.values())).strip().splitlines()[-1:]
        return Known(False), f"{file}: {''.join(last)}"
    return Known(dag_id in bag.dags), "" if dag_id in bag.dags else f"{file} does not make {dag_id}"


def unstarted_tasks(ti: Any) -> Observed[frozenset[str]]:
    """Tasks of this run that failed although no worker ever reported their start: they have no duration."""
    from airflow.sdk.api.client import ServerResponseError

    try:
        ended = ti.get_task_breadcrumbs(dag_id=ti.dag_id, run_id=ti.run_id)
        return Known(frozenset(it["task_id"] for it in ended if it["state"] == "failed" and it["duration"] is None))
    except (AirflowRuntimeError, ServerResponseError) as error:
        return Unreadable(f"GetTaskBreadcrumbs: {error}")


def _task_states(ti: Any) -> dict[str, str]:
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    return {task_id: str(state) for task_id, state in states.items()}
