"""What bears the environment's tags, as AWS's tagging API names it: a second net under the listings (TD5, TD8)."""

from dataclasses import dataclass

from tidegate.models.observed import Observed


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedResource:
    """One ARN. The tagging API goes on naming what is gone, so where the type can be asked for, it was."""

    arn: str
    region: str
    """Where the tagging API named it."""
    type: str
    """Terraform's name; empty where nobody here knows what it is."""
    id: str
    """As a state knows it; the ARN where the type is not known."""
    there: Observed[bool]
    """Does it answer? Absent: nobody knows how to ask."""

    @property
    def name(self) -> str:
        """As blockers and findings name it."""
        return f"{self.type} {self.id} {self.region}" if self.type else self.arn
