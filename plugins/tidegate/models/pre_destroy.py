"""The last look before anything is destroyed: how much goes, and is the frozen scope still true (TD3)."""

from dataclasses import dataclass

from tidegate.models.facts import Facts
from tidegate.models.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMoment:
    """A state when the scope was frozen and now, in words that are equal only when the state did not move."""

    stack: str
    frozen: Observed[str]
    now: Observed[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartMoment:
    """One part of the frozen scope: its digest when it was frozen, and the same made of what is there now."""

    stack: str
    frozen: str
    now: Observed[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreDestroyFacts(Facts):
    """Facts of M9.C."""

    target: Observed[str]
    frozen_digest: Observed[str]
    """Of M9.B in this run. Absent: nothing was frozen."""
    preserved_frozen: Observed[str]
    """Digest of what must survive as it was frozen, without what stacks that are left alone hold: their states tell."""
    preserved_now: Observed[str]
    """The same digest of what is there now."""
    parts: tuple[PartMoment, ...]
    destroy_count: Observed[int]
    """Resources in the frozen destroy-set."""
    resources: dict[str, Observed[int]]
    """Resources in the state of each stack of the environment, now; a stack without a state has 0."""
    states: tuple[StateMoment, ...]
    """Of the target stacks and of all that are left alone."""
    max_resources: int
    max_percent: int
