"""What a teardown would remove and what it must leave: real destroy plans, for M9 and for the check that M9 can run."""

from typing import Any

from tidegate.collectors.aws.state import read_state
from tidegate.evidence.control import inputs_series
from tidegate.evidence.teardowns import unfinished_teardown
from tidegate.lanes.build import stack_inputs
from tidegate.lanes.planning import make_plan
from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.plan import PreserveItem, StackScope


def stack_scope(run: LaneRun, name: str) -> StackScope:
    """A real destroy plan of a stack beside its state: what would go, and what would be left behind."""
    stack = run.environment.stacks[name]
    state = read_state(run.clients, run.environment, name)
    inputs = _recorded_inputs(run, name)
    plan = make_plan(run, name, "destroy", inputs.value) if isinstance(inputs, Known) else Unreadable(_reason(inputs))
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
        resumes=unfinished_teardown(run.remote, run.environment.name, name),
    )


def preserve_set(run: LaneRun) -> Observed[tuple[PreserveItem, ...]]:
    """Backend, role, and everything in the state of a persistent stack."""
    environment = run.environment
    named = [
        ("aws_s3_bucket", environment.backend.bucket, "state bucket"),
        ("aws_s3_bucket", environment.evidence.bucket, "evidence bucket"),
        ("aws_s3_bucket", environment.work.bucket, "work bucket"),
        ("aws_dynamodb_table", environment.backend.lock_table, "lock table"),
        ("aws_iam_role", environment.role_name, "execution role"),
    ]
    items = {(kind, id_): PreserveItem(type=kind, id=id_, reason=reason) for kind, id_, reason in named}
    for name in environment.stacks_by_lifecycle("persistent"):
        match read_state(run.clients, environment, name).resources:
            case Known(resources):
                for resource in resources:
                    item = PreserveItem(
                        type=resource.type, id=resource.id, reason=f"state of {name}: {resource.address}"
                    )
                    items.setdefault((item.type, item.id), item)
            case Absent():
                continue
            case other:
                return Unreadable(f"state of {name}: {other}")
    return Known(tuple(items[key] for key in sorted(items)))


def _recorded_inputs(run: LaneRun, stack: str) -> Observed[dict[str, Any]]:
    """The values that the newest build of the stack used, with the upstream outputs that it saw (TD2).

    A stack of which no build was ever recorded is planned with the manifest's values; its upstream outputs may be gone.
    """
    match inputs_series(run.remote, run.environment.name, stack).newest():
        case Known((number, record)):
            run.log(f"{stack}: variable values of {record['execution_id']} (record {number})")
            return Known({**record["inputs"], "upstream_contract": record["upstream_contract"]})
        case Absent():
            run.log(f"{stack}: no build is recorded; the manifest's values are used")
            outputs = read_state(run.clients, run.environment, "core").outputs
            known = outputs.value if isinstance(outputs, Known) else {}
            required = run.environment.stacks["core"].required_outputs
            contract = {"core": {name: known.get(name, "gone") for name in required}}
            return Known({**stack_inputs(run, stack), "upstream_contract": contract})
        case other:
            return other


def _reason(observed: Observed[Any]) -> str:
    return f"recorded variable values: {shown(observed)}"
