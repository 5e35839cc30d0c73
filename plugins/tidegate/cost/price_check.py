"""Our prices against the AWS price list: which differ, are gone, are too old or cannot be compared (CO6). Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.price_list import DAMAGED, ListedPrice
from tidegate.models.prices import Offer, Price, PricePolicy, Usage

Code = Literal[
    "PRICE-DIFFERS", "PRICE-GONE", "PRICE-OLD", "PRICE-DATED-AHEAD", "PRICE-UNREADABLE", "PRICE-FREE", "PRICE-BY-HAND"
]

_HOURS = frozenset({"hr", "hrs", "hour", "hours"})
_GIGABYTE_MONTHS = frozenset({"gb-mo", "gb-month", "gb-months"})
UNITS: Mapping[str, frozenset[str]] = {
    "hour": _HOURS,
    "node-hour": _HOURS,
    "address-hour": _HOURS,
    "vCPU-hour": _HOURS | {"vcpu-hours"},
    "GB-hour": _HOURS | {"gb-hours"},
    "month": frozenset({"mo", "month", "months", "secrets", "secret-months"}),
    "GB-month": _GIGABYTE_MONTHS,
    "GB": frozenset({"gb", "gigabytes"}),
    "LCU-hour": frozenset({"lcu-hrs", "lcu-hours"}),
    "request": frozenset({"request", "requests"}),
}
"""By our unit how AWS writes it, in small letters. Fargate and secrets are counted by their own thing."""

Subject = tuple[Offer, str]
"""An offer and the region in which it is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Why a price cannot be trusted as it stands, and what to do."""

    code: Code
    said: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPrice:
    """One entry of the prices, held against the price list."""

    section: Literal["prices", "usage"]
    number: int
    """Its place in the section, counted from 0."""
    entry: Price | Usage
    listed: ListedPrice | None
    """What the price list says, in the entry's unit. None: it was not asked, or has no usable answer."""
    age_days: int
    """Since the source was read; below zero when it is dated ahead."""
    findings: tuple[Finding, ...]

    @property
    def name(self) -> str:
        """What is priced, for people."""
        return ", ".join(self.entry.types) or (self.entry.what if isinstance(self.entry, Usage) else "")

    @property
    def differs(self) -> bool:
        """The price list has another price."""
        return any(finding.code == "PRICE-DIFFERS" for finding in self.findings)

    @property
    def unreadable(self) -> bool:
        """Nobody can say whether the price is right."""
        return any(finding.code == "PRICE-UNREADABLE" for finding in self.findings)


def subjects(prices: PricePolicy) -> tuple[Subject, ...]:
    """What is to be asked of the price list, each once."""
    return tuple(dict.fromkeys(_subject(it, it.offer) for _, _, it in _entries(prices) if it.offer is not None))


def check_prices(
    prices: PricePolicy, read: Callable[[Offer, str], Observed[ListedPrice]], *, today: date, max_age_days: int
) -> tuple[CheckedPrice, ...]:
    """Every price and usage, in the order of the file. `read` is asked once per subject; `today` is UTC's.

    A price that is not in the price list is checked by hand: only a date that has not come yet is a finding of it.
    """
    answers = {subject: read(*subject) for subject in subjects(prices)}
    return tuple(_checked(*place, answers, today, max_age_days) for place in _entries(prices))


def _entries(prices: PricePolicy) -> Iterator[tuple[Literal["prices", "usage"], int, Price | Usage]]:
    for number, price in enumerate(prices.prices):
        yield "prices", number, price
    for number, usage in enumerate(prices.usage):
        yield "usage", number, usage


def _subject(entry: Price | Usage, offer: Offer) -> Subject:
    """A price of all regions is asked for in the one that its offer names; the model sees to it."""
    return offer, offer.region or entry.region


def _checked(
    section: Literal["prices", "usage"],
    number: int,
    entry: Price | Usage,
    answers: Mapping[Subject, Observed[ListedPrice]],
    today: date,
    max_age_days: int,
) -> CheckedPrice:
    age = (today - entry.date).days
    findings = [*_dated_ahead(entry, today)]
    listed = None
    if entry.offer is not None:
        answer = answers[_subject(entry, entry.offer)]
        findings += _compared(entry, answer)
        findings += _too_old(entry, age, max_age_days)
        listed = answer.value if isinstance(answer, Known) and same_unit(entry, answer.value) else None
    return CheckedPrice(
        section=section, number=number, entry=entry, listed=listed, age_days=age, findings=tuple(findings)
    )


def _dated_ahead(entry: Price | Usage, today: date) -> Iterator[Finding]:
    if entry.date > today:
        yield Finding(
            code="PRICE-DATED-AHEAD",
            said=f"dated {entry.date.isoformat()}, and today is {today.isoformat()}",
            remedy="correct `date` to the day on which the source was read",
        )


def _too_old(entry: Price | Usage, age: int, max_age_days: int) -> Iterator[Finding]:
    if age > max_age_days:
        yield Finding(
            code="PRICE-OLD",
            said=f"read on {entry.date.isoformat()}, {age} days ago; budget.prices_max_age_days is {max_age_days}",
            remedy="tidegate prices check --write FILE, look at FILE and take it over",
        )


def _compared(entry: Price | Usage, answer: Observed[ListedPrice]) -> Iterator[Finding]:
    match answer:
        case Known(listed) if not same_unit(entry, listed):
            said = f"the price list counts {listed.unit}, this entry {entry.unit}"
            yield Finding(code="PRICE-UNREADABLE", said=said, remedy="correct `offer` or `unit` of the entry")
        case Known(listed) if listed.usd != entry.usd:
            said = f"{entry.usd} USD per {entry.unit} here, {listed.usd.normalize():f} in the price list"
            remedy = "tidegate prices check --write FILE, look at FILE and take it over"
            if listed.usd == 0:
                remedy = "it is free by now: move the entry to `free`, with the reason"
            yield Finding(code="PRICE-DIFFERS", said=said, remedy=remedy)
        case Known():
            return
        case Absent():
            said = "the price list has no such product on demand"
            yield Finding(code="PRICE-GONE", said=said, remedy="correct `offer`, or take the price from elsewhere")
        case _:
            yield unreadable(answer)


def unreadable(answer: Unreadable) -> Finding:
    """Why the price list gave no price, and what to do; a damaged page is nothing that a grant mends."""
    said = shown(answer)
    remedy = "allow pricing:GetProducts, or say in `offer` which product is meant; then check again"
    if DAMAGED in said:
        remedy = "ask again later; when it repeats, AWS's price list is at fault: take no price from it"
    return Finding(code="PRICE-UNREADABLE", said=said, remedy=remedy)


def same_unit(entry: Price | Usage, listed: ListedPrice) -> bool:
    """Does the price list count what the entry counts?"""
    return listed.unit.lower() in UNITS.get(entry.unit, frozenset())
