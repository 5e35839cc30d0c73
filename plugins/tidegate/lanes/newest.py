"""The newest snapshot of a lane across all executions of its phase, and the newest teardown proof."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tidegate.evidence.canonical import unseal
from tidegate.evidence.layout import attempt_of
from tidegate.evidence.store import StoredObject, StoreError
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.run import LaneRun
from tidegate.lanes.spec import Lane
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.snapshot import Snapshot

_PROOF = re.compile(r"evidence/runs/[^/]*?([0-9]{8}T[0-9]{6}Z)/teardown/teardown_proof(?:\.attempt([0-9]+))?\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A snapshot and where it is stored."""

    stored: StoredObject
    snapshot: Snapshot


def newest_of(
    run: LaneRun, lane: Lane, execution_id: str | None = None, *, accept: Callable[[Found], bool] = lambda _found: True
) -> Observed[Found]:
    """The newest attempt in the newest execution that has any, or in the given one. Absent if there is none.

    Only the newest attempt of each execution is offered to `accept`. One that cannot be read ends the search.
    """
    prefix = run.place_of(lane, "").remote.removesuffix(f"/{lane.snapshot}")
    try:
        found: dict[tuple[str, int], str] = {}
        for key in run.remote.keys(f"{prefix}{execution_id}/" if execution_id else prefix):
            execution = key.removeprefix(prefix).partition("/")[0]
            attempt = attempt_of(run.place_of(lane, execution).remote, key)
            if attempt is not None:
                found[execution, attempt] = key
        newest = {execution: max(n for it, n in found if it == execution) for execution, _ in found}
        for execution in sorted(newest, reverse=True):
            read = _read(run, found[execution, newest[execution]])
            if not isinstance(read, Known) or accept(read.value):
                return read
        return Absent()
    except StoreError as error:
        return Unreadable(str(error))


def newest_proof(run: LaneRun) -> Observed[Found]:
    """The newest attempt of the proof of the newest platform run that has one. Absent if nothing was ever proven."""
    try:
        keys = run.remote.keys("evidence/runs/")
    except StoreError as error:
        return Unreadable(str(error))
    named = [(it[1], int(it[2] or 1), it[0]) for key in keys if (it := _PROOF.fullmatch(key))]
    for _, _, key in sorted(named, reverse=True):
        found = _read(run, key)
        if not isinstance(found, Known) or found.value.snapshot.environment == run.environment.name:
            return found
    return Absent()


def _read(run: LaneRun, key: str) -> Observed[Found]:
    try:
        stored, content = run.remote.read(key)
        snapshot = parse_snapshot(unseal(content))
    except (StoreError, ValueError) as error:
        return Unreadable(f"{key}: {error}")
    run.rests_on(stored.uri, snapshot.digest, stored.version_id)
    return Known(Found(stored=stored, snapshot=snapshot))
