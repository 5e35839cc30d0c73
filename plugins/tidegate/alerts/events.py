"""What of a run is worth a message: the verdict, each finding of a watch, each notice, a latch that was set."""

from collections.abc import Iterable, Iterator

from tidegate.alerts import message
from tidegate.alerts.fingerprint import digest, fingerprint
from tidegate.gates.base import UNJUDGED
from tidegate.models.alert import About, Alert, LaneFound
from tidegate.models.blocker import Blocker
from tidegate.models.control import LatchRecord
from tidegate.models.notice import Notice

WATCHES = frozenset({"audit", "hourly"})
"""Phases that come again by themselves: each of their findings is an event of its own, open until it is gone."""

VERDICT_GATE = "PHASE-VERDICT"
MANIFEST = "MANIFEST"
"""Scope of a manifest or policy file that cannot be used; a watch that came to its verdict could use them."""

UNREAD = (
    "-UNREADABLE",
    "-UNREAD",
    "-UNKNOWN",
    "-MISSING",
    "-INCOMPLETE",
    "-NOT-JUDGED",
    "-NOT-LOOKED-AT",
    "-NOT-READ",
    "-READS-SPENT",
    "REGION-DISABLED",
)
"""Endings of codes that say: a part was not seen. What an earlier run found there may still be there."""

_TOLD_BY_THE_LANE = frozenset({"LANE-BLOCKED"})
FOLLOWS = frozenset({"LANE-NOT-RUN"})
"""What only follows from another lane's blockers."""
_OF_AN_EARLIER_RUN = frozenset({"LANE-FOREIGN", "LANE-STALE", "LANE-SUPERSEDED"})
"""What the verdict says of the teardown proof that an earlier run left with the platform run, where this run's lane did
not run and so has none."""


def events(about: About, lanes: tuple[LaneFound, ...], verdict: tuple[Blocker, ...]) -> tuple[Alert, ...]:
    """Everything that a judged run has to tell. `verdict` are the blockers of the verdict itself."""
    told = findings(about, lanes, verdict) if about.phase in WATCHES else failure(about, lanes, verdict)
    notices = {notice.key: (lane, notice) for lane in lanes for notice in lane.notices}
    return (*told, *(_noticed(about, lane, notice) for lane, notice in notices.values()))


def failure(about: About, lanes: tuple[LaneFound, ...], verdict: tuple[Blocker, ...]) -> tuple[Alert, ...]:
    """A failed verdict is one event with all its blockers; the same blockers of the same execution are no new one.

    Runs that tidegate triggers again and again for one cause count as one execution.
    """
    if not verdict:
        return ()
    told = [(lane.gate, blocker) for lane in lanes for blocker in lane.blockers]
    told += [(VERDICT_GATE, blocker) for blocker in of_its_own(verdict, lanes) if blocker.code not in FOLLOWS]
    told = told or [(VERDICT_GATE, blocker) for blocker in verdict]
    blockers = [blocker for _, blocker in told]
    identity = digest(sorted({fingerprint(gate, blocker) for gate, blocker in told}))
    not_run = sum(blocker.code in FOLLOWS for blocker in verdict if blocker not in blockers)
    count = f"{len(blockers)} reason" + ("s" if len(blockers) > 1 else "")
    return (
        Alert(
            key=f"verdict/{_asked(about) or about.execution_id}/{identity}",
            scope="",
            fingerprint="",
            subject=message.subject(about, _headline(blockers)),
            text=message.text(
                about,
                f"{about.phase.upper()} of {about.environment} is blocked: {count}.",
                *message.all_said(blockers),
                f"Lanes after that which did not run: {not_run}" if not_run else "",
            ),
        ),
    )


def findings(about: About, lanes: tuple[LaneFound, ...], verdict: tuple[Blocker, ...]) -> tuple[Alert, ...]:
    """Each blocker of each lane, and what the verdict says of lanes that left none."""
    evidence = {lane.gate: lane.uri for lane in lanes}
    found: dict[tuple[str, str], list[tuple[str, Blocker]]] = {}
    for gate, blocker in _found(lanes, verdict):
        scope = scope_of(about.phase, gate)
        found.setdefault((scope, key_of(scope, blocker)), []).append((gate, blocker))
    return tuple(
        Alert(
            key=key,
            scope=scope,
            fingerprint=digest(sorted({fingerprint(gate, blocker) for gate, blocker in same})),
            subject=message.subject(about, _headline([blocker for _, blocker in same])),
            text=message.text(
                about,
                f"{about.phase.upper()} of {about.environment} found something.",
                *message.all_said([blocker for _, blocker in same]),
                evidence=evidence.get(same[0][0]),
            ),
        )
        for (scope, key), same in found.items()
    )


def looked_at(about: About, lanes: tuple[LaneFound, ...]) -> frozenset[str]:
    """Scopes whose findings are gone when this run does not have them: its gates that could judge."""
    if about.phase not in WATCHES:
        return frozenset()
    return frozenset({MANIFEST, scope_of(about.phase, VERDICT_GATE), *(lane.gate for lane in lanes if lane.judged)})


