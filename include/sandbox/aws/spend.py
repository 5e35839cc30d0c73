"""The spend that the sandbox's Cost Explorer answers from (labelled stand-in for a bill).

{"per_day": {"Amazon Relational Database Service": "0.52"}, "since": "2026-02-01",
 "rows": [{"date": "2026-02-03", "service": "AWS Support", "amount": "-1.00", "record_type": "Credit"}]}
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

ONE_DAY = timedelta(days=1)


class SpendRow(BaseModel):
    """One amount of one service on one day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: date
    service: str = Field(min_length=1)
    amount: Decimal
    record_type: str = "Usage"
    region: str = "eu-west-2"
    usage_type: str = "Usage"
    linked_account: str | None = None
    tags: dict[str, str] = {}


class Spend(BaseModel):
    """Single rows, and a rate per service for each day from `since` (default: the month's first) to today."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: list[SpendRow] = []
    per_day: dict[str, Decimal] = {}
    since: date | None = None
    page_size: int = Field(
        default=100, ge=1, description="groups, or periods without any, per answer of GetCostAndUsage"
    )
    as_of: date | None = Field(default=None, description="the day that Cost Explorer takes for today; none: the clock")

    def today(self) -> date:
        """Return the day (UTC) on which Cost Explorer answers."""
        return self.as_of or datetime.now(UTC).date()

    def between(self, start: date, end: date, today: date) -> Iterator[SpendRow]:
        """Yield the rows from `start` up to, but not including, `end`."""
        yield from (row for row in self.rows if start <= row.date < end)
        day = max(start, self.since or today.replace(day=1))
        while day < end and day <= today:
            for service, amount in self.per_day.items():
                yield SpendRow(date=day, service=service, amount=amount)
            day += ONE_DAY

    def is_empty(self) -> bool:
        """True when nothing was ever spent."""
        return not self.rows and not self.per_day

    def daily_rate(self) -> Decimal:
        """Return what a day costs at the settable rate."""
        return sum(self.per_day.values(), start=Decimal(0))
