"""One task try of a lane: who runs it, with which manifest, stores and clients. It knows no classes of Airflow."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from tidegate import environments
from tidegate.aws_identity import OF_THE_WORKER, identity_of
from tidegate.collectors.aws.clients import Clients
from tidegate.evidence import control
from tidegate.evidence.execution import claim
from tidegate.evidence.layout import Phase, Place, proof_place, snapshot_place
from tidegate.evidence.lease import RunLease
from tidegate.evidence.publish import newest
from tidegate.evidence.store import EvidenceStore, LocalStore, S3Store, StoredObject, StoreUnreachable
from tidegate.lanes.phases import phase_of
from tidegate.lanes.spec import Lane
from tidegate.models.confluent import CloudKey
from tidegate.models.control import Lease, PlatformRun
from tidegate.models.environment import Environment
from tidegate.models.identity import Profile, StaticKey
from tidegate.models.login import Login
from tidegate.models.observed import Known, Observed, Unreadable
from tidegate.models.policy import Policies
from tidegate.models.snapshot import InputRecord
from tidegate.models.viability import DagStatus
from tidegate.settings import settings
from tidegate.terraform.intent import IntentLog, IntentOwner
from tidegate.terraform.process import CONFLUENT_KEYS
from tidegate.terraform.runner import Terraform
from tidegate.terraform.workspace import Workspace

Log = Callable[[str], None]

NO_ACCOUNT = "the manifest names no account at Confluent Cloud (section confluent)"


class ActionBlocked(Exception):
    """What should follow a judgement must not or could not happen. The text is a blocker's sentence."""


