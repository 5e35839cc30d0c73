"""Execution ids as people type them."""

from typing import get_args

import pytest
import typer

from tidegate.commands.executions import phase_named
from tidegate.evidence.layout import Phase


@pytest.mark.parametrize("phase", get_args(Phase))
def test_the_phase_is_the_prefix(phase: Phase) -> None:
    assert phase_named(f"{phase}_20260213T201427Z") == phase


@pytest.mark.parametrize("text", ["", "stop", "m3_20260213T201427Z", "stop_20260213", "xstop_20260213T201427Z"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not an execution id"):
        phase_named(text)
