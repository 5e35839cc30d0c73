"""Every file that a text of the product names is there: a remedy that sends people to a file leads somewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PLUGINS = PROJECT / "plugins" / "tidegate"
NAMED = re.compile(r"\b((?:include|docs|tests|dags|plugins)/[A-Za-z0-9_./-]*[A-Za-z0-9_])")
MADE_BY_A_RUN = {"docs/", "include/"}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string, docstrings too; of one with values in it, its parts."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_every_file_that_is_named_is_there() -> None:
    named = {
        (f"{path.relative_to(PROJECT)}:{line}", name)
        for path in sorted(PLUGINS.rglob("*.py"))
        for line, text in texts(path)
        for name in NAMED.findall(text)
    }
    assert len(named) > 40
    gone = sorted((where, name) for where, name in named if not (PROJECT / name).exists())
    assert gone == []
