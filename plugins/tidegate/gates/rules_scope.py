"""What a destroy plan of one stack must be: pure, whole, and nowhere near what is preserved (TD1).

Shared by the gate that freezes a teardown and by the one that asks beforehand whether a teardown could be made.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_operator_key import forget_blockers, refused_blockers
from tidegate.gates.rules_plan import no_plan_blockers, plan_blockers
from tidegate.gates.rules_remedies import (
    AUTHOR,
    BUILD,
    CLEAR,
    FINDER,
    SAME_DAG,
    STATE_BUCKET,
    TEARDOWN,
    manifest,
    root_of,
)
from tidegate.gates.rules_root import root_blockers
from tidegate.gates.rules_unsaved import unsaved_blockers
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.plan import Plan, PreserveItem, ProtectedFromDeletion, StackScope
from tidegate.models.remedy import OWNER, Clear, Command, Person, Remedy, Step
from tidegate.models.state import StateResource

_LIFTED = ("--no-deletion-protection", "--apply-immediately")
_LIFTING = {
    "aws_db_instance": ("modify-db-instance", "--db-instance-identifier"),
    "aws_rds_cluster": ("modify-db-cluster", "--db-cluster-identifier"),
}
_DB_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,62}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_PURE = {("delete",), ("no-op",), ("read",)}
_DESTROYABLE_LIFECYCLES = {"messaging", "ephemeral"}
"""`messaging` is what evidence of earlier versions calls an ephemeral stack at Confluent."""

_AGAIN = CLEAR


class Kept(Protocol):
    """Facts that say what must survive."""

    @property
    def preserve_set(self) -> Observed[tuple[PreserveItem, ...]]:
        """Every single thing."""

    @property
    def protected_types(self) -> tuple[str, ...]:
        """Types of which nothing may go."""

    @property
    def protected_ids(self) -> tuple[str, ...]:
        """Ids that may not go."""

    @property
    def protected_prefixes(self) -> tuple[str, ...]:
        """Beginnings of ids that may not go."""


def preserve_set_blockers(kept: Kept) -> Iterator[Blocker]:
    """Block unless it is known what must survive."""
    if isinstance(kept.preserve_set, Known) and kept.preserve_set.value:
        return
    unread = not isinstance(kept.preserve_set, Known)
    yield Blocker(
        code="PRESERVE-SET-UNREADABLE" if unread else "PRESERVE-SET-EMPTY",
        summary="nobody can say what must survive" if unread else "nothing is set to survive",
        resource="preserve-set",
        observed=shown(kept.preserve_set) if unread else "0 items",
        expected="backend, evidence and everything in the state of persistent stacks",
        remedy=Remedy.of(Person(OWNER, "let the execution role read the state bucket"), BUILD, Clear()),
    )


def stack_scope_blockers(scope: StackScope, kept: Kept) -> Iterator[Blocker]:
    """Everything about one stack and its destroy plan."""
    yield from each(_lifecycle(scope), _state(scope), _protected(kept, scope), _overlap(kept, scope), _unplanned(scope))
    if scope.stopped_by:
        return  # it was not planned, and what stopped it is said
    refused_root = tuple(root_blockers(scope.root, scope.stack))
    yield from each(unsaved_blockers(scope.unsaved, scope.stack), refused_root)
    if not isinstance(scope.plan, Known):
        if isinstance(scope.unsaved, Absent) and not refused_root:  # else that is why there is none
            yield from no_plan_blockers(scope.plan, scope.stack, scope.too_new)
            yield from refused_blockers(scope.refused_keys, scope.stack)
        return
    yield from forget_blockers(scope)
    plan = scope.plan.value
    yield from each(
        plan_blockers(plan, stack=scope.stack, purpose="destroy"),
        _pure(plan),
        _complete(plan, scope.destroy_set),
        _protected_from_deletion(plan),
    )


def _lifecycle(scope: StackScope) -> Iterator[Blocker]:
    if not scope.destroyable or scope.lifecycle not in _DESTROYABLE_LIFECYCLES:
        yield Blocker(
            code="STACK-PROTECTED",
            summary="the stack may not be destroyed",
            resource=scope.stack,
            observed=f"lifecycle {scope.lifecycle}, destroyable = {scope.destroyable}",
            expected="lifecycle ephemeral, destroyable = True",
            remedy=Remedy.of(TEARDOWN, note="With a target that leaves it out"),
        )


def _state(scope: StackScope) -> Iterator[Blocker]:
    need = Need(
        stem="STATE",
        what="the state of the stack",
        resource=scope.stack,
        expected="a state version, or none",
        remedy=STATE_BUCKET,
    )
    return readable(scope.state, need)


def _protected(kept: Kept, scope: StackScope) -> Iterator[Blocker]:
    for resource in scope.destroy_set:
        reason = _protection(kept, resource)
        if reason:
            yield Blocker(
                code="PROTECTED-IN-DESTROY-SET",
                summary="the destroy-set holds a protected surface",
                resource=resource.address,
                observed=f"{resource.type} {resource.id}: {reason}",
                expected="nothing that preserve names in the manifest",
                remedy=Remedy.of(
                    Person(AUTHOR, f"move it out of {root_of(scope.stack)}"),
                    Clear(),
                    alternative=(manifest("preserve", why="leave it out"), SAME_DAG),
                ),
            )


def _protection(kept: Kept, resource: StateResource) -> str:
    if resource.type in kept.protected_types:
        return "protected type"
    if resource.id in kept.protected_ids:
        return "protected id"
    prefix = next((prefix for prefix in kept.protected_prefixes if resource.id.startswith(prefix)), None)
    return "" if prefix is None else f"protected prefix {prefix or '(blank)'}"


def _overlap(kept: Kept, scope: StackScope) -> Iterator[Blocker]:
    items = kept.preserve_set.value if isinstance(kept.preserve_set, Known) else ()
    preserved = {(item.type, item.id): item.reason for item in items}
    for resource in scope.destroy_set:
        reason = preserved.get((resource.type, resource.id))
        if reason is not None:
            yield Blocker(
                code="SETS-OVERLAP",
                summary="the same resource is to go and to stay",
                resource=resource.address,
                observed=f"{resource.type} {resource.id} in both sets, preserved for: {reason}",
                expected="in one set only",
                remedy=Remedy.of(
                    Person(
                        AUTHOR,
                        f"let one of two stacks own it: remove it from the state of {scope.stack} or from the "
                        "stack that preserves it",
                    ),
                    Clear(),
                ),
            )


def _unplanned(scope: StackScope) -> Iterator[Blocker]:
    for resource in scope.unplanned if isinstance(scope.plan, Known) else ():  # without a plan nothing is planned
        yield Blocker(
            code="STATE-RESOURCE-UNPLANNED",
            summary="the destroy plan would leave a resource behind",
            resource=resource.address,
            observed=f"{resource.type} {resource.id} is in the state and not in the destroy plan",
            expected="deleted by the plan",
            remedy=_AGAIN,
        )


def _pure(plan: Plan) -> Iterator[Blocker]:
    for resource in plan.resources:
        if resource.actions not in _PURE:
            yield Blocker(
                code="DESTROY-PLAN-NOT-PURE",
                summary="the destroy plan does more than delete",
                resource=resource.address,
                observed=", ".join(resource.actions) or "no action",
                expected="delete, no-op or read",
                remedy=_AGAIN,
            )


def _protected_from_deletion(plan: Plan) -> Iterator[Blocker]:
    """The destroy would stop half way at it, and bill what is left."""
    for resource in plan.protected:
        yield Blocker(
            code="DELETION-PROTECTED",
            summary="the resource is protected from deletion, so its service would refuse the destroy",
            resource=resource.address,
            observed=f"{resource.type} {resource.name}: {resource.attribute} = true",
            expected="not protected",
            remedy=Remedy.of(_lift(resource), Clear()),
        )


def _lift(resource: ProtectedFromDeletion) -> Step:
    """The command that lifts the protection, for a name and a region that have AWS's form; else where to look."""
    command = _LIFTING.get(resource.type)
    if command is not None and _DB_NAME.fullmatch(resource.name) and _REGION.fullmatch(resource.region):
        operation, option = command
        return Command(("aws", "rds", operation, option, resource.name, *_LIFTED, "--region", resource.region), OWNER)
    what = f"switch {resource.attribute} of {resource.type} {resource.name} off where it was switched on"
    return Person(FINDER, what)


def _complete(plan: Plan, destroy_set: tuple[StateResource, ...]) -> Iterator[Blocker]:
    frozen = {resource.address for resource in destroy_set}
    for resource in plan.resources:
        if "delete" in resource.actions and resource.address not in frozen:
            yield Blocker(
                code="DESTROY-SET-INCOMPLETE",
                summary="the plan deletes a resource that is not in the destroy-set",
                resource=resource.address,
                observed="no entry in the destroy-set",
                expected="an entry with its cloud id, so that it can be looked for afterwards",
                remedy=_AGAIN,
            )
