"""Settings have a default each, and are read once."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from manifests import OWN
from tidegate.settings import PROJECT, settings


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OWN:
        monkeypatch.delenv(name)
    found = settings()
    assert found.profile == "aws"
    assert found.terraform == "terraform"
    assert found.provider_mirrors == ""
    assert {
        found.runs_dir.relative_to(PROJECT).as_posix(),
        found.environments_dir.relative_to(PROJECT).as_posix(),
        found.policies_dir.relative_to(PROJECT).as_posix(),
        found.terraform_dir.relative_to(PROJECT).as_posix(),
        found.work_dir.relative_to(PROJECT).as_posix(),
    } == {"runs", "include/environments", "include/policies", "include/terraform", "runs/terraform"}


def test_the_project_is_where_its_dags_are() -> None:
    assert (PROJECT / "dags").is_dir()
    assert (PROJECT / "plugins" / "tidegate" / "settings.py").is_file()


def test_defaults_do_not_depend_on_the_callers_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings().environments_dir.is_dir()
    assert settings().runs_dir.is_absolute()


def test_a_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(tmp_path))
    monkeypatch.setenv("TIDEGATE_PROFILE", "sandbox")
    assert settings().runs_dir == tmp_path
    assert settings().profile == "sandbox"


def test_they_are_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = settings()
    monkeypatch.setenv("TIDEGATE_RUNS_DIR", str(tmp_path))
    assert settings() is before
    settings.cache_clear()
    assert settings().runs_dir == tmp_path


def test_nobody_changes_them() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings().profile = "sandbox"


def test_an_unknown_profile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_PROFILE", "production")
    with pytest.raises(ValidationError, match="'aws' or 'sandbox'"):
        settings()
