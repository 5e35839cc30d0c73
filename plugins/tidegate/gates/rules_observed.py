"""What a gate says when it needs a value and there is none: each way of not knowing has its own code."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.remedy import Clear, Remedy, Wait

T = TypeVar("T")

BUSY = Remedy.of(Wait("the service answers again: it was busy, or the connection was cut off"), Clear())


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A value that a judgement rests on. `stem` begins the codes, `what` begins the summary."""

    stem: str
    what: str
    resource: str
    expected: str
    remedy: Remedy


def unusable(observed: Absent | Unreadable, need: Need) -> Blocker:
    """The blocker for a value that was not obtained: `-MISSING` or `-UNREADABLE`.

    No grant helps where the service was only busy: the remedy is to wait then.
    """
    match observed:
        case Absent():
            ending, said = "MISSING", "is not there"
        case _:
            ending, said = "UNREADABLE", "cannot be read"
    busy = isinstance(observed, Unreadable) and observed.transient
    return Blocker(
        code=f"{need.stem}-{ending}",
        summary=f"{need.what} {said}",
        resource=need.resource,
        observed=shown(observed),
        expected=need.expected,
        remedy=BUSY if busy else need.remedy,
        transient=busy,
    )


def required(observed: Observed[T], need: Need) -> Iterator[Blocker]:
    """Block unless the value is known, whatever it is."""
    if not isinstance(observed, Known):
        yield unusable(observed, need)


def readable(observed: Observed[T], need: Need) -> Iterator[Blocker]:
    """Block unless looking gave an answer; that there is none is one."""
    if not isinstance(observed, (Known, Absent)):
        yield unusable(observed, need)


def required_equal(observed: Observed[T], wanted: T, need: Need, *, otherwise: str) -> Iterator[Blocker]:
    """Block unless the value is known and is exactly `wanted`; `otherwise` is the code ending of another value."""
    if not isinstance(observed, Known):
        yield unusable(observed, need)
    elif type(observed.value) is not type(wanted) or observed.value != wanted:
        yield Blocker(
            code=f"{need.stem}-{otherwise}",
            summary=f"{need.what} is not {need.expected}",
            resource=need.resource,
            observed=shown(observed),
            expected=need.expected,
            remedy=need.remedy,
        )
