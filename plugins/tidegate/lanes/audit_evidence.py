"""AUDIT.J: the chain of verdicts, and the result of `tidegate verify` for the newest executions (TD8, EV3)."""

from datetime import timedelta

from tidegate.evidence.store import StoreError
from tidegate.lanes.newest import newest_proof
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.subjects import as_of_its_time, subject_of
from tidegate.models.audit import EvidenceChainFacts, EvidenceFinding, VerifiedExecution
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.verdict_record import VerdictRecord
from tidegate.verify.chain import Chain, read_newest
from tidegate.verify.execution import Verification, verify_execution
from tidegate.verify.findings import Finding

BEING_RERUN = timedelta(hours=1)
"""A lane that ran again this recently may still get a new verdict."""

AT_MOST = 40
"""At most this many executions are judged again in one night, the newest. Of the others only the chain is checked."""

RECORDS = 500
"""So many records of the chain are read at least, the newest: enough to name those executions among hourly checks."""


def collect_evidence(run: LaneRun) -> EvidenceChainFacts:
    """The newest part of the chain and a block of the rest; the evidence of the newest executions; the newest proof."""
    began = now()
    proof = _proof(run)
    chain = _chain(run, proof)
    since, new, older = _wanted(run, chain.value) if isinstance(chain, Known) else ("", [], [])
    chosen, left = [*new, *older][:AT_MOST], new[AT_MOST:]
    if isinstance(proof, Known) and proof.value not in chosen:
        chosen = [*chosen, proof.value]
        left = [execution for execution in left if execution != proof.value]
    executions = tuple(
        _verified(run, execution, chain.value, new=execution in new) for execution in chosen if isinstance(chain, Known)
    )
    return EvidenceChainFacts(
        observed_at=now(),
        sources=(Source(name="evidence", data_as_of=began),),
        records=Known(chain.value.length) if isinstance(chain, Known) else chain,
        walked=chain.value.walked if isinstance(chain, Known) else 0,
        chain=Known(_findings(chain.value.findings)) if isinstance(chain, Known) else chain,
        since=since,
        executions=executions,
        by_record_only=tuple(left),
        proof=proof,
    )


def _chain(run: LaneRun, proof: Observed[str]) -> Known[Chain] | Absent | Unreadable:
    """Back to the record before the previous audit's, which that audit read, and to the proof's. Another block of what
    is older each day: a night's work does not grow with the chain. `tidegate verify` reads all of it.
    """

    def enough(records: dict[int, VerdictRecord]) -> bool:
        previous = _previous_audit(run, records)
        return (
            len(records) >= RECORDS
            and previous is not None
            and previous.number - 1 in records
            and (not isinstance(proof, Known) or any(it.execution_id == proof.value for it in records.values()))
        )

    try:
        chain = read_newest(run.remote, run.environment.name, enough=enough, turn=now().toordinal())
    except StoreError as error:
        return Unreadable(str(error))
    run.log(f"followed the links of {chain.walked} of {chain.length} records in the chain of verdicts")
    return Known(chain) if chain.length else Absent()


def _previous_audit(run: LaneRun, records: dict[int, VerdictRecord]) -> VerdictRecord | None:
    """This audit's own earlier attempts do not count."""
    audits = (it for it in records.values() if it.phase == "audit" and it.execution_id != run.execution_id)
    return max(audits, key=lambda record: record.number, default=None)


def _proof(run: LaneRun) -> Observed[str]:
    found = newest_proof(run)
    return Known(found.value.snapshot.execution_id) if isinstance(found, Known) else found


def _wanted(run: LaneRun, chain: Chain) -> tuple[str, list[str], list[str]]:
    """The previous audit; executions recorded since then; older ones. Newest first.

    The previous audit counts as new: its verdict has not been judged again yet. Older executions are judged again too,
    to find later changes to them, except for older hourly checks: there are too many. Earlier attempts of this audit do
    not count.
    """
    others = [record for _, record in sorted(chain.records.items()) if record.execution_id != run.execution_id]
    previous = _previous_audit(run, chain.records)
    first = previous.number if previous else 1
    since = list(dict.fromkeys(it.execution_id for it in reversed(others) if it.number >= first))
    older = dict.fromkeys(it.execution_id for it in reversed(others) if it.phase != "hourly")
    older_only = [execution for execution in older if execution not in since]
    return previous.execution_id if previous else "", since, older_only


def _verified(run: LaneRun, execution: str, chain: Chain, *, new: bool) -> VerifiedExecution:
    """Of an older execution only certain problems count: another version or manifest may have judged it."""
    try:
        then = as_of_its_time(run.environment, execution, run.remote, remote=True)
        subject = subject_of(then, execution, remote=True)
        verification = verify_execution(run.remote, subject, profile=run.profile, chain=chain)
    except (StoreError, ValueError) as error:
        run.log(f"{execution}: cannot be judged again: {error}")
        return VerifiedExecution(execution_id=execution, findings=Unreadable(str(error)))
    snapshots = len(verification.execution.documents)
    again = _being_rerun(run, execution, verification)
    found = tuple(it for it in verification.findings if (new or it.certain) and it not in again)
    for finding in again:
        run.log(f"{execution}: {finding.file} is newer than its verdict, and the run goes on: judged the next night")
    run.log(f"{execution}: verdict {verification.verdict}, {snapshots} snapshots judged again, {len(found)} findings")
    return VerifiedExecution(execution_id=execution, findings=Known(_findings(found)))


def _being_rerun(run: LaneRun, execution: str, verification: Verification) -> tuple[Finding, ...]:
    """Lanes that are being rerun right now, so that their verdict follows: their run holds the lease, or they are
    recent.
    """
    moment = now()
    lease = run.lease.check(dag_id=run.dag_id, run_id=run.run_id, now=moment).holder
    at_work = isinstance(lease, Known) and lease.value.execution_id == execution and lease.value.expires_at > moment
    observed = {
        document.key: document.snapshot.observed_at
        for document in verification.execution.documents
        if document.snapshot is not None
    }
    return tuple(
        finding
        for finding in verification.findings
        if finding.code == "LANE-SUPERSEDED"
        and (at_work or (finding.file in observed and timedelta() <= moment - observed[finding.file] < BEING_RERUN))
    )


def _findings(found: tuple[Finding, ...]) -> tuple[EvidenceFinding, ...]:
    return tuple(
        EvidenceFinding(
            code=it.code,
            file=it.file,
            observed=it.observed,
            expected=it.expected,
            remedy=it.remedy,
            certain=it.certain,
        )
        for it in found
    )
