"""STACK-CONTRACT: what a stack takes from another."""

from collections.abc import Sequence

import pytest

from factories_world import NOW, SECRETS, SHA, contract_facts, messaging_upstream, parameter, state_version, upstream
from tidegate.gates.stack_contract import GATE
from tidegate.models.contract import ContractFacts
from tidegate.models.observed import Absent, Known, Unreadable

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
            contract_facts(upstream(expected_serial=DARK)), ["UPSTREAM-SERIAL-UNREADABLE"], id="no-record-of-this-run"
        ),
        pytest.param(
            contract_facts(upstream(expected_serial=Absent())), ["UPSTREAM-SERIAL-MISSING"], id="no-serial-in-this-run"
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


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        pytest.param({}, [], id="written-and-encrypted"),
        pytest.param({"secrets": Known(())}, ["SECRET-MISSING"], id="not-written"),
        pytest.param({"secrets": Known((parameter("producer/api_key"),))}, ["SECRET-MISSING"], id="another-one"),
        pytest.param({"secrets": Known((parameter(type="String"),))}, ["SECRET-NOT-ENCRYPTED"], id="in-clear"),
        pytest.param(
            {"secrets": Known((parameter(type="securestring"),))}, ["SECRET-NOT-ENCRYPTED"], id="a-type-nobody-knows"
        ),
        pytest.param({"secrets": DARK}, ["SECRETS-UNREADABLE"], id="nobody-may-look"),
        pytest.param({"secrets": Absent()}, ["SECRETS-MISSING"], id="nobody-looked"),
        pytest.param({"required_secrets": (), "secrets": Absent()}, [], id="none-is-promised"),
        pytest.param(
            {"required_secrets": (f"{SECRETS}a", f"{SECRETS}b", f"{SECRETS}bootstrap_address")},
            ["SECRET-MISSING", "SECRET-MISSING"],
            id="says-each",
        ),
        pytest.param(
            {"state": Known(state_version(serial=12, resource_count=0)), "outputs": {"topics": Absent()}},
            ["UPSTREAM-STATE-EMPTY", "UPSTREAM-OUTPUT-MISSING"],
            id="destroyed",
        ),
        pytest.param(
            {"state": Known(state_version(serial=13, resource_count=0))},
            ["UPSTREAM-STATE-EMPTY", "UPSTREAM-STALE"],
            id="destroyed-after-this-run-looked",
        ),
    ],
)
def test_a_second_upstream_and_its_secrets(changes: dict[str, object], codes: Sequence[str]) -> None:
    facts = contract_facts(upstream(), messaging_upstream(**changes))
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_a_secret_is_named_and_its_value_is_nowhere() -> None:
    facts = contract_facts(messaging_upstream(secrets=Known((parameter(type="String"),))))
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (f"{SECRETS}bootstrap_address", "String")
    assert "<root of confluent>" in blocker.remedy.text
