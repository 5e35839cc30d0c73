"""BUILD-READINESS, and with it the rules on lease, latch, platform run and held locks."""

from dataclasses import replace
from typing import Any

import pytest

from factories_control import (
    NOW,
    OURS,
    THEIRS,
    build_readiness_facts,
    caller,
    control,
    latch,
    lock,
    platform_run,
    stack_locks,
    stack_state,
    tools,
    written_by,
)
from tidegate.gates.build_readiness import GATE
from tidegate.models.control import Lease
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.readiness import BuildReadinessFacts, LaneGap

REFUSED = Unreadable("AccessDenied")
OPEN = Known(platform_run(id="platform_1", closed_by=None))
HELD = Known((lock(),))
GAPS = (LaneGap(stack="edge", missing="build"), LaneGap(stack="edge", missing="destroy"))


def controlled(*, goes_on: bool = False, **changes: Any) -> BuildReadinessFacts:
    """Facts with other control records."""
    return build_readiness_facts(control=control(**changes), continue_platform_run=goes_on)


def locked(**changes: Any) -> BuildReadinessFacts:
    """Facts with other locks on demo."""
    return build_readiness_facts(locks=(stack_locks(stack="core"), stack_locks(**changes)))


def stated(version: Any) -> BuildReadinessFacts:
    """Facts with another state of core."""
    return build_readiness_facts(states=(stack_state(stack="core", version=version), stack_state()))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(build_readiness_facts(), [], id="all-free"),
        pytest.param(
            build_readiness_facts(caller=caller(account_id=Known("1"))), ["ACCOUNT-MISMATCH"], id="another-account"
        ),
        pytest.param(build_readiness_facts(lane_gaps=GAPS), ["STACK-WITHOUT-LANE"] * 2, id="a-stack-without-lanes"),
        pytest.param(controlled(latch=Absent(), platform_run=Absent()), [], id="first-build-ever"),
        pytest.param(controlled(lease=THEIRS), ["LEASE-HELD"], id="another-run-works-here"),
        pytest.param(controlled(lease=Lease(ours=False, holder=REFUSED)), ["LEASE-UNREADABLE"], id="lease-unreadable"),
        pytest.param(
            controlled(lease=Lease(ours=True, holder=REFUSED)), ["LEASE-UNREADABLE"], id="lease-said-to-be-ours-unread"
        ),
        pytest.param(
            controlled(lease=Lease(ours=False, holder=Absent())), ["LEASE-MISSING"], id="lease-lost-in-a-race"
        ),
        pytest.param(controlled(latch=Known(latch(is_set=True))), ["LATCH-SET"], id="emergency-stop"),
        pytest.param(controlled(latch=REFUSED), ["LATCH-UNREADABLE"], id="latch-unreadable"),
        pytest.param(controlled(platform_run=OPEN), ["PLATFORM-RUN-OPEN"], id="last-platform-run-still-open"),
        pytest.param(controlled(platform_run=OPEN, goes_on=True), [], id="goes-on-with-the-open-one"),
        pytest.param(controlled(goes_on=True), ["PLATFORM-RUN-NOT-OPEN"], id="would-go-on-with-a-closed-one"),
        pytest.param(
            controlled(platform_run=Absent(), goes_on=True), ["PLATFORM-RUN-NOT-OPEN"], id="would-go-on-with-none"
        ),
        pytest.param(controlled(platform_run=REFUSED), ["PLATFORM-RUN-UNREADABLE"], id="platform-run-unreadable"),
        pytest.param(
            controlled(platform_run=REFUSED, goes_on=True),
            ["PLATFORM-RUN-UNREADABLE"],
            id="would-go-on-with-an-unread-one",
        ),
        pytest.param(locked(locks=HELD, liveness="live"), ["STATE-LOCKED"], id="a-live-terraform"),
        pytest.param(locked(locks=HELD, liveness="unknown"), ["STATE-LOCKED"], id="nobody-knows-whether-it-lives"),
        pytest.param(locked(locks=HELD, liveness="none"), ["STATE-LOCKED"], id="held-though-nobody-is-said-to-hold-it"),
        pytest.param(locked(liveness="live"), ["STATE-LOCKED"], id="alive-before-it-took-the-lock"),
        pytest.param(locked(liveness="unknown"), ["STATE-LOCKED"], id="perhaps-alive-without-a-lock"),
        pytest.param(locked(locks=HELD, liveness="dead"), ["STATE-LOCK-STALE"], id="left-behind-by-a-dead-one"),
        pytest.param(locked(liveness="dead"), [], id="dead-and-left-no-lock"),
        pytest.param(
            locked(locks=Known((lock(), lock(kind="s3-lockfile"))), liveness="dead"),
            ["STATE-LOCK-STALE"],
            id="both-kinds-of-one-lock",
        ),
        pytest.param(
            locked(locks=Known((lock(), lock(kind="s3-lockfile"))), liveness="unknown"),
            ["STATE-LOCKED"],
            id="both-kinds-of-one-lock-of-who-knows",
        ),
        pytest.param(
            locked(locks=Known((lock(id="", damage="it is empty", sha256="e3b0c44298fc1c"),)), liveness="unknown"),
            ["STATE-LOCK-DAMAGED"],
            id="a-damaged-lock",
        ),
        pytest.param(locked(locks=REFUSED), ["STATE-LOCK-UNREADABLE"], id="lock-unreadable"),
        pytest.param(locked(locks=Absent()), ["LOCK-TABLE-MISSING"], id="no-lock-table"),
        pytest.param(
            locked(locks=REFUSED, liveness="live"), ["STATE-LOCK-UNREADABLE", "STATE-LOCKED"], id="unreadable-and-alive"
        ),
        pytest.param(build_readiness_facts(locks=()), ["STATE-LOCK-MISSING"], id="nobody-looked-for-locks"),
        pytest.param(stated(Absent()), [], id="no-state-yet"),
        pytest.param(
            build_readiness_facts(
                states=(stack_state(stack="core", version=Absent()), stack_state(version=written_by("1.12.3")))
            ),
            ["STATE-NEWER-TERRAFORM"],
            id="a-stack-without-a-state-hides-no-other",
        ),
        pytest.param(stated(written_by("1.11.4")), [], id="an-older-terraform-wrote-the-state"),
        pytest.param(stated(written_by("1.12.2-rc1")), [], id="its-own-pre-release-wrote-the-state"),
        pytest.param(stated(written_by("1.12.3")), ["STATE-NEWER-TERRAFORM"], id="a-newer-terraform-wrote-the-state"),
        pytest.param(stated(written_by("1.12.10")), ["STATE-NEWER-TERRAFORM"], id="ten-is-more-than-two"),
        pytest.param(
            stated(written_by("1.13.0-beta1")), ["STATE-NEWER-TERRAFORM"], id="a-newer-pre-release-wrote-the-state"
        ),
        pytest.param(stated(written_by("soon")), ["STATE-TERRAFORM-UNPARSABLE"], id="state-written-by-who-knows"),
        pytest.param(stated(written_by("")), ["STATE-TERRAFORM-UNPARSABLE"], id="state-written-by-nobody"),
        pytest.param(stated(REFUSED), ["STATE-UNREADABLE"], id="state-unreadable"),
        pytest.param(build_readiness_facts(states=()), ["STATE-NOT-READ"] * 2, id="nobody-looked-at-the-states"),
        pytest.param(
            build_readiness_facts(tools=tools(terraform_version=Absent())),
            ["TERRAFORM-MISSING"],
            id="without-a-terraform-no-state-is-too-new",
        ),
        pytest.param(
            build_readiness_facts(tools=tools(terraform_version=Known("soon"))),
            ["TERRAFORM-VERSION-UNSUPPORTED"],
            id="a-terraform-of-no-version-is-refused-once",
        ),
        pytest.param(
            build_readiness_facts(
                control=control(lease=THEIRS, latch=Known(latch(is_set=True)), platform_run=OPEN),
                locks=(stack_locks(locks=HELD, liveness="live"),),
            ),
            ["LEASE-HELD", "LATCH-SET", "PLATFORM-RUN-OPEN", "STATE-LOCKED"],
            id="says-all-of-it",
        ),
    ],
)
def test_blockers(facts: BuildReadinessFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "observed"),
    [
        pytest.param(
            controlled(lease=THEIRS),
            "held by dev_min.m9_teardown_cost_check run nightly (m9_20260213T200000Z) "
            "since 2026-02-13T20:09:27+00:00, expires 2026-02-13T20:44:27+00:00",
            id="who-holds-the-lease",
        ),
        pytest.param(
            controlled(latch=Known(latch(is_set=True, reason="28 USD spent", recorded_by="m9_20260213T200000Z"))),
            "set at 2026-02-13T20:14:27+00:00 by m9_20260213T200000Z: 28 USD spent",
            id="why-the-latch-is-set",
        ),
        pytest.param(
            locked(locks=HELD, liveness="live", evidence="pid 7 on worker-3"),
            "worker-3 holds lock 0f9e (dynamodb) for OperationTypeApply since 2026-02-13T18:14:27+00:00; "
            "holder live: pid 7 on worker-3",
            id="who-holds-the-state",
        ),
        pytest.param(
            locked(liveness="unknown", evidence="pid 7 on worker-3"),
            "no lock, but a holder unknown: pid 7 on worker-3",
            id="who-may-hold-it-soon",
        ),
        pytest.param(
            locked(locks=Known((lock(created=None),)), liveness="dead", evidence="it ended"),
            "worker-3 holds lock 0f9e (dynamodb) for OperationTypeApply since an unknown time; holder dead: it ended",
            id="who-left-it",
        ),
    ],
)
def test_the_holder_is_named(facts: BuildReadinessFacts, observed: str) -> None:
    """ST4: who, for what, since when."""
    assert [blocker.observed for blocker in GATE.evaluate(facts, judged_at=NOW)] == [observed]


