"""BUILD-READINESS. A build starts with the right identity, the lease, no latch and no open platform run.

Every state must be free, and none may come from a newer Terraform than the worker's.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import latch_blockers, lease_held_blockers, platform_run_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, dag_of, identity_blockers
from tidegate.gates.rules_lanes import lane_gap_blockers
from tidegate.gates.rules_locks import stack_lock_blockers
from tidegate.gates.rules_state_version import restore_blockers, stack_state_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.readiness import BuildReadinessFacts


def blockers(facts: BuildReadinessFacts) -> Iterator[Blocker]:
    """Yield every reason why this build must not start now."""
    control = facts.control
    return each(
        identity_blockers(facts.caller, facts.tools),
        lane_gap_blockers(facts.lane_gaps),
        lease_held_blockers(control.lease),
        latch_blockers(control.latch, dag_of(facts.tools, "emergency_release")),
        platform_run_blockers(
            control.platform_run,
            goes_on=facts.continue_platform_run,
            teardown_dag=dag_of(facts.tools, "m9_teardown_cost_check"),
        ),
        stack_lock_blockers(facts.locks, () if facts.locks else ("every stack",)),
        restore_blockers(facts.restore_refused),
        stack_state_blockers(facts.states, tuple(stack.stack for stack in facts.locks), facts.tools),
    )


GATE = Gate(
    id="BUILD-READINESS",
    title="Identity, lease, latch, platform run, locks and states allow a build",
    owner="platform",
    requirements=("ID1", "ID2", "ID3", "ST4", "ST6", "ST7", "LC1", "CO4"),
    facts=BuildReadinessFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, "backend", "evidence", "stacks"),
    version=2,
    transient_codes=frozenset({"LEASE-HELD", "STATE-LOCKED"}),
)
