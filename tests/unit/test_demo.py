"""`make demo` when M1 fails before there is a bucket: FAIL and its summary, whatever cannot be read."""

import io
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws
from rich.console import Console

from standins import RUN_AFTER
from tidegate.evidence.execution import claim
from tidegate.evidence.store import LocalStore, StoreUnreachable
from tidegate.settings import PROJECT
from workbench import demo
from workbench.airflow import WorkbenchError
from workbench.places import Bench

RUN = "manual__2026-02-13T20:14:27+00:00"


class FailingAirflow:
    """An Airflow whose every run fails in its first task, as when no worker got to it."""

    def __init__(self, _connection: object) -> None:
        self.triggered: list[str] = []

    def wait_for_dags(self, _dags: set[str]) -> None:
        return None

    def trigger(self, dag_id: str, _conf: dict[str, Any]) -> str:
        self.triggered.append(dag_id)
        return RUN

    def follow(self, _dag_id: str, _run_id: str, _on_change: object) -> str:
        return "failed"

    def tasks(self, _dag_id: str, _run_id: str) -> dict[str, dict[str, Any]]:
        return {
            "a_identity_and_tools": {
                "task_id": "a_identity_and_tools",
                "state": "failed",
                "duration": None,
                "try_number": 0,
            }
        }

    def log_lines(self, *_: object) -> list[str]:
        raise WorkbenchError("Airflow answered 404 to logs/1: not found")


class NoIdentities:
    """Confluent's stand-in without anything in it."""

    def __init__(self, _url: str) -> None:
        return None

    def __enter__(self) -> "NoIdentities":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def confluent_identities(self) -> dict[str, list[str]]:
        return {"service_accounts": []}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(tmp_path / "demo")
    bench.directory.mkdir()
    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(tmp_path / "runs"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(demo, "demo_bench", lambda: bench)
    monkeypatch.setattr(demo, "Airflow", FailingAirflow)
    monkeypatch.setattr(demo, "SandboxClient", NoIdentities)
    stubs = {
        "start": lambda _bench: SimpleNamespace(url="http://127.0.0.1:1"),
        "stop": lambda _bench: False,
        "sandbox_environment": lambda _bench: {"TIDEGATE_SANDBOX_ADMIN": "http://127.0.0.1:1"},
        "apply_to_this_process": lambda _environment: None,
    }
    for name, stub in stubs.items():
        monkeypatch.setattr(demo.session, name, stub)
    return bench


@pytest.mark.parametrize("claimed", [True, False])
def test_without_a_bucket_the_demo_ends_with_fail_and_its_summary(bench: Bench, tmp_path: Path, claimed: bool) -> None:
    if claimed:
        mirror = LocalStore(tmp_path / "runs")
        claim(mirror, "dev_min", "m1", dag_id="dev_min.m1_backend_bootstrap", run_id=RUN, run_after=RUN_AFTER)
    said = io.StringIO()
    with mock_aws():
        assert demo.main(Console(file=said, width=200)) == 1
    assert said.getvalue().rstrip().endswith("tidegate demo: FAIL")
    assert "Airflow answered 404" in said.getvalue()
    summary = json.loads((bench.directory / "summary.json").read_text("utf-8"))
    assert not summary["overall_pass"]
    assert set(summary["phases"]) == {"m1"}
    assert set(summary["checks"].values()) <= {True, False}
    assert not [check for check, held in summary["checks"].items() if held and "verify" in check]
    readme = (PROJECT / "README.md").read_text("utf-8")
    assert re.findall(r"^yes  (.+)$", readme, re.MULTILINE) == list(summary["checks"]), "the README shows the checks"


def test_an_evidence_bucket_that_cannot_be_listed_costs_the_execution_its_name_and_not_the_summary(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> str:
        raise StoreUnreachable("control/dev_min/executions/m2_", "AccessDenied: ListObjectsV2")

    monkeypatch.setattr(demo, "execution_id_of", refused)
    said = io.StringIO()
    with mock_aws():
        assert demo.main(Console(file=said, width=200)) == 1
    assert "AccessDenied" in said.getvalue()
    assert said.getvalue().rstrip().endswith("tidegate demo: FAIL")