def test_both_ways_out_of_an_open_platform_run_are_named() -> None:
    """LC1: close it, or go on with it."""
    (blocker,) = GATE.evaluate(controlled(platform_run=OPEN), judged_at=NOW)
    assert "trigger dev_min.m9_teardown_cost_check with your own confirm" in blocker.remedy.text
    assert "trigger <environment>.m2_substrate_build with platform_run = continue" in blocker.remedy.text


def test_the_way_out_of_the_latch_names_the_environment_when_it_is_known() -> None:
    """Outside a managed lane the environment is left open."""
    facts = build_readiness_facts(control=control(latch=Known(latch(is_set=True))), tools=tools(managed_lane=Absent()))
    inside = GATE.evaluate(controlled(latch=Known(latch(is_set=True))), judged_at=NOW)
    outside = GATE.evaluate(facts, judged_at=NOW)
    assert "trigger dev_min.emergency_release with your own confirm and your own reason" in inside[0].remedy.text
    assert (
        "trigger <environment>.emergency_release with your own confirm and your own reason" in outside[-1].remedy.text
    )


def test_a_dead_lock_is_released_only_with_proof() -> None:
    """ST6."""
    (blocker,) = GATE.evaluate(locked(locks=HELD, liveness="dead"), judged_at=NOW)
    assert "release_dead_lock = true" in blocker.remedy.text
    assert "only with proof" in blocker.remedy.text


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(controlled(lease=THEIRS), True, id="a-held-lease"),
        pytest.param(locked(locks=HELD, liveness="live"), True, id="a-held-lock"),
        pytest.param(locked(locks=HELD, liveness="dead"), False, id="a-stale-lock"),
        pytest.param(controlled(lease=THEIRS, latch=REFUSED), False, id="a-held-lease-and-an-unreadable-latch"),
        pytest.param(build_readiness_facts(control=control(lease=OURS)), False, id="nothing-to-wait-for"),
    ],
)
def test_time_alone_removes_only_what_others_hold(facts: BuildReadinessFacts, expected: bool) -> None:
    """A sensor looks again only then."""
    assert GATE.may_clear_by_itself(GATE.evaluate(facts, judged_at=NOW)) is expected


