"""STACK-CONTRACT: what a stack takes from another."""

from collections.abc import Sequence

import pytest

from factories_world import NOW, SHA, contract_facts, upstream
from tidegate.gates.stack_contract import GATE
from tidegate.models.contract import ContractFacts
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable

DARK = Unreadable("AccessDenied")


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(contract_facts(), [], id="fresh-and-whole"),
        pytest.param(contract_facts(upstream(source="manual", manual_allowed=True)), [], id="manual-where-allowed"),
        pytest.param(
            contract_facts(upstream(source="manual")), ["MANUAL-CONTRACT-NOT-ALLOWED"], id="manual-where-not-allowed"
        ),
        pytest.param(contract_facts(upstreams=()), ["UPSTREAM-MISSING"], id="no-upstream"),
        pytest.param(
            contract_facts(upstream(required_outputs=())), ["UPSTREAM-OUTPUTS-UNDECLARED"], id="nothing-promised"
        ),
        pytest.param(contract_facts(upstream(expected_serial=Known(5))), ["UPSTREAM-STALE"], id="older-than-this-run"),
        pytest.param(contract_facts(upstream(expected_serial=Known(3))), ["UPSTREAM-STALE"], id="newer-than-this-run"),
        pytest.param(contract_facts(upstream(state=Absent())), ["UPSTREAM-STATE-MISSING"], id="no-upstream-state"),
        pytest.param(contract_facts(upstream(state=DARK)), ["UPSTREAM-STATE-UNREADABLE"], id="state-not-readable"),
        pytest.param(
            contract_facts(upstream(state=UnknownUntilApply())), ["UPSTREAM-STATE-UNKNOWN"], id="state-not-known"
        ),
        pytest.param(
            contract_facts(upstream(expected_serial=DARK)), ["UPSTREAM-SERIAL-UNREADABLE"], id="no-record-of-this-run"
        ),
        pytest.param(
            contract_facts(upstream(expected_serial=Absent())), ["UPSTREAM-SERIAL-MISSING"], id="no-serial-in-this-run"
        ),
        pytest.param(
            contract_facts(upstream(expected_serial=UnknownUntilApply())),
            ["UPSTREAM-SERIAL-UNKNOWN"],
            id="serial-not-known",
        ),
        pytest.param(contract_facts(upstream(outputs={})), ["UPSTREAM-OUTPUT-MISSING"], id="output-not-looked-for"),
        pytest.param(
            contract_facts(upstream(outputs={"alert_topic_arn": Absent()})),
            ["UPSTREAM-OUTPUT-MISSING"],
            id="output-not-there",
        ),
        pytest.param(
            contract_facts(upstream(outputs={"alert_topic_arn": DARK})),
            ["UPSTREAM-OUTPUT-UNREADABLE"],
            id="output-not-readable",
        ),
        pytest.param(
            contract_facts(upstream(outputs={"alert_topic_arn": UnknownUntilApply()})),
            ["UPSTREAM-OUTPUT-UNKNOWN"],
            id="output-not-known",
        ),
        pytest.param(
            contract_facts(upstream(), upstream(stack="confluent", state=DARK, outputs={})),
            ["UPSTREAM-STATE-UNREADABLE", "UPSTREAM-OUTPUT-MISSING"],
            id="a-good-upstream-does-not-cover-a-bad-one",
        ),
        pytest.param(
            contract_facts(upstream(outputs={"alert_topic_arn": Known(SHA), "extra": DARK})),
            [],
            id="an-output-nobody-needs-does-not-count",
        ),
    ],
)
def test_blockers(facts: ContractFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes
