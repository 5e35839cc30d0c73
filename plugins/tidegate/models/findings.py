"""Open findings: what a run saw standing although it should be gone, until a live look says that it is (TD4, TD5)."""

from dataclasses import dataclass
from datetime import date, datetime

from tidegate.models.inventory import LiveResource
from tidegate.models.observed import Observed
from tidegate.models.ownership import Owners
from tidegate.models.policy import PolicyException

FINDING_RULE = "FINDING-OPEN"
"""The rule that a manifest's exception names to cover a finding, whatever rule it broke when it was seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One resource that stood although it should be gone. `since` is aware UTC."""

    type: str
    id: str
    region: str
    since: datetime
    seen_by: str
    """The execution that saw it first."""
    code: str
    """The code of the blocker that told of it."""
    held_by: str | None
    """The stack whose state held it then. None: no state did."""

    @property
    def subject(self) -> tuple[str, str, str]:
        """Two findings of one subject are one."""
        return self.type, self.id, self.region


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLook:
    """A finding, asked for live."""

    finding: Finding
    there: Observed[LiveResource]
    """Absent: it is gone."""
    rules: tuple[str, ...]
    """Ids of the rules from which an exception covers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFacts:
    """Every open finding as it is now, and what may cover it."""

    looks: Observed[tuple[FindingLook, ...]]
    """Unreadable: the records cannot be read, so nobody knows what is open."""
    exceptions: tuple[PolicyException, ...]
    today: date
    owners: Owners | None
    """None: there is no finding, so nobody asked."""
