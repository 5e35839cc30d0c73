"""The net below the verdict: a run that failed and did not tell why, because it ran out of time or its worker died.

Airflow calls it in its DAG processor, after the run has failed. A run with a verdict has mostly told people itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from tidegate.evidence.layout import Phase
from tidegate.operators.airflow_run import log

if TYPE_CHECKING:
    from tidegate.models.snapshot import Snapshot

_LONG_AGO = timedelta(days=2)
"""How far back the run's claim is looked for when Airflow does not say when the run was due."""
_CLOCKS_APART = timedelta(hours=1)

_ALL_TASKS_ENDED = "task_failure"
"""Airflow's reason when the verdict's task, the last of all, has ended as well: failed by itself, or died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A DAG run since it was triggered or last cleared; times are aware UTC. `began` None: Airflow does not say."""

    dag_id: str
    run_id: str
    due: datetime
    began: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a run left in the evidence in its present life."""

    execution_id: str
    """Or what is known of it."""
    verdict: "Snapshot | None"
    unreadable: bool
    """Nobody can tell whether there is a verdict: the evidence does not answer."""


class RunWithoutVerdict(BaseNotifier):
    """Tells that a run failed without a verdict, or tells the verdict when nobody did. Nothing is told twice."""

    def __init__(self, *, environment: str, phase: Phase) -> None:
        super().__init__()
        self.environment = environment
        self.phase = phase

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """It has none; and `dag.test()` hands over a DAG that could not render any."""

    def notify(self, context: Any) -> None:
        """`context` has at least `dag`, `run_id` and `reason`; nothing else is taken for granted."""
        from tidegate import environments
        from tidegate.collectors.aws.clients import Clients
        from tidegate.environments import ManifestError
        from tidegate.evidence.store import LocalStore, S3Store, StoreError
        from tidegate.lanes.alerting import Desk, tell
        from tidegate.lanes.run import now
        from tidegate.operators.notifiers import deliver
        from tidegate.settings import settings

        try:
            environment = environments.load(self.environment)
        except ManifestError as error:
            log(f"MANIFEST-INVALID {error}: nobody can be told that {self.phase} failed, the channels are not known")
            return
        clients = Clients.acting_for(environment, f"{self.phase}.without_verdict")
        remote = S3Store(clients.s3, environment.evidence.bucket)
        local = LocalStore(settings().runs_dir)
        try:
            about, alerts = self._owed(environment, local, remote, context)
        except StoreError as error:
            log(f"what {context['run_id']} found cannot be read, its verdict has told what it could: {error}")
            return
        desk = Desk(
            environment=environment,
            store=remote,
            send=lambda channel, alert: deliver(clients, environment, channel, alert, context),
            log=log,
            at=now(),
        )
        if alerts:
            tell(desk, about, alerts)

    def _owed(self, environment: Any, local: Any, remote: Any, context: Any) -> tuple[Any, tuple[Any, ...]]:
        """The run and all that people should have heard of it. Raises StoreError."""
        from dataclasses import replace

        from tidegate import environments
        from tidegate.alerts.events import unusable_manifest, without_verdict
        from tidegate.environments import ManifestError
        from tidegate.lanes import found
        from tidegate.lanes.alerting import read_memory
        from tidegate.lanes.run import now
        from tidegate.models.alert import About
        from tidegate.operators.notifiers import run_link
        from tidegate.settings import settings

        dag_id, run_id = context["dag"].dag_id, str(context["run_id"])
        reason = str(context.get("reason") or "")
        about = About(
            environment=environment.name,
            profile=settings().profile,
            phase=self.phase,
            execution_id=run_id,
            link=run_link(dag_id, run_id),
            evidence="",
            asked_by=found.asked_by(remote, environment.name, run_id),
        )
        try:
            environments.load_policies(environment)
        except ManifestError as error:
            return about, (unusable_manifest(about, str(error)),)
        due = _moment(context, "run_after") or now() - _LONG_AGO
        life = Life(dag_id=dag_id, run_id=run_id, due=due, began=_moment(context, "start_date"))
        left = left_by(environment, self.phase, local, remote, life)
        about = replace(about, execution_id=left.execution_id)
        if left.unreadable and reason == _ALL_TASKS_ENDED:
            log(f"{dag_id} {run_id} failed, the evidence does not answer; the verdict's task has told that")
            return about, ()
        if left.verdict is None:
            named = f"{dag_id}/{run_id}/{life.began.isoformat() if life.began else ''}"
            return about, (without_verdict(about, named, reason),)
        if read_memory(remote, environment.name)[2] is not None:
            log(f"{dag_id} {run_id} failed with a verdict; what it has told cannot be read, so nothing is repeated")
            return about, ()
        log(f"{dag_id} {run_id} failed with a verdict; what it has not told is told now")
        about = replace(about, evidence=_address(environment, self.phase, remote, left.verdict))
        lanes = found.rested_on(environment, self.phase, left.verdict, local, remote)
        blockers = tuple(blocker.blocker() for blocker in left.verdict.blockers)
        return about, found.alerts_of(remote, about, lanes, blockers)


def left_by(environment: Any, phase: Phase, local: Any, remote: Any, life: Life) -> Left:
    """The execution and its verdict. A verdict that is broken is none."""
    from tidegate.evidence.canonical import unseal
    from tidegate.evidence.execution import find_claim
    from tidegate.evidence.layout import snapshot_place
    from tidegate.evidence.publish import newest
    from tidegate.evidence.store import StoreError
    from tidegate.lanes.guards import parse_snapshot
    from tidegate.lanes.phases import phase_of
    from tidegate.models.observed import Known, Unreadable, shown

    verdict = phase_of(environment, phase).verdict
    store = local if verdict.before_backend else remote
    claimed = find_claim(
        store,
        environment.name,
        phase,
        dag_id=life.dag_id,
        run_id=life.run_id,
        not_before=life.due - _CLOCKS_APART,
    )
    if not isinstance(claimed, Known):
        named = f"{life.run_id} (claim of its execution: {shown(claimed)})"
        return Left(execution_id=named, verdict=None, unreadable=isinstance(claimed, Unreadable))
    place = snapshot_place(environment.name, environment.mirror, phase, verdict.name, claimed.value, verdict.snapshot)
    try:
        stored = newest(store, place.local if verdict.before_backend else place.remote)
        judged = None if stored is None else parse_snapshot(unseal(stored[1]))
    except (StoreError, ValueError) as error:
        log(f"the verdict of {claimed.value} cannot be read: {error}")
        return Left(execution_id=claimed.value, verdict=None, unreadable=isinstance(error, StoreError))
    is_of_this_life = judged is not None and (life.began is None or judged.observed_at >= life.began)
    return Left(execution_id=claimed.value, verdict=judged if is_of_this_life else None, unreadable=False)


def _address(environment: Any, phase: Phase, remote: Any, verdict: "Snapshot") -> str:
    from tidegate.evidence.layout import snapshot_place
    from tidegate.lanes.phases import phase_of

    lane = phase_of(environment, phase).verdict
    place = snapshot_place(environment.name, environment.mirror, phase, lane.name, verdict.execution_id, lane.snapshot)
    return str(remote.uri(place.remote_key(verdict.attempt)))


def _moment(context: Mapping[str, Any], name: str) -> datetime | None:
    found = getattr(context.get("dag_run"), name, None)
    return found if isinstance(found, datetime) else None
