"""STATE-LOCKS: who holds a state too long, and which terraform was lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from factories_audit import given_back, lock_state, locks_facts
from factories_control import intent, lock
from factories_world import NOW, apply_end
from tidegate.gates.state_locks import GATE
from tidegate.models.audit import StateLocksFacts
from tidegate.models.observed import Absent, Known, Unreadable

DARK = Unreadable("403")
LOST = Known(apply_end(returncode=None))


def codes(facts: StateLocksFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)]


def one(**changes: Any) -> StateLocksFacts:
    """Only demo, changed."""
    return locks_facts(expected_stacks=("demo",), stacks=(lock_state(**changes),))


def held(**changes: Any) -> StateLocksFacts:
    return one(locks=Known((lock(**changes),)))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(locks_facts(), [], id="nobody-holds-anything"),
        pytest.param(locks_facts(lease=Absent()), [], id="no-lease-ever"),
        pytest.param(held(created=NOW - timedelta(minutes=90)), [], id="just-young-enough"),
        pytest.param(held(created=NOW - timedelta(minutes=90, seconds=1)), ["LOCK-OLD"], id="old"),
        pytest.param(held(created=None), ["LOCK-AGE-UNKNOWN"], id="no-time"),
        pytest.param(held(created=NOW + timedelta(minutes=6)), ["LOCK-AGE-UNKNOWN"], id="of-the-future"),
        pytest.param(held(damage="it is empty"), ["STATE-LOCK-DAMAGED"], id="damaged"),
        pytest.param(
            one(locks=Known((lock(created=None),)), first_looks={"0f9e": NOW - timedelta(hours=2)}),
            ["LOCK-OLD"],
            id="without-a-time-it-ages-from-its-first-look",
        ),
        pytest.param(
            one(locks=Known((lock(created=None),)), first_looks={"0f9e": NOW - timedelta(minutes=5)}),
            [],
            id="and-may-be-young-by-it",
        ),
        pytest.param(
            one(
                locks=Known((lock(created=NOW - timedelta(minutes=5)),)),
                first_looks={"0f9e": NOW - timedelta(hours=2)},
            ),
            [],
            id="its-own-time-comes-first",
        ),
        pytest.param(
            one(
                locks=Known(
                    (
                        lock(created=NOW - timedelta(days=1)),
                        lock(created=NOW - timedelta(days=1), kind="s3-lockfile"),
                    )
                )
            ),
            ["LOCK-OLD"],
            id="table-and-file-of-one-lock",
        ),
        pytest.param(held(created=NOW + timedelta(minutes=5)), [], id="clocks-differ-a-little"),
        pytest.param(
            one(locks=Known((lock(created=NOW - timedelta(days=1)), lock(created=None)))),
            ["LOCK-OLD", "LOCK-AGE-UNKNOWN"],
            id="each-lock",
        ),
        pytest.param(one(locks=DARK), ["STATE-LOCK-UNREADABLE"], id="locks-unreadable"),
        pytest.param(one(locks=Absent()), ["LOCK-TABLE-MISSING"], id="no-lock-table"),
        pytest.param(one(intent=Known(intent(liveness="live"))), [], id="terraform-at-work"),
        pytest.param(one(intent=Known(intent(liveness="unknown"))), [], id="terraform-on-another-host"),
        pytest.param(one(intent=Known(intent(liveness="dead", operation="apply"))), ["TERRAFORM-LOST"], id="lost"),
        pytest.param(one(intent=Known(intent(liveness="dead", operation="plan"))), [], id="a-plan-may-be-lost"),
        pytest.param(one(intent=DARK), ["INTENT-UNREADABLE"], id="intents-unreadable"),
        pytest.param(one(last_apply=Known(apply_end())), [], id="the-newest-apply-ended"),
        pytest.param(one(last_apply=Known(apply_end(returncode=1))), [], id="the-newest-apply-failed"),
        pytest.param(one(last_apply=LOST), ["TERRAFORM-LOST"], id="a-later-record-hides-no-lost-apply"),
        pytest.param(
            one(last_apply=LOST, intent=Known(intent(liveness="dead", operation="plan"))),
            ["TERRAFORM-LOST"],
            id="nor-does-a-plan-that-was-lost-itself",
        ),
        pytest.param(one(last_apply=LOST, intent=Known(intent(liveness="dead"))), ["TERRAFORM-LOST"], id="told-once"),
        pytest.param(one(last_apply=LOST, intent=Known(intent(liveness="live"))), [], id="it-is-at-work"),
        pytest.param(
            one(last_apply=Known(apply_end(returncode=None, planned_again=True))), [], id="planned-since-by-a-build"
        ),
        pytest.param(one(last_apply=DARK), ["LAST-APPLY-UNREADABLE"], id="last-apply-unreadable"),
        pytest.param(locks_facts(stacks=locks_facts().stacks[1:]), ["STATE-LOCK-MISSING"], id="core-left-out"),
        pytest.param(locks_facts(lease=DARK), ["LEASE-UNREADABLE"], id="lease-unreadable"),
        pytest.param(
            locks_facts(lease=Known(given_back(expires_at=NOW - timedelta(hours=2)))), ["LEASE-RAN-OUT"], id="ran-out"
        ),
        pytest.param(locks_facts(lease=Known(given_back(expires_at=NOW))), [], id="still-held"),
    ],
)
def test_blockers(facts: StateLocksFacts, expected: list[str]) -> None:
    assert codes(facts) == expected


def test_an_old_lock_is_told_with_its_holder_and_the_way_out() -> None:
    (blocker,) = GATE.evaluate(replace(held(), observed_at=NOW), judged_at=NOW)
    assert blocker.resource == "state of demo"
    for said in ("worker-3", "OperationTypeApply", "since 2026-"):
        assert said in blocker.observed
    assert "docs/runbooks/stale-lock.md" in blocker.remedy.text


def test_a_lease_that_cannot_be_read_is_named() -> None:
    (blocker,) = GATE.evaluate(locks_facts(lease=DARK), judged_at=NOW)
    assert (blocker.code, blocker.resource) == ("LEASE-UNREADABLE", "run lease")
