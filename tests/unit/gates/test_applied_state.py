"""APPLIED-STATE: the state beside the plan that was applied."""

from collections.abc import Sequence

import pytest

from factories_world import NOW, applied_facts, state_lock, state_version
from tidegate.gates.applied_state import GATE
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable
from tidegate.models.state import AppliedStateFacts

DARK = Unreadable("AccessDenied")


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(applied_facts(), [], id="as-planned"),
        pytest.param(applied_facts(before=Absent()), [], id="first-apply-has-no-state-before"),
        pytest.param(
            applied_facts(applied=False, before=Known(state_version())), [], id="nothing-applied-nothing-moved"
        ),
        pytest.param(applied_facts(after=Absent()), ["STATE-MISSING"], id="no-state-after-an-apply"),
        pytest.param(applied_facts(after=DARK), ["STATE-UNREADABLE"], id="state-after-not-readable"),
        pytest.param(applied_facts(after=UnknownUntilApply()), ["STATE-UNKNOWN"], id="state-after-not-known"),
        pytest.param(applied_facts(before=DARK), ["STATE-BEFORE-UNREADABLE"], id="state-before-not-readable"),
        pytest.param(applied_facts(before=UnknownUntilApply()), ["STATE-BEFORE-UNKNOWN"], id="state-before-not-known"),
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
        pytest.param(
            applied_facts(state_addresses=UnknownUntilApply()), ["STATE-ADDRESSES-UNKNOWN"], id="addresses-not-known"
        ),
        pytest.param(applied_facts(outputs=Known(("subnet_ids",))), ["OUTPUT-MISSING"], id="a-required-output-lacks"),
        pytest.param(applied_facts(outputs=DARK), ["OUTPUTS-UNREADABLE"], id="outputs-not-readable"),
        pytest.param(applied_facts(outputs=Absent()), ["OUTPUTS-MISSING"], id="no-outputs"),
        pytest.param(applied_facts(outputs=UnknownUntilApply()), ["OUTPUTS-UNKNOWN"], id="outputs-not-known"),
        pytest.param(applied_facts(locks=Known((state_lock(),))), ["STATE-LOCK-LEFT"], id="a-lock-was-left"),
        pytest.param(
            applied_facts(locks=Known((state_lock(created=None), state_lock(kind="s3-lockfile")))),
            ["STATE-LOCK-LEFT", "STATE-LOCK-LEFT"],
            id="both-locks-were-left",
        ),
        pytest.param(applied_facts(locks=DARK), ["STATE-LOCK-UNREADABLE"], id="locks-not-readable"),
        pytest.param(applied_facts(locks=Absent()), ["STATE-LOCK-MISSING"], id="no-answer-about-locks"),
        pytest.param(applied_facts(locks=UnknownUntilApply()), ["STATE-LOCK-UNKNOWN"], id="locks-not-known"),
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
