"""What makes a saved plan fit to be judged at all: readable, whole, of the right stack and purpose (TD1)."""

from collections.abc import Iterator

from tidegate.gates.base import each
from tidegate.gates.rules_remedies import AUTHOR, CLEAR, FINDER, manifest
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, UnknownUntilApply, Unreadable, shown
from tidegate.models.plan import Plan, Purpose
from tidegate.models.remedy import Clear, Person, Remedy

_AGAIN = CLEAR


def plan_unreadable(observed: Absent | Unreadable | UnknownUntilApply, stack: str) -> Blocker:
    """The blocker for a plan that was not obtained, however that came."""
    return Blocker(
        code="PLAN-UNREADABLE",
        summary="there is no plan that can be judged",
        resource=stack,
        observed=observed.reason if isinstance(observed, Unreadable) else shown(observed),
        expected="the JSON of a saved plan, made in the initialised root of the stack",
        remedy=Remedy.of(Person(FINDER, "remove what the reason names"), Clear()),
    )


def plan_blockers(plan: Plan, *, stack: str, purpose: Purpose) -> Iterator[Blocker]:
    """Everything about the plan itself, before any of its resources is looked at."""
    return each(_format(plan), _whole(plan), _purpose(plan, purpose), _stack(plan, stack))


def _format(plan: Plan) -> Iterator[Blocker]:
    if plan.format_version.split(".")[0] != "1":
        yield Blocker(
            code="PLAN-FORMAT-UNKNOWN",
            summary="the plan is written in a format that this version does not know",
            resource=plan.stack,
            observed=f"format_version {plan.format_version or 'blank'} of terraform {plan.terraform_version}",
            expected="format_version 1.x",
            remedy=Remedy.of(manifest("terraform_version", why="a supported release"), Clear()),
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
