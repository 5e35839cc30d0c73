"""Nothing was found: that counts once a second look, after a pause, found nothing either (TD5).

Services are eventually consistent: what was made or kept a moment ago may not be listed yet.
"""

from collections.abc import Iterable, Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import CLEAR, OPERATOR
from tidegate.models.blocker import Blocker
from tidegate.models.looks import Look, Looks
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Clear, Person, Remedy, Wait

UNCONFIRMED = "RESIDUAL-UNCONFIRMED"
"""The one blocker of a look that was clean: a sensor looks once more, whatever its deadline."""

_ANEW = CLEAR


def twice_clean_blockers(found: Iterable[Blocker], looks: Looks) -> Iterator[Blocker]:
    """What a look found; when that is nothing, whether it was clean twice. A look without a sane clock never counts."""
    something = tuple(found)
    yield from something
    yield from clock_blockers(looks)
    if not something:
        yield from _confirmed(looks)


def clock_blockers(looks: Looks) -> Iterator[Blocker]:
    """Block when the clock went back, within a look or between two: nobody knows how long the pause was."""
    if looks.this.ended < looks.this.began:
        yield _clock("this look", f"began {looks.this.began.isoformat()}, ended {looks.this.ended.isoformat()}")
    if isinstance(looks.first, Known) and not looks.follows(looks.first.value):
        first = looks.first.value
        yield _clock(
            "two looks",
            f"the first {first.began.isoformat()} to {first.ended.isoformat()}, "
            f"the second began {looks.this.began.isoformat()}",
        )


def _confirmed(looks: Looks) -> Iterator[Blocker]:
    if isinstance(looks.first, Absent):
        yield _unconfirmed(looks, "clean once")
        return
    if not isinstance(looks.first, Known):
        yield unusable(
            looks.first,
            Need(
                stem="FIRST-LOOK",
                what="the clean look before this one",
                resource="residual scan",
                expected="a look with its times and what it read",
                remedy=_ANEW,
            ),
        )
        return
    first: Look = looks.first.value
    if not looks.saw_no_more_than(first):
        unseen = sorted(set(looks.this.subjects) - set(first.subjects))
        yield _unconfirmed(looks, f"the first look did not read {', '.join(unseen)}")
    elif looks.follows(first) and looks.this.began < looks.due_after(first):
        yield _unconfirmed(looks, "clean twice, and the second look came before the pause had passed")


def _unconfirmed(looks: Looks, observed: str) -> Blocker:
    return Blocker(
        code=UNCONFIRMED,
        summary="nothing is left, and a second look has not confirmed it yet",
        resource="residual scan",
        observed=f"{observed}; looked until {looks.this.ended.isoformat()}",
        expected=f"two clean looks at the same subjects, {looks.pause_seconds} s or more apart",
        remedy=Remedy.of(Wait(f"the task has looked again, which counts from {looks.due_at.isoformat()} on"), Clear()),
    )


def _clock(resource: str, observed: str) -> Blocker:
    return Blocker(
        code="CLOCK-WENT-BACK",
        summary="the clock of the worker jumped back, so the pause between two looks is unknown",
        resource=resource,
        observed=observed,
        expected="each moment after the one before it",
        remedy=Remedy.of(Person(OPERATOR, "correct the clock of the worker"), Clear()),
    )
