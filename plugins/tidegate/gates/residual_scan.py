"""RESIDUAL-SCAN. After a teardown nothing of the environment is left, and nothing preserved is missing (TD4, TD5).

"Nothing" counts when two looks with a pause between them say so. What is left has a code by what holds it
(`rules_residual`): still deleting, undeletable for now, vendor-managed. The last is a blocker only when it costs: a
rule forbids it, or the price policy does not call its type free. A type without a price is never taken for free.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_coverage import coverage_blockers
from tidegate.gates.rules_findings import finding_blockers
from tidegate.gates.rules_forbidden import rules_blockers
from tidegate.gates.rules_looks import UNCONFIRMED, twice_clean_blockers
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import BOOTSTRAP, DESCRIBE, FINDER, REPAIR, STATE_BUCKET
from tidegate.gates.rules_residual import ephemeral_types_blockers, found_blockers
from tidegate.gates.rules_state import still_there_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Clear, Person, Remedy
from tidegate.models.residual import ResidualFacts


def blockers(facts: ResidualFacts) -> Iterator[Blocker]:
    """The scan itself, what it found, what should be gone, what should have stayed; nothing of it, two looks long."""
    told = tuple(
        each(
            coverage_blockers(facts.inventory),
            rules_blockers(facts.forbidden),
            ephemeral_types_blockers(facts),
            found_blockers(facts, facts.preserve_set),
            still_there_blockers(facts.destroyed_still_there, "destroy-set"),
            _preserved(facts),
            _persistent(facts),
        )
    )
    found = each(told, finding_blockers(facts.findings, told, tearing_down=True))
    return twice_clean_blockers(found, facts.looks)


def _preserved(facts: ResidualFacts) -> Iterator[Blocker]:
    if not isinstance(facts.preserved_missing, Known):
        need = Need(
            stem="PRESERVED-CHECK",
            what="whether everything preserved is still there",
            resource="preserve-set",
            expected="every item answers",
            remedy=DESCRIBE,
        )
        yield unusable(facts.preserved_missing, need)
        return
    for item in facts.preserved_missing.value:
        yield Blocker(
            code="PRESERVED-MISSING",
            summary="something that had to survive does not answer",
            resource=f"{item.type} {item.id}",
            observed="gone",
            expected=f"still there ({item.reason})",
            remedy=Remedy.of(BOOTSTRAP, REPAIR),
        )


def _persistent(facts: ResidualFacts) -> Iterator[Blocker]:
    before = facts.persistent_serial_before
    for stack in sorted({*before, *facts.persistent_serial_after}):
        now = facts.persistent_serial_after.get(stack, Absent())
        need = Need(
            stem="PERSISTENT-STATE",
            what="the serial of a stack that is left alone",
            resource=stack,
            expected=f"serial {before[stack]}" if stack in before else "a serial from the freeze of the scope",
            remedy=STATE_BUCKET,
        )
        if not isinstance(now, Known):
            yield unusable(now, need)
        elif stack not in before:
            yield unusable(Absent(), need)
        elif now.value != before[stack]:
            yield Blocker(
                code="PERSISTENT-STATE-MOVED",
                summary="the teardown moved a stack that it must leave alone",
                resource=stack,
                observed=f"serial {now.value}",
                expected=need.expected,
                remedy=Remedy.of(
                    Person(
                        FINDER,
                        f"compare the versions of the state of {stack} in the state bucket and find who wrote it",
                    ),
                    Clear(),
                ),
            )


GATE = Gate(
    id="RESIDUAL-SCAN",
    title="Nothing is left over, nothing preserved is missing",
    owner="finops",
    requirements=("TD4", "TD5", "CO1", "LC6", "CO2"),
    facts=ResidualFacts,
    blockers=blockers,
    policy_sections=(
        "region",
        "scan_regions",
        "stacks",
        "preserve",
        "policies.forbidden",
        "policies.allowed_types",
        "policies.prices",
        "deadlines",
        "exceptions",
    ),
    measured_codes=frozenset({"EXCEPTION-EXPIRED"}),
    version=3,
    transient_codes=frozenset({"RESIDUAL-DELETING", "RESOURCE-STILL-THERE", UNCONFIRMED}),
    unconfirmed_code=UNCONFIRMED,
)
