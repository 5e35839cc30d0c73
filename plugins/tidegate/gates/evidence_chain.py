"""EVIDENCE-CHAIN. What was judged since the last audit can be judged again, with the same result (EV2, EV3).

The chain of verdicts has no gap. Links hold: each night those of the newest records and of a block of older ones, so
that all are followed in time (ADR 41). The newest teardown proof is judged again each night.
"""

from collections.abc import Iterator

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_observed import Need, readable, required
from tidegate.gates.rules_remedies import EVIDENCE_BUCKET, FINDER
from tidegate.models.audit import EvidenceChainFacts, EvidenceFinding
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known, Observed
from tidegate.models.remedy import Command, Person, Remedy

_READ = EVIDENCE_BUCKET


def blockers(facts: EvidenceChainFacts) -> Iterator[Blocker]:
    """The chain, then each execution behind it, then the proof."""
    return each(_chain(facts), _executions(facts), _proof(facts))


def _chain(facts: EvidenceChainFacts) -> Iterator[Blocker]:
    need = Need(
        stem="VERDICT-CHAIN",
        what="the chain of verdicts",
        resource="evidence/<environment>/verdicts",
        expected="numbered records, or none yet",
        remedy=_READ,
    )
    return each(readable(facts.records, need), readable(facts.chain, need), _findings(facts.chain, "the chain"))


def _executions(facts: EvidenceChainFacts) -> Iterator[Blocker]:
    for execution in facts.executions:
        yield from required(
            execution.findings,
            Need(
                stem="EXECUTION-EVIDENCE",
                what="the evidence of an execution",
                resource=execution.execution_id,
                expected="its snapshots",
                remedy=_READ,
            ),
        )
        yield from _findings(execution.findings, execution.execution_id)


def _proof(facts: EvidenceChainFacts) -> Iterator[Blocker]:
    yield from readable(
        facts.proof,
        Need(
            stem="TEARDOWN-PROOF",
            what="the newest teardown proof",
            resource="evidence/runs",
            expected="a proof, or none yet",
            remedy=_READ,
        ),
    )
    verified = {execution.execution_id for execution in facts.executions}
    if isinstance(facts.proof, Known) and facts.proof.value not in verified:
        yield Blocker(
            code="PROOF-NOT-VERIFIED",
            summary="the execution behind the newest teardown proof was not judged again",
            resource=facts.proof.value,
            observed=f"{len(verified)} executions judged again, this one not among them",
            expected="this one among them, every night",
            remedy=Remedy.of(
                Command(
                    ("tidegate", "verify", facts.proof.value, "--environment", "<environment>", "--from", "s3"), FINDER
                )
            ),
        )


def _findings(found: Observed[tuple[EvidenceFinding, ...]], subject: str) -> Iterator[Blocker]:
    for finding in found.value if isinstance(found, Known) else ():
        yield _blocker(finding, subject)


def _blocker(finding: EvidenceFinding, subject: str) -> Blocker:
    if finding.certain:
        return Blocker(
            code="EVIDENCE-NOT-SOUND",
            summary=f"the evidence of {subject} does not hold: {finding.code}",
            resource=finding.file,
            observed=finding.observed,
            expected=finding.expected,
            remedy=Remedy.of(
                Person(FINDER, finding.remedy),
                note="tidegate verify --from s3 --environment <environment> shows all of it",
            ),
        )
    return Blocker(
        code="EVIDENCE-NOT-JUDGED",
        summary=f"this version cannot judge the evidence of {subject}: {finding.code}",
        resource=finding.file,
        observed=finding.observed,
        expected=finding.expected,
        remedy=Remedy.of(
            Person(FINDER, finding.remedy),
            note="tidegate verify --from s3 --environment <environment> shows all of it",
        ),
    )


GATE = Gate(
    id="EVIDENCE-CHAIN",
    title="The verdicts are chained, and their evidence can be judged again",
    owner="platform",
    requirements=("TD8", "EV2", "EV3", "EV5"),
    facts=EvidenceChainFacts,
    blockers=blockers,
)
