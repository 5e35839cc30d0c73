"""PRE-DESTROY. The teardown stays within its blast radius, and the scope that was frozen is still true (TD3)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, required, unusable
from tidegate.gates.rules_remedies import STATE_BUCKET, TEARDOWN, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.pre_destroy import PartMoment, PreDestroyFacts, StateMoment
from tidegate.models.remedy import Clear, Remedy

_AGAIN = Remedy.of(Clear("b_scope_freeze"))
_CAPS = Remedy.of(manifest("blast_radius", why="a cap that this teardown fits in"), TEARDOWN)


def blockers(facts: PreDestroyFacts) -> Iterator[Blocker]:
    """The frozen scope, then how much of the environment it takes, then stack by stack."""
    if not isinstance(facts.frozen_digest, Known):
        yield _not_frozen(facts.frozen_digest)
        return
    yield from _whole(facts)
    for stack in dict.fromkeys([*(part.stack for part in facts.parts), *(it.stack for it in facts.states)]):
        yield from _of_stack(facts, stack)
    for stack in facts.resources:
        yield from _counted(facts, stack)


def stops(facts: PreDestroyFacts, stack: str) -> Iterator[Blocker]:
    """What stops the destroy of one stack: the whole, and what moved of its own."""
    if not isinstance(facts.frozen_digest, Known):
        yield _not_frozen(facts.frozen_digest)
        return
    yield from each(_whole(facts), _of_stack(facts, stack))
    if stack in facts.resources:
        yield from _counted(facts, stack)
    if stack not in {part.stack for part in facts.parts} or stack not in {state.stack for state in facts.states}:
        yield Blocker(
            code="FROZEN-PART-MISSING",
            summary="the stack was not compared with what was frozen of it",
            resource=stack,
            observed="no part, or no state",
            expected="its part and its state, as they were frozen and as they are now",
            remedy=_AGAIN,
        )


def _not_frozen(digest: Absent | Unreadable) -> Blocker:
    return unusable(
        digest,
        Need(
            stem="FROZEN-SCOPE",
            what="the frozen scope of this run",
            resource="b_scope_freeze",
            expected="the snapshot of TEARDOWN-SCOPE from this run",
            remedy=_AGAIN,
        ),
    )


def _whole(facts: PreDestroyFacts) -> Iterator[Blocker]:
    return each(_target(facts), _unmoved(facts), _radius(facts))


def _of_stack(facts: PreDestroyFacts, stack: str) -> Iterator[Blocker]:
    for state in facts.states:
        if state.stack == stack:
            yield from _state(state)
    for part in facts.parts:
        if part.stack == stack:
            yield from _part(part)


def _part(part: PartMoment) -> Iterator[Blocker]:
    need = Need(
        stem="SCOPE-DIGEST",
        what="the digest of a part of the scope as it is now",
        resource=part.stack,
        expected="the digest that was frozen",
        remedy=_AGAIN,
    )
    yield from required(part.now, need)
    if isinstance(part.now, Known) and part.now.value != part.frozen:
        yield _moved(part.stack, "destroy-set or state of a stack are not what was frozen", part.now.value, part.frozen)


def _target(facts: PreDestroyFacts) -> Iterator[Blocker]:
    need = Need(stem="TARGET", what="the target", resource="b_scope_freeze", expected="a target", remedy=_AGAIN)
    return required(facts.target, need)


def _unmoved(facts: PreDestroyFacts) -> Iterator[Blocker]:
    if not facts.states:
        yield Blocker(
            code="FROZEN-STATES-EMPTY",
            summary="no state was compared with what was frozen",
            resource="b_scope_freeze",
            observed="0 states",
            expected="the states of the target stacks and of the persistent ones",
            remedy=_AGAIN,
        )
    need = Need(
        stem="SCOPE-DIGEST",
        what="the digest of what must survive",
        resource="preserve-set",
        expected="the digest that was frozen",
        remedy=_AGAIN,
    )
    yield from each(required(facts.preserved_frozen, need), required(facts.preserved_now, need))
    now, frozen = facts.preserved_now, facts.preserved_frozen
    if isinstance(now, Known) and isinstance(frozen, Known) and now.value != frozen.value:
        yield _moved("preserve-set", "what must survive is not what was frozen", now.value, frozen.value)


def _moved(resource: str, summary: str, observed: str, expected: str) -> Blocker:
    return Blocker(
        code="SCOPE-MOVED",
        summary=summary,
        resource=resource,
        observed=observed or "blank",
        expected=expected or "a digest",
        remedy=_AGAIN,
    )


def _state(state: StateMoment) -> Iterator[Blocker]:
    need = Need(
        stem="STATE",
        what="the state",
        resource=state.stack,
        expected="a state that can be compared with the frozen one",
        remedy=STATE_BUCKET,
    )
    yield from each(required(state.frozen, need), required(state.now, need))
    if isinstance(state.frozen, Known) and isinstance(state.now, Known) and state.frozen.value != state.now.value:
        yield Blocker(
            code="STATE-MOVED",
            summary="the state moved after the scope was frozen",
            resource=state.stack,
            observed=state.now.value,
            expected=state.frozen.value,
            remedy=_AGAIN,
        )


def _radius(facts: PreDestroyFacts) -> Iterator[Blocker]:
    count = Need(
        stem="DESTROY-COUNT",
        what="the size of the destroy-set",
        resource="b_scope_freeze",
        expected="a number",
        remedy=_AGAIN,
    )
    yield from required(facts.destroy_count, count)
    if not facts.resources:
        yield _over("BLAST-RADIUS-UNKNOWN", "no state was counted, so no share can be told", "0 states", "every state")
    if isinstance(facts.destroy_count, Known):
        yield from _caps(facts, facts.destroy_count.value)


def _counted(facts: PreDestroyFacts, stack: str) -> Iterator[Blocker]:
    need = Need(
        stem="RESOURCE-COUNT",
        what="the number of resources in a state",
        resource=stack,
        expected="a number",
        remedy=STATE_BUCKET,
    )
    return required(facts.resources[stack], need)


def _caps(facts: PreDestroyFacts, going: int) -> Iterator[Blocker]:
    if going > facts.max_resources:
        yield _over(
            "BLAST-RADIUS-COUNT",
            "the teardown would remove more resources than one teardown may",
            f"{going} resources",
            f"at most {facts.max_resources}",
        )
    counted = [found.value for found in facts.resources.values() if isinstance(found, Known)]
    # A state that nobody could count makes the whole look smaller, and the share of it that goes larger.
    if going * 100 > facts.max_percent * sum(counted):
        yield _over(
            "BLAST-RADIUS-PERCENT",
            "the teardown would remove a larger share of the environment than one teardown may",
            f"{going} of {sum(counted)} resources",
            f"at most {facts.max_percent} %",
        )


def _over(code: str, summary: str, observed: str, expected: str) -> Blocker:
    return Blocker(
        code=code, summary=summary, resource="destroy-set", observed=observed, expected=expected, remedy=_CAPS
    )


GATE = Gate(
    id="PRE-DESTROY",
    title="Blast radius within its caps, frozen scope still true",
    owner="platform",
    requirements=("TD3", "TD2"),
    facts=PreDestroyFacts,
    blockers=blockers,
    version=2,
    stops=stops,
    policy_sections=("blast_radius", "stacks", "preserve", "backend"),
)
