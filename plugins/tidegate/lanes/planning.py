"""Makes a saved plan of a stack and its facts: init, plan, show; the plan file goes to the work bucket."""

from typing import Any

from tidegate.lanes.run import LaneRun
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.plan import Plan, Purpose
from tidegate.terraform import plan as plans
from tidegate.terraform import plan_store, process, program, runner, workspace
from tidegate.terraform.intent import IntentUnwritable


def make_plan(run: LaneRun, stack: str, purpose: Purpose, inputs: dict[str, Any]) -> Observed[Plan]:
    """Plan a stack. Whatever keeps terraform from making a plan is Unreadable, with terraform's own words.

    Nothing is started beside a terraform that lives, or of which nobody can tell (design.md, failing in Airflow).
    """
    match run.intents(stack).unfinished():
        case Known(intent) if intent.liveness != "dead":
            return Unreadable(
                f"terraform {intent.operation} of {intent.task} on host {intent.host} is {intent.liveness}"
            )
        case Unreadable(reason):
            return Unreadable(reason)
        case _:
            pass
    try:
        return Known(_plan(run, stack, purpose, inputs))
    except (
        runner.TerraformStopped,
        program.TerraformMissing,
        process.TerraformDeadline,
        workspace.StackRootMissing,
        plans.PlanUnreadable,
        plan_store.PlanStoreUnreachable,
        IntentUnwritable,
    ) as error:
        return Unreadable(str(error))


def _plan(run: LaneRun, stack: str, purpose: Purpose, inputs: dict[str, Any]) -> Plan:
    prepared, source_digest = workspace.prepare(run.environment, stack)
    prepared.write_inputs(inputs)
    terraform = run.terraform(prepared)
    terraform.init()
    saved = terraform.plan(destroy=purpose == "destroy")
    try:
        return _facts_and_upload(run, stack, purpose, terraform, saved, source_digest)
    finally:
        saved.path.unlink()  # a plan can hold sensitive values


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
    key = f"plans/{run.environment.name}/{run.execution_id}/{stack}-{saved.sha256[:16]}.tfplan"
    uri = plan_store.put_plan(run.clients.s3, run.environment.work.bucket, key, saved.path)
    run.rests_on(uri, saved.sha256)
    return plan
