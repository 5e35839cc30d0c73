"""Cost Explorer for a lane: from the record while it is recent, else asked, within the budget for reads (CO7)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tidegate.collectors.aws.cost import MOST_REQUESTS, month_to_date, read_daily_cost
from tidegate.cost.own_reads import page_price, pages_within, young_enough
from tidegate.evidence.cost_reads import Answer, CostReads, MonthOfReads, PagesSpent
from tidegate.evidence.store import StoreError
from tidegate.lanes.run import LaneRun
from tidegate.models.cost import DailyCost, OwnReads
from tidegate.models.observed import Absent, Known, Observed, Unreadable

NEVER_ASK = ("hourly",)
"""Phases that take only what the record holds, however old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplorerRead:
    """What Cost Explorer answered, now or earlier, for which period, and what asking cost."""

    days: Observed[tuple[DailyCost, ...]]
    start: date
    end: date
    own: OwnReads
    newest_at: datetime | None
    """The newest time in the record of the month before this task."""

    @property
    def said(self) -> str:
        """For the log: asked or not, and what the month has cost so far."""
        own = self.own
        if own.asked:
            how = "asked now"
        elif own.read_at is not None:
            how = f"taken from the record of {own.read_at:%Y-%m-%d %H:%M} UTC"
        else:
            how = "not asked"
        spent = "not known"
        if isinstance(own.pages, Known) and isinstance(own.page_usd, Known):
            spent = f"{own.pages.value}, {own.pages.value * own.page_usd.value} of {own.limit_usd} USD"
        return f"Cost Explorer {how}, pages this month {spent}"


def read_explorer(run: LaneRun, at: datetime) -> ExplorerRead:
    """The month to date from Cost Explorer. Never raises for what AWS or the evidence store answer.

    It is asked if no answer is recent enough, if the task was cleared (`try_number`), or if somebody wants a new answer
    (`read_bills_anew`). Every request is counted before it is sent.
    """
    start, end = month_to_date(at)
    reads = CostReads(store=run.remote, environment=run.environment.name, month=start)
    month = reads.read()
    if isinstance(month, Unreadable):
        return _answered(run, Unreadable("own reads are not known, so nobody asked"), start, end, pages=month)
    newest = month.value
    if newest.answer is not None and _usable(run, newest.answer, at):
        return _recorded(run, newest, newest.answer)
    pages = Known(newest.pages)
    if run.phase in NEVER_ASK:
        return _answered(run, Absent(), start, end, pages=pages, needed=False, newest_at=newest.newest_at)
    price = page_price(run.policies.prices)
    if not isinstance(price, Known):
        unpriced = Unreadable("the prices do not say what a page costs, so nobody asked")
        return _answered(run, unpriced, start, end, pages=pages, newest_at=newest.newest_at)
    return _ask(run, reads, newest, at, price.value)


def _usable(run: LaneRun, answer: Answer, at: datetime) -> bool:
    if run.phase in NEVER_ASK:
        return True
    anew = run.try_number > 1 or run.params.get("read_bills_anew") is True
    return (
        not anew
        and all(day.groups is not None for day in answer.days)
        and young_enough(answer.read_at, at, run.environment.own_reads.max_age_hours, answer.pages)
    )


def _ask(run: LaneRun, reads: CostReads, newest: MonthOfReads, at: datetime, price: Decimal) -> ExplorerRead:
    start, end = month_to_date(at)
    limit, by = run.environment.own_reads.monthly_usd, run.execution_id
    try:
        left = reads.announce(at=at, start=start, end=end, by=by, most_pages=pages_within(limit, price))
    except PagesSpent:
        refused = Unreadable("the budget for own reads is spent, so nobody asked")
        return _answered(run, refused, start, end, pages=Known(newest.pages), spent=True, newest_at=newest.newest_at)
    except StoreError as error:
        uncounted = Unreadable(f"the read could not be counted, so nobody asked: {error}")
        return _answered(run, uncounted, start, end, pages=Unreadable(str(error)), newest_at=newest.newest_at)
    sent: list[None] = []
    days = read_daily_cost(
        run.clients, start, end, most_requests=min(MOST_REQUESTS, left), on_request=lambda: sent.append(None)
    )
    pages: Observed[int]
    try:
        pages = Known(reads.answered(days, at=at, start=start, end=end, by=by, pages=len(sent)))
    except StoreError as error:
        pages = Unreadable(str(error))
    return _answered(run, days, start, end, pages=pages, asked_at=at, newest_at=_newest_at(run, newest, days, at))


def _newest_at(
    run: LaneRun, newest: MonthOfReads, days: Observed[tuple[DailyCost, ...]], at: datetime
) -> datetime | None:
    """The newest read, even one in the future: then a clock ran ahead or this one fell back, and a person has to look.

    Once they have cleared the task and its read was answered, that read is the newest, also for all later tasks.
    """
    looked = run.try_number > 1 and isinstance(days, Known)
    return None if looked and newest.newest_at is not None and newest.newest_at > at else newest.newest_at


def _recorded(run: LaneRun, month: MonthOfReads, answer: Answer) -> ExplorerRead:
    run.rests_on(answer.stored.uri, answer.digest, answer.stored.version_id)
    own = _own(run, pages=Known(month.pages), read_at=answer.read_at)
    return ExplorerRead(days=Known(answer.days), start=answer.start, end=answer.end, own=own, newest_at=month.newest_at)


def _answered(
    run: LaneRun,
    days: Observed[tuple[DailyCost, ...]],
    start: date,
    end: date,
    *,
    pages: Observed[int],
    asked_at: datetime | None = None,
    needed: bool = True,
    spent: bool = False,
    newest_at: datetime | None = None,
) -> ExplorerRead:
    read_at = asked_at if isinstance(days, Known) else None
    own = _own(run, pages=pages, read_at=read_at, asked=asked_at is not None, needed=needed, spent=spent)
    return ExplorerRead(days=days, start=start, end=end, own=own, newest_at=newest_at)


def _own(
    run: LaneRun,
    *,
    pages: Observed[int],
    read_at: datetime | None,
    asked: bool = False,
    needed: bool = True,
    spent: bool = False,
) -> OwnReads:
    return OwnReads(
        asked=asked,
        needed=needed,
        read_at=read_at,
        pages=pages,
        page_usd=page_price(run.policies.prices),
        limit_usd=run.environment.own_reads.monthly_usd,
        spent=spent,
    )
