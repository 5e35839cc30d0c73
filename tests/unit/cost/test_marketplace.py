"""Confluent through AWS Marketplace: counted once, by the names of the manifest, and nothing else is taken."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

import factories_guardrails as guardrails
from standins import three_stacks
from tidegate.cost.marketplace import without_products
from tidegate.cost.month import projection_of, reports_of
from tidegate.models.cost import DailyCost, Money, ServiceCost
from tidegate.models.environment import Environment
from tidegate.models.observed import Known, Unreadable

PRODUCT = "Confluent Cloud - Pay As You Go"
FIRST = date(2026, 2, 1)


def group(service: str, amount: str, unit: str = "USD") -> ServiceCost:
    return ServiceCost(service=service, region="eu-west-2", cost=Money(amount=Decimal(amount), unit=unit))


def day(*groups: ServiceCost, number: int = 1, unit: str = "USD") -> DailyCost:
    cost = sum((each.cost.amount for each in groups), start=Decimal(0))
    return DailyCost(
        day=date(2026, 2, number), days=1, cost=Money(amount=cost, unit=unit), estimated=True, groups=groups
    )


def test_a_product_is_taken_out_of_its_days_and_nothing_else_is() -> None:
    rds, kafka = group("Amazon Relational Database Service", "0.50"), group(PRODUCT, "3.20")
    days, amount = without_products((day(rds, kafka), day(kafka, number=2), day(rds, number=3)), [PRODUCT])
    assert amount == Decimal("6.40")
    assert days == (day(rds), replace(day(number=2), groups=()), day(rds, number=3))


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(day(group("Another product of AWS Marketplace", "3")), id="another-product"),
        pytest.param(day(group(PRODUCT.lower(), "3")), id="another-name"),
        pytest.param(day(group(PRODUCT, "-3")), id="below-zero"),
        pytest.param(day(group(PRODUCT, "3", "EUR")), id="another-currency"),
        pytest.param(replace(day(group(PRODUCT, "3")), groups=None), id="not-told-apart"),
    ],
)
def test_what_stays(kept: DailyCost) -> None:
    assert without_products((kept,), [PRODUCT]) == ((kept,), Decimal(0))


@pytest.mark.parametrize(
    ("budgets", "marketplace", "counts"),
    [("9.90", "3.20", "6.70"), ("9.90", "0", "9.90"), ("2.00", "3.20", "0"), ("-1.00", "3.20", "-1.00")],
)
def test_budgets_count_without_it_and_never_below_zero(budgets: str, marketplace: str, counts: str) -> None:
    facts = guardrails.cost_facts(budgets=guardrails.spent(budgets))
    told = {it.source: it.amount for it in reports_of(replace(facts, marketplace_usd=Decimal(marketplace)))}
    assert told["AWS Budgets"] == Decimal(counts)


def test_budgets_that_do_not_tell_do_not_tell_less() -> None:
    facts = guardrails.cost_facts(budgets=Unreadable("denied"), marketplace_usd=Decimal("3.20"))
    assert {it.source: it.amount for it in reports_of(facts)}["AWS Budgets"] is None


def test_the_sum_of_the_month_has_it_once() -> None:
    plain = guardrails.cost_facts(budgets=guardrails.spent("20"), days=Known(()))
    once = replace(plain, marketplace_usd=Decimal(12))
    assert projection_of(plain).at_least - projection_of(once).at_least == Decimal(12)


def manifest(**changes: Any) -> Environment:
    document = three_stacks().model_dump(by_alias=True)
    document["confluent"] = {"api_key_connection": "confluent_default", "marketplace_products": (PRODUCT,)}
    return Environment.model_validate(document | changes)


def test_the_manifest_names_the_products() -> None:
    section = manifest().confluent
    assert section is not None
    assert section.marketplace_products == (PRODUCT,)


@pytest.mark.parametrize(
    "product", ["Amazon Managed Confluent", "AWS Confluent", "Amazon Relational Database Service", "Kafka", ""]
)
def test_a_service_of_aws_is_no_product_of_confluent(product: str) -> None:
    with pytest.raises(ValidationError, match="marketplace_products"):
        manifest(confluent={"api_key_connection": "c", "marketplace_products": (product,)})


def test_products_count_only_where_the_bill_of_confluent_counts() -> None:
    with pytest.raises(ValidationError, match="needs confluent in cost_scope"):
        manifest(cost_scope=("aws",))
