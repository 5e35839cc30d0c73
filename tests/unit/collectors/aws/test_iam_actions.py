"""Every collector says which IAM actions it needs, in the form that a policy wants."""

import importlib
import pkgutil
import re

import pytest

import tidegate.collectors.aws as root

WITHOUT_CALLS_OF_THEIR_OWN = {
    "arns",
    "bucket_policy",
    "clients",
    "inventory.beyond",
    "inventory.listing",
    "lookup.question",
    "money",
    "reading",
    "stack_backend",
    "tags",
}
NAMES = [
    module.name.removeprefix(f"{root.__name__}.")
    for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
]


@pytest.mark.parametrize("name", sorted(set(NAMES) - WITHOUT_CALLS_OF_THEIR_OWN))
def test_a_collector_declares_its_actions(name):
    actions = importlib.import_module(f"{root.__name__}.{name}").IAM_ACTIONS
    assert isinstance(actions, tuple)
    assert list(actions) == sorted(set(actions)), "sorted, each once"
    offenders = [action for action in actions if not re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]+", action)]
    assert not offenders


def test_the_exceptions_are_real_modules():
    assert set(NAMES) >= WITHOUT_CALLS_OF_THEIR_OWN
    for name in WITHOUT_CALLS_OF_THEIR_OWN:
        assert not hasattr(importlib.import_module(f"{root.__name__}.{name}"), "IAM_ACTIONS"), name


def test_collectors_that_only_put_others_together_or_read_files_need_nothing():
    empty = {
        name for name in NAMES if getattr(importlib.import_module(f"{root.__name__}.{name}"), "IAM_ACTIONS", 1) == ()
    }
    assert empty == {"backend", "static_keys"}
