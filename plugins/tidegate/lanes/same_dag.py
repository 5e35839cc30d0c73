"""A remedy that triggers the very DAG of the blocked run asks for the same thing: its target, its stack, its repair."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tidegate.models.blocker import Blocker
from tidegate.models.remedy import Remedy, Step, Trigger

_KEPT = ("target", "stack", "stacks", "hours", "repair_drift")
"""Params that say what a run is about. A person types anew what approves it."""
_ASKED = ("confirm", "reason")


def as_asked(blocker: Blocker, dag_id: str, params: Mapping[str, Any]) -> Blocker:
    """The blocker, with this run's own params in every remedy that triggers this DAG again."""
    remedy = blocker.remedy
    return replace(
        blocker,
        remedy=Remedy(
            tuple(_as_asked(step, dag_id, params) for step in remedy.steps),
            tuple(_as_asked(step, dag_id, params) for step in remedy.alternative),
            remedy.note,
        ),
    )


def _as_asked(step: Step, dag_id: str, params: Mapping[str, Any]) -> Step:
    if not isinstance(step, Trigger) or step.dag != dag_id:
        return step
    kept = {name: params[name] for name in _KEPT if params.get(name) and name not in step.ask}
    if params.get("platform_run") == "continue":
        kept["platform_run"] = "continue"
    asked = [name for name in _ASKED if name in params]
    if kept.get("repair_drift") or step.conf.get("repair_drift"):
        asked.append("repair_reason")
    conf = {**kept, **step.conf}
    return Trigger(step.dag, conf, tuple(dict.fromkeys((*step.ask, *(it for it in asked if it not in conf)))))
