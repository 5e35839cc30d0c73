"""TEARDOWN-SCOPE. What goes and what stays is known, frozen and disjoint before anything is destroyed (TD1, TD2)."""

import re
from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_scope import preserve_set_blockers, stack_scope_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.plan import TeardownScopeFacts

_AGAIN = "clear the scope task so that it plans and freezes again"


def blockers(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    """The frozen sets as a whole, then each stack in the target."""
    yield from each(_target(facts), preserve_set_blockers(facts), _persistent(facts), _digest(facts))
    for scope in facts.stacks:
        yield from stack_scope_blockers(scope, facts)


def _target(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    if not facts.stacks:
        yield Blocker(
            code="TARGET-EMPTY",
            summary="the target names no stack",
            resource=facts.target or "target",
            observed="0 stacks",
            expected="at least one destroyable stack",
            remedy="trigger <environment>.m9_teardown_cost_check with a target from its list",
        )


def _persistent(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    for stack, serial in facts.persistent_serials.items():
        if not isinstance(serial, Known):
            yield Blocker(
                code="PERSISTENT-STATE-UNREADABLE",
                summary="the serial of a persistent stack is not known, so nobody could tell later whether it moved",
                resource=stack,
                observed=shown(serial),
                expected="a serial",
                remedy="make the state bucket readable to the execution role, then clear the task",
            )


def _digest(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    if not re.fullmatch(r"[0-9a-f]{64}", facts.frozen_digest):
        yield Blocker(
            code="FROZEN-DIGEST-MALFORMED",
            summary="the scope is not frozen under a digest",
            resource=facts.target or "target",
            observed=facts.frozen_digest or "blank",
            expected="a sha256 of 64 lower-case hexadecimal digits",
            remedy=_AGAIN,
        )


GATE = Gate(
    id="TEARDOWN-SCOPE",
    title="Destroy-set and preserve-set are known, frozen and disjoint",
    owner="platform",
    requirements=("TD1", "TD2", "LC1", "LC6", "IN2"),
    facts=TeardownScopeFacts,
    blockers=blockers,
    policy_sections=("backend", "evidence", "work", "role_name", "stacks", "preserve"),
)
