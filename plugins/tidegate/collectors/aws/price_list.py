"""The AWS price list: what one unit costs on demand (CO6). Reads are free."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, NotThere, every, field, json_of, observe, text
from tidegate.models.observed import Observed
from tidegate.models.price_list import DAMAGED, FoundPrice, ListedPrice
from tidegate.models.prices import Offer

IAM_ACTIONS: tuple[str, ...] = ("pricing:GetProducts",)

ENDPOINT_REGION = "us-east-1"
"""The price list of every region is asked for here."""

CURRENCY = "USD"
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,15})?")
"""AWS writes ten digits behind the point. Decimal would also take `1_0`, `NaN` and an exponent."""


def read_listed_price(clients: Clients, offer: Offer, region: str) -> Observed[ListedPrice]:
    """The price of an offer in a region. Absent: the price list has no such product, or none that is sold on demand.

    Unreadable also when several products or prices fit: nobody guesses which is meant. Only usage type, region and
    operation are filtered by AWS: a product that lacks the attribute of a filter would look as if it were gone.
    """

    def read() -> ListedPrice:
        asked = {"usagetype": offer.usage_type, "regionCode": region} | _operation(offer)
        products = _products(clients, offer.service, asked)
        return _the_one_sold(products)[1]

    return observe(f"GetProducts {offer.service} {offer.usage_type} in {region}", read)


def find_listed_price(clients: Clients, offer: Offer, region: str) -> Observed[FoundPrice]:
    """What the offer of another region is called in this one, and its price there (CO6).

    No list of the prefixes of usage types is kept: the price list says how it writes the use in that region. Absent and
    Unreadable are as in `read_listed_price`; several usage types that mean the same use are Unreadable.
    """

    def read() -> FoundPrice:
        asked = {"regionCode": region} | _operation(offer)
        products = _products(clients, offer.service, asked, usage=offer.usage)
        usage_type, listed = _the_one_sold(
            [each for each in products if offer.fits_as(each["product"]["attributes"]["usagetype"])]
        )
        found = {"usage_type": usage_type, "region": None}
        return FoundPrice(offer=Offer.model_validate(offer.model_dump() | found), listed=listed)

    return observe(f"GetProducts {offer.service} {offer.usage} in {region}", read)


def _operation(offer: Offer) -> dict[str, str]:
    return {} if offer.operation is None else {"operation": offer.operation}


def _products(clients: Clients, service: str, asked: Mapping[str, str], usage: str = "") -> list[dict[str, Any]]:
    """Every product whose attributes are as asked, and whose usage type holds `usage` where that is given."""
    filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in asked.items()]
    if usage:
        filters.append({"Type": "CONTAINS", "Field": "usagetype", "Value": usage})
    found = clients.of("pricing", ENDPOINT_REGION).get_paginator("get_products")
    try:
        pages = found.paginate(ServiceCode=service, Filters=filters, FormatVersion="aws_v1")
        return [_product(item, asked) for item in every(pages, "PriceList")]
    except MalformedAnswer as error:
        raise MalformedAnswer(f"{DAMAGED}: {error}") from error


def _the_one_sold(products: list[dict[str, Any]]) -> tuple[str, ListedPrice]:
    """Usage type and price of the one product that is sold on demand. Raises NotThere where none is."""
    try:
        sold = [(product, term) for product in products for term in _on_demand(product)]
        prices = [
            (field(product, "product.attributes.usagetype", str), _listed(product, term)) for product, term in sold
        ]
    except MalformedAnswer as error:
        raise MalformedAnswer(f"{DAMAGED}: {error}") from error
    if not prices:
        raise NotThere
    if len(prices) > 1:
        raise MalformedAnswer(f"{len(prices)} products fit, expected one: name the operation in `offer`")
    return prices[0]


def _product(item: object, asked: Mapping[str, str]) -> dict[str, Any]:
    """One item of PriceList, which is JSON in a text; it must be what was asked for."""
    if not isinstance(item, str):
        raise MalformedAnswer("PriceList holds something that is no text")
    document = json_of(item, "an item of PriceList")
    field(document, "product.attributes.usagetype", str)
    for name, value in asked.items():
        given = field(document, f"product.attributes.{name}", str)
        if given != value:
            raise MalformedAnswer(f"asked for {name} {value}, answered {given}")
    product: dict[str, Any] = document
    return product


def _on_demand(product: dict[str, Any]) -> list[dict[str, Any]]:
    terms = field(product, "terms", dict).get("OnDemand", {})
    if not isinstance(terms, dict) or not all(isinstance(term, dict) for term in terms.values()):
        raise MalformedAnswer("terms.OnDemand is no mapping of terms")
    return list(terms.values())


def _listed(product: dict[str, Any], term: dict[str, Any]) -> ListedPrice:
    tiers = [_tier(dimension) for dimension in field(term, "priceDimensions", dict).values()]
    if not tiers:
        raise MalformedAnswer("priceDimensions is empty")
    rising = sorted(tiers)
    if len({begin for begin, _, _ in rising}) != len(rising):
        raise MalformedAnswer("two prices begin at the same amount")
    _, usd, unit = next((tier for tier in rising if tier[1] > 0), rising[0])
    return ListedPrice(
        usd=usd, unit=unit, version=text(product, "version"), published=_day(text(product, "publicationDate"))
    )


def _tier(dimension: object) -> tuple[Decimal, Decimal, str]:
    """From which amount on, USD per unit, unit."""
    prices = field(dimension, "pricePerUnit", dict)
    if CURRENCY not in prices:
        raise MalformedAnswer(f"priced in {', '.join(map(str, sorted(prices))) or 'no currency'}, expected {CURRENCY}")
    return _number(dimension, "beginRange"), _number(prices, CURRENCY), text(dimension, "unit")


def _number(node: object, name: str) -> Decimal:
    written = field(node, name, str)
    if not _AMOUNT.fullmatch(written):
        raise MalformedAnswer(f"{name} is not an amount")
    return Decimal(written)


def _day(written: str) -> date:
    try:
        return datetime.fromisoformat(written).date()
    except ValueError as error:
        raise MalformedAnswer("publicationDate is not a time") from error
