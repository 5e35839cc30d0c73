"""What Confluent Cloud bills: the credential as it is held, and the month as the costs API reports it (CO5)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed
from tidegate.models.policy import PolicyException


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudKey:
    """A Cloud API key. Never a part of facts; neither half is shown by `repr` (ID4)."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledDay:
    """The lines that begin on a day (UTC), credits not among them. In US dollars: the API names no currency."""

    day: date
    lines: int
    daily_lines: int
    """Those that cover this one day: only they vouch that the day has been reported."""
    amount: Decimal
    """Sum of the amounts above zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineKind:
    """The lines of one product and line type, credits among them."""

    product: str
    line_type: str
    documented: bool
    """Both are names that the API documented when this was written. Others are counted all the same."""
    lines: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeLine:
    """A line below zero that is no credit: it would hide spend."""

    id: str
    day: date
    product: str
    line_type: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfluentBill:
    """Every line of the month to date, added up."""

    days: tuple[BilledDay, ...]
    """Those that have lines, in order. A day without any is not among them."""
    kinds: tuple[LineKind, ...]
    negative: tuple[NegativeLine, ...]
    credits: int
    """How many credit lines were left out."""
    credited: Decimal
    pages: int

    @property
    def total(self) -> Decimal:
        """US dollars since the month began, without credits and without anything below zero."""
        return sum((day.amount for day in self.days), start=Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfluentBilling:
    """One read of the costs API and what it was held against."""

    endpoint: str
    start: date
    """The first of the month, UTC."""
    end: date
    """Tomorrow, exclusive."""
    data_as_of: datetime
    """The read less the billing lag of the manifest: what lies after it may not be reported yet."""
    standing_since: Observed[datetime]
    """When the first apply of a Confluent stack in the open platform run began. Absent: nothing stands that would
    have to be billed."""
    bill: Observed[ConfluentBill]
    """Absent: the manifest names no Confluent account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfluentBillingFacts(Facts):
    """Facts of the Confluent half of M9.G."""

    billing: ConfluentBilling
    exceptions: tuple[PolicyException, ...]
