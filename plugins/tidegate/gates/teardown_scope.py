"""TEARDOWN-SCOPE. What goes and what stays is known, frozen and disjoint before anything is destroyed (TD1, TD2)."""

import re
from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_plan import plan_blockers, plan_unreadable
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.plan import Plan, StackScope, TeardownScopeFacts
from tidegate.models.state import StateResource

_PURE = {("delete",), ("no-op",), ("read",)}
_DESTROYABLE_LIFECYCLES = {"messaging", "ephemeral"}
_MANIFEST = "include/environments/<environment>.yaml"
_AGAIN = "clear the scope task so that it plans and freezes again"


def blockers(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    """The frozen sets as a whole, then each stack in the target."""
    yield from each(_target(facts), _preserve_set(facts), _persistent(facts), _digest(facts))
    for scope in facts.stacks:
        yield from each(
            _lifecycle(scope), _state(scope), _protected(facts, scope), _overlap(facts, scope), _unplanned(scope)
        )
        if not isinstance(scope.plan, Known):
            yield plan_unreadable(scope.plan, scope.stack)
            continue
        plan = scope.plan.value
        yield from each(
            plan_blockers(plan, stack=scope.stack, purpose="destroy"), _pure(plan), _complete(plan, scope.destroy_set)
        )


def _target(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    if not facts.stacks:
        yield Blocker(
            code="TARGET-EMPTY",
            summary="the target names no stack",
            resource=facts.target or "target",
            observed="0 stacks",
            expected="at least one destroyable stack",
            remedy="trigger <environment>.m9_teardown_cost_check with a target from its list",
        )


def _preserve_set(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    if isinstance(facts.preserve_set, Known) and facts.preserve_set.value:
        return
    unread = not isinstance(facts.preserve_set, Known)
    yield Blocker(
        code="PRESERVE-SET-UNREADABLE" if unread else "PRESERVE-SET-EMPTY",
        summary="nobody can say what must survive" if unread else "nothing is set to survive",
        resource="preserve-set",
        observed=shown(facts.preserve_set) if unread else "0 items",
        expected="backend, evidence and everything in the state of persistent stacks",
        remedy="make the state bucket readable to the execution role and apply the core stack first, then "
        "clear the task",
    )


def _persistent(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    for stack, serial in facts.persistent_serials.items():
        if not isinstance(serial, Known):
            yield Blocker(
                code="PERSISTENT-STATE-UNREADABLE",
                summary="the serial of a persistent stack is not known, so nobody could tell later whether it moved",
                resource=stack,
                observed=shown(serial),
                expected="a serial",
                remedy="make the state bucket readable to the execution role, then clear the task",
            )


def _digest(facts: TeardownScopeFacts) -> Iterator[Blocker]:
    if not re.fullmatch(r"[0-9a-f]{64}", facts.frozen_digest):
        yield Blocker(
            code="FROZEN-DIGEST-MALFORMED",
            summary="the scope is not frozen under a digest",
            resource=facts.target or "target",
            observed=facts.frozen_digest or "blank",
            expected="a sha256 of 64 lower-case hexadecimal digits",
            remedy=_AGAIN,
        )


def _lifecycle(scope: StackScope) -> Iterator[Blocker]:
    if not scope.destroyable or scope.lifecycle not in _DESTROYABLE_LIFECYCLES:
        yield Blocker(
            code="STACK-PROTECTED",
            summary="the stack may not be destroyed",
            resource=scope.stack,
            observed=f"lifecycle {scope.lifecycle}, destroyable = {scope.destroyable}",
            expected="lifecycle messaging or ephemeral, destroyable = True",
            remedy="trigger <environment>.m9_teardown_cost_check with a target that leaves it out",
        )


def _state(scope: StackScope) -> Iterator[Blocker]:
    need = Need(
        stem="STATE",
        what="the state of the stack",
        resource=scope.stack,
        expected="a state version, or none",
        remedy="make the state bucket readable to the execution role, then clear the task",
    )
    return readable(scope.state, need)


def _protected(facts: TeardownScopeFacts, scope: StackScope) -> Iterator[Blocker]:
    for resource in scope.destroy_set:
        reason = _protection(facts, resource)
        if reason:
            yield Blocker(
                code="PROTECTED-IN-DESTROY-SET",
                summary="the destroy-set holds a protected surface",
                resource=resource.address,
                observed=f"{resource.type} {resource.id}: {reason}",
                expected="nothing that preserve names in the manifest",
                remedy=f"move it out of include/terraform/{scope.stack}, or narrow preserve in {_MANIFEST}",
            )


def _protection(facts: TeardownScopeFacts, resource: StateResource) -> str:
    if resource.type in facts.protected_types:
        return "protected type"
    if resource.id in facts.protected_ids:
        return "protected id"
    prefix = next((prefix for prefix in facts.protected_prefixes if resource.id.startswith(prefix)), None)
    return "" if prefix is None else f"protected prefix {prefix or '(blank)'}"


def _overlap(facts: TeardownScopeFacts, scope: StackScope) -> Iterator[Blocker]:
    items = facts.preserve_set.value if isinstance(facts.preserve_set, Known) else ()
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
                remedy=f"remove it from the state of {scope.stack} or from the stack that preserves it: "
                "two stacks own one resource",
            )


def _unplanned(scope: StackScope) -> Iterator[Blocker]:
    for resource in scope.unplanned:
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


GATE = Gate(
    id="TEARDOWN-SCOPE",
    title="Destroy-set and preserve-set are known, frozen and disjoint",
    owner="platform",
    requirements=("TD1", "TD2", "LC1", "LC6", "IN2"),
    facts=TeardownScopeFacts,
    blockers=blockers,
    policy_sections=("backend", "evidence", "work", "role_name", "stacks", "preserve"),
)
