"""On Airflow's real scheduler: stacks that do not need each other are applied at the same time."""

import shutil
import sys
from datetime import datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from live_bench import ROOTS, running
from manifests import POLICIES, without_kafka
from tidegate import cli
from tidegate.settings import settings

pytestmark = [pytest.mark.scheduler, pytest.mark.end_to_end, pytest.mark.matrix, pytest.mark.timeout(900)]

M1, M2 = "dev_min.m1_backend_bootstrap", "dev_min.m2_substrate_build"
STACKS = ("left", "right")


def test_two_applies_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    shutil.copytree(POLICIES, own / "policies")
    shutil.copytree(ROOTS, own / "terraform", ignore=shutil.ignore_patterns(".terraform"))
    manifest = without_kafka(own / "environments") / "dev_min.yaml"
    yaml = YAML(typ="rt")
    document = yaml.load(manifest.read_text("utf-8"))
    del document["stacks"]["demo"]  # it would take one of the two slots
    with manifest.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    for name in ("environments", "policies", "terraform"):
        monkeypatch.setenv(f"TIDEGATE_{name.upper()}_DIR", str(own / name))
    settings.cache_clear()
    for stack in STACKS:
        monkeypatch.setattr(sys, "argv", ["tidegate", "new", "stack", stack, "--depends-on", "core"])
        assert cli.main() == 0
    bench = running(tmp_path / "bench", own / "environments", roots=own / "terraform", policies=own / "policies")
    with bench as live:
        assert live.run(M1)[1] == "success"
        admin = live.sandbox.admin
        slow = {"service": "ssm", "operation": "PutParameter", "kind": "delay", "seconds": 20, "times": 1}
        with admin.fault(**slow, resource="/left/"), admin.fault(**slow, resource="/right/"):
            run_id, state = live.run(M2)
        assert state == "success"
        tasks = live.airflow.tasks(M2, run_id)
        began, ended = (
            [datetime.fromisoformat(tasks[f"f_{stack}.apply"][moment]) for stack in STACKS]
            for moment in ("start_date", "end_date")
        )
        assert max(began) < min(ended), (began, ended)
        working = [
            name
            for name, task in tasks.items()
            if datetime.fromisoformat(task["start_date"]) < min(ended)
            and datetime.fromisoformat(task["end_date"]) > max(began)
        ]
        assert sorted(working) == ["f_left.apply", "f_right.apply"], "two slots, two lanes"