class DagRuns(Protocol):
    """Runs of other DAGs, as Airflow knows them."""

    def trigger(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> str:
        """Trigger a run unless it exists. Empty if it exists now, else what Airflow answered."""
        ...

    def state(self, dag_id: str, run_id: str) -> Observed[str]:
        """`queued`, `running`, `success` or `failed`. Absent if there is no such run."""
        ...


def now() -> datetime:
    """The present, aware UTC."""
    return datetime.now(UTC)


def session_name(phase: Phase, run_after: datetime, task_id: str) -> str:
    """`m2_20260213T201427Z.c_core.apply`: AWS's own logs show run and task beside each call."""
    return f"{phase}_{run_after.astimezone(UTC):%Y%m%dT%H%M%SZ}.{task_id}"


@dataclass(kw_only=True)
class LaneRun:
    """Everything a collector of a lane may use.

    `handed_over(task_id)` gives the snapshot that a task of the same run passed on in its current try:
    Known(document), Absent, or Unreadable when what arrived is not a snapshot. `dag_status(dag_id)` says how Airflow
    knows a DAG; `dag_runs` triggers a run of another DAG and says how it stands. `cloud_key(connection_id)` fetches a
    credential of Confluent when it is needed; it goes into no facts and no text (ID4). Absent: no such connection.
    """

    lane: Lane
    environment: Environment
    policies: Policies
    profile: Profile
    dag_id: str
    run_id: str
    task_id: str
    try_number: int
    run_after: datetime
    params: Mapping[str, Any]
    log: Log
    handed_over: Callable[[str], Observed[dict[str, Any]]]
    task_states: Callable[[], Mapping[str, str]]
    unstarted_tasks: Callable[[], Observed[frozenset[str]]]
    """Tasks of this run that ended although no worker ever reported their start."""
    airflow_static_keys: Observed[tuple[StaticKey, ...]]
    dag_status: Callable[[str], DagStatus]
    dag_runs: DagRuns
    cloud_key: Callable[[str], Observed[CloudKey]]
    login: Callable[[str], Observed[Login]]
    """What a connection of Airflow holds; like a cloud key it goes into no facts and no text. Absent: no such one."""
    clients: Clients
    local: LocalStore
    remote: S3Store
    terraform_runs: list[Terraform] = field(default_factory=list)
    inputs: list[InputRecord] = field(default_factory=list)
    """Documents on which the facts of this try rest."""
    triggered_by: str = ""
    """The user of Airflow who triggered this run, or the run before it that did; empty where Airflow names none."""
    kept: Any = None
    """What a sensor's previous look left for this one, as Airflow's database returned it."""

    @property
    def phase(self) -> Phase:
        """The phase of the lane."""
        return self.lane.phase

    @cached_property
    def execution(self) -> tuple[str, str | None]:
        """Execution id, and what kept it from being claimed in the evidence store (None if it is claimed)."""
        store: EvidenceStore = self.local if self.lane.before_backend else self.remote
        try:
            return (
                claim(
                    store,
                    self.environment.name,
                    self.phase,
                    dag_id=self.dag_id,
                    run_id=self.run_id,
                    run_after=self.run_after,
                ),
                None,
            )
        except StoreUnreachable as error:
            return f"{self.phase}_{self.run_after.astimezone(UTC):%Y%m%dT%H%M%SZ}", str(error)

    @property
    def execution_id(self) -> str:
        """`m2_20260213T201427Z`."""
        return self.execution[0]

    def place(self, lane: Lane) -> Place:
        """Where a lane's snapshot of this execution is stored."""
        if lane.snapshot == "teardown_proof":
            return proof_place(self.platform_run_id or f"unnumbered_{self.execution_id}")
        return self.place_of(lane, self.execution_id)

    def place_of(self, lane: Lane, execution_id: str) -> Place:
        """Where a lane's snapshot of any execution of its phase is stored. Not for the teardown proof."""
        named, mirror = self.environment.name, self.environment.mirror
        return snapshot_place(named, mirror, lane.phase, lane.name, execution_id, lane.snapshot)

    def stored(self, lane: Lane) -> tuple[StoredObject, bytes] | None:
        """The newest attempt of a lane's snapshot. Raises StoreUnreachable."""
        place = self.place(lane)
        if lane.before_backend:
            return newest(self.local, place.local)
        return newest(self.remote, place.remote)

    @cached_property
    def control(self) -> control.ControlRecords:
        """The control records as they were when this try first asked for one."""
        return control.ControlRecords(self.remote)

    @cached_property
    def platform_run(self) -> Observed[PlatformRun]:
        """The newest platform run of the environment."""
        return control.read_platform_run(self.control, self.environment.name)

    @cached_property
    def platform_run_id(self) -> str | None:
        """The id in this run's snapshots: the platform run that its first lane found open, or that this M2 opens.

        Later lanes take it from the first one, so that it stays the same when the last lane closes the platform run.
        """
        first_lane = phase_of(self.environment, self.phase).lanes[0].task_id
        if self.lane.task_id != first_lane:
            first = self.handed_over(first_lane)
            named = first.value.get("platform_run") if isinstance(first, Known) else None
            return named if isinstance(named, str) else None
        if isinstance(self.platform_run, Known) and self.platform_run.value.closed_by is None:
            return self.platform_run.value.id
        alone = str(self.params.get("stacks", "all")) != "all"  # it opens none
        return f"platform_{self.execution_id.partition('_')[2]}" if self.phase == "m2" and not alone else None

    @property
    def lease(self) -> RunLease:
        """The environment's run lease."""
        return RunLease(
            self.clients.s3,
            self.environment.evidence.bucket,
            self.environment.name,
            seconds=self.environment.deadlines.lease,
        )

    def acquire_lease(self) -> Lease:
        """Take or renew the run lease for this DAG run, also if its verdict released it and nobody else
        took it since.
        """
        return self.lease.acquire(dag_id=self.dag_id, run_id=self.run_id, execution_id=self.execution_id, now=now())

    def intents(self, stack: str) -> IntentLog:
        """The intent record of a stack."""
        return IntentLog(
            self.clients.s3,
            self.environment.work.bucket,
            self.environment.name,
            stack,
            silence=2 * timedelta(seconds=self.environment.deadlines.terraform),
        )

    def terraform(self, workspace: Workspace) -> Terraform:
        """Terraform in a workspace, on behalf of this task try. It is interrupted when the task is killed."""
        terraform = Terraform(
            environment=self.environment,
            workspace=workspace,
            log=self.log,
            intents=self.intents(workspace.stack),
            owner=IntentOwner(self.execution_id, self.dag_id, self.run_id, self.task_id, self.try_number),
            environ=self._child_environ(workspace),
            secrets=self._secrets(workspace.stack),
            on_heartbeat=self._renew_lease,
        )
        self.terraform_runs.append(terraform)
        return terraform

    def rests_on(self, uri: str, sha256: str, version_id: str | None = None) -> None:
        """Name a document that the facts rest on; it becomes an entry of the snapshot's `inputs`."""
        given = InputRecord(uri=uri, version_id=version_id, sha256=sha256)
        if given not in self.inputs:
            self.inputs.append(given)

    def interrupt(self) -> None:
        """Ask every running terraform of this try to stop, once, and return."""
        for terraform in self.terraform_runs:
            if terraform.interrupt():
                self.log(
                    f"asked terraform of {terraform.workspace.stack} to stop; it releases its lock and writes its state"
                )

    def confluent_key(self) -> Known[CloudKey] | Unreadable:
        """The Cloud API key in the connection that the manifest names, or why there is none, with that name."""
        confluent = self.environment.confluent
        if confluent is None:
            return Unreadable(NO_ACCOUNT)
        match self.cloud_key(confluent.api_key_connection):
            case Known() | Unreadable() as found:
                return found
            case _:
                named = confluent.api_key_connection
                return Unreadable(f"Airflow has no connection {named}, which confluent.api_key_connection names")

    def logins(self, stack: str) -> dict[str, Known[Login] | Unreadable]:
        """By connection that the stack takes: what Airflow holds, or why it cannot be used."""
        found: dict[str, Known[Login] | Unreadable] = {}
        for name, variables in self.environment.stacks[stack].connections.items():
            match self.login(name):
                case Known(held) if "" in variables.taken_from(held).values():
                    lacks = "login" if variables.login is not None and not held.login else "password"
                    found[name] = Unreadable(f"connection {name} has no {lacks}")
                case Known() | Unreadable() as held:
                    found[name] = held
                case _:
                    found[name] = Unreadable(f"Airflow has no connection {name}")
        return found

    def _child_environ(self, workspace: Workspace) -> dict[str, str]:
        """The worker's variables, but the identity of the environment in place of the worker's (ID1)."""
        named = session_name(self.phase, self.run_after, self.task_id)
        environ = {name: it for name, it in os.environ.items() if name not in OF_THE_WORKER}
        return environ | identity_of(self.environment, named).variables(workspace.directory)

    def _secrets(self, stack: str) -> dict[str, str]:
        """What the stack's connections hold, and the key of Confluent Cloud where it acts there (ID4).

        Without that key the provider says so itself, and no plan is made; the others were judged with the root.
        """
        entry, secrets = self.environment.stacks[stack], dict[str, str]()
        for name, held in self.logins(stack).items():
            if isinstance(held, Known):
                secrets |= entry.connections[name].taken_from(held.value)
        if entry.identities == "confluent":
            match self.confluent_key():
                case Known(found):
                    secrets |= zip(CONFLUENT_KEYS, (found.key, found.secret), strict=True)
                case Unreadable(reason):
                    self.log(f"no credentials of Confluent Cloud: {reason}")
        return secrets

    def _renew_lease(self, _seconds: float) -> None:
        if self.lane.before_backend:
            return
        if self.lease.check(dag_id=self.dag_id, run_id=self.run_id, now=now()).ours:
            self.acquire_lease()


def open_run(
    lane: Lane,
    environment_name: str,
    *,
    dag_id: str,
    run_id: str,
    task_id: str,
    try_number: int,
    run_after: datetime,
    params: Mapping[str, Any],
    log: Log,
    handed_over: Callable[[str], Observed[dict[str, Any]]],
    task_states: Callable[[], Mapping[str, str]],
    unstarted_tasks: Callable[[], Observed[frozenset[str]]],
    airflow_static_keys: Observed[tuple[StaticKey, ...]],
    dag_status: Callable[[str], DagStatus],
    dag_runs: DagRuns,
    cloud_key: Callable[[str], Observed[CloudKey]],
    login: Callable[[str], Observed[Login]],
) -> LaneRun:
    """Load manifest and policies anew and connect the clients. Raises ManifestError."""
    environment = environments.load(environment_name)
    clients = Clients.acting_for(environment, session_name(lane.phase, run_after, task_id))
    return LaneRun(
        lane=lane,
        environment=environment,
        policies=environments.load_policies(environment),
        profile=settings().profile,
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        try_number=try_number,
        run_after=run_after,
        params=params,
        log=log,
        handed_over=handed_over,
        task_states=task_states,
        unstarted_tasks=unstarted_tasks,
        airflow_static_keys=airflow_static_keys,
        dag_status=dag_status,
        dag_runs=dag_runs,
        cloud_key=cloud_key,
        login=login,
        clients=clients,
        local=LocalStore(settings().runs_dir),
        remote=S3Store(clients.s3, environment.evidence.bucket),
    )
