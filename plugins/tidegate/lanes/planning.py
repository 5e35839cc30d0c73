"""Makes a saved plan of a stack and its facts: init, plan, show; the plan file goes to the work bucket."""

from collections.abc import Callable
from typing import Any, TypeVar

from tidegate.collectors.aws.locks import read_state_locks
from tidegate.evidence.unsaved import read_unsaved
from tidegate.lanes.roots import RootRefused, checked_workspace
from tidegate.lanes.run import LaneRun
from tidegate.models.audit import DriftPlan
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.plan import Plan, Purpose
from tidegate.terraform import drift, plan_store, process, program, runner, workspace
from tidegate.terraform import plan as plans
from tidegate.terraform.intent import IntentUnwritable

T = TypeVar("T")


DRIFT_LOCK_SECONDS = 60
"""How long a plan for drift waits for the state lock. It never runs without one (ST3)."""


def make_plan(
    run: LaneRun,
    stack: str,
    purpose: Purpose,
    inputs: dict[str, Any],
    *,
    refresh: bool = True,
    renew: str | None = None,
) -> Observed[Plan]:
    """Plan a stack. Unreadable, with terraform's own words, if terraform cannot make a plan.

    A root that is refused is neither copied nor initialised (`lanes.roots`).
    Without `refresh`, the resources in the state are not read. With `renew`, only that address is planned, to be
    replaced. Nothing is started beside a terraform that is alive or may be (ADR 10).
    """
    return _unless_terraform_works(run, stack, lambda: _plan(run, stack, purpose, inputs, refresh, renew))


def make_drift_plan(run: LaneRun, stack: str, inputs: dict[str, Any]) -> Observed[DriftPlan]:
    """Plan a stack only to see drift: the plan file is deleted, so nobody can apply it. Unreadable as above.

    Nothing is started while anybody holds the state lock, or while the record of an unfinished terraform exists, even a
    dead one: that record proves that its lock may be released (ST6). A dead plan that holds no lock proves nothing.
    """
    if not isinstance(unsaved := read_unsaved(run.remote, run.environment.name, stack), Absent):
        left = f"in {unsaved.value.execution_id}" if isinstance(unsaved, Known) else shown(unsaved)
        return Unreadable(f"a state that terraform could not save is not settled: {left}")
    match run.intents(stack).unfinished():
        case Known(intent) if intent.hinders_a_look:
            return Unreadable(
                f"terraform {intent.operation} of {intent.task} on host {intent.host} was not seen to end "
                f"({intent.liveness}); a plan would hide it"
            )
        case Known() | Absent():
            pass
        case other:
            return Unreadable(f"intent record: {shown(other)}")
    match read_state_locks(run.clients, run.environment, stack):
        case Known(held) if held:
            return Unreadable("; ".join(f"{it.who} holds lock {it.id} for {it.operation}" for it in held))
        case Known():
            return _made(lambda: _look_for_drift(run, stack, inputs))
        case Absent():
            return Unreadable("there is no lock table, so nobody can tell whether the state is locked")
        case other:
            return Unreadable(f"state lock: {shown(other)}")


def _unless_terraform_works(run: LaneRun, stack: str, make: Callable[[], T]) -> Observed[T]:
    match run.intents(stack).unfinished():
        case Known(intent) if intent.liveness != "dead":
            return Unreadable(
                f"terraform {intent.operation} of {intent.task} on host {intent.host} is {intent.liveness}"
            )
        case Unreadable(reason):
            return Unreadable(reason)
        case _:
            return _made(make)


def _made(make: Callable[[], T]) -> Observed[T]:
    try:
        return Known(make())
    except (
        runner.TerraformStopped,
        program.TerraformMissing,
        process.TerraformDeadline,
        workspace.StackRootMissing,
        RootRefused,
        plans.PlanUnreadable,
        plan_store.PlanStoreUnreachable,
        IntentUnwritable,
    ) as error:
        return Unreadable(str(error))


def _look_for_drift(run: LaneRun, stack: str, inputs: dict[str, Any]) -> DriftPlan:
    prepared, _ = checked_workspace(run, stack)
    prepared.write_inputs(inputs)
    terraform = run.terraform(prepared)
    terraform.init()
    saved = terraform.plan(destroy=False, lock_timeout_seconds=DRIFT_LOCK_SECONDS, only_looks=True)
    try:
        shown = terraform.show(saved)
        try:
            return drift.to_drift(plans.load_document(shown), has_changes=saved.has_changes)
        finally:
            shown.unlink()
    finally:
        saved.path.unlink()  # a plan can hold sensitive values


def _plan(run: LaneRun, stack: str, purpose: Purpose, inputs: dict[str, Any], refresh: bool, renew: str | None) -> Plan:
    prepared, source_digest = checked_workspace(run, stack)
    prepared.write_inputs(inputs)
    terraform = run.terraform(prepared)
    terraform.init()
    saved = terraform.plan(destroy=purpose == "destroy", refresh=refresh, renew=renew)
    try:
        return _facts_and_upload(run, stack, purpose, terraform, saved, source_digest)
    finally:
        saved.path.unlink()  # a plan can hold sensitive values


def plan_key(run: LaneRun, stack: str, sha256: str) -> str:
    """Where a plan of this run is stored in the work bucket."""
    return f"plans/{run.environment.name}/{run.execution_id}/{stack}-{sha256[:16]}.tfplan"


def _facts_and_upload(
    run: LaneRun, stack: str, purpose: Purpose, terraform: runner.Terraform, saved: runner.SavedPlan, source_digest: str
) -> Plan:
    shown = terraform.show(saved)
    try:
        document = plans.load_document(shown)
    finally:
        shown.unlink()
    plan = plans.to_plan(
        document,
        stack=stack,
        purpose=purpose,
        has_changes=saved.has_changes,
        policy=run.policies.forbidden,
        prices=run.policies.prices,
        sha256=saved.sha256,
        source_digest=source_digest,
    )
    key = plan_key(run, stack, saved.sha256)
    uri = plan_store.put_plan(run.clients.s3, run.environment.work.bucket, key, saved.path)
    run.rests_on(uri, saved.sha256)
    return plan
