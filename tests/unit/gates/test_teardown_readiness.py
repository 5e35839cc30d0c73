"""TEARDOWN-READINESS."""

from dataclasses import replace
from typing import Any

import pytest

from factories_control import (
    NOW,
    THEIRS,
    caller,
    control,
    latch,
    lock,
    platform_run,
    stack_locks,
    stack_state,
    teardown_readiness_facts,
    written_by,
)
from factories_time_to_live import ended_life, time_to_live
from tidegate.gates.teardown_readiness import GATE
from tidegate.models.control import Lease
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.readiness import LaneGap, TeardownReadinessFacts

REFUSED = Unreadable("AccessDenied")
HELD = Known((lock(),))
LATER = Known(time_to_live())


def controlled(**changes: Any) -> TeardownReadinessFacts:
    """Facts with other control records."""
    return teardown_readiness_facts(control=control(**changes))


def locked(**changes: Any) -> TeardownReadinessFacts:
    """Facts with other locks on demo."""
    return teardown_readiness_facts(locks=(stack_locks(**changes),))


def ended(**changes: Any) -> TeardownReadinessFacts:
    """Facts of a teardown that an ended time to live triggered."""
    return teardown_readiness_facts(ended_lives=(ended_life(**changes),))


def stated(version: Any) -> TeardownReadinessFacts:
    """Facts with another state of demo."""
    return teardown_readiness_facts(states=(stack_state(version=version),))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(teardown_readiness_facts(), [], id="confirmed-and-free"),
        pytest.param(
            teardown_readiness_facts(
                target=("confluent", "demo"), locks=(stack_locks(stack="confluent"), stack_locks(stack="demo"))
            ),
            [],
            id="two-targets",
        ),
        pytest.param(controlled(latch=Known(latch(is_set=True))), [], id="a-set-latch-does-not-stop-a-teardown"),
        pytest.param(controlled(latch=REFUSED), [], id="nor-does-an-unreadable-one"),
        pytest.param(controlled(platform_run=REFUSED), [], id="nor-does-unreadable-history"),
        pytest.param(controlled(platform_run=Absent()), [], id="nor-does-no-history"),
        pytest.param(
            controlled(platform_run=Known(platform_run(closed_by=None))), [], id="an-open-platform-run-is-why"
        ),
        pytest.param(
            teardown_readiness_facts(lane_gaps=(LaneGap(stack="edge", missing="destroy"),)),
            ["STACK-WITHOUT-LANE"],
            id="a-stack-without-lanes",
        ),
        pytest.param(
            teardown_readiness_facts(caller=caller(role=Known("admin"))), ["ROLE-MISMATCH"], id="another-role"
        ),
        pytest.param(stated(Absent()), [], id="nothing-was-ever-built"),
        pytest.param(stated(written_by("1.12.1")), [], id="an-older-terraform-wrote-the-state"),
        pytest.param(stated(written_by("1.15.5")), ["STATE-NEWER-TERRAFORM"], id="a-newer-terraform-wrote-the-state"),
        pytest.param(stated(written_by("x")), ["STATE-TERRAFORM-UNPARSABLE"], id="state-written-by-who-knows"),
        pytest.param(stated(REFUSED), ["STATE-UNREADABLE"], id="state-unreadable"),
        pytest.param(teardown_readiness_facts(states=()), ["STATE-NOT-READ"], id="nobody-looked-at-the-state"),
        pytest.param(ended(), [], id="its-time-has-ended"),
        pytest.param(ended(record=LATER), ["TIME-TO-LIVE-MOVED"], id="it-was-built-again-since"),
        pytest.param(
            teardown_readiness_facts(ended_lives=(ended_life(), ended_life(stack="shop", record=LATER))),
            [],
            id="one-of-another-stack-says-nothing-of-the-target",
        ),
        pytest.param(ended(record=Absent()), ["TIME-TO-LIVE-MOVED"], id="no-record-of-its-time"),
        pytest.param(ended(record=REFUSED), ["TIME-TO-LIVE-MOVED"], id="its-time-unreadable"),
        pytest.param(ended(triggered_by=REFUSED), ["TIME-TO-LIVE-MOVED"], id="an-end-that-is-no-time"),
        pytest.param(controlled(lease=THEIRS), ["LEASE-HELD"], id="another-run-works-here"),
        pytest.param(controlled(lease=Lease(ours=False, holder=REFUSED)), ["LEASE-UNREADABLE"], id="lease-unreadable"),
        pytest.param(teardown_readiness_facts(confirm=""), ["CONFIRM-MISMATCH"], id="not-confirmed"),
        pytest.param(teardown_readiness_facts(confirm="dev_full"), ["CONFIRM-MISMATCH"], id="another-name-confirmed"),
        pytest.param(teardown_readiness_facts(confirm="DEV_MIN"), ["CONFIRM-MISMATCH"], id="the-name-must-be-exact"),
        pytest.param(
            teardown_readiness_facts(environment="", confirm=""), ["CONFIRM-MISMATCH"], id="nothing-confirms-nothing"
        ),
        pytest.param(teardown_readiness_facts(target=()), ["TARGET-NOT-DESTROYABLE"], id="no-target"),
        pytest.param(
            teardown_readiness_facts(target=("core",)), ["TARGET-NOT-DESTROYABLE"], id="core-is-never-offered"
        ),
        pytest.param(
            teardown_readiness_facts(target=("core", "demo", "dmo")),
            ["TARGET-NOT-DESTROYABLE", "TARGET-NOT-DESTROYABLE"],
            id="one-good-target-does-not-help-two-bad-ones",
        ),
        pytest.param(
            teardown_readiness_facts(destroyable=()), ["TARGET-NOT-DESTROYABLE"], id="nothing-is-destroyable-here"
        ),
        pytest.param(locked(locks=HELD, liveness="live"), ["STATE-LOCKED"], id="a-live-terraform"),
        pytest.param(locked(liveness="unknown"), ["STATE-LOCKED"], id="perhaps-alive-without-a-lock"),
        pytest.param(locked(locks=HELD, liveness="dead"), ["STATE-LOCK-STALE"], id="left-behind-by-a-dead-one"),
        pytest.param(locked(locks=REFUSED), ["STATE-LOCK-UNREADABLE"], id="lock-unreadable"),
        pytest.param(teardown_readiness_facts(locks=()), ["STATE-LOCK-MISSING"], id="nobody-looked-for-its-lock"),
        pytest.param(
            teardown_readiness_facts(locks=(stack_locks(stack="core"),)),
            ["STATE-LOCK-MISSING"],
            id="somebody-looked-for-another-lock",
        ),
        pytest.param(
            teardown_readiness_facts(evidence_writable=Known(False)),
            ["EVIDENCE-UNREACHABLE"],
            id="evidence-not-writable",
        ),
        pytest.param(
            teardown_readiness_facts(evidence_writable=REFUSED), ["EVIDENCE-UNREACHABLE"], id="evidence-refused"
        ),
        pytest.param(
            teardown_readiness_facts(evidence_writable=Absent()), ["EVIDENCE-UNREACHABLE"], id="no-evidence-store"
        ),
        pytest.param(
            teardown_readiness_facts(confirm="", target=(), locks=(), evidence_writable=REFUSED),
            ["CONFIRM-MISMATCH", "TARGET-NOT-DESTROYABLE", "EVIDENCE-UNREACHABLE"],
            id="says-all-of-it",
        ),
    ],
)
def test_blockers(facts: TeardownReadinessFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_the_confirmation_to_type_is_shown() -> None:
    """What was typed, and what to type."""
    (blocker,) = GATE.evaluate(teardown_readiness_facts(confirm="dev_full"), judged_at=NOW)
    assert (blocker.observed, blocker.expected) == ("confirm = 'dev_full'", "confirm = 'dev_min'")
    assert blocker.remedy.text == (
        "trigger dev_min.m9_teardown_cost_check with your own confirm. "
        "Clearing does not help: a run keeps what it was triggered with"
    )


def test_the_refused_target_and_the_offered_ones_are_named() -> None:
    """Which stack, and what may be chosen instead."""
    (blocker,) = GATE.evaluate(teardown_readiness_facts(target=("core",)), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == ("stack core", "target = core")
    assert blocker.expected == "one or more of demo+confluent"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(controlled(lease=THEIRS), True, id="a-held-lease"),
        pytest.param(locked(locks=HELD, liveness="unknown"), True, id="a-held-lock"),
        pytest.param(teardown_readiness_facts(confirm=""), False, id="a-missing-confirmation"),
        pytest.param(locked(locks=HELD, liveness="dead"), False, id="a-stale-lock"),
    ],
)
def test_time_alone_removes_only_what_others_hold(facts: TeardownReadinessFacts, expected: bool) -> None:
    """A sensor looks again only then."""
    assert GATE.may_clear_by_itself(GATE.evaluate(facts, judged_at=NOW)) is expected


