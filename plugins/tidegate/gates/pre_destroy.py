"""PRE-DESTROY. The teardown stays within its blast radius, and the scope that was frozen is still true (TD3)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, required, unusable
from tidegate.gates.rules_remedies import STATE_BUCKET, TEARDOWN, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.pre_destroy import PreDestroyFacts, StateMoment
from tidegate.models.remedy import Clear, Remedy

_AGAIN = Remedy.of(Clear("b_scope_freeze"))
_CAPS = Remedy.of(manifest("blast_radius", why="a cap that this teardown fits in"), TEARDOWN)


def blockers(facts: PreDestroyFacts) -> Iterator[Blocker]:
    """The frozen scope, then how much of the environment it takes."""
    if not isinstance(facts.frozen_digest, Known):
        yield unusable(
            facts.frozen_digest,
            Need(
                stem="FROZEN-SCOPE",
                what="the frozen scope of this run",
                resource="b_scope_freeze",
                expected="the snapshot of TEARDOWN-SCOPE from this run",
                remedy=_AGAIN,
            ),
        )
        return
    yield from each(_target(facts), _unmoved(facts), _radius(facts))


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
    for state in facts.states:
        yield from _state(state)
    need = Need(
        stem="SCOPE-DIGEST",
        what="the digest of the scope as it is now",
        resource="b_scope_freeze",
        expected="the digest that was frozen",
        remedy=_AGAIN,
    )
    yield from required(facts.digest_now, need)
    if isinstance(facts.digest_now, Known) and facts.digest_now != facts.frozen_digest:
        yield Blocker(
            code="SCOPE-MOVED",
            summary="destroy-set, preserve-set or states are not what was frozen",
            resource="b_scope_freeze",
            observed=facts.digest_now.value or "blank",
            expected=shown(facts.frozen_digest) or "a digest",
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
    for stack, found in facts.resources.items():
        need = Need(
            stem="RESOURCE-COUNT",
            what="the number of resources in a state",
            resource=stack,
            expected="a number",
            remedy=STATE_BUCKET,
        )
        yield from required(found, need)
    if isinstance(facts.destroy_count, Known):
        yield from _caps(facts, facts.destroy_count.value)


def _caps(facts: PreDestroyFacts, going: int) -> Iterator[Blocker]:
    if going > facts.max_resources:
        yield _over(
            "BLAST-RADIUS-COUNT",
            "the teardown would remove more resources than one teardown may",
            f"{going} resources",
            f"at most {facts.max_resources}",
        )
    counted = [found.value for found in facts.resources.values() if isinstance(found, Known)]
    if len(counted) == len(facts.resources) and going * 100 > facts.max_percent * sum(counted):
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
    policy_sections=("blast_radius", "stacks", "preserve", "backend"),
)
