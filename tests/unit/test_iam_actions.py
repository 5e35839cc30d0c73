"""What collectors and bootstrap call, the execution role may: both lists are kept by hand, so a test compares them."""

import importlib
import pkgutil
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import tidegate.collectors.aws
import tidegate.operators
import tidegate.terraform

CORE = Path(__file__).resolve().parents[2] / "include" / "terraform" / "core"
STATEMENTS = [
    statement
    for document in sorted(CORE.glob("execution_policy*.tf"))
    for statement in document.read_text(encoding="utf-8").split("statement {")[1:]
]
GRANTED = {
    action
    for statement in STATEMENTS
    if not re.search(r'effect\s*=\s*"Deny"', statement)
    for action in re.findall(r'"([a-z0-9-]+:[A-Za-z*]+)"', statement)
}


def declared() -> list[tuple[str, str]]:
    """Module and action, for every module of collectors, operators and terraform that declares actions."""
    packages = (tidegate.collectors.aws, tidegate.operators, tidegate.terraform)
    names = [m.name for p in packages for m in pkgutil.walk_packages(p.__path__, f"{p.__name__}.")]
    modules = [importlib.import_module(name) for name in names]
    return sorted({(m.__name__, action) for m in modules for action in getattr(m, "IAM_ACTIONS", ())})


def test_actions_are_declared() -> None:
    assert len(declared()) > 30


@pytest.mark.parametrize(("module", "action"), declared())
def test_the_execution_role_may_do_what_the_code_calls(module: str, action: str) -> None:
    assert any(fnmatchcase(action, granted) for granted in GRANTED), f"{module} calls {action}"
