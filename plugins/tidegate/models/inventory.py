"""What is really there, asked service by service and region by region, independent of any state (TD5)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from tidegate.models.facts import Coverage, Facts
from tidegate.models.observed import Observed
from tidegate.models.ownership import Owners
from tidegate.models.policy import ForbiddenRule, PolicyException


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
class NotScanned:
    """What a scan does not look at.

    A type in every region (`aws_kms_key@*`), or in one that is without its service (`aws_kms_key@eu-west-1`), or a
    whole region (`*@eu-west-1`).
    """

    subject: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """A scan. Each type x region that should be covered is in `coverage`, read or unreadable."""

    resources: tuple[LiveResource, ...]
    coverage: tuple[Coverage, ...]
    expected_coverage: tuple[str, ...]
    """Subjects (`aws_nat_gateway@eu-west-2`) that must be in `coverage`."""
    not_scanned: tuple[NotScanned, ...] = ()
    """The limits of the scan. Empty in evidence of versions that did not say them."""
    beyond: tuple[str, ...] = ()
    """Regions outside the manifest's that were looked at as well, as far as they are open. Empty in evidence of
    versions that looked at none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureFacts(Facts):
    """Facts of M2.G: nothing forbidden runs (CO1, live)."""

    inventory: Inventory
    forbidden: tuple[ForbiddenRule, ...]
    exceptions: tuple[PolicyException, ...]
    today: date
    owners: Owners | None = None
    """None in evidence of versions that did not look."""
