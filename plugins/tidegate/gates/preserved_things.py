"""PRESERVED-THINGS. A teardown left everything that must survive, and moved no other stack (TD4, LC6).

What is missing makes the verdict red and names its own repair. What was to go is gone all the same: neither the cost
nor the proof of the destruction waits for this gate (RE2).
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.plan import PreserveItem
from tidegate.models.residual import PreservedFacts


def blockers(facts: PreservedFacts) -> Iterator[Blocker]:
    """What does not answer any more, then every stack that moved."""
    return each(_missing(facts), _moved(facts))


def _missing(facts: PreservedFacts) -> Iterator[Blocker]:
    if not isinstance(facts.preserved_missing, Known):
        need = Need(
            stem="PRESERVED-CHECK",
            what="whether everything preserved is still there",
            resource="preserve-set",
            expected="every item answers",
            remedy="allow the execution role to describe them (include/terraform/core/execution_policy.tf), "
            "then clear the task",
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
            remedy=_repair(facts, item),
        )


def _repair(facts: PreservedFacts, item: PreserveItem) -> str:
    """Core puts back what its state holds; it may do so while the emergency latch is set. M1 makes what it needs."""
    build = f"{facts.environment}.m2_substrate_build"
    core = f"trigger {build} with stacks = core, repair_drift = true and a repair_reason; then clear this task"
    if item.stack == "core":
        return core
    if item.stack:
        return f"trigger {build} with platform_run = continue: it builds {item.stack} again; then clear this task"
    return f"trigger {facts.environment}.m1_backend_bootstrap; then {core}"


def _moved(facts: PreservedFacts) -> Iterator[Blocker]:
    for stack in sorted({*facts.serials_frozen, *facts.serials_now}):
        frozen, now = facts.serials_frozen.get(stack, Absent()), facts.serials_now.get(stack, Absent())
        expected = shown(frozen) if isinstance(frozen, Known) else "a number from the freeze of the scope"
        need = Need(
            stem="PERSISTENT-STATE",
            what="the serial of a stack that is left alone",
            resource=stack,
            expected=f"serial {expected}",
            remedy="make the state bucket readable to the execution role, then clear the task",
        )
        if not isinstance(now, Known):
            yield unusable(now, need)
        elif not isinstance(frozen, Known):
            yield unusable(frozen, need)
        elif now.value != frozen.value:
            yield Blocker(
                code="PERSISTENT-STATE-MOVED",
                summary="a stack moved that the teardown must leave alone",
                resource=stack,
                observed=f"serial {now.value}",
                expected=need.expected,
                remedy=f"compare the versions of the state of {stack} in the state bucket and find who wrote it",
            )


GATE = Gate(
    id="PRESERVED-THINGS",
    title="Nothing preserved is missing, and no other stack moved",
    owner="platform",
    requirements=("TD4", "LC6", "RE2"),
    facts=PreservedFacts,
    blockers=blockers,
    policy_sections=("region", "stacks", "preserve", "backend", "evidence", "work", "role_name"),
)
