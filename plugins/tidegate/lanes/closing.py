"""After a verdict, pass or fail: it is chained, M1's snapshots are uploaded, the run lease is released."""

from tidegate.evidence.publish import Published
from tidegate.evidence.store import AlreadyExists, StoreError
from tidegate.lanes.phases import phase_of
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.verdict import chain_verdict


class ClosingBlocked(Exception):
    """The verdict stands, but it could not be chained or its lease not released."""


def close(run: LaneRun, published: Published | None) -> None:
    """Chain exactly this try's verdict. Without one (None), only release the lease. Raises ClosingBlocked."""
    try:
        if published is not None:
            _chain(run, published)
    except (StoreError, ValueError) as error:
        raise ClosingBlocked(
            f"EVIDENCE-UNREACHABLE {run.environment.evidence.bucket}: the verdict is not chained | observed: {error} | "
            f"expected: a numbered record | remedy: mend what is observed, then clear this task"
        ) from error
    finally:
        _give_lease_back(run)


def _chain(run: LaneRun, published: Published) -> None:
    if run.lane.before_backend:
        _upload(run)
    uri = run.remote.uri(run.place(run.lane).remote_key(published.attempt))
    number = chain_verdict(run, uri, published.stored.version_id, published.document)
    run.log(
        f"verdict {number} of {run.environment.name}: {'pass' if published.document['overall_pass'] else 'BLOCKED'}"
    )


def _give_lease_back(run: LaneRun) -> None:
    """Release the lease. A terraform that outlived its worker shows in its intent record and its lock, not in the
    lease.
    """
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
            except AlreadyExists as error:
                if run.remote.read(f"{place.remote}{key.removeprefix(place.local)}")[1] != content:
                    raise ClosingBlocked(
                        f"EVIDENCE-CONFLICT {key}: the bucket holds another document under this name | observed: two "
                        "documents | expected: the same bytes | remedy: trigger M1 anew; keep both files"
                    ) from error
