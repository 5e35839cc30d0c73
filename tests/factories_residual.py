"""Passing facts of the nightly residual scan and of the watch over later bills. Each takes changes by keyword."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from factories_world import (
    NOW,
    REGION,
    preserve_item,
    residual_facts,
    state_resource,
)
from tidegate.models.control import PlatformRun
from tidegate.models.cost import Money
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known
from tidegate.models.ownership import OwnedState
from tidegate.models.residual import AuditResidualFacts, ScanFacts
from tidegate.models.spend import DaySpend, PlatformSpend, SpendAfterZeroFacts
from tidegate.models.state import StateResource

OPENED = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)
CLOSED = datetime(2026, 11, 14, 15, 30, tzinfo=UTC)
PROOF = "s3://fraud-platform-dev-min-evidence/evidence/proof.json"


def platform_run(*, is_open: bool = False) -> PlatformRun:
    """One that a proof closed, unless it is open."""
    return PlatformRun(
        id="platform_1",
        opened_by="m2_1",
        opened_at=OPENED,
        closed_by=None if is_open else PROOF,
    )


def owned(stack: str = "demo", *resources: StateResource, **changes: Any) -> OwnedState:
    """The state of a stack that holds these resources."""
    return replace(OwnedState(stack=stack, destroyable=stack != "core", resources=Known(resources)), **changes)


def audit_residual_facts(*resources: LiveResource, **changes: Any) -> AuditResidualFacts:
    """A night after a teardown of everything, on which these resources answer."""
    scan = residual_facts(*resources)
    facts = AuditResidualFacts(
        **{each.name: getattr(scan, each.name) for each in fields(ScanFacts)},
        region=REGION,
        platform_run=Known(platform_run()),
        states=(owned("core", state_resource("aws_s3_bucket.work", "work")), owned("demo", resources=Absent())),
        expected_stacks=("core", "demo"),
        intents={"core": Absent(), "demo": Absent()},
        preserve_set=Known((preserve_item(),)),
    )
    return replace(facts, **changes)


def standing(*resources: LiveResource, held: tuple[StateResource, ...] = (), **changes: Any) -> AuditResidualFacts:
    """A night on which a platform run is open and demo's state holds these things."""
    given = {"platform_run": Known(platform_run(is_open=True)), "states": (owned("core"), owned("demo", *held))}
    return audit_residual_facts(*resources, **{**given, **changes})


def day_spend(number: int, amount: str = "0.01", unit: str = "USD") -> DaySpend:
    """A day of November."""
    return DaySpend(day=date(2026, 11, number), cost=Money(amount=Decimal(amount), unit=unit))


def spend(platform: str = "aws", *days: DaySpend, **changes: Any) -> PlatformSpend:
    """A platform that reports with its usual delay: AWS up to the 19th, Confluent up to the 17th."""
    of_aws = platform == "aws"
    given = PlatformSpend(
        platform=platform,
        data_as_of=Known(NOW - timedelta(hours=24 if of_aws else 72)),
        names_every_day=of_aws,
        base_per_day=Decimal("0.20") if of_aws else Decimal(0),
        days=Known(days or (tuple(day_spend(number) for number in range(1, 22)) if of_aws else ())),
    )
    return replace(given, **changes)


def spend_facts(*platforms: PlatformSpend, **changes: Any) -> SpendAfterZeroFacts:
    """A teardown was proven on the 14th: from the 16th on every day must cost nothing. Now it is the 21st."""
    facts = SpendAfterZeroFacts(
        observed_at=NOW,
        platform_run=Known(platform_run()),
        closed_at=Known(CLOSED),
        start=date(2026, 11, 1),
        expected_unit="USD",
        cost_scope=("aws", "confluent"),
        platforms=platforms or (spend(), spend("confluent")),
    )
    return replace(facts, **changes)
