"""PRE-DESTROY."""

import pytest

from factories_guardrails import NOW, moment, part, pre_destroy_facts
from tidegate.gates.pre_destroy import GATE
from tidegate.models.observed import Absent, Known, Unreadable
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
            ["BLAST-RADIUS-PERCENT", "RESOURCE-COUNT-UNREADABLE"],
            id="one-state-that-nobody-counted-makes-the-share-larger",
        ),
        pytest.param(pre_destroy_facts(destroy_count=Absent()), ["DESTROY-COUNT-MISSING"], id="no-size"),
        pytest.param(pre_destroy_facts(target=DENIED), ["TARGET-UNREADABLE"], id="no-target"),
        pytest.param(pre_destroy_facts(frozen_digest=Absent()), ["FROZEN-SCOPE-MISSING"], id="nothing-was-frozen"),
        pytest.param(pre_destroy_facts(frozen_digest=DENIED), ["FROZEN-SCOPE-UNREADABLE"], id="scope-unreadable"),
        pytest.param(pre_destroy_facts(preserved_now=Known("b" * 64)), ["SCOPE-MOVED"], id="another-preserve-set"),
        pytest.param(pre_destroy_facts(preserved_now=DENIED), ["SCOPE-DIGEST-UNREADABLE"], id="no-digest-now"),
        pytest.param(pre_destroy_facts(preserved_frozen=Absent()), ["SCOPE-DIGEST-MISSING"], id="no-digest-then"),
        pytest.param(pre_destroy_facts(parts=(part(now=Known("b" * 64)),)), ["SCOPE-MOVED"], id="another-part"),
        pytest.param(pre_destroy_facts(parts=(part(now=DENIED),)), ["SCOPE-DIGEST-UNREADABLE"], id="no-part-now"),
        pytest.param(pre_destroy_facts(states=()), ["FROZEN-STATES-EMPTY"], id="no-state-compared"),
        pytest.param(pre_destroy_facts(states=(moment(now=Known("serial 9")),)), ["STATE-MOVED"], id="state-moved"),
        pytest.param(pre_destroy_facts(states=(moment(now=Known("no state")),)), ["STATE-MOVED"], id="state-gone"),
        pytest.param(pre_destroy_facts(states=(moment(now=DENIED),)), ["STATE-UNREADABLE"], id="state-unreadable"),
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
        (pre_destroy_facts(preserved_now=DENIED), "preserve-set", "unreadable: AccessDenied", "the digest"),
        (pre_destroy_facts(preserved_now=Known("b" * 64)), "preserve-set", "b" * 64, "c" * 64),
        (pre_destroy_facts(preserved_now=Known("")), "preserve-set", "blank", "c" * 64),
        (pre_destroy_facts(preserved_frozen=Known("")), "preserve-set", "c" * 64, "a digest"),
        (pre_destroy_facts(parts=(part(now=Known("b" * 64)),)), "demo", "b" * 64, "d" * 64),
        (pre_destroy_facts(destroy_count=Absent()), "b_scope_freeze", "none", "a number"),
        (share(61, 100, 61), "destroy-set", "61 resources", "at most 60"),
    ],
)
def test_where_and_both_sides(facts: PreDestroyFacts, resource: str, observed: str, expected: str) -> None:
    """Whose snapshot, what was seen, and what should have been."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (resource, observed)
    assert blocker.expected.startswith(expected)


BESIDE = {
    "confluent-moved": pre_destroy_facts(states=(moment(), moment(stack="confluent", now=Known("serial 9")))),
    "confluents-part-moved": pre_destroy_facts(parts=(part(), part(stack="confluent", now=Known("b" * 64)))),
    "confluent-unreadable": pre_destroy_facts(states=(moment(), moment(stack="confluent", now=DENIED))),
    "core-moved": pre_destroy_facts(states=(moment(), moment(stack="core", now=Known("serial 9")))),
    "confluent-not-counted": pre_destroy_facts(resources={"core": Known(25), "demo": Known(20), "confluent": DENIED}),
}


@pytest.mark.parametrize("name", BESIDE)
def test_another_stack_closes_the_gate_and_stops_no_destroy_of_this_one(name: str) -> None:
    """RE2."""
    assert GATE.evaluate(BESIDE[name], judged_at=NOW)
    assert GATE.stops is not None
    assert list(GATE.stops(BESIDE[name], "demo")) == []


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(pre_destroy_facts(), [], id="nothing"),
        pytest.param(pre_destroy_facts(states=(moment(now=DENIED),)), ["STATE-UNREADABLE"], id="its-own-state"),
        pytest.param(pre_destroy_facts(parts=(part(now=Known("b" * 64)),)), ["SCOPE-MOVED"], id="its-own-part"),
        pytest.param(pre_destroy_facts(preserved_now=Known("b" * 64)), ["SCOPE-MOVED"], id="what-must-survive"),
        pytest.param(share(61, 100, 61), ["BLAST-RADIUS-COUNT"], id="the-blast-radius"),
        pytest.param(pre_destroy_facts(frozen_digest=Absent()), ["FROZEN-SCOPE-MISSING"], id="no-scope"),
        pytest.param(pre_destroy_facts(parts=()), ["FROZEN-PART-MISSING"], id="no-part-of-it"),
        pytest.param(
            pre_destroy_facts(resources={"core": Known(40), "demo": DENIED}), ["RESOURCE-COUNT-UNREADABLE"], id="count"
        ),
    ],
)
def test_what_stops_the_destroy_of_demo(facts: PreDestroyFacts, codes: list[str]) -> None:
    assert GATE.stops is not None
    assert [blocker.code for blocker in GATE.stops(facts, "demo")] == codes
