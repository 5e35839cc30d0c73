"""Reported cost carried on to now: live inventory x hourly price since the bills' `data_as_of` (CO6).

Pure; it reads no clock. Money is USD, durations are hours, days and months are UTC's.

What stands now is taken to have stood since `data_as_of`, which counts too much for what is younger and nothing for
what is gone already; the bill tells the latter later. Whatever is not known makes the rung `unknown`, and is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from tidegate.cost.ladder import UNKNOWN, reaches_stop, rung_of
from tidegate.cost.pricing import NOTHING, Unpriced, rounded_up
from tidegate.cost.run_rate import RunRate

Cause = Literal["clock", "month_changed", "unreported", "unpriced", "unread", "no_inventory"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What one source says about the month in which it was read."""

    source: str
    platform: str
    amount: Decimal | None
    """USD, month to date; None: the source does not tell."""
    read_at: datetime
    data_as_of: datetime
    """The source vouches up to here: the read less the lag of its bills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why the projection is a lower bound only."""

    cause: Cause
    subject: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformCost:
    """One platform's month to date in USD, up to now."""

    platform: str
    reported: Decimal
    """The largest report that was read in this month; 0 where none tells."""
    data_as_of: datetime
    """The oldest of its sources, UTC."""
    hours: Decimal
    """Since the oldest report that can be carried on, or since the month began where that is later; 0 where none can,
    because it was read in another month or its clocks contradict each other."""
    usd_per_hour: Decimal
    projected: Decimal
    """`usd_per_hour` x `hours`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """All platforms together. `at_least` and everything made of it are lower bounds unless it is `complete`."""

    at: datetime
    platforms: tuple[PlatformCost, ...]
    problems: tuple[Problem, ...]
    at_least: Decimal
    """USD, month to date: reported and projected."""
    usd_per_hour: Decimal
    hours_left: Decimal
    """Until the month ends."""
    rung: str
    """The highest rung reached, `none`, or `unknown` when the projection is not complete."""
    stops: bool
    """What is certain has reached the stop, whatever else is unknown."""
    hours_until_next_rung: Decimal | None
    """At the present rate, at most; a month that ends before begins at nothing. None: nothing stands that costs, or
    there is no rung above."""

    @property
    def complete(self) -> bool:
        """Everything is known."""
        return not self.problems

    @property
    def forecast(self) -> Decimal:
        """USD at the end of the month, if everything stays as it stands."""
        return rounded_up(self.at_least + self.usd_per_hour * self.hours_left)


def project(
    reports: Sequence[Reported],
    rates: Mapping[str, RunRate],
    *,
    now: datetime,
    alerts: Sequence[Decimal],
    stop: Decimal,
    last_seen: datetime | None = None,
) -> Projection:
    """The month up to now. `rates` by platform; `last_seen` is a moment that has certainly passed, of earlier evidence.

    Raises ValueError for a time without a zone, and for no report at all: both are defects of the caller.
    """
    now = _utc(now)
    reports = [_in_utc(report) for report in reports]
    if not reports:
        raise ValueError("a projection needs at least one report")
    problems = list(_clock(now, last_seen))
    platforms = []
    for platform in dict.fromkeys(report.platform for report in reports):
        own = [report for report in reports if report.platform == platform]
        problems += [problem for report in own for problem in _of_report(report, now)]
        rate = rates.get(platform)
        problems += _of_rate(platform, rate)
        platforms.append(_platform(platform, own, rate, now))
    problems += [
        Problem(cause="unreported", subject=platform, said="it has an inventory, and no source reports its cost")
        for platform in rates
        if platform not in {each.platform for each in platforms}
    ]
    at_least = sum((each.reported + each.projected for each in platforms), start=NOTHING)
    usd_per_hour = sum((rate.usd_per_hour for rate in rates.values()), start=NOTHING)
    return Projection(
        at=now,
        platforms=tuple(platforms),
        problems=tuple(problems),
        at_least=at_least,
        usd_per_hour=usd_per_hour,
        hours_left=_hours(month_end(now) - now),
        rung=UNKNOWN if problems else rung_of(at_least, alerts),
        stops=reaches_stop(at_least, stop),
        hours_until_next_rung=_until_next(at_least, usd_per_hour, alerts),
    )


def month_start(moment: datetime) -> datetime:
    """When the UTC month of an aware moment began."""
    return _utc(moment).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_end(moment: datetime) -> datetime:
    """When the UTC month after that of an aware moment begins."""
    return month_start(month_start(moment) + timedelta(days=31))


def _platform(platform: str, own: Sequence[Reported], rate: RunRate | None, now: datetime) -> PlatformCost:
    counted = [report for report in own if month_start(report.read_at) == month_start(now)]
    # A report that cannot be carried on takes nothing from what the others make certain: the stop must not wait for it.
    carried_on = [it.data_as_of for it in counted if it.data_as_of <= it.read_at <= now]
    hours = _hours(now - max(min(carried_on), month_start(now))) if carried_on else NOTHING
    usd_per_hour = NOTHING if rate is None else rate.usd_per_hour
    return PlatformCost(
        platform=platform,
        reported=max([NOTHING, *(report.amount for report in counted if report.amount is not None)]),
        data_as_of=min(report.data_as_of for report in own),
        hours=hours,
        usd_per_hour=usd_per_hour,
        projected=rounded_up(usd_per_hour * hours),
    )


def _clock(now: datetime, last_seen: datetime | None) -> Iterator[Problem]:
    if last_seen is not None and now < _utc(last_seen):
        said = f"now is {now.isoformat()}, and {_utc(last_seen).isoformat()} has passed already"
        yield Problem(cause="clock", subject="now", said=said)


def _of_report(report: Reported, now: datetime) -> Iterator[Problem]:
    if report.read_at > now:
        said = f"read at {report.read_at.isoformat()}, which is after now, {now.isoformat()}"
        yield Problem(cause="clock", subject=report.source, said=said)
    elif report.data_as_of > report.read_at:
        said = f"it vouches for {report.data_as_of.isoformat()}, which is after the read, {report.read_at.isoformat()}"
        yield Problem(cause="clock", subject=report.source, said=said)
    elif report.read_at < month_start(now):
        said = f"read at {report.read_at.isoformat()}; a new month has begun since"
        yield Problem(cause="month_changed", subject=report.source, said=said)
    if report.amount is None:
        yield Problem(cause="unreported", subject=report.source, said="the source does not tell this month's cost")


def _of_rate(platform: str, rate: RunRate | None) -> Iterator[Problem]:
    if rate is None:
        yield Problem(cause="no_inventory", subject=platform, said="nobody looked what stands there")
        return
    for line in rate.unpriced:
        if isinstance(line.pricing, Unpriced):
            where = f"{line.resource.type} {line.resource.id} in {line.resource.region}"
            yield Problem(cause="unpriced", subject=where, said=line.pricing.reason)
    for unread in rate.unread:
        yield Problem(cause="unread", subject=platform, said=unread)


def _until_next(at_least: Decimal, usd_per_hour: Decimal, alerts: Sequence[Decimal]) -> Decimal | None:
    above = [alert for alert in alerts if alert > at_least]
    return rounded_up((min(above) - at_least) / usd_per_hour) if above and usd_per_hour > 0 else None


def _hours(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / Decimal(3_600_000_000)


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC)


def _in_utc(report: Reported) -> Reported:
    return Reported(
        source=report.source,
        platform=report.platform,
        amount=report.amount,
        read_at=_utc(report.read_at),
        data_as_of=_utc(report.data_as_of),
    )
