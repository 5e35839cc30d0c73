"""A blocker: one reason why a gate is closed, said so that a person can act on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tidegate.models.remedy import Remedy, fill


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason to stop.

    `code` is stable and searchable (`BUDGET-UNIT-MISMATCH`); `remedy` leads out, as data (RE1). Never "failed to ...":
    say what was seen and what was expected.
    """

    code: str
    summary: str
    resource: str
    observed: str
    expected: str
    remedy: Remedy
    owner: str = ""
    transient: bool = field(default=False, compare=False)
    """Time alone may remove it, whatever its code: a service was busy. Not stored: the facts say it."""

    def sentence(self) -> str:
        """One line: code, resource, observed, expected, remedy."""
        return (
            f"{self.code} {self.resource}: {self.summary} | observed: {self.observed} | "
            f"expected: {self.expected} | remedy: {self.remedy.text}"
        )

    def filled(self, names: Mapping[str, str]) -> "Blocker":
        """The same with every `<environment>`, `<dag>`, `<task>` and `<root of STACK>` in it replaced."""
        return replace(
            self,
            summary=fill(self.summary, names),
            resource=fill(self.resource, names),
            observed=fill(self.observed, names),
            expected=fill(self.expected, names),
            remedy=self.remedy.filled(names),
        )
