"""TEARDOWN-READINESS. A teardown starts when identity, lease, locks, state and evidence allow it and it is confirmed.

The emergency latch and the history of platform runs never stop a teardown (TD9). One that an ended time to live
triggered stops when the stack's time was renewed or extended since: that is its scope.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import lease_held_blockers
from tidegate.gates.rules_evidence import evidence_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, dag_of, identity_blockers
from tidegate.gates.rules_lanes import lane_gap_blockers
from tidegate.gates.rules_locks import stack_lock_blockers
from tidegate.gates.rules_request import confirmation_blockers, target_blockers
from tidegate.gates.rules_state_version import restore_blockers, stack_state_blockers
from tidegate.gates.rules_time_to_live import still_ended_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.readiness import TeardownReadinessFacts

_DAG = "m9_teardown_cost_check"


def blockers(facts: TeardownReadinessFacts) -> Iterator[Blocker]:
    """Yield every reason why this teardown must not start now."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        lane_gap_blockers(facts.lane_gaps),
        lease_held_blockers(facts.control.lease),
        confirmation_blockers(facts.confirm, facts.environment, _DAG),
        target_blockers(facts.target, facts.destroyable, facts.environment, _DAG),
        restore_blockers(facts.restore_refused),
        _stacks(facts),
        evidence_blockers(facts.evidence_writable),
    )


def stack_blockers(facts: TeardownReadinessFacts, stack: str) -> Iterator[Blocker]:
    """Yield every reason why no terraform may start on one of the targets. They say nothing about another one (RE2)."""
    return each(
        stack_lock_blockers(tuple(it for it in facts.locks if it.stack == stack), (stack,)),
        stack_state_blockers(tuple(it for it in facts.states if it.stack == stack), (stack,), facts.tools),
        still_ended_blockers(tuple(it for it in facts.ended_lives if it.stack == stack), dag_of(facts.tools, _DAG)),
    )


def _stacks(facts: TeardownReadinessFacts) -> Iterator[Blocker]:
    """Closes only when no target is free. Otherwise M9.B carries what stops one of them as a blocker of its part."""
    found = {stack: tuple(stack_blockers(facts, stack)) for stack in facts.target if stack in facts.destroyable}
    if all(found.values()):
        for blockers_of_stack in found.values():
            yield from blockers_of_stack


GATE = Gate(
    id="TEARDOWN-READINESS",
    title="Identity, lease, confirmation, target, locks, states and evidence allow a teardown",
    owner="platform",
    requirements=("ID1", "ID2", "ID3", "ST4", "ST6", "ST7", "LC1", "TD9"),
    facts=TeardownReadinessFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "backend", "evidence", "stacks"),
    version=3,
    transient_codes=frozenset({"LEASE-HELD", "STATE-LOCKED"}),
)
