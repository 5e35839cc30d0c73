"""LOCK-RELEASE: a named lock goes on a person's word after two looks, and never that of ours that lives."""

from datetime import timedelta

import pytest

from factories_control import NOW, THEIRS, caller, intent, lock, lock_release_facts
from tidegate.gates.lock_release import GATE
from tidegate.models.lock_release import LockReleaseFacts
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import LockLook

REFUSED = Unreadable("403")


def codes(facts: LockReleaseFacts) -> list[str]:
    return [blocker.code for blocker in GATE.evaluate(facts, judged_at=facts.observed_at)]


def looked(seconds: int) -> LockReleaseFacts:
    look = LockLook(seen_at=NOW - timedelta(seconds=seconds), state_version="v7")
    return lock_release_facts(look=Known(look))


DAMAGED = lock(id="", damage="it is empty", sha256="e3b0c44298fc1c149afb", who="", created=None)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(lock_release_facts(), [], id="a-laptop-that-is-gone"),
        pytest.param(lock_release_facts(holder="dead"), [], id="one-of-ours-that-is-proven-dead"),
        pytest.param(lock_release_facts(locks=Known((DAMAGED,)), lock_id=DAMAGED.name), [], id="a-damaged-one"),
        pytest.param(lock_release_facts(state=Absent()), [], id="without-a-state"),
        pytest.param(lock_release_facts(intent=Known(intent())), [], id="a-terraform-that-is-dead"),
        pytest.param(lock_release_facts(holder="live"), ["LOCK-HOLDER-NOT-DEAD"], id="one-of-ours-lives"),
        pytest.param(lock_release_facts(holder="unknown"), ["LOCK-HOLDER-NOT-DEAD"], id="nobody-knows"),
        pytest.param(
            lock_release_facts(intent=Known(intent(liveness="unknown"))), ["TERRAFORM-STILL-RUNNING"], id="may-run"
        ),
        pytest.param(lock_release_facts(intent=REFUSED), ["INTENT-UNREADABLE"], id="intents-unreadable"),
        pytest.param(lock_release_facts(lock_id="b6a5"), ["LOCK-NOT-THERE"], id="another-lock"),
        pytest.param(lock_release_facts(lock_id=""), ["LOCK-NOT-THERE"], id="no-name"),
        pytest.param(lock_release_facts(locks=Known(())), ["LOCK-NOT-THERE"], id="nobody-holds-it"),
        pytest.param(lock_release_facts(locks=REFUSED), ["STATE-LOCK-UNREADABLE"], id="locks-unreadable"),
        pytest.param(looked(600), [], id="just-long-enough"),
        pytest.param(looked(599), ["LOCK-LOOK-TOO-YOUNG"], id="too-early"),
        pytest.param(lock_release_facts(look=REFUSED), ["LOCK-LOOK-UNREADABLE"], id="look-unreadable"),
        pytest.param(lock_release_facts(look=Absent()), ["LOCK-LOOK-MISSING"], id="never-looked"),
        pytest.param(lock_release_facts(state=REFUSED), ["STATE-UNREADABLE"], id="state-unreadable"),
        pytest.param(lock_release_facts(lease=THEIRS), ["LEASE-HELD"], id="another-run-works-here"),
        pytest.param(lock_release_facts(reason=" "), ["REASON-MISSING"], id="no-reason"),
        pytest.param(lock_release_facts(confirm="dev"), ["CONFIRM-MISMATCH"], id="not-confirmed"),
        pytest.param(lock_release_facts(caller=caller(role=Known("admin"))), ["ROLE-MISMATCH"], id="another-role"),
        pytest.param(
            lock_release_facts(evidence_writable=Known(False)), ["EVIDENCE-UNREACHABLE"], id="evidence-not-writable"
        ),
    ],
)
def test_blockers(facts: LockReleaseFacts, expected: list[str]) -> None:
    assert codes(facts) == expected


def test_only_time_and_another_run_are_waited_for() -> None:
    assert GATE.may_clear_by_itself(GATE.evaluate(looked(1), judged_at=NOW))
    assert not GATE.may_clear_by_itself(GATE.evaluate(lock_release_facts(holder="live"), judged_at=NOW))


def test_the_names_that_could_be_given_are_said() -> None:
    (blocker,) = GATE.evaluate(lock_release_facts(lock_id="b6a5"), judged_at=NOW)
    assert blocker.observed == "0f9e"
