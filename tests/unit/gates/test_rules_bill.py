"""What the gate says of money that nothing explains."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from factories_bill import HERE, NEVER, OPEN, PROVEN, RDS, UNHEARD, bill, day, month, spend, usd, watch
from factories_findings import finding_facts
from factories_residual import NOW
from factories_time_to_live import time_to_live_facts
from tidegate.gates import spend_after_zero, time_to_live
from tidegate.gates.rules_bill import standing_of
from tidegate.models.bill import BillFacts
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.policy import PolicyException
from tidegate.models.remedy import Clear, Command, Edit, Person, Wait
from tidegate.models.spend import SpendAfterZeroFacts

SUBJECT = f"{UNHEARD}@{HERE}"
CHARGED = {18: ((UNHEARD, HERE, "0.50"),)}


def exception(rule: str = "SPEND-UNEXPLAINED", resource: str = SUBJECT, **changes: Any) -> PolicyException:
    made = PolicyException(
        rule=rule, resource=resource, owner="finops", reason="a trial that somebody else pays", expires=NOW.date()
    )
    return made.model_copy(update=changes)


def judged(facts: SpendAfterZeroFacts) -> Any:
    return spend_after_zero.GATE.evaluate(facts, judged_at=NOW)


def found(facts: SpendAfterZeroFacts) -> list[tuple[str, str]]:
    return [(it.code, it.resource) for it in judged(facts)]


UNEXPLAINED = [("SPEND-UNEXPLAINED", SUBJECT)]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(bill(), [], id="quiet"),
        pytest.param(bill(CHARGED), UNEXPLAINED, id="seen-now"),
        pytest.param(bill(open=Known((spend(last=date(2026, 11, 18)),))), UNEXPLAINED, id="seen-before"),
        pytest.param(bill(open=Known((spend(),))), [], id="two-quiet-days-since"),
        pytest.param(bill(CHARGED, exceptions=(exception(),)), [], id="covered"),
        pytest.param(
            bill(CHARGED, exceptions=(exception(expires=NOW.date() - timedelta(days=1)),)), UNEXPLAINED, id="it-ended"
        ),
        pytest.param(bill(CHARGED, exceptions=(exception(resource=UNHEARD),)), UNEXPLAINED, id="without-the-region"),
        pytest.param(bill(CHARGED, exceptions=(exception("FINDING-OPEN"),)), UNEXPLAINED, id="another-rule"),
        pytest.param(
            bill(days=Unreadable("403")),
            [("SPEND-GROUPS-UNREADABLE", "Cost Explorer by service and region")],
            id="no-bill",
        ),
        pytest.param(
            bill(days=Absent()), [("SPEND-GROUPS-MISSING", "Cost Explorer by service and region")], id="nobody-asked"
        ),
        pytest.param(
            bill(data_as_of=Absent()),
            [("SPEND-GROUPS-MISSING", "Cost Explorer by service and region")],
            id="nobody-knows-as-of-when",
        ),
        pytest.param(
            bill(days=Known((*month({}, 20), day(21, groups=None)))),
            [("SPEND-GROUPS-UNREADABLE", "Cost Explorer by service and region")],
            id="a-day-without-groups",
        ),
        pytest.param(
            bill(days=Known((day(1, cost=replace(usd("1"), unit="EUR")),))),
            [("SPEND-GROUPS-UNREADABLE", "Cost Explorer by service and region")],
            id="another-currency",
        ),
        pytest.param(
            bill(CHARGED, looked_at=Unreadable("no scan")),
            [("SPEND-SCAN-UNREADABLE", "residual scan of this run"), *UNEXPLAINED],
            id="no-scan",
        ),
        pytest.param(
            bill(CHARGED, open=Unreadable("403")),
            [("SPEND-RECORDS-UNREADABLE", "control record unexplained_spend")],
            id="no-records",
        ),
        pytest.param(
            bill(days=Unreadable("403"), open=Known((spend(),))),
            [("SPEND-GROUPS-UNREADABLE", "Cost Explorer by service and region"), *UNEXPLAINED],
            id="no-bill-ends-nothing",
        ),
    ],
)
def test_the_bill(facts: BillFacts, expected: list[tuple[str, str]]) -> None:
    assert found(watch(facts, OPEN, closed_at=Absent())) == expected


def test_evidence_that_did_not_ask_is_judged_as_it_was() -> None:
    assert found(replace(watch(bill(CHARGED)), bill=None)) == []


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({}, PROVEN),
        ({"closed_at": Absent()}, OPEN),
        ({"closed_at": Unreadable("403")}, OPEN),
        ({"platform_run": Absent(), "closed_at": Absent()}, NEVER),
        ({"platform_run": Unreadable("403"), "closed_at": Unreadable("403")}, NEVER),
    ],
)
def test_what_stood_when(changes: dict[str, Any], standing: Any) -> None:
    assert standing_of(watch(bill(), **changes)) == standing


def test_what_is_said_of_it() -> None:
    (blocker,) = judged(watch(bill({18: ((RDS, HERE, "0.50"),)}), PROVEN))
    assert blocker.observed == "0.50 USD on 2026-11-18, unexplained since 2026-11-18, seen by audit_20261121T020000Z"
    assert blocker.expected == (
        "nothing but what stacks that stay may hold, from 2026-11-16 on; or an exception of the manifest from rule "
        "SPEND-UNEXPLAINED"
    )
    command, remove, wait = blocker.remedy.steps
    assert isinstance(command, Command)
    assert "Start=2026-11-18,End=2026-11-19" in command.argv
    assert (type(remove), wait) == (
        Person,
        Wait("a bill shows nothing of it for two days that AWS has reported"),
    )
    edit, _ = blocker.remedy.alternative
    assert isinstance(edit, Edit)
    assert (edit.field, blocker.resource) == ("exceptions", f"{RDS}@{HERE}")
    (other,) = judged(watch(bill(CHARGED), OPEN, closed_at=Absent()))
    assert other.expected.startswith("money only where the live scan looks, or where a stack of the environment may")


def test_where_the_way_out_leads() -> None:
    """To the task whose answer is missing; it and this lane run again."""
    for facts, task in (
        (bill(days=Unreadable("403")), "f_cost_guardrail"),
        (bill(looked_at=Unreadable("no scan")), "d_residual_scan"),
    ):
        (blocker,) = judged(watch(facts, OPEN, closed_at=Absent()))
        assert Clear(task) in blocker.remedy.steps


# The hourly check, which never asks for a bill.


def hourly(unexplained: Any, *exceptions: PolicyException) -> list[tuple[str, str]]:
    facts = time_to_live_facts(unexplained=unexplained, findings=replace(finding_facts(), exceptions=exceptions))
    said = time_to_live.GATE.evaluate(facts, judged_at=facts.observed_at)
    return [(it.code, it.resource) for it in said]


@pytest.mark.parametrize(
    ("unexplained", "expected"),
    [
        (None, []),
        (Known(()), []),
        (Known((spend(),)), UNEXPLAINED),
        (Unreadable("403"), [("SPEND-RECORDS-UNREADABLE", "control record unexplained_spend")]),
    ],
)
def test_the_hourly_check_is_red_until_an_audit_closes_it(unexplained: Any, expected: list[tuple[str, str]]) -> None:
    assert hourly(unexplained) == expected


def test_an_exception_covers_it_there_as_well() -> None:
    assert hourly(Known((spend(),)), exception(expires=date(2027, 1, 1))) == []


def test_the_audits_time_to_live_leaves_it_to_the_lane_of_the_bill() -> None:
    facts = time_to_live_facts(unexplained=Known((spend(),)), findings=None)
    assert time_to_live.GATE.evaluate(facts, judged_at=facts.observed_at) == ()
