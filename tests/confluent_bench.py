"""A real terraform in a directory of its own, pointed at the sandbox and its stand-in provider."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.testing import Sandbox
from tidegate.settings import settings
from tidegate.terraform.cli_config import write
from tidegate.terraform.program import find_program

DEADLINE_SECONDS = 240
NO_CHANGES, FAILED, CHANGES = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Said:
    """How a terraform command ended, and all that it wrote."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Bench:
    """One root and its local state. `environment` is the whole environment of terraform."""

    root: Path
    environment: dict[str, str]

    def terraform(self, command: str, *arguments: str) -> Said:
        """Run terraform without asking anything."""
        ended = subprocess.run(
            [*find_program(settings().terraform).command, *command.split(), "-no-color", *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
        )
        return Said(ended.returncode, ended.stdout + ended.stderr)

    def plan(self, *arguments: str) -> Said:
        """Make a saved plan: status 0 without changes, 2 with."""
        return self.terraform("plan", "-input=false", "-detailed-exitcode", "-out=tfplan", *arguments)

    def apply(self) -> Said:
        """Apply the saved plan."""
        return self.terraform("apply", "-input=false", "tfplan")

    def done(self, *arguments: str) -> None:
        """Plan and apply, and see both end well."""
        planned = self.plan(*arguments)
        assert planned.status == CHANGES, planned.text
        applied = self.apply()
        assert applied.status == 0, applied.text

    def resources(self) -> dict[str, dict[str, Any]]:
        """The managed instances in the state, by address; each with `attributes` and perhaps `status`."""
        state = json.loads((self.root / "terraform.tfstate").read_text("utf-8"))
        return {
            f"{each['type']}.{each['name']}{_index(instance)}": instance
            for each in state["resources"]
            for instance in each["instances"]
            if each["mode"] == "managed"
        }


def _index(instance: dict[str, Any]) -> str:
    key = instance.get("index_key")
    return "" if key is None else f'["{key}"]'


def bench(sandbox: Sandbox, root: Path) -> Bench:
    """Return a bench for the root; the caller has written its files. The process's settings must be the sandbox's."""
    key = sandbox.cloud_key
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment = sandbox.applied_to(inherited) | {
        "CONFLUENT_CLOUD_API_KEY": key.key,
        "CONFLUENT_CLOUD_API_SECRET": key.secret,
        "TF_CLI_CONFIG_FILE": str(write(root.parent / "terraform.rc", settings().provider_mirrors)),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
    return Bench(root, environment)
