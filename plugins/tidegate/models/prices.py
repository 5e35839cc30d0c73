"""Prices as data: what costs by the hour or month, what costs by use, and what costs nothing while it stands (CO6).

US dollars only. Nothing is free because nobody wrote a price: a type without an entry has no price (`cost.pricing`).
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from tidegate.models.scalars import Said, Scalar

ALL = "all"
"""The region of a price that holds everywhere."""

StandingUnit = Literal["hour", "month", "vCPU-hour", "GB-hour", "GB-month", "node-hour", "address-hour"]
"""What costs while it stands: the resource itself by the hour or month, or something of which it has a number."""

UsageUnit = Literal["GB", "GB-hour", "GB-month", "LCU-hour", "eCKU-hour", "address-hour", "request", "action-day"]
"""What is counted as it is used; no inventory shows it."""

Side = Literal["live", "plan"]
Seen = Literal["everywhere", "live", "plan"]
"""Where an entry counts. A fleet costs nothing live, for its machines are listed themselves; in a plan they are not."""


_NUMBER_OF_A_KIND = re.compile(r"[-+0-9._eE\s]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_REGION_PREFIX = re.compile(r"(?:[A-Z]{2,4}[0-9]?-)?")
"""How a usage type begins: `EUW2-` is London, `EU-` Ireland, and North Virginia often has none."""
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def _written_as_text(given: Any) -> Any:
    """A number without quotes may already have lost digits; an exponent or `1_0` is easily misread."""
    if not isinstance(given, str):
        raise ValueError('must be a text, as in usd: "0.05"')
    if _NUMBER_OF_A_KIND.fullmatch(given) and not _PLAIN_NUMBER.fullmatch(given):
        raise ValueError(f'must be digits and a point, as in usd: "0.05" (given: {given!r})')
    try:
        return Decimal(given)  # evidence is read back strictly: pydantic takes no text for a number there
    except InvalidOperation:
        return given


def _written_as_day(given: Any) -> Any:
    """Pydantic would also take seconds since 1970, and a time of midnight."""
    if not isinstance(given, date | str) or not _DAY.fullmatch(str(given)):
        raise ValueError(f'must be a day, as in date: "2026-10-05" (given: {given!r})')
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        return given


def _once(types: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(types)) != len(types):
        raise ValueError("a type is named twice")
    return types


UnitPrice = Annotated[
    Decimal,
    BeforeValidator(_written_as_text),
    Field(gt=0, max_digits=14, decimal_places=10),
    PlainSerializer(lambda usd: format(usd, "f"), return_type=str, when_used="json"),
]
TypeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Types = Annotated[tuple[TypeName, ...], Field(min_length=1), AfterValidator(_once)]
Region = Annotated[str, Field(pattern=r"^(all|[a-z]{2}(-[a-z]+)+-[0-9])$")]
PartName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
AttributeName = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*(\.#)?$")]
"""Terraform's name, dotted; a trailing `.#` is the number of blocks, as in `basic.#`."""
Conditions = dict[AttributeName, Scalar | Annotated[tuple[Scalar, ...], Field(min_length=1)]]
"""By attribute the value, or the values one of which, it must have. All must hold."""
Day = Annotated[date, BeforeValidator(_written_as_day)]
Reason = Annotated[str, Field(min_length=10, pattern=r"\S")]
OfferName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{0,199}$")]
"""As the AWS price list writes services, usage types and operations."""


STAND_IN = "STAND-IN"
"""Begins the source of a price that the sandbox's price list answered: it is no price of AWS."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    types: Types
    """Terraform's resource types; all aliases are listed."""
    region: Region = ALL
    date: Day
    """When the source was read. A day that has not come yet is refused where prices are judged."""


class Offer(BaseModel):
    """Where the AWS price list has a price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: OfferName
    """AWS's service code, e.g. AmazonEC2."""
    usage_type: OfferName
    operation: OfferName | None = None
    """Where a usage type has several products: `CreateDBInstance:0014` is PostgreSQL."""
    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")] | None = None
    """For a price of all regions the one whose price stands for them; otherwise the price says it."""

    @property
    def usage(self) -> str:
        """The usage type without the region that it begins with: `NatGateway-Hours`."""
        return _REGION_PREFIX.sub("", self.usage_type, count=1)

    def fits_as(self, usage_type: str) -> bool:
        """Does another usage type mean the same use, in whichever region?"""
        found = _REGION_PREFIX.match(usage_type)
        return self.usage in (usage_type, usage_type[found.end() :] if found else usage_type)


def _asked_in_one_region(region: str, offer: Offer | None) -> None:
    if offer is not None and (region == ALL) is not (offer.region is not None):
        wanted = "needs" if region == ALL else "takes no"
        raise ValueError(f"a price of region {region} {wanted} offer.region")


