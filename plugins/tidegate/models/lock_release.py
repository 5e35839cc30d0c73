"""A person asks for the release of a lock by its name (ST6)."""

from dataclasses import dataclass
from typing import Literal

from tidegate.models.authorization import Intent
from tidegate.models.control import Lease
from tidegate.models.facts import Facts
from tidegate.models.identity import Caller, Tools
from tidegate.models.observed import Observed
from tidegate.models.state import LockLook, StateLock, StateVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class LockReleaseFacts(Facts):
    """Facts of UNLOCK.A."""

    caller: Caller
    tools: Tools
    environment: str
    confirm: str
    reason: str
    lease: Lease
    stack: str
    lock_id: str
    """As the person gave it."""
    locks: Observed[tuple[StateLock, ...]]
    """Every lock on the state now."""
    holder: Literal["outside", "dead", "live", "unknown"]
    """Of the named lock: no worker of this deployment; or one, and what is proven of its terraform."""
    holder_evidence: str
    intent: Observed[Intent]
    """A terraform of this deployment on the stack that nobody saw end. Absent: none."""
    state: Observed[StateVersion]
    look: Observed[LockLook]
    """The first look at the named lock, as it is, over the state, as it is. Absent: there is no such lock."""
    lock_wait_seconds: int
    """So long must lie between the first look and the one on which it is released."""
    evidence_writable: Observed[bool]

    @property
    def named(self) -> tuple[StateLock, ...]:
        """What lies in table and bucket under the name that the person gave."""
        found = getattr(self.locks, "value", ())
        return tuple(lock for lock in found if lock.name == self.lock_id)
