"""The bill as the third net: money that nothing explains, by service and region (TD8)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tidegate.models.cost import DailyCost
from tidegate.models.observed import Observed
from tidegate.models.policy import BillPolicy, PolicyException

SPEND_RULE = "SPEND-UNEXPLAINED"
"""The rule that a manifest's exception names; its resource is `<service>@<region>`."""

Why = Literal["after_proof", "no_listing"]
"""Nothing of the environment should charge after a proven teardown; of the rest, some listing must have looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnexplainedSpend:
    """One service that charged in one region, and nothing explains it. Amounts in USD, days in UTC."""

    service: str
    region: str
    why: Why
    since: date
    """The first day of which a bill told so."""
    last: date
    """The newest one."""
    usd_per_day: Decimal
    """What the newest day cost."""
    seen_by: str
    """The execution that saw it first."""

    @property
    def subject(self) -> str:
        """As an exception of the manifest names it."""
        return f"{self.service}@{self.region}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFacts:
    """The days of the running month by service and region, and what may explain them."""

    execution_id: str
    region: str
    """Where the environment's stacks stand."""
    days: Observed[tuple[DailyCost, ...]]
    data_as_of: Observed[datetime]
    """Days that end later may not be reported yet."""
    lag_hours: int
    """How late AWS reports."""
    policy: BillPolicy
    looked_at: Observed[tuple[str, ...]]
    """What the scan of this audit read: `aws_nat_gateway@eu-west-2`."""
    persistent_types: tuple[str, ...]
    """What stacks that stay may hold."""
    ephemeral_types: tuple[str, ...]
    """What the others may hold while a platform run is open."""
    above_usd: Decimal
    """A day's charge of one service in one region up to this is not told."""
    open: Observed[tuple[UnexplainedSpend, ...]]
    """What earlier audits saw, and no bill has closed since."""
    exceptions: tuple[PolicyException, ...]
    today: date
