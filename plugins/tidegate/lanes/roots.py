"""A stack's root is judged before terraform sees it: nothing of a refused one is copied or initialised (ADR 42)."""

from collections.abc import Iterator
from dataclasses import replace

from tidegate.gates.rules_root import root_blockers
from tidegate.lanes.run import LaneRun
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.root import RootPart, RootSources
from tidegate.terraform import workspace
from tidegate.terraform.root_reader import read_root
from tidegate.terraform.workspace import StackRootMissing, Workspace


class RootRefused(Exception):
    """The root may not be initialised; the text names each reason by code and place."""


def look_at_root(run: LaneRun, stack: str) -> Observed[RootSources]:
    """What the root and its local modules hold. Absent: it is no root of a stack, so terraform is not started there."""
    found = root_of_stack(run.environment, stack)
    if not isinstance(found, Known):
        return found
    return Known(replace(found.value, parts=(*found.value.parts, *_logins(run, stack))))


def root_of_stack(environment: Environment, stack: str) -> Observed[RootSources]:
    """The same without a run, so without a look at the logins that its connections give."""
    try:
        root, modules = workspace.sources(environment, stack)
        return Known(read_root(root, modules, environment.providers, environment.stacks[stack].secret_variables))
    except StackRootMissing:
        return Absent()
    except OSError as error:
        return Unreadable(f"{error.strerror}: {error.filename}")


def _logins(run: LaneRun, stack: str) -> Iterator[RootPart]:
    for name, held in run.logins(stack).items():
        if isinstance(held, Unreadable):
            yield RootPart(kind="no_login", what=held.reason, where=f"stacks.{stack}.connections.{name}")


def checked_workspace(run: LaneRun, stack: str) -> tuple[Workspace, str]:
    """`workspace.prepare`, after the root was judged. Raises RootRefused, and StackRootMissing."""
    looked = look_at_root(run, stack)
    if refused := tuple(root_blockers(looked, stack)):
        raise RootRefused("; ".join(f"{it.code} {it.resource}: {it.observed}" for it in refused))
    prepared, digest = workspace.prepare(run.environment, stack)
    if not isinstance(looked, Known) or looked.value.source_digest != digest:
        raise RootRefused(f"the root of {stack} changed while it was read")
    return prepared, digest
