"""PHASE-VERDICT. A phase passed when each of its lanes left a valid pass in this very run; nothing else counts.

No majority, no warning: an older pass, a copied one or a changed one is a blocker like a failure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from tidegate.gates.base import Gate, each
from tidegate.gates.rules_remedies import EVIDENCE_BUCKET, FINDER, MAINTAINER
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Absent, Known, Observed, shown
from tidegate.models.remedy import Clear, Person, Remedy
from tidegate.models.verdict import LaneResult, LaneStatus, VerdictFacts

_NEVER_STARTED = ("upstream_failed", "skipped", "none", "removed")
_STATUSES = ("pass", "fail", "not_run", "stale")
_OUTDATED = {"LANE-STALE", "LANE-SUPERSEDED"}


def blockers(facts: VerdictFacts) -> Iterator[Blocker]:
    """Yield, lane by lane, every reason why it does not count as passed."""
    if not facts.lanes:
        yield Blocker(
            code="VERDICT-EMPTY",
            summary="the phase has no lanes, and nothing is no pass",
            resource=f"phase {facts.phase}",
            observed="0 lanes",
            expected="the lanes of the phase",
            remedy=Remedy.of(
                Person(MAINTAINER, "let plugins/tidegate/lanes/phases.py and the stacks of the manifest fit")
            ),
        )
    for lane in facts.lanes:
        yield from each(_of_lane(lane), _foreign(lane, facts))


def lane_status(result: LaneResult) -> LaneStatus:
    """How a lane stands, in one word for a table. Whether it belongs to the run at all, only the gate can tell."""
    if _rightly_skipped(result):
        return "skipped"
    codes = {blocker.code for blocker in _of_lane(result)}
    if not codes:
        return "pass"
    if "LANE-NOT-RUN" in codes:
        return "not_run"
    return "stale" if codes <= _OUTDATED else "fail"


def _rightly_skipped(lane: LaneResult) -> bool:
    """Nobody asked the run for its stack, it left a snapshot that says so, and its task did nothing more."""
    return (
        lane.no_target
        and lane.task_state == "skipped"
        and (lane.status, lane.overall_pass, lane.digest_valid) == (Known("not_run"), Known(False), Known(True))
        and isinstance(lane.stored_digest, Known)
        and lane.handed_over_digest == lane.stored_digest
        and not lane.blockers
    )


def _of_lane(lane: LaneResult) -> Iterator[Blocker]:
    if _rightly_skipped(lane):
        return iter(())
    return each(
        _no_target(lane),
        _not_run(lane),
        _unreadable(lane),
        _missing(lane),
        _superseded(lane),
        _tampered(lane),
        _stale(lane),
        _contradictory(lane),
        _blocked(lane),
        _task_failed(lane),
    )


def _blocker(
    lane: LaneResult, code: str, summary: str, *, observed: str, expected: str, remedy: Remedy | None = None
) -> Blocker:
    return Blocker(
        code=code,
        summary=f"{lane.lane} {lane.gate}: {summary}",
        resource=lane.uri or lane.task,
        observed=observed,
        expected=expected,
        remedy=remedy or Remedy.of(Clear(lane.task)),
    )


def _never_started(lane: LaneResult) -> bool:
    return isinstance(lane.handed_over_digest, Absent) and lane.task_state in _NEVER_STARTED


def _observations(lane: LaneResult) -> dict[str, Observed[object]]:
    named = {field.name: getattr(lane, field.name) for field in fields(lane)}
    return {name: value for name, value in named.items() if hasattr(value, "kind")}


def _no_target(lane: LaneResult) -> Iterator[Blocker]:
    if lane.no_target and lane.status in (Known("pass"), Known("fail")):
        yield _blocker(
            lane,
            "LANE-NO-TARGET",
            "the lane ran, and nobody asked for its stack",
            observed=f"status {shown(lane.status)}, task {lane.task} is {lane.task_state}",
            expected="a skipped task whose snapshot says that it was no target",
        )


def _not_run(lane: LaneResult) -> Iterator[Blocker]:
    if _never_started(lane):
        yield _blocker(
            lane,
            "LANE-NOT-RUN",
            "the lane was not reached",
            observed=f"task {lane.task} is {lane.task_state}",
            expected="task success and a snapshot",
            remedy=Remedy.of(Person(FINDER, "follow the remedies of the lanes before it"), Clear(lane.task)),
        )
    elif lane.status == Known("not_run"):
        yield _blocker(
            lane,
            "LANE-NOT-RUN",
            "its snapshot says that it did not run",
            observed="status not_run",
            expected="status pass",
        )


def _unreadable(lane: LaneResult) -> Iterator[Blocker]:
    found = {name: value for name, value in _observations(lane).items() if not isinstance(value, Known | Absent)}
    if found:
        yield _blocker(
            lane,
            "LANE-UNREADABLE",
            "its snapshot cannot be read",
            observed=_listed(found),
            expected="a readable snapshot",
            remedy=Remedy.of(
                *EVIDENCE_BUCKET.steps, note=f"If the snapshot is broken, clear {lane.task} with everything downstream"
            ),
        )


def _listed(found: Mapping[str, Observed[object]]) -> str:
    """Each reason once, with the names that share it."""
    names: dict[str, list[str]] = {}
    for name, value in found.items():
        names.setdefault(shown(value), []).append(name)
    return "; ".join(f"{', '.join(sharing)}: {reason}" for reason, sharing in names.items())


def _missing(lane: LaneResult) -> Iterator[Blocker]:
    absent = [name for name, value in _observations(lane).items() if isinstance(value, Absent)]
    if not isinstance(lane.stored_digest, Known):
        if isinstance(lane.stored_digest, Absent) and not _never_started(lane):
            yield _blocker(
                lane,
                "LANE-MISSING",
                "its worker never reported a start (machine overloaded? see the scheduler's log)"
                if lane.worker_started is False
                else "the evidence holds no snapshot of it",
                observed=f"nothing stored; task {lane.task} is {lane.task_state}",
                expected="a snapshot in the evidence store",
            )
        return
    without = [name for name in absent if name != "handed_over_digest"]
    if without:
        yield _blocker(
            lane,
            "LANE-MISSING",
            "its snapshot is incomplete",
            observed=f"without {', '.join(without)}",
            expected="a whole snapshot",
        )


def _superseded(lane: LaneResult) -> Iterator[Blocker]:
    stored, handed = lane.stored_digest, lane.handed_over_digest
    if not isinstance(stored, Known):
        return
    if isinstance(handed, Absent) or (isinstance(handed, Known) and handed.value != stored.value):
        yield _blocker(
            lane,
            "LANE-SUPERSEDED",
            "the newest snapshot is not from the current try, and an older one never stands in",
            observed=f"stored {stored.value}, handed over {shown(handed)}",
            expected="the same digest twice",
        )


def _tampered(lane: LaneResult) -> Iterator[Blocker]:
    if isinstance(lane.stored_digest, Known) and lane.digest_valid != Known(True):
        yield _blocker(
            lane,
            "LANE-TAMPERED",
            "the snapshot's digest does not vouch for its content",
            observed=f"digest valid: {shown(lane.digest_valid)}",
            expected="digest valid: True",
            remedy=Remedy.of(
                Person(FINDER, "keep the object and its versions as evidence, and find out who wrote it"),
                Clear(lane.task),
            ),
        )


def _stale(lane: LaneResult) -> Iterator[Blocker]:
    if lane.expired == Known(True) or lane.status == Known("stale"):
        yield _blocker(
            lane,
            "LANE-STALE",
            "its pass does not count any more",
            observed=f"status {shown(lane.status)}, expired: {shown(lane.expired)}",
            expected="a pass that is still valid",
        )


def _contradictory(lane: LaneResult) -> Iterator[Blocker]:
    if not isinstance(lane.status, Known) or not isinstance(lane.overall_pass, Known):
        return
    status, passed = lane.status.value, lane.overall_pass.value
    agree = (status == "pass") is passed and (status in {"pass", "not_run"}) is not bool(lane.blockers)
    if status not in _STATUSES or not agree:
        yield _blocker(
            lane,
            "LANE-CONTRADICTORY",
            "the snapshot contradicts itself",
            observed=f"status {status}, overall_pass {passed}, {len(lane.blockers)} blockers",
            expected="status pass, overall_pass True, 0 blockers; or a failure with its blockers",
        )


def _blocked(lane: LaneResult) -> Iterator[Blocker]:
    if lane.status == Known("fail"):
        yield _blocker(
            lane,
            "LANE-BLOCKED",
            "the gate is closed",
            observed=" || ".join(lane.blockers) or "no blocker given",
            expected="no blockers",
            remedy=Remedy.of(Person(FINDER, "follow the remedies in the observed text"), Clear(lane.task)),
        )


def _task_failed(lane: LaneResult) -> Iterator[Blocker]:
    if lane.task_state != "success" and lane.status == Known("pass") and not _never_started(lane):
        yield _blocker(
            lane,
            "LANE-TASK-FAILED",
            "the gate passed, and the task did not succeed after it",
            observed=f"task {lane.task} is {lane.task_state}",
            expected="success",
            remedy=Remedy.of(Person(FINDER, "read the log of that task and mend what it names"), Clear(lane.task)),
        )


def _foreign(lane: LaneResult, facts: VerdictFacts) -> Iterator[Blocker]:
    for name, observed, expected in (
        ("execution_id", lane.execution_id, facts.execution_id),
        ("environment", lane.environment, facts.environment),
        ("profile", lane.profile, facts.profile),
    ):
        if isinstance(observed, Known) and observed.value != expected:
            yield _blocker(
                lane,
                "LANE-FOREIGN",
                "the snapshot belongs to another run",
                observed=f"{name} {observed.value}",
                expected=f"{name} {expected}",
            )


GATE = Gate(
    id="PHASE-VERDICT",
    title="Every lane of the phase passed in this run, or speaks of a stack that nobody asked for",
    owner="platform",
    requirements=("EV2", "EV3", "EV4"),
    facts=VerdictFacts,
    blockers=blockers,
    version=2,
    measured_codes=frozenset({"LANE-SUPERSEDED", "LANE-FOREIGN"}),
)
