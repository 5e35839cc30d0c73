"""Every text file of the project, for tests that hold one thing against all of them."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
_NOT_OURS = {"__pycache__", "runs", "secrets"}
_HIDDEN_BUT_OURS = {
    ".airflowignore",
    ".ci",
    ".dockerignore",
    ".env.example",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
}


@cache
def sources() -> dict[Path, str]:
    """Text by path, below the project. New files count before they are committed; what runs leave never does."""
    return dict(_read(PROJECT))


def _read(directory: Path) -> Iterator[tuple[Path, str]]:
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        if entry.name in _NOT_OURS or (entry.name.startswith(".") and entry.name not in _HIDDEN_BUT_OURS):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _read(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            try:
                yield Path(entry.path).relative_to(PROJECT), Path(entry.path).read_text("utf-8")
            except UnicodeDecodeError:
                continue
