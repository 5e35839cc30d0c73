"""`make incidents` as it is: four chains of fail, fix, rerun, pass on Airflow's real scheduler."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from manifests import OWN
from workbench import incidents
from workbench.places import Bench

pytestmark = [pytest.mark.scheduler, pytest.mark.end_to_end, pytest.mark.matrix, pytest.mark.timeout(1500)]

CHAINS = {
    "IN1": ["BUDGET-UNIT-MISMATCH"],
    "IN2": ["PLAN-UNREADABLE"],
    "IN3": ["COST-UNREADABLE"],
    "IN4": ["PROOF-SOURCE-STALE"],
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("AWS_", "TIDEGATE_"))]:
        del os.environ[name]
    os.environ |= OWN
    os.environ["TIDEGATE_RUNS_DIR"] = str(tmp_path / "runs")
    try:
        yield Bench(tmp_path / "bench")
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_every_incident_fails_closed_and_its_rerun_passes(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.directory.mkdir()
    status = incidents.main(Console(width=250), bench)
    said = capsys.readouterr().out
    assert status == 0, said
    steps = json.loads((bench.directory / "summary.json").read_text("utf-8"))["steps"]
    for name, codes in CHAINS.items():
        chain = [step for step in steps if step["incident"] == name]
        failed = [step for step in chain if step["verdict"] == "fail"]
        assert [step["code"] for step in failed] == codes
        assert all(any(it.startswith(f"{step['code']} ") for it in step["blockers"]) for step in failed)
        assert chain[-1]["verdict"] == "pass"
        assert all(step["execution_id"] in said for step in chain)
    assert all(step["sound"] for step in steps)
    assert said.rstrip().endswith("tidegate incidents: PASS")
