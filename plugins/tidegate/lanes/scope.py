"""What a teardown would remove and what it must leave: real destroy plans, for M9 and for M2's check
that M9 can run.
"""

from collections.abc import Iterable
from typing import Any

from tidegate.collectors.aws.state import read_state
from tidegate.evidence.control import inputs_series
from tidegate.evidence.teardowns import unfinished_teardown
from tidegate.gates.rules_protected import protected_by
from tidegate.lanes.build import stack_inputs
from tidegate.lanes.operator_key import refused_now
from tidegate.lanes.planning import make_plan
from tidegate.lanes.roots import look_at_root
from tidegate.lanes.run import LaneRun
from tidegate.lanes.too_new import newer_provider
from tidegate.lanes.unsaved import unsaved_state
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.operator_key import RefusedKey
from tidegate.models.plan import Plan, PreserveItem, StackScope
from tidegate.models.unsaved import UnsavedState

_GONE = "gone"
"""Stands for an output that no upstream has any more."""

JUDGED_ELSEWHERE = frozenset({"aws_sns_topic_subscription"})
"""Types of a persistent stack that no teardown can remove. Another gate checks live whether they exist.

Whoever reads the alerts can end a subscription with one click, and BUDGET-GUARDRAIL notices.
"""


def stack_scope(
    run: LaneRun, name: str, unsaved: Observed[UnsavedState] | None = None, *, held: tuple[Blocker, ...] = ()
) -> StackScope:
    """A real destroy plan of a stack beside its state: what would go, and what would be left behind.

    No plan is made while a state of the stack is `unsaved` (looked for if not given), or while a blocker in `held`
    keeps every terraform from the stack.
    """
    unsaved = unsaved_state(run, name) if unsaved is None else unsaved
    stack = run.environment.stacks[name]
    state = read_state(run.clients, run.environment, name)
    refused: tuple[RefusedKey, ...] = ()
    plan: Observed[Plan]
    if held:
        plan = Unreadable(f"not made, for {', '.join(it.code for it in held)}")
    elif not isinstance(unsaved, Absent):
        plan = Unreadable("a state that terraform could not save comes first")
    else:
        plan = _destroy_plan(run, name)
        if not isinstance(plan, Known) and (refused := refused_now(run, name)):
            run.log(
                f"{name}: planned again without a refresh; what the cluster refuses to show is taken from the state"
            )
            plan = _destroy_plan(run, name, refresh=False)
    in_state = state.resources.value if isinstance(state.resources, Known) else ()
    going: set[str] = set()
    if isinstance(plan, Known):
        going = {resource.address for resource in plan.value.resources if "delete" in resource.actions}
        if plan.value.refreshed is not None:  # what the cloud no longer has is gone; no plan deletes it
            going |= {resource.address for resource in in_state} - set(plan.value.refreshed)
    return StackScope(
        stack=name,
        lifecycle=stack.lifecycle,
        destroyable=stack.destroyable,
        plan=plan,
        state=state.version,
        destroy_set=tuple(resource for resource in in_state if resource.address in going),
        unplanned=tuple(resource for resource in in_state if resource.address not in going),
        unsaved=unsaved,
        too_new=newer_provider(run, name, plan),
        root=Absent() if held else look_at_root(run, name),
        resumes=unfinished_teardown(run.remote, run.environment.name, name),
        refused_keys=refused,
        needed_by=run.environment.needing(name),
        stopped_by=held,
    )


def _destroy_plan(run: LaneRun, stack: str, *, refresh: bool = True) -> Observed[Plan]:
    """The destroy plan. Without its recorded values a stack has none; the others are planned all the same (RE2)."""
    inputs = _recorded_inputs(run, stack)
    if not isinstance(inputs, Known):
        return Unreadable(_reason(inputs))
    return make_plan(run, stack, "destroy", inputs.value, refresh=refresh)


