"""Manifests, policies and roots of a person's own, for a test that changes them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stage import Stage, environment_variable
from tidegate.settings import settings


@contextmanager
def own_project(stage: Stage) -> Iterator[Path]:
    """Manifests, policies and roots of a person's own: copies that may be changed for the `with` block."""
    settings.cache_clear()
    place = stage.directory / "own-project"
    shutil.rmtree(place, ignore_errors=True)
    left_out = shutil.ignore_patterns(".terraform")
    for name in ("environments", "policies", "terraform"):
        shutil.copytree(getattr(settings(), f"{name}_dir"), place / name, ignore=left_out)
    with ExitStack() as until:
        for name in ("environments", "policies", "terraform"):
            until.enter_context(environment_variable(f"TIDEGATE_{name.upper()}_DIR", str(place / name)))
        settings.cache_clear()
        yield place


def edit(path: Path, change: Callable[[Any], None]) -> None:
    yaml = YAML(typ="rt")
    document = yaml.load(path.read_text("utf-8"))
    change(document)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)


def passed(run: Any) -> None:
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
