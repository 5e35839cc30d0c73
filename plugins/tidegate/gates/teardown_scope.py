"""TEARDOWN-SCOPE. What goes and what stays is known, frozen and disjoint before anything is destroyed (TD1, TD2)."""

import re
from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable, unusable
from tidegate.gates.rules_remedies import BUILD, CLEAR, STATE_BUCKET, TEARDOWN, allow, teardown
from tidegate.gates.rules_scope import preserve_set_blockers, stack_scope_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.plan import StackScope, TeardownScopeFacts
from tidegate.models.remedy import Remedy

_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGAIN = CLEAR


def blockers(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    """The frozen sets as a whole, stacks that are left alone, then each part."""
    yield from each(_whole(facts), _left_alone(facts), _downstream(facts, tuple(facts.downstream)))
    for scope in facts.stacks:
        yield from _part(facts, scope)


def stops(facts: TeardownScopeFacts, stack: str) -> Iterator[Blocker]:
    """What stops the destroy of one stack: the whole, its own part, and what needs it and would be left standing."""
    yield from _whole(facts)
    parts = [scope for scope in facts.stacks if scope.stack == stack]
    if not parts:
        yield _no_part(stack)
    for scope in parts:
        needing = tuple(name for name in facts.downstream if name in scope.needed_by)
        yield from each(_downstream(facts, needing), _part(facts, scope))


def _whole(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    return each(_target(facts), preserve_set_blockers(facts), _contradiction(facts), _digest(facts))


def _part(facts: TeardownScopeFacts, scope: StackScope) -> Iterator[Blocker]:
    return each(scope.stopped_by, stack_scope_blockers(scope, facts), _resumed(scope), _part_digest(scope))


def _no_part(stack: str) -> Blocker:
    return Blocker(
        code="SCOPE-PART-MISSING",
        summary="the frozen scope has no part for the stack",
        resource=stack,
        observed="no part",
        expected="one part, with its plan",
        remedy=_AGAIN,
    )


def _part_digest(scope: StackScope) -> Iterator[Blocker]:
    if not _SHA256.fullmatch(scope.digest):
        yield Blocker(
            code="FROZEN-DIGEST-MALFORMED",
            summary="the part of the scope is not frozen under a digest",
            resource=scope.stack,
            observed=repr(scope.digest) if scope.digest else "blank",
            expected="a sha256 of 64 lower-case hexadecimal digits",
            remedy=_AGAIN,
        )


def _target(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    if not facts.stacks:
        yield Blocker(
            code="TARGET-EMPTY",
            summary="the target names no stack",
            resource=facts.target or "target",
            observed="0 stacks",
            expected="at least one destroyable stack",
            remedy=Remedy.of(TEARDOWN, note="With a target from its list"),
        )


def _resumed(scope: StackScope) -> Iterator[Blocker]:
    """A teardown that goes on with one left half way takes nothing that was not frozen then (TD6)."""
    need = Need(
        stem="TEARDOWN-RECORD",
        what="the record of an earlier teardown",
        resource=scope.stack,
        expected="the teardown that was left half way, or none",
        remedy=allow("read control/ in the evidence bucket"),
    )
    yield from readable(scope.resumes, need)
    if not isinstance(scope.resumes, Known):
        return
    begun = scope.resumes.value
    frozen = {(resource.type, resource.id) for resource in begun.destroy_set}
    for resource in scope.destroy_set:
        if (resource.type, resource.id) not in frozen:
            yield Blocker(
                code="RESUMED-SET-GREW",
                summary="an earlier teardown was left half way, and this one would take more than was frozen then",
                resource=resource.address,
                observed=f"{resource.type} {resource.id} is not in the destroy-set of {begun.execution_id}",
                expected=f"a part of what is frozen in {begun.scope_uri}",
                remedy=Remedy.of(
                    BUILD, TEARDOWN, note="The build makes the stack anew, and the teardown after it freezes everything"
                ),
            )


def _contradiction(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    for scope in facts.stacks:
        if scope.stack in facts.persistent_serials:
            yield Blocker(
                code="TARGET-CONTRADICTORY",
                summary="the same stack is a target and is to be left alone",
                resource=scope.stack,
                observed=f"target {facts.target or 'blank'}, and a frozen serial of {scope.stack}",
                expected="one of the two",
                remedy=_AGAIN,
            )


def _left_alone(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    """What nobody could watch closes this gate; it is no reason to leave a target standing (RE2)."""
    for stack, serial in facts.persistent_serials.items():
        if not isinstance(serial, Known):
            yield Blocker(
                code="PERSISTENT-STATE-UNREADABLE",
                summary="the serial of a stack that is left alone is not known, so nobody could tell whether it moved",
                resource=stack,
                observed=shown(serial),
                expected="a serial",
                remedy=STATE_BUCKET,
            )


def _downstream(facts: TeardownScopeFacts, stacks: tuple[str, ...]) -> Iterator[Blocker]:
    """A stack goes only after all that need it (LC1)."""
    for stack in stacks:
        count = facts.downstream[stack]
        need = Need(
            stem="DOWNSTREAM-STATE",
            what="the number of resources of a stack that needs a target",
            resource=stack,
            expected="0 resources, or the stack in the target",
            remedy=STATE_BUCKET,
        )
        if not isinstance(count, Known):
            yield unusable(count, need)
        elif count.value != 0:
            whole = "+".join([stack, *(scope.stack for scope in facts.stacks)])
            yield Blocker(
                code="DOWNSTREAM-STANDS",
                summary="a stack that needs the target still stands, and this teardown would leave it alone",
                resource=stack,
                observed=f"{count.value} resources",
                expected="0 resources, or the stack in the target",
                remedy=Remedy.of(teardown(whole)),
            )


def _digest(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    if not _SHA256.fullmatch(facts.frozen_digest):
        yield Blocker(
            code="FROZEN-DIGEST-MALFORMED",
            summary="the scope is not frozen under a digest",
            resource=facts.target or "target",
            observed=repr(facts.frozen_digest) if facts.frozen_digest else "blank",
            expected="a sha256 of 64 lower-case hexadecimal digits",
            remedy=_AGAIN,
        )


GATE = Gate(
    id="TEARDOWN-SCOPE",
    title="Destroy-set and preserve-set are known, frozen and disjoint",
    owner="platform",
    requirements=("TD1", "TD2", "TD6", "LC1", "LC6", "IN2"),
    facts=TeardownScopeFacts,
    blockers=blockers,
    policy_sections=("backend", "evidence", "work", "role_name", "stacks", "providers", "preserve"),
    version=3,
    stops=stops,
)
