"""PHASE-VERDICT, and the one word per lane beside it."""

from typing import Any

import pytest

from factories_control import NOW, empty_lane, failed_lane, lane, verdict_facts
from tidegate.gates.phase_verdict import GATE, lane_status
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.verdict import LaneResult, LaneStatus

OLDER = "e" * 64
REFUSED = Unreadable("AccessDenied: GetObject")
BROKEN = Unreadable("not a snapshot: 3 fields do not fit the schema")
BROKEN_LANE = lane(
    stored_digest=BROKEN,
    digest_valid=BROKEN,
    status=BROKEN,
    overall_pass=BROKEN,
    execution_id=BROKEN,
    environment=BROKEN,
    profile=BROKEN,
    expired=BROKEN,
)


def no_target(**changes: Any) -> LaneResult:
    """A lane of a stack that nobody asked for: skipped, and its snapshot says so."""
    given = {"status": Known("not_run"), "overall_pass": Known(False), "task_state": "skipped", "no_target": True}
    return lane(**{**given, **changes})


@pytest.mark.parametrize(
    ("result", "codes", "status"),
    [
        pytest.param(lane(), [], "pass", id="a-pass-of-this-run"),
        pytest.param(empty_lane(), ["LANE-NOT-RUN"], "not_run", id="never-reached"),
        pytest.param(empty_lane(task_state="skipped"), ["LANE-NOT-RUN"], "not_run", id="skipped-is-no-pass"),
        pytest.param(empty_lane(task_state="none"), ["LANE-NOT-RUN"], "not_run", id="not-scheduled"),
        pytest.param(empty_lane(task_state="removed"), ["LANE-NOT-RUN"], "not_run", id="removed-from-the-dag"),
        pytest.param(
            lane(status=Known("not_run"), overall_pass=Known(False)),
            ["LANE-NOT-RUN"],
            "not_run",
            id="a-snapshot-that-says-not-run",
        ),
        pytest.param(
            lane(status=Known("not_run"), overall_pass=Known(False), blockers=("x",)),
            ["LANE-NOT-RUN", "LANE-CONTRADICTORY"],
            "not_run",
            id="not-run-and-judged-all-the-same",
        ),
        pytest.param(no_target(), [], "skipped", id="no-target-and-skipped"),
        pytest.param(
            no_target(no_target=False), ["LANE-NOT-RUN"], "not_run", id="skipped-although-the-record-names-its-stack"
        ),
        pytest.param(no_target(task_state="success"), ["LANE-NOT-RUN"], "not_run", id="no-target-and-not-skipped"),
        pytest.param(
            no_target(handed_over_digest=Known(OLDER)),
            ["LANE-NOT-RUN", "LANE-SUPERSEDED"],
            "not_run",
            id="an-older-skip-does-not-stand-in",
        ),
        pytest.param(
            no_target(digest_valid=Known(False)), ["LANE-NOT-RUN", "LANE-TAMPERED"], "not_run", id="a-forged-skip"
        ),
        pytest.param(empty_lane(no_target=True), ["LANE-NOT-RUN"], "not_run", id="no-target-and-without-a-snapshot"),
        pytest.param(lane(no_target=True), ["LANE-NO-TARGET"], "fail", id="no-target-and-it-ran"),
        pytest.param(
            failed_lane(no_target=True), ["LANE-NO-TARGET", "LANE-BLOCKED"], "fail", id="no-target-and-it-failed"
        ),
        pytest.param(
            lane(handed_over_digest=Absent(), task_state="upstream_failed"),
            ["LANE-NOT-RUN", "LANE-SUPERSEDED"],
            "not_run",
            id="an-older-pass-does-not-stand-in-for-a-lane-not-reached",
        ),
        pytest.param(empty_lane(task_state="failed"), ["LANE-MISSING"], "fail", id="failed-without-a-snapshot"),
        pytest.param(empty_lane(task_state="success"), ["LANE-MISSING"], "fail", id="succeeded-without-a-snapshot"),
        pytest.param(
            empty_lane(task_state="success", handed_over_digest=Known(OLDER)),
            ["LANE-MISSING"],
            "fail",
            id="handed-over-and-never-stored",
        ),
        pytest.param(lane(expired=Absent()), ["LANE-MISSING"], "fail", id="an-incomplete-snapshot"),
        pytest.param(failed_lane(), ["LANE-BLOCKED"], "fail", id="a-closed-gate"),
        pytest.param(
            failed_lane(blockers=()), ["LANE-CONTRADICTORY", "LANE-BLOCKED"], "fail", id="a-failure-without-blockers"
        ),
        pytest.param(
            lane(handed_over_digest=Known(OLDER)), ["LANE-SUPERSEDED"], "stale", id="a-newer-snapshot-than-handed-over"
        ),
        pytest.param(
            lane(handed_over_digest=Absent()), ["LANE-SUPERSEDED"], "stale", id="an-older-pass-never-stands-in"
        ),
        pytest.param(
            lane(handed_over_digest=Absent(), task_state="failed"),
            ["LANE-SUPERSEDED", "LANE-TASK-FAILED"],
            "fail",
            id="nor-for-a-try-that-crashed",
        ),
        pytest.param(lane(digest_valid=Known(False)), ["LANE-TAMPERED"], "fail", id="content-that-was-changed"),
        pytest.param(
            lane(digest_valid=REFUSED), ["LANE-UNREADABLE", "LANE-TAMPERED"], "fail", id="a-digest-nobody-could-check"
        ),
        pytest.param(lane(expired=Known(True)), ["LANE-STALE"], "stale", id="an-expired-pass"),
        pytest.param(
            lane(status=Known("stale"), overall_pass=Known(False), blockers=("x",)),
            ["LANE-STALE"],
            "stale",
            id="a-snapshot-that-says-stale",
        ),
        pytest.param(
            lane(expired=Known(True), handed_over_digest=Known(OLDER)),
            ["LANE-SUPERSEDED", "LANE-STALE"],
            "stale",
            id="expired-and-superseded",
        ),
        pytest.param(lane(task_state="failed"), ["LANE-TASK-FAILED"], "fail", id="the-apply-failed-after-the-pass"),
        pytest.param(lane(task_state="running"), ["LANE-TASK-FAILED"], "fail", id="not-finished-is-not-success"),
        pytest.param(lane(task_state="skipped"), ["LANE-TASK-FAILED"], "fail", id="skipped-after-the-pass"),
        pytest.param(lane(overall_pass=Known(False)), ["LANE-CONTRADICTORY"], "fail", id="pass-and-not-passed"),
        pytest.param(
            failed_lane(overall_pass=Known(True)), ["LANE-CONTRADICTORY", "LANE-BLOCKED"], "fail", id="fail-and-passed"
        ),
        pytest.param(lane(blockers=("x",)), ["LANE-CONTRADICTORY"], "fail", id="a-pass-with-blockers"),
        pytest.param(
            lane(status=Known("fine"), overall_pass=Known(False), blockers=("x",)),
            ["LANE-CONTRADICTORY"],
            "fail",
            id="a-status-that-nobody-knows",
        ),
        pytest.param(BROKEN_LANE, ["LANE-UNREADABLE"], "fail", id="a-broken-snapshot"),
        pytest.param(
            empty_lane(stored_digest=REFUSED, task_state="success"),
            ["LANE-UNREADABLE"],
            "fail",
            id="evidence-unreachable",
        ),
        pytest.param(
            empty_lane(stored_digest=REFUSED),
            ["LANE-NOT-RUN", "LANE-UNREADABLE"],
            "not_run",
            id="not-reached-and-unread",
        ),
        pytest.param(lane(handed_over_digest=REFUSED), ["LANE-UNREADABLE"], "fail", id="the-hand-over-unreadable"),
    ],
)
def test_blockers_and_status_of_a_lane(result: LaneResult, codes: list[str], status: LaneStatus) -> None:
    """The codes, in order, and the word for the table."""
    assert [blocker.code for blocker in GATE.evaluate(verdict_facts(result), judged_at=NOW)] == codes
    assert lane_status(result) == status


