"""DESTROYED-STATE. After a destroy the state is empty, and nothing that it held answers any more (TD4)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable, required, unusable
from tidegate.gates.rules_remedies import FINDER, SAME_DAG, STATE_BUCKET, TEARDOWN
from tidegate.gates.rules_state import lock_left_blockers, still_there_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Clear, Person, Remedy
from tidegate.models.state import DestroyedStateFacts


def blockers(facts: DestroyedStateFacts) -> Iterator[Blocker]:
    """The state file first, then what is asked live, then locks; of a stack that is left alone that it did not move."""
    if not facts.targeted:
        return _left_alone(facts)
    remedy = STATE_BUCKET
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


def _left_alone(facts: DestroyedStateFacts) -> Iterator[Blocker]:
    """This teardown had no business with the stack: its serial is the one that was frozen."""
    again = Remedy.of(Clear("b_scope_freeze"))
    frozen = Need(
        stem="FROZEN-SERIAL",
        what="the serial with which the stack was left alone",
        resource=facts.stack,
        expected="the serial that M9.B froze",
        remedy=again,
    )
    now = Need(
        stem="STATE",
        what="the state of a stack that is left alone",
        resource=facts.stack,
        expected="the state that M9.B froze",
        remedy=STATE_BUCKET,
    )
    yield from each(required(facts.frozen_serial, frozen), readable(facts.after, now))
    if facts.destroy_set:
        yield Blocker(
            code="TARGET-CONTRADICTORY",
            summary="the stack is left alone by this run, and yet it has a destroy-set",
            resource=facts.stack,
            observed=f"{len(facts.destroy_set)} resources to destroy",
            expected="none",
            remedy=again,
        )
    match facts.after:
        case Known(version):
            serial = version.serial
        case Absent():
            serial = 0
        case _:
            return
    if isinstance(facts.frozen_serial, Known) and serial != facts.frozen_serial.value:
        yield Blocker(
            code="UNTARGETED-STATE-MOVED",
            summary="the state of a stack that this teardown leaves alone moved",
            resource=facts.stack,
            observed=f"serial {serial}",
            expected=f"serial {facts.frozen_serial.value}",
            remedy=Remedy.of(
                Person(
                    FINDER,
                    f"compare the versions of the state of {facts.stack} in the state bucket and find who wrote it",
                ),
                SAME_DAG,
            ),
        )


def _count(facts: DestroyedStateFacts) -> Iterator[Blocker]:
    count = facts.post_destroy_state_count
    if not isinstance(count, Known):
        need = Need(
            stem="STATE-COUNT",
            what="the number of resources left in the state",
            resource=facts.stack,
            expected="0 resources",
            remedy=STATE_BUCKET,
        )
        yield unusable(count, need)
    elif count.value != 0:
        yield Blocker(
            code="STATE-NOT-EMPTY",
            summary="the destroy left resources in the state",
            resource=facts.stack,
            observed=f"{count.value} resources",
            expected="0 resources",
            remedy=Remedy.of(TEARDOWN),
        )


GATE = Gate(
    id="DESTROYED-STATE",
    title="The state is empty and the destroyed resources are gone, or the stack was left alone",
    owner="platform",
    requirements=("TD4", "ST7", "LC1"),
    facts=DestroyedStateFacts,
    blockers=blockers,
    policy_sections=("backend", "stacks"),
    transient_codes=frozenset({"RESOURCE-STILL-THERE"}),
    version=2,
)