def scope_of(phase: str, gate: str) -> str:
    """Watches share the findings of a gate, whoever ran it; the verdict is each one's own."""
    return f"{gate} {phase}" if gate == VERDICT_GATE else gate


def key_of(scope: str, blocker: Blocker) -> str:
    """What a finding is about. A snapshot's address names the execution; the lane is the same every night."""
    resource = blocker.resource
    if scope.startswith(VERDICT_GATE):
        resource = blocker.summary.partition(":")[0]
    return f"finding/{scope}/{blocker.code}/{resource}"


def judged(facts_are_whole: bool, blockers: Iterable[Blocker]) -> bool:
    """Did a gate look at all that it looks at?"""
    return facts_are_whole and not any(
        blocker.code in UNJUDGED or blocker.code.endswith(UNREAD) for blocker in blockers
    )


def latch_set(about: About, latch: LatchRecord) -> Alert:
    """The emergency stop was set by this execution."""
    return Alert(
        key=f"stop/{latch.number}",
        scope="",
        fingerprint="",
        subject=message.subject(about, "EMERGENCY STOP SET, builds are closed"),
        text=message.text(
            about,
            f"The emergency stop of {about.environment} is set. Nothing new is built; teardown stays open.",
            f"Why: {latch.reason}\nSince: {latch.recorded_at.isoformat()}\nRecord: {latch.number}",
            f"Do: see that {about.environment}.emergency_stop tears down what spends "
            f"(docs/runbooks/emergency-stop.md); when the cost is below the stop, trigger "
            f"{about.environment}.emergency_release with a reason",
        ),
    )


def unpublished(about: About, sentence: str) -> Alert:
    """The verdict is not, or not wholly, in the evidence; `sentence` is the blocker's."""
    code, _, rest = sentence.partition(" ")
    return Alert(
        key=f"unpublished/{about.execution_id}/{digest((code,))}",
        scope="",
        fingerprint="",
        subject=message.subject(about, f"{code}, the verdict is not in the evidence"),
        text=message.text(
            about,
            f"{about.phase.upper()} of {about.environment} could not put its verdict into the evidence. Nothing counts "
            "as passed.",
            "\n".join((code, *rest.split(" | "))),
        ),
    )


def without_verdict(about: About, run: str, reason: str) -> Alert:
    """A run ended failed, and no verdict of it is in the evidence: a deadline, or a worker that died."""
    return Alert(
        key=f"without_verdict/{f'{_asked(about)}/{reason}' if about.asked_by else run}",
        scope="",
        fingerprint="",
        subject=message.subject(about, "run failed without a verdict"),
        text=message.text(
            about,
            f"{about.phase.upper()} of {about.environment} failed, and there is no verdict of it.",
            f"Airflow says: {reason or 'nothing'}",
            "Do: open the run, read the log of the task that failed first, clear that task with everything downstream",
        ),
    )


def unusable_manifest(about: About, said: str) -> Alert:
    """No lane can run: a file that the manifest names cannot be used. `said`: file, line, field, what is allowed."""
    return Alert(
        key=f"manifest/{digest((said,))}",
        scope=MANIFEST,
        fingerprint="",
        subject=message.subject(about, f"MANIFEST-INVALID {said}"),
        text=message.text(
            about,
            f"{about.phase.upper()} of {about.environment} could not begin: a file of the manifest cannot be used.",
            f"MANIFEST-INVALID\n{said}",
            "Until then every phase fails without a verdict: no audit, no cost check, no end of a time to live, no "
            "teardown. This is told once.",
            "Do: mend what is named above, in include/environments or include/policies; then clear this run",
        ),
    )


def _asked(about: About) -> str:
    return f"{about.phase}/{about.asked_by}" if about.asked_by else ""


def _noticed(about: About, lane: LaneFound, notice: Notice) -> Alert:
    return Alert(
        key=f"notice/{notice.key}",
        scope="",
        fingerprint="",
        subject=message.subject(about, notice.summary),
        text=message.text(about, notice.summary, f"Do: {notice.remedy}", evidence=lane.uri),
    )


def _found(lanes: tuple[LaneFound, ...], verdict: tuple[Blocker, ...]) -> Iterator[tuple[str, Blocker]]:
    for lane in lanes:
        yield from ((lane.gate, blocker) for blocker in lane.blockers)
    yield from ((VERDICT_GATE, blocker) for blocker in of_its_own(verdict, lanes))


def of_its_own(verdict: tuple[Blocker, ...], lanes: tuple[LaneFound, ...]) -> list[Blocker]:
    """Blockers of the verdict that no lane has told already."""
    blocked = {f"{lane.lane} {lane.gate}" for lane in lanes if lane.blockers}
    not_run = {blocker.resource for blocker in verdict if blocker.code in FOLLOWS}
    return [
        blocker
        for blocker in verdict
        if not (blocker.code in _TOLD_BY_THE_LANE and blocker.summary.partition(":")[0] in blocked)
        and not (blocker.code in _OF_AN_EARLIER_RUN and blocker.resource in not_run)
    ]


def _headline(blockers: list[Blocker]) -> str:
    first = f"{blockers[0].code} {blockers[0].resource}"
    return first if len(blockers) == 1 else f"{first} and {len(blockers) - 1} more"
