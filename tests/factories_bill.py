"""Bills by service and region, and what may explain them. Now it is the 21st; the 20th is not reported in full yet."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from factories_residual import CLOSED, NOW, platform_run
from standins import three_stacks
from tidegate.cost.bill import Standing
from tidegate.environments import load_policies
from tidegate.models.bill import BillFacts, UnexplainedSpend
from tidegate.models.cost import DailyCost, Money, ServiceCost
from tidegate.models.observed import Known
from tidegate.models.spend import SpendAfterZeroFacts

ENVIRONMENT = three_stacks()
HERE = ENVIRONMENT.region
BILL = load_policies(ENVIRONMENT).bill
RDS = "Amazon Relational Database Service"
UNHEARD = "Amazon Never Heard Of"
AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
PROVEN = Standing(ever=True, proven_at=CLOSED)
"""From the 16th on nothing may charge."""
OPEN = Standing(ever=True, proven_at=None)
NEVER = Standing(ever=False, proven_at=None)


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), unit="USD")


def day(number: int, *parts: tuple[str, str, str], **changes: Any) -> DailyCost:
    """A day of November: service, region, amount."""
    groups = tuple(ServiceCost(service=service, region=region, cost=usd(amount)) for service, region, amount in parts)
    total = usd(str(sum((each.cost.amount for each in groups), start=Decimal(0))))
    made = DailyCost(day=date(2026, 11, number), days=1, cost=total, estimated=True, groups=groups)
    return replace(made, **changes)


def month(charges: dict[int, tuple[tuple[str, str, str], ...]], until: int = 21) -> tuple[DailyCost, ...]:
    """All days of the month up to today, with these charges."""
    return tuple(day(number, *charges.get(number, ())) for number in range(1, until + 1))


def spend(service: str = UNHEARD, **changes: Any) -> UnexplainedSpend:
    """One that an earlier audit saw."""
    made = UnexplainedSpend(
        service=service,
        region=HERE,
        why="no_listing",
        since=date(2026, 11, 10),
        last=date(2026, 11, 12),
        usd_per_day=Decimal("0.50"),
        seen_by="audit_20261112T020000Z",
    )
    return replace(made, **changes)


def bill(charges: dict[int, tuple[tuple[str, str, str], ...]] | None = None, **changes: Any) -> BillFacts:
    """A bill in which the night's scan looked at databases here and at instances in Ireland."""
    made = BillFacts(
        execution_id="audit_20261121T020000Z",
        region=HERE,
        days=Known(month(charges or {})),
        data_as_of=Known(AS_OF),
        lag_hours=24,
        policy=BILL,
        looked_at=Known((f"aws_db_instance@{HERE}", f"aws_route53_zone@{HERE}", "aws_instance@eu-west-1")),
        persistent_types=("aws_s3_bucket", "aws_dynamodb_table", "aws_budgets_budget"),
        ephemeral_types=("aws_db_instance", "aws_cloudwatch_log_group", "aws_ecs_service"),
        above_usd=Decimal("0.01"),
        open=Known(()),
        exceptions=(),
        today=NOW.date(),
    )
    return replace(made, **changes)


def watch(of: BillFacts, standing: Standing = PROVEN, **changes: Any) -> SpendAfterZeroFacts:
    """The facts of the gate around a bill; no platform is watched, so that only the bill speaks."""
    made = SpendAfterZeroFacts(
        observed_at=NOW,
        platform_run=Known(platform_run(is_open=standing.proven_at is None)),
        closed_at=Known(CLOSED),
        start=date(2026, 11, 1),
        expected_unit="USD",
        cost_scope=(),
        platforms=(),
        bill=of,
    )
    return replace(made, **changes)
