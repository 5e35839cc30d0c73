"""What the AWS price list says about one offer."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tidegate.models.prices import Offer

DAMAGED = "the page of the price list is damaged, and no price is taken from it"
"""What is said of an answer that does not have the documented form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """The on-demand price of one unit in USD: of the first tier that costs something, 0 where none does."""

    usd: Decimal
    unit: str
    """As AWS writes it: `Hrs`, `GB-Mo`."""
    version: str
    """Of the offer file, e.g. `20261001120000`."""
    published: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPrice:
    """What the price list has in one region for an offer of another: how it is called there, and its price."""

    offer: Offer
    listed: ListedPrice
