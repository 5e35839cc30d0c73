"""Which state owns what (ST5)."""

from dataclasses import dataclass

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed
from tidegate.models.state import StateResource


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedState:
    """The managed resources of one stack's state. Absent: the stack has no state."""

    stack: str
    destroyable: bool
    resources: Observed[tuple[StateResource, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipFacts(Facts):
    """Facts of M2.H. Every stack of the manifest is expected among `states`, once."""

    expected_stacks: tuple[str, ...]
    states: tuple[OwnedState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who may hold what stands: every state, and by which marks a resource is this environment's."""

    states: tuple[OwnedState, ...]
    region: str
    """The region of the states."""
    tags: dict[str, str]
    """All of them together mark a resource as the environment's."""
    name_prefix: str
    """`fraud-platform-dev-min`: a resource of this name, or of one that goes on with a dash, is the environment's."""
    dedicated: bool
    """The manifest says that nobody else uses the account."""
