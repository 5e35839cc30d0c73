"""BOOTSTRAP-RESULT. The bootstrap counts only when every resource that it should ensure was ensured."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_remedies import BOOTSTRAP
from tidegate.models.backend import BootstrapFacts
from tidegate.models.blocker import Blocker
from tidegate.models.remedy import OWNER, Person, Remedy

_DONE = ("created", "kept", "corrected")
_AGAIN = BOOTSTRAP


def blockers(facts: BootstrapFacts) -> Iterator[Blocker]:
    """Yield a blocker for each expected resource without a step, and for each step that was refused."""
    return each(_empty(facts), _missing(facts), _refused(facts))


def _empty(facts: BootstrapFacts) -> Iterator[Blocker]:
    for what, things in {"expected resources": facts.expected, "steps": facts.steps}.items():
        if not things:
            yield Blocker(
                code="BOOTSTRAP-EMPTY",
                summary=f"the bootstrap ended without any {what}",
                resource="bootstrap",
                observed=f"0 {what}",
                expected="the buckets and the lock table of the manifest",
                remedy=Remedy.of(Person(OWNER, "mend what the refused steps and the log of M1.B name"), BOOTSTRAP),
            )


def _missing(facts: BootstrapFacts) -> Iterator[Blocker]:
    done = {step.resource for step in facts.steps}
    for resource in facts.expected:
        if resource not in done:
            yield Blocker(
                code="BOOTSTRAP-STEP-MISSING",
                summary="nothing says what became of this resource",
                resource=resource,
                observed="no step",
                expected="a step that ensured it",
                remedy=Remedy.of(Person(OWNER, "mend what refused the earlier step of the same resource"), BOOTSTRAP),
            )


def _refused(facts: BootstrapFacts) -> Iterator[Blocker]:
    for step in facts.steps:
        if step.outcome not in _DONE:
            yield Blocker(
                code="BOOTSTRAP-REFUSED",
                summary="the bootstrap stopped at this resource",
                resource=step.resource,
                observed=step.detail or step.outcome,
                expected=" or ".join(_DONE),
                remedy=Remedy.of(Person(OWNER, "remove the cause that the observed text names"), BOOTSTRAP),
            )


GATE = Gate(
    id="BOOTSTRAP-RESULT",
    title="Every resource of the backend was ensured",
    owner="platform",
    requirements=("ST1", "ST2", "ID2"),
    facts=BootstrapFacts,
    blockers=blockers,
    policy_sections=("account_id", "region", "backend", "evidence", "work"),
)
