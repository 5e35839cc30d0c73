"""What collectors and bootstrap call, the execution role may: both lists are kept by hand, so a test compares them."""

import importlib
import pkgutil
from fnmatch import fnmatchcase

import pytest

import tidegate.collectors.aws
import tidegate.operators
import tidegate.terraform
from tidegate.environments import load, load_policies

POLICY = load_policies(load("dev_min")).execution_role
GRANTED = {
    action for statements in POLICY.documents.values() for statement in statements for action in statement.actions
}
WITH_TYPES = {action for grants in POLICY.grants.values() for grant in grants for action in grant.actions}
"""What a stack gets that may hold some type; no environment has it without."""


ASKS_ABOUT_TYPES = {"tidegate.collectors.aws.lookup", "tidegate.collectors.aws.lookup.serverless"}
"""Nobody calls these where no stack may hold the types (tests/unit/collectors/aws/test_lookup.py)."""
WITHOUT_PERMISSION = "sts:GetCallerIdentity"
"""Whoever has a key may ask who they are."""


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
    granted = action == WITHOUT_PERMISSION or any(fnmatchcase(action, pattern) for pattern in GRANTED)
    granted |= module in ASKS_ABOUT_TYPES and action in WITH_TYPES
    assert granted, f"{module} calls {action}: allow it in include/policies/execution_role.yaml"
