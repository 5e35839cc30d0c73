"""What reading the bills costs is counted and has a limit of its own (CO7)."""

from collections.abc import Iterator

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, required
from tidegate.gates.rules_remedies import SAME_DAG, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.cost import CostFacts
from tidegate.models.observed import Known
from tidegate.models.remedy import OWNER, Clear, Edit, Person, Remedy, Wait

_EXPLORER = "Cost Explorer"
_COUNT = Need(
    stem="COST-OWN-READS",
    what="how often Cost Explorer was asked this month",
    resource=_EXPLORER,
    expected="records below control/<environment>/cost_reads in the evidence bucket, none of them changed",
    remedy=Remedy.of(
        Person(OWNER, "let the execution role read and write there, or find out who changed the record"), Clear()
    ),
)
_PRICE = Need(
    stem="COST-OWN-READS-PRICE",
    what="the price of a page",
    resource=_EXPLORER,
    expected="an entry `page of Cost Explorer` under usage in include/policies/prices.yaml",
    remedy=Remedy.of(
        Edit(
            "include/policies/prices.yaml", "usage", why="the price of a `page of Cost Explorer`, with source and date"
        ),
        SAME_DAG,
    ),
)


def own_reads_blockers(facts: CostFacts) -> Iterator[Blocker]:
    """An unknown count is no free read, and a spent budget is no read at all."""
    return each(
        required(facts.own_reads.pages, _COUNT),
        required(facts.own_reads.page_usd, _PRICE),
        _spent(facts),
    )


def nobody_asked(facts: CostFacts) -> bool:
    """Is it for a reason of this file that Cost Explorer does not tell?"""
    own = facts.own_reads
    counted = isinstance(own.pages, Known) and isinstance(own.page_usd, Known)
    return not own.asked and (own.spent or not counted)


def _spent(facts: CostFacts) -> Iterator[Blocker]:
    own = facts.own_reads
    if own.spent and isinstance(own.pages, Known) and isinstance(own.page_usd, Known):
        spent = own.pages.value * own.page_usd.value
        yield Blocker(
            code="COST-OWN-READS-SPENT",
            summary="the budget for own reads is spent, so Cost Explorer was not asked",
            resource=_EXPLORER,
            observed=f"{own.pages.value} pages this month, {spent} USD",
            expected=f"one page more, {own.page_usd.value} USD, within {own.limit_usd} USD",
            remedy=Remedy.of(
                manifest(
                    "own_reads.monthly_usd", why="a limit above what was spent, once it is known who reads so often"
                ),
                SAME_DAG,
                alternative=(Wait("the next month has begun"), Clear()),
            ),
        )
