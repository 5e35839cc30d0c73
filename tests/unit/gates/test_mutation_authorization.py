"""MUTATION-AUTHORIZATION."""

from dataclasses import replace
from typing import Any

import pytest

import factories_control as factories
from factories_control import (
    NOW,
    OURS,
    PLAN_SHA256,
    STATE,
    THEIRS,
    authorization_facts,
    authorization_left_alone,
    caller,
    guard,
    intent,
    latch,
    lock,
    platform_run,
    readiness_guard,
    static_keys,
)
from factories_time_to_live import ended_life, time_to_live
from tidegate.gates.mutation_authorization import GATE
from tidegate.models.authorization import AuthorizationFacts
from tidegate.models.control import Control, Lease
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import StateVersion

REFUSED = Unreadable("AccessDenied")
HELD = Known((lock(),))
ALTERED = "c" * 64
FIRST_PLAN = Known(guard(state_serial=None, state_lineage=None))


def control(**changes: Any) -> Control:
    """Control records with the open platform run that these builds work on."""
    return factories.control(**{"platform_run": Known(platform_run(closed_by=None)), **changes})


def guarded(**changes: Any) -> AuthorizationFacts:
    """Facts whose plan guard differs."""
    return authorization_facts(guards=(Known(readiness_guard()), Known(guard(**changes))))


def controlled(direction: str = "build", **changes: Any) -> AuthorizationFacts:
    """Facts with other control records."""
    return authorization_facts(direction=direction, control=control(**changes))


