"""Prices, live resources and reports for tests of the projection. Each takes changes by keyword."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from factories_world import inventory, live
from tidegate.cost.ladder import BUDGETS, CONFLUENT, EXPLORER
from tidegate.cost.pricing import price_of_live
from tidegate.cost.projection import Reported
from tidegate.cost.run_rate import RunRate
from tidegate.environments import load, load_policies
from tidegate.models.inventory import Inventory, LiveResource
from tidegate.models.observed import Known
from tidegate.models.prices import PricePolicy

NOW = datetime(2026, 2, 13, 20, tzinfo=UTC)
LADDER = (Decimal(10), Decimal(20), Decimal(28))
STOP = Decimal(28)
PRICES = load_policies(load("dev_min")).prices
DATABASE: dict[str, Any] = {
    "engine": "postgres",
    "instance_class": "db.t4g.micro",
    "multi_az": False,
    "storage_type": "gp3",
    "allocated_storage": 20,
    "publicly_accessible": False,
}
"""Demo's database: 0.018 + 20 x 0.133 / 730 + 0.40 / 730 USD per hour."""


def known(**attributes: Any) -> dict[str, Known[Any]]:
    """Attributes that were all read."""
    return {name: Known(value) for name, value in attributes.items()}


def entry(**changes: Any) -> dict[str, Any]:
    """A price as the file has it: 1 USD per hour, everywhere."""
    plain: dict[str, Any] = {"types": ["thing"], "region": "all", "usd": "1", "unit": "hour"}
    return plain | {"source": "a source", "date": "2026-10-05"} | changes


def free(**changes: Any) -> dict[str, Any]:
    """The statement that standing costs nothing."""
    return {"types": ["thing"], "reason": "nothing to pay for", "date": "2026-10-05"} | changes


def policy(*prices: dict[str, Any], **changes: Any) -> PricePolicy:
    """A policy with these prices, or one of 1 USD per hour."""
    given = {"version": 1, "currency": "USD", "hours_per_month": 730, "prices": list(prices) or [entry()]}
    return PricePolicy.model_validate(given | changes)


def database(**changes: Any) -> LiveResource:
    """Demo's database, live."""
    return live("aws_db_instance", "fraud-platform-dev-min-demo", attributes=known(**DATABASE | changes))


def nat(region: str = "eu-west-2") -> LiveResource:
    """A NAT gateway: 0.05 USD per hour in London."""
    return live("aws_nat_gateway", "nat-0forgotten", region=region)


def rate(usd_per_hour: Any = "0", **changes: Any) -> RunRate:
    """A platform on which everything is read and priced."""
    return replace(RunRate(usd_per_hour=Decimal(usd_per_hour), lines=(), unread=()), **changes)


def scanned(*resources: LiveResource, **changes: Any) -> Inventory:
    """A scan without gaps."""
    return inventory(*resources, **changes)


def reported(amount: Any = "0", source: str = EXPLORER, **changes: Any) -> Reported:
    """What Cost Explorer says at 20:00 on 13 February 2026, up to a day before; or another source, at three days."""
    report = Reported(
        source=source,
        platform="confluent" if source == CONFLUENT else "aws",
        amount=None if amount is None else Decimal(amount),
        read_at=NOW,
        data_as_of=NOW - timedelta(hours=72 if source == CONFLUENT else 24),
    )
    return replace(report, **changes)


def reports(budgets: Any = "0", explorer: Any = "0", confluent: Any = "0") -> tuple[Reported, ...]:
    """All three sources."""
    return reported(budgets, BUDGETS), reported(explorer), reported(confluent, CONFLUENT)


def price_of_database() -> Decimal:
    """USD per hour of demo's database."""
    return price_of_live(database(), PRICES).at_least
