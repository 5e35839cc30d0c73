"""One sandbox and one built environment for the whole folder; every test leaves it as it found it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.testing import running_sandbox
from stage import BUILD, Stage


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A sandbox, this process pointed at it, and Airflow's database."""
    directory = tmp_path_factory.mktemp("stage")
    before = dict(os.environ)
    with running_sandbox(directory / "sandbox") as sandbox:
        os.environ.update(sandbox.env)
        os.environ |= {
            "TIDEGATE_RUNS_DIR": str(directory / "runs"),
            "TIDEGATE_WORK_DIR": str(directory / "terraform"),
        }
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, timeout=180)
        try:
            yield Stage(sandbox, Path(directory))
        finally:
            os.environ.clear()
            os.environ.update(before)


@pytest.fixture(scope="session")
def built(stage: Stage) -> Stage:
    """The environment bootstrapped and built once, without the database."""
    for phase, conf in (("m1", {}), ("m2", BUILD)):
        run = stage.run(phase, **conf)
        assert run.state == "success", (phase, run.tasks, {name: run.codes(name) for name in run.snapshots})
    return stage
