"""What was spent since the month began, as each source reports it (CO5)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tidegate.models.confluent import ConfluentBilling
from tidegate.models.facts import Facts
from tidegate.models.observed import Observed
from tidegate.models.policy import PolicyException

PLATFORMS = ("aws", "confluent")
"""Every platform that a cost scope can name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount and its currency."""

    amount: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyCost:
    """One day in Cost Explorer. AWS calls every day of a running month estimated; the flag is kept for people."""

    day: date
    days: int
    """How many days the period covers: 1."""
    cost: Money
    estimated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFacts(Facts):
    """Facts of M9.G. `sources` say as of when each report vouches: the read less the billing lag of the manifest."""

    cost_scope: tuple[str, ...]
    """Platforms whose cost must be read."""
    read_scope: tuple[str, ...]
    """Platforms whose cost was asked for."""
    widest_scope: Observed[tuple[str, ...]]
    """Every platform that some M9.G of this environment had to read, this one among them (EV4)."""
    exceptions: tuple[PolicyException, ...]
    """Those of the manifest that may lift a blocker of this gate."""
    start: date
    """The first of the month, UTC."""
    end: date
    """Tomorrow, exclusive."""
    expected_unit: str
    alerts: tuple[Decimal, ...]
    stop: Decimal
    budgets: Observed[Money]
    """Actual spend of the budget's month. Absent: there is no budget."""
    days: Observed[tuple[DailyCost, ...]]
    """Cost Explorer, credits and refunds left out."""
    confluent: ConfluentBilling | None
    """None: it is not in the scope, so nobody asked."""
    rung: str
    """The highest rung that the sum of all platforms has reached; `unknown` when a source cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSoFar:
    """The month as a cost guardrail saw it: what a plan is held against (CO6). USD."""

    at_least: Decimal
    """Reported and projected, all platforms."""
    usd_per_hour: Decimal
    """What stands now spends."""
    hours_left: Decimal
    """Until the month ends."""
    limit: Decimal
    """The cap."""
    complete: bool
    """Nothing about it is unknown; else the amounts are lower bounds."""
