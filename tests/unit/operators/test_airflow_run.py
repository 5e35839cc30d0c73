"""Where Airflow and lanes meet: what a task handed over, and what stands behind a path."""

from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from tidegate.lanes import readiness
from tidegate.models.observed import Absent, Known, Unreadable
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


def test_no_secret_reaches_the_task_log() -> None:
    with structlog.testing.capture_logs() as lines:
        log("terraform error: no: X-Amz-Security-Token=s3cr3t | remedy: look")
    assert [line["event"] for line in lines] == ["terraform error: no: X-Amz-Security-Token=**** | remedy: look"]
