"""No evidence, no mutation: the evidence store must have taken something from this execution (EV1)."""

from collections.abc import Iterator

from tidegate.gates.rules_remedies import BOOTSTRAP
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed, shown
from tidegate.models.remedy import Clear, Remedy


def evidence_blockers(writable: Observed[bool]) -> Iterator[Blocker]:
    """Yield a blocker unless the store is known to be writable."""
    if not isinstance(writable, Known) or writable.value is not True:
        yield Blocker(
            code="EVIDENCE-UNREACHABLE",
            summary="the evidence store takes nothing, and nothing mutates without evidence",
            resource="evidence bucket",
            observed="not writable" if isinstance(writable, Known) else shown(writable),
            expected="a written claim of this execution",
            remedy=Remedy.of(BOOTSTRAP, Clear()),
        )
