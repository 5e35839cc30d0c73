"""Holds the verdict against the snapshots that it speaks of: the newest attempt of each lane, and no other."""

from collections.abc import Iterator
from typing import Any

from tidegate.evidence.layout import attempt_of
from tidegate.models.observed import Known, Observed, Unreadable, shown
from tidegate.models.schedule import NotWantedFacts
from tidegate.models.snapshot import Snapshot
from tidegate.models.verdict import LaneResult, VerdictFacts
from tidegate.verify.documents import Document, Execution
from tidegate.verify.findings import KEEP, Finding, judgement_mismatch, missing, unknown
from tidegate.verify.judgements import facts_of

_AGAIN = "clear the verdict task of the run, so that it judges what is there now"


def phase_findings(
    execution: Execution, verdict: Document, snapshot: Snapshot, facts: VerdictFacts
) -> Iterator[Finding]:
    """Every lane of the phase once; every lane that the verdict names as the evidence shows it."""
    subject = execution.subject
    named = [lane.task for lane in facts.lanes]
    required = [lane.task for lane in subject.lanes]
    if named != required:
        yield unknown(
            "LANES-DIFFER",
            verdict.key,
            f"not in the verdict: {_only(required, named)}; only in the verdict: {_only(named, required)}",
            f"the {len(required)} lanes of {subject.phase} in their order, as this version and its manifest have them",
            "verify with the version and the manifest that the verdict was made with (tools.git_commit in the file)",
        )
    for name, observed, expected in (
        ("execution_id", facts.execution_id, subject.execution_id),
        ("environment", facts.environment, subject.environment),
        ("phase", facts.phase, subject.phase),
        ("profile", facts.profile, snapshot.profile),
    ):
        if observed != expected:
            yield judgement_mismatch(verdict.key, f"{name} {observed} in the facts", f"{name} {expected}")
    excluded = _excluded(execution)
    for lane in facts.lanes:
        if lane.task in required:
            yield from _lane(execution, verdict, facts, lane)
            if lane.no_target and lane.task not in excluded:
                said = "a lane whose stack the recorded target names, or of which nothing is recorded"
                yield judgement_mismatch(verdict.key, f"{lane.task}: no target", said)


def _excluded(execution: Execution) -> set[str]:
    """The lanes that had nothing to do, by what is recorded: what M9.B froze, what M2.A was asked for, or that nobody
    wanted a scheduled build. None where that is not to be read.
    """
    if execution.subject.phase == "scheduledbuild":
        return {lane.task for lane in execution.subject.lanes if _not_wanted(execution.newest(lane.task))}
    first = execution.newest(execution.subject.lanes[0].task) if execution.subject.phase == "m2" else None
    if first is not None and first.snapshot is not None:
        stack = first.snapshot.facts.get("stacks", "all")
        if stack != "all":
            lanes = execution.subject.lanes
            return {it.task for it in lanes if it.whole_build or it.stack not in (None, stack)}
    scope = next((it for it in execution.subject.lanes if it.gate == "TEARDOWN-SCOPE"), None)
    frozen = None if scope is None else execution.newest(scope.task)
    if frozen is None or frozen.snapshot is None:
        return set()
    stacks = frozen.snapshot.facts.get("stacks")
    if not isinstance(stacks, list) or not all(isinstance(part, dict) for part in stacks):
        return set()
    targets = {part.get("stack") for part in stacks}
    return {it.task for it in execution.subject.lanes if it.stack is not None and it.stack not in targets}


def _not_wanted(document: Document | None) -> bool:
    """Does the snapshot hold a reason? A snapshot that says so without one is no reason to leave the lane out."""
    snapshot = None if document is None else document.snapshot
    if snapshot is None or snapshot.facts_type != NotWantedFacts.__name__:
        return False
    facts, _ = facts_of(snapshot, "")
    return isinstance(facts, NotWantedFacts) and bool(facts.reasons)


def _lane(execution: Execution, verdict: Document, facts: VerdictFacts, lane: LaneResult) -> Iterator[Finding]:
    documents = execution.of(lane.task)
    if isinstance(lane.stored_digest, Unreadable):
        return  # the verdict could not read it then, and did not pass
    if not isinstance(lane.stored_digest, Known):
        if documents:
            yield _superseded(documents[-1], "a snapshot that the verdict did not see")
        return
    expected = f"digest {lane.stored_digest.value}, as the verdict in {verdict.key} judged"
    judged = _judged(execution, lane)
    if judged is None:
        yield judgement_mismatch(
            verdict.key, f"{lane.task}: judged from {lane.uri or 'nowhere'}", "the address of an attempt of this lane"
        )
        return
    if judged not in {document.key for document in documents}:
        yield missing(judged, "no such file", expected)
        return
    newest = documents[-1]
    if newest.key != judged:
        yield _superseded(newest, f"attempt {newest.attempt}, newer than {judged} that the verdict judged")
    elif newest.snapshot is not None:
        if newest.snapshot.digest != lane.stored_digest.value:
            yield Finding(
                code="LANE-DIGEST-MISMATCH",
                file=newest.key,
                observed=f"digest {newest.snapshot.digest}",
                expected=expected,
                remedy=KEEP,
            )
        else:
            yield from _same(verdict, facts, lane, newest.snapshot)


def _judged(execution: Execution, lane: LaneResult) -> str | None:
    """Key of the attempt that the verdict names; None when its address is not one of the lane's place."""
    place, subject = execution.places[lane.task], execution.subject
    key = subject.key_of(lane.uri, (place,))
    return key if key is not None and attempt_of(subject.stem(place), key) is not None else None


def _superseded(newest: Document, observed: str) -> Finding:
    return Finding(
        code="LANE-SUPERSEDED",
        file=newest.key,
        observed=observed,
        expected="no attempt newer than the one in the verdict",
        remedy=_AGAIN,
    )


def _same(verdict: Document, facts: VerdictFacts, lane: LaneResult, snapshot: Snapshot) -> Iterator[Finding]:
    """What the verdict says about a snapshot is what the snapshot says."""
    said: tuple[tuple[str, Observed[Any], object], ...] = (
        ("digest_valid", lane.digest_valid, True),
        ("status", lane.status, snapshot.status),
        ("overall_pass", lane.overall_pass, snapshot.overall_pass),
        ("execution_id", lane.execution_id, snapshot.execution_id),
        ("environment", lane.environment, snapshot.environment),
        ("profile", lane.profile, snapshot.profile),
    )
    for name, observed, expected in said:
        if observed != Known(expected):
            yield judgement_mismatch(
                verdict.key, f"{lane.task}: {name} {shown(observed)}", f"{name} {expected}, as in the snapshot"
            )
    sentences = tuple(blocker.blocker().sentence() for blocker in snapshot.blockers)
    if lane.blockers != sentences:
        yield judgement_mismatch(
            verdict.key, f"{lane.task}: {len(lane.blockers)} blockers", f"the {len(sentences)} of its snapshot"
        )
    if lane.expired == Known(False) and snapshot.valid_until < facts.observed_at:
        yield judgement_mismatch(
            verdict.key,
            f"{lane.task}: not expired at {facts.observed_at.isoformat()}",
            f"expired, for it is valid until {snapshot.valid_until.isoformat()}",
        )


def _only(these: list[str], those: list[str]) -> str:
    return ", ".join(task for task in these if task not in those) or "none"
