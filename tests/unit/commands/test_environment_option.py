"""Without `--environment` a command takes the only environment; of several it asks which."""

import shutil
import sys
from pathlib import Path

import pytest

from manifests import COMMITTED
from tidegate import cli
from tidegate.settings import settings


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((), "there is no manifest in include/environments"),
        (("dev_min", "lake_min"), "say which: dev_min, lake_min"),
    ],
)
@pytest.mark.parametrize("command", [("show", "m2_x"), ("findings",), ("plan-check", "-"), ("prices", "check")])
def test_the_command_asks_which(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: tuple[str, ...],
    names: tuple[str, ...],
    said: str,
) -> None:
    for name in names:
        shutil.copy(COMMITTED, tmp_path / f"{name}.yaml")
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["tidegate", *command])
    settings.cache_clear()
    try:
        assert cli.main() == 64
    finally:
        settings.cache_clear()
    assert f"--environment: {said}" in capsys.readouterr().err
