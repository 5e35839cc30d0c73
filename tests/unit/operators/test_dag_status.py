"""How Airflow knows a DAG, and whether its file loads."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.operators.airflow_run import dag_status

DAG_ID = "dev_min.m9_teardown_cost_check"
GOOD = f"from airflow.sdk import DAG\nwith DAG({DAG_ID!r}, schedule=None):\n    pass\n"


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle of DAG files in a directory."""
    config = {"name": "ours", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle"}
    listed = json.dumps([{**config, "kwargs": {"path": str(tmp_path)}}])
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", listed)
    return tmp_path


class Task:
    """A running task whose supervisor answers as told."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get_dag(self, dag_id: str) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def known(**changes: Any) -> Task:
    row = {"is_paused": False, "bundle_name": "ours", "bundle_version": None, "relative_fileloc": "m9.py"}
    return Task(SimpleNamespace(**row | changes))


def refused(status: int) -> Task:
    return Task(AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": status})))


@pytest.mark.parametrize("paused", [True, False])
def test_a_dag_that_loads(bundle: Path, paused: bool) -> None:
    (bundle / "m9.py").write_text(GOOD, encoding="utf-8")
    status = dag_status(known(is_paused=paused), DAG_ID)
    assert (status.dag_id, status.paused, status.loads, status.problem) == (DAG_ID, Known(paused), Known(True), "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [("import no_such_module\n", "No module named"), ("def (\n", "SyntaxError"), ("x = 1\n", "does not make")],
)
def test_a_dag_whose_row_outlived_its_file(bundle: Path, text: str, problem: str) -> None:
    (bundle / "m9.py").write_text(text, encoding="utf-8")
    status = dag_status(known(), DAG_ID)
    assert (status.paused, status.loads) == (Known(False), Known(False))
    assert problem in status.problem


def test_a_file_that_is_gone(bundle: Path) -> None:
    status = dag_status(known(), DAG_ID)
    assert (status.loads, status.problem) == (Known(False), "m9.py is not in bundle ours")


@pytest.mark.parametrize("changes", [{"bundle_name": None}, {"relative_fileloc": None}, {"bundle_name": "theirs"}])
def test_a_file_that_cannot_be_found(bundle: Path, changes: Any) -> None:
    assert isinstance(dag_status(known(**changes), DAG_ID).loads, Unreadable)


def test_no_such_dag() -> None:
    status = dag_status(refused(404), DAG_ID)
    assert (status.paused, status.loads) == (Absent(), Absent())


@pytest.mark.parametrize("status", [403, 500])
def test_airflow_does_not_say(status: int) -> None:
    found = dag_status(refused(status), DAG_ID)
    assert isinstance(found.paused, Unreadable)
    assert isinstance(found.loads, Unreadable)
