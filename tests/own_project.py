"""Manifests, policies and roots of a person's own, for a test that changes them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from remedies.breakages import owner_applies
from stage import ENVIRONMENT, Stage, environment_variable
from tidegate.environments import load, load_policies
from tidegate.models.execution_role import role_of
from tidegate.settings import settings


@contextmanager
def own_project(stage: Stage) -> Iterator[Path]:
    """Manifests, policies and roots of a person's own: copies that may be changed for the `with` block.

    Afterwards the role has what it had before.
    """
    settings.cache_clear()
    place = stage.directory / "own-project"
    shutil.rmtree(place, ignore_errors=True)
    left_out = shutil.ignore_patterns(".terraform")
    for name in ("environments", "policies", "terraform"):
        shutil.copytree(getattr(settings(), f"{name}_dir"), place / name, ignore=left_out)
    try:
        with ExitStack() as until:
            for name in ("environments", "policies", "terraform"):
                until.enter_context(environment_variable(f"TIDEGATE_{name.upper()}_DIR", str(place / name)))
            settings.cache_clear()
            yield place
    finally:
        settings.cache_clear()
        _put_the_role_right(stage)


def _put_the_role_right(stage: Stage) -> None:
    """The owner takes off what the own project's stacks needed: other tests share the account."""
    environment = load(ENVIRONMENT)
    role, iam = role_of(environment, load_policies(environment)), stage.sandbox.client("iam")
    for policy in iam.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"]:
        if policy["PolicyArn"] not in role.policies:
            iam.detach_role_policy(RoleName=role.name, PolicyArn=policy["PolicyArn"])
    owner_applies(stage)


def edit(path: Path, change: Callable[[Any], None]) -> None:
    yaml = YAML(typ="rt")
    document = yaml.load(path.read_text("utf-8"))
    change(document)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)


def passed(run: Any) -> None:
    assert run.state == "success", (run.tasks, {name: run.codes(name) for name in run.snapshots})
