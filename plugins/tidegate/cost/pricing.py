"""What one resource costs by the hour while it stands, live or planned (CO6).

Pure. There are three outcomes, and zero is never a guess: a price, the statement that standing costs nothing, or
unpriced with the reason. A status is not looked at: what is stopped or on its way out counts until it is gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal, InvalidOperation
from typing import Any

from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Known, Planned, shown
from tidegate.models.plan import PlannedResource
from tidegate.models.prices import ALL, Free, Price, PricePolicy, Side
from tidegate.models.scalars import Scalar

Attributes = Mapping[str, Planned[Any]]

NOTHING = Decimal(0)
_SMALLEST = Decimal("1E-10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one part of a resource costs, in USD per hour, and where that is from."""

    name: str
    usd_per_hour: Decimal
    said: str
    read_on: date | None = None
    """When the source of the price was read. None: it costs nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """The resource costs `at_least`, its parts together, in USD per hour; no more, but for what is billed `by_use`."""

    at_least: Decimal
    parts: tuple[Part, ...]
    by_use: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CostsNothing:
    """Standing costs nothing, as the prices say; what is billed `by_use` comes with the bill."""

    reason: str
    by_use: tuple[str, ...] = ()

    @property
    def at_least(self) -> Decimal:
        """0 USD per hour."""
        return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpriced:
    """Nobody can say what the resource costs. `at_least`: the parts that have a price, in USD per hour."""

    reason: str
    at_least: Decimal = NOTHING


Pricing = Priced | CostsNothing | Unpriced


def price_of_live(resource: LiveResource, prices: PricePolicy) -> Pricing:
    """The price of what an inventory found, where it was found."""
    return price(resource.type, resource.region, resource.attributes, "live", prices)


def price_of_planned(resource: PlannedResource, prices: PricePolicy, region: str) -> Pricing:
    """The price of a resource as it is planned to be, in the region of its stack."""
    return price(resource.type, region, resource.attributes, "plan", prices)


def price(kind: str, region: str, attributes: Attributes, side: Side, prices: PricePolicy) -> Pricing:
    """The price of a resource of this type with these attributes."""
    by_use = tuple(use.what for use in prices.usage if kind in use.types and use.region in (region, ALL))
    free = [each for each in prices.free if _concerns(each, kind, side)]
    whole = _fitting([each for each in free if each.part is None], region, attributes)
    if isinstance(whole, Free):
        return CostsNothing(reason=whole.reason, by_use=by_use)
    if isinstance(whole, str):
        return Unpriced(reason=whole)
    standing = [each for each in prices.prices if _concerns(each, kind, side)]
    names = tuple(dict.fromkeys(each.part for each in standing))  # of all regions: none may be missing here
    if not names:
        return Unpriced(reason=_no_entry(kind, region, side, prices))
    parts, reasons = [], []
    entries: list[Price | Free] = [*standing, *free]
    for name in names:
        own = [each for each in entries if each.part == name]
        match _part(name, own, region, attributes, prices.hours_per_month):
            case Part() as part:
                parts.append(part)
            case None:
                reasons.append(f"{name}: {_no_entry(kind, region, side, prices)}")
            case str(reason):
                reasons.append(f"{name}: {reason}")
    at_least = sum((part.usd_per_hour for part in parts), start=NOTHING)
    if reasons:
        return Unpriced(reason="; ".join(reasons), at_least=at_least)
    return Priced(at_least=at_least, parts=tuple(parts), by_use=by_use)


def _concerns(entry: Price | Free, kind: str, side: Side) -> bool:
    return kind in entry.types and entry.where in ("everywhere", side)


def _no_entry(kind: str, region: str, side: Side, prices: PricePolicy) -> str:
    gaps = [
        gap.reason
        for gap in prices.gaps
        if kind in gap.types and gap.region in (region, ALL) and gap.where in ("everywhere", side)
    ]
    return "; ".join([f"no price of {kind} in {region} fits", *gaps])


def _part(
    name: str, entries: Sequence[Price | Free], region: str, attributes: Attributes, hours_per_month: int
) -> Part | str | None:
    """The part's price; None: no entry fits; a text: why it cannot be told."""
    match _fitting(entries, region, attributes):
        case Price() as entry:
            quantity = _quantity(entry, attributes)
            if isinstance(quantity, str):
                return quantity
            usd = entry.usd * quantity / (hours_per_month if entry.monthly else 1)
            said = f"{quantity.normalize():f} x {entry.usd} USD per {entry.unit}: {entry.source}"
            return Part(name=name, usd_per_hour=rounded_up(usd), said=said, read_on=entry.date)
        case Free(reason=reason):
            return Part(name=name, usd_per_hour=NOTHING, said=reason)
        case other:
            return other


def rounded_up(usd: Decimal) -> Decimal:
    """With ten digits behind the point, never less than it was."""
    return usd.quantize(_SMALLEST, rounding=ROUND_UP)


def _fitting(entries: Sequence[Price | Free], region: str, attributes: Attributes) -> Price | Free | str | None:
    """The one entry that fits: the region's own first. None: none does; a text: why nobody can tell."""
    for place in (region, ALL):
        doubts, fitting = [], []
        for entry in entries:
            if entry.region == place:
                match list(_against(entry.when, attributes)):
                    case []:
                        fitting.append(entry)
                    case against if None not in against:
                        doubts += [doubt for doubt in against if doubt is not None]
        if doubts:
            return ", ".join(dict.fromkeys(doubts))
        if len(fitting) > 1:
            return f"{len(fitting)} prices fit at once"
        if fitting:
            return fitting[0]
    return None


def _against(when: Mapping[str, Scalar | tuple[Scalar, ...]], attributes: Attributes) -> Iterator[str | None]:
    """What keeps conditions from holding: None where one does not hold, a text where nobody can tell."""
    for name, wanted in when.items():
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        observed = attributes.get(name)
        if not isinstance(observed, Known):
            yield f"{name} is {'not among the facts' if observed is None else shown(observed)}"
        elif not any(type(value) is type(observed.value) for value in values):
            yield f"{name} is a {type(observed.value).__name__}"
        elif not any(type(value) is type(observed.value) and value == observed.value for value in values):
            yield None


def _quantity(entry: Price, attributes: Attributes) -> Decimal | str:
    """How many units; a text: why that cannot be told."""
    quantity = Decimal(entry.count)
    for name, size in entry.times.items():
        observed = attributes.get(name)
        if not isinstance(observed, Known):
            return f"{name} is {'not among the facts' if observed is None else shown(observed)}"
        number = _number(observed.value)
        if number is None:
            return f"{name} is {observed.value!r}, expected a number from 0 on"
        quantity *= number / size
    return quantity


def _number(value: Any) -> Decimal | None:
    """Services say numbers as texts, too: a task has `cpu` "256"."""
    if not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:  # also a truth value
        return None
    return number if number.is_finite() and 0 <= number < 10**9 else None
