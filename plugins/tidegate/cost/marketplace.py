"""Confluent's charges in the bill of AWS, where it is paid through AWS Marketplace: counted once (CO5). Pure.

Cost Explorer names the product as a service of its own, in the groups that it is asked for anyway.
"""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from tidegate.models.cost import DailyCost, Money


def without_products(days: tuple[DailyCost, ...], products: Collection[str]) -> tuple[tuple[DailyCost, ...], Decimal]:
    """The days without what these products charged, and how much that was.

    A day without groups stays as it is: what is not told apart counts. A charge below zero is no product's: it stays.
    """
    found = [_without(day, products) for day in days]
    return tuple(day for day, _ in found), sum((amount for _, amount in found), start=Decimal(0))


def _without(day: DailyCost, products: Collection[str]) -> tuple[DailyCost, Decimal]:
    groups = day.groups or ()
    taken = [
        each
        for each in groups
        if each.service in products and each.cost.unit == day.cost.unit and each.cost.amount > Decimal(0)
    ]
    if not taken:
        return day, Decimal(0)
    amount = sum((each.cost.amount for each in taken), start=Decimal(0))
    rest = Money(amount=day.cost.amount - amount, unit=day.cost.unit)
    return replace(day, cost=rest, groups=tuple(each for each in groups if each not in taken)), amount
