"""What keeps the projected cost from being known: what stands without a price, unread parts, clocks, months (CO6)."""

from collections.abc import Iterator
from datetime import date, timedelta

from tidegate.cost.pricing import Priced
from tidegate.cost.projection import Problem, Projection
from tidegate.cost.run_rate import run_rate
from tidegate.gates.base import each
from tidegate.gates.rules_observed import BUSY, Need, readable
from tidegate.gates.rules_remedies import CLEAR, OPERATOR, SAME_DAG, allow
from tidegate.models.blocker import Blocker
from tidegate.models.cost import CostFacts
from tidegate.models.remedy import OWNER, Clear, Edit, Person, Remedy

_AGAIN = CLEAR
_LET_READ = Remedy.of(
    Person(OWNER, "let the execution role read what the observed text names, or enable the region"), Clear()
)


def projection_blockers(facts: CostFacts, projection: Projection) -> Iterator[Blocker]:
    """Each reason by its cause. That a source does not tell, the rules of that source say."""
    seen = Need(
        stem="COST-CLOCK",
        what="the newest moment that the evidence knows",
        resource="clock",
        expected="the verdicts and the reads of Cost Explorer of this environment",
        remedy=allow("read evidence/<environment>/verdicts in the evidence bucket"),
    )
    return each(
        readable(facts.last_seen, seen),
        _clock(projection.problems),
        _month(projection.problems),
        _unpriced(projection.problems),
        _unread(facts, projection.problems),
        _old_prices(facts),
    )


def _clock(problems: tuple[Problem, ...]) -> Iterator[Blocker]:
    for problem in problems:
        if problem.cause == "clock":
            yield Blocker(
                code="COST-CLOCK",
                summary="the clock has jumped, so nobody can say since when things stand",
                resource=problem.subject,
                observed=problem.said,
                expected="a clock that goes forward, on every worker the same",
                remedy=Remedy.of(Person(OPERATOR, "set the clock of the worker right (`chronyc tracking`)"), Clear()),
            )


def _month(problems: tuple[Problem, ...]) -> Iterator[Blocker]:
    for problem in problems:
        if problem.cause == "month_changed":
            yield Blocker(
                code="COST-MONTH-CHANGED",
                summary="a new month began between two reads",
                resource=problem.subject,
                observed=problem.said,
                expected="every source read in the same month, UTC",
                remedy=_AGAIN,
            )


def _unpriced(problems: tuple[Problem, ...]) -> Iterator[Blocker]:
    for problem in problems:
        if problem.cause == "unpriced":
            yield Blocker(
                code="COST-UNPRICED",
                summary="something stands whose price nobody knows",
                resource=problem.subject,
                observed=problem.said,
                expected="a price, or the statement that it costs nothing while it stands",
                remedy=Remedy.of(
                    Edit(
                        "include/policies/prices.yaml",
                        "prices",
                        why="its price and where that is from; or remove the resource",
                    ),
                    SAME_DAG,
                ),
            )


def _unread(facts: CostFacts, problems: tuple[Problem, ...]) -> Iterator[Blocker]:
    """One blocker per platform: a service that is down would otherwise say so for every type and region.

    No grant helps where everything that was not read was only busy.
    """
    said: dict[str, list[str]] = {}
    for problem in problems:
        if problem.cause in ("unread", "no_inventory"):
            said.setdefault(problem.subject, []).append(problem.said)
    for platform, reasons in said.items():
        yield Blocker(
            code="COST-INVENTORY-UNREAD",
            summary="what stands on a platform of the scope is not known, and what is not known is not nothing",
            resource=platform,
            observed="; ".join(reasons),
            expected="every type in every region of the manifest, read",
            remedy=BUSY if _only_busy(facts, platform) else _LET_READ,
            transient=_only_busy(facts, platform),
        )


def _only_busy(facts: CostFacts, platform: str) -> bool:
    inventory = facts.inventories.get(platform)
    if inventory is None or not inventory.expected_coverage:
        return False
    covered = {it.subject: it for it in inventory.coverage}
    asked = [covered.get(subject) for subject in inventory.expected_coverage]
    return all(it is not None and (it.status == "read" or it.transient) for it in asked)


def _old_prices(facts: CostFacts) -> Iterator[Blocker]:
    """Of what stands; a price that nothing is counted by may be as old as it likes."""
    today = facts.observed_at.date()
    oldest = today - timedelta(days=facts.prices_max_age_days)
    used: dict[tuple[str, str], date] = {}
    for inventory in facts.inventories.values():
        for line in run_rate(inventory, facts.prices).lines:
            place = (line.resource.type, line.resource.region)
            parts = line.pricing.parts if isinstance(line.pricing, Priced) else ()
            for read_on in (part.read_on for part in parts if part.read_on is not None):
                used[place] = min(read_on, used.get(place, read_on))
    for (kind, region), read_on in sorted(used.items()):
        if read_on < oldest:
            yield Blocker(
                code="COST-PRICES-OLD",
                summary="the price of something that stands was read too long ago",
                resource=f"{kind} in {region}",
                observed=f"read {read_on.isoformat()}, today {today.isoformat()}",
                expected=f"read at most {facts.prices_max_age_days} days ago",
                remedy=Remedy.of(
                    Edit(
                        "include/policies/prices.yaml",
                        "prices",
                        why="the price and the date, read from its source again",
                    ),
                    SAME_DAG,
                ),
            )
