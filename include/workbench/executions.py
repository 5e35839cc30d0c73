"""What a run left in the evidence: its execution id, and its lanes' newest snapshots in S3 and in `runs/`."""

import json
from pathlib import Path
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.evidence.layout import Phase, proof_place, snapshot_place
from tidegate.evidence.publish import newest
from tidegate.evidence.store import EvidenceStore, LocalStore, S3Store, StoreError
from tidegate.lanes.phases import phase_of
from tidegate.lanes.subjects import as_of_its_time, subject_of
from tidegate.models.environment import Environment
from tidegate.settings import settings
from tidegate.verify.execution import Verification, verify_execution


def bucket_of(clients: Clients, environment: Environment) -> S3Store:
    """The evidence bucket."""
    return S3Store(clients.s3, environment.evidence.bucket)


def mirror() -> LocalStore:
    """`runs/`."""
    return LocalStore(settings().runs_dir)


def execution_id_of(clients: Clients, environment: Environment, phase: Phase, dag_id: str, run_id: str) -> str:
    """The execution id that a run claimed; empty when it claimed none. M1's claims lie in the mirror."""
    store: EvidenceStore = mirror() if phase == "m1" else bucket_of(clients, environment)
    for key in reversed(store.keys(f"control/{environment.name}/executions/{phase}_")):
        claim = json.loads(store.read(key)[1])
        if (claim["dag_id"], claim["run_id"]) == (dag_id, run_id):
            return Path(key).stem
    return ""


def lanes_of(clients: Clients, environment: Environment, phase: Phase, execution_id: str) -> list[dict[str, Any]]:
    """A row per lane, verdict last. `passed`: its newest snapshot passed, and lies in S3 and the same in `runs/`."""
    remote, local = bucket_of(clients, environment), mirror()
    spec = phase_of(environment, phase)
    rows, platform_run = [], None
    for lane in (*spec.lanes, spec.verdict):
        place = snapshot_place(environment.name, environment.mirror, phase, lane.name, execution_id, lane.snapshot)
        if lane.snapshot == "teardown_proof":
            place = proof_place(platform_run or f"unnumbered_{execution_id}")
        row = {
            "lane": lane.name,
            "task": lane.task_id,
            "snapshot": "",
            "attempt": 0,
            "status": "not_run",
            "passed": False,
        }
        try:
            stored, mirrored = newest(remote, place.remote), newest(local, place.local)
        except StoreError as error:
            row["status"] = f"unreadable: {error}"
            stored = mirrored = None
        if stored is not None:
            document = json.loads(stored[1])
            platform_run = document["platform_run"] or platform_run
            row |= {"snapshot": stored[0].uri, **{name: document[name] for name in ("attempt", "status", "blockers")}}
            row["passed"] = document["overall_pass"] is True and mirrored is not None and mirrored[1] == stored[1]
        rows.append(row)
    return rows


def verified(environment: Environment, store: EvidenceStore, execution_id: str, *, remote: bool) -> Verification:
    """An execution, judged again from its evidence alone, as `tidegate verify` does."""
    then = as_of_its_time(environment, execution_id, store, remote=remote)
    return verify_execution(store, subject_of(then, execution_id, remote=remote), profile="sandbox")
