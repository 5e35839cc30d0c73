"""What must hold of a month that Confluent reports, whoever judges it (CO5)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import CLEAR, FINDER, SAME_DAG, allow, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.confluent import ConfluentBill, ConfluentBilling
from tidegate.models.observed import Absent, Known
from tidegate.models.policy import PolicyException
from tidegate.models.remedy import Clear, Person, Remedy, Wait

QUIET_DAY = "CONFLUENT-DAYS-MISSING"
"""Code of the blocker, and rule of the exception that lifts it; its resource is a day (`2026-02-07`) or a month."""

_RESOURCE = "Confluent"


def confluent_blockers(
    billing: ConfluentBilling, exceptions: Sequence[PolicyException], today: date
) -> Iterator[Blocker]:
    """Period, completeness and signs. That the bill could be read at all, the gate itself says."""
    bill = billing.bill.value if isinstance(billing.bill, Known) else None
    return each(
        _period(billing, today),
        _history(billing),
        () if bill is None else _days(billing, bill, exceptions, today),
        () if bill is None else _negative(bill),
    )


def _period(billing: ConfluentBilling, today: date) -> Iterator[Blocker]:
    if billing.start != today.replace(day=1) or billing.end != today + timedelta(days=1):
        yield _blocker(
            "CONFLUENT-PERIOD-MISMATCH",
            "Confluent's cost was asked for another period than the month to date",
            f"{billing.start.isoformat()} to {billing.end.isoformat()}",
            f"{today.replace(day=1).isoformat()} up to and including {today.isoformat()}",
            CLEAR,
        )


def _history(billing: ConfluentBilling) -> Iterator[Blocker]:
    if not isinstance(billing.standing_since, Known | Absent):
        need = Need(
            stem="CONFLUENT-HISTORY",
            what="since when the Confluent stack stands",
            resource=_RESOURCE,
            expected="the open platform run and the first apply of the Confluent stack in it, or that there is none; "
            "it says which days must have been billed",
            remedy=allow(
                "read control/<environment>/platform_runs and control/<environment>/inputs in the evidence bucket"
            ),
        )
        yield unusable(billing.standing_since, need)


def _days(
    billing: ConfluentBilling, bill: ConfluentBill, exceptions: Sequence[PolicyException], today: date
) -> Iterator[Blocker]:
    """A whole day since the stack was first applied, older than the lag, has lines: no line is not no cost."""
    vouched = {day.day for day in bill.days if day.daily_lines > 0}
    missing = []
    for day in _expected(billing):
        if day in vouched:
            continue
        named = [it for it in exceptions if it.rule == QUIET_DAY and it.resource in (f"{day:%Y-%m-%d}", f"{day:%Y-%m}")]
        if not any(today <= exception.expires for exception in named):
            missing.append(day.isoformat())
            yield from (_expired(exception, today) for exception in named)
    if missing:
        yield _blocker(
            QUIET_DAY,
            "Confluent has not reported days that must have been billed by now",
            f"no line for {', '.join(missing)}; read up to {billing.data_as_of.isoformat()}",
            "a line for each whole day since the stack was first applied that is older than billing_lag_hours",
            Remedy.of(
                Wait("Confluent reports them"),
                Clear(),
                alternative=(
                    manifest("exceptions", why="rule CONFLUENT-DAYS-MISSING, the day as resource, if none was billed"),
                    SAME_DAG,
                ),
            ),
        )


def _expected(billing: ConfluentBilling) -> Iterator[date]:
    if not isinstance(billing.standing_since, Known):
        return
    for number in range((billing.end - billing.start).days):
        day = billing.start + timedelta(days=number)
        begins = datetime.combine(day, time.min, UTC)
        if billing.standing_since.value <= begins and begins + timedelta(days=1) <= billing.data_as_of:
            yield day


def _negative(bill: ConfluentBill) -> Iterator[Blocker]:
    for line in bill.negative:
        yield _blocker(
            "CONFLUENT-NEGATIVE",
            "a line below zero that is no credit hides other spend",
            f"{line.amount} USD, line {line.id} of {line.day.isoformat()}, {line.product} {line.line_type}",
            "0 or more; only lines of type PROMO_CREDIT are credits, and they are left out",
            Remedy.of(Person(FINDER, "see in Confluent's billing page what it is, and have it corrected"), Clear()),
        )


def _expired(exception: PolicyException, today: date) -> Blocker:
    return _blocker(
        "EXCEPTION-EXPIRED",
        f"the exception of {exception.owner} from rule {exception.rule} has run out",
        f"expired {exception.expires.isoformat()}, today {today.isoformat()}",
        "an exception that is still running, or none needed",
        Remedy.of(manifest("exceptions", why="let its owner renew the entry, or remove it"), SAME_DAG),
    )


def _blocker(code: str, summary: str, observed: str, expected: str, remedy: Remedy) -> Blocker:
    return Blocker(code=code, summary=summary, resource=_RESOURCE, observed=observed, expected=expected, remedy=remedy)
