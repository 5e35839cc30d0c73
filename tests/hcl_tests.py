"""Runs the `terraform test` of a root in a copy, with mocked providers and without AWS."""

import json
import os
import shutil
from pathlib import Path

import pytest

from sandbox.confluent.mirror import make_mirror
from tidegate.settings import settings
from tidegate.terraform import process
from tidegate.terraform.cli_config import write
from tidegate.terraform.program import find_program
from tidegate.terraform.stand_in import lock_of

TERRAFORM = Path(__file__).resolve().parents[1] / "include" / "terraform"

ROOT_FILES = {
    ".terraform.lock.hcl",
    "README.md",
    "backend.tf",
    "locals.tf",
    "main.tf",
    "outputs.tf",
    "providers.tf",
    "terraform.tf",
    "variables.tf",
}
"""What every root of the project has."""


def passed_runs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The runs of `terraform test` that pass in a copy of a root beside the project's modules.

    For a mocked provider Terraform wants the schema: Confluent's comes from the sandbox's stand-in.
    """
    monkeypatch.setenv("TIDEGATE_PROFILE", "sandbox")
    monkeypatch.setenv("TIDEGATE_STAND_IN_MIRROR", str(make_mirror(tmp_path / "providers")))
    settings.cache_clear()
    left_out = shutil.ignore_patterns(".terraform")
    shutil.copytree(TERRAFORM / "modules", tmp_path / "terraform" / "modules", ignore=left_out)
    shutil.copytree(root, tmp_path / "terraform" / root.name, ignore=left_out)
    (tmp_path / "terraform" / root.name / ".terraform.lock.hcl").write_text(lock_of(root))
    environment = process.child_environment(
        os.environ, write(tmp_path / "terraform.rc", settings().provider_mirrors), ""
    )

    def terraform(*arguments: str) -> str:
        ended = process.run(
            [*find_program(settings().terraform).command, *arguments],
            cwd=tmp_path / "terraform" / root.name,
            environment=environment,
            logs=tmp_path / arguments[0],
            deadline_seconds=240,
        )
        said = ended.output.read_text("utf-8")
        assert ended.returncode == 0, said + ended.errors.read_text("utf-8")
        return said

    terraform("init", "-backend=false", "-lockfile=readonly", "-no-color")
    events = [json.loads(line) for line in terraform("test", "-json").splitlines()]
    return {
        f"{Path(event['test_run']['path']).name} {event['test_run']['run']}"
        for event in events
        if event["type"] == "test_run" and event["test_run"].get("status") == "pass"
    }
