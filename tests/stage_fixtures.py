"""One sandbox and one built environment for a whole folder of tests; every test leaves it as it found it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from manifests import committed, without_kafka
from sandbox.testing import running_sandbox
from stage import BUILD, ENVIRONMENT, Stage, environment_variable


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A sandbox, this process pointed at it, and Airflow's database. The environment is dev_min without Kafka."""
    directory = tmp_path_factory.mktemp("stage")
    before = dict(os.environ)
    with running_sandbox(directory / "sandbox", "--environment", ENVIRONMENT) as sandbox:
        os.environ.update(sandbox.env)
        os.environ |= {
            "TIDEGATE_RUNS_DIR": str(directory / "runs"),
            "TIDEGATE_WORK_DIR": str(directory / "terraform"),
            "TIDEGATE_ENVIRONMENTS_DIR": str(without_kafka(directory / "without-kafka")),
        }
        subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, timeout=180)
        try:
            yield Stage(sandbox, Path(directory))
        finally:
            os.environ.clear()
            os.environ.update(before)


@pytest.fixture(scope="session")
def bootstrapped(stage: Stage) -> Stage:
    """The buckets and the lock table."""
    run = stage.run("m1")
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    return stage


@pytest.fixture(scope="module")
def built(bootstrapped: Stage) -> Stage:
    """The environment built, without the database; anew, in an empty account, when the file before tore it down.

    What that file left in the evidence, a wider cost scope or a latch, is no business of the next.
    """
    if not (bootstrapped.state_of("demo") or ("", 0, 0))[2]:
        bootstrapped.emptied()
        run = bootstrapped.run("m2", **BUILD)
        assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
    return bootstrapped


@pytest.fixture(scope="module")
def with_kafka(bootstrapped: Stage) -> Iterator[Stage]:
    """The project's own manifest: core, confluent and demo, and the bills of both."""
    manifests = committed(bootstrapped.directory / "with-kafka")
    with environment_variable("TIDEGATE_ENVIRONMENTS_DIR", str(manifests)):
        yield bootstrapped
