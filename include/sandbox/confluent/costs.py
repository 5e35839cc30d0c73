"""GET /billing/v1/costs of the fake Confluent API (labelled stand-in): the real date rules, settable spend."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sandbox.confluent.messages import Reply, Request, page
from sandbox.confluent.problems import ApiProblem, invalid
from sandbox.confluent.spend import ONE_DAY, ConfluentSpend, ConfluentSpendRow
from sandbox.refusals import Kinder, Refusal

SERVICE = "Confluent Cloud"
OPERATIONS = ("GET /billing/v1/costs",)
_REFERENCE = "https://docs.confluent.io/cloud/current/api.html"
REFUSALS = tuple(
    Refusal(OPERATIONS[0], "400 invalid_filter", when, _REFERENCE)
    for when in (
        "there is no start",
        "the end is no date",
        "the end is the start",
        "the period is longer than 31 days",
        "the start is more than a year ago",
        "a page of more than ten thousand is asked for",
        "the token is of no page",
    )
)
KINDER = (
    Kinder(OPERATIONS[0], "403 forbidden_access", "every Cloud key may read costs: which role is needed is not known"),
)
PATH = "/billing/v1/costs"
DEFAULT_PAGE, LARGEST_PAGE = 5_000, 10_000
LONGEST_DAYS = 31
OLDEST = timedelta(days=366)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def costs(request: Request, base_url: str, spend: ConfluentSpend) -> Reply:
    """Answer with one page of daily lines, oldest first. Raises ApiProblem (400) as the real API refuses dates."""
    if request.method != "GET":
        raise ApiProblem(405, "method_not_allowed", f"there is no {request.method} of {PATH}")
    start, end = _day(request, "start_date"), _day(request, "end_date")
    if end <= start:
        raise invalid("end date must be after start date")
    if (end - start).days > LONGEST_DAYS:
        raise invalid("end date and start date are too far apart")
    if start < spend.today() - OLDEST:
        raise invalid("start date is too far in the past")
    rows = [_shown(number, row) for number, row in enumerate(sorted(spend.between(start, end), key=_order))]
    data, metadata = page(
        request, base_url, rows, default=DEFAULT_PAGE, largest=LARGEST_PAGE, cap=min(spend.page_cap, LARGEST_PAGE)
    )
    return Reply(200, {"api_version": "billing/v1", "kind": "CostList", "metadata": metadata, "data": data})


def _day(request: Request, name: str) -> date:
    text = request.query.get(name, "")
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise invalid(f"{name} is required, as YYYY-MM-DD")


def _order(row: ConfluentSpendRow) -> tuple[date, str]:
    return row.date, row.line_type


def _shown(number: int, row: ConfluentSpendRow) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": f"cost-{row.date}-{number}",
        "start_date": row.date.isoformat(),
        "end_date": (row.date + ONE_DAY).isoformat(),
        "granularity": "DAILY",
        "network_access_type": "INTERNET",
        "product": row.product,
        "line_type": row.line_type,
        "price": _number(row.amount + row.discount),
        "unit": "Hour",
        "quantity": 1,
        "original_amount": _number(row.amount + row.discount),
        "discount_amount": _number(row.discount),
        "amount": _number(row.amount),
    }
    if row.resource_id:
        line["resource"] = {"id": row.resource_id, "display_name": row.resource_id}
        if row.environment_id:
            line["resource"]["environment"] = {"id": row.environment_id}
    line |= row.overrides
    return {name: value for name, value in line.items() if value is not None}


def _number(amount: Decimal) -> float:
    """JSON has no decimals; the real API sends numbers too."""
    return float(amount)
