"""The stage of another environment: lake_min in an account of its own, with the role that `tidegate policy` prints."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from manifests import POLICIES, PROJECT
from sandbox.testing import running_sandbox
from stage import Stage
from tidegate.environments import load
from tidegate.models.environment import Environment
from tidegate.settings import settings

ENVIRONMENT = "lake_min"
MANIFEST = PROJECT / "tests" / "fixtures" / "lake" / f"{ENVIRONMENT}.yaml"


class LakeStage(Stage):
    """As `Stage`, of lake_min. A phase is named as its file in dags/ is."""

    @property
    def environment(self) -> Environment:
        """The manifest in force."""
        return load(ENVIRONMENT)

    def state_of(self, stack: str) -> tuple[str, int, int] | None:
        """Lineage, serial and resource count of a stack's state, read straight from the bucket; None without one."""
        s3 = self.sandbox.client("s3")
        try:
            answer = s3.get_object(**self._state_place(stack))
        except s3.exceptions.NoSuchKey:
            return None
        document = json.loads(answer["Body"].read())
        managed = [resource for resource in document["resources"] if resource["mode"] == "managed"]
        return document["lineage"], document["serial"], len(managed)

    def _state_place(self, stack: str) -> dict[str, str]:
        return {"Bucket": self.environment.backend.bucket, "Key": self.environment.stacks[stack].state_key}

    def _dag(self, phase: str) -> Any:
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(str(PROJECT / "dags" / f"{phase}.py"))
        assert not bag.import_errors
        return bag.dags[f"{ENVIRONMENT}.{phase}"]

    def _mirrored(self) -> Iterator[Path]:
        for folder in (ENVIRONMENT, "runs"):
            yield from (self.runs / folder).rglob("*.json")


@contextmanager
def lake_stage(directory: Path) -> Iterator[LakeStage]:
    """A sandbox that plays lake_min, this process pointed at it, and Airflow's database, for the `with` block."""
    before = dict(os.environ)
    os.environ |= {
        "TIDEGATE_ENVIRONMENTS_DIR": str(_quick(directory / "environments")),
        "TIDEGATE_POLICIES_DIR": str(POLICIES),
        "TIDEGATE_RUNS_DIR": str(directory / "runs"),
        "TIDEGATE_WORK_DIR": str(directory / "terraform"),
    }
    settings.cache_clear()
    try:
        with running_sandbox(directory / "sandbox", "--environment", ENVIRONMENT) as sandbox:
            os.environ.update(sandbox.env)
            settings.cache_clear()
            subprocess.run(
                [sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, timeout=180
            )
            yield LakeStage(sandbox, directory)
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()


def _quick(directory: Path) -> Path:
    """The manifest without long pauses and second region: the sandbox is consistent at once."""
    yaml = YAML(typ="rt")
    manifest: Any = yaml.load(MANIFEST.read_text("utf-8"))
    manifest["deadlines"]["residual_pause"] = 1
    manifest["audit"]["regions"] = "scan_regions"
    del manifest["scan_regions"][1:]
    directory.mkdir(parents=True)
    with (directory / MANIFEST.name).open("w", encoding="utf-8") as file:
        yaml.dump(manifest, file)
    return directory
