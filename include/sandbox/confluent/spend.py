"""The spend that the fake costs API answers from (labelled stand-in for a Confluent bill). All amounts are invented.

{"per_day": {"KAFKA_BASE": "1.20"}, "since": "2026-02-01", "late_days": 3,
 "rows": [{"date": "2026-02-03", "line_type": "PROMO_CREDIT", "amount": "-5.00"}]}
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

ONE_DAY = timedelta(days=1)


class ConfluentSpendRow(BaseModel):
    """One line of one day. Product and line type are open: the real enumerations grow."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: date
    line_type: str = Field(min_length=1)
    amount: Decimal
    product: str = "KAFKA"
    discount: Decimal = Decimal(0)
    resource_id: str | None = None
    environment_id: str | None = None
    overrides: dict[str, Any] = Field(default={}, description="fields to put in as they are; null takes one out")


class ConfluentSpend(BaseModel):
    """Single rows, and an amount per line type for each day from `since` (default: the month's first) to yesterday."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: list[ConfluentSpendRow] = []
    per_day: dict[str, Decimal] = {}
    since: date | None = None
    late_days: int = Field(default=0, ge=0, le=30, description="of the latest whole days, how many are not there yet")
    page_cap: int = Field(default=10_000, ge=1, description="rows per page at most, whatever was asked for")
    as_of: date | None = Field(default=None, description="the day that the API takes for today; none: the clock")

    def today(self) -> date:
        """Return the day (UTC) on which the API answers."""
        return self.as_of or datetime.now(UTC).date()

    def between(self, start: date, end: date) -> Iterator[ConfluentSpendRow]:
        """Yield the rows from `start` up to, but not including, `end`, of the days that are already there."""
        today = self.today()
        end = min(end, today - self.late_days * ONE_DAY)
        yield from (row for row in self.rows if start <= row.date < end)
        day = max(start, self.since or today.replace(day=1))
        while day < end:
            for line_type, amount in self.per_day.items():
                yield ConfluentSpendRow(date=day, line_type=line_type, amount=amount)
            day += ONE_DAY
