"""DESTROYED-STATE: nothing in the state, nothing that answers."""

from collections.abc import Sequence

import pytest

from factories_world import NOW, destroyed_facts, destroyed_left_alone, state_lock, state_resource, state_version
from tidegate.gates.destroyed_state import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.state import DestroyedStateFacts

DARK = Unreadable("AccessDenied")


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(destroyed_facts(), [], id="gone"),
        pytest.param(destroyed_facts(after=Absent()), [], id="no-state-file-any-more"),
        pytest.param(destroyed_facts(before=Absent()), [], id="there-never-was-a-state"),
        pytest.param(destroyed_facts(before=DARK), ["STATE-BEFORE-UNREADABLE"], id="state-before-not-readable"),
        pytest.param(destroyed_facts(after=DARK), ["STATE-UNREADABLE"], id="state-not-readable"),
        pytest.param(destroyed_facts(post_destroy_state_count=Known(1)), ["STATE-NOT-EMPTY"], id="one-left-in-state"),
        pytest.param(
            destroyed_facts(post_destroy_state_count=DARK), ["STATE-COUNT-UNREADABLE"], id="count-not-readable"
        ),
        pytest.param(destroyed_facts(post_destroy_state_count=Absent()), ["STATE-COUNT-MISSING"], id="no-count"),
        pytest.param(
            destroyed_facts(still_there=Known((state_resource(), state_resource("aws_subnet.a", "subnet-1")))),
            ["RESOURCE-STILL-THERE", "RESOURCE-STILL-THERE"],
            id="two-still-answer",
        ),
        pytest.param(destroyed_facts(still_there=DARK), ["STILL-THERE-UNREADABLE"], id="nobody-could-ask"),
        pytest.param(destroyed_facts(still_there=Absent()), ["STILL-THERE-MISSING"], id="nobody-asked"),
        pytest.param(destroyed_facts(locks=Known((state_lock(),))), ["STATE-LOCK-LEFT"], id="a-lock-was-left"),
        pytest.param(destroyed_facts(locks=DARK), ["STATE-LOCK-UNREADABLE"], id="locks-not-readable"),
    ],
)
def test_blockers(facts: DestroyedStateFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "clears"),
    [
        pytest.param(destroyed_facts(still_there=Known((state_resource(),))), True, id="deletion-takes-time"),
        pytest.param(destroyed_facts(still_there=DARK), False, id="no-permission-stays"),
        pytest.param(
            destroyed_facts(still_there=Known((state_resource(),)), post_destroy_state_count=Known(1)),
            False,
            id="a-full-state-stays",
        ),
    ],
)
def test_only_deletion_is_waited_for(facts: DestroyedStateFacts, clears: bool) -> None:
    assert GATE.may_clear_by_itself(GATE.evaluate(facts, judged_at=NOW)) is clears


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(destroyed_left_alone(), [], id="it-stands-as-it-stood"),
        pytest.param(destroyed_left_alone(locks=Known((state_lock(),))), [], id="its-locks-are-not-ours"),
        pytest.param(destroyed_left_alone(frozen_serial=Known(0), after=Absent()), [], id="it-has-no-state"),
        pytest.param(
            destroyed_left_alone(after=Known(state_version(serial=13))), ["UNTARGETED-STATE-MOVED"], id="it-moved"
        ),
        pytest.param(destroyed_left_alone(after=Absent()), ["UNTARGETED-STATE-MOVED"], id="its-state-is-gone"),
        pytest.param(
            destroyed_left_alone(frozen_serial=Known(0)), ["UNTARGETED-STATE-MOVED"], id="it-was-built-meanwhile"
        ),
        pytest.param(destroyed_left_alone(after=DARK), ["STATE-UNREADABLE"], id="state-not-readable"),
        pytest.param(destroyed_left_alone(frozen_serial=DARK), ["FROZEN-SERIAL-UNREADABLE"], id="serial-not-readable"),
        pytest.param(
            destroyed_left_alone(frozen_serial=Absent()), ["FROZEN-SERIAL-MISSING"], id="nobody-left-it-alone"
        ),
        pytest.param(
            destroyed_left_alone(destroy_set=(state_resource(),)), ["TARGET-CONTRADICTORY"], id="with-a-destroy-set"
        ),
    ],
)
def test_a_stack_that_is_left_alone(facts: DestroyedStateFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes
    assert not GATE.may_clear_by_itself(GATE.evaluate(facts, judged_at=NOW))


def test_a_busy_service_is_asked_again_and_no_grant_is_asked_for() -> None:
    throttled = Unreadable("DescribeParameters: ThrottlingException: Rate exceeded", transient=True)
    found = GATE.evaluate(destroyed_facts(still_there=throttled), judged_at=NOW)
    assert [blocker.code for blocker in found] == ["STILL-THERE-UNREADABLE"]
    assert GATE.may_clear_by_itself(found)
    assert [step.kind for step in found[0].remedy.steps] == ["wait", "clear"]
    beside_another = GATE.evaluate(destroyed_facts(still_there=throttled, locks=DARK), judged_at=NOW)
    assert not GATE.may_clear_by_itself(beside_another)
    assert not GATE.may_clear_by_itself(GATE.evaluate(destroyed_facts(still_there=DARK), judged_at=NOW))