def test_a_stack_without_a_lane_is_named() -> None:
    """Which stack, what is missing, and both ways out."""
    first, second = GATE.evaluate(build_readiness_facts(lane_gaps=GAPS), judged_at=NOW)
    assert (first.resource, first.observed, second.observed) == (
        "stack edge",
        "no lane to build it",
        "no lane to destroy it",
    )
    assert first.remedy.text.startswith(
        "set stacks.edge in include/environments/<environment>.yaml: remove it, or give it lanes"
    )


def test_a_newer_state_says_which_terraform_to_install() -> None:
    """ID2, ST7."""
    (blocker,) = GATE.evaluate(stated(written_by("1.15.5")), judged_at=NOW)
    assert blocker.resource == "state of core"
    assert blocker.observed == "written by terraform 1.15.5 (serial 7)"
    assert blocker.expected == "at most the worker's terraform 1.12.2"
    assert "install terraform >= 1.15.5" in blocker.remedy.text
    assert "requirements-terraform.txt" in blocker.remedy.text


@pytest.mark.parametrize(
    ("facts", "observed"),
    [
        (controlled(goes_on=True), f"{platform_run().id}, closed by {platform_run().closed_by}"),
        (controlled(platform_run=Absent(), goes_on=True), "none"),
    ],
)
def test_why_there_is_no_platform_run_to_go_on_with(facts: BuildReadinessFacts, observed: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.code, blocker.observed) == ("PLATFORM-RUN-NOT-OPEN", observed)


