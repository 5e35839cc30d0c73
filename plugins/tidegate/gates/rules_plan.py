"""What makes a saved plan fit to be judged at all: readable, whole, of the right stack and purpose (TD1)."""

from collections.abc import Iterator

from tidegate.gates.base import each
from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import AUTHOR, CLEAR, FINDER, SAME_DAG, allow, manifest, root_of
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.plan import Plan, Purpose
from tidegate.models.remedy import Clear, Person, Remedy, Trigger
from tidegate.models.state import NewerProvider

_AGAIN = CLEAR


def plan_unreadable(observed: Absent | Unreadable, stack: str) -> Blocker:
    """The blocker for a plan that was not obtained, however that came."""
    return Blocker(
        code="PLAN-UNREADABLE",
        summary="there is no plan that can be judged",
        resource=stack,
        observed=observed.reason if isinstance(observed, Unreadable) else shown(observed),
        expected="the JSON of a saved plan, made in the initialised root of the stack",
        remedy=Remedy.of(Person(FINDER, "remove what the reason names"), Clear()),
    )


def no_plan_blockers(plan: Absent | Unreadable, stack: str, too_new: Observed[NewerProvider]) -> Iterator[Blocker]:
    """Why there is no plan: a state of a newer provider, else what terraform said."""
    match too_new:
        case Absent():
            yield plan_unreadable(plan, stack)
        case Known(found):
            yield _too_new(found, stack)
        case other:
            yield plan_unreadable(plan, stack)
            yield unusable(
                other,
                Need(
                    stem="STATE",
                    what="the state that a newer provider wrote",
                    resource=stack,
                    expected="a state",
                    remedy=allow("read the versions of the state object"),
                ),
            )


def _too_new(found: NewerProvider, stack: str) -> Blocker:
    back = Trigger("<dag>", {"restore_state_version": f"{stack}:{found.older}"}, ("state_reason",))
    return Blocker(
        code="STATE-TOO-NEW",
        summary="a newer provider than the worker's wrote this state, so terraform cannot read it",
        resource=f"state of {stack}",
        observed=f"{found.address} has schema version {found.schema_version} in serial {found.serial} (version "
        f"{found.version_id}); the worker's {found.provider} is {found.locked}",
        expected=f"a state that {found.provider} {found.locked} can read",
        remedy=Remedy.of(
            Person(
                AUTHOR,
                f"raise {found.provider} in the stack's main.tf and .terraform.lock.hcl below include/terraform to the "
                "version that its author used (terraform providers lock), and roll that out to every worker",
            ),
            Clear(),
            alternative=(back,) if found.older else (),
            note="The state from before may be put back if nothing was made with the newer provider",
        ),
    )


def plan_blockers(plan: Plan, *, stack: str, purpose: Purpose) -> Iterator[Blocker]:
    """Everything about the plan itself, before any of its resources is looked at."""
    return each(_format(plan), _whole(plan), _besides(plan), _purpose(plan, purpose), _stack(plan, stack))


def _format(plan: Plan) -> Iterator[Blocker]:
    if plan.format_version.split(".")[0] != "1":
        yield Blocker(
            code="PLAN-FORMAT-UNKNOWN",
            summary="the plan is written in a format that this version does not know",
            resource=plan.stack,
            observed=f"format_version {plan.format_version or 'blank'} of terraform {plan.terraform_version}",
            expected="format_version 1.x",
            remedy=Remedy.of(manifest("terraform_version", why="a supported release"), SAME_DAG),
        )


def _whole(plan: Plan) -> Iterator[Blocker]:
    if not plan.complete or plan.errored:
        yield Blocker(
            code="PLAN-INCOMPLETE",
            summary="the plan does not show everything that an apply would do",
            resource=plan.stack,
            observed=f"complete = {plan.complete}, errored = {plan.errored}",
            expected="complete = True, errored = False",
            remedy=Remedy.of(
                Person(AUTHOR, "read the terraform messages in the task log and correct the stack"), Clear()
            ),
        )


def _besides(plan: Plan) -> Iterator[Blocker]:
    """What an apply would do, or another plan would, beside the changes of this one."""
    for address in plan.invoked:
        yield Blocker(
            code="PLAN-ACTION-UNKNOWN",
            summary="the plan does something that this version does not know",
            resource=address,
            observed="the apply also runs this action of a provider",
            expected="changes of resources, and nothing beside them",
            remedy=Remedy.of(
                Person(AUTHOR, f"take the action out of {root_of(plan.stack)}, and what triggers it"), Clear()
            ),
        )
    for address in plan.deferred:
        yield Blocker(
            code="PLAN-DEFERRED",
            summary="Terraform puts a change off to a later plan, so this one does not show the end",
            resource=address,
            observed="deferred",
            expected="every change in this plan",
            remedy=Remedy.of(
                Person(AUTHOR, f"make its count, keys and provider known in {root_of(plan.stack)}"), Clear()
            ),
        )


def _purpose(plan: Plan, purpose: Purpose) -> Iterator[Blocker]:
    if plan.purpose != purpose:
        yield Blocker(
            code="PLAN-PURPOSE",
            summary="the plan was made for something else",
            resource=plan.stack,
            observed=plan.purpose,
            expected=purpose,
            remedy=_AGAIN,
        )


def _stack(plan: Plan, stack: str) -> Iterator[Blocker]:
    if plan.stack != stack:
        yield Blocker(
            code="PLAN-STACK",
            summary="the plan belongs to another stack",
            resource=stack,
            observed=plan.stack,
            expected=stack,
            remedy=_AGAIN,
        )