def preserve_set(run: LaneRun, left_alone: Iterable[str] = ()) -> Observed[tuple[PreserveItem, ...]]:
    """Backend, role, everything in the state of a persistent stack, and what a stack that is no target has in AWS.

    Resources that a stack releases by name are their owner's to keep or remove, whether or not the state still holds
    them. Whether a stack's resources outside AWS were touched shows in its state serial.
    """
    environment = run.environment
    named = [
        ("aws_s3_bucket", environment.backend.bucket, "state bucket"),
        ("aws_s3_bucket", environment.evidence.bucket, "evidence bucket"),
        ("aws_s3_bucket", environment.work.bucket, "work bucket"),
        ("aws_dynamodb_table", environment.backend.lock_table, "lock table"),
        ("aws_iam_role", environment.role_name, "execution role"),
    ]
    items = {(kind, id_): PreserveItem(type=kind, id=id_, reason=reason) for kind, id_, reason in named}
    persistent = environment.stacks_by_lifecycle("persistent")
    for name in dict.fromkeys([*persistent, *left_alone]):
        match read_state(run.clients, environment, name).resources:
            case Known(resources):
                released = run.policies.allowed_types.released.get(name, ())
                for resource in resources:
                    if resource.type in JUDGED_ELSEWHERE or (
                        name not in persistent and not resource.type.startswith("aws_")
                    ):
                        continue
                    if protected_by(released, resource.address):
                        continue
                    item = PreserveItem(
                        type=resource.type,
                        id=resource.id,
                        reason=f"state of {name}: {resource.address}",
                        stack=name,
                    )
                    items.setdefault((item.type, item.id), item)
            case Absent():
                continue
            case _ if name not in persistent:
                continue  # its serial cannot be read either, and that closes the gate; no target waits for it
            case other:
                return Unreadable(f"state of {name}: {shown(other)}")
    return Known(tuple(items[key] for key in sorted(items)))


def _recorded_inputs(run: LaneRun, stack: str) -> Observed[dict[str, Any]]:
    """The values that the newest build of the stack used, with the upstream outputs that it saw (TD2).

    A stack without a recorded build is planned with the manifest's values. Its upstream outputs may be gone, and so may
    those of an upstream that was added to the manifest after the build.
    """
    upstreams = run.environment.stacks[stack].depends_on
    match inputs_series(run.remote, run.environment.name, stack).newest():
        case Known((number, record)):
            run.log(f"{stack}: variable values of {record['execution_id']} (record {number})")
            recorded = record["upstream_contract"]
            contract = recorded | {name: _contract(run, name) for name in upstreams if name not in recorded}
            return Known(record["inputs"] | _handed_over(run, stack, contract))
        case Absent():
            run.log(f"{stack}: no build is recorded; the manifest's values are used")
            contract = {name: _contract(run, name) for name in upstreams}
            try:
                return Known(stack_inputs(run, stack, without_upstream=_GONE) | _handed_over(run, stack, contract))
            except LookupError as error:  # of this stack alone: the other targets are planned
                return Unreadable(str(error))
        case other:
            return other


def _handed_over(run: LaneRun, stack: str, contract: dict[str, Any]) -> dict[str, Any]:
    """For a root that reads its upstreams' states: a destroy works without them."""
    states = run.environment.stacks[stack].states
    return {"upstream_contract": {handle: contract[upstream] for handle, upstream in states.items()}} if states else {}


def _contract(run: LaneRun, upstream: str) -> dict[str, Any]:
    """What an upstream stack hands over now. A destroy needs no true values, so a missing one is `gone`."""
    outputs = read_state(run.clients, run.environment, upstream).outputs
    known = outputs.value if isinstance(outputs, Known) else {}
    return {name: known.get(name, _GONE) for name in run.environment.stacks[upstream].required_outputs}


def _reason(observed: Observed[Any]) -> str:
    return f"recorded variable values: {shown(observed)}"
