"""The net below the verdict: a run that failed and left no verdict, because it ran out of time or its worker died.

Airflow calls it in its DAG processor, after the run has failed. A run with a verdict has told people itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import BaseNotifier

from tidegate.evidence.layout import Phase
from tidegate.operators.airflow_run import log

_LONG_AGO = timedelta(days=2)
"""How far back the run's claim is looked for when Airflow does not say when the run was due."""
_CLOCKS_APART = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A DAG run since it was triggered or last cleared; times are aware UTC. `began` None: Airflow does not say."""

    dag_id: str
    run_id: str
    due: datetime
    began: datetime | None


class RunWithoutVerdict(BaseNotifier):
    """Tells that a run failed without a verdict; does nothing when there is one."""

    def __init__(self, *, environment: str, phase: Phase) -> None:
        super().__init__()
        self.environment = environment
        self.phase = phase

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """It has none; and `dag.test()` hands over a DAG that could not render any."""

    def notify(self, context: Any) -> None:
        """`context` has at least `dag`, `run_id` and `reason`; nothing else is taken for granted."""
        from tidegate import environments
        from tidegate.alerts.events import without_verdict
        from tidegate.collectors.aws.clients import Clients
        from tidegate.environments import ManifestError
        from tidegate.evidence.store import LocalStore, S3Store
        from tidegate.lanes.alerting import Desk, tell
        from tidegate.lanes.run import now
        from tidegate.models.alert import About
        from tidegate.operators.notifiers import deliver, run_link
        from tidegate.settings import settings

        try:
            environment = environments.load(self.environment)
        except ManifestError as error:
            log(f"MANIFEST-INVALID {error}: nobody can be told that {self.phase} failed")
            return
        dag_id, run_id, at = context["dag"].dag_id, str(context["run_id"]), now()
        remote = S3Store(Clients.from_environment(environment.region).s3, environment.evidence.bucket)
        local = LocalStore(settings().runs_dir)
        life = Life(
            dag_id=dag_id,
            run_id=run_id,
            due=_moment(context, "run_after") or at - _LONG_AGO,
            began=_moment(context, "start_date"),
        )
        execution_id = execution_without_verdict(environment, self.phase, local, remote, life)
        if execution_id is None:
            log(f"{dag_id} {run_id} failed with a verdict, which has told people")
            return
        about = About(
            environment=environment.name,
            profile=settings().profile,
            phase=self.phase,
            execution_id=execution_id,
            link=run_link(dag_id, run_id),
            evidence="",
        )
        desk = Desk(
            environment=environment,
            store=remote,
            send=lambda channel, alert: deliver(environment, channel, alert, context),
            log=log,
            at=at,
        )
        named = f"{dag_id}/{run_id}/{life.began.isoformat() if life.began else ''}"
        tell(desk, about, (without_verdict(about, named, str(context.get("reason") or "")),))


def execution_without_verdict(environment: Any, phase: Phase, local: Any, remote: Any, life: Life) -> str | None:
    """The execution, or what is known of it. None: its verdict is there. What cannot be read counts as no verdict."""
    from tidegate.evidence.canonical import unseal
    from tidegate.evidence.execution import find_claim
    from tidegate.evidence.layout import snapshot_place
    from tidegate.evidence.publish import newest
    from tidegate.evidence.store import StoreError
    from tidegate.lanes.guards import parse_snapshot
    from tidegate.lanes.phases import phase_of
    from tidegate.models.observed import Known, shown

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
        return f"{life.run_id} (claim of its execution: {shown(claimed)})"
    place = snapshot_place(environment.name, phase, verdict.name, claimed.value, verdict.snapshot)
    try:
        left = newest(store, place.local if verdict.before_backend else place.remote)
        judged_at = None if left is None else parse_snapshot(unseal(left[1])).observed_at
    except (StoreError, ValueError) as error:
        log(f"the verdict of {claimed.value} cannot be read: {error}")
        return claimed.value
    is_of_this_life = judged_at is not None and (life.began is None or judged_at >= life.began)
    return None if is_of_this_life else claimed.value


def _moment(context: Mapping[str, Any], name: str) -> datetime | None:
    found = getattr(context.get("dag_run"), name, None)
    return found if isinstance(found, datetime) else None
