"""STACK-DRIFT. What stands is what the last apply left, and what the configuration still wants (LC7).

A stack without resources is not up: of it nothing is asked, but that a persistent one, once applied, stays. Names of
attributes are told, never their values (ID4).
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable
from tidegate.gates.rules_plan import plan_unreadable
from tidegate.gates.rules_remedies import AUTHOR, BUILD, FINDER, MANIFEST_STACKS, REPAIR, STATE_BUCKET, allow, root_of
from tidegate.gates.rules_root import root_blockers
from tidegate.models.audit import ChangedResource, DriftPlan, StackDrift, StackDriftFacts
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known
from tidegate.models.remedy import Clear, Person, Remedy

_SHOWN = 10
"""So many addresses are named in one sentence."""


def blockers(facts: StackDriftFacts) -> Iterator[Blocker]:
    """Every stack of the manifest: its state, then the plan of what is up."""
    seen = {stack.stack for stack in facts.stacks}
    for name in facts.expected_stacks:
        if name not in seen:
            yield _not_looked_at(name)
    for stack in facts.stacks:
        yield from each(_state(stack), _gone(stack), _plan(stack))


def is_up(stack: StackDrift) -> bool:
    """Does its state hold a resource? An unreadable state does not say so."""
    return isinstance(stack.state, Known) and stack.state.value.resource_count > 0


def _state(stack: StackDrift) -> Iterator[Blocker]:
    return readable(
        stack.state,
        Need(
            stem="STATE",
            what="the state that drift is measured from",
            resource=stack.stack,
            expected="a state version, or none yet",
            remedy=STATE_BUCKET,
        ),
    )


def _gone(stack: StackDrift) -> Iterator[Blocker]:
    """No teardown takes a persistent stack: one that was applied and is in no state now was lost."""
    if not isinstance(stack.state, Known | Absent) or is_up(stack):
        return
    if isinstance(stack.applied_before, Known):
        yield Blocker(
            code="STATE-GONE",
            summary=f"{stack.stack} was applied before, and its state is gone",
            resource=f"state of {stack.stack}",
            observed=f"{'no state' if isinstance(stack.state, Absent) else 'a state without resources'}; "
            f"{stack.applied_before.value}",
            expected="the state that the last apply left, for nothing destroys a persistent stack",
            remedy=Remedy.of(
                Person(FINDER, "find who removed it, and build nothing until it is back"),
                Clear(),
                note="The state bucket keeps versions of its object",
            ),
        )
        return
    yield from readable(
        stack.applied_before,
        Need(
            stem="APPLIED-BEFORE",
            what="whether this stack was applied before",
            resource=stack.stack,
            expected="a record of an apply, of its values or of a teardown, or none yet",
            remedy=allow("read the work bucket and the evidence bucket"),
        ),
    )


def _plan(stack: StackDrift) -> Iterator[Blocker]:
    if not is_up(stack):
        return
    refused_root = tuple(root_blockers(stack.root, stack.stack))
    yield from refused_root
    if not isinstance(stack.plan, Known):
        if not refused_root:  # else that is why there is none
            yield plan_unreadable(stack.plan, stack.stack)
        return
    plan = stack.plan.value
    if not plan.complete:
        yield Blocker(
            code="PLAN-INCOMPLETE",
            summary="the plan does not show all that an apply would do, so drift may hide",
            resource=stack.stack,
            observed="a plan that is not complete, or that ended with an error",
            expected="a complete plan",
            remedy=Remedy.of(
                Person(AUTHOR, "read the terraform messages in the task log and correct what they name"), Clear()
            ),
        )
    for resource in plan.drifted:
        yield _drifted(stack, resource)
    yield from _pending(stack, plan)


def _drifted(stack: StackDrift, resource: ChangedResource) -> Blocker:
    return Blocker(
        code="STACK-DRIFTED",
        summary=f"a resource of {stack.stack} was changed outside Terraform",
        resource=resource.address,
        observed=f"differs in {', '.join(resource.attributes) or 'its existence'}; an apply would "
        f"{', '.join(resource.actions)}",
        expected="as the last apply left it",
        remedy=Remedy.of(REPAIR, alternative=(Person(FINDER, "undo the change by hand"), Clear())),
    )


def _pending(stack: StackDrift, plan: DriftPlan) -> Iterator[Blocker]:
    """Terraform's exit status counts as well: what it calls a change is one, even where none is listed."""
    if not plan.pending and not plan.outputs and (plan.drifted or not plan.has_changes):
        return
    changes = [f"{it.address} ({', '.join(it.actions)}: {', '.join(it.attributes) or 'all'})" for it in plan.pending]
    changes += [f"output {name}" for name in plan.outputs]
    left_out = len(changes) - _SHOWN
    more = f", and {left_out} more" if left_out > 0 else ""
    yield Blocker(
        code="STACK-CHANGES-PENDING",
        summary="the configuration differs from what is applied",
        resource=stack.stack,
        observed=(", ".join(changes[:_SHOWN]) or "Terraform says that there is something to do and lists nothing")
        + more,
        expected="a plan without changes",
        remedy=Remedy.of(BUILD, alternative=(Person(AUTHOR, f"undo the change in {root_of(stack.stack)}"), Clear())),
    )


def _not_looked_at(stack: str) -> Blocker:
    return Blocker(
        code="STACK-NOT-LOOKED-AT",
        summary="nobody looked for drift here",
        resource=stack,
        observed="no answer about this stack",
        expected="its state, and a plan if it is up",
        remedy=MANIFEST_STACKS,
    )


GATE = Gate(
    id="STACK-DRIFT",
    title="What stands is as the last apply left it",
    owner="platform",
    requirements=("TD8", "LC7", "LC6"),
    facts=StackDriftFacts,
    blockers=blockers,
    policy_sections=("backend", "stacks", "providers", "terraform_version"),
)
