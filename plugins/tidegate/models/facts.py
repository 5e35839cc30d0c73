"""Base of everything that a gate judges."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tidegate.models.redaction import without_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """One thing that was looked at, or that could not be looked at (`reason` says why)."""

    subject: str
    status: Literal["read", "unreadable"]
    reason: str = ""
    transient: bool = False
    """The service was busy or the connection was cut off: asking again later may well give an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where facts came from. `data_as_of` is the moment (UTC) for which the source vouches."""

    name: str
    data_as_of: datetime
    coverage: tuple[Coverage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was observed, already redacted: the evidence stores exactly what the gate judges.

    `observed_at` is aware UTC. Expected values that come from the manifest are part of the facts, so that a
    stored snapshot can be judged again without the manifest (requirement EV3).
    """

    observed_at: datetime
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorBroken(Facts):
    """The collector crashed before it had facts. No gate accepts this: it is stored, and the gate stays closed."""

    error: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "error", without_secrets(self.error))
