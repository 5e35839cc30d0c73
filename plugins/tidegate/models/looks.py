"""Two looks at the same world with a pause between: services are eventually consistent, one look proves little."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tidegate.models.inventory import Inventory
from tidegate.models.observed import Known, Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One whole scan: when it was made, at what, and what it saw. Times are aware UTC, by the wall clock."""

    began: datetime
    ended: datetime
    subjects: tuple[str, ...]
    """Type x region that were read, as in `Inventory.coverage`."""
    inventory_sha256: str
    """Of everything that answered, whoever it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """This look, and the clean one before it, if there was one in this task."""

    pause_seconds: int
    """At least so long after the end of the first look the second one may begin."""
    first: Observed[Look]
    """Absent: no look before this one was clean."""
    this: Look

    @property
    def to_confirm(self) -> Look:
        """The clean look that the next one has to confirm: the first, while nothing but the pause is missing to it."""
        if isinstance(self.first, Known):
            first = self.first.value
            if self.follows(first) and self.saw_no_more_than(first) and self.this.began < self.due_after(first):
                return first
        return self.this

    @property
    def due_at(self) -> datetime:
        """From when on a further look confirms what was clean until now."""
        return self.due_after(self.to_confirm)

    def due_after(self, look: Look) -> datetime:
        """When the pause after a look has passed."""
        return look.ended + timedelta(seconds=self.pause_seconds)

    def follows(self, first: Look) -> bool:
        """Did an earlier look end before this one began, as the clock said?"""
        return first.began <= first.ended <= self.this.began

    def saw_no_more_than(self, first: Look) -> bool:
        """Was everything that this look read also read by an earlier one?"""
        return set(self.this.subjects) <= set(first.subjects)


def subjects_read(inventory: Inventory) -> tuple[str, ...]:
    """What a scan really read, sorted."""
    return tuple(sorted(each.subject for each in inventory.coverage if each.status == "read"))
