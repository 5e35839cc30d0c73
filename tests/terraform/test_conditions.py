"""`terraform test` of every root: what it promises and refuses, planned with a mocked provider and without AWS.

The tests lie beside the roots, in `tests/*.tftest.hcl`. Each validation of a variable must be broken by one of them.
"""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.confluent.mirror import make_mirror
from tidegate.settings import settings
from tidegate.terraform import process
from tidegate.terraform.cli_config import write
from tidegate.terraform.program import find_program
from tidegate.terraform.stand_in import lock_of

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"
ROOTS = sorted(path.parent for path in TERRAFORM.glob("*/backend.tf"))
MODULES = sorted(path for path in (TERRAFORM / "modules").iterdir() if path.is_dir())

RUN = re.compile(r'^run "(\w+)" \{\n(.*?)^\}$', re.MULTILINE | re.DOTALL)

Reader = Callable[..., list[Any]]


def runs(root: Path) -> dict[str, tuple[Path, set[str]]]:
    """The runs of a root's tests: which directory each plans, and which conditions it expects to be broken."""
    found = {}
    for path in sorted((root / "tests").glob("*.tftest.hcl")):
        for name, body in RUN.findall(path.read_text("utf-8")):
            source = re.search(r'^    source = "(.+)"$', body, re.MULTILINE)
            broken = re.search(r"^  expect_failures = \[(.*?)\]$", body, re.MULTILINE | re.DOTALL)
            conditions = {part.strip() for part in broken[1].split(",")} - {""} if broken else set()
            found[f"{path.name} {name}"] = ((root / source[1]).resolve() if source else root, conditions)
    return found


@pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
def test_terraform_test(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a mocked provider Terraform wants the schema: Confluent's comes from the sandbox's stand-in."""
    monkeypatch.setenv("TIDEGATE_PROFILE", "sandbox")
    monkeypatch.setenv("TIDEGATE_STAND_IN_MIRROR", str(make_mirror(tmp_path / "providers")))
    settings.cache_clear()
    shutil.copytree(TERRAFORM, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform"))
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
    passed = {
        f"{Path(event['test_run']['path']).name} {event['test_run']['run']}"
        for event in events
        if event["type"] == "test_run" and event["test_run"].get("status") == "pass"
    }
    assert passed == set(runs(root))


@pytest.mark.parametrize("directory", [*ROOTS, *MODULES], ids=lambda path: path.name)
def test_every_validation_is_broken_by_a_run(directory: Path, blocks: Reader) -> None:
    validated = {f"var.{each.labels[0]}" for each in blocks(directory, "variable") if "validation {" in each.body}
    tried = [conditions for root in ROOTS for planned, conditions in runs(root).values() if planned == directory]
    assert validated - set().union(*tried) == set()


def test_every_check_and_condition_is_broken_by_a_run(blocks: Reader) -> None:
    for directory in (*ROOTS, *MODULES):
        kept = {f"check.{each.labels[0]}" for each in blocks(directory, "check")}
        kept |= {
            f"{'data.' if each.kind == 'data' else ''}{each.address}"
            for kind in ("data", "resource")
            for each in blocks(directory, kind)
            if re.search(r"\b(pre|post)condition \{", each.body)
        }
        tried = [conditions for root in ROOTS for planned, conditions in runs(root).values() if planned == directory]
        assert kept - set().union(*tried) == set(), directory


def test_everything_imported_is_overridden() -> None:
    """A mocked provider cannot import."""
    imported = re.findall(
        r"^  to = (.+)$", (TERRAFORM / "core" / "backend_adoption.tf").read_text("utf-8"), re.MULTILINE
    )
    tests = (TERRAFORM / "core" / "tests" / "core.tftest.hcl").read_text("utf-8")
    assert re.findall(r"^override_resource \{\n  target = (.+)\n\}$", tests, re.MULTILINE) == imported
