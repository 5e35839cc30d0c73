"""No stack and no environment is known by name in the code: everything follows from the manifest."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from manifests import PROJECT
from tidegate.environments import load, names

PLUGINS = PROJECT / "plugins" / "tidegate"
ALLOWED = {
    ("models/budget.py", "core"): "evidence of versions that knew the stack by name",
    ("models/stack_variables.py", "core"): "variables of a root that ships, by the root's name",
    ("models/stack_variables.py", "demo"): "variables of a root that ships, by the root's name",
    ("commands/new_environment.py", "demo"): "the Makefile's target `make demo`",
    **{
        (file, "demo"): "names that the root demo gives to what it makes"
        for file in ("models/names.py", "models/execution_role.py")
    },
}
PLATFORM = "confluent"
"""Also the name of a platform, which the code knows."""


def texts(path: Path) -> Iterator[str]:
    """Every string of a file that is no docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def test_no_code_knows_a_stack_or_an_environment_by_name() -> None:
    known = set(names()) | {stack for name in names() for stack in load(name).stacks}
    word = re.compile(rf"(?<![a-z])({'|'.join(sorted(known - {PLATFORM}))})(?![a-z])")
    found = {
        (path.relative_to(PLUGINS).as_posix(), match)
        for path in PLUGINS.rglob("*.py")
        for text in texts(path)
        for match in word.findall(text)
        if not text.startswith("amzn-s3-demo-")
    }
    assert known > {"core", "demo", "dev_min"}
    assert found == set(ALLOWED)
