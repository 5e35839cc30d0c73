"""Collects the teardown proof (M9.H), and closes the platform run with it once nothing of it is deployed."""

from typing import Any

from tidegate.collectors.aws.state import read_state
from tidegate.evidence import control
from tidegate.evidence.canonical import unseal
from tidegate.evidence.store import StoreUnreachable
from tidegate.gates.registry import by_id
from tidegate.lanes.findings import finding_facts
from tidegate.lanes.frozen import count_of, frozen_scope
from tidegate.lanes.guards import facts_of, parse_snapshot
from tidegate.lanes.phases import phase_of
from tidegate.lanes.policy import policy_digest
from tidegate.lanes.run import ActionBlocked, LaneRun, now
from tidegate.models.facts import Facts, Source
from tidegate.models.inventory import Inventory, NotScanned
from tidegate.models.looks import subjects_read
from tidegate.models.observed import Known, Observed
from tidegate.models.proof import SnapshotReference, TeardownProofFacts
from tidegate.models.residual import ResidualFacts

RESIDUAL_TASK = "f_residual_scan"


def collect_proof(run: LaneRun) -> TeardownProofFacts:
    """M9.H: every lane before this one, by URI, version and digest, and the ephemeral states once more."""
    observed_at = now()
    spec = phase_of(run.environment, "m9")
    frozen = frozen_scope(run)
    targets = tuple(scope.stack for scope in frozen.stacks)
    before = [spec.lane(task) for task in spec.upstream_of(spec.lane(run.lane.task_id))]
    before = [lane for lane in before if lane.stack is None or lane.stack in targets]
    references = []
    inventory: Inventory | None = None
    for lane in before:
        try:
            stored = run.stored(lane)
            if stored is None:
                continue
            snapshot = parse_snapshot(unseal(stored[1]))
        except (StoreUnreachable, ValueError) as error:
            run.log(f"{lane.name}: {error}")
            continue
        run.rests_on(stored[0].uri, snapshot.digest, stored[0].version_id)
        if lane.task_id == RESIDUAL_TASK:
            scan = facts_of(snapshot, ResidualFacts)
            inventory = scan.value.inventory if isinstance(scan, Known) else None
        references.append(
            SnapshotReference(
                gate=snapshot.gate,
                lane=lane.task_id,
                uri=stored[0].uri,
                version_id=stored[0].version_id,
                sha256=snapshot.digest,
                status=snapshot.status,
                overall_pass=snapshot.overall_pass,
                valid_until=snapshot.valid_until,
                policy_digest=snapshot.policy_digest,
                policy_digest_today=policy_digest(run, by_id(lane.gate)),
            )
        )
    counts = {
        name: count_of(read_state(run.clients, run.environment, name).resources)
        for name in run.environment.stacks_by_lifecycle("ephemeral")
    }
    scanned = subjects_read(inventory) if inventory is not None else ()
    not_scanned = inventory.not_scanned if inventory is not None else ()
    run.log(_limits(scanned, not_scanned))
    return TeardownProofFacts(
        observed_at=observed_at,
        sources=(Source(name="evidence", data_as_of=observed_at), Source(name="state", data_as_of=observed_at)),
        platform_run=run.platform_run_id,
        targets=targets,
        required_lanes=tuple(lane.task_id for lane in before),
        references=tuple(references),
        ephemeral_state_counts=counts,
        platform_run_stays_open_for=_standing(counts),
        scanned=scanned,
        not_scanned=not_scanned,
        findings=finding_facts(run),
    )


def close_platform_run(run: LaneRun, facts: Facts, document: dict[str, Any]) -> None:
    """After the proof passed: close the platform run unless a stack is still deployed. Raises StoreError."""
    standing = _standing(facts.ephemeral_state_counts) if isinstance(facts, TeardownProofFacts) else ("every stack",)
    if standing:
        run.log(f"{run.platform_run_id or 'the platform run'} is not closed: {', '.join(standing)} still stands")
        return
    match run.platform_run:
        case Known(platform) if platform.closed_by is None and platform.id != run.platform_run_id:
            raise ActionBlocked(
                f"PLATFORM-RUN-NOT-OURS {platform.id} is open, and this run proved the end of {run.platform_run_id} | "
                f"remedy: trigger {run.environment.name}.m9_teardown_cost_check anew"
            )
        case Known(platform) if platform.closed_by is None:
            proof = run.remote.uri(run.place(run.lane).remote_key(int(document["attempt"])))
            control.close_platform_run(run.remote, run.environment.name, platform, proof)
            run.log(f"platform run {platform.id} is closed by {proof}")
        case _:
            run.log("no platform run was open")


def _limits(scanned: tuple[str, ...], not_scanned: tuple[NotScanned, ...]) -> str:
    """What the proof rests on and what it does not cover, in one sentence."""
    kinds = {subject.partition("@")[0] for subject in scanned}
    places = sorted({subject.partition("@")[2] for subject in scanned})
    types = [it.subject.removesuffix("@*") for it in not_scanned if not it.subject.startswith("*@")]
    regions = [it.subject.removeprefix("*@") for it in not_scanned if it.subject.startswith("*@")]
    return (
        f"looked at {len(kinds)} types in {', '.join(places) or 'no region'}; not looked at: "
        f"types {', '.join(types) or 'none'}; regions {', '.join(regions) or 'none'}"
    )


def _standing(counts: dict[str, Observed[int]]) -> tuple[str, ...]:
    """Stacks that hold resources or cannot be read."""
    return tuple(name for name, count in counts.items() if count != Known(0))
