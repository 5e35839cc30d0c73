"""What the sandbox's admin API can set in the AWS stand-in (labelled). One instance per process, emptied by a reset."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

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


@dataclass(slots=True)
class Settings:
    """All that can be set."""

    spend: Spend = field(default_factory=Spend)
    email_subscriptions: SubscriptionState = SubscriptionState.CONFIRMED
    budget_spend: dict[str, BudgetSpend] = field(default_factory=dict)
    seeded: "tuple[Seed, ...]" = ()
    budget_tags: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def reset(self) -> None:
        """Go back to what was there after the start."""
        self.spend = Spend()
        self.email_subscriptions = SubscriptionState.CONFIRMED
        self.budget_spend.clear()
        self.budget_tags.clear()
        self.seeded = ()


SETTINGS = Settings()
