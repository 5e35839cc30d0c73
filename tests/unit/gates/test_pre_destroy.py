"""PRE-DESTROY."""

import pytest

from factories_guardrails import NOW, moment, pre_destroy_facts
from tidegate.gates.pre_destroy import GATE
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable
from tidegate.models.pre_destroy import PreDestroyFacts

DENIED = Unreadable("AccessDenied")


def share(going: int, core: int, demo: int) -> PreDestroyFacts:
    """So much of so much."""
    return pre_destroy_facts(destroy_count=Known(going), resources={"core": Known(core), "demo": Known(demo)})


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(pre_destroy_facts(), [], id="within-the-caps"),
        pytest.param(share(0, 25, 0), [], id="nothing-goes"),
        pytest.param(share(0, 0, 0), [], id="nothing-is-there"),
        pytest.param(share(60, 60, 60), [], id="both-caps-to-the-brim"),
        pytest.param(share(61, 100, 61), ["BLAST-RADIUS-COUNT"], id="one-too-many"),
        pytest.param(share(20, 19, 20), ["BLAST-RADIUS-PERCENT"], id="a-hair-over-half"),
        pytest.param(share(1, 0, 0), ["BLAST-RADIUS-PERCENT"], id="more-than-there-is"),
        pytest.param(share(70, 0, 70), ["BLAST-RADIUS-COUNT", "BLAST-RADIUS-PERCENT"], id="both-caps"),
        pytest.param(pre_destroy_facts(resources={}), ["BLAST-RADIUS-UNKNOWN", "BLAST-RADIUS-PERCENT"], id="uncounted"),
        pytest.param(
            pre_destroy_facts(resources={"core": DENIED, "demo": Known(20)}),
            ["RESOURCE-COUNT-UNREADABLE"],
            id="one-state",
        ),
        pytest.param(pre_destroy_facts(destroy_count=Absent()), ["DESTROY-COUNT-MISSING"], id="no-size"),
        pytest.param(pre_destroy_facts(target=DENIED), ["TARGET-UNREADABLE"], id="no-target"),
        pytest.param(pre_destroy_facts(frozen_digest=Absent()), ["FROZEN-SCOPE-MISSING"], id="nothing-was-frozen"),
        pytest.param(pre_destroy_facts(frozen_digest=DENIED), ["FROZEN-SCOPE-UNREADABLE"], id="scope-unreadable"),
        pytest.param(pre_destroy_facts(digest_now=Known("b" * 64)), ["SCOPE-MOVED"], id="another-scope"),
        pytest.param(pre_destroy_facts(digest_now=DENIED), ["SCOPE-DIGEST-UNREADABLE"], id="no-digest-now"),
        pytest.param(pre_destroy_facts(states=()), ["FROZEN-STATES-EMPTY"], id="no-state-compared"),
        pytest.param(pre_destroy_facts(states=(moment(now=Known("serial 9")),)), ["STATE-MOVED"], id="state-moved"),
        pytest.param(pre_destroy_facts(states=(moment(now=Known("no state")),)), ["STATE-MOVED"], id="state-gone"),
        pytest.param(pre_destroy_facts(states=(moment(now=DENIED),)), ["STATE-UNREADABLE"], id="state-unreadable"),
        pytest.param(
            pre_destroy_facts(states=(moment(frozen=UnknownUntilApply()),)), ["STATE-UNKNOWN"], id="frozen-undecided"
        ),
    ],
)
def test_blockers(facts: PreDestroyFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_the_share_is_said() -> None:
    """TD3: how much would go, and how much may."""
    (blocker,) = GATE.evaluate(share(20, 19, 20), judged_at=NOW)
    assert (blocker.observed, blocker.expected) == ("20 of 39 resources", "at most 50 %")


@pytest.mark.parametrize(
    ("facts", "resource", "observed", "expected"),
    [
        (pre_destroy_facts(frozen_digest=Absent()), "b_scope_freeze", "none", "the snapshot of TEARDOWN-SCOPE"),
        (pre_destroy_facts(target=DENIED), "b_scope_freeze", "unreadable: AccessDenied", "a target"),
        (pre_destroy_facts(states=()), "b_scope_freeze", "0 states", "the states of the target stacks"),
        (pre_destroy_facts(digest_now=DENIED), "b_scope_freeze", "unreadable: AccessDenied", "the digest"),
        (pre_destroy_facts(digest_now=Known("b" * 64)), "b_scope_freeze", "b" * 64, "a" * 64),
        (pre_destroy_facts(digest_now=Known("")), "b_scope_freeze", "blank", "a" * 64),
        (pre_destroy_facts(frozen_digest=Known("")), "b_scope_freeze", "a" * 64, "a digest"),
        (pre_destroy_facts(destroy_count=Absent()), "b_scope_freeze", "none", "a number"),
        (share(61, 100, 61), "destroy-set", "61 resources", "at most 60"),
    ],
)
def test_where_and_both_sides(facts: PreDestroyFacts, resource: str, observed: str, expected: str) -> None:
    """Whose snapshot, what was seen, and what should have been."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (resource, observed)
    assert blocker.expected.startswith(expected)
