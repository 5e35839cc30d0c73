"""EMERGENCY-LATCH."""

import pytest

from factories_control import NOW, caller, latch
from factories_emergency import emergency_latch_facts
from tidegate.gates.emergency_latch import GATE
from tidegate.models.emergency import EmergencyLatchFacts
from tidegate.models.observed import Absent, Known, Unreadable


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(emergency_latch_facts(), [], id="set"),
        pytest.param(emergency_latch_facts(latch=Known(latch())), ["LATCH-NOT-SET"], id="released-since"),
        pytest.param(emergency_latch_facts(latch=Known(latch(is_set="yes"))), ["LATCH-NOT-SET"], id="text-is-not-set"),
        pytest.param(emergency_latch_facts(latch=Absent()), ["LATCH-MISSING"], id="never-set"),
        pytest.param(emergency_latch_facts(latch=Unreadable("403")), ["LATCH-UNREADABLE"], id="not-read-back"),
        pytest.param(
            emergency_latch_facts(latch=Absent(), write_problem="PutObject answered AccessDenied"),
            ["EMERGENCY-LATCH-UNWRITABLE", "LATCH-MISSING"],
            id="not-written",
        ),
        pytest.param(
            emergency_latch_facts(write_problem="PutObject answered SlowDown"),
            ["EMERGENCY-LATCH-UNWRITABLE"],
            id="what-was-not-written-is-said-also-when-it-is-set",
        ),
        pytest.param(emergency_latch_facts(confirm="prod"), ["CONFIRM-MISMATCH"], id="another-environment"),
        pytest.param(emergency_latch_facts(confirm=""), ["CONFIRM-MISMATCH"], id="not-confirmed"),
        pytest.param(emergency_latch_facts(reason="  "), ["REASON-MISSING"], id="no-reason"),
        pytest.param(emergency_latch_facts(target=("core",)), ["TARGET-NOT-DESTROYABLE"], id="core"),
        pytest.param(emergency_latch_facts(target=()), ["TARGET-NOT-DESTROYABLE"], id="no-target"),
        pytest.param(
            emergency_latch_facts(caller=caller(account_id=Known("999999999999"))),
            ["ACCOUNT-MISMATCH"],
            id="another-account",
        ),
    ],
)
def test_blockers(facts: EmergencyLatchFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_a_latch_that_cannot_be_set_names_the_way_to_tear_down_all_the_same() -> None:
    """On call must not be stuck behind the latch."""
    facts = emergency_latch_facts(latch=Absent(), write_problem="PutObject answered AccessDenied")
    for blocker in GATE.evaluate(facts, judged_at=NOW):
        assert "<environment>.m9_teardown_cost_check" in blocker.remedy.text


def test_whoever_released_it_is_named() -> None:
    """Somebody released it between the writing and the reading."""
    (blocker,) = GATE.evaluate(emergency_latch_facts(latch=Known(latch())), judged_at=NOW)
    assert blocker.observed == "released at 2026-02-13T20:14:27+00:00 by release_20260213T201200Z: spend is back"


def test_the_stop_has_its_own_dag() -> None:
    """The remedies of a wrong param name it."""
    facts = emergency_latch_facts(confirm="", reason="", target=())
    remedies = [blocker.remedy.text for blocker in GATE.evaluate(facts, judged_at=NOW)]
    assert all(remedy.startswith("trigger dev_min.emergency_stop with ") for remedy in remedies)
