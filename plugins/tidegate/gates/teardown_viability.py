"""TEARDOWN-VIABILITY. What was built can go again: a pure destroy plan of every stack, the DAGs to run it, and the two
that notice when it must (TD8, TD9).
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_dag import audit_blockers, hourly_blockers, m9_blockers, stop_blockers
from tidegate.gates.rules_remedies import SAME_DAG, manifest
from tidegate.gates.rules_scope import preserve_set_blockers, stack_scope_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Clear, Remedy
from tidegate.models.viability import ViabilityFacts


def blockers(facts: ViabilityFacts) -> Iterator[Blocker]:
    """What must survive, each destroyable stack, the two DAGs that would destroy it, and the two that watch it."""
    yield from each(preserve_set_blockers(facts), _stacks(facts))
    for scope in facts.stacks:
        yield from stack_scope_blockers(scope, facts)
    yield from each(m9_blockers(facts.m9), stop_blockers(facts.emergency_stop))
    if facts.schedules is not False:
        yield from each(audit_blockers(facts.audit), hourly_blockers(facts.hourly_check))


def _stacks(facts: ViabilityFacts) -> Iterator[Blocker]:
    planned = [scope.stack for scope in facts.stacks]
    for stack in facts.destroyable:
        if stack not in planned:
            yield Blocker(
                code="DESTROY-PLAN-MISSING",
                summary="nobody tried to plan the destruction of a stack",
                resource=stack,
                observed=", ".join(planned) or "no stack was planned",
                expected="a destroy plan of every destroyable stack",
                remedy=Remedy.of(Clear(), note="If it repeats, the collector leaves a stack out"),
            )
    if not facts.destroyable:
        yield Blocker(
            code="DESTROYABLE-NONE",
            summary="no stack of the environment may be destroyed, so nothing shows that a teardown works",
            resource="stacks",
            observed="0 destroyable stacks",
            expected="at least one destroyable stack",
            remedy=Remedy.of(manifest("stacks", why="destroyable: true for a stack"), SAME_DAG),
        )


GATE = Gate(
    id="TEARDOWN-VIABILITY",
    title="Everything that was built can be torn down again, and is watched",
    owner="platform",
    requirements=("TD9", "TD1", "TD8"),
    facts=ViabilityFacts,
    blockers=blockers,
    policy_sections=("backend", "evidence", "work", "role_name", "stacks", "providers", "preserve"),
    version=3,
)
