"""What everything that was found costs by the hour, together (CO6). Pure."""

from dataclasses import dataclass
from decimal import Decimal

from tidegate.cost.pricing import NOTHING, Pricing, Unpriced, price_of_live
from tidegate.models.inventory import Inventory, LiveResource
from tidegate.models.prices import PricePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One resource and its price."""

    resource: LiveResource
    pricing: Pricing


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRate:
    """USD per hour of one platform. `usd_per_hour` is certain also where something has no price or was not read."""

    usd_per_hour: Decimal
    lines: tuple[Line, ...]
    unread: tuple[str, ...]
    """Subjects (`aws_nat_gateway@eu-west-2`) that could not be read, or that nobody read, with the reason."""

    @property
    def unpriced(self) -> tuple[Line, ...]:
        """The lines that nobody can price."""
        return tuple(line for line in self.lines if isinstance(line.pricing, Unpriced))

    @property
    def complete(self) -> bool:
        """Everything was read and has a price; only then is the rate no lower bound."""
        return not self.unread and not self.unpriced


def run_rate(inventory: Inventory, prices: PricePolicy) -> RunRate:
    """The rate at which this inventory spends. An inventory that had to cover nothing vouches for nothing."""
    lines = tuple(Line(resource=found, pricing=price_of_live(found, prices)) for found in inventory.resources)
    covered = {it.subject for it in inventory.coverage}
    unread = [f"{it.subject}: {it.reason}" for it in inventory.coverage if it.status != "read"]
    unread += [f"{subject}: not read" for subject in inventory.expected_coverage if subject not in covered]
    if not inventory.expected_coverage:
        unread.append("inventory: it had to cover nothing")
    return RunRate(
        usd_per_hour=sum((line.pricing.at_least for line in lines), start=NOTHING), lines=lines, unread=tuple(unread)
    )
