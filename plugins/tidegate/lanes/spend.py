"""Collects what the bills show for the days after a teardown. No call costs anything: AUDIT.F read the days."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from tidegate.collectors.aws.cost import month_to_date
from tidegate.evidence.canonical import unseal
from tidegate.evidence.control import platform_series
from tidegate.evidence.store import StoredObject, StoreError
from tidegate.lanes.bill import EXPLORER, bill_facts, say_apart
from tidegate.lanes.guards import handed_over_facts, parse_snapshot
from tidegate.lanes.run import LaneRun, now
from tidegate.models.confluent import ConfluentBilling
from tidegate.models.cost import CostFacts, Money
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.snapshot import Snapshot
from tidegate.models.spend import DaySpend, PlatformSpend, SpendAfterZeroFacts, first_watched_day

COST_TASK = "f_cost_guardrail"


def collect_spend_after_zero(run: LaneRun) -> SpendAfterZeroFacts:
    """When the newest platform run was closed, and the days that the cost guardrail of this audit read."""
    observed_at = now()
    cost = handed_over_facts(run, COST_TASK, CostFacts)
    facts = SpendAfterZeroFacts(
        observed_at=observed_at,
        sources=cost.value.sources if isinstance(cost, Known) else (),
        platform_run=run.platform_run,
        closed_at=_closed_at(run),
        start=cost.value.start if isinstance(cost, Known) else month_to_date(observed_at)[0],
        expected_unit=run.environment.budget.unit,
        cost_scope=run.environment.cost_scope,
        platforms=tuple(_platform(run, platform, cost) for platform in run.environment.cost_scope),
        bill=bill_facts(run, cost),
    )
    if facts.bill is not None:
        say_apart(run, facts.bill)
    if facts.watched_from is None:
        run.log("the newest platform run is not closed: there is no day that must cost nothing")
        _say_unseen(run)
    for spend in facts.platforms if facts.watched_from else ():
        days = list(facts.reported_days(spend))
        said = f"{days[0]} to {days[-1]}" if days else "none is reported yet"
        run.log(f"{spend.platform}: days from {facts.watched_from} on must cost nothing; watched {said}")
    return facts


def _say_unseen(run: LaneRun) -> None:
    """Log that a new platform run opened before the first watched day of the previous one was reported: charges after
    that teardown are no longer watched. It is no finding, because nothing can be done about it now.
    """
    opened = run.platform_run
    if not isinstance(opened, Known):
        return
    series = platform_series(run.remote, run.environment.name)
    try:
        for number in range(series.highest(), 0, -1):
            _, record = series.record(number)
            if record.get("id") != opened.value.id:
                break
        else:
            return
        closed_by = record.get("closed_by")
        if closed_by is None:
            return
        closed = _read_proof(run, str(closed_by))[1].observed_at
    except (StoreError, ValueError) as error:
        run.log(f"nobody can tell whether the days after the platform run before this one were watched: {error}")
        return
    first = first_watched_day(closed)
    lag = timedelta(hours=max(run.environment.billing_lag_hours[it] for it in run.environment.cost_scope))
    if opened.value.opened_at < datetime.combine(first + timedelta(days=1), time(), UTC) + lag:
        run.log(
            f"{opened.value.id} opened at {opened.value.opened_at.isoformat()}, before every platform had reported "
            f"{first}, the first day that had to cost nothing after {record.get('id')}: that watch closed unseen"
        )


def _closed_at(run: LaneRun) -> Observed[datetime]:
    """When the proof that closed the newest platform run was observed. Absent if it is open, or if there is none."""
    match run.platform_run:
        case Known(platform) if platform.closed_by is not None:
            return _proven_at(run, platform.closed_by)
        case Known() | Absent():
            return Absent()
        case other:
            return Unreadable(f"platform run: {shown(other)}")


def _proven_at(run: LaneRun, uri: str) -> Observed[datetime]:
    try:
        stored, snapshot = _read_proof(run, uri)
    except (StoreError, ValueError) as error:
        return Unreadable(str(error))
    run.rests_on(stored.uri, snapshot.digest, stored.version_id)
    return Known(snapshot.observed_at)


def _read_proof(run: LaneRun, uri: str) -> tuple[StoredObject, Snapshot]:
    """A teardown proof that passed. Raises StoreError, and ValueError if it is none."""
    bucket = run.remote.uri("")
    if not uri.startswith(bucket):
        raise ValueError(f"{uri} is not in the evidence bucket {bucket}")
    stored, content = run.remote.read(uri.removeprefix(bucket))
    try:
        snapshot = parse_snapshot(unseal(content))
    except ValueError as error:
        raise ValueError(f"{uri}: {error}") from error
    if snapshot.gate != "TEARDOWN-PROOF" or not snapshot.overall_pass:
        raise ValueError(f"{uri} is no teardown proof that passed")
    return stored, snapshot


def _platform(run: LaneRun, platform: str, cost: Observed[CostFacts]) -> PlatformSpend:
    of_aws = platform == "aws"
    as_of: Observed[datetime]
    days: Observed[tuple[DaySpend, ...]]
    if not isinstance(cost, Known):
        reason = cost.reason if isinstance(cost, Unreadable) else f"{COST_TASK} of this run handed nothing over"
        as_of = days = Unreadable(reason)
    elif of_aws:
        moments = [source.data_as_of for source in cost.value.sources if source.name == EXPLORER]
        as_of = Known(moments[0]) if moments else Absent()
        days = _of_aws(cost.value)
    else:
        billing = cost.value.confluent
        as_of = Absent() if billing is None else Known(billing.data_as_of)
        days = Absent() if billing is None else _of_confluent(billing, run.environment.budget.unit)
    return PlatformSpend(
        platform=platform,
        data_as_of=as_of,
        names_every_day=of_aws,
        base_per_day=run.environment.audit.base_usd_per_day if of_aws else Decimal(0),
        days=days,
    )


def _of_aws(cost: CostFacts) -> Observed[tuple[DaySpend, ...]]:
    if not isinstance(cost.days, Known):
        return cost.days
    return Known(tuple(DaySpend(day=each.day, cost=each.cost) for each in cost.days.value))


def _of_confluent(billing: ConfluentBilling, unit: str) -> Observed[tuple[DaySpend, ...]]:
    if not isinstance(billing.bill, Known):
        return billing.bill
    return Known(
        tuple(DaySpend(day=each.day, cost=Money(amount=each.amount, unit=unit)) for each in billing.bill.value.days)
    )