def repairing(stacks: str = "core", **changes: Any) -> BuildReadinessFacts:
    """A run that was asked for core alone."""
    facts = build_readiness_facts(stacks=stacks, persistent=("core",), locks=(stack_locks(stack="core"),))
    return replace(facts, **changes)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(repairing(control=control(latch=Known(latch(is_set=True)))), [], id="while-the-latch-is-set"),
        pytest.param(repairing(control=control(latch=REFUSED)), [], id="while-nobody-can-tell"),
        pytest.param(repairing(control=control(platform_run=OPEN)), [], id="while-a-platform-run-is-open"),
        pytest.param(repairing(control=control(platform_run=Absent())), [], id="while-none-ever-was"),
        pytest.param(repairing("demo"), ["STACKS-UNKNOWN"], id="demo-alone"),
        pytest.param(repairing(""), ["STACKS-UNKNOWN"], id="nothing"),
        pytest.param(repairing(control=control(lease=THEIRS)), ["LEASE-HELD"], id="while-another-run-works-here"),
        pytest.param(
            repairing(locks=(stack_locks(stack="core", locks=HELD, liveness="live"),)), ["STATE-LOCKED"], id="locked"
        ),
    ],
)
def test_core_alone(facts: BuildReadinessFacts, codes: list[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_where_there_is_doubt_auto_stops_and_names_both_ways() -> None:
    facts = replace(controlled(platform_run=OPEN), asked="auto", way="blocked", way_reason="M9 did not pass")
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.code, blocker.observed) == ("PLATFORM-RUN-UNDECIDED", "M9 did not pass")
    assert "platform_run = continue" in blocker.remedy.text
    assert "m9_teardown_cost_check" in blocker.remedy.text


def test_where_auto_goes_on_nothing_is_in_its_way() -> None:
    facts = replace(controlled(platform_run=OPEN, goes_on=True), asked="auto", way="continue", way_reason="x")
    assert GATE.evaluate(facts, judged_at=NOW) == ()