@pytest.mark.parametrize(
    ("liveness", "remedy"),
    [
        ("live", "wait until it has finished; then clear this task"),
        ("unknown", "let its holder end the command"),
    ],
)
def test_what_to_do_about_a_holder(liveness: Any, remedy: str) -> None:
    """ST4: wait for one that lives; look for one of which nobody knows."""
    (blocker,) = GATE.evaluate(locked(locks=HELD, liveness=liveness), judged_at=NOW)
    assert blocker.remedy.text.startswith(remedy)


def test_what_was_asked_for_is_named() -> None:
    """A blank environment and an empty target have no name of their own."""
    blank = teardown_readiness_facts(environment="", confirm="")
    assert ("CONFIRM-MISMATCH", "environment") in [(it.code, it.resource) for it in GATE.evaluate(blank, judged_at=NOW)]
    (empty,) = GATE.evaluate(teardown_readiness_facts(target=()), judged_at=NOW)
    assert (empty.code, empty.resource, empty.observed) == ("TARGET-NOT-DESTROYABLE", "stack none", "target = none")


@pytest.mark.parametrize(
    ("writable", "observed"), [(Known(False), "not writable"), (REFUSED, "unreadable: AccessDenied")]
)
def test_the_store_that_takes_nothing_is_named(writable: Any, observed: str) -> None:
    (blocker,) = GATE.evaluate(teardown_readiness_facts(evidence_writable=writable), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == ("evidence bucket", observed)


def test_who_was_kept_waiting_by_a_build_that_renews_looks_again_and_then_stops() -> None:
    """Time mends the lease; a time that moved is no wait any more."""
    waiting = replace(ended(), control=control(lease=THEIRS))
    moved = replace(ended(record=LATER), control=control(lease=THEIRS))
    assert GATE.may_clear_by_itself(GATE.evaluate(waiting, judged_at=NOW))
    assert not GATE.may_clear_by_itself(GATE.evaluate(moved, judged_at=NOW))
