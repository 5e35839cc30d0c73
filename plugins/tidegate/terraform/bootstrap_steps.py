"""Ensuring things one after the other: what was done, and where it stopped."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from tidegate.answers import NO_ANSWER, error_code, explain
from tidegate.models.backend import BootstrapStep

T = TypeVar("T")

Outcome = Literal["created", "kept", "corrected"]


class Refused(Exception):
    """Something is there that is not ours to change. The text says what."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to ensure; `ensure` looks first, changes only what is missing or weaker, and says what it did."""

    resource: str
    ensure: Callable[[], Outcome]


def performed(parts: Iterable[Part]) -> Iterator[BootstrapStep]:
    """Do the parts of one resource in order. The first that is refused ends it: nothing else is attempted there."""
    for part in parts:
        try:
            yield BootstrapStep(resource=part.resource, outcome=part.ensure())
        except Refused as refused:
            yield BootstrapStep(resource=part.resource, outcome="refused", detail=str(refused))
            return
        except NO_ANSWER as error:
            yield BootstrapStep(resource=part.resource, outcome="refused", detail=explain(part.resource, error))
            return


def current(read: Callable[[], T], *absent: str) -> T | None:
    """What there is now; None where AWS answers with one of these codes, which say that there is none."""
    try:
        return read()
    except NO_ANSWER as error:
        if error_code(error) in absent:
            return None
        raise


def changed(before: object | None) -> Outcome:
    """The outcome of a change: of something that was there, or not."""
    return "created" if before is None else "corrected"
