"""Does every type that a stack may hold have a price in its region? Asked before anything is made (CO6). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tidegate.cost.pricing import Unpriced, price
from tidegate.models.environment import Environment
from tidegate.models.identity import StackKind
from tidegate.models.observed import Known
from tidegate.models.policy import AllowedTypesPolicy
from tidegate.models.prices import PricePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpricedKind:
    """A type without a price, and why. `listed`: the AWS price list is asked for this type, so it may tell."""

    kind: StackKind
    reason: str
    listed: bool


def kinds_of(environment: Environment, allowed: AllowedTypesPolicy) -> tuple[StackKind, ...]:
    """Every type that the stacks of an environment may hold, each in the region of its stack."""
    return tuple(
        StackKind(
            stack=name,
            type=kind,
            region=stack.region or environment.region,
            attributes=allowed.built.get(name, {}).get(kind, {}),
        )
        for name, stack in environment.stacks.items()
        for kind in allowed.stacks.get(name, ())
    )


def unpriced_kinds(kinds: Iterable[StackKind], prices: PricePolicy) -> Iterator[UnpricedKind]:
    """The types whose price nobody can tell, by the same rules that price a plan."""
    for kind in kinds:
        attributes = {name: Known(value) for name, value in kind.attributes.items()}
        found = price(kind.type, kind.region, attributes, "plan", prices)
        if isinstance(found, Unpriced):
            listed = any(kind.type in each.types and each.offer is not None for each in prices.prices)
            yield UnpricedKind(kind=kind, reason=found.reason, listed=listed)
