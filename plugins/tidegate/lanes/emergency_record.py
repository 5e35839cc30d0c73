"""The record that a run of M9 was triggered by the emergency stop: written before it is triggered, checked before it
destroys (RE2).

A run's params prove nothing: anybody may type them. The record is in the evidence bucket, names the run, its target and
the latch record, and counts only while that latch is set.
"""

import re
from typing import Any

from tidegate.evidence import control
from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.store import AlreadyExists, NotThere, StoreError
from tidegate.lanes.run import LaneRun, now
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown

_COMPARED = ("dag_id", "run_id", "target", "triggered_by", "latch")
_RUN_ID = re.compile(r"stop_\d{8}T\d{6}Z__try\d+")


def record_trigger(run: LaneRun, dag_id: str, run_id: str, target: str) -> str:
    """Called by STOP.B before it triggers M9. Never raises: without the record, M9 tears down as an ordinary one does.

    Returns what kept it from being written, empty if it was written.
    """
    latch = control.read_latch(run.remote, run.environment.name)
    if not isinstance(latch, Known) or not latch.value.is_set:
        return f"the latch does not read as set: {shown(latch)}"
    record = {
        "dag_id": dag_id,
        "run_id": run_id,
        "target": target,
        "triggered_by": run.execution_id,
        "latch": latch.value.number,
        "recorded_at": now().isoformat(),
    }
    key = _key(run, run_id)
    try:
        run.remote.create(key, seal(record))
    except AlreadyExists:
        return _same_run(run, key, record)
    except StoreError as error:
        return str(error)
    return ""


def _same_run(run: LaneRun, key: str, record: dict[str, Any]) -> str:
    """Empty if the existing record names the same run and latch: then an earlier try wrote it."""
    try:
        found = unseal(run.remote.read(key)[1])
    except (StoreError, ValueError) as error:
        return f"{key}: another record is there and cannot be read: {error}"
    differ = sorted(name for name in _COMPARED if found.get(name) != record[name])
    return f"{key}: another record is there; it differs in {', '.join(differ)}" if differ else ""


def triggered_by_the_stop(run: LaneRun) -> Observed[str]:
    """The execution of the emergency stop that triggered this very run. Absent if no record names this run."""
    if not _RUN_ID.fullmatch(run.run_id):
        return Absent()
    try:
        record = unseal(run.remote.read(_key(run, run.run_id))[1])
    except NotThere:
        return Absent()
    except (StoreError, ValueError) as error:
        return Unreadable(f"record of the emergency stop: {error}")
    latch = control.read_latch(run.remote, run.environment.name)
    if not isinstance(latch, Known):
        return Unreadable(f"the latch of the emergency stop: {shown(latch)}")
    named = tuple(record.get(name) for name in ("dag_id", "run_id", "target", "latch"))
    present = (run.dag_id, run.run_id, str(run.params.get("target", "")), latch.value.number)
    if named != present or not latch.value.is_set:
        return Unreadable(f"the record of the emergency stop says {named}, this run and the latch are {present}")
    return Known(str(record.get("triggered_by")))


def _key(run: LaneRun, run_id: str) -> str:
    return f"control/{run.environment.name}/emergency_teardowns/{run_id}.json"
