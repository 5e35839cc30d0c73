"""What one stack takes from another (LC5)."""

from dataclasses import dataclass, field
from typing import Literal

from tidegate.models.facts import Facts
from tidegate.models.observed import Absent, Observed
from tidegate.models.state import StateVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One SSM parameter as described: its value is never asked for (ID4)."""

    name: str
    type: str
    """`String`, `StringList` or `SecureString`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One upstream stack: its state now, the serial that this run left it with, outputs and secrets by name."""

    stack: str
    source: Literal["remote_state", "manual"]
    manual_allowed: bool
    state: Observed[StateVersion]
    expected_serial: Observed[int]
    """The serial that the lane of the upstream stack recorded in this very run."""
    required_outputs: tuple[str, ...]
    outputs: dict[str, Observed[str]]
    """`Known` holds the sha256 of the value, not the value: the contract is about presence and identity."""
    required_secrets: tuple[str, ...] = ()
    """Full names of the SSM parameters that the upstream must have written, each a SecureString."""
    secrets: Observed[tuple[Parameter, ...]] = field(default_factory=Absent)
    """The parameters below the environment's prefix for secrets. Absent: none is required, so none was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFacts(Facts):
    """Facts of M2.E."""

    consumer: str
    upstreams: tuple[Upstream, ...]
