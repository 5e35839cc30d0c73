"""A run that failed without a verdict is told of; one with a verdict of its own life is not."""

import shutil
from collections.abc import Iterator
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
from tidegate.lanes import verdict as verdicts
from tidegate.lanes.verdict import collect_verdict
from tidegate.models.alert import Alert
from tidegate.models.facts import CollectorBroken
from tidegate.operators import notifiers, without_verdict
from tidegate.operators.telling import tell_of_verdict
from tidegate.operators.without_verdict import Life, RunWithoutVerdict, left_by
from tidegate.settings import settings

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
    for module in (judging, verdicts):
        monkeypatch.setattr(module, "now", lambda: NOW)
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

    def deliver(_clients: Any, _environment: Any, _channel: Any, alert: Alert, _context: Any) -> None:
        found.append(alert)

    monkeypatch.setattr(notifiers, "deliver", deliver)
    monkeypatch.setattr(Clients, "acting_for", lambda *_: SimpleNamespace(s3=None))
    monkeypatch.setattr(stores, "S3Store", lambda _s3, _bucket: left.remote)
    monkeypatch.setattr(stores, "LocalStore", lambda _directory: left.local)
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


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The project's policy files, to be broken."""
    directory = tmp_path / "policies"
    shutil.copytree(settings().policies_dir, directory)
    monkeypatch.setenv("TIDEGATE_POLICIES_DIR", str(directory))
    settings.cache_clear()
    yield directory
    monkeypatch.undo()
    settings.cache_clear()


def test_a_policy_file_that_cannot_be_used_is_told_once_whatever_fails_of_it(
    left: Stores, sent: list[Alert], policies: Path
) -> None:
    prices = policies / "prices.yaml"
    prices.write_text("pricez: []\n" + prices.read_text(encoding="utf-8"), encoding="utf-8")
    for number, phase in enumerate(("hourly", "hourly", "audit", "m9")):
        callback = RunWithoutVerdict(environment="dev_min", phase=phase)  # type: ignore[arg-type]
        callback(context(run_id=f"scheduled__{number}", reason="task_failure"))
    (told,) = sent
    assert told.subject.startswith("tidegate dev_min HOURLY: MANIFEST-INVALID prices.yaml:1: pricez: Extra inputs")
    assert "; known: " in told.text
    assert "Do: mend what is named above" in told.text

    prices.write_text("another: []\n" + prices.read_text(encoding="utf-8"), encoding="utf-8")
    CALLBACK(context(reason="task_failure"))
    assert len(sent) == 2


@pytest.mark.parametrize("method", ["keys", "read"])
@pytest.mark.parametrize(("reason", "told"), [("task_failure", 0), ("timed_out", 1)])
def test_evidence_that_is_down_was_told_by_the_verdicts_task_if_that_ran(
    left: Stores, sent: list[Alert], method: str, reason: str, told: int
) -> None:
    left.judged()
    left.remote.refusing.add(method)
    CALLBACK(context(reason=reason))
    assert len(sent) == told


def blocked(left: Stores, phase: Any, lane: str, verdict: str) -> tuple[Any, Any]:
    """The verdict of a run whose first lane crashed, with its run."""
    given: dict[str, Any] = {"remote": left.remote, "local": left.local}
    broken = CollectorBroken(observed_at=NOW, error="KeyError: 'x'")
    document = judging.judge(lane_run(left.directory, phase, lane, **given), broken).published.document
    given |= {"handed_over": {lane: document}, "task_states": lambda: {lane: "failed"}}
    run = lane_run(left.directory, phase, verdict, **given)
    return run, judging.judge(run, collect_verdict(run))


@pytest.mark.parametrize(
    ("phase", "lane", "verdict"),
    [("m9", "a_readiness", "i_phase_verdict"), ("audit", "c_network_posture", "n_phase_verdict")],
)
def test_a_verdict_that_nobody_told_is_told_once(
    left: Stores, sent: list[Alert], phase: Any, lane: str, verdict: str
) -> None:
    blocked(left, phase, lane, verdict)
    callback = RunWithoutVerdict(environment="dev_min", phase=phase)
    given = context(dag=SimpleNamespace(dag_id=f"dev_min.{phase}"), reason="task_failure")
    callback(given)
    assert any("COLLECTOR-BROKEN" in alert.subject for alert in sent)
    assert all("phase_verdict" in alert.text or "snapshot.json" in alert.text for alert in sent)
    before = len(sent)
    callback(given)
    assert len(sent) == before


@pytest.mark.parametrize(
    ("phase", "lane", "verdict"),
    [("m9", "a_readiness", "i_phase_verdict"), ("audit", "c_network_posture", "n_phase_verdict")],
)
def test_what_the_verdicts_task_has_told_is_not_told_again(
    left: Stores, sent: list[Alert], phase: Any, lane: str, verdict: str
) -> None:
    tell_of_verdict(*blocked(left, phase, lane, verdict), {})
    before = len(sent)
    assert before
    callback = RunWithoutVerdict(environment="dev_min", phase=phase)
    callback(context(dag=SimpleNamespace(dag_id=f"dev_min.{phase}"), reason="task_failure"))
    assert len(sent) == before


def test_what_may_have_been_told_is_not_repeated_when_nobody_can_tell(left: Stores, sent: list[Alert]) -> None:
    """M1 has its verdict before there is a bucket that could remember."""
    blocked(left, "m1", "a_identity_and_tools", "d_phase_verdict")
    left.remote.refusing.add("keys")
    callback = RunWithoutVerdict(environment="dev_min", phase="m1")
    callback(context(dag=SimpleNamespace(dag_id="dev_min.m1"), reason="task_failure"))
    assert sent == []


def test_a_manifest_that_cannot_be_used_is_said_in_the_log(
    sent: list[Alert], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(without_verdict, "log", said.append)
    RunWithoutVerdict(environment="nowhere", phase="m9")(context())
    assert sent == []
    assert said[0].startswith("MANIFEST-INVALID")
