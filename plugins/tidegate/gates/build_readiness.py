"""BUILD-READINESS. A build starts with the right identity, the lease, no latch and no open platform run.

Every state must be free, and none may come from a newer Terraform than the worker's. No root may hold what its plan
would refuse: nothing of a build is applied before that is known.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_control import latch_blockers, lease_held_blockers, platform_run_blockers
from tidegate.gates.rules_execution_role import ROLE_SECTIONS, standing_role_blockers
from tidegate.gates.rules_identity import IDENTITY_SECTIONS, dag_of, identity_blockers
from tidegate.gates.rules_lanes import lane_gap_blockers
from tidegate.gates.rules_locks import stack_lock_blockers
from tidegate.gates.rules_root import roots_blockers
from tidegate.gates.rules_state_version import restore_blockers, stack_state_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.readiness import BuildReadinessFacts
from tidegate.models.remedy import Remedy, Trigger


def blockers(facts: BuildReadinessFacts) -> Iterator[Blocker]:
    """Yield every reason why this build must not start now."""
    control = facts.control
    first = (
        identity_blockers(facts.caller, facts.tools),
        standing_role_blockers(facts.role),
        lane_gap_blockers(facts.lane_gaps),
        lease_held_blockers(control.lease),
        _stacks(facts),
        roots_blockers(facts.roots),
    )
    if facts.alone:  # it adds nothing that has a price, and belongs to no platform run: its plan guard sees to it
        return each(*first, *_states(facts))
    return each(
        *first,
        latch_blockers(control.latch, dag_of(facts.tools, "emergency_release")),
        _undecided(facts),
        *(() if facts.way == "blocked" else (_platform_run(facts),)),
        *_states(facts),
    )


def _platform_run(facts: BuildReadinessFacts) -> Iterator[Blocker]:
    return platform_run_blockers(
        facts.control.platform_run,
        goes_on=facts.continue_platform_run,
        teardown_dag=dag_of(facts.tools, "m9_teardown_cost_check"),
    )


def _states(facts: BuildReadinessFacts) -> tuple[Iterator[Blocker], ...]:
    return (
        stack_lock_blockers(facts.locks, () if facts.locks else ("every stack",)),
        restore_blockers(facts.restore_refused),
        stack_state_blockers(facts.states, tuple(stack.stack for stack in facts.locks), facts.tools),
    )


def _stacks(facts: BuildReadinessFacts) -> Iterator[Blocker]:
    if facts.alone and facts.stacks not in facts.persistent:
        yield Blocker(
            code="STACKS-UNKNOWN",
            summary="only a persistent stack can be repaired alone",
            resource=facts.stacks or "blank",
            observed=f"stacks = {facts.stacks!r}",
            expected=f"all, or one of {', '.join(facts.persistent) or 'none'}",
            remedy=Remedy.of(Trigger(dag_of(facts.tools, "m2_substrate_build"), {"stacks": "all"})),
        )


def _undecided(facts: BuildReadinessFacts) -> Iterator[Blocker]:
    """`auto` finds a way only where there is no doubt; where there is, a person chooses."""
    if facts.way == "blocked":
        build, teardown = (dag_of(facts.tools, name) for name in ("m2_substrate_build", "m9_teardown_cost_check"))
        yield Blocker(
            code="PLATFORM-RUN-UNDECIDED",
            summary="whether to go on with the open platform run, only a person can say",
            resource="platform run",
            observed=facts.way_reason,
            expected="a platform run that a proof closed, a build that did not finish, or a teardown that passed",
            remedy=Remedy.of(
                Trigger(build, {"platform_run": "continue"}), alternative=(Trigger(teardown, {}, ("confirm",)),)
            ),
        )


GATE = Gate(
    id="BUILD-READINESS",
    title="Identity, lease, latch, platform run, locks and states allow a build",
    owner="platform",
    requirements=("ID1", "ID2", "ID3", "ST4", "ST6", "ST7", "LC1", "CO4"),
    facts=BuildReadinessFacts,
    blockers=blockers,
    policy_sections=(*IDENTITY_SECTIONS, *ROLE_SECTIONS, "stacks"),
    version=3,
    transient_codes=frozenset({"LEASE-HELD", "STATE-LOCKED"}),
)