class Price(_Entry):
    """What one part of a resource costs while it stands."""

    region: Region
    part: PartName = "itself"
    """A resource costs the sum of its parts: a database its machine and its storage."""
    when: Conditions = {}
    where: Seen = "everywhere"
    usd: UnitPrice
    unit: StandingUnit
    times: dict[AttributeName, Annotated[int, Field(ge=1)]] = {}
    """By attribute how much of it makes one unit: `cpu: 1024` for vCPU-hours of ECS. Several are multiplied."""
    count: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many units one resource has at most, where no attribute says: an interface endpoint is billed per zone."""
    source: Said
    offer: Offer | None = None
    """None: the price is not in the AWS price list, and is checked by hand."""

    @model_validator(mode="after")
    def _the_offer_is_of_one_region(self) -> "Price":
        _asked_in_one_region(self.region, self.offer)
        return self

    @model_validator(mode="after")
    def _a_measured_unit_is_measured(self) -> "Price":
        whole = self.unit in {"hour", "month"}
        if whole and self.times:
            raise ValueError(f"unit {self.unit} is of the whole resource and takes no times")
        if not whole and not self.times:
            raise ValueError(f"unit {self.unit} needs times: which attribute says how many")
        return self

    @property
    def monthly(self) -> bool:
        """Is `usd` for a month rather than for an hour?"""
        return self.unit.endswith("month")


class Free(_Entry):
    """What costs nothing while it merely stands, and why. Use may cost; the bill tells it."""

    part: PartName | None = None
    """None: the whole resource."""
    when: Conditions = {}
    where: Seen = "everywhere"
    reason: Reason


class Usage(_Entry):
    """What use of a resource costs. It is shown and never projected."""

    types: tuple[TypeName, ...] = ()
    """Empty: it belongs to no resource, as an API request."""
    region: Region
    what: Said
    usd: UnitPrice
    unit: UsageUnit
    source: Said
    offer: Offer | None = None
    """None: the price is not in the AWS price list, and is checked by hand."""

    @model_validator(mode="after")
    def _the_offer_is_of_one_region(self) -> "Usage":
        _asked_in_one_region(self.region, self.offer)
        return self


class Gap(_Entry):
    """Types whose price is not known here, and why that does no harm. They stay unpriced."""

    where: Seen = "everywhere"
    reason: Reason


class PricePolicy(BaseModel):
    """`include/policies/prices.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    currency: Literal["USD"]
    hours_per_month: Annotated[int, Field(ge=672, le=744)]
    """What a price for a month is divided by: AWS takes 730."""
    prices: tuple[Price, ...] = Field(min_length=1)
    free: tuple[Free, ...] = ()
    usage: tuple[Usage, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @model_validator(mode="after")
    def _everything_is_said_once(self) -> "PricePolicy":
        standing = [
            *(_Place("prices", number, price, price.part) for number, price in enumerate(self.prices)),
            *(_Place("free", number, free, free.part) for number, free in enumerate(self.free)),
        ]
        used = [_Place("usage", number, each, each.what) for number, each in enumerate(self.usage)]
        problems = [*_repeated(standing), *_repeated(used)]
        if problems:
            raise ValidationError.from_exception_data("prices", problems)
        return self

    def naming(self, types: Iterable[str]) -> "PricePolicy":
        """What is said about these types and no others, for facts. One price stays in any case, as a file has one."""
        wanted = set(types)
        prices = tuple(each for each in self.prices if not wanted.isdisjoint(each.types)) or self.prices[:1]
        free = tuple(each for each in self.free if not wanted.isdisjoint(each.types))
        usage = tuple(each for each in self.usage if not wanted.isdisjoint(each.types))
        gaps = tuple(each for each in self.gaps if not wanted.isdisjoint(each.types))
        return self.model_copy(update={"prices": prices, "free": free, "usage": usage, "gaps": gaps})

    def attributes_of(self, resource_type: str, side: Side | None = None) -> tuple[str, ...]:
        """The attributes that decide what a type costs, live, in a plan, or (without a side) anywhere.

        Facts that are to be priced must keep them.
        """
        standing: tuple[Price | Free, ...] = (*self.prices, *self.free)
        decisive = {
            name
            for entry in standing
            if resource_type in entry.types and (side is None or entry.where in ("everywhere", side))
            for name in (*entry.when, *(entry.times if isinstance(entry, Price) else ()))
        }
        return tuple(sorted(decisive))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an entry stands in the file, and which part of a resource it is about."""

    section: str
    number: int
    entry: Price | Free | Usage
    part: str | None

    def keys(self) -> Iterator[Hashable]:
        """What may be said once only, per type."""
        entry = self.entry
        when = frozenset() if isinstance(entry, Usage) else frozenset((k, _typed(v)) for k, v in entry.when.items())
        seen = "everywhere" if isinstance(entry, Usage) else entry.where
        for kind in entry.types or ("",):
            for where in ("live", "plan") if seen == "everywhere" else (seen,):
                yield kind, entry.region, self.part, where, when


def _typed(value: Any) -> Hashable:
    """1 and true are equal in Python, and two values in a policy; the order in a list means nothing."""
    values = value if isinstance(value, tuple) else (value,)
    return frozenset((type(each), each) for each in values)


def _repeated(places: Sequence[_Place]) -> Iterator[InitErrorDetails]:
    """The entries that say something for a second time, with their place so that the line is told."""
    seen: set[Hashable] = set()
    for place in places:
        keys = set(place.keys())
        if keys & seen:
            kinds = ", ".join(place.entry.types) or str(place.part)
            problem = PydanticCustomError("value_error", "Value error, {said}", {"said": f"said before: {kinds}"})
            yield InitErrorDetails(type=problem, loc=(place.section, place.number), input=None)
        seen |= keys
