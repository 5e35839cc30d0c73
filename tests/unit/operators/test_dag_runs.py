"""Runs of other DAGs, as the supervisor of a task answers."""

from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse, OKResponse

from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.operators.dag_runs import SupervisedDagRuns

ALREADY = ErrorResponse(error=ErrorType.DAGRUN_ALREADY_EXISTS)


class State(StrEnum):
    """As the API client has it."""

    RUNNING = "running"


def refused(status: int) -> AirflowRuntimeError:
    return AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": status}))


def state(answer: Any) -> Any:
    def asked(dag_id: str, run_id: str) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SupervisedDagRuns(SimpleNamespace(get_dagrun_state=asked)).state("e.m9", "r1")


def triggered(monkeypatch: pytest.MonkeyPatch, answer: Any) -> tuple[str, Any]:
    sent: list[Any] = []

    def send(message: Any) -> Any:
        sent.append(message)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", SimpleNamespace(send=send), raising=False)
    problem = SupervisedDagRuns(SimpleNamespace()).trigger("e.m9", "r1", {"target": "demo"})
    return problem, sent[0]


def test_a_run_is_asked_for_with_its_conf(monkeypatch: pytest.MonkeyPatch) -> None:
    problem, sent = triggered(monkeypatch, OKResponse(ok=True))
    assert problem == ""
    assert (sent.dag_id, sent.run_id, sent.conf) == ("e.m9", "r1", {"target": "demo"})
    assert not sent.reset_dag_run


@pytest.mark.parametrize("answer", [ALREADY, AirflowRuntimeError(ALREADY)], ids=["said", "raised"])
def test_a_run_that_is_there_already_is_as_good(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    assert triggered(monkeypatch, answer)[0] == ""


@pytest.mark.parametrize(
    "answer", [ErrorResponse(error=ErrorType.API_SERVER_ERROR), refused(403)], ids=["said", "raised"]
)
def test_a_refusal_is_told(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    assert triggered(monkeypatch, answer)[0].startswith("TriggerDagRun: ")


@pytest.mark.parametrize("answer", ["running", State.RUNNING])
def test_the_state_of_a_run(answer: Any) -> None:
    assert state(answer) == Known("running")


def test_no_such_run() -> None:
    assert state(refused(404)) == Absent()


@pytest.mark.parametrize("status", [403, 500])
def test_airflow_does_not_say(status: int) -> None:
    assert isinstance(state(refused(status)), Unreadable)
