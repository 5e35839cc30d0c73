"""BUILD-HOLD."""

from datetime import timedelta

import pytest

from factories_control import NOW, caller
from factories_schedule import DAY, hold_facts
from tidegate.gates.build_hold import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.schedule import HoldFacts

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(hold_facts(), [], id="three-days"),
        pytest.param(hold_facts(until=Known(NOW + 14 * DAY)), [], id="to-the-maximum"),
        pytest.param(hold_facts(until=Known(NOW + 14 * DAY + SECOND)), ["HOLD-TOO-LONG"], id="a-second-beyond"),
        pytest.param(hold_facts(until=Known(NOW + SECOND)), [], id="for-a-second"),
        pytest.param(hold_facts(until=Known(NOW)), ["HOLD-UNTIL-PAST"], id="until-now"),
        pytest.param(hold_facts(until=Absent()), ["HOLD-UNTIL-MISSING"], id="without-an-end"),
        pytest.param(hold_facts(until=Unreadable("'soon' is no time")), ["HOLD-UNTIL-UNREADABLE"], id="no-time"),
        pytest.param(hold_facts(action="lift", until=Absent()), [], id="lifting-needs-no-end"),
        pytest.param(hold_facts(action="lift", until=Known(NOW - DAY)), [], id="nor-does-one-matter"),
        pytest.param(hold_facts(action="pause"), ["HOLD-ACTION-UNKNOWN"], id="neither"),
        pytest.param(hold_facts(action=""), ["HOLD-ACTION-UNKNOWN"], id="nothing-said"),
        pytest.param(hold_facts(reason=" "), ["REASON-MISSING"], id="no-reason"),
        pytest.param(hold_facts(action="lift", reason=""), ["REASON-MISSING"], id="no-reason-to-lift"),
        pytest.param(hold_facts(hold=Absent()), [], id="the-first-one"),
        pytest.param(hold_facts(hold=Unreadable("damaged")), [], id="a-damaged-record-gets-one-on-top"),
        pytest.param(hold_facts(caller=caller(account_id=Known("999999999999"))), ["ACCOUNT-MISMATCH"], id="account"),
    ],
)
def test_blockers(facts: HoldFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_the_bound_is_said_in_days_and_as_a_moment() -> None:
    (blocker,) = GATE.evaluate(hold_facts(until=Known(NOW + 15 * DAY)), judged_at=NOW, names={"environment": "dev_min"})
    assert blocker.expected == "at most 14 days from now: 2026-02-27T20:14:27+00:00"
    assert blocker.remedy.text == (
        "trigger dev_min.hold with action = set, your own until and your own reason. "
        "Times are UTC unless they name a zone"
    )
