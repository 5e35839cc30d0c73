"""The three control records: run lease, emergency latch, platform run (CO4, LC1)."""

from collections.abc import Iterator

from tidegate.gates.rules_observed import Need, unusable
from tidegate.gates.rules_remedies import FINDER, SAME_DAG, TEARDOWN, allow
from tidegate.models.blocker import Blocker
from tidegate.models.control import LatchRecord, Lease, LeaseHolder, PlatformRun
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.remedy import Clear, Person, Remedy, Trigger, Wait

_LEASE, _LATCH, _PLATFORM_RUN = "run lease", "emergency latch", "platform run"


def lease_held_blockers(lease: Lease) -> Iterator[Blocker]:
    """For the first lane of a phase, which took the lease or met its holder. `LEASE-HELD` may clear by itself."""
    if not isinstance(lease.holder, Known):
        yield _lease_not_known(lease.holder)
    elif not lease.ours:
        yield Blocker(
            code="LEASE-HELD",
            summary="another run works on this environment",
            resource=_LEASE,
            observed=_said(lease.holder.value),
            expected="nobody, or this run",
            remedy=Remedy.of(Wait(f"{lease.holder.value.dag_id} run {lease.holder.value.run_id} has ended"), Clear()),
        )


def lease_ours_blockers(lease: Lease) -> Iterator[Blocker]:
    """For the second before a mutation: the lease must still be ours."""
    match lease.holder:
        case Known(holder) if lease.ours:
            return
        case Known(holder):
            observed = _said(holder)
        case Absent() if not lease.ours:
            observed = "nobody"
        case other:
            yield _lease_not_known(other)
            return
    yield Blocker(
        code="LEASE-NOT-OURS",
        summary="this run does not hold the environment any more",
        resource=_LEASE,
        observed=observed,
        expected="this run, not expired",
        remedy=Remedy.of(SAME_DAG, note="Its first lane takes the lease and plans afresh"),
    )


def latch_blockers(latch: Observed[LatchRecord], release_dag: str) -> Iterator[Blocker]:
    """For builds only: a set latch, or one that nobody can read. Never set is fine. Teardown does not ask."""
    match latch:
        case Absent():
            return
        case Known(record) if record.is_set is False:
            return
        case Known(record):
            yield Blocker(
                code="LATCH-SET",
                summary="the emergency stop is set, so nothing is built",
                resource=f"{_LATCH} record {record.number}",
                observed=f"set at {record.recorded_at.isoformat()} by {record.recorded_by}: {record.reason}",
                expected="never set, or released",
                remedy=Remedy.of(
                    Person(FINDER, "remove the cause of the stop"),
                    TEARDOWN,
                    Trigger(release_dag, {}, ("confirm", "reason")),
                ),
            )
        case other:
            yield unusable(
                other,
                Need(
                    stem="LATCH",
                    what="the emergency latch",
                    resource=_LATCH,
                    expected="a readable latch that is not set",
                    remedy=allow("read control/<environment>/latch in the evidence bucket"),
                ),
            )


def latch_set_blockers(latch: Observed[LatchRecord], *, remedy: Remedy) -> Iterator[Blocker]:
    """For stop and release: the latch must be known, and set."""
    if not isinstance(latch, Known):
        yield unusable(
            latch,
            Need(
                stem="LATCH", what="the emergency latch", resource=_LATCH, expected="a latch that is set", remedy=remedy
            ),
        )
    elif latch.value.is_set is not True:
        record = latch.value
        yield Blocker(
            code="LATCH-NOT-SET",
            summary="the emergency latch is not set",
            resource=f"{_LATCH} record {record.number}",
            observed=f"released at {record.recorded_at.isoformat()} by {record.recorded_by}: {record.reason}",
            expected="a latch that is set",
            remedy=remedy,
        )


def platform_run_blockers(newest: Observed[PlatformRun], *, goes_on: bool, teardown_dag: str) -> Iterator[Blocker]:
    """For builds: a new one starts only when the last is closed, or the operator goes on with the open one."""
    match newest:
        case Known(run) if run.closed_by is None:
            if not goes_on:
                yield _still_open(run, teardown_dag)
        case Known() | Absent():
            if goes_on:
                yield _none_open(newest)
        case other:
            yield unusable(
                other,
                Need(
                    stem="PLATFORM-RUN",
                    what="the platform run",
                    resource=_PLATFORM_RUN,
                    expected="a closed one, or none",
                    remedy=allow("read control/<environment>/platform_runs in the evidence bucket"),
                ),
            )


def _lease_not_known(holder: Absent | Unreadable) -> Blocker:
    return unusable(
        holder,
        Need(
            stem="LEASE",
            what="the holder of the run lease",
            resource=_LEASE,
            expected="this run",
            remedy=allow("read control/<environment>/lease.json in the evidence bucket"),
        ),
    )


def _said(holder: LeaseHolder) -> str:
    return (
        f"held by {holder.dag_id} run {holder.run_id} ({holder.execution_id}) since {holder.acquired_at.isoformat()}, "
        f"expires {holder.expires_at.isoformat()}"
    )


def _still_open(run: PlatformRun, teardown_dag: str) -> Blocker:
    return Blocker(
        code="PLATFORM-RUN-OPEN",
        summary="the last platform run was not closed by a teardown proof",
        resource=f"{_PLATFORM_RUN} {run.id}",
        observed=f"opened {run.opened_at.isoformat()} by {run.opened_by}, not closed",
        expected="closed by a teardown proof",
        remedy=Remedy.of(
            Trigger(teardown_dag, {}, ("confirm",)),
            alternative=(Trigger("<environment>.m2_substrate_build", {"platform_run": "continue"}),),
        ),
    )


def _none_open(newest: Observed[PlatformRun]) -> Blocker:
    seen = f"{newest.value.id}, closed by {newest.value.closed_by}" if isinstance(newest, Known) else shown(newest)
    return Blocker(
        code="PLATFORM-RUN-NOT-OPEN",
        summary="there is no open platform run to go on with",
        resource=_PLATFORM_RUN,
        observed=seen,
        expected="an open platform run",
        remedy=Remedy.of(Trigger("<environment>.m2_substrate_build", {"platform_run": "new"})),
    )
