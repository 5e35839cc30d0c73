"""The contract of a gate, and the one place that evaluates it.

A gate is a pure function from facts to blockers. Whatever goes wrong on the way, wrong type of facts, a crash in the
gate, facts that are too old, becomes a blocker: a gate never passes by accident (ADR 2).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from tidegate.gates.rules_remedies import MAINTAINER, OPERATOR
from tidegate.models.blocker import Blocker
from tidegate.models.facts import CollectorBroken, Facts
from tidegate.models.remedy import Clear, Person, Remedy

F = TypeVar("F", bound=Facts)

MAX_FACT_AGE = timedelta(minutes=15)
"""Facts older than this are not judged; collect again. Generous against one slow collector, short against reuse."""

UNJUDGED = frozenset({"GATE-BROKEN", "COLLECTOR-BROKEN", "FACTS-STALE"})
"""What a gate says that could not judge: it tells nothing of what was there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Generic[F]):
    """One judgement. How long a pass counts is the manifest's (`validity`), per gate id.

    * `id`: stable name in evidence, e.g. `BACKEND-READINESS`
    * `facts`: the only type of facts that it accepts
    * `blockers`: the pure function; yields every blocker, not the first
    * `owner`: who answers for it (requirement EV7)
    * `requirements`: ids from the requirements
    * `policy_sections`: manifest or policy sections whose change makes an earlier pass stale (EV4)
    * `transient_codes`: blockers that time alone may remove (a sensor may look again); so may every blocker that is
      `transient` itself, for what could not be read because a service was busy
    * `measured_codes`: blockers whose `observed` moves by itself, an amount or an age; a new value is no new finding
    * `stops`: where one judgement speaks of several stacks: what of it stops one of them. The rest closes the gate too,
      and is no reason to leave that stack standing (RE2). None: everything stops every stack
    * `unconfirmed_code`: the one of them that says: all clear, and a second look has to confirm it
    """

    id: str
    title: str
    owner: str
    requirements: tuple[str, ...]
    facts: type[F]
    blockers: Callable[[F], Iterable[Blocker]]
    policy_sections: tuple[str, ...] = ()
    version: int = 1
    transient_codes: frozenset[str] = field(default_factory=frozenset)
    measured_codes: frozenset[str] = field(default_factory=frozenset)
    unconfirmed_code: str | None = None
    stops: Callable[[F, str], Iterable[Blocker]] | None = None

    def evaluate(
        self, facts: object, *, judged_at: datetime, names: Mapping[str, str] | None = None
    ) -> tuple[Blocker, ...]:
        """Judge facts. An empty answer is the only pass. `judged_at` is aware UTC.

        `names` are put where a blocker says `<environment>`, `<dag>`, `<task>` or `<root of STACK>`: a gate does not
        know them.

        Never raises: what cannot be judged is blocked.
        """
        found = self._evaluate(facts, judged_at)
        return tuple(blocker.filled(names) for blocker in found) if names else found

    def _evaluate(self, facts: object, judged_at: datetime) -> tuple[Blocker, ...]:
        if isinstance(facts, CollectorBroken):
            return (self._not_collected(facts.error),)
        if not isinstance(facts, self.facts):
            return (self._broken(f"facts of type {type(facts).__name__}", f"facts of type {self.facts.__name__}"),)
        try:
            age = judged_at - facts.observed_at
            if age > MAX_FACT_AGE or age < -MAX_FACT_AGE:
                return (self._stale(facts.observed_at, judged_at),)
            found = tuple(self.blockers(facts))
        except Exception as error:  # the one place that catches everything: a crashed gate is a closed gate
            return (self._broken(f"{type(error).__name__}: {error}", "a judgement"),)
        return tuple(replace(blocker, owner=blocker.owner or self.owner) for blocker in found)

    def may_clear_by_itself(self, blockers: Iterable[Blocker]) -> bool:
        """True when there are blockers and each of them is one that time alone may remove."""
        found = list(blockers)
        return bool(found) and all(it.transient or it.code in self.transient_codes for it in found)

    def only_unconfirmed(self, blockers: Iterable[Blocker]) -> bool:
        """True when the look was clean and only a second one is missing."""
        codes = {blocker.code for blocker in blockers}
        return bool(codes) and codes == {self.unconfirmed_code}

    def _broken(self, observed: str, expected: str) -> Blocker:
        return Blocker(
            code="GATE-BROKEN",
            summary="the gate could not judge, so it stays closed",
            resource=self.id,
            observed=observed,
            expected=expected,
            remedy=Remedy.of(
                Person(MAINTAINER, "report this with the task log; the defect is in tidegate, not in the environment")
            ),
            owner=self.owner,
        )

    def _not_collected(self, error: str) -> Blocker:
        return Blocker(
            code="COLLECTOR-BROKEN",
            summary="the facts could not be collected, so the gate stays closed",
            resource=self.id,
            observed=error,
            expected=f"facts of type {self.facts.__name__}",
            remedy=Remedy.of(Person(OPERATOR, "mend what the observed text names"), Clear()),
            owner=self.owner,
        )

    def _stale(self, observed_at: datetime, judged_at: datetime) -> Blocker:
        return Blocker(
            code="FACTS-STALE",
            summary="the facts are too old to judge",
            resource=self.id,
            observed=f"observed at {observed_at.isoformat()}, judged at {judged_at.isoformat()}",
            expected=f"at most {int(MAX_FACT_AGE.total_seconds())} seconds apart",
            remedy=Remedy.of(Clear(), note="If it repeats, set the clock of the worker right"),
            owner=self.owner,
        )


def each(*parts: Iterable[Blocker]) -> Iterator[Blocker]:
    """All blockers of several rules, in order."""
    for part in parts:
        yield from part
