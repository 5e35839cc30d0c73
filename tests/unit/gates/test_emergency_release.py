"""EMERGENCY-RELEASE."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories_control import NOW, caller, latch
from factories_emergency import SET_AT, cost_judgement, emergency_release_facts
from tidegate.gates.emergency_release import GATE
from tidegate.gates.rules_request import reason_blockers
from tidegate.models.emergency import EmergencyReleaseFacts
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable


def cost(**changes: Any) -> EmergencyReleaseFacts:
    """Facts with another newest cost guardrail."""
    return emergency_release_facts(cost=Known(cost_judgement(**changes)))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(emergency_release_facts(), [], id="passed-since"),
        pytest.param(cost(observed_at=SET_AT + timedelta(microseconds=1)), [], id="just-after-the-latch"),
        pytest.param(cost(observed_at=SET_AT), ["RELEASE-NEEDS-COST-PASS"], id="at-the-same-moment"),
        pytest.param(cost(observed_at=SET_AT - timedelta(days=1)), ["RELEASE-NEEDS-COST-PASS"], id="of-yesterday"),
        pytest.param(cost(overall_pass=False, status="fail"), ["RELEASE-NEEDS-COST-PASS"], id="the-newest-failed"),
        pytest.param(cost(status="stale"), ["RELEASE-NEEDS-COST-PASS"], id="a-stale-snapshot"),
        pytest.param(cost(overall_pass="true"), ["RELEASE-NEEDS-COST-PASS"], id="text-is-not-a-pass"),
        pytest.param(emergency_release_facts(cost=Absent()), ["RELEASE-NEEDS-COST-PASS"], id="cost-never-judged"),
        pytest.param(
            emergency_release_facts(cost=Unreadable("403")), ["RELEASE-COST-UNREADABLE"], id="cost-unreadable"
        ),
        pytest.param(emergency_release_facts(cost=UnknownUntilApply()), ["RELEASE-COST-UNKNOWN"], id="cost-undecided"),
        pytest.param(cost(total=Known(Decimal("27.99"))), [], id="a-cent-below-the-stop"),
        pytest.param(cost(total=Known(Decimal("28.00"))), ["RELEASE-COST-AT-STOP"], id="a-pass-under-the-latch"),
        pytest.param(cost(total=Unreadable("x")), ["RELEASE-COST-AT-STOP"], id="nobody-knows-the-total"),
        pytest.param(cost(valid_until=NOW), ["RELEASE-COST-STALE"], id="expired-now"),
        pytest.param(cost(policy_digest="e" * 64), ["RELEASE-COST-STALE"], id="under-another-policy"),
        pytest.param(cost(profile="sandbox"), ["RELEASE-COST-FOREIGN"], id="of-the-sandbox"),
        pytest.param(cost(environment="prod"), ["RELEASE-COST-FOREIGN"], id="of-another-environment"),
        pytest.param(cost(gate="PLAN-GUARD"), ["RELEASE-COST-FOREIGN"], id="of-another-gate"),
        pytest.param(emergency_release_facts(latch=Known(latch(recorded_at=SET_AT))), ["LATCH-NOT-SET"], id="released"),
        pytest.param(emergency_release_facts(latch=Absent()), ["LATCH-MISSING"], id="never-set"),
        pytest.param(emergency_release_facts(latch=Unreadable("403")), ["LATCH-UNREADABLE"], id="latch-unreadable"),
        pytest.param(emergency_release_facts(reason=""), ["REASON-MISSING"], id="no-reason"),
        pytest.param(emergency_release_facts(confirm="prod"), ["CONFIRM-MISMATCH"], id="another-environment"),
        pytest.param(
            emergency_release_facts(caller=caller(account_id=Known("999999999999"))), ["ACCOUNT-MISMATCH"], id="account"
        ),
        pytest.param(
            emergency_release_facts(latch=Absent(), cost=Absent(), reason="", confirm=""),
            ["CONFIRM-MISMATCH", "REASON-MISSING", "LATCH-MISSING", "RELEASE-NEEDS-COST-PASS"],
            id="everything-is-said",
        ),
    ],
)
def test_blockers(facts: EmergencyReleaseFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_the_way_out_of_a_broken_record_is_named() -> None:
    """A new record on top of it is readable again."""
    (blocker,) = GATE.evaluate(emergency_release_facts(latch=Unreadable("broken")), judged_at=NOW)
    assert "trigger dev_min.emergency_stop" in blocker.remedy


def test_what_is_missing_and_how_to_get_it() -> None:
    """The next command."""
    (blocker,) = GATE.evaluate(cost(observed_at=SET_AT), judged_at=NOW)
    assert blocker.expected == "observed after 2026-02-13T18:14:27+00:00"
    assert blocker.remedy.startswith("trigger dev_min.m9_teardown_cost_check; when its M9.G passes, ")


@pytest.mark.parametrize(
    ("facts", "observed", "expected"),
    [
        (cost(environment="prod"), "environment prod in ", "environment dev_min"),
        (cost(profile="sandbox"), "profile sandbox in ", "profile aws"),
        (cost(gate="PLAN-GUARD"), "gate PLAN-GUARD in ", "gate COST-GUARDRAIL"),
    ],
)
def test_whose_the_foreign_snapshot_is(facts: EmergencyReleaseFacts, observed: str, expected: str) -> None:
    """On call goes by the words: which of the three differs, and what was wanted."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.observed.startswith(observed)
    assert blocker.expected == expected


@pytest.mark.parametrize("facts", [cost(observed_at=SET_AT), emergency_release_facts(cost=Unreadable("403"))])
def test_the_cost_guardrail_is_what_blocks(facts: EmergencyReleaseFacts) -> None:
    """The same resource whether it is read or not."""
    assert [blocker.resource for blocker in GATE.evaluate(facts, judged_at=NOW)] == ["cost guardrail"]


@pytest.mark.parametrize(("environment", "resource"), [("dev_min", "dev_min"), ("", "environment")])
def test_a_missing_reason_is_one_of_the_environment(environment: str, resource: str) -> None:
    """Also where nobody named one: a blocker needs a resource."""
    (blocker,) = reason_blockers(" ", environment, "emergency_release")
    assert blocker.resource == resource
