"""What `tidegate new stack` writes is a root like those that ship: whole, pinned, and it passes its own test."""

import shutil
import sys
from pathlib import Path

import pytest

from hcl_tests import ROOT_FILES, TERRAFORM, passed_runs
from manifests import ENVIRONMENTS, POLICIES, PROJECT
from tidegate import cli, environments
from tidegate.settings import settings


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's own copy of what the command writes into."""
    shutil.copytree(ENVIRONMENTS, tmp_path / "environments")
    shutil.copytree(POLICIES, tmp_path / "policies")
    shutil.copytree(TERRAFORM, tmp_path / "terraform", ignore=shutil.ignore_patterns(".terraform"))
    for name in ("environments", "policies", "terraform"):
        monkeypatch.setenv(f"TIDEGATE_{name.upper()}_DIR", str(tmp_path / name))
    settings.cache_clear()
    return tmp_path


def new(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tidegate", "new", "stack", *arguments])
    return cli.main()


def added(before: str, after: str) -> list[str]:
    """The lines that came; every other line stands as it stood."""
    old, new_lines = before.splitlines(), after.splitlines()
    first = next(number for number, pair in enumerate(zip(old, new_lines, strict=False)) if pair[0] != pair[1])
    more = len(new_lines) - len(old)
    assert old == new_lines[:first] + new_lines[first + more :]
    return new_lines[first : first + more]


def test_a_new_stack_is_whole(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, types = project / "environments" / "dev_min.yaml", project / "policies" / "allowed_types.yaml"
    before = {path: path.read_text("utf-8") for path in (manifest, types)}
    assert new(monkeypatch, "click_stream", "--depends-on", "core", "--depends-on", "demo") == 0
    said = capsys.readouterr().out
    assert "left to do:" in said
    assert added(before[types], types.read_text("utf-8")) == ["  click_stream:", "    - aws_ssm_parameter"]
    assert added(before[manifest], manifest.read_text("utf-8"))[:3] == [
        "  click_stream:",
        "    root: click_stream",
        "    lifecycle: ephemeral",
    ]
    entry = environments.load("dev_min").stacks["click_stream"]
    assert (entry.depends_on, entry.state_key) == (("core", "demo"), "dev_min/click_stream/terraform.tfstate")

    root = project / "terraform" / "click_stream"
    assert {path.name for path in root.iterdir()} == ROOT_FILES | {"tests"}
    text = "\n".join(path.read_text("utf-8") for path in root.rglob("*") if path.is_file())
    assert "STACK" not in text
    assert "fraud-platform-dev-min-click-stream" not in text, "names are made of variables"
    (tmp_path / "test").mkdir()
    assert passed_runs(root, tmp_path / "test", monkeypatch) == {"click_stream.tftest.hcl names_and_paths"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("core",), "dev_min has a stack core"),
        (("modules",), "is there already; name it as root of an entry of your own"),
        (("Reports",), "a name has 2 to 21 small letters, digits and underscores"),
        (("../reports",), "a name has 2 to 21 small letters, digits and underscores"),
        (("reports", "--depends-on", "lake"), "dev_min has no stack lake; it has core, confluent, demo"),
    ],
)
def test_what_cannot_be_written_changes_nothing(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert new(monkeypatch, *arguments) == 64
    assert said in " ".join(capsys.readouterr().err.split())
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_a_manifest_that_the_entry_breaks_is_put_back(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest, types = project / "environments" / "dev_min.yaml", project / "policies" / "allowed_types.yaml"
    types.write_text(types.read_text("utf-8").replace("stacks:\n", "stacks:\n  reports: [aws_sqs_queue]\n"), "utf-8")
    before = {path: path.read_bytes() for path in (manifest, types)}
    assert new(monkeypatch, "reports") == 64
    assert {path: path.read_bytes() for path in (manifest, types)} == before
    assert not (project / "terraform" / "reports").exists()


def test_the_skeleton_is_pinned_as_the_roots_are() -> None:
    skeleton = PROJECT / "include" / "skeletons" / "stack"
    for name in (".terraform.lock.hcl", "backend.tf", "terraform.tf", "providers.tf"):
        assert (skeleton / name).read_bytes() == (TERRAFORM / "demo" / name).read_bytes()