@pytest.mark.parametrize(
    ("result", "observed"),
    [
        pytest.param(lane(execution_id=Known("m2_1")), "execution_id m2_1", id="a-snapshot-of-another-run"),
        pytest.param(lane(environment=Known("dev_full")), "environment dev_full", id="of-another-environment"),
        pytest.param(lane(profile=Known("sandbox")), "profile sandbox", id="of-the-sandbox"),
    ],
)
def test_a_foreign_snapshot_does_not_count(result: LaneResult, observed: str) -> None:
    """However good it is."""
    (blocker,) = GATE.evaluate(verdict_facts(result), judged_at=NOW)
    assert (blocker.code, blocker.observed) == ("LANE-FOREIGN", observed)


def test_a_phase_without_lanes_is_not_passed() -> None:
    """Nothing is no pass."""
    facts = verdict_facts()
    assert GATE.evaluate(facts, judged_at=NOW) == ()
    (blocker,) = GATE.evaluate(verdict_facts(lanes=()), judged_at=NOW)
    assert blocker.code == "VERDICT-EMPTY"


def test_every_lane_is_judged() -> None:
    """No majority: passes beside it do not help a lane, and one failure does not hide the next."""
    facts = verdict_facts(lane(), failed_lane(), lane(), empty_lane(), lane(digest_valid=Known(False)))
    codes = [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]
    assert codes == ["LANE-BLOCKED", "LANE-NOT-RUN", "LANE-TAMPERED"]


def test_the_blockers_of_a_closed_gate_are_repeated() -> None:
    """So that the log of the verdict alone says what to do."""
    (blocker,) = GATE.evaluate(verdict_facts(failed_lane(blockers=("LATCH-SET a", "LEASE-HELD b"))), judged_at=NOW)
    assert blocker.observed == "LATCH-SET a || LEASE-HELD b"
    assert blocker.summary.startswith("M2.A BUILD-READINESS")


def test_one_reason_is_said_once() -> None:
    """A broken snapshot makes every field unreadable for the same reason."""
    (blocker,) = GATE.evaluate(verdict_facts(BROKEN_LANE), judged_at=NOW)
    assert blocker.observed.count("3 fields do not fit the schema") == 1
    assert "stored_digest, digest_valid, status" in blocker.observed


def test_a_blocker_names_the_snapshot_or_else_the_task() -> None:
    """So that one knows where to look."""
    (stale,) = GATE.evaluate(verdict_facts(lane(expired=Known(True))), judged_at=NOW)
    assert stale.resource == lane().uri
    (missing,) = GATE.evaluate(verdict_facts(empty_lane(uri="")), judged_at=NOW)
    assert missing.resource == empty_lane().task


def test_a_lane_that_was_unread_for_two_reasons_says_both() -> None:
    facts = verdict_facts(lane(status=REFUSED, profile=BROKEN, expired=REFUSED))
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.observed == (
        "status, expired: unreadable: AccessDenied: GetObject; "
        "profile: unreadable: not a snapshot: 3 fields do not fit the schema"
    )
