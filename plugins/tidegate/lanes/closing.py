"""What happens after a verdict, pass or fail: it is chained, M1's snapshots go up, the run lease is released."""

from tidegate.evidence.canonical import unseal
from tidegate.evidence.store import AlreadyExists, StoreError
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.verdict import chain_verdict


class ClosingBlocked(Exception):
    """The verdict stands, but it could not be chained or its lease not released."""


def close(run: LaneRun) -> None:
    """Raises ClosingBlocked naming what is left to do."""
    try:
        if run.lane.before_backend:
            _upload(run)
        stored = run.stored(run.lane)
        if stored is None:
            raise ClosingBlocked("VERDICT-MISSING the verdict's snapshot is not in the evidence; read the log above")
        place = run.place(run.lane)
        document = unseal(stored[1])
        uri = run.remote.uri(place.remote_key(int(document["attempt"])))
        number = chain_verdict(run, uri, stored[0].version_id, document)
        run.log(f"verdict {number} of {run.environment.name}: {'pass' if document['overall_pass'] else 'BLOCKED'}")
    except (StoreError, ValueError) as error:
        raise ClosingBlocked(
            f"EVIDENCE-UNREACHABLE {run.environment.evidence.bucket}: the verdict is not chained | observed: {error} | "
            f"remedy: trigger {run.environment.name}.m1_backend_bootstrap, then clear this task"
        ) from error
    finally:
        released = run.lease.release(dag_id=run.dag_id, run_id=run.run_id, now=now())
        if not released and not run.lane.before_backend:
            run.log("the run lease could not be released; it expires by itself")


def _upload(run: LaneRun) -> None:
    """M1's snapshots were written before there was a bucket: put every attempt of them there now."""
    phase = phase_of(run.environment, run.phase)
    for lane in (*phase.lanes, phase.verdict):
        place = run.place(lane)
        for key in run.local.keys(f"{place.local}."):
            _, content = run.local.read(key)
            try:
                stored = run.remote.create(f"{place.remote}{key.removeprefix(place.local)}", content)
                run.log(f"uploaded {stored.uri}")
            except AlreadyExists:
                continue
