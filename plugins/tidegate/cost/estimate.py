"""What a plan would change in what is spent by the hour, held against what is left of the stop (CO6). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from tidegate.cost.pricing import NOTHING, Attributes, Part, Priced, Unpriced, price, price_of_planned, rounded_up
from tidegate.models.cost import MonthSoFar
from tidegate.models.observed import Known, Observed
from tidegate.models.plan import CountedHours, Plan, PlannedResource
from tidegate.models.prices import PricePolicy

_STAYS = {("no-op",), ("read",), ("forget",)}
"""Actions after which as much stands as before."""
_MADE_NEW = {("create",), ("forget", "create"), ("create", "forget")}
_CHANGED = {("update",), ("delete", "create"), ("create", "delete")}
_GONE = {("delete",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCost:
    """One resource that the plan touches: what it adds, in USD per hour. Below zero: it saves."""

    address: str
    usd_per_hour: Decimal
    unknown: str | None
    """Why nobody can say what it adds: `usd_per_hour` holds the parts that have a price. None: it is known."""
    parts: tuple[Part, ...] = ()
    """What it costs as planned, where all of that has a price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanEstimate:
    """What the plan changes. A saving counts only where the price before is known."""

    changes: tuple[ChangedCost, ...]
    usd_per_hour: Decimal
    usd_per_month: Decimal
    """For a month of `hours_per_month` of the prices."""

    @property
    def complete(self) -> bool:
        """Everything that is added has a price."""
        return not any(change.unknown for change in self.changes)

    @property
    def adds(self) -> bool:
        """More is spent afterwards than now, or nobody can say that it is not."""
        return self.usd_per_hour > 0 or not self.complete


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """An estimate against the stop, in USD."""

    left: Decimal
    """Until the stop, after what is reported and projected; below zero when it was passed."""
    hours: Decimal
    """For how long what the plan adds counts."""
    adds: Decimal
    """What the plan adds in these hours."""
    below_stop: bool
    """The stop is not reached by what the plan adds; that something is unknown is no part of this."""


def estimate(
    plan: Plan, prices: PricePolicy, region: str, before: Mapping[str, Attributes] | None = None
) -> PlanEstimate:
    """The change in USD per hour if this plan is applied in `region`.

    `before`: attributes by address as they are now, for what the plan updates, replaces or deletes. Without them an
    update counts in full, as if nothing had stood, and a removal saves nothing: the estimate is then too high.
    """
    known = before or {}
    changes = tuple(
        _change(resource, prices, region, known.get(resource.address))
        for resource in plan.resources
        if resource.actions not in _STAYS
    )
    usd_per_hour = sum((change.usd_per_hour for change in changes), start=NOTHING)
    return PlanEstimate(
        changes=changes, usd_per_hour=usd_per_hour, usd_per_month=rounded_up(usd_per_hour * prices.hours_per_month)
    )


def estimate_of(plan: Plan, prices: PricePolicy, region: str) -> PlanEstimate:
    """The estimate of a plan that says itself what stands before it."""
    before = {resource.address: resource.before for resource in plan.resources if resource.before is not None}
    return estimate(plan, prices, region, before)


def room_in(plan: PlanEstimate, month: MonthSoFar, counted: CountedHours) -> Room:
    """Hold an estimate against what is left of the stop, as a cost guardrail saw the month.

    A build is not let in that its own stop would throw out hours later. It counts for as long as it can stand in this
    month: until the month ends, or for its time to live and the billing lag, if that is less. It counts for the billing
    lag at least, because the projection takes what stands to have stood since the reports vouch. A plan that adds
    nothing reaches no stop.
    """
    left = month.stop - month.at_least
    lives = month.hours_left if counted.lives is None else min(month.hours_left, Decimal(counted.lives + counted.lag))
    hours = max(lives, Decimal(counted.lag))
    adds = rounded_up(plan.usd_per_hour * hours)
    return Room(left=left, hours=hours, adds=adds, below_stop=adds <= 0 or adds < left)


def said(plan: PlanEstimate, month: Observed[MonthSoFar]) -> str:
    """One line for people: what the plan adds or saves, and what is left of the stop."""
    hour, a_month = abs(plan.usd_per_hour), abs(plan.usd_per_month)
    does = "saves" if plan.usd_per_hour < 0 else "adds"
    more = "" if plan.complete else "at least "
    amount = f"this plan {does} {more}{_rounded(hour, '0.001')} USD an hour, {_rounded(a_month, '0.01')} a month"
    if not isinstance(month, Known):
        return f"{amount}; nobody knows what is left of the stop"
    most = "" if month.value.complete else "at most "
    left = month.value.stop - month.value.at_least
    return f"{amount}; {most}{_rounded(left, '0.01')} left until the stop at {month.value.stop}"


def _change(resource: PlannedResource, prices: PricePolicy, region: str, before: Attributes | None) -> ChangedCost:
    actions = resource.actions
    if actions not in _MADE_NEW | _CHANGED | _GONE:
        said = f"nobody knows what {'+'.join(actions) or 'no action'} does"
        return ChangedCost(address=resource.address, usd_per_hour=NOTHING, unknown=said)
    if actions in _CHANGED and before is not None and _same(before, resource.attributes, resource.type, prices):
        return ChangedCost(address=resource.address, usd_per_hour=NOTHING, unknown=None)
    saved = NOTHING
    if actions not in _MADE_NEW and before is not None:
        stood = price(resource.type, region, before, "plan", prices)
        saved = stood.at_least if isinstance(stood, Priced) else NOTHING
    if actions in _GONE:
        return ChangedCost(address=resource.address, usd_per_hour=-saved, unknown=None)
    added = price_of_planned(resource, prices, region)
    if isinstance(added, Unpriced):
        return ChangedCost(address=resource.address, usd_per_hour=added.at_least, unknown=added.reason)
    parts = added.parts if isinstance(added, Priced) else ()
    return ChangedCost(address=resource.address, usd_per_hour=added.at_least - saved, unknown=None, parts=parts)


def _rounded(usd: Decimal, step: str) -> Decimal:
    return usd.quantize(Decimal(step), rounding=ROUND_HALF_UP)


def _same(before: Attributes, after: Attributes, kind: str, prices: PricePolicy) -> bool:
    """Is everything that decides the price known, and as it was? Then nothing changes, with a price or without."""
    names = prices.attributes_of(kind, "plan")
    return bool(names) and all(isinstance(before.get(it), Known) and before.get(it) == after.get(it) for it in names)
