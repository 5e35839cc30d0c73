"""A run that failed without a verdict is told of; one with a verdict of its own life is not."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

import factories_control as control
from factories_world import NOW
from standins import RUN_AFTER, MemoryStore, dev_min, lane_run
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence import store as stores
from tidegate.evidence.store import LocalStore
from tidegate.lanes import judging
from tidegate.models.alert import Alert
from tidegate.operators import notifiers, without_verdict
from tidegate.operators.without_verdict import Life, RunWithoutVerdict, left_by

ENVIRONMENT = dev_min()[0]
LIFE = Life(dag_id="dev_min.m9", run_id="manual__1", due=RUN_AFTER, began=NOW - timedelta(minutes=5))


class Stores:
    """What runs left in the stores."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.remote = MemoryStore()
        self.local = LocalStore(directory / "runs")

    def claimed(self, phase: Any = "m9", task: str = "i_phase_verdict") -> str:
        return self._run(phase, task).execution_id

    def judged(self, phase: Any = "m9", task: str = "i_phase_verdict") -> None:
        judging.judge(self._run(phase, task), control.verdict_facts(observed_at=NOW, phase=phase))

    def told(self, phase: Any = "m9", **life: Any) -> str | None:
        """The execution, unless its verdict is there."""
        found = left_by(ENVIRONMENT, phase, self.local, self.remote, replace(LIFE, **life))
        return found.execution_id if found.verdict is None else None

    def _run(self, phase: Any, task: str) -> Any:
        return lane_run(self.directory, phase, task, remote=self.remote, local=self.local)


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stores:
    monkeypatch.setattr(judging, "now", lambda: NOW)
    monkeypatch.setenv("TIDEGATE_GIT_COMMIT", "0123abc")
    return Stores(tmp_path)


def test_a_run_with_a_verdict_is_not_told_of(left: Stores) -> None:
    left.judged()
    assert left.told() is None
    assert left.told(began=None) is None


def test_a_run_without_one_is_named_by_its_execution(left: Stores) -> None:
    execution = left.claimed()
    assert left.told() == execution


def test_a_verdict_from_before_the_run_was_cleared_does_not_count(left: Stores) -> None:
    left.judged()
    assert left.told(began=NOW + timedelta(minutes=1)) == left.claimed()


def test_a_run_that_claimed_nothing_is_named_as_airflow_names_it(left: Stores) -> None:
    assert left.told() == "manual__1 (claim of its execution: none)"
    left.judged()
    assert str(left.told(run_id="manual__2")).startswith("manual__2")


@pytest.mark.parametrize("method", ["keys", "read"])
def test_what_cannot_be_read_is_told_of(left: Stores, method: str) -> None:
    left.judged()
    left.remote.refusing.add(method)
    assert left.told() is not None


def test_a_verdict_that_is_broken_is_told_of(left: Stores) -> None:
    left.judged()
    (key,) = (key for key in left.remote.objects if key.endswith("m9_i_phase_verdict.json"))
    left.remote.objects[key] = b"{}"
    assert left.told() == left.claimed()


def test_the_bootstrap_is_looked_up_in_the_mirror(left: Stores) -> None:
    left.judged("m1", "d_phase_verdict")
    assert left.told("m1", dag_id="dev_min.m1") is None


@pytest.fixture
def sent(left: Stores, monkeypatch: pytest.MonkeyPatch) -> list[Alert]:
    """What the callback sends, with the stores of the test behind it."""
    found: list[Alert] = []

    def deliver(_environment: Any, _channel: Any, alert: Alert, _context: Any) -> None:
        found.append(alert)

    monkeypatch.setattr(notifiers, "deliver", deliver)
    monkeypatch.setattr(Clients, "from_environment", lambda _region: SimpleNamespace(s3=None))
    monkeypatch.setattr(stores, "S3Store", lambda _s3, _bucket: left.remote)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example")
    return found


def context(**changes: Any) -> dict[str, Any]:
    dag_run = SimpleNamespace(run_after=RUN_AFTER, start_date=LIFE.began)
    given = {"dag": DAG(dag_id="dev_min.m9", schedule=None), "run_id": "manual__1", "reason": "timed_out"}
    return {**given, "dag_run": dag_run, **changes}


CALLBACK = RunWithoutVerdict(environment="dev_min", phase="m9")


def test_it_is_told_once(left: Stores, sent: list[Alert]) -> None:
    left.claimed()
    CALLBACK(context())
    CALLBACK(context())
    (alert,) = sent
    assert alert.subject == "tidegate dev_min M9: run failed without a verdict"
    assert "Airflow says: timed_out" in alert.text
    assert "Run: https://airflow.example/dags/dev_min.m9/runs/manual__1" in alert.text


def test_it_is_told_again_after_the_run_was_cleared(left: Stores, sent: list[Alert]) -> None:
    left.claimed()
    CALLBACK(context())
    CALLBACK(context(dag_run=SimpleNamespace(run_after=RUN_AFTER, start_date=NOW)))
    assert len(sent) == 2


def test_a_verdict_has_told_people_itself(left: Stores, sent: list[Alert]) -> None:
    left.judged()
    CALLBACK(context())
    assert sent == []


def test_the_little_that_airflow_may_give_is_enough(left: Stores, sent: list[Alert]) -> None:
    given = context()
    del given["dag_run"], given["reason"]
    CALLBACK(given)
    assert len(sent) == 1
    assert "Airflow says: nothing" in sent[0].text


def test_a_dag_that_cannot_render_is_no_obstacle(left: Stores, sent: list[Alert]) -> None:
    """`dag.test()` hands over such a one."""
    left.claimed()
    CALLBACK(context(dag=SimpleNamespace(dag_id="dev_min.m9")))
    assert len(sent) == 1


def test_a_manifest_that_cannot_be_used_is_said_in_the_log(
    sent: list[Alert], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(without_verdict, "log", said.append)
    RunWithoutVerdict(environment="nowhere", phase="m9")(context())
    assert sent == []
    assert said[0].startswith("MANIFEST-INVALID")
