"""DESTROYED-STATE. After a destroy the state is empty, and nothing that it held answers any more (TD4)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable, unusable
from tidegate.gates.rules_state import lock_left_blockers, still_there_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known
from tidegate.models.state import DestroyedStateFacts


def blockers(facts: DestroyedStateFacts) -> Iterator[Blocker]:
    """The state file first, then what is asked live, then locks."""
    remedy = "make the state bucket readable to the execution role, then clear the task"
    before = Need(
        stem="STATE-BEFORE",
        what="the state before the destroy",
        resource=facts.stack,
        expected="a state version, or none",
        remedy=remedy,
    )
    after = Need(
        stem="STATE",
        what="the state after the destroy",
        resource=facts.stack,
        expected="an empty state, or none",
        remedy=remedy,
    )
    return each(
        readable(facts.before, before),
        readable(facts.after, after),
        _count(facts),
        still_there_blockers(facts.still_there, facts.stack),
        lock_left_blockers(facts.locks, facts.stack),
    )


def _count(facts: DestroyedStateFacts) -> Iterator[Blocker]:
    count = facts.post_destroy_state_count
    if not isinstance(count, Known):
        need = Need(
            stem="STATE-COUNT",
            what="the number of resources left in the state",
            resource=facts.stack,
            expected="0 resources",
            remedy="make the state bucket readable to the execution role, then clear the task",
        )
        yield unusable(count, need)
    elif count.value != 0:
        yield Blocker(
            code="STATE-NOT-EMPTY",
            summary="the destroy left resources in the state",
            resource=facts.stack,
            observed=f"{count.value} resources",
            expected="0 resources",
            remedy="trigger <environment>.m9_teardown_cost_check again; it destroys what is left",
        )


GATE = Gate(
    id="DESTROYED-STATE",
    title="The state is empty and the destroyed resources are gone",
    owner="platform",
    requirements=("TD4", "ST7"),
    facts=DestroyedStateFacts,
    blockers=blockers,
    policy_sections=("backend", "stacks"),
    transient_codes=frozenset({"RESOURCE-STILL-THERE"}),
)
