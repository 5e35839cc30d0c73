"""Removes the mark `tainted` from protected resources of a persistent stack, so that a plan can repair them in place.

An interrupted creation leaves a tainted resource behind. Terraform wants to replace it, `prevent_destroy` forbids that,
and every plan of the stack fails until the mark is removed. Nobody does that from a shell (ID3).
"""

from collections.abc import Iterator
from typing import Any

from tidegate.collectors.aws.locks import read_state_locks
from tidegate.collectors.aws.state import read_state
from tidegate.evidence.control import Series
from tidegate.evidence.store import StoreError
from tidegate.gates.base import each
from tidegate.gates.rules_control import latch_blockers, lease_ours_blockers
from tidegate.gates.rules_evidence import evidence_blockers
from tidegate.gates.rules_identity import dag_of, identity_blockers
from tidegate.gates.rules_intent import intent_blockers
from tidegate.gates.rules_locks import no_lock_blockers
from tidegate.gates.rules_protected import protected_by
from tidegate.lanes import readiness
from tidegate.lanes.plan_facts import protected_addresses
from tidegate.lanes.roots import RootRefused, checked_workspace
from tidegate.lanes.run import LaneRun, now
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, shown
from tidegate.models.remedy import Trigger
from tidegate.terraform.intent import IntentUnwritable
from tidegate.terraform.process import TerraformDeadline
from tidegate.terraform.program import TerraformMissing
from tidegate.terraform.runner import TerraformStopped
from tidegate.terraform.workspace import StackRootMissing


def take_marks_off(run: LaneRun, stack: str, reason: str) -> tuple[str, ...]:
    """Remove the mark from each protected resource that has it. Returns the addresses that are free of it now.

    Right before that, identity, lease, latch, locks, unfinished terraform and evidence are judged on fresh facts, as
    for an apply. A refusal is logged, and the marks stay. Each removal is a numbered record below
    `control/<env>/untainted/`, written first. Never raises for what AWS or terraform answers.
    """
    read = read_state(run.clients, run.environment, stack)
    tainted = read.tainted.value if isinstance(read.tainted, Known) else ()
    protected = protected_addresses(run.environment, stack)
    addresses = [address for address in tainted if protected_by(protected, address)]
    if not addresses:
        return ()
    refusals = tuple(mutation_refusals(run, stack))
    for blocker in refusals:
        run.log(f"the marks in the state of {stack} stay: {blocker.sentence()}")
    if refusals:
        return ()
    freed: list[str] = []
    try:
        prepared, _ = checked_workspace(run, stack)
        terraform = run.terraform(prepared)
        terraform.init()
        for address in addresses:
            _record(run, stack, address, reason, shown(read.version))
            terraform.untaint(address)
            freed.append(address)
    except (
        TerraformStopped,
        TerraformMissing,
        TerraformDeadline,
        StackRootMissing,
        RootRefused,
        IntentUnwritable,
        StoreError,
    ) as error:
        run.log(f"marks in the state of {stack} stay: {error}")
    return tuple(freed)


def mutation_refusals(run: LaneRun, stack: str) -> Iterator[Blocker]:
    """The reasons against changing a stack's state before its plan, on fresh facts, as for an apply."""
    who, what = readiness.caller(run), readiness.tools(run)
    control = readiness.control_records(run, run.acquire_lease())
    return each(
        identity_blockers(who, what),
        lease_ours_blockers(control.lease),
        latch_blockers(control.latch, dag_of(what, "emergency_stop")),
        no_lock_blockers(stack, read_state_locks(run.clients, run.environment, stack)),
        intent_blockers(run.intents(stack).unfinished(), stack, Trigger(run.dag_id)),
        evidence_blockers(readiness.evidence_writable(run)),
    )


def _record(run: LaneRun, stack: str, address: str, reason: str, state: str) -> None:
    series = Series(run.remote, f"control/{run.environment.name}/untainted")

    def record(_newest: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "stack": stack,
            "address": address,
            "reason": reason,
            "state": state,
            "execution_id": run.execution_id,
            "recorded_at": now().isoformat(),
        }

    series.append_next(record)
    run.log(f"taking the mark off {address} of {stack}: {reason}")
