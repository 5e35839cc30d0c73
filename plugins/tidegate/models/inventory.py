"""What is really there, asked service by service and region by region, independent of any state (TD5)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tidegate.models.facts import Coverage, Facts
from tidegate.models.observed import Observed
from tidegate.models.plan import PreserveItem
from tidegate.models.policy import ForbiddenRule, PolicyException
from tidegate.models.state import StateResource


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveResource:
    """One resource that answered. `type` is Terraform's name for it; `attributes` what policy or price looks at."""

    type: str
    id: str
    region: str
    status: str
    """The service's own word: `available`, `deleting`, `ACTIVE`, ..."""
    attributes: dict[str, Observed[Any]]
    tags: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """A scan. Each type x region that should be covered is in `coverage`, read or unreadable."""

    resources: tuple[LiveResource, ...]
    coverage: tuple[Coverage, ...]
    expected_coverage: tuple[str, ...]
    """Subjects (`aws_nat_gateway@eu-west-2`) that must be in `coverage`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureFacts(Facts):
    """Facts of M2.G: nothing forbidden runs (CO1, live)."""

    inventory: Inventory
    forbidden: tuple[ForbiddenRule, ...]
    exceptions: tuple[PolicyException, ...]
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualFacts(Facts):
    """Facts of M9.F: nothing of the environment is left, nothing preserved is missing (TD4, TD5)."""

    inventory: Inventory
    forbidden: tuple[ForbiddenRule, ...]
    exceptions: tuple[PolicyException, ...]
    today: date
    environment_tags: dict[str, str]
    """Tags which mark a resource as one of this environment's ephemeral stacks."""
    name_prefix: str
    """Ids or names with this prefix belong to the environment."""
    ephemeral_types: tuple[str, ...]
    """Types that only ephemeral stacks hold: what is left of them in the environment is residual."""
    destroy_set: tuple[StateResource, ...]
    destroyed_still_there: Observed[tuple[StateResource, ...]]
    preserve_set: tuple[PreserveItem, ...]
    preserved_missing: Observed[tuple[PreserveItem, ...]]
    persistent_serial_before: dict[str, int]
    """State serials of persistent stacks when the scope was frozen."""
    persistent_serial_after: dict[str, Observed[int]]
    looked_at: datetime
