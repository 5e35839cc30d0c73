"""What a lane leaves that had nothing to do: the run was not asked for its stack (RE6)."""

from dataclasses import dataclass

from tidegate.models.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTargetFacts(Facts):
    """Facts of a lane of a stack that is no target. Nothing was looked at and nothing is judged: it is no pass."""

    stack: str
    """The lane's stack; empty for a lane that speaks of all of them."""
    target: str
    """What the run was asked for, as its own evidence records it."""
    recorded_in: str
    """The task whose snapshot records that."""

    @property
    def why(self) -> str:
        """Why there was nothing to do, for the log."""
        return f"not a target; this run was asked for {self.target or 'nothing'}"
