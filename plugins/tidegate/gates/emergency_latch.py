"""EMERGENCY-LATCH. The emergency stop was meant for this environment, and its latch is set: no build starts (CO4)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import latch_set_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_remedies import FINDER, TEARDOWN
from tidegate.gates.rules_request import confirmation_blockers, reason_blockers, target_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.emergency import EmergencyLatchFacts
from tidegate.models.remedy import OWNER, Clear, Person, Remedy

_DAG = "emergency_stop"


def blockers(facts: EmergencyLatchFacts) -> Iterator[Blocker]:
    """Yield every reason why builds are not known to be closed, or why this is not the environment that was meant."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        confirmation_blockers(facts.confirm, facts.environment, _DAG),
        target_blockers(facts.target, facts.destroyable, facts.environment, _DAG),
        reason_blockers(facts.reason, facts.environment, _DAG),
        _written(facts),
        latch_set_blockers(
            facts.latch,
            remedy=Remedy.of(Person(FINDER, "follow the remedies beside this one"), Clear(), alternative=(TEARDOWN,)),
        ),
    )


def _written(facts: EmergencyLatchFacts) -> Iterator[Blocker]:
    if facts.write_problem:
        yield Blocker(
            code="EMERGENCY-LATCH-UNWRITABLE",
            summary="the evidence bucket did not take the record of the emergency latch",
            resource=f"control/{facts.environment}/latch",
            observed=facts.write_problem,
            expected="a new record",
            remedy=Remedy.of(
                Person(OWNER, "let the execution role write there"),
                Clear(),
                alternative=(Person(FINDER, "pause <environment>.m2_substrate_build"), TEARDOWN),
            ),
        )


GATE = Gate(
    id="EMERGENCY-LATCH",
    title="The emergency latch of this environment is set",
    owner="platform",
    requirements=("CO4", "ID1", "ID2", "ID3"),
    facts=EmergencyLatchFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "evidence", "stacks"),
)