def stated(**changes: Any) -> Known[StateVersion]:
    """Another state of demo."""
    values = {"key": STATE.key, "lineage": STATE.lineage, "serial": STATE.serial, "version_id": STATE.version_id}
    return Known(StateVersion(**values | {"terraform_version": "1.12.2", "resource_count": 19} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(authorization_facts(), [], id="nothing-changed-since-the-plan"),
        pytest.param(authorization_facts(direction="destroy"), [], id="a-destroy-nothing-changed"),
        pytest.param(
            authorization_facts(direction="destroy", ended_lives=(ended_life(),)), [], id="a-destroy-at-its-end"
        ),
        pytest.param(
            authorization_facts(direction="destroy", ended_lives=(ended_life(record=Known(time_to_live())),)),
            ["TIME-TO-LIVE-MOVED"],
            id="a-destroy-of-what-was-extended",
        ),
        pytest.param(
            authorization_facts(direction="destroy", ended_lives=(ended_life(record=REFUSED),)),
            ["TIME-TO-LIVE-MOVED"],
            id="a-destroy-whose-end-is-unreadable",
        ),
        pytest.param(
            authorization_facts(caller=caller(account_id=Known("1"))), ["ACCOUNT-MISMATCH"], id="another-account"
        ),
        pytest.param(
            authorization_facts(caller=caller(static_keys=static_keys("~/.boto"))),
            ["STATIC-KEY-FOUND"],
            id="a-static-key",
        ),
        pytest.param(authorization_facts(guards=()), ["GUARD-MISSING", "PLAN-UNGUARDED"], id="no-guards"),
        pytest.param(
            authorization_facts(guards=(Absent(), Known(guard()))), ["GUARD-MISSING"], id="one-guard-never-handed-over"
        ),
        pytest.param(
            authorization_facts(guards=(Known(readiness_guard()), REFUSED)),
            ["GUARD-UNREADABLE", "PLAN-UNGUARDED"],
            id="the-plan-guard-unreadable",
        ),
        pytest.param(
            authorization_facts(guards=(Known(readiness_guard()),)), ["PLAN-UNGUARDED"], id="no-guard-saw-the-plan"
        ),
        pytest.param(guarded(status="fail", overall_pass=False), ["GUARD-NOT-PASSED"], id="a-failed-guard"),
        pytest.param(guarded(status="stale"), ["GUARD-NOT-PASSED"], id="a-stale-guard-that-says-pass"),
        pytest.param(
            guarded(status="fail", overall_pass=False, stopping=()), [], id="a-failed-guard-that-is-about-other-stacks"
        ),
        pytest.param(
            guarded(status="fail", overall_pass=False, stopping=("PLAN-UNREADABLE demo",)),
            ["GUARD-NOT-PASSED"],
            id="a-failed-guard-that-is-about-this-one",
        ),
        pytest.param(guarded(stopping=("X y",)), ["GUARD-NOT-PASSED"], id="a-passed-guard-that-stops-all-the-same"),
        pytest.param(
            guarded(status="not_run", overall_pass=False, stopping=()), ["GUARD-NOT-PASSED"], id="a-guard-not-run"
        ),
        pytest.param(
            guarded(status="fail", overall_pass=True, stopping=()), ["GUARD-NOT-PASSED"], id="a-guard-that-says-both"
        ),
        pytest.param(guarded(overall_pass=False), ["GUARD-NOT-PASSED"], id="a-guard-that-contradicts-itself"),
        pytest.param(guarded(sha256_stored=ALTERED), ["GUARD-DIGEST-MISMATCH"], id="stored-is-not-handed-over"),
        pytest.param(
            guarded(sha256_stored="", sha256_recorded=""),
            ["GUARD-DIGEST-MISMATCH"],
            id="two-empty-digests-vouch-for-nothing",
        ),
        pytest.param(guarded(expired=True), ["GUARD-EXPIRED"], id="an-expired-guard"),
        pytest.param(
            authorization_facts(guards=(Known(readiness_guard(expired=True)), Known(guard()))),
            ["GUARD-EXPIRED"],
            id="an-expired-guard-without-a-plan",
        ),
        pytest.param(authorization_facts(plan_file_sha256=Known(ALTERED)), ["PLAN-ALTERED"], id="an-altered-plan-file"),
        pytest.param(
            authorization_facts(guards=(Known(guard()), Known(guard(plan_sha256=ALTERED)))),
            ["PLAN-ALTERED"],
            id="two-guards-saw-two-plans",
        ),
        pytest.param(authorization_facts(plan_file_sha256=Absent()), ["PLAN-FILE-MISSING"], id="the-plan-file-is-gone"),
        pytest.param(
            authorization_facts(plan_file_sha256=REFUSED), ["PLAN-FILE-UNREADABLE"], id="plan-file-unreadable"
        ),
        pytest.param(authorization_facts(state=stated(serial=8)), ["STATE-MOVED"], id="the-state-was-written-since"),
        pytest.param(authorization_facts(state=stated(lineage="other")), ["STATE-MOVED"], id="the-state-was-replaced"),
        pytest.param(authorization_facts(state=Absent()), ["STATE-MOVED"], id="the-state-is-gone"),
        pytest.param(authorization_facts(state=Absent(), guards=(FIRST_PLAN,)), [], id="a-first-build-has-no-state"),
        pytest.param(
            authorization_facts(guards=(FIRST_PLAN,)), ["STATE-MOVED"], id="a-state-appeared-since-a-first-plan"
        ),
        pytest.param(
            authorization_facts(state=stated(terraform_version="1.15.5")),
            ["STATE-NEWER-TERRAFORM"],
            id="a-newer-terraform-wrote-it-since",
        ),
        pytest.param(
            authorization_facts(state=stated(terraform_version="1.15.5"), direction="destroy"),
            ["STATE-NEWER-TERRAFORM"],
            id="a-destroy-does-not-follow-a-newer-terraform-either",
        ),
        pytest.param(
            authorization_facts(state=stated(terraform_version="")),
            ["STATE-TERRAFORM-UNPARSABLE"],
            id="nobody-knows-what-wrote-it",
        ),
        pytest.param(authorization_facts(state=REFUSED), ["STATE-UNREADABLE"], id="state-unreadable"),
        pytest.param(controlled(lease=THEIRS), ["LEASE-NOT-OURS"], id="another-run-took-the-lease"),
        pytest.param(
            controlled(lease=Lease(ours=False, holder=OURS.holder)), ["LEASE-NOT-OURS"], id="our-lease-expired"
        ),
        pytest.param(controlled(lease=Lease(ours=False, holder=Absent())), ["LEASE-NOT-OURS"], id="nobody-holds-it"),
        pytest.param(controlled(lease=Lease(ours=True, holder=Absent())), ["LEASE-MISSING"], id="ours-and-not-there"),
        pytest.param(controlled(lease=Lease(ours=True, holder=REFUSED)), ["LEASE-UNREADABLE"], id="ours-and-unread"),
        pytest.param(controlled(lease=Lease(ours=False, holder=REFUSED)), ["LEASE-UNREADABLE"], id="lease-unreadable"),
        pytest.param(controlled(latch=Known(latch(is_set=True))), ["LATCH-SET"], id="emergency-stop-during-a-build"),
        pytest.param(controlled(latch=REFUSED), ["LATCH-UNREADABLE"], id="a-build-does-not-guess-the-latch"),
        pytest.param(controlled(latch=Absent()), [], id="a-latch-that-was-never-set"),
        pytest.param(controlled("destroy", latch=Known(latch(is_set=True))), [], id="a-destroy-ignores-a-set-latch"),
        pytest.param(controlled("destroy", latch=REFUSED), [], id="a-destroy-ignores-an-unreadable-latch"),
        pytest.param(
            controlled("repair", latch=Known(latch(is_set=True))), ["LATCH-SET"], id="whatever-is-no-destroy-is-a-build"
        ),
        pytest.param(controlled(platform_run=Known(platform_run(closed_by=None))), [], id="its-platform-run-is-open"),
        pytest.param(authorization_facts(locks=HELD), ["STATE-LOCKED"], id="somebody-holds-the-state"),
        pytest.param(
            authorization_facts(locks=Known((lock(), lock(id="2")))), ["STATE-LOCKED", "STATE-LOCKED"], id="two-locks"
        ),
        pytest.param(
            authorization_facts(locks=Known((lock(), lock(kind="s3-lockfile")))), ["STATE-LOCKED"], id="one-lock-twice"
        ),
        pytest.param(
            authorization_facts(locks=Known((lock(damage="it says no time"),))),
            ["STATE-LOCK-DAMAGED"],
            id="a-damaged-lock",
        ),
        pytest.param(authorization_facts(locks=REFUSED), ["STATE-LOCK-UNREADABLE"], id="lock-unreadable"),
        pytest.param(authorization_facts(locks=Absent()), ["LOCK-TABLE-MISSING"], id="no-lock-table"),
        pytest.param(authorization_facts(intent=Absent()), [], id="no-terraform-was-recorded"),
        pytest.param(
            authorization_facts(intent=Known(intent(liveness="live"))),
            ["TERRAFORM-STILL-RUNNING"],
            id="a-live-terraform",
        ),
        pytest.param(
            authorization_facts(intent=Known(intent(liveness="unknown"))),
            ["TERRAFORM-STILL-RUNNING"],
            id="a-terraform-that-may-live",
        ),
        pytest.param(authorization_facts(intent=REFUSED), ["INTENT-UNREADABLE"], id="intent-unreadable"),
        pytest.param(
            authorization_facts(evidence_writable=Known(False)), ["EVIDENCE-UNREACHABLE"], id="evidence-not-writable"
        ),
        pytest.param(authorization_facts(evidence_writable=REFUSED), ["EVIDENCE-UNREACHABLE"], id="evidence-refused"),
        pytest.param(
            authorization_facts(
                guards=(),
                plan_file_sha256=Absent(),
                state=REFUSED,
                control=control(lease=THEIRS, latch=REFUSED),
                locks=HELD,
                intent=REFUSED,
                evidence_writable=Absent(),
            ),
            [
                "GUARD-MISSING",
                "PLAN-UNGUARDED",
                "PLAN-FILE-MISSING",
                "STATE-UNREADABLE",
                "LEASE-NOT-OURS",
                "LATCH-UNREADABLE",
                "STATE-LOCKED",
                "INTENT-UNREADABLE",
                "EVIDENCE-UNREACHABLE",
            ],
            id="says-all-of-it",
        ),
    ],
)
def test_blockers(facts: AuthorizationFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "observed", "expected"),
    [
        pytest.param(
            authorization_facts(plan_file_sha256=Known(ALTERED)),
            f"sha256 {ALTERED}",
            f"sha256 {PLAN_SHA256}",
            id="both-plan-digests",
        ),
        pytest.param(
            authorization_facts(state=stated(serial=8)),
            "serial 8 of lineage 6a1f0c1e",
            "serial 7 of lineage 6a1f0c1e",
            id="both-serials",
        ),
        pytest.param(
            authorization_facts(state=Absent()), "no state", "serial 7 of lineage 6a1f0c1e", id="no-state-where-one-was"
        ),
        pytest.param(
            controlled(lease=THEIRS),
            "held by dev_min.m9_teardown_cost_check run nightly (m9_20260213T200000Z) "
            "since 2026-02-13T20:09:27+00:00, expires 2026-02-13T20:44:27+00:00",
            "this run, not expired",
            id="the-holder-of-the-lease",
        ),
        pytest.param(
            authorization_facts(intent=Known(intent(liveness="live"))),
            "apply of dev_min.m2_substrate_build/manual__old/f_demo.apply (m2_20260213T190000Z) on worker-3, live",
            "no terraform, or one that is known to have ended",
            id="the-terraform-that-runs",
        ),
        pytest.param(
            authorization_facts(locks=HELD),
            "worker-3 holds lock 0f9e (dynamodb) for OperationTypeApply since 2026-02-13T18:14:27+00:00",
            "no lock, and no terraform that may still run",
            id="the-holder-of-the-lock",
        ),
    ],
)
def test_both_sides_are_shown(facts: AuthorizationFacts, observed: str, expected: str) -> None:
    """What was seen, and what should have been."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.observed, blocker.expected) == (observed, expected)


@pytest.mark.parametrize(
    "newest",
    [
        pytest.param(Known(platform_run()), id="closed-since"),
        pytest.param(Known(platform_run(id="platform_20260213T000000Z", closed_by=None)), id="another-one"),
        pytest.param(Absent(), id="none"),
        pytest.param(Unreadable("denied"), id="unreadable"),
    ],
)
def test_a_build_works_only_on_the_platform_run_that_it_opened(newest: Any) -> None:
    facts = authorization_facts()
    moved = replace(facts, control=replace(facts.control, platform_run=newest))
    assert [blocker.code for blocker in GATE.evaluate(moved, judged_at=NOW)] == ["PLATFORM-RUN-NOT-OURS"]
    assert GATE.evaluate(replace(moved, direction="destroy"), judged_at=NOW) == ()


def test_a_guard_that_passed_under_another_policy_is_stale() -> None:
    facts = authorization_facts(guards=(Known(readiness_guard()), Known(guard(policy_changed=True))))
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == ["GUARD-STALE"]


@pytest.mark.parametrize(
    ("facts", "resource", "observed", "expected"),
    [
        pytest.param(
            authorization_facts(guards=(Absent(), Known(guard()))),
            "guard 1 of 2 of stack demo",
            "none",
            "a snapshot that passed in this run",
            id="the-first-guard",
        ),
        pytest.param(
            authorization_facts(locks=HELD),
            "state of demo",
            "worker-3 holds lock 0f9e (dynamodb) for OperationTypeApply since 2026-02-13T18:14:27+00:00",
            "no lock, and no terraform that may still run",
            id="whose-state-is-locked",
        ),
        pytest.param(
            authorization_facts(guards=(Known(guard()), Known(guard())), plan_file_sha256=Absent()),
            "plan of demo",
            "none",
            f"{PLAN_SHA256} and {PLAN_SHA256}",
            id="every-plan-that-was-guarded",
        ),
        pytest.param(
            controlled(lease=Lease(ours=False, holder=Absent())),
            "run lease",
            "nobody",
            "this run, not expired",
            id="a-lease-that-nobody-holds",
        ),
        pytest.param(
            controlled(platform_run=Known(platform_run())),
            "platform run",
            f"{platform_run().id}, closed",
            f"{authorization_facts().platform_run}, open",
            id="a-closed-platform-run",
        ),
        pytest.param(
            controlled(platform_run=Known(platform_run(id="platform_20260213T000000Z", closed_by=None))),
            "platform run",
            "platform_20260213T000000Z, open",
            f"{authorization_facts().platform_run}, open",
            id="another-open-platform-run",
        ),
    ],
)
def test_where_and_both_sides(facts: AuthorizationFacts, resource: str, observed: str, expected: str) -> None:
    """What it is about, what was seen, and what should have been."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed, blocker.expected) == (resource, observed, expected)


