"""Turns Airflow's context into a `LaneRun`: the only place where the two meet."""

import importlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

import structlog
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from tidegate.lanes.run import LaneRun, open_run
from tidegate.lanes.spec import Lane
from tidegate.models.identity import StaticKey
from tidegate.models.observed import Absent, Known, Observed, Unreadable

XCOM_KEY = "snapshot"
_AWS_CONNECTION = "aws_default"
_KEY_EXTRAS = ("aws_access_key_id", "aws_secret_access_key")


_CHATTY = ("botocore", "aiobotocore", "s3fs", "airflow.providers.amazon", "airflow.task.hooks", "airflow.hooks")


def log(line: str) -> None:
    """One line into the task log. Everything goes through this one logger, so that lines keep their order."""
    structlog.get_logger("tidegate").info(line)


def lane_run(context: Mapping[str, Any], lane: Lane, environment: str) -> LaneRun:
    """The run of a lane in this task try. Raises ManifestError."""
    for name in _CHATTY:  # their notes on credentials and endpoints hide what on-call looks for
        logging.getLogger(name).setLevel(logging.WARNING)
    ti = context["ti"]
    return open_run(
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
        airflow_static_keys=static_keys_in_connections(),
    )


def handed_over(ti: Any, task_id: str) -> Observed[dict[str, Any]]:
    """The snapshot that a task pushed in its current try.

    A cleared task's XCom is deleted. With object storage a lost object arrives as its own address, a string: that is
    unreadable, not absent.
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


def static_keys_in_connections() -> Observed[tuple[StaticKey, ...]]:
    """Static keys in Airflow's AWS connection: fields are named, values never kept (ID1)."""
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


def _task_states(ti: Any) -> dict[str, str]:
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    return {task_id: str(state) for task_id, state in states.items()}
