"""EMERGENCY-RELEASE."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories_control import NOW, caller, latch
from factories_emergency import SET_AT, cost_judgement, emergency_release_facts
from tidegate.gates.emergency_release import GATE
from tidegate.gates.rules_request import reason_blockers
from tidegate.models.emergency import EmergencyReleaseFacts
from tidegate.models.observed import Absent, Known, Unreadable


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
    assert "trigger <environment>.emergency_stop" in blocker.remedy.text


def test_what_is_missing_and_how_to_get_it() -> None:
    """The next command."""
    (blocker,) = GATE.evaluate(cost(observed_at=SET_AT), judged_at=NOW)
    assert blocker.expected == "observed after 2026-02-10T12:14:27+00:00"
    assert blocker.remedy.text.startswith(
        "trigger dev_min.m9_teardown_cost_check with your own confirm; then trigger dev_min.emergency_release with "
    )


AFTER = SET_AT + timedelta(microseconds=1)
NOT_YET = "RELEASE-COST-NOT-BILLED-YET"


def set_at(moment: datetime, **changes: Any) -> EmergencyReleaseFacts:
    """A latch of that moment, and a pass of this February."""
    return emergency_release_facts(
        latch=Known(latch(is_set=True, recorded_at=moment)), cost=Known(cost_judgement(**changes))
    )


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(cost(vouches_until=Known(AFTER)), [], id="billed-until-just-after-the-latch"),
        pytest.param(cost(vouches_until=Known(SET_AT)), [NOT_YET], id="until-that-moment"),
        pytest.param(cost(vouches_until=Unreadable("no source")), [NOT_YET], id="nobody-knows-until-when"),
        pytest.param(cost(vouches_until=Absent()), [NOT_YET], id="no-source"),
        pytest.param(set_at(NOW - timedelta(hours=2)), [NOT_YET], id="right-after-the-latch"),
        pytest.param(
            emergency_release_facts(
                latch=Known(
                    latch(is_set=True, recorded_at=NOW - timedelta(hours=2), recorded_by="stop_20260213T180000Z")
                ),
                cost=Known(cost_judgement()),
            ),
            [],
            id="a-person-stopped-by-hand",
        ),
        pytest.param(
            set_at(datetime(2026, 1, 31, 23, 59, tzinfo=UTC), vouches_until=Unreadable("x")), [], id="a-month-ago"
        ),
        pytest.param(
            set_at(
                datetime(2026, 1, 31, 23, 59, tzinfo=UTC),
                observed_at=datetime(2026, 2, 1, tzinfo=UTC),
                vouches_until=Known(datetime(2026, 1, 29, tzinfo=UTC)),
            ),
            [],
            id="the-new-month-has-just-begun",
        ),
        pytest.param(
            set_at(datetime(2026, 2, 1, tzinfo=UTC), vouches_until=Known(datetime(2026, 1, 31, tzinfo=UTC))),
            [NOT_YET],
            id="set-in-this-month",
        ),
        pytest.param(
            set_at(
                datetime(2026, 1, 31, 22, tzinfo=UTC),
                observed_at=datetime(2026, 1, 31, 23, tzinfo=UTC),
                vouches_until=Known(datetime(2026, 1, 30, tzinfo=UTC)),
            ),
            [NOT_YET],
            id="judged-before-the-month-ended",
        ),
    ],
)
def test_what_set_the_latch_must_be_billed_or_of_another_month(facts: EmergencyReleaseFacts, codes: list[str]) -> None:
    """A pass whose bills are older than the latch says nothing about what set it."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_when_the_bills_will_vouch_is_said() -> None:
    """By how late they were."""
    (blocker,) = GATE.evaluate(cost(vouches_until=Known(SET_AT - timedelta(hours=1))), judged_at=NOW)
    assert blocker.observed == "m9_20260213T190000Z: every bill is complete up to 2026-02-10T11:14:27+00:00"
    assert blocker.remedy.text.startswith(
        "wait until it is after 2026-02-13 20:14 UTC; then trigger dev_min.m9_teardown_cost_check "
    )


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


@pytest.mark.parametrize(
    "facts",
    [
        cost(observed_at=SET_AT),
        cost(vouches_until=Known(SET_AT - timedelta(hours=1))),
        emergency_release_facts(cost=Unreadable("403")),
    ],
)
def test_the_cost_guardrail_is_what_blocks(facts: EmergencyReleaseFacts) -> None:
    """The same resource whether it is read or not."""
    assert [blocker.resource for blocker in GATE.evaluate(facts, judged_at=NOW)] == ["cost guardrail"]


@pytest.mark.parametrize(("environment", "resource"), [("dev_min", "dev_min"), ("", "environment")])
def test_a_missing_reason_is_one_of_the_environment(environment: str, resource: str) -> None:
    """Also where nobody named one: a blocker needs a resource."""
    (blocker,) = reason_blockers(" ", environment, "emergency_release")
    assert blocker.resource == resource
