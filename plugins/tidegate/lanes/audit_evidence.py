"""AUDIT.J: the chain of verdicts, and what `tidegate verify` says about executions since the last audit (TD8, EV3)."""

from tidegate.evidence.store import StoreError
from tidegate.lanes.newest import newest_proof
from tidegate.lanes.run import LaneRun, now
from tidegate.lanes.subjects import as_of_its_time, subject_of
from tidegate.models.audit import EvidenceChainFacts, EvidenceFinding, VerifiedExecution
from tidegate.models.facts import Source
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.verify.chain import Chain, read_chain
from tidegate.verify.execution import verify_execution
from tidegate.verify.findings import Finding

AT_MOST = 40
"""So many executions are judged again in one night, the newest; of others the records in the chain are looked at."""


def collect_evidence(run: LaneRun) -> EvidenceChainFacts:
    """The whole chain; the evidence of each execution with a verdict since the last audit; the newest proof."""
    began = now()
    chain = _chain(run)
    proof = _proof(run)
    since, wanted = _since_the_last_audit(run, chain.value) if isinstance(chain, Known) else ("", [])
    chosen, left = wanted[:AT_MOST], wanted[AT_MOST:]
    if isinstance(proof, Known) and proof.value not in chosen:
        chosen = [*chosen, proof.value]
        left = [execution for execution in left if execution != proof.value]
    executions = tuple(_verified(run, execution, chain.value) for execution in chosen if isinstance(chain, Known))
    return EvidenceChainFacts(
        observed_at=now(),
        sources=(Source(name="evidence", data_as_of=began),),
        records=Known(chain.value.length) if isinstance(chain, Known) else chain,
        chain=Known(_findings(chain.value.findings)) if isinstance(chain, Known) else chain,
        since=since,
        executions=executions,
        by_record_only=tuple(left),
        proof=proof,
    )


def _chain(run: LaneRun) -> Known[Chain] | Absent | Unreadable:
    try:
        chain = read_chain(run.remote, run.environment.name)
    except StoreError as error:
        return Unreadable(str(error))
    return Known(chain) if chain.length else Absent()


def _proof(run: LaneRun) -> Observed[str]:
    found = newest_proof(run)
    return Known(found.value.snapshot.execution_id) if isinstance(found, Known) else found


def _since_the_last_audit(run: LaneRun, chain: Chain) -> tuple[str, list[str]]:
    """The previous audit and every execution recorded since it, newest first. It counts as well: nobody has judged its
    verdict again yet. This audit's own earlier attempts do not.
    """
    others = [record for _, record in sorted(chain.records.items()) if record.execution_id != run.execution_id]
    previous = next((record for record in reversed(others) if record.phase == "audit"), None)
    first = previous.number if previous else 1
    newest_first = [record.execution_id for record in reversed(others) if record.number >= first]
    return previous.execution_id if previous else "", list(dict.fromkeys(newest_first))


def _verified(run: LaneRun, execution: str, chain: Chain) -> VerifiedExecution:
    try:
        then = as_of_its_time(run.environment, execution, run.remote, remote=True)
        subject = subject_of(then, execution, remote=True)
        verification = verify_execution(run.remote, subject, profile=run.profile, chain=chain)
    except (StoreError, ValueError) as error:
        run.log(f"{execution}: cannot be judged again: {error}")
        return VerifiedExecution(execution_id=execution, findings=Unreadable(str(error)))
    snapshots, found = len(verification.execution.documents), verification.findings
    run.log(f"{execution}: verdict {verification.verdict}, {snapshots} snapshots judged again, {len(found)} findings")
    return VerifiedExecution(execution_id=execution, findings=Known(_findings(found)))


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
