"""`terraform test` of every root: what it promises and refuses, planned with a mocked provider and without AWS.

The tests lie beside the roots, in `tests/*.tftest.hcl`. Each validation of a variable must be broken by one of them.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hcl_tests import passed_runs

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
    assert passed_runs(root, tmp_path, monkeypatch) == set(runs(root))


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
