"""Where Airflow and lanes meet: what a task handed over, and what stands behind a path."""

import base64
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException, AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse

from tidegate.lanes import readiness
from tidegate.models.confluent import CloudKey
from tidegate.models.login import Login
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.operators import airflow_run
from tidegate.operators.airflow_run import XCOM_KEY, handed_over, log, resolve


class TaskInstance:
    """Answers `xcom_pull` from what was pushed under task id and key."""

    def __init__(self, pushed: dict[tuple[str, str], Any]) -> None:
        self.pushed = pushed

    def xcom_pull(self, *, task_ids: str, key: str) -> Any:
        return self.pushed.get((task_ids, key))


def pulled(value: Any) -> Any:
    return handed_over(TaskInstance({("c_core.plan_and_guard", XCOM_KEY): value}), "c_core.plan_and_guard")


def test_a_snapshot() -> None:
    assert pulled({"status": "pass"}) == Known({"status": "pass"})


def test_a_task_that_pushed_nothing_or_was_cleared() -> None:
    assert pulled(None) == Absent()


def test_only_the_snapshot_of_that_task_counts() -> None:
    ti = TaskInstance({("b", XCOM_KEY): {"of": "b"}, ("a", "return_value"): {"of": "a"}})
    assert handed_over(ti, "a") == Absent()
    assert handed_over(ti, "b") == Known({"of": "b"})


def test_a_lost_object_arrives_as_its_address_and_is_not_absent() -> None:
    assert pulled("s3://work/xcom/dag/run/task/x.json") == Unreadable(
        "c_core.plan_and_guard handed over a str, expected a snapshot"
    )


@pytest.mark.parametrize("value", ["", 0, False, [], [{"status": "pass"}], 17, b"{}", SimpleNamespace()])
def test_whatever_is_no_document_is_unreadable(value: Any) -> None:
    found = pulled(value)
    assert found == Unreadable(f"c_core.plan_and_guard handed over a {type(value).__name__}, expected a snapshot")


def test_what_cannot_be_fetched_is_unreadable_and_not_absent() -> None:
    class Denied:
        def xcom_pull(self, **_: Any) -> Any:
            raise PermissionError("Forbidden")

    assert handed_over(Denied(), "a_readiness") == Unreadable("a_readiness: PermissionError: Forbidden")


def test_an_empty_document_is_a_document() -> None:
    assert pulled({}) == Known({})


def test_resolving_a_path() -> None:
    assert resolve("tidegate.lanes.readiness:collect_identity") is readiness.collect_identity


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("tidegate.lanes.readiness:nothing", AttributeError),
        ("tidegate.lanes.nothing:collect", ModuleNotFoundError),
        ("tidegate.lanes.readiness", AttributeError),
        ("tidegate.lanes.readiness:", AttributeError),
    ],
)
def test_a_path_that_leads_nowhere_is_no_lane(path: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        resolve(path)


# The key of Confluent.


class Held:
    """A connection as a secrets backend gives it."""

    def __init__(self, login: str | None = "CLOUDKEY", password: str | None = "s3cr3t-of-the-cloud") -> None:
        self.login, self.password = login, password


def fetched(monkeypatch: pytest.MonkeyPatch, answer: Any) -> tuple[Any, list[str]]:
    """What `cloud_key` makes of an answer of Airflow, and what it asked Airflow to mask."""
    masked: list[str] = []

    def get(connection_id: str) -> Any:
        assert connection_id == "confluent_dev_min"
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(airflow_run.Connection, "get", get)
    monkeypatch.setattr(airflow_run, "mask_secret", masked.append)
    return airflow_run.cloud_key("confluent_dev_min"), masked


def test_the_key_is_login_and_password_and_masked_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found, masked = fetched(monkeypatch, Held())
    assert found == Known(CloudKey(key="CLOUDKEY", secret="s3cr3t-of-the-cloud"))
    token = base64.b64encode(b"CLOUDKEY:s3cr3t-of-the-cloud").decode()
    assert masked == ["s3cr3t-of-the-cloud", "CLOUDKEY", token]
    assert "s3cr3t" not in repr(found)
    assert "CLOUDKEY" not in repr(found)


def test_a_login_may_be_half_and_what_there_is_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched(monkeypatch, Held(login=None))
    masked: list[str] = []
    monkeypatch.setattr(airflow_run, "mask_secret", masked.append)
    held = airflow_run.login("confluent_dev_min")
    assert held == Known(Login(login="", password="s3cr3t-of-the-cloud"))
    assert "s3cr3t-of-the-cloud" in masked
    assert "" not in masked
    assert "s3cr3t" not in repr(held)


def test_no_such_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetched(monkeypatch, AirflowNotFoundException("nothing"))[0] == Absent()


@pytest.mark.parametrize(
    "error",
    [
        ValueError("cannot parse http://CLOUDKEY:s3cr3t@"),
        PermissionError("s3cr3t"),
        AirflowException("s3cr3t"),
        AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR, detail={"uri": "s3cr3t"})),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_cannot_be_had_is_not_quoted(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    found, _ = fetched(monkeypatch, error)
    assert found == Unreadable(f"connection confluent_dev_min: {type(error).__name__}")


@pytest.mark.parametrize(
    ("held", "without"), [(Held(login=None), "login"), (Held(login=""), "login"), (Held(password=None), "password")]
)
def test_half_a_key_is_none(monkeypatch: pytest.MonkeyPatch, held: Held, without: str) -> None:
    found, _ = fetched(monkeypatch, held)
    assert isinstance(found, Unreadable)
    assert f"has no {without}" in found.reason
    assert "s3cr3t" not in found.reason


def test_airflow_itself_finds_a_connection_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the sandbox and compose give it, by its own parser."""
    held = '{"conn_type": "http", "login": "CLOUDKEY", "password": "s3cr3t/of+the=cloud"}'
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENT_DEV_MIN", held)
    assert airflow_run.cloud_key("confluent_dev_min") == Known(CloudKey(key="CLOUDKEY", secret="s3cr3t/of+the=cloud"))
    monkeypatch.setenv("AIRFLOW_CONN_CONFLUENT_DEV_MIN", "{s3cr3t")
    assert "s3cr3t" not in repr(airflow_run.cloud_key("confluent_dev_min"))


def test_no_secret_reaches_the_task_log() -> None:
    with structlog.testing.capture_logs() as lines:
        log("terraform error: no: X-Amz-Security-Token=s3cr3t | remedy: look")
    assert [line["event"] for line in lines] == ["terraform error: no: X-Amz-Security-Token=**** | remedy: look"]


class Breadcrumbs:
    """A task instance that answers with the ended tasks of its run."""

    dag_id, run_id = "dev_min.m1_backend_bootstrap", "run"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get_task_breadcrumbs(self, *, dag_id: str, run_id: str) -> Any:
        assert (dag_id, run_id) == (self.dag_id, self.run_id)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_tasks_without_a_duration_failed_before_they_started() -> None:
    ended = [
        {"task_id": "a", "state": "failed", "duration": None},
        {"task_id": "b", "state": "failed", "duration": 0.0},
        {"task_id": "c", "state": "upstream_failed", "duration": None},
        {"task_id": "d", "state": "success", "duration": 3.5},
    ]
    assert airflow_run.unstarted_tasks(Breadcrumbs(ended)) == Known(frozenset({"a"}))


def test_whether_tasks_started_may_be_unreadable() -> None:
    refused = AirflowRuntimeError(ErrorResponse(error=ErrorType.GENERIC_ERROR, detail={"status_code": 500}))
    assert isinstance(airflow_run.unstarted_tasks(Breadcrumbs(refused)), Unreadable)
