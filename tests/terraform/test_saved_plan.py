"""A real terraform with a local backend and no provider: what the task log counts by, and the way out of a taint."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tidegate.environments import load
from tidegate.settings import settings
from tidegate.terraform import process
from tidegate.terraform.intent import IntentLog, IntentOwner
from tidegate.terraform.runner import Terraform, TerraformStopped
from tidegate.terraform.workspace import Workspace

BEFORE = """
resource "terraform_data" "moved_from" {}
resource "terraform_data" "let_go" {}
resource "terraform_data" "removed" {}
resource "terraform_data" "changed" { input = 1 }
resource "terraform_data" "replaced" { triggers_replace = [1] }
"""
AFTER = """
resource "terraform_data" "moved_to" {}
moved {
  from = terraform_data.moved_from
  to   = terraform_data.moved_to
}
removed {
  from = terraform_data.let_go
  lifecycle { destroy = false }
}
resource "terraform_data" "imported" {}
import {
  to = terraform_data.imported
  id = "11aa"
}
resource "terraform_data" "changed" { input = 2 }
resource "terraform_data" "replaced" { triggers_replace = [2] }
"""


class Announced(IntentLog):
    """An intent record that nobody keeps."""

    def __init__(self) -> None:
        pass

    def open(self, operation: str, owner: IntentOwner, now: datetime, plan_sha256: str | None = None) -> dict[str, Any]:
        return {"id": ""}

    def started(self, record: dict[str, Any], started: process.Started) -> None:
        pass

    def ended(self, record: dict[str, Any], returncode: int, now: datetime) -> None:
        pass

    def planned_again(self, now: datetime) -> None:
        pass


@pytest.fixture
def said() -> list[str]:
    """The task log."""
    return []


@pytest.fixture
def terraform(tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch) -> Terraform:
    """A real one, in a root that needs no provider."""
    monkeypatch.setenv("TIDEGATE_PROVIDER_MIRRORS", str(tmp_path))
    monkeypatch.setattr(process, "POLL_SECONDS", 0.02)
    settings.cache_clear()
    workspace = Workspace("dev_min", "demo", tmp_path / "demo")
    workspace.root.mkdir(parents=True)
    workspace.write_inputs({})
    owner = IntentOwner("m2_x", "dev_min.m2", "manual__1", "f_demo.apply", 1)
    return Terraform(load("dev_min"), workspace, said.append, Announced(), owner)


def applied(terraform: Terraform, said: list[str], code: str, *, destroy: bool = False) -> list[str]:
    """The lines with a count that an apply of the saved plan of this code leaves in the task log."""
    (terraform.workspace.root / "main.tf").write_text(code, encoding="utf-8")
    terraform._run("init", [], log_lines=False)
    plan = terraform.plan(destroy=destroy)
    said.clear()
    terraform.apply(plan.path)
    return [line.partition(" ")[0] for line in said if line.startswith("[")]


def test_every_completion_counts_towards_the_total_of_the_saved_plan(terraform: Terraform, said: list[str]) -> None:
    assert applied(terraform, said, BEFORE) == [f"[{number}/5]" for number in range(1, 6)]
    assert applied(terraform, said, AFTER) == [f"[{number}/4]" for number in range(1, 5)]
    assert applied(terraform, said, AFTER, destroy=True) == [f"[{number}/4]" for number in range(1, 5)]


INTERRUPTED = """
resource "terraform_data" "kept" {
  provisioner "local-exec" { command = "exit 3" }
  lifecycle { prevent_destroy = true }
}
"""
"""Its creation ends half way, as that of a budget whose notifications could not all be made."""


def test_a_protected_resource_whose_creation_was_interrupted_can_be_mended(
    terraform: Terraform, said: list[str]
) -> None:
    with pytest.raises(TerraformStopped, match="exit status 3"):
        applied(terraform, said, INTERRUPTED)
    (resource,) = json.loads((terraform.workspace.root / "terraform.tfstate").read_bytes())["resources"]
    assert [instance["status"] for instance in resource["instances"]] == ["tainted"]
    with pytest.raises(TerraformStopped, match="Instance cannot be destroyed"):
        terraform.plan(destroy=False)
    terraform.untaint("terraform_data.kept")
    assert not terraform.plan(destroy=False).has_changes
