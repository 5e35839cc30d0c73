"""What `tidegate new gate` writes passes as it is, and what is left to do is said by a test that is red."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from manifests import PROJECT
from tidegate.commands.gate_skeleton import MARK, NoPlace, filled, with_facts, with_gate

SKELETON = PROJECT / "include" / "skeletons" / "gate"
REGISTRY = PROJECT / "plugins" / "tidegate" / "gates" / "registry.py"
TABLE = PROJECT / "tests" / "facts_that_pass.py"
WRITTEN = {
    "plugins/tidegate/gates/sample_quota.py",
    "plugins/tidegate/models/sample_quota.py",
    "tests/unit/gates/test_sample_quota.py",
}
EDITED = {"plugins/tidegate/gates/registry.py", "tests/facts_that_pass.py"}
NOT_COPIED = shutil.ignore_patterns(
    "__pycache__", ".terraform", "sandbox", "workbench", "end_to_end", "remedies", "scheduler", "deployment"
)


class Copy:
    """A person's own copy of the parts that a gate touches."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("plugins", "tests", "include", "dags", "docs"):
            shutil.copytree(PROJECT / name, root / name, symlinks=True, ignore=NOT_COPIED)
        for name in ("pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile"):
            shutil.copy(PROJECT / name, root / name)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDEGATE_")}
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=environment | {"PYTHONPATH": "plugins:tests", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "400"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def new(self, name: str) -> "subprocess.CompletedProcess[str]":
        return self.run("tidegate.cli", "new", "gate", name)

    def tests(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.run("pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *arguments)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink()
        }


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    copy = Copy(tmp_path_factory.mktemp("after"))
    was = copy.files()
    ran = copy.new("sample_quota")
    assert ran.returncode == 0, ran.stderr
    now = copy.files()
    assert now.keys() - was.keys() == WRITTEN
    assert {name for name in was if was[name] != now[name]} == EDITED
    for name in WRITTEN | EDITED:
        assert f"written: {name}\n" in ran.stdout
    assert "plugins/tidegate/lanes/phases.py" in ran.stdout
    return copy


def test_its_own_test_and_its_contract_pass_without_an_edit(after: Copy) -> None:
    own = "tests/unit/gates/test_sample_quota.py"
    ran = after.tests(own, "tests/unit/gates/test_contract.py", "-k", "sample_quota or SAMPLE-QUOTA", "-vv")
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.count(f"{own}::") == 3
    assert "test_whatever_cannot_be_read_blocks[SAMPLE-QUOTA] PASSED" in ran.stdout
    assert "test_every_gate_has_a_test_file_and_says_what_it_guards[sample_quota] PASSED" in ran.stdout


def test_lint_and_types_pass_without_an_edit(after: Copy) -> None:
    files = sorted(WRITTEN | EDITED)
    for check in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
        ran = after.run("ruff", *check, *files)
        assert ran.returncode == 0, ran.stdout
    product = [name for name in files if name.startswith("plugins/")]
    ran = after.run("mypy", "--cache-dir", os.devnull, *product)
    assert ran.returncode == 0, ran.stdout


def test_what_is_left_is_said_by_a_test_that_is_red(before: Copy, after: Copy) -> None:
    """The author's own words, a lane, the documents."""
    words = "tests/unit/gates/test_contract.py::test_nothing_says_any_more_what_the_skeleton_says"
    lane = "tests/docs/test_docs.py::test_every_gate_has_a_lane"
    documents = "tests/unit/documents/test_documents.py::test_the_documents_are_fresh"
    assert before.tests(words, lane, documents).returncode == 0
    ran = after.tests(words, lane, documents)
    assert ran.stdout.count("\nFAILED ") == 3, ran.stdout
    assert "plugins/tidegate/gates/sample_quota.py:1: put your own words in the place of" in ran.stdout
    assert "no lane uses SAMPLE-QUOTA: give it a Lane" in ran.stdout
    assert "run `make docs`" in ran.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("time_to_live", "time_to_live.py is there already"),
        ("not_target", "models/not_target.py is there already"),
        ("quota", "a name has two or more words"),
        ("Sample_quota", "a name has two or more words"),
        ("../sample_quota", "a name has two or more words"),
        ("rules_quota", "does not begin with rules_"),
        ("a_quota_of_a_very_long_name", "23 letters at most"),
    ],
)
def test_what_cannot_be_written_changes_nothing(before: Copy, name: str, said: str) -> None:
    was = before.files()
    ran = before.new(name)
    assert (ran.returncode, said in " ".join(ran.stderr.split())) == (64, True), ran.stderr
    assert before.files() == was


@pytest.mark.parametrize("missing", sorted(EDITED))
def test_a_table_that_is_not_as_known_is_left_alone(tmp_path: Path, before: Copy, missing: str) -> None:
    """Nothing is written when the second file cannot be."""
    path = before.root / missing
    kept = path.read_text("utf-8")
    try:
        path.write_text(kept.replace("PHASE-VERDICT", "VERDICT-OF").replace("phase_verdict.GATE,", "verdict,"), "utf-8")
        was = before.files()
        ran = before.new("sample_quota")
        assert (ran.returncode, "add the lines by hand" in " ".join(ran.stderr.split())) == (64, True), ran.stderr
        assert before.files() == was
    finally:
        path.write_text(kept, "utf-8")


@pytest.mark.parametrize("name", ["aa_b", "observed_of_it", "z9_9", "a" * 21 + "_b"])
def test_any_name_fits_the_lines_and_the_order_of_the_imports(tmp_path: Path, name: str) -> None:
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    texts = {kind: filled((SKELETON / f"{kind}.py.txt").read_text("utf-8"), name) for kind in ("gate", "model", "test")}
    texts |= {
        "registry": with_gate(REGISTRY.read_text("utf-8"), name),
        "table": with_facts(TABLE.read_text("utf-8"), name),
    }
    for kind, text in texts.items():
        (tmp_path / f"{kind}.py").write_text(text, "utf-8")
    ours = 'lint.isort.known-first-party=["tidegate", "facts_that_pass", "factories_*"]'
    for check in (("check", "--select", "E,F,W,I", "--config", ours), ("format", "--check")):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *check, "--no-cache", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stdout


def test_a_line_without_a_place_is_refused() -> None:
    with pytest.raises(NoPlace):
        with_gate("from tidegate.gates import base\n", "sample_quota")
    with pytest.raises(NoPlace):
        with_facts("PASSING = {}\n", "sample_quota")


def test_no_scanner_executes_the_skeleton() -> None:
    """Airflow looks into dags/ and plugins/ for files that end in .py; here none does."""
    assert [path for path in SKELETON.rglob("*") if path.suffix == ".py"] == []
    assert all(MARK in (SKELETON / name).read_text("utf-8") for name in ("gate.py.txt", "model.py.txt"))
