"""What the sandbox's admin API can set in the AWS stand-in (labelled). One instance per process, emptied by a reset."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from sandbox.aws.spend import Spend

if TYPE_CHECKING:
    from sandbox.aws.seeded import Seed

Money = Annotated[Decimal, Field(ge=0)]


class SubscriptionState(StrEnum):
    """How a new e-mail subscription starts. Real AWS starts with `pending`; the sandbox defaults to `confirmed`,
    because nobody reads its mail and an apply must be able to end well without a human."""

    CONFIRMED = "confirmed"
    PENDING = "pending"


class BudgetSpend(BaseModel):
    """What a budget says was spent, whatever Cost Explorer says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    budget_name: str
    actual: Money
    forecasted: Money = Decimal(0)


class BudgetState(BaseModel):
    """What a budget is beside what moto keeps of it, in the words of AWS Budgets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    budget_name: str
    traits: dict[str, Any] = {}
    """Fields of DescribeBudget, e.g. `{"HealthStatus": {"Status": "UNHEALTHY"}}`."""
    actions: list[dict[str, Any]] = []
    """What DescribeBudgetActionsForBudget lists."""


class BillingState(StrEnum):
    """What keeps Cost Explorer from answering on the first days of an account."""

    ENABLED = "enabled"
    NOT_ENABLED = "not_enabled"
    DATA_UNAVAILABLE = "data_unavailable"
    ACCESS_NOT_ACTIVATED = "access_not_activated"


@dataclass(frozen=True, slots=True)
class BillingRefusal:
    """A code of AWS and its text."""

    code: str
    message: str


BILLING_REFUSALS = {
    BillingState.ENABLED: None,
    BillingState.NOT_ENABLED: BillingRefusal("AccessDeniedException", "User not enabled for cost explorer access"),
    BillingState.DATA_UNAVAILABLE: BillingRefusal(
        "DataUnavailableException", "Data is not available. Please try to adjust the time period."
    ),
    BillingState.ACCESS_NOT_ACTIVATED: BillingRefusal(
        "AccessDeniedException",
        "not authorized to perform: ce:GetCostAndUsage: IAM access to billing information is not activated",
    ),
}
"""How AWS refuses in each state. The texts are those that its users report; the codes are in the service's model."""


@dataclass(slots=True)
class Settings:
    """All that can be set."""

    spend: Spend = field(default_factory=Spend)
    email_subscriptions: SubscriptionState = SubscriptionState.CONFIRMED
    budget_spend: dict[str, BudgetSpend] = field(default_factory=dict)
    seeded: "tuple[Seed, ...]" = ()
    budget_traits: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By budget what DescribeBudget answers beside its definition, e.g. `HealthStatus`."""
    budget_actions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    subscription_clock_hours: float = 0
    """How far the clock of subscriptions is ahead."""
    subscriptions_pending_since: dict[str, datetime] = field(default_factory=dict)
    """By ARN when a subscription began to wait for its confirmation, by that clock."""
    explorer_refusal: BillingRefusal | None = None
    """With what Cost Explorer refuses every call. None: it answers."""
    budget_tags: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def reset(self) -> None:
        """Go back to what was there after the start."""
        self.spend = Spend()
        self.email_subscriptions = SubscriptionState.CONFIRMED
        self.budget_spend.clear()
        self.budget_tags.clear()
        self.budget_traits.clear()
        self.budget_actions.clear()
        self.explorer_refusal = None
        self.subscription_clock_hours = 0
        self.subscriptions_pending_since.clear()
        self.seeded = ()


SETTINGS = Settings()
