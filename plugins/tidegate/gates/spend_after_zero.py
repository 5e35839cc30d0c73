"""SPEND-AFTER-ZERO. Once a teardown was proven, no later bill charges for what should be gone (TD5, TD8).

On every night no service charges in a region where nothing explains it (`rules_bill`).

Watched are the days of the running month that lie wholly after the closing of the newest platform run, less one day of
grace, and that the platform has reported. AWS may charge `audit.base_usd_per_day` for what is persistent; Confluent
nothing. The bill is the account's: what somebody else's stacks cost there counts as well. While a platform run is open,
or when there never was one, nothing is watched.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_bill import bill_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, OPERATOR, SAME_DAG, allow, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.remedy import OWNER, Clear, Command, Person, Remedy, Wait
from tidegate.models.spend import DaySpend, PlatformSpend, SpendAfterZeroFacts

_AGAIN = Clear("g_cost_guardrail")
_CONFLUENT = Remedy.of(
    Person(FINDER, "see that day in Confluent's billing page, and delete what spends"),
    Wait("the bill of a later day shows nothing"),
)


def blockers(facts: SpendAfterZeroFacts) -> Iterator[Blocker]:
    """The watch over the days after a teardown, and every charge that nothing explains."""
    return each(_watch(facts), bill_blockers(facts))


def _watch(facts: SpendAfterZeroFacts) -> Iterator[Blocker]:
    """What is watched since when, whether every platform told, and each day that cost too much."""
    run = facts.platform_run
    if isinstance(run, Absent) or (isinstance(run, Known) and run.value.closed_by is None):
        return
    if not isinstance(run, Known):
        yield unusable(
            run,
            Need(
                stem="PLATFORM-RUN",
                what="the platform run",
                resource="control record platform_runs",
                expected="the newest one, or none",
                remedy=allow("read control/<environment>/platform_runs in the evidence bucket"),
            ),
        )
        return
    if not isinstance(facts.closed_at, Known):
        yield unusable(
            facts.closed_at,
            Need(
                stem="CLOSING",
                what="when the platform run was closed",
                resource=run.value.id,
                expected="a teardown proof that passed, with its time",
                remedy=allow(f"read {run.value.closed_by}"),
            ),
        )
        return
    if facts.closed_at.value > facts.observed_at:
        yield Blocker(
            code="CLOSING-IN-FUTURE",
            summary="the platform run was closed later than now: a clock jumped",
            resource=run.value.id,
            observed=f"closed {facts.closed_at.value.isoformat()}, now {facts.observed_at.isoformat()}",
            expected="a closing before now",
            remedy=Remedy.of(Person(OPERATOR, "correct the clock of the worker"), Clear()),
        )
    told = {spend.platform for spend in facts.platforms}
    for platform in facts.cost_scope:
        if platform not in told:
            yield _unknown(platform, "nobody asked", "the days of every platform in the scope")
    for spend in facts.platforms:
        yield from _platform(facts, spend)


def _platform(facts: SpendAfterZeroFacts, spend: PlatformSpend) -> Iterator[Blocker]:
    if not isinstance(spend.days, Known):
        yield _unknown(spend.platform, shown(spend.days), "an amount per day; what cannot be read is not zero")
        return
    if not isinstance(spend.data_as_of, Known):
        yield _unknown(spend.platform, f"as of {shown(spend.data_as_of)}", "as of when the days are reported")
        return
    if spend.data_as_of.value > facts.observed_at:
        yield _unknown(
            spend.platform,
            f"as of {spend.data_as_of.value.isoformat()}, read {facts.observed_at.isoformat()}",
            "a report as of a moment before the read; a clock jumped",
        )
    for day in facts.reported_days(spend):
        yield from _day(facts, spend, day, [each for each in spend.days.value if each.day == day])


def _day(facts: SpendAfterZeroFacts, spend: PlatformSpend, day: date, lines: list[DaySpend]) -> Iterator[Blocker]:
    where = f"{spend.platform} {day.isoformat()}"
    if not lines and spend.names_every_day:
        yield _unknown(where, "the day is missing", "an amount for every reported day")
    for line in lines:
        if line.cost.unit != facts.expected_unit or line.cost.amount < 0:
            yield _unknown(where, f"{line.cost.amount} {line.cost.unit}", f"0 or more {facts.expected_unit}")
    spent = sum(line.cost.amount for line in lines if line.cost.unit == facts.expected_unit)
    if spent > spend.base_per_day:
        following = day + timedelta(days=1)
        of_aws = spend.platform == "aws"
        yield Blocker(
            code="SPEND-AFTER-ZERO",
            summary="a day after the proven teardown was charged for",
            resource=where,
            observed=f"{spent} {facts.expected_unit}",
            expected=f"at most {spend.base_per_day} {facts.expected_unit} from {facts.watched_from} on",
            remedy=_what_spends(day, following) if of_aws else _CONFLUENT,
        )


def _what_spends(day: date, following: date) -> Remedy:
    period = f"Start={day},End={following}"
    question = ("aws", "ce", "get-cost-and-usage", "--time-period", period, "--granularity", "DAILY")
    return Remedy.of(
        Command((*question, "--metrics", "UnblendedCost", "--group-by", "Type=DIMENSION,Key=SERVICE")),
        Person(FINDER, "remove what spends"),
        Wait("the bill of a later day shows nothing"),
        alternative=(
            manifest("audit.base_usd_per_day", why="what the persistent stacks cost, when it is theirs"),
            SAME_DAG,
        ),
        note="The question costs 0.01 USD",
    )


def _unknown(resource: str, observed: str, expected: str) -> Blocker:
    return Blocker(
        code="SPEND-UNKNOWN",
        summary="what was charged after the proven teardown is not known",
        resource=resource,
        observed=observed,
        expected=expected,
        remedy=Remedy.of(Person(OWNER, "correct what the reason names: role, key, currency or clock"), _AGAIN),
    )


GATE = Gate(
    id="SPEND-AFTER-ZERO",
    title="Every charge is explained, and none comes after the proven teardown",
    owner="finops",
    requirements=("TD5", "TD8", "CO5"),
    facts=SpendAfterZeroFacts,
    blockers=blockers,
    version=2,
    measured_codes=frozenset({"CLOSING-IN-FUTURE", "SPEND-AFTER-ZERO", "SPEND-UNEXPLAINED", "SPEND-UNKNOWN"}),
    policy_sections=(
        *("audit", "cost_scope", "billing_lag_hours", "budget", "exceptions", "region", "stacks"),
        *("policies.allowed_types", "policies.bill"),
    ),
)
