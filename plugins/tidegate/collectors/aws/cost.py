"""Cost since the month began: AWS Budgets and Cost Explorer, credits and refunds left out (CO5).

Each request to Cost Explorer costs money, so one read asks for a page once, and tells who counts of every request that
goes out, those among them that botocore sends again.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from botocore.exceptions import BotoCoreError

from tidegate.collectors.aws.budget import describe, within
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.money import amount
from tidegate.collectors.aws.reading import MalformedAnswer, ask, field, observe, optional, storable
from tidegate.models.cost import DailyCost, Money, ServiceCost
from tidegate.models.environment import Environment
from tidegate.models.observed import Observed

IAM_ACTIONS: tuple[str, ...] = ("budgets:ViewBudget", "ce:GetCostAndUsage")

METRIC = "UnblendedCost"
WITHOUT_CREDITS = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}}
"""They would hide spend."""

GROUPED_BY = ("SERVICE", "REGION")
"""Asked with the days, so that it costs no page of its own (TD8)."""

MOST_REQUESTS = 40
"""A month of a small account fits one page; more than this is a service that goes round in circles."""

_SENDING = "before-send.cost-explorer.GetCostAndUsage"
"""botocore's event of every request that is about to go out, the ones that it sends again among them."""


class NoRequestLeft(BotoCoreError):
    """One more request would cost more than may be spent; it was not sent."""

    fmt = "no request is left: {most} were to be sent at most"


def month_to_date(now: datetime) -> tuple[date, date]:
    """The first of the month and tomorrow; `now` is aware UTC. Never empty, on the first of a month either."""
    today = now.date()
    return today.replace(day=1), today + timedelta(days=1)


def read_budget_spend(clients: Clients, environment: Environment) -> Observed[Money]:
    """The actual spend of the budget's running month. Absent: there is no such budget.

    Unreadable also when the budget counts days, quarters or usage: its spend is then not the cost of the month.
    """

    def spend(budget: dict[str, Any]) -> Money:
        counted = (field(budget, "TimeUnit", str), field(budget, "BudgetType", str))
        if counted != (environment.budget.period, "COST"):
            raise MalformedAnswer(f"the budget counts {' '.join(counted)}, expected {environment.budget.period} COST")
        return _money(budget, "CalculatedSpend.ActualSpend")

    return within(describe(clients, environment), spend)


def read_daily_cost(
    clients: Clients,
    start: date,
    end: date,
    *,
    most_requests: int = MOST_REQUESTS,
    on_request: Callable[[], object] = lambda: None,
) -> Observed[tuple[DailyCost, ...]]:
    """Unblended cost per day, service and region from `start` to the day before `end`. Never raises for AWS's answers.

    A day's cost is the sum of its groups on all pages: a page may end within a day. `on_request` is called before each
    request is sent, also before botocore sends one again; more than `most_requests` are not.
    """
    sent = 0

    def sending(**_: Any) -> None:
        nonlocal sent
        if sent >= most_requests:
            raise NoRequestLeft(most=most_requests)
        sent += 1
        on_request()

    def counted() -> tuple[DailyCost, ...]:
        events = clients.ce.meta.events
        events.register_first(_SENDING, sending)
        try:
            return read()
        finally:
            events.unregister(_SENDING, sending)

    def read() -> tuple[DailyCost, ...]:
        found: dict[date, DailyCost] = {}
        request: dict[str, Any] = {
            "TimePeriod": {"Start": start.isoformat(), "End": end.isoformat()},
            "Granularity": "DAILY",
            "Metrics": [METRIC],
            "Filter": WITHOUT_CREDITS,
            "GroupBy": [{"Type": "DIMENSION", "Key": key} for key in GROUPED_BY],
        }
        for _ in range(most_requests):
            answer: Any = ask(clients.ce.get_cost_and_usage, **request)
            for result in field(answer, "ResultsByTime", list):
                day = _day(result)
                found[day.day] = _together(found[day.day], day) if day.day in found else day
            token = optional(answer, "NextPageToken", str)
            if not token:
                return tuple(found.values())
            if token == request.get("NextPageToken"):
                raise MalformedAnswer("the next page is the same page")
            request["NextPageToken"] = token
        raise MalformedAnswer(f"more than {most_requests} pages for one month")

    return observe(f"GetCostAndUsage {start.isoformat()} to {end.isoformat()}", counted)


def _day(result: object) -> DailyCost:
    """What one page tells of a day. One without a charge has no group, and a total of zero instead."""
    first, following = _date(result, "TimePeriod.Start"), _date(result, "TimePeriod.End")
    groups = tuple(_group(each) for each in field(result, "Groups", list))
    charged = _sum([each.cost for each in groups]) if groups else _money(result, f"Total.{METRIC}")
    if METRIC in field(result, "Total", dict) and _money(result, f"Total.{METRIC}") != charged:
        raise MalformedAnswer(f"the groups of {first.isoformat()} are not its total")
    return DailyCost(
        day=first,
        days=(following - first).days,
        cost=charged,
        estimated=field(result, "Estimated", bool),
        groups=groups,
    )


def _group(group: object) -> ServiceCost:
    keys = field(group, "Keys", list)
    texts = all(isinstance(key, str) and storable(key) for key in keys)
    if len(keys) != len(GROUPED_BY) or not texts or not keys[0].strip():
        raise MalformedAnswer(f"the keys of a group are not a {' and a '.join(GROUPED_BY).lower()}")
    service, region = keys
    return ServiceCost(service=service, region=region, cost=_money(group, f"Metrics.{METRIC}"))


def _together(one: DailyCost, other: DailyCost) -> DailyCost:
    """A day of which two pages tell."""
    if one.days != other.days:
        raise MalformedAnswer(f"two pages tell of different periods that begin on {one.day.isoformat()}")
    return replace(
        one,
        cost=_sum([one.cost, other.cost]),
        estimated=one.estimated or other.estimated,
        groups=(*(one.groups or ()), *(other.groups or ())),
    )


def _sum(amounts: list[Money]) -> Money:
    units = {each.unit for each in amounts}
    if len(units) > 1:
        raise MalformedAnswer(f"one day in {len(units)} currencies")
    return Money(amount=sum((each.amount for each in amounts), start=Decimal(0)), unit=units.pop())


def _money(answer: object, path: str) -> Money:
    return Money(amount=amount(answer, path), unit=field(answer, f"{path}.Unit", str))


def _date(answer: object, path: str) -> date:
    text = field(answer, path, str)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MalformedAnswer(f"{path} is not a date") from error