def test_half_of_a_state_is_not_called_no_state() -> None:
    """A lineage without a serial is not the same as nothing at all."""
    (blocker,) = GATE.evaluate(guarded(state_serial=None, state_lineage="abc"), judged_at=NOW)
    assert blocker.expected == "an unknown serial of lineage abc"
    (blocker,) = GATE.evaluate(guarded(state_serial=3, state_lineage=None), judged_at=NOW)
    assert blocker.expected == "serial 3 of an unknown lineage"
    (blocker,) = GATE.evaluate(authorization_facts(guards=(FIRST_PLAN,)), judged_at=NOW)
    assert blocker.expected == "no state"


def test_the_way_out_of_the_latch_is_named() -> None:
    """CO4: the DAG of this environment that releases it."""
    (blocker,) = GATE.evaluate(controlled(latch=Known(latch(is_set=True))), judged_at=NOW)
    assert "trigger dev_min.emergency_release " in blocker.remedy.text


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(authorization_left_alone(), [], id="nothing-to-apply"),
        pytest.param(authorization_left_alone(locks=HELD), [], id="its-locks-are-not-ours"),
        pytest.param(authorization_left_alone(state=REFUSED), [], id="the-verify-lane-judges-its-state"),
        pytest.param(authorization_left_alone(direction="build"), ["TARGET-CONTRADICTORY"], id="a-build"),
        pytest.param(
            authorization_left_alone(plan_file_sha256=Known(PLAN_SHA256)), ["TARGET-CONTRADICTORY"], id="a-plan-file"
        ),
        pytest.param(
            authorization_left_alone(plan_file_sha256=REFUSED), ["TARGET-CONTRADICTORY"], id="an-unread-plan-file"
        ),
        pytest.param(
            authorization_left_alone(guards=(Known(readiness_guard()), Known(guard()))),
            ["TARGET-CONTRADICTORY"],
            id="a-plan-was-judged",
        ),
        pytest.param(authorization_left_alone(guards=()), ["GUARD-MISSING"], id="no-guard"),
        pytest.param(
            authorization_left_alone(guards=(Known(readiness_guard(status="fail", overall_pass=False)),)),
            ["GUARD-NOT-PASSED"],
            id="a-closed-guard",
        ),
        pytest.param(authorization_left_alone(evidence_writable=REFUSED), ["EVIDENCE-UNREACHABLE"], id="no-evidence"),
    ],
)
def test_a_stack_that_is_left_alone(facts: AuthorizationFacts, codes: list[str]) -> None:
    assert facts.targeted is False
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_what_contradicts_is_shown() -> None:
    (blocker,) = GATE.evaluate(authorization_left_alone(plan_file_sha256=Known(PLAN_SHA256)), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == ("stack confluent", f"plan file {PLAN_SHA256}")


def test_a_teardown_that_lost_its_reason_names_the_dag_for_another() -> None:
    facts = authorization_facts(direction="destroy", ended_lives=(ended_life(record=Known(time_to_live())),))
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert "trigger dev_min.m9_teardown_cost_check with target = demo" in blocker.remedy.text
