"""SCHEDULED-BUILD."""

from datetime import timedelta
from typing import Any

import pytest

from factories_control import NOW, caller, latch
from factories_findings import finding, finding_facts, finding_look
from factories_guardrails import dag_status
from factories_schedule import build_facts, hold, wanted
from factories_world import TODAY, exception
from tidegate.gates.scheduled_build import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.schedule import ScheduledBuildFacts

HOUR = timedelta(hours=1)


def m2(**changes: Any) -> ScheduledBuildFacts:
    return build_facts(m2=dag_status(dag_id="dev_min.m2_substrate_build", **changes))


def teardown(**changes: Any) -> ScheduledBuildFacts:
    return build_facts(teardown=dag_status(dag_id="dev_min.scheduled_teardown", **changes))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(build_facts(), [], id="nothing-forbids-it"),
        pytest.param(build_facts(run=wanted()), [], id="no-run-yet"),
        pytest.param(
            build_facts(run=wanted(Unreadable("500"))), ["SCHEDULED-BUILD-RUN-UNREADABLE"], id="run-unreadable"
        ),
        pytest.param(build_facts(latch=Absent()), [], id="latch-never-set"),
        pytest.param(build_facts(latch=Known(latch(is_set=True))), ["LATCH-SET"], id="emergency-stop"),
        pytest.param(build_facts(latch=Unreadable("403")), ["LATCH-UNREADABLE"], id="latch-unreadable"),
        pytest.param(build_facts(findings=finding_facts(finding_look())), ["FINDING-OPEN"], id="open-finding"),
        pytest.param(build_facts(findings=finding_facts(finding_look(there=Absent()))), [], id="it-is-gone"),
        pytest.param(
            build_facts(findings=finding_facts(finding_look(there=Unreadable("403")))),
            ["FINDING-UNREADABLE"],
            id="nobody-can-tell-whether-it-stands",
        ),
        pytest.param(
            build_facts(
                findings=finding_facts(
                    finding_look(), exceptions=(exception("FINDING-OPEN", finding().id),), today=TODAY
                )
            ),
            [],
            id="an-exception-covers-it",
        ),
        pytest.param(
            build_facts(findings=finding_facts(looks=Unreadable("403"))),
            ["FINDINGS-UNREADABLE"],
            id="findings-unreadable",
        ),
        pytest.param(build_facts(hold=Absent()), [], id="never-held"),
        pytest.param(build_facts(hold=Known(hold())), ["HOLD-IN-FORCE"], id="held"),
        pytest.param(build_facts(hold=Known(hold(until=NOW))), [], id="the-hold-ends-now"),
        pytest.param(
            build_facts(hold=Known(hold(until=NOW + timedelta(microseconds=1)))), ["HOLD-IN-FORCE"], id="not-yet"
        ),
        pytest.param(build_facts(hold=Unreadable("damaged")), ["HOLD-UNREADABLE"], id="hold-unreadable"),
        pytest.param(m2(paused=Known(True)), ["M2-PAUSED"], id="m2-paused"),
        pytest.param(m2(paused=Absent()), ["M2-MISSING"], id="m2-not-there"),
        pytest.param(m2(loads=Known(False), problem="SyntaxError"), ["M2-IMPORT-ERROR"], id="m2-broken"),
        pytest.param(m2(loads=Unreadable("no bundle")), ["M2-LOAD-UNREADABLE"], id="m2-file-unreadable"),
        pytest.param(teardown(paused=Known(True)), ["SCHEDULED-TEARDOWN-PAUSED"], id="teardown-paused"),
        pytest.param(teardown(paused=Absent()), ["SCHEDULED-TEARDOWN-DAG-MISSING"], id="teardown-not-there"),
        pytest.param(
            teardown(loads=Known(False), problem="x"), ["SCHEDULED-TEARDOWN-IMPORT-ERROR"], id="teardown-broken"
        ),
        pytest.param(teardown(loads=Absent()), ["SCHEDULED-TEARDOWN-LOAD-MISSING"], id="teardown-file-not-there"),
        pytest.param(build_facts(caller=caller(account_id=Known("999999999999"))), ["ACCOUNT-MISMATCH"], id="account"),
        pytest.param(
            build_facts(
                latch=Unreadable("403"), findings=finding_facts(looks=Unreadable("403")), hold=Unreadable("403")
            ),
            ["LATCH-UNREADABLE", "FINDINGS-UNREADABLE", "HOLD-UNREADABLE"],
            id="no-record-can-be-read",
        ),
    ],
)
def test_blockers(facts: ScheduledBuildFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_a_hold_names_who_why_and_until_and_both_ways_out() -> None:
    (blocker,) = GATE.evaluate(build_facts(hold=Known(hold())), judged_at=NOW, names={"environment": "dev_min"})
    assert blocker.observed == (
        "set by jane at 2026-02-13T19:14:27+00:00, until 2026-02-16T20:14:27+00:00: the team is away"
    )
    assert blocker.remedy.text == (
        "trigger dev_min.hold with action = lift and your own reason; then clear this task with everything downstream; "
        "or trigger dev_min.m2_substrate_build"
    )


def test_a_damaged_record_of_a_hold_is_left_by_a_new_one() -> None:
    (blocker,) = GATE.evaluate(build_facts(hold=Unreadable("digest")), judged_at=NOW, names={"environment": "dev_min"})
    assert blocker.remedy.text.startswith("trigger dev_min.hold with action = lift and your own reason; then clear")
    assert blocker.remedy.text.endswith("Lifting writes a new record on top of one that is damaged")
