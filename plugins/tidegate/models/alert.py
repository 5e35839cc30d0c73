"""What people are told, and what the environment remembers of having told it."""

from dataclasses import dataclass
from datetime import datetime

from tidegate.models.blocker import Blocker
from tidegate.models.notice import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The run that an alert comes from."""

    environment: str
    profile: str
    phase: str
    execution_id: str
    link: str
    """Address of the run in Airflow."""
    evidence: str
    """URI of the verdict; empty when it is not in the evidence."""
    asked_by: str = ""
    """Why tidegate triggered the run, the same for each try, e.g. `cost_stop__3`. Empty: a person or the clock did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFound:
    """What one lane found in the current try."""

    lane: str
    gate: str
    uri: str
    blockers: tuple[Blocker, ...]
    notices: tuple[Notice, ...]
    judged: bool
    """The gate looked at all that it looks at; only then does its silence say that an earlier finding is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message. Two with the same key are the same event; with another fingerprint it has changed since."""

    key: str
    scope: str
    """The gate whose finding it is, open until that gate does not find it any more. Empty: it happened once."""
    fingerprint: str
    subject: str
    """At most 99 characters of ASCII."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What was told of one key, to which channels, and which still wait for the message."""

    scope: str
    fingerprint: str
    told: tuple[str, ...]
    waiting: tuple[str, ...]
    subject: str
    """Kept only while somebody waits, like `text`."""
    text: str
    first_at: datetime
    last_at: datetime
    execution_id: str
    """Execution that told it last."""
