"""A blocker: one reason why a gate is closed, said so that a person can act on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason to stop.

    `code` is stable and searchable (`BUDGET-UNIT-MISMATCH`); `remedy` is the next command to type or the file
    to change. Never "failed to ...": say what was seen and what was expected.
    """

    code: str
    summary: str
    resource: str
    observed: str
    expected: str
    remedy: str
    owner: str = ""

    def sentence(self) -> str:
        """One line for a log: code, resource, observed, expected, remedy."""
        return (
            f"{self.code} {self.resource}: {self.summary} | observed: {self.observed} | "
            f"expected: {self.expected} | remedy: {self.remedy}"
        )
