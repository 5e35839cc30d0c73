"""APPLIED-STATE: the state beside the plan that was applied."""

from collections.abc import Sequence
from typing import Any

import pytest

from factories_world import NOW, applied_facts, apply_end, state_lock, state_version
from tidegate.gates.applied_state import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import AppliedStateFacts

DARK = Unreadable("AccessDenied")


def ended(**changes: Any) -> AppliedStateFacts:
    """Facts of an apply that ended otherwise."""
    return applied_facts(apply_end=Known(apply_end(**changes)))


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(applied_facts(), [], id="as-planned"),
        pytest.param(applied_facts(before=Absent()), [], id="first-apply-has-no-state-before"),
        pytest.param(
            applied_facts(applied=False, before=Known(state_version())), [], id="nothing-applied-nothing-moved"
        ),
        pytest.param(ended(returncode=1), ["APPLY-NOT-COMPLETED"], id="terraform-ended-with-an-error"),
        pytest.param(ended(returncode=None), ["APPLY-NOT-COMPLETED"], id="terraform-was-not-seen-to-end"),
        pytest.param(ended(plan_sha256="c" * 64), ["APPLY-NOT-COMPLETED"], id="the-apply-of-another-plan"),
        pytest.param(applied_facts(apply_end=Absent()), ["APPLY-RECORD-MISSING"], id="no-record-of-an-apply"),
        pytest.param(applied_facts(apply_end=DARK), ["APPLY-RECORD-UNREADABLE"], id="record-not-readable"),
        pytest.param(
            applied_facts(applied=False, before=Known(state_version()), apply_end=Absent()),
            [],
            id="nothing-to-apply-needs-no-record",
        ),
        pytest.param(
            applied_facts(tainted=Known(("aws_vpc.this", "aws_subnet.a"))),
            ["RESOURCE-TAINTED", "RESOURCE-TAINTED"],
            id="created-half-way",
        ),
        pytest.param(applied_facts(tainted=DARK), ["TAINTED-UNREADABLE"], id="taints-not-readable"),
        pytest.param(applied_facts(after=Absent()), ["STATE-MISSING"], id="no-state-after-an-apply"),
        pytest.param(applied_facts(after=DARK), ["STATE-UNREADABLE"], id="state-after-not-readable"),
        pytest.param(applied_facts(before=DARK), ["STATE-BEFORE-UNREADABLE"], id="state-before-not-readable"),
        pytest.param(
            applied_facts(after=Known(state_version(lineage="other"))),
            ["STATE-LINEAGE-CHANGED"],
            id="another-state-file-took-its-place",
        ),
        pytest.param(
            applied_facts(before=Known(state_version())), ["STATE-SERIAL-NOT-MOVED"], id="apply-left-no-trace"
        ),
        pytest.param(
            applied_facts(before=Known(state_version(serial=9))), ["STATE-SERIAL-NOT-MOVED"], id="serial-went-back"
        ),
        pytest.param(applied_facts(applied=False), ["STATE-SERIAL-MOVED"], id="moved-although-nothing-was-applied"),
        pytest.param(
            applied_facts(applied=False, before=Absent()),
            ["STATE-SERIAL-MOVED"],
            id="appeared-although-nothing-was-applied",
        ),
        pytest.param(
            applied_facts(state_addresses=Known(("aws_vpc.this",))),
            ["STATE-ADDRESS-MISSING"],
            id="planned-and-not-there",
        ),
        pytest.param(
            applied_facts(planned_addresses=("aws_vpc.this",)), ["STATE-ADDRESS-UNPLANNED"], id="there-and-not-planned"
        ),
        pytest.param(applied_facts(state_addresses=DARK), ["STATE-ADDRESSES-UNREADABLE"], id="addresses-not-readable"),
        pytest.param(applied_facts(state_addresses=Absent()), ["STATE-ADDRESSES-MISSING"], id="no-addresses"),
        pytest.param(applied_facts(outputs=Known(("subnet_ids",))), ["OUTPUT-MISSING"], id="a-required-output-lacks"),
        pytest.param(applied_facts(outputs=DARK), ["OUTPUTS-UNREADABLE"], id="outputs-not-readable"),
        pytest.param(applied_facts(outputs=Absent()), ["OUTPUTS-MISSING"], id="no-outputs"),
        pytest.param(applied_facts(locks=Known((state_lock(),))), ["STATE-LOCK-LEFT"], id="a-lock-was-left"),
        pytest.param(
            applied_facts(locks=Known((state_lock(created=None), state_lock(kind="s3-lockfile")))),
            ["STATE-LOCK-LEFT", "STATE-LOCK-LEFT"],
            id="both-locks-were-left",
        ),
        pytest.param(applied_facts(locks=DARK), ["STATE-LOCK-UNREADABLE"], id="locks-not-readable"),
        pytest.param(applied_facts(locks=Absent()), ["STATE-LOCK-MISSING"], id="no-answer-about-locks"),
        pytest.param(
            applied_facts(after=DARK, state_addresses=DARK, outputs=DARK, locks=DARK),
            ["STATE-UNREADABLE", "STATE-ADDRESSES-UNREADABLE", "OUTPUTS-UNREADABLE", "STATE-LOCK-UNREADABLE"],
            id="says-everything-that-is-dark",
        ),
    ],
)
def test_blockers(facts: AppliedStateFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_a_left_lock_is_said_with_its_holder() -> None:
    (blocker,) = GATE.evaluate(applied_facts(locks=Known((state_lock(),))), judged_at=NOW)
    assert "airflow@worker-1" in blocker.observed
    assert "OperationTypeApply" in blocker.observed
    assert NOW.isoformat() in blocker.observed


@pytest.mark.parametrize(
    ("facts", "observed"),
    [
        (ended(returncode=1), "f_demo.apply try 1 ended with status 1"),
        (ended(returncode=None), "f_demo.apply try 1 was not seen to end"),
        (ended(plan_sha256="c" * 64, returncode=1), "f_demo.apply try 1 (m2_20261121T091500Z), had another plan"),
    ],
)
def test_how_the_apply_ended_is_said(facts: AppliedStateFacts, observed: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.observed.endswith(observed)
    assert "trigger <environment>.m2_substrate_build" in blocker.remedy.text


def test_what_is_tainted_is_replaced_and_what_is_protected_is_mended() -> None:
    tainted = Known(("aws_vpc.this", "aws_budgets_budget.monthly"))
    facts = applied_facts(tainted=tainted, protected_addresses=("aws_budgets_budget.",))
    replaced, mended = GATE.evaluate(facts, judged_at=NOW)
    assert (replaced.resource, mended.resource) == tainted.value
    assert replaced.remedy.text.endswith("Its plan replaces the resource")
    assert "repair_drift = true and your own repair_reason" in mended.remedy.text


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (applied_facts(applied=False), "serial 7"),
        (applied_facts(applied=False, before=Absent()), "no state"),
        (applied_facts(outputs=DARK, required_outputs=("a", "b")), "a, b"),
        (applied_facts(outputs=DARK, required_outputs=()), "a list of outputs"),
    ],
)
def test_what_was_expected(facts: AppliedStateFacts, expected: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.expected == expected
