"""What the bills say about the days after a teardown: the last residual check, by those who charge (TD5, TD8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tidegate.models.bill import BillFacts
from tidegate.models.control import PlatformRun
from tidegate.models.cost import Money
from tidegate.models.facts import Facts
from tidegate.models.observed import Known, Observed

_DAY = timedelta(days=1)


def first_watched_day(closed_at: datetime) -> date:
    """The first day that must cost nothing: the second whole day (UTC) after the closing.

    The first whole day is one of grace: what was used before the end may be charged then.
    """
    return closed_at.astimezone(UTC).date() + 2 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySpend:
    """What a platform charged for one day (UTC), credits left out."""

    day: date
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformSpend:
    """The days of the running month, as one platform reports them."""

    platform: str
    data_as_of: Observed[datetime]
    """Days that end later may not be reported yet."""
    names_every_day: bool
    """AWS answers for each day of the month; Confluent has no line for a day that cost nothing."""
    base_per_day: Decimal
    """What a day may cost although nothing ephemeral stands; in the ladder's currency."""
    days: Observed[tuple[DaySpend, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendAfterZeroFacts(Facts):
    """Facts of the watch after a teardown. Days before the running month are not seen: a read asks for no more."""

    platform_run: Observed[PlatformRun]
    """The newest one. Absent: there never was one."""
    closed_at: Observed[datetime]
    """When the proof that closed it was observed. Absent: none is closed, so there is nothing to watch."""
    start: date
    """The first of the month, UTC."""
    expected_unit: str
    cost_scope: tuple[str, ...]
    """Platforms whose days must be known."""
    platforms: tuple[PlatformSpend, ...]
    bill: BillFacts | None = None
    """None in evidence of versions that did not ask for services and regions."""

    @property
    def watched_from(self) -> date | None:
        """The first day that must cost nothing. None: nothing is watched."""
        return first_watched_day(self.closed_at.value) if isinstance(self.closed_at, Known) else None

    def reported_days(self, spend: PlatformSpend) -> Iterator[date]:
        """The watched days of this month that a platform must have reported by now, in order."""
        first = self.watched_from
        if first is None or not isinstance(spend.data_as_of, Known):
            return
        day = max(first, self.start)
        while datetime.combine(day + _DAY, time(), UTC) <= min(spend.data_as_of.value, self.observed_at):
            yield day
            day += _DAY
