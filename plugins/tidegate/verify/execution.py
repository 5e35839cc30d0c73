"""Verifies an execution: reads it, judges every snapshot again, holds the verdict against them, walks the chain."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from tidegate.evidence.store import EvidenceStore
from tidegate.models.verdict import VerdictFacts
from tidegate.verify.chain import Chain, read_chain, verdict_findings
from tidegate.verify.documents import Execution, read_execution
from tidegate.verify.findings import Finding, missing, unknown
from tidegate.verify.inputs import Inputs
from tidegate.verify.judgements import facts_of, judgement_findings, place_findings
from tidegate.verify.phase import phase_findings
from tidegate.verify.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What came out. `verdict` is what the phase verdict says; it counts only when there are no findings."""

    execution: Execution
    profile: str
    verdict: Literal["pass", "fail", "missing"]
    findings: tuple[Finding, ...]
    inputs_checked: int
    inputs_elsewhere: int
    chained: int | None
    """Records in the chain; None: the store has no chain."""

    @property
    def sound(self) -> bool:
        """The evidence is whole, and every judgement in it can be repeated."""
        return not self.findings

    @property
    def certain(self) -> bool:
        """Nothing was left that this version cannot judge, or something is wrong for certain."""
        return self.sound or any(finding.certain for finding in self.findings)


def verify_execution(
    store: EvidenceStore, subject: Subject, *, profile: str | None = None, chain: Chain | None = None
) -> Verification:
    """Verify an execution in a store. `profile` None: whichever the verdict has. Raises StoreUnreachable.

    Whoever verifies many reads the `chain` once and gives it; what is wrong with the chain itself is then theirs.
    """
    execution = read_execution(store, subject)
    verdict = execution.newest(subject.verdict.task)
    snapshot = verdict.snapshot if verdict else None
    expected_profile = profile or (snapshot.profile if snapshot else _most_common_profile(execution))
    findings = list(execution.findings)
    inputs = Inputs(store, execution)
    for document in execution.documents:
        if document.snapshot is not None:
            findings += place_findings(document, document.snapshot, subject, expected_profile)
            findings += judgement_findings(document, document.snapshot)
            findings += inputs.findings(document, document.snapshot)
    if verdict is None:
        findings.append(_no_verdict(execution))
    elif snapshot is not None:
        facts, _ = facts_of(snapshot, verdict.key)
        if isinstance(facts, VerdictFacts):
            findings += phase_findings(execution, verdict, snapshot, facts)
    chained = None
    if subject.remote:
        read = read_chain(store, subject.environment) if chain is None else chain
        chained = read.length
        findings += [*(read.findings if chain is None else ()), *verdict_findings(read, subject, verdict)]
    return Verification(
        execution=execution,
        profile=expected_profile,
        verdict="missing" if snapshot is None else "pass" if snapshot.overall_pass else "fail",
        findings=tuple(dict.fromkeys(findings)),
        inputs_checked=inputs.checked,
        inputs_elsewhere=inputs.elsewhere,
        chained=chained,
    )


def _most_common_profile(execution: Execution) -> str:
    profiles = Counter(it.snapshot.profile for it in execution.documents if it.snapshot is not None)
    return str(profiles.most_common(1)[0][0]) if profiles else "unknown"


def _no_verdict(execution: Execution) -> Finding:
    subject = execution.subject
    key = subject.key(subject.place(subject.verdict), 1)
    if execution.documents:
        return missing(key, "no verdict", f"the verdict of {subject.execution_id}")
    return unknown(
        "EXECUTION-UNKNOWN",
        key,
        "no snapshot of this execution",
        f"the snapshots of {subject.execution_id}",
        "check the execution id (it stands in the task log), --environment, --from and --dir",
    )
