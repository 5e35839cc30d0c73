"""After a verdict: tells people, through the manifest's channels, what this run found."""

from collections.abc import Mapping
from typing import Any

from tidegate.models.blocker import Blocker

LOUD_PHASES = frozenset({"audit", "hourly"})
"""Phases that exist to tell people: one that passed and could not say what it noticed fails."""


def tell_of_verdict(run: Any, judged: Any, context: Mapping[str, Any]) -> tuple[Blocker, ...]:
    """Tell what is new, and what earlier runs could not deliver; returns what stood in the way."""
    from tidegate.lanes import found
    from tidegate.operators.notifiers import run_link

    about = found.about(run, run_link(run.dag_id, run.run_id), judged)
    lanes = found.found(run)
    return _tell(run, about, found.alerts_of(run.remote, about, lanes, judged.blockers), lanes, context)


def tell_of_no_verdict(run: Any, sentence: str, context: Mapping[str, Any]) -> tuple[Blocker, ...]:
    """Tell that the verdict is not, or not wholly, in the evidence; `sentence` is the blocker's."""
    from tidegate.alerts.events import unpublished
    from tidegate.lanes import found
    from tidegate.operators.notifiers import run_link

    about = found.about(run, run_link(run.dag_id, run.run_id), None)
    return _tell(run, about, (unpublished(about, sentence),), (), context)


def _tell(run: Any, about: Any, alerts: Any, lanes: Any, context: Mapping[str, Any]) -> tuple[Blocker, ...]:
    from tidegate.lanes.alerting import Desk, tell
    from tidegate.lanes.run import now
    from tidegate.operators.notifiers import deliver

    desk = Desk(
        environment=run.environment,
        store=run.remote,
        send=lambda channel, alert: deliver(run.clients, run.environment, channel, alert, context),
        log=run.log,
        at=now(),
    )
    return tell(desk, about, alerts, lanes)
