"""What was spent since the month began: as each source reports it (CO5), and carried on to now (CO6)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tidegate.models.confluent import ConfluentBilling
from tidegate.models.facts import Facts
from tidegate.models.inventory import Inventory
from tidegate.models.notice import Notice
from tidegate.models.observed import Observed
from tidegate.models.policy import PolicyException
from tidegate.models.prices import PricePolicy

PLATFORMS = ("aws", "confluent")
"""Every platform that a cost scope can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount and its currency."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCost:
    """What one service charged in one region, by the names that Cost Explorer gives both."""

    service: str
    region: str
    cost: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCost:
    """One day in Cost Explorer. AWS calls every day of a running month estimated; the flag is kept for people."""

    day: date
    days: int
    """How many days the period covers: 1."""
    cost: Money
    """Of all services and regions together."""
    estimated: bool
    groups: tuple[ServiceCost, ...] | None = None
    """None in answers of versions that did not ask for them: not told, never nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReads:
    """What asking Cost Explorer costs, and whether this task asked (CO7)."""

    asked: bool
    """This very task sent a page. Else the answer, where there is one, was taken from the record."""
    needed: bool
    """A lane that never asks and finds no answer in the record does without, as long as AWS Budgets tells."""
    read_at: datetime | None
    """When the answer was read, UTC. None: there is no answer."""
    pages: Observed[int]
    """Requests of this UTC month, this task's among them, and those that botocore sent again."""
    page_usd: Observed[Decimal]
    """What a page costs. Absent: the prices do not say."""
    limit_usd: Decimal
    """The most that a month of own reads may cost."""
    spent: bool
    """Nobody was asked, because one page more would have been above the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFacts(Facts):
    """Facts of every cost guardrail: M2.B, M9.G, the audit, the hourly check.

    `sources` say as of when each report vouches: the read less the billing lag of the manifest. The gate judges what
    was read; the results at the end are for people.
    """

    cost_scope: tuple[str, ...]
    """Platforms whose cost must be read."""
    read_scope: tuple[str, ...]
    """Platforms whose cost was asked for."""
    widest_scope: Observed[tuple[str, ...]]
    """Every platform that some M9.G of this environment had to read, this one among them (EV4)."""
    exceptions: tuple[PolicyException, ...]
    """Those of the manifest that may lift a blocker of this gate."""
    start: date
    """The first of the month, UTC, for which Cost Explorer was asked."""
    end: date
    """The day after that read, exclusive."""
    expected_unit: str
    alerts: tuple[Decimal, ...]
    stop: Decimal
    limit: Decimal
    """The cap."""
    latched: bool
    """In M9: the emergency latch was set before. The stop has had its consequence, and the teardown is a part of it."""
    read_at: datetime
    """When this task began to read: the moment of AWS Budgets and of Confluent's bill."""
    billing_lag_hours: dict[str, int]
    """By platform how late its bills are."""
    budgets: Observed[Money]
    """Actual spend of the budget's month. Absent: there is no budget."""
    budget_expected: bool
    """False before core, which makes the budget, was ever built."""
    days: Observed[tuple[DailyCost, ...]]
    """Cost Explorer, credits and refunds left out. Absent: not asked, and no answer in the record."""
    own_reads: OwnReads
    confluent: ConfluentBilling | None
    """None: it is not in the scope, so nobody asked."""
    marketplace_usd: Decimal = Decimal(0)
    """What AWS charged for Confluent through AWS Marketplace in these days, in the currency of the ladder. It counts
    with Confluent's own bill: `days` are without it, and of AWS Budgets, which cannot tell it apart, so much is taken.
    """
    inventories: dict[str, Inventory]
    """By platform what stands there."""
    prices: PricePolicy
    prices_max_age_days: int
    last_seen: Observed[datetime]
    """The newest moment that the evidence knows: a clock before it has jumped back. Absent: there is no evidence."""
    reported: Decimal
    """USD since the month began, all platforms; like all that follow a lower bound where something is unknown."""
    projected: Decimal
    """USD since the reports vouch, at what stands now."""
    total: Decimal
    """Reported and projected."""
    forecast: Decimal
    """USD at the end of the month, if everything stays as it stands."""
    usd_per_hour: Decimal
    hours_until_next_rung: Decimal | None
    """None: nothing stands that costs, or there is no rung above."""
    rung: str
    """The highest rung that the sum of all platforms has reached; `unknown` when something about it is."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The rung that has certainly been reached, once per month and rung."""
        reached = [alert for alert in self.alerts if self.total >= alert]
        if not reached:
            return ()
        left = self.hours_until_next_rung
        then = "no rung to come at this rate" if left is None else f"the next rung in {left:.0f} hours"
        unit = self.expected_unit
        notice = Notice(
            key=f"rung/{self.observed_at:%Y-%m}/{max(reached)}",
            summary=f"The cost of this month has reached the rung of {max(reached)} {unit}: {self.reported:.2f} "
            f"reported, {self.projected:.2f} projected, {self.total:.2f} together; {then}.",
            remedy="see in this snapshot what stands and what it costs; what nobody needs, M9 tears down",
        )
        return (notice,)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSoFar:
    """The month as a cost guardrail saw it: what a plan is held against (CO6). USD."""

    at_least: Decimal
    """Reported and projected, all platforms."""
    usd_per_hour: Decimal
    """What stands now spends."""
    hours_left: Decimal
    """Until the month ends."""
    stop: Decimal
    """At which nothing is built any more, and what stands is torn down."""
    complete: bool
    """Nothing about it is unknown; else the amounts are lower bounds."""
