"""Money in a service and region that nothing explains is told until a bill shows none of it (TD8)."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from tidegate.cost.bill import Standing, open_now, watched_from
from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, required, unusable
from tidegate.gates.rules_remedies import FINDER, OPERATOR, SAME_DAG, manifest
from tidegate.models.bill import SPEND_RULE, BillFacts, UnexplainedSpend, Why
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.policy import PolicyException
from tidegate.models.remedy import OWNER, Clear, Command, Person, Remedy, Wait
from tidegate.models.spend import SpendAfterZeroFacts

_QUIET = "a bill shows nothing of it for two days that AWS has reported"
_EXPECTED: dict[Why, str] = {
    "after_proof": "nothing but what stacks that stay may hold, from {first} on",
    "no_listing": "money only where the live scan looks, or where a stack of the environment may stand",
}
_GROUPED = ("--group-by", "Type=DIMENSION,Key=SERVICE", "Type=DIMENSION,Key=USAGE_TYPE")
_BILL = Need(
    stem="SPEND-GROUPS",
    what="which service charged in which region",
    resource="Cost Explorer by service and region",
    expected="an answer of this month with its groups",
    remedy=Remedy.of(
        Person(OWNER, "mend what the cost guardrail of this run names: role, price or record"),
        Clear("f_cost_guardrail"),
    ),
)
_SCAN = Need(
    stem="SPEND-SCAN",
    what="where the live scan looked",
    resource="residual scan of this run",
    expected="its types and regions",
    remedy=Remedy.of(Clear("d_residual_scan")),
)
_RECORDS = Need(
    stem="SPEND-RECORDS",
    what="what earlier bills could not explain",
    resource="control record unexplained_spend",
    expected="the newest one, or none",
    remedy=Remedy.of(
        Person(
            OWNER,
            "let the role read control/<environment>/unexplained_spend in the evidence bucket; of a damaged record, "
            "bring back the object version that its digest fits",
            "docs/runbooks/evidence-unreachable.md",
        ),
        Clear(),
        alternative=(Person(OPERATOR, "run the version of tidegate that wrote the newest record"), Clear()),
    ),
)


def bill_blockers(facts: SpendAfterZeroFacts) -> Iterator[Blocker]:
    """What nobody can tell of the bill, then every charge that nothing explains and no exception covers.

    Evidence of versions that did not ask is judged without it.
    """
    bill = facts.bill
    if bill is None:
        return
    yield from each(required(_with_groups(facts, bill), _BILL), required(bill.looked_at, _SCAN))
    yield from unexplained_blockers(
        open_now(bill, standing_of(facts)) if isinstance(bill.open, Known) else bill.open,
        bill.exceptions,
        bill.today,
        _first_after_proof(facts, bill),
    )


def unexplained_blockers(
    spends: Observed[tuple[UnexplainedSpend, ...]] | tuple[UnexplainedSpend, ...],
    exceptions: tuple[PolicyException, ...],
    today: date,
    first: date | None = None,
) -> Iterator[Blocker]:
    """Every one that is open. `first`: from when on nothing may charge, where somebody has asked."""
    if isinstance(spends, tuple):
        found = spends
    elif isinstance(spends, Known):
        found = spends.value
    else:
        yield unusable(spends, _RECORDS)
        return
    for spend in found:
        if not _is_covered(spend, exceptions, today):
            expected = _EXPECTED[spend.why].format(first="one lag after the proof" if first is None else first)
            yield Blocker(
                code="SPEND-UNEXPLAINED",
                summary="a service charges for something that nothing explains",
                resource=spend.subject,
                observed=f"{spend.usd_per_day} USD on {spend.last}, unexplained since {spend.since}, "
                f"seen by {spend.seen_by}",
                expected=f"{expected}; or an exception of the manifest from rule {SPEND_RULE}",
                remedy=_what_spends(spend),
            )


def standing_of(facts: SpendAfterZeroFacts) -> Standing:
    """When something of the environment stood, as far as anybody can tell."""
    proven = facts.closed_at.value if isinstance(facts.closed_at, Known) else None
    return Standing(ever=isinstance(facts.platform_run, Known), proven_at=proven)


def _first_after_proof(facts: SpendAfterZeroFacts, bill: BillFacts) -> date | None:
    return watched_from(facts.closed_at.value, bill.lag_hours) if isinstance(facts.closed_at, Known) else None


def _with_groups(facts: SpendAfterZeroFacts, bill: BillFacts) -> Observed[datetime]:
    if not isinstance(bill.days, Known):
        return bill.days
    for day in bill.days.value:
        if day.groups is None:
            return Unreadable(f"the answer does not tell the services of {day.day}: an earlier version asked")
        if day.cost.unit != facts.expected_unit:
            return Unreadable(f"{day.day} is in {day.cost.unit}, expected {facts.expected_unit}")
    return bill.data_as_of


def _what_spends(spend: UnexplainedSpend) -> Remedy:
    """Ask what the money is for, and remove it. The question names nothing that a bill told."""
    period = f"Start={spend.last},End={spend.last + timedelta(days=1)}"
    asked = ("aws", "ce", "get-cost-and-usage", "--time-period", period, "--granularity", "DAILY")
    return Remedy.of(
        Command((*asked, "--metrics", "UnblendedCost", *_GROUPED)),
        Person(FINDER, "find what charges there by its usage type, and remove it"),
        Wait(_QUIET),
        alternative=(
            manifest(
                "exceptions", why="an exception from rule SPEND-UNEXPLAINED for it, by the name above, with its end"
            ),
            SAME_DAG,
        ),
        note="The question costs 0.01 USD",
    )


def _is_covered(spend: UnexplainedSpend, exceptions: tuple[PolicyException, ...], today: date) -> bool:
    return any(
        (exception.rule, exception.resource) == (SPEND_RULE, spend.subject) and today <= exception.expires
        for exception in exceptions
    )
