"""STATE-OWNERSHIP. Every resource is in the state of exactly one stack (ST5)."""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import AUTHOR, BUILD, MANIFEST_STACKS, STATE_BUCKET, root_of
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.ownership import OwnedState, OwnershipFacts
from tidegate.models.remedy import Person, Remedy
from tidegate.models.state import StateResource


def blockers(facts: OwnershipFacts) -> Iterator[Blocker]:
    """States that were not read, then resources that two of them own."""
    return each(_expected(facts), *(_state(state) for state in facts.states), _shared(facts))


def _expected(facts: OwnershipFacts) -> Iterator[Blocker]:
    looked_at = [state.stack for state in facts.states]
    if not facts.expected_stacks:
        yield _not_looked_at("stacks", "the manifest names no stack", "0 stacks")
    for stack in facts.expected_stacks:
        if looked_at.count(stack) != 1:
            seen = f"looked at {looked_at.count(stack)} times"
            yield _not_looked_at(stack, "the state of a stack was not read exactly once", seen)


def _not_looked_at(resource: str, summary: str, observed: str) -> Blocker:
    return Blocker(
        code="OWNERSHIP-INCOMPLETE",
        summary=summary,
        resource=resource,
        observed=observed,
        expected="the state of every stack of the manifest, read once",
        remedy=MANIFEST_STACKS,
    )


def _state(state: OwnedState) -> Iterator[Blocker]:
    if isinstance(state.resources, Known):
        for resource in state.resources.value:
            if not resource.id.strip():
                yield Blocker(
                    code="RESOURCE-ID-BLANK",
                    summary="a resource in a state has no id, so nobody can tell who owns it",
                    resource=f"{state.stack}: {resource.address}",
                    observed=repr(resource.id),
                    expected="an id",
                    remedy=Remedy.of(BUILD, note=f"It refreshes the state of {state.stack}"),
                )
    elif not (isinstance(state.resources, Absent) and state.destroyable):
        yield unusable(
            state.resources,
            Need(
                stem="STATE",
                what="the state",
                resource=state.stack,
                expected="a state that can be read" + (", or none" if state.destroyable else ""),
                remedy=STATE_BUCKET,
            ),
        )


def _shared(facts: OwnershipFacts) -> Iterator[Blocker]:
    owners: dict[str, list[tuple[str, StateResource]]] = {}
    for state in facts.states:
        for resource in state.resources.value if isinstance(state.resources, Known) else ():
            owners.setdefault(resource.id, []).append((state.stack, resource))
    for id_, found in owners.items():
        stacks = sorted({stack for stack, _ in found})
        if len(stacks) < 2:
            continue
        yield Blocker(
            code="RESOURCE-OWNED-TWICE",
            summary="two states own the same resource, so destroying one takes it from the other",
            resource=id_ or "(blank id)",
            observed=", ".join(f"{stack}: {resource.address} ({resource.type})" for stack, resource in found),
            expected="one owner",
            remedy=Remedy.of(
                Person(
                    AUTHOR,
                    f"remove it from one of {' or '.join(map(root_of, stacks))} with a `removed` block that "
                    "does not destroy",
                ),
                BUILD,
            ),
        )


GATE = Gate(
    id="STATE-OWNERSHIP",
    title="No resource is owned by two states",
    owner="platform",
    requirements=("ST5",),
    facts=OwnershipFacts,
    blockers=blockers,
    policy_sections=("backend", "stacks"),
)
