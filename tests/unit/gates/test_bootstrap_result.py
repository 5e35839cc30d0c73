"""BOOTSTRAP-RESULT."""

import pytest

from factories_control import NOW, bootstrap_facts, step
from tidegate.gates.bootstrap_result import GATE
from tidegate.models.backend import BootstrapFacts


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(bootstrap_facts(), [], id="all-ensured"),
        pytest.param(bootstrap_facts(expected=("lock table",)), [], id="one-more-step-than-expected"),
        pytest.param(bootstrap_facts(steps=(step("lock table"),)), ["BOOTSTRAP-STEP-MISSING"], id="one-left-out"),
        pytest.param(
            bootstrap_facts(steps=(step("bucket state"), step("lock table", outcome="refused", detail="AccessDenied"))),
            ["BOOTSTRAP-REFUSED"],
            id="one-refused",
        ),
        pytest.param(
            bootstrap_facts(steps=(step("lock table", outcome="refused"), step("lock table"))),
            ["BOOTSTRAP-STEP-MISSING", "BOOTSTRAP-REFUSED"],
            id="a-later-step-does-not-heal-a-refused-one",
        ),
        pytest.param(
            bootstrap_facts(steps=(step("bucket state"), step("lock table", outcome="later"))),
            ["BOOTSTRAP-REFUSED"],
            id="an-outcome-that-nobody-knows",
        ),
        pytest.param(bootstrap_facts(expected=()), ["BOOTSTRAP-EMPTY"], id="nothing-was-expected"),
        pytest.param(
            bootstrap_facts(expected=("lock table",), steps=()),
            ["BOOTSTRAP-EMPTY", "BOOTSTRAP-STEP-MISSING"],
            id="nothing-was-done",
        ),
        pytest.param(
            bootstrap_facts(expected=(), steps=(step("lease", outcome="refused", detail="held"),)),
            ["BOOTSTRAP-EMPTY", "BOOTSTRAP-REFUSED"],
            id="refused-before-it-began",
        ),
        pytest.param(
            bootstrap_facts(expected=(), steps=()), ["BOOTSTRAP-EMPTY", "BOOTSTRAP-EMPTY"], id="nothing-at-all"
        ),
    ],
)
def test_blockers(facts: BootstrapFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_a_refusal_says_why() -> None:
    """The step's detail is what a person reads."""
    refused = step("bucket state", outcome="refused", detail="the bucket belongs to another account")
    (blocker,) = GATE.evaluate(bootstrap_facts(steps=(refused, step("lock table"))), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == ("bucket state", "the bucket belongs to another account")


def test_what_is_empty_is_named() -> None:
    """Neither of the two makes up for the other."""
    blockers = GATE.evaluate(bootstrap_facts(expected=(), steps=()), judged_at=NOW)
    assert [(blocker.resource, blocker.observed) for blocker in blockers] == [
        ("bootstrap", "0 expected resources"),
        ("bootstrap", "0 steps"),
    ]
