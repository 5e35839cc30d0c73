"""TEARDOWN-READINESS. A teardown starts when identity, lease, locks and evidence allow it and somebody confirmed it.

The emergency latch and the history of platform runs never stop a teardown (TD9).
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import lease_held_blockers
from tidegate.gates.rules_evidence import evidence_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, identity_blockers
from tidegate.gates.rules_lanes import lane_gap_blockers
from tidegate.gates.rules_locks import stack_lock_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.readiness import TeardownReadinessFacts


def blockers(facts: TeardownReadinessFacts) -> Iterator[Blocker]:
    """Yield every reason why this teardown must not start now."""
    return each(
        identity_blockers(facts.caller, facts.tools),
        lane_gap_blockers(facts.lane_gaps),
        lease_held_blockers(facts.control.lease),
        _confirmation(facts),
        _target(facts),
        stack_lock_blockers(facts.locks, tuple(stack for stack in facts.target if stack in facts.destroyable)),
        evidence_blockers(facts.evidence_writable),
    )


def _confirmation(facts: TeardownReadinessFacts) -> Iterator[Blocker]:
    if facts.confirm != facts.environment or not facts.confirm:
        yield Blocker(
            code="CONFIRM-MISMATCH",
            summary="the confirmation does not name this environment",
            resource=facts.environment,
            observed=f"confirm = {facts.confirm!r}",
            expected=f"confirm = {facts.environment!r}",
            remedy=f"trigger {facts.environment}.m9_teardown_cost_check with confirm = {facts.environment}",
        )


def _target(facts: TeardownReadinessFacts) -> Iterator[Blocker]:
    offered = "+".join(facts.destroyable) or "no stack of this environment"
    refused = [stack for stack in facts.target if stack not in facts.destroyable]
    for stack in refused if facts.target else ["none"]:
        yield Blocker(
            code="TARGET-NOT-DESTROYABLE",
            summary="the target is no stack that a teardown may destroy" if facts.target else "the target is empty",
            resource=f"stack {stack}",
            observed=f"target = {'+'.join(facts.target) or 'none'}",
            expected=f"one or more of {offered}",
            remedy=f"trigger {facts.environment}.m9_teardown_cost_check with target = {offered}",
        )


GATE = Gate(
    id="TEARDOWN-READINESS",
    title="Identity, lease, confirmation, target, locks and evidence allow a teardown",
    owner="platform",
    requirements=("ID1", "ID2", "ID3", "ST4", "ST6", "LC1", "TD9"),
    facts=TeardownReadinessFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "backend", "evidence", "stacks"),
    transient_codes=frozenset({"LEASE-HELD", "STATE-LOCKED"}),
)
