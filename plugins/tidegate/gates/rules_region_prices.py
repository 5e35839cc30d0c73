"""Every type of every stack has a price in its region, before the first bucket is made (CO6)."""

from collections.abc import Iterator

from tidegate.cost.region_cover import UnpricedKind, unpriced_kinds
from tidegate.gates.rules_remedies import AUTHOR, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.identity import IdentityFacts
from tidegate.models.prices import STAND_IN
from tidegate.models.remedy import Clear, Command, Edit, Remedy

_PRICES = "include/policies/prices.yaml"


def region_price_blockers(facts: IdentityFacts) -> Iterator[Blocker]:
    """A type whose price in its region nobody knows: a build would stop there, with other stacks standing already."""
    if facts.prices is None:
        return
    for found in unpriced_kinds(facts.kinds, facts.prices):
        yield Blocker(
            code="REGION-UNPRICED",
            summary="a type that a stack may hold has no price in the region of the stack",
            resource=f"{found.kind.type} of {found.kind.stack} in {found.kind.region}",
            observed=found.reason,
            expected="a price for it in that region, or the statement that it costs nothing",
            remedy=_remedy(found),
        )


def stand_in_price_blockers(facts: IdentityFacts) -> Iterator[Blocker]:
    """Outside of the sandbox a price that its price list made up is none."""
    if facts.prices is None or facts.caller.profile == "sandbox":
        return
    made_up = [price for price in facts.prices.prices if price.source.startswith(STAND_IN)]
    for first in {price.region: price for price in made_up}.values():
        types = sorted({name for price in made_up if price.region == first.region for name in price.types})
        yield Blocker(
            code="PRICE-MADE-UP",
            summary="prices of the sandbox stand where prices of AWS belong",
            resource=f"{_PRICES}: {first.region}",
            observed=f"source {STAND_IN}: {', '.join(types)}",
            expected="what the AWS price list answers",
            remedy=Remedy.of(
                Edit(
                    _PRICES, "prices", why=f"without the entries of {first.region} whose source begins with {STAND_IN}"
                ),
                Command((*_refresh(first.region), "--write", _PRICES), AUTHOR),
                Clear(),
            ),
        )


def _refresh(region: str) -> tuple[str, ...]:
    return ("tidegate", "prices", "refresh", f"--region={region}", "--environment", "<environment>")


def _remedy(found: UnpricedKind) -> Remedy:
    if not found.listed:
        edit = Edit(_PRICES, "prices", why="its price, with source and date; or take the type out of the stack")
        return Remedy.of(edit, Clear())
    return Remedy.of(
        Command((*_refresh(found.kind.region), "--write", _PRICES), AUTHOR),
        Clear(),
        alternative=(manifest("region", why="one whose price list has all that the stacks hold"), Clear()),
        note="Look at what was written and roll include/ out; no price is taken from another region",
    )
