"""PRESERVED-THINGS: everything that must survive answers, and no other stack moved."""

import pytest

from factories_world import NOW, preserve_item, preserved_facts
from tidegate.gates.preserved_things import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.residual import PreservedFacts

DARK = Unreadable("AccessDenied")


def missing(**changes: object) -> PreservedFacts:
    """One preserved thing does not answer."""
    return preserved_facts(preserved_missing=Known((preserve_item(**changes),)))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(preserved_facts(), [], id="all-there"),
        pytest.param(missing(), ["PRESERVED-MISSING"], id="state-bucket-gone"),
        pytest.param(preserved_facts(preserved_missing=DARK), ["PRESERVED-CHECK-UNREADABLE"], id="not-readable"),
        pytest.param(preserved_facts(preserved_missing=Absent()), ["PRESERVED-CHECK-MISSING"], id="not-asked"),
        pytest.param(preserved_facts(serials_now={"core": Known(5)}), ["PERSISTENT-STATE-MOVED"], id="core-moved"),
        pytest.param(preserved_facts(serials_now={"core": DARK}), ["PERSISTENT-STATE-UNREADABLE"], id="core-dark"),
        pytest.param(preserved_facts(serials_now={}), ["PERSISTENT-STATE-MISSING"], id="core-not-looked-at"),
        pytest.param(preserved_facts(serials_frozen={}), ["PERSISTENT-STATE-MISSING"], id="core-not-frozen"),
        pytest.param(
            preserved_facts(serials_frozen={"core": DARK}), ["PERSISTENT-STATE-UNREADABLE"], id="core-frozen-unread"
        ),
    ],
)
def test_blockers(facts: PreservedFacts, codes: list[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "begins", "says"),
    [
        (missing(stack="core"), "trigger dev_min.m2_substrate_build with stacks = core, repair_drift = true", ""),
        (missing(), "trigger dev_min.m1_backend_bootstrap; then trigger dev_min.m2_substrate_build", "stacks = core"),
        (missing(stack="confluent"), "trigger dev_min.m2_substrate_build; then trigger this DAG again", "confluent"),
    ],
)
def test_each_names_its_own_repair(facts: PreservedFacts, begins: str, says: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.remedy.text.startswith(begins)
    assert says in blocker.remedy.text
    assert "then trigger this DAG again" in blocker.remedy.text, "what was frozen fits no more"


@pytest.mark.parametrize(
    ("facts", "resource", "expected"),
    [
        (preserved_facts(preserved_missing=DARK), "preserve-set", "every item answers"),
        (preserved_facts(serials_now={"core": Known(5)}), "core", "serial 4"),
        (preserved_facts(serials_frozen={}), "core", "a number from the freeze of the scope"),
    ],
)
def test_where_and_what_was_expected(facts: PreservedFacts, resource: str, expected: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.resource == resource
    assert expected in blocker.expected


def test_of_a_stack_that_moved_a_new_teardown_judges_anew() -> None:
    (blocker,) = GATE.evaluate(preserved_facts(serials_now={"core": Known(5)}), judged_at=NOW)
    assert blocker.remedy.text.endswith("then trigger this DAG again")
