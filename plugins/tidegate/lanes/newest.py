"""The newest snapshot of a lane across all executions of its phase, and the newest teardown proof."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tidegate.evidence.canonical import unseal
from tidegate.evidence.layout import attempt_of
from tidegate.evidence.store import StoredObject, StoreError
from tidegate.lanes.guards import parse_snapshot
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.spec import Lane
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.snapshot import Snapshot

LOOK_BACK_DAYS = (7, 45, 400)
"""How far lists of keys reach back before all are listed."""

_RUNS = "evidence/runs/"
_PROOF = re.compile(r"evidence/runs/[^/]*?([0-9]{8}T[0-9]{6}Z)/teardown/teardown_proof(?:\.attempt([0-9]+))?\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A snapshot and where it is stored."""

    stored: StoredObject
    snapshot: Snapshot


def newest_of(
    run: LaneRun,
    lane: Lane,
    execution_id: str | None = None,
    *,
    since: datetime | None = None,
    accept: Callable[[Found], bool] = lambda _found: True,
) -> Observed[Found]:
    """The newest attempt in the newest execution that has any, or in the given one. Absent if there is none.

    Only executions that were due since a moment, if one is given. Only the newest attempt of each execution is offered
    to `accept`. One that cannot be read ends the search.
    """
    offered: set[str] = set()
    try:
        for moment in (None,) if execution_id else (since,) if since else look_back(now()):
            attempts = attempts_of(run, lane, execution_id or "", since=moment)
            for execution in sorted(attempts.keys() - offered, reverse=True):
                offered.add(execution)
                read = _read(run, attempts[execution][max(attempts[execution])])
                if not isinstance(read, Known) or accept(read.value):
                    return read
        return Absent()
    except StoreError as error:
        return Unreadable(str(error))


def attempts_of(
    run: LaneRun, lane: Lane, execution_id: str = "", *, since: datetime | None = None
) -> dict[str, dict[int, str]]:
    """Keys of a lane's snapshots by execution and attempt: of one execution, of those due since a moment, or of all.

    Ids of executions rise with time, so a list can begin at a moment: a key goes on behind it. Raises StoreError.
    """
    prefix = run.place_of(lane, "").remote.removesuffix(f"/{lane.snapshot}")
    after = "" if since is None else f"{prefix}{lane.phase}_{since.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    found: dict[str, dict[int, str]] = {}
    for key in run.remote.keys(f"{prefix}{execution_id}/" if execution_id else prefix, after):
        execution = key.removeprefix(prefix).partition("/")[0]
        attempt = attempt_of(run.place_of(lane, execution).remote, key)
        if attempt is not None:
            found.setdefault(execution, {})[attempt] = key
    return found


def look_back(at: datetime) -> Iterator[datetime | None]:
    """From when on to list: mostly the first moment has some, so that no list grows with history. None: all of it."""
    for days in LOOK_BACK_DAYS:
        yield at - timedelta(days=days)
    yield None


def newest_proof(run: LaneRun) -> Observed[Found]:
    """The newest attempt of the proof of the newest platform run that has one. Absent if nothing was ever proven."""
    offered: set[str] = set()
    try:
        for moment in look_back(now()):
            first = "" if moment is None else f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
            proofs = map(_PROOF.fullmatch, run.remote.keys(_RUNS, first and f"{_RUNS}platform_{first}"))
            named = [(it[1], int(it[2] or 1), it[0]) for it in proofs if it is not None and it[1] >= first]
            for _, _, key in sorted(named, reverse=True):
                if key in offered:
                    continue
                offered.add(key)
                found = _read(run, key)
                if not isinstance(found, Known) or found.value.snapshot.environment == run.environment.name:
                    return found
        return Absent()
    except StoreError as error:
        return Unreadable(str(error))


def _read(run: LaneRun, key: str) -> Observed[Found]:
    try:
        stored, content = run.remote.read(key)
        snapshot = parse_snapshot(unseal(content))
    except (StoreError, ValueError) as error:
        return Unreadable(f"{key}: {error}")
    run.rests_on(stored.uri, snapshot.digest, stored.version_id)
    return Known(Found(stored=stored, snapshot=snapshot))
