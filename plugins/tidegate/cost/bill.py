"""Which money of a bill nothing explains, and when that is over (TD8). Pure, so that evidence can be judged again.

A charge is explained by a stack that stays, in the environment's region; before the teardown is proven also by what
the scan of the night looked at there, and by a stack that a platform run built. What no resource makes is left apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tidegate.models.bill import BillFacts, UnexplainedSpend, Why
from tidegate.models.cost import DailyCost
from tidegate.models.observed import Known
from tidegate.models.policy import BilledService
from tidegate.models.spend import first_watched_day

QUIET_DAYS = 2
"""So many reported days without a charge close what was unexplained."""
_DAY = timedelta(days=1)
_NO_REGION = frozenset({"", "global", "NoRegion"})
"""What Cost Explorer writes where a service has none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the platform runs say of the days: when one was built, and from when on nothing of it should charge."""

    ever: bool
    proven_at: datetime | None
    """When the teardown of the newest one was proven. None: it is open, or there never was one."""


def watched_from(proven_at: datetime, lag_hours: int) -> date:
    """The first whole day (UTC) that begins one lag after the proof: what is billed for it was used after the end."""
    day = first_watched_day(proven_at)
    while datetime.combine(day, time(), UTC) < proven_at + timedelta(hours=lag_hours):
        day += _DAY
    return day


def seen_in(facts: BillFacts, standing: Standing) -> tuple[UnexplainedSpend, ...]:
    """Every service and region of which a day of this bill has money that nothing explains, by name."""
    found: dict[tuple[str, str], UnexplainedSpend] = {}
    for day in sorted(_days(facts), key=lambda each: each.day):
        for (service, region), amount in _amounts(day).items():
            why = _why(facts, standing, service, region, day.day)
            if amount <= facts.above_usd or why is None:
                continue
            before = found.get((service, region))
            found[service, region] = UnexplainedSpend(
                service=service,
                region=region,
                why=why,
                since=day.day if before is None else before.since,
                last=day.day,
                usd_per_day=amount,
                seen_by=facts.execution_id,
            )
    return tuple(found[key] for key in sorted(found))


def open_now(facts: BillFacts, standing: Standing) -> tuple[UnexplainedSpend, ...]:
    """What is unexplained after this bill: what it shows, and what was open and is not over. By name.

    Whose records cannot be read, of him only what the bill shows is known; the reader must not take it for all.
    """
    seen = {each.subject: each for each in seen_in(facts, standing)}
    recorded = facts.open.value if isinstance(facts.open, Known) else ()
    kept: dict[str, UnexplainedSpend] = {}
    for before in recorded:
        again = seen.pop(before.subject, None)
        now = _told_again(facts, before) if again is None else replace(again, since=min(before.since, again.since))
        kept[before.subject] = replace(now, seen_by=before.seen_by)
    everything = (*kept.values(), *seen.values())
    return tuple(
        sorted((each for each in everything if not _is_over(facts, each)), key=lambda each: each.subject.casefold())
    )


def reported(facts: BillFacts) -> tuple[date, ...]:
    """The days of this bill that AWS has reported in full, in order."""
    if not isinstance(facts.data_as_of, Known):
        return ()
    end = facts.data_as_of.value
    return tuple(
        sorted(day.day for day in _days(facts) if datetime.combine(day.day + _DAY * day.days, time(), UTC) <= end)
    )


def apart(facts: BillFacts) -> Mapping[str, Decimal]:
    """What the month charged for that no resource makes, by name."""
    sums: dict[str, Decimal] = {}
    for day in _days(facts):
        for (service, _), amount in _amounts(day).items():
            if service in facts.policy.apart:
                sums[service] = sums.get(service, Decimal(0)) + amount
    return sums


def _told_again(facts: BillFacts, before: UnexplainedSpend) -> UnexplainedSpend:
    """A record of which this bill shows nothing unexplained: a build may explain the money, and then does not end it.

    A demo that is built every day would else hide what an earlier one left over.
    """
    for day in sorted(_days(facts), key=lambda each: each.day, reverse=True):
        amount = _amounts(day).get((before.service, before.region), Decimal(0))
        if day.day > before.last and amount > facts.above_usd:
            return replace(before, last=day.day, usd_per_day=amount)
    return before


def _is_over(facts: BillFacts, spend: UnexplainedSpend) -> bool:
    """A bill shows nothing for two reported days; or a listing has begun to look where none did."""
    scanned = isinstance(facts.looked_at, Known)
    if spend.why == "no_listing" and scanned and _is_looked_at(facts, spend.service, spend.region):
        return True
    return len([day for day in reported(facts) if day > spend.last]) >= QUIET_DAYS


def _why(facts: BillFacts, standing: Standing, service: str, region: str, day: date) -> Why | None:
    """Why the money is unexplained. None: it is explained, or no resource makes it."""
    if service in facts.policy.apart or _held(facts, service, region, facts.persistent_types):
        return None
    if standing.proven_at is not None and day >= watched_from(standing.proven_at, facts.lag_hours):
        return "after_proof"
    if _is_looked_at(facts, service, region):
        return None
    return None if standing.ever and _held(facts, service, region, facts.ephemeral_types) else "no_listing"


def _held(facts: BillFacts, service: str, region: str, types: tuple[str, ...]) -> bool:
    """May a stack of the environment hold what the service charges for, there?"""
    billed = _billed(facts, service)
    here = billed is not None and (billed.everywhere or region == facts.region or region in _NO_REGION)
    return billed is not None and here and not set(billed.types).isdisjoint(types)


def _is_looked_at(facts: BillFacts, service: str, region: str) -> bool:
    """Did the scan read a type there? Without a scan nothing tells, and its own blocker says so."""
    billed = _billed(facts, service)
    if billed is None:
        return False
    if not isinstance(facts.looked_at, Known):
        return True
    where = facts.region if billed.everywhere or region in _NO_REGION else region
    return any(f"{kind}@{where}" in facts.looked_at.value for kind in billed.types)


def _billed(facts: BillFacts, service: str) -> BilledService | None:
    return next((each for each in facts.policy.services if service in each.names), None)


def _days(facts: BillFacts) -> Iterator[DailyCost]:
    yield from facts.days.value if isinstance(facts.days, Known) else ()


def _amounts(day: DailyCost) -> dict[tuple[str, str], Decimal]:
    """By service and region; what a refund gives back is taken from its own group and from no other."""
    sums: dict[tuple[str, str], Decimal] = {}
    for group in day.groups or ():
        key = group.service, group.region
        sums[key] = sums.get(key, Decimal(0)) + group.cost.amount
    return sums
