"""TIME-TO-LIVE-EXTENSION."""

from datetime import timedelta
from typing import Any

import pytest

from factories_control import NOW, caller, latch
from factories_time_to_live import extension_facts, time_to_live, triggered
from tidegate.gates.time_to_live_extension import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.time_to_live import ExtensionFacts

HOUR = timedelta(hours=1)


def recorded(**changes: Any) -> ExtensionFacts:
    """Two hours more on another record."""
    return extension_facts(record=Known(time_to_live(**changes)))


def over(state: Any) -> ExtensionFacts:
    """Its time has ended, and this is how M9 stands."""
    return extension_facts(record=Known(time_to_live(ends_at=NOW - HOUR)), teardown=triggered(state))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(extension_facts(), [], id="within-bounds"),
        pytest.param(extension_facts(hours=18), [], id="to-the-maximum"),
        pytest.param(extension_facts(hours=19), ["EXTENSION-TOO-LONG"], id="an-hour-beyond"),
        pytest.param(extension_facts(hours=1), [], id="by-one-hour"),
        pytest.param(extension_facts(hours=0), ["EXTENSION-HOURS-INVALID"], id="no-hours"),
        pytest.param(extension_facts(hours=-3), ["EXTENSION-HOURS-INVALID"], id="fewer-hours"),
        pytest.param(extension_facts(record=Absent()), [], id="without-a-record"),
        pytest.param(extension_facts(record=Unreadable("broken")), [], id="a-broken-record-gets-one-on-top"),
        pytest.param(extension_facts(record=Absent(), hours=25), ["EXTENSION-TOO-LONG"], id="from-now-as-well"),
        pytest.param(over(Absent()), [], id="ended-and-not-torn-down-yet"),
        pytest.param(over(Known("queued")), ["EXTENSION-TOO-LATE"], id="teardown-waits"),
        pytest.param(over(Known("running")), ["EXTENSION-TOO-LATE"], id="teardown-runs"),
        pytest.param(over(Unreadable("500")), ["EXTENSION-TEARDOWN-UNREADABLE"], id="teardown-unreadable"),
        pytest.param(extension_facts(resource_count=Known(1)), [], id="one-resource-stands"),
        pytest.param(extension_facts(resource_count=Known(0)), ["EXTENSION-NOTHING-STANDS"], id="nothing-stands"),
        pytest.param(
            extension_facts(resource_count=Unreadable("403")), ["TIME-TO-LIVE-STATE-UNREADABLE"], id="state-unreadable"
        ),
        pytest.param(extension_facts(latch=Absent()), [], id="latch-never-set"),
        pytest.param(extension_facts(latch=Known(latch(is_set=True))), ["LATCH-SET"], id="emergency-stop"),
        pytest.param(extension_facts(latch=Unreadable("403")), ["LATCH-UNREADABLE"], id="latch-unreadable"),
        pytest.param(extension_facts(reason=" "), ["REASON-MISSING"], id="no-reason"),
        pytest.param(extension_facts(confirm="prod"), ["CONFIRM-MISMATCH"], id="another-environment"),
        pytest.param(extension_facts(stack="confluent"), ["EXTENSION-STACK-UNKNOWN"], id="has-no-time-to-live"),
        pytest.param(
            extension_facts(stack="", extendable=(), resource_count=Known(0)),
            ["EXTENSION-STACK-UNKNOWN", "EXTENSION-NOTHING-STANDS"],
            id="nothing-named",
        ),
        pytest.param(
            extension_facts(caller=caller(account_id=Known("999999999999"))), ["ACCOUNT-MISMATCH"], id="account"
        ),
    ],
)
def test_blockers(facts: ExtensionFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "ends_at"),
    [
        pytest.param(extension_facts(), NOW + 8 * HOUR, id="added-to-the-end-so-far"),
        pytest.param(recorded(ends_at=NOW - HOUR), NOW + 2 * HOUR, id="that-is-over"),
        pytest.param(extension_facts(record=Absent()), NOW + 2 * HOUR, id="that-nobody-recorded"),
        pytest.param(extension_facts(record=Unreadable("x")), NOW + 2 * HOUR, id="that-nobody-can-read"),
        pytest.param(recorded(ends_at=NOW + 24 * HOUR), NOW + 26 * HOUR, id="at-the-maximum"),
        pytest.param(recorded(ends_at=NOW + 25 * HOUR), NOW + 2 * HOUR, id="out-of-bounds"),
        pytest.param(recorded(set_at=NOW + HOUR), NOW + 2 * HOUR, id="set-in-the-future"),
    ],
)
def test_the_new_end(facts: ExtensionFacts, ends_at: Any) -> None:
    """An end that cannot be trusted is no start: the new record is the way out of it."""
    assert facts.ends_at == ends_at


def test_the_emergency_stop_names_its_release() -> None:
    """It cannot be extended away."""
    (blocker,) = GATE.evaluate(extension_facts(latch=Known(latch(is_set=True))), judged_at=NOW)
    assert "trigger dev_min.emergency_release" in blocker.remedy.text


def test_the_run_that_tears_down_is_named() -> None:
    """So that a person can see how far it is."""
    (blocker,) = GATE.evaluate(over(Known("running")), judged_at=NOW)
    assert blocker.resource == "dev_min.m9_teardown_cost_check run ttl__demo__20260213T201427Z__1"
    assert blocker.observed == "running"


@pytest.mark.parametrize(
    ("changes", "resource", "expected"),
    [
        ({"stack": "confluent"}, "stack confluent", "demo"),
        ({"stack": "shop", "extendable": ("demo", "edge")}, "stack shop", "demo or edge"),
        ({"stack": ""}, "stack none", "demo"),
        ({"extendable": ()}, "stack demo", "a stack with a time to live, of which this environment has none"),
    ],
)
def test_the_refused_stack_and_the_offered_ones_are_named(changes: Any, resource: str, expected: str) -> None:
    """Which one was asked for, and what may be asked for instead."""
    (blocker,) = GATE.evaluate(extension_facts(**changes), judged_at=NOW)
    assert (blocker.code, blocker.resource) == ("EXTENSION-STACK-UNKNOWN", resource)
    assert blocker.expected == expected
    offers = blocker.remedy.text.startswith("trigger this DAG again with stack = ")
    assert offers == bool(extension_facts(**changes).extendable)
