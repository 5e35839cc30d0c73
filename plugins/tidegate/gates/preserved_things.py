"""PRESERVED-THINGS. A teardown left everything that must survive, and moved no other stack (TD4, LC6).

What is missing makes the verdict red and names its own repair. What was to go is gone all the same: neither the cost
nor the proof of the destruction waits for this gate (RE2).
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import DESCRIBE, FINDER, SAME_DAG, STATE_BUCKET
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, shown
from tidegate.models.plan import PreserveItem
from tidegate.models.remedy import Command, Person, Remedy, Trigger
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
            remedy=_repair(facts, item),
        )


def _repair(facts: PreservedFacts, item: PreserveItem) -> Remedy:
    """Core puts back what its state holds; it may do so while the emergency latch is set. M1 makes what it needs.

    The repair moves core's state, so the frozen scope fits no more: a new teardown looks again, no cleared task.
    """
    build = f"{facts.environment}.m2_substrate_build"
    if item.stack and item.stack not in facts.persistent:
        return Remedy.of(Trigger(build), SAME_DAG, note=f"It builds {item.stack} again")
    first = item.stack or next(iter(facts.persistent), "all")
    repair = Trigger(build, {"stacks": first, "repair_drift": True}, ("repair_reason",))
    if item.stack:
        return Remedy.of(repair, SAME_DAG)
    return Remedy.of(Trigger(f"{facts.environment}.m1_backend_bootstrap"), repair, SAME_DAG)


def _moved(facts: PreservedFacts) -> Iterator[Blocker]:
    for stack in sorted({*facts.serials_frozen, *facts.serials_now}):
        frozen, now = facts.serials_frozen.get(stack, Absent()), facts.serials_now.get(stack, Absent())
        expected = shown(frozen) if isinstance(frozen, Known) else "a number from the freeze of the scope"
        need = Need(
            stem="PERSISTENT-STATE",
            what="the serial of a stack that is left alone",
            resource=stack,
            expected=f"serial {expected}",
            remedy=STATE_BUCKET,
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
                remedy=Remedy.of(
                    Command(("tidegate", "state", "history", stack, "--environment", facts.environment), FINDER),
                    Person(FINDER, "find who wrote the newest version"),
                    SAME_DAG,
                ),
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
