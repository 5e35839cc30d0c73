"""A scenario: what breaks, what the person does whom a remedy asks, and the codes that are met on the way out."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remedies.walker import Played
from stage import Stage

Happening = Callable[["Scene"], None]


@dataclass(slots=True)
class Scene:
    """A stage with what a scenario keeps of what it broke, and the manifest that it runs with."""

    stage: Stage
    manifest: Path
    kept: dict[str, Any] = field(default_factory=dict)
    undo: ExitStack = field(default_factory=ExitStack)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`broken` breaks the world; the run of `phase` with `conf` is red; `codes` are met, in this order."""

    name: str
    phase: str
    conf: Mapping[str, Any]
    codes: tuple[str, ...]
    steps: int
    broken: Happening
    right_before: Mapping[str, Happening] = field(default_factory=dict)
    """What happens in the red run just before a task starts: too late for the gates before it."""
    played: Callable[[Scene], Played] = lambda _scene: Played()
    cheap: bool = False
    """One of those that `make test` runs."""
    tears_down: bool = False
    """It leaves nothing built, or the evidence with records that the next shall not meet."""
