"""The prices that another region lacks, and what its price list says about them (CO6). Pure.

An entry of a region with an `offer` is the pattern: what it prices, by which attributes and in which unit. Amount,
usage type and version are the price list's alone; where it gives no answer, no entry is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from tidegate.cost.price_check import Finding, same_unit, unreadable
from tidegate.models.observed import Absent, Known, Observed
from tidegate.models.price_list import FoundPrice
from tidegate.models.prices import ALL, Offer, Price, PricePolicy, Usage
from tidegate.models.scalars import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """An entry of another region that the wanted one lacks."""

    section: Literal["prices", "usage"]
    entry: Price | Usage
    offer: Offer

    @property
    def name(self) -> str:
        """What is priced, for people."""
        more = self.entry.what if isinstance(self.entry, Usage) else self.entry.part
        return f"{', '.join(self.entry.types)} {more}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePrice:
    """What came of asking for one pattern: an entry for the region, or why there is none."""

    pattern: Pattern
    entry: Price | Usage | None = None
    finding: Finding | None = None


def patterns(prices: PricePolicy, region: str) -> tuple[Pattern, ...]:
    """Every entry of another region that has an offer, where `region` has no entry for the same; each once."""
    found: list[Pattern] = []
    for price in prices.prices:
        if _is_of_another(price, region) and price.offer is not None:
            rivals = [other for other in prices.prices if other.region == region] + [
                each.entry for each in found if isinstance(each.entry, Price)
            ]
            if not any(_may_both_fit(price, rival) for rival in rivals):
                entry = price.model_copy(update={"count": _most(prices, price)})
                found.append(Pattern(section="prices", entry=entry, offer=price.offer))
    for use in prices.usage:
        if _is_of_another(use, region) and use.offer is not None:
            told = [(other.types, other.what) for other in prices.usage if other.region == region]
            told += [(each.entry.types, each.entry.what) for each in found if isinstance(each.entry, Usage)]
            if (use.types, use.what) not in told:
                found.append(Pattern(section="usage", entry=use, offer=use.offer))
    return tuple(found)


def make_prices(
    prices: PricePolicy,
    region: str,
    find: Callable[[Offer, str], Observed[FoundPrice]],
    *,
    today: date,
    source: str = "offer",
) -> tuple[MadePrice, ...]:
    """One answer for each pattern, in the order of the file. `find` is asked once per offer; `today` is UTC's.

    `source` begins the source of every entry: a stand-in of the price list says that it is one.
    """
    answers: dict[Offer, Observed[FoundPrice]] = {}
    made = []
    for pattern in patterns(prices, region):
        if pattern.offer not in answers:
            answers[pattern.offer] = find(pattern.offer, region)
        made.append(_made(pattern, region, answers[pattern.offer], today, source))
    return tuple(made)


def _is_of_another(entry: Price | Usage, region: str) -> bool:
    return entry.region not in (ALL, region)


def _most(prices: PricePolicy, price: Price) -> int:
    """How many units one resource has at most. It counts zones, and no region has more than the one that has most."""
    return max(
        each.count for each in prices.prices if each.part == price.part and not set(each.types).isdisjoint(price.types)
    )


def _may_both_fit(one: Price, other: Price) -> bool:
    """Could one resource fit both? Then both together would leave it unpriced."""
    if one.part != other.part or set(one.types).isdisjoint(other.types):
        return False
    if "everywhere" not in (one.where, other.where) and one.where != other.where:
        return False
    return all(_values(one.when, name) & _values(other.when, name) for name in set(one.when) & set(other.when))


def _values(when: Mapping[str, Scalar | tuple[Scalar, ...]], name: str) -> set[tuple[type, Scalar]]:
    value = when[name]
    return {(type(each), each) for each in (value if isinstance(value, tuple) else (value,))}


def _made(pattern: Pattern, region: str, answer: Observed[FoundPrice], today: date, source: str) -> MadePrice:
    match answer:
        case Known(found) if not same_unit(pattern.entry, found.listed):
            said = f"the price list counts {found.listed.unit}, an entry like this one {pattern.entry.unit}"
            remedy = "write an entry by hand, with the source that was read"
            return MadePrice(pattern=pattern, finding=Finding(code="PRICE-BY-HAND", said=said, remedy=remedy))
        case Known(found) if found.listed.usd == 0:
            said = f"it costs nothing in {region}, by offer version {found.listed.version}"
            remedy = "say so in `free`, with the reason"
            return MadePrice(pattern=pattern, finding=Finding(code="PRICE-FREE", said=said, remedy=remedy))
        case Known(found):
            return MadePrice(pattern=pattern, entry=_entry(pattern, region, found, today, source))
        case Absent():
            said = f"the price list of {region} has no such product on demand"
            remedy = "use another kind there; the stacks that need this one cannot be built in that region"
            return MadePrice(pattern=pattern, finding=Finding(code="PRICE-GONE", said=said, remedy=remedy))
        case _:
            return MadePrice(pattern=pattern, finding=unreadable(answer))


def _entry(pattern: Pattern, region: str, found: FoundPrice, today: date, source: str) -> Price | Usage:
    changes: dict[str, Any] = {
        "region": region,
        "usd": found.listed.usd,
        "offer": found.offer,
        "source": f"{source} {found.offer.usage_type}, version {found.listed.version}",
        "date": today,
    }
    return pattern.entry.model_copy(update=changes)
