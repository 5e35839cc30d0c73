"""The month to date from Confluent's costs API, credits left out (CO5). Which role the key needs: `API_SCOPES`.

Days are UTC, a window's end is exclusive. The API names no currency: amounts are US dollars. Products and line types
are open sets; an unknown one is counted like any other.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tidegate.answers import MalformedAnswer
from tidegate.collectors.aws.reading import optional, text
from tidegate.collectors.confluent.api import ConfluentApi, NoAnswer
from tidegate.collectors.confluent.lists import read_pages
from tidegate.models.confluent import BilledDay, ConfluentBill, LineKind, NegativeLine
from tidegate.models.observed import Known, Observed, Unreadable

API_SCOPES: tuple[str, ...] = ("GET /billing/v1/costs: a Cloud API key of an OrganizationAdmin or BillingAdmin",)

PATH = "/billing/v1/costs"
PAGE_SIZE = 5000
MOST_PAGES = 100
"""Of one window. More is a service that goes round in circles with ever new tokens."""
LONGEST_WINDOW = timedelta(days=30)
"""Confluent refuses windows beyond a month; where exactly differs between accounts of it."""

_CREDIT = "PROMO_CREDIT"
_UNNAMED = "UNNAMED"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LARGEST = Decimal(10) ** 12
_FINEST = -30

_PRODUCTS = re.compile(r"KAFKA|CONNECT|KSQL|AUDIT_LOG|STREAM_GOVERNANCE|CLUSTER_LINK|SUPPORT_CLOUD_[A-Z]+")
_LINE_TYPES = re.compile(
    r"KAFKA_(BASE|NUM_CKUS|STORAGE|PARTITION|NETWORK_READ|NETWORK_WRITE)|CONNECT_[A-Z_]+|SUPPORT|PROMO_CREDIT"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    id: str
    first: date
    days: int
    product: str
    line_type: str
    amount: Decimal


def read_bill(api: ConfluentApi, start: date, end: date) -> Observed[ConfluentBill]:
    """Every line from `start` up to, but not including, `end`. Never raises for what Confluent answers.

    One deadline (`PATIENCE_SECONDS`) for all windows and pages together.
    """
    try:
        pages: list[list[Any]] = []
        deadline = api.deadline()
        for first, following in windows(start, end):
            url = api.url(PATH, start_date=first.isoformat(), end_date=following.isoformat(), page_size=str(PAGE_SIZE))
            pages += read_pages(api, url, deadline=deadline, most=MOST_PAGES, kind="CostList")
        return Known(_added_up([_line(item, start, end) for page in pages for item in page], len(pages)))
    except NoAnswer as error:
        said = str(error)
    except MalformedAnswer as error:
        said = f"malformed answer: {error}"
    return Unreadable(f"GET {PATH} {start.isoformat()} to {end.isoformat()}: {said}")


def windows(start: date, end: date) -> Iterator[tuple[date, date]]:
    """The period in parts that the API accepts."""
    while start < end:
        following = min(start + LONGEST_WINDOW, end)
        yield start, following
        start = following


def _line(item: object, start: date, end: date) -> _Line:
    """One line. Only its id, days, unit and original amount are certain to be there."""
    first, following = _day(item, "start_date"), _day(item, "end_date")
    if not start <= first < end or following <= first:
        raise MalformedAnswer(f"a line from {first.isoformat()} to {following.isoformat()} was not asked for")
    original = _amount(item, "original_amount")
    amount = _amount(item, "amount")
    if amount is None:
        amount = original  # before discounts: rather too much than too little
    if original is None or amount is None:
        raise MalformedAnswer("original_amount is missing")
    return _Line(
        id=text(item, "id")[:255],
        first=first,
        days=(following - first).days,
        product=_name(item, "product"),
        line_type=_name(item, "line_type"),
        amount=amount,
    )


def _added_up(lines: list[_Line], pages: int) -> ConfluentBill:
    if len({line.id for line in lines}) != len(lines):
        raise MalformedAnswer("a line is there twice; the list changed while it was read")
    counted = [line for line in lines if line.line_type != _CREDIT]
    credited = [line.amount for line in lines if line.line_type == _CREDIT]
    days: dict[date, list[_Line]] = defaultdict(list)
    kinds: dict[tuple[str, str], list[_Line]] = defaultdict(list)
    for line in counted:
        days[line.first].append(line)
    for line in lines:
        kinds[line.product, line.line_type].append(line)
    return ConfluentBill(
        days=tuple(_billed(day, days[day]) for day in sorted(days)),
        kinds=tuple(_kind(product, line_type, kinds[product, line_type]) for product, line_type in sorted(kinds)),
        negative=tuple(_negative(line) for line in counted if line.amount < 0),
        credits=len(credited),
        credited=sum(credited, start=Decimal(0)),
        pages=pages,
    )


def _billed(day: date, lines: list[_Line]) -> BilledDay:
    return BilledDay(
        day=day,
        lines=len(lines),
        daily_lines=sum(line.days == 1 for line in lines),
        amount=sum((max(line.amount, Decimal(0)) for line in lines), start=Decimal(0)),
    )


def _kind(product: str, line_type: str, lines: list[_Line]) -> LineKind:
    return LineKind(
        product=product,
        line_type=line_type,
        documented=bool(_PRODUCTS.fullmatch(product) and _LINE_TYPES.fullmatch(line_type)),
        lines=len(lines),
        amount=sum((line.amount for line in lines), start=Decimal(0)),
    )


def _negative(line: _Line) -> NegativeLine:
    return NegativeLine(id=line.id, day=line.first, product=line.product, line_type=line.line_type, amount=line.amount)


def _day(item: object, name: str) -> date:
    given = text(item, name)
    if not _DAY.fullmatch(given):
        raise MalformedAnswer(f"{name} is not a day")
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise MalformedAnswer(f"{name} is not a day") from error


def _name(item: object, name: str) -> str:
    given = optional(item, name, str)
    if given is None:
        return _UNNAMED
    if not _NAME.fullmatch(given):
        raise MalformedAnswer(f"{name} is not a name")
    return given


def _amount(item: object, name: str) -> Decimal | None:
    """A JSON number that can be summed and stored, or None where the line has none. Raises MalformedAnswer."""
    if not isinstance(item, dict) or name not in item:
        return None
    value = item[name]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise MalformedAnswer(f"{name} is not a number")
    amount = Decimal(value)
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < _FINEST or abs(amount) >= _LARGEST:
        raise MalformedAnswer(f"{name} is a number out of range")
    return amount
