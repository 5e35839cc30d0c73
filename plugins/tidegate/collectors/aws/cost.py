"""Cost since the month began: AWS Budgets and Cost Explorer, credits and refunds left out (CO5).

Each request to Cost Explorer costs money, so one read asks for a page once and no more, and says so to who counts.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from tidegate.collectors.aws.budget import describe, within
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.money import amount
from tidegate.collectors.aws.reading import MalformedAnswer, ask, field, observe, optional
from tidegate.models.cost import DailyCost, Money
from tidegate.models.environment import Environment
from tidegate.models.observed import Observed

IAM_ACTIONS: tuple[str, ...] = ("budgets:ViewBudget", "ce:GetCostAndUsage")

METRIC = "UnblendedCost"
WITHOUT_CREDITS = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund"]}}}
"""They would hide spend."""

MOST_PAGES = 40
"""A month of days fits one page; more than this is a service that goes round in circles."""


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
    most_pages: int = MOST_PAGES,
    on_page: Callable[[], object] = lambda: None,
) -> Observed[tuple[DailyCost, ...]]:
    """Unblended cost per day from `start` up to, but not including, `end`. Never raises for what AWS answers.

    `on_page` is called before each page is sent; more than `most_pages` are not.
    """

    def read() -> tuple[DailyCost, ...]:
        found: list[DailyCost] = []
        request: dict[str, Any] = {
            "TimePeriod": {"Start": start.isoformat(), "End": end.isoformat()},
            "Granularity": "DAILY",
            "Metrics": [METRIC],
            "Filter": WITHOUT_CREDITS,
        }
        for _ in range(most_pages):
            on_page()
            answer: Any = ask(clients.ce.get_cost_and_usage, **request)
            found += [_day(result) for result in field(answer, "ResultsByTime", list)]
            token = optional(answer, "NextPageToken", str)
            if not token:
                return tuple(found)
            if token == request.get("NextPageToken"):
                raise MalformedAnswer("the next page is the same page")
            request["NextPageToken"] = token
        raise MalformedAnswer(f"more than {most_pages} pages for one month")

    return observe(f"GetCostAndUsage {start.isoformat()} to {end.isoformat()}", read)


def _day(result: object) -> DailyCost:
    first, following = _date(result, "TimePeriod.Start"), _date(result, "TimePeriod.End")
    return DailyCost(
        day=first,
        days=(following - first).days,
        cost=_money(result, f"Total.{METRIC}"),
        estimated=field(result, "Estimated", bool),
    )


def _money(answer: object, path: str) -> Money:
    return Money(amount=amount(answer, path), unit=field(answer, f"{path}.Unit", str))


def _date(answer: object, path: str) -> date:
    text = field(answer, path, str)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MalformedAnswer(f"{path} is not a date") from error
