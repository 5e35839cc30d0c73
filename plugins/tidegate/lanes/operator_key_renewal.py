"""M2 with `repair_drift` renews an operator key that its cluster refuses: that one address, on record, then the plan.

Each topic and ACL is read with the key that the state holds for it, so the first plan after a renewal cannot refresh:
it hands the new key over, and the plan after it refreshes again.
"""

from collections.abc import Callable
from typing import Any

from tidegate.evidence.store import StoreError
from tidegate.gates.rules_operator_key import RENEWED, renewal_refusals
from tidegate.lanes.operator_key import record
from tidegate.lanes.planning import make_plan, plan_key
from tidegate.lanes.run import ActionBlocked, LaneRun
from tidegate.lanes.taint import mutation_refusals
from tidegate.models.observed import Known, shown
from tidegate.models.operator_key import RefusedKey
from tidegate.models.plan import Plan
from tidegate.terraform import plan_store
from tidegate.terraform.intent import IntentUnwritable
from tidegate.terraform.process import TerraformDeadline
from tidegate.terraform.program import TerraformMissing
from tidegate.terraform.runner import TerraformStopped
from tidegate.terraform.workspace import StackRootMissing, fetched_plan, prepare


def renew_operator_key(
    run: LaneRun,
    stack: str,
    inputs: dict[str, Any],
    refused: tuple[RefusedKey, ...],
    reason: str,
    apply_fetched: Callable[[LaneRun, str, Plan], None],
) -> bool:
    """Renew the key and nothing else; returns whether that was done. A refusal is logged, and the key stays.

    Identity, lease, latch, locks, unfinished terraform and evidence are judged on fresh facts, as for an apply. The
    record below `control/<env>/renewed_keys/` is written first. Never raises for what AWS or terraform answers.
    """
    plan = make_plan(run, stack, "build", inputs, renew=RENEWED)
    if not isinstance(plan, Known):
        run.log(f"{RENEWED} cannot be planned: {shown(plan)}")
        return False
    said = (*renewal_refusals(plan.value), *(it.sentence() for it in mutation_refusals(run, stack)))
    if said:
        run.log(f"{RENEWED} is not made anew: {'; '.join(said)}")
        return False
    try:
        record(
            run,
            "renewed_keys",
            {
                "stack": stack,
                "address": RENEWED,
                "plan_sha256": plan.value.sha256,
                "reason": reason,
                "refused": [{"key_id": it.key_id, "cluster": it.cluster, "status": it.status} for it in refused],
            },
        )
        prepared, _ = prepare(run.environment, stack)
        uri = f"s3://{run.environment.work.bucket}/{plan_key(run, stack, plan.value.sha256)}"
        arrived = plan_store.fetch_plan(run.clients.s3, uri, fetched_plan(prepared))
        if arrived != Known(plan.value.sha256):
            run.log(f"{RENEWED} is not made anew: {uri} is not the plan that was judged ({shown(arrived)})")
            return False
        apply_fetched(run, stack, plan.value)
    except (
        ActionBlocked,
        IntentUnwritable,
        StackRootMissing,
        StoreError,
        TerraformDeadline,
        TerraformMissing,
        TerraformStopped,
    ) as error:
        run.log(f"{RENEWED} is not made anew: {error}")
        return False
    run.log(f"{RENEWED} is made anew: {reason}; the plan that hands it over is made without a refresh")
    return True
