"""What keeps COST-GUARDRAIL from knowing the projected cost, and the budget for own reads."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories_guardrails import NOW, both_platforms, cost_facts, midnight, own_reads, spent
from factories_prices import database, entry, free, known, nat, policy
from factories_world import inventory, live
from tidegate.alerts.fingerprint import fingerprint
from tidegate.cost.month import projection_of
from tidegate.gates.cost_guardrail import GATE
from tidegate.gates.rules_observed import BUSY
from tidegate.models.blocker import Blocker
from tidegate.models.cost import CostFacts
from tidegate.models.facts import Coverage
from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Absent, Known, Unreadable

UNKNOWN = Unreadable("AccessDenied: not allowed to look")
READ_AT = midnight(NOW)


def judged(facts: CostFacts) -> tuple[Blocker, ...]:
    """By the gate, at the time of the facts."""
    return GATE.evaluate(facts, judged_at=facts.observed_at)


def codes(facts: CostFacts) -> list[str]:
    """In order."""
    return [blocker.code for blocker in judged(facts)]


def standing(*found: LiveResource, **changes: Any) -> CostFacts:
    """AWS with these resources."""
    return cost_facts(**{"inventories": {"aws": inventory(*found)}} | changes)


STRANGE = live("aws_quantum_computer", "qc-1", region="us-east-1")
UNREAD_PART = inventory(
    coverage=(
        Coverage(subject="aws_nat_gateway@eu-west-2", status="unreadable", reason="403"),
        Coverage(subject="aws_ecs_service@eu-west-2", status="read"),
    )
)


def unread(*coverage: Coverage) -> CostFacts:
    """Instances and volumes had to be read."""
    expected = ("aws_instance@eu-west-2", "aws_ebs_volume@eu-west-2")
    return cost_facts(inventories={"aws": inventory(coverage=coverage, expected_coverage=expected)})


READ = Coverage(subject="aws_instance@eu-west-2", status="read")
BUSY_VOLUMES = Coverage(
    subject="aws_ebs_volume@eu-west-2", status="unreadable", reason="RequestLimitExceeded", transient=True
)
DENIED = Coverage(subject="aws_instance@eu-west-2", status="unreadable", reason="UnauthorizedOperation")


@pytest.mark.parametrize(
    ("coverage", "busy"),
    [
        pytest.param((READ, BUSY_VOLUMES), True, id="volumes-were-throttled"),
        pytest.param((DENIED, BUSY_VOLUMES), False, id="and-instances-denied"),
        pytest.param((BUSY_VOLUMES,), False, id="and-instances-forgotten"),
        pytest.param((READ, replace(BUSY_VOLUMES, transient=False)), False, id="volumes-were-denied"),
    ],
)
def test_no_grant_is_asked_for_where_a_service_was_busy(coverage: tuple[Coverage, ...], busy: bool) -> None:
    (blocker,) = judged(unread(*coverage))
    assert (blocker.code, blocker.transient, blocker.remedy == BUSY) == ("COST-INVENTORY-UNREAD", busy, busy)


@pytest.mark.parametrize("inventories", [{}, {"aws": replace(inventory(), expected_coverage=())}])
def test_where_nobody_looked_nobody_was_busy(inventories: Any) -> None:
    (blocker,) = judged(cost_facts(inventories=inventories))
    assert not blocker.transient


FITS_NOT = policy(entry(usd="0.01"), entry(types=["thing"], region="eu-west-2", when={"size": "l"}, date="2020-01-01"))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(standing(nat(), database(), prices_max_age_days=730), [], id="what-stands-has-a-price"),
        pytest.param(standing(STRANGE), ["COST-UNPRICED"], id="no-price"),
        pytest.param(standing(STRANGE, replace(STRANGE, id="qc-2")), ["COST-UNPRICED"] * 2, id="each-of-them"),
        pytest.param(cost_facts(inventories={"aws": UNREAD_PART}), ["COST-INVENTORY-UNREAD"], id="a-part-unread"),
        pytest.param(
            cost_facts(inventories={"aws": inventory(coverage=())}), ["COST-INVENTORY-UNREAD"], id="said-once"
        ),
        pytest.param(cost_facts(inventories={}), ["COST-INVENTORY-UNREAD"], id="nobody-looked"),
        pytest.param(
            both_platforms(inventories={"aws": inventory()}), ["COST-INVENTORY-UNREAD"], id="nobody-looked-at-one"
        ),
        pytest.param(cost_facts(last_seen=Known(NOW + timedelta(hours=1))), ["COST-CLOCK"], id="the-clock-fell-back"),
        pytest.param(cost_facts(last_seen=Known(NOW + timedelta(minutes=5))), [], id="clocks-differ-a-little"),
        pytest.param(
            cost_facts(last_seen=Known(NOW + timedelta(minutes=5, seconds=1))), ["COST-CLOCK"], id="no-longer-a-little"
        ),
        pytest.param(cost_facts(last_seen=Absent()), [], id="no-evidence-yet"),
        pytest.param(cost_facts(last_seen=UNKNOWN), ["COST-CLOCK-UNREADABLE"], id="evidence-unreadable"),
        pytest.param(
            cost_facts(own_reads=own_reads(read_at=NOW + timedelta(hours=2))), ["COST-CLOCK"], id="read-in-the-future"
        ),
        pytest.param(
            cost_facts(own_reads=own_reads(read_at=NOW + timedelta(seconds=2))), [], id="read-by-a-clock-a-bit-ahead"
        ),
        pytest.param(
            standing(live("thing"), prices=policy(entry(usd="0.01", date="2025-08-16")), prices_max_age_days=180),
            ["COST-PRICES-OLD"],
            id="an-old-price",
        ),
        pytest.param(
            standing(live("thing"), prices=policy(entry(usd="0.01", date="2025-08-17")), prices_max_age_days=180),
            [],
            id="a-price-on-its-last-day",
        ),
        pytest.param(
            standing(live("thing"), prices=policy(entry(usd="0.01"), entry(types=["other"], date="2020-01-01"))),
            [],
            id="an-old-price-of-nothing-that-stands",
        ),
        pytest.param(
            standing(live("thing"), prices=policy(entry(usd="0.01"), free=[free(part="disk", date="2020-01-01")])),
            [],
            id="what-costs-nothing-has-no-age",
        ),
        pytest.param(
            standing(live("thing", attributes=known(size="s")), prices=FITS_NOT),
            [],
            id="an-old-price-that-does-not-fit",
        ),
        pytest.param(
            standing(live("thing"), prices=policy(entry(usd="0.01"), entry(region="us-east-1", date="2020-01-01"))),
            [],
            id="an-old-price-of-another-region",
        ),
        pytest.param(
            standing(
                live("thing"), prices=policy(entry(usd="0.01"), entry(usd="0.01", part="disk", date="2020-01-01"))
            ),
            ["COST-PRICES-OLD"],
            id="one-old-part",
        ),
        pytest.param(
            standing(
                live("thing"), prices=policy(entry(usd="0.01", date="2020-01-01"), entry(usd="0.01", part="disk"))
            ),
            ["COST-PRICES-OLD"],
            id="a-younger-part-hides-no-old-one",
        ),
    ],
)
def test_what_is_not_known_blocks(facts: CostFacts, expected: list[str]) -> None:
    """The codes, in order, and no other."""
    assert codes(facts) == expected


def test_unpriced_names_resource_type_and_region() -> None:
    """And what to do."""
    (blocker,) = judged(standing(STRANGE))
    assert blocker.resource == "aws_quantum_computer qc-1 in us-east-1"
    assert (
        "include/policies/prices.yaml: its price and where that is from; or remove the resource" in blocker.remedy.text
    )


def test_evidence_that_cannot_be_read_leaves_the_clock_unknown() -> None:
    """It is the clock that nobody can vouch for."""
    (blocker,) = judged(cost_facts(last_seen=UNKNOWN))
    assert (blocker.code, blocker.resource) == ("COST-CLOCK-UNREADABLE", "clock")


def test_an_unread_inventory_names_the_platform_and_each_part() -> None:
    """In one blocker."""
    (blocker,) = judged(cost_facts(inventories={"aws": UNREAD_PART}))
    assert (blocker.resource, blocker.observed) == ("aws", "aws_nat_gateway@eu-west-2: 403")


def test_an_age_or_a_clock_that_moves_is_no_new_finding() -> None:
    """The night after tells of the same old price and the same clock nothing new."""
    old = policy(entry(usd="0.01", date="2025-08-01"))

    def told(facts: CostFacts) -> list[str]:
        return [fingerprint(GATE.id, blocker) for blocker in judged(facts)]

    younger = standing(live("thing"), prices=old)
    assert told(younger) == told(replace(younger, prices=policy(entry(usd="0.01", date="2025-07-31")))) != []
    ahead = [cost_facts(last_seen=Known(NOW + timedelta(hours=hours))) for hours in (1, 2)]
    assert told(ahead[0]) == told(ahead[1]) != []


def test_a_month_that_changed_between_two_reads() -> None:
    """Budgets was read before midnight, and judged after it."""
    began = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    facts = cost_facts(observed_at=datetime(2026, 2, 1, 0, 1, tzinfo=UTC), read_at=began, start=date(2026, 1, 1))
    facts = replace(facts, end=date(2026, 2, 1))
    found = [blocker for blocker in judged(facts) if blocker.code == "COST-MONTH-CHANGED"]
    assert [blocker.resource for blocker in found] == ["AWS Budgets", "Cost Explorer"]
    assert {blocker.remedy.text for blocker in found} == {"clear this task with everything downstream"}


# The stop, on reported and projected cost.


def forgotten(budgets: str, **changes: Any) -> CostFacts:
    """A NAT gateway of 0.05 USD per hour; the reports vouch for all but the last 24 hours and those since midnight."""
    return standing(nat(), budgets=spent(budgets), prices_max_age_days=730, **changes)


SINCE = Decimal(24) + Decimal((NOW - READ_AT).seconds) / 3600
PROJECTED = SINCE * Decimal("0.05")


def test_projected_cost_reaches_the_stop() -> None:
    """No source reports it yet."""
    assert codes(forgotten(str(Decimal(28) - PROJECTED - Decimal("0.001")))) == []
    (blocker,) = judged(forgotten(str(Decimal(28) - PROJECTED)))
    assert blocker.code == "COST-STOP-REACHED"
    assert blocker.observed.startswith("28 USD since 2026-02-01: AWS Budgets 25.78")
    assert blocker.observed.endswith("25.788 reported, 2.212 projected, at 0.05 USD per hour")


@pytest.mark.parametrize(
    "changes",
    [
        {"days": UNKNOWN},
        {"last_seen": UNKNOWN},
        {"inventories": {"aws": inventory(nat(), STRANGE)}},
        {"own_reads": own_reads(read_at=READ_AT, pages=UNKNOWN)},
    ],
    ids=["cost-explorer", "evidence", "a-price", "own-reads"],
)
def test_the_stop_is_certain_whatever_else_is_unknown(changes: dict[str, Any]) -> None:
    """Unknown cost stops builds; it hides no stop."""
    found = codes(replace(forgotten("27"), **changes))
    assert "COST-STOP-REACHED" in found
    assert len(found) == 2


def test_the_gate_asks_no_result_that_facts_only_show() -> None:
    """A forged total changes nothing."""
    nothing = Decimal(0)
    facts = replace(forgotten("27"), total=nothing, projected=nothing, usd_per_hour=nothing, rung="none")
    assert codes(facts) == ["COST-STOP-REACHED"]


# Whom a lane may do without.


def unasked(**changes: Any) -> CostFacts:
    """An hourly check that finds no answer of Cost Explorer in the record."""
    own = own_reads(asked=False, needed=False, read_at=None, pages=Known(0))
    return cost_facts(**{"days": Absent(), "own_reads": own} | changes)


def test_aws_budgets_is_enough_for_a_lane_that_never_asks() -> None:
    """And only then."""
    assert codes(unasked()) == []
    assert codes(unasked(budgets=UNKNOWN)) == ["COST-UNREADABLE", "COST-MISSING"]
    assert codes(unasked(budgets=Absent())) == ["COST-MISSING", "COST-MISSING"]
    assert codes(unasked(days=UNKNOWN)) == ["COST-UNREADABLE"]


def test_before_anything_was_built_nobody_can_tell() -> None:
    """Neither a budget nor a record: the rung is unknown, and that is no defect. Everything else still blocks."""
    facts = unasked(budgets=Absent(), budget_expected=False)
    assert (codes(facts), projection_of(facts).rung) == ([], "unknown")
    assert codes(replace(facts, inventories={"aws": inventory(STRANGE)})) == ["COST-UNPRICED"]
    both = both_platforms(days=Absent(), own_reads=facts.own_reads, budgets=Absent(), budget_expected=False)
    assert codes(replace(both, inventories={"aws": inventory()})) == ["COST-INVENTORY-UNREAD"]
    asks = replace(facts, own_reads=own_reads(asked=True, needed=True, read_at=None))
    assert codes(asks) == ["COST-MISSING"]


def test_before_core_there_is_no_budget() -> None:
    """It makes it; afterwards it must be there, and one that cannot be read is never none."""
    assert codes(cost_facts(budgets=Absent(), budget_expected=False)) == []
    assert codes(cost_facts(budgets=Absent())) == ["COST-MISSING"]
    assert codes(cost_facts(budgets=UNKNOWN, budget_expected=False)) == ["COST-UNREADABLE"]


# Own reads.


def refused(**changes: Any) -> CostFacts:
    """Nobody asked Cost Explorer."""
    own = own_reads(**{"asked": False, "read_at": None} | changes)
    return cost_facts(days=Unreadable("nobody asked"), own_reads=own)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (refused(spent=True, pages=Known(100)), ["COST-OWN-READS-SPENT"]),
        (refused(pages=UNKNOWN), ["COST-OWN-READS-UNREADABLE"]),
        (refused(page_usd=Absent()), ["COST-OWN-READS-PRICE-MISSING"]),
        (refused(), ["COST-UNREADABLE"]),
        (refused(asked=True, pages=UNKNOWN), ["COST-UNREADABLE", "COST-OWN-READS-UNREADABLE"]),
        (cost_facts(own_reads=own_reads(pages=UNKNOWN)), ["COST-OWN-READS-UNREADABLE"]),
    ],
    ids=["spent", "not-counted", "no-price", "another-reason", "asked-and-not-counted", "answered-and-not-counted"],
)
def test_why_nobody_asked(facts: CostFacts, expected: list[str]) -> None:
    """Said once, by its own code."""
    assert codes(facts) == expected


def test_a_spent_budget_says_how_much() -> None:
    """Pages, money, limit, and where to raise it."""
    (blocker,) = judged(refused(spent=True, pages=Known(100)))
    assert blocker.observed == "100 pages this month, 1.00 USD"
    assert blocker.expected == "one page more, 0.01 USD, within 1 USD"
    assert "own_reads.monthly_usd" in blocker.remedy.text


def test_an_old_answer_is_held_against_the_day_of_its_read() -> None:
    """It was whole when it was read."""
    facts = cost_facts(own_reads=own_reads(asked=False, read_at=NOW), observed_at=NOW + timedelta(hours=6))
    facts = replace(facts, read_at=NOW + timedelta(hours=6))
    assert codes(facts) == []
    today = replace(facts, own_reads=own_reads(read_at=NOW + timedelta(hours=6)))
    assert codes(today) == ["COST-PERIOD-MISMATCH"]
