"""TEARDOWN-PROOF."""

from datetime import timedelta
from typing import Any

import pytest

from factories_world import NOW, proof_facts, reference
from tidegate.gates.teardown_proof import GATE
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.proof import TeardownProofFacts
from tidegate.models.remedy import Clear

SECOND = timedelta(seconds=1)
RESIDUAL = reference("f_residual_scan", gate="RESIDUAL-SCAN")


def scope_differs(**changes: Any) -> TeardownProofFacts:
    """Facts whose scope snapshot differs."""
    return proof_facts(references=(reference(**changes), RESIDUAL))


def counted(count: Any) -> TeardownProofFacts:
    """Facts with another count of demo's state."""
    return proof_facts(ephemeral_state_counts={"demo": count})


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(proof_facts(), [], id="every-lane-passed-and-nothing-is-left"),
        pytest.param(proof_facts(platform_run=None), [], id="a-teardown-without-a-platform-run"),
        pytest.param(
            proof_facts(references=(reference(), RESIDUAL, reference("g_more", status="fail", overall_pass=False))),
            [],
            id="a-lane-that-is-not-required",
        ),
        pytest.param(proof_facts(references=(reference(),)), ["PROOF-SOURCE-MISSING"], id="one-lane-left-nothing"),
        pytest.param(
            proof_facts(references=()), ["PROOF-SOURCE-MISSING", "PROOF-SOURCE-MISSING"], id="no-lane-left-anything"
        ),
        pytest.param(
            proof_facts(required_lanes=(), references=()),
            ["PROOF-SOURCE-MISSING"],
            id="nothing-required-proves-nothing",
        ),
        pytest.param(
            scope_differs(status="fail", overall_pass=False), ["PROOF-SOURCE-NOT-PASSED"], id="a-lane-that-failed"
        ),
        pytest.param(scope_differs(status="stale"), ["PROOF-SOURCE-NOT-PASSED"], id="a-stale-lane-that-says-pass"),
        pytest.param(
            scope_differs(overall_pass=False), ["PROOF-SOURCE-NOT-PASSED"], id="a-lane-that-contradicts-itself"
        ),
        pytest.param(scope_differs(policy_digest="d" * 64), ["PROOF-SOURCE-STALE"], id="another-policy-digest"),
        pytest.param(scope_differs(policy_digest=""), ["PROOF-SOURCE-STALE"], id="no-policy-digest"),
        pytest.param(scope_differs(valid_until=NOW), ["PROOF-SOURCE-STALE"], id="a-pass-that-has-just-expired"),
        pytest.param(scope_differs(valid_until=NOW + SECOND), [], id="a-pass-that-expires-in-a-second"),
        pytest.param(
            scope_differs(status="fail", overall_pass=False, policy_digest="d" * 64, valid_until=NOW - SECOND),
            ["PROOF-SOURCE-NOT-PASSED", "PROOF-SOURCE-STALE", "PROOF-SOURCE-STALE"],
            id="failed-stale-and-expired",
        ),
        pytest.param(scope_differs(sha256=""), ["PROOF-SOURCE-UNDIGESTED"], id="no-digest"),
        pytest.param(scope_differs(sha256="A" * 64), ["PROOF-SOURCE-UNDIGESTED"], id="capitals-are-not-a-digest"),
        pytest.param(scope_differs(sha256="a" * 63), ["PROOF-SOURCE-UNDIGESTED"], id="a-digest-one-short"),
        pytest.param(
            scope_differs(status="fail", overall_pass=False, sha256=""),
            ["PROOF-SOURCE-NOT-PASSED", "PROOF-SOURCE-UNDIGESTED"],
            id="failed-and-without-a-digest",
        ),
        pytest.param(
            proof_facts(references=(reference(status="fail", overall_pass=False), reference(), RESIDUAL)),
            ["PROOF-SOURCE-NOT-PASSED"],
            id="a-second-pass-does-not-hide-a-failure",
        ),
        pytest.param(counted(Known(1)), ["STATE-NOT-EMPTY"], id="one-resource-left"),
        pytest.param(counted(Known(-1)), ["STATE-NOT-EMPTY"], id="a-count-below-zero"),
        pytest.param(counted(Known(False)), ["STATE-NOT-EMPTY"], id="false-is-no-count"),
        pytest.param(counted(Unreadable("AccessDenied")), ["STATE-UNREADABLE"], id="state-unreadable-is-not-empty"),
        pytest.param(counted(Absent()), ["STATE-MISSING"], id="no-count-is-not-zero"),
        pytest.param(proof_facts(ephemeral_state_counts={}), ["STATE-NOT-EMPTY"], id="nobody-counted"),
        pytest.param(
            proof_facts(
                targets=("demo", "confluent"), ephemeral_state_counts={"confluent": Known(2), "demo": Known(0)}
            ),
            ["STATE-NOT-EMPTY"],
            id="one-of-two-targets-is-not-empty",
        ),
        pytest.param(
            proof_facts(ephemeral_state_counts={"confluent": Known(2), "demo": Known(0)}),
            [],
            id="a-stack-that-is-left-alone-may-stand",
        ),
        pytest.param(
            proof_facts(ephemeral_state_counts={"confluent": Unreadable("AccessDenied"), "demo": Known(0)}),
            ["STATE-UNREADABLE"],
            id="but-it-must-be-known-whether-it-does",
        ),
        pytest.param(
            proof_facts(targets=("demo", "confluent")), ["STATE-NOT-EMPTY"], id="a-target-that-nobody-counted"
        ),
        pytest.param(proof_facts(targets=()), ["STATE-NOT-EMPTY"], id="nothing-was-torn-down"),
        pytest.param(
            proof_facts(references=(RESIDUAL,), ephemeral_state_counts={"demo": Known(3)}),
            ["PROOF-SOURCE-MISSING", "STATE-NOT-EMPTY"],
            id="says-all-of-it",
        ),
    ],
)
def test_blockers(facts: TeardownProofFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_the_lane_and_its_snapshot_are_named() -> None:
    """Where to look, and what to clear."""
    (blocker,) = GATE.evaluate(scope_differs(status="fail", overall_pass=False), judged_at=NOW)
    assert blocker.resource == "b_scope_freeze"
    assert blocker.observed == f"status fail, overall_pass False in {reference().uri}"
    assert blocker.remedy.text == "clear b_scope_freeze with everything downstream"


def test_a_stale_source_names_both_digests() -> None:
    """EV4: the policy that it was judged under, and today's."""
    (blocker,) = GATE.evaluate(scope_differs(policy_digest="d" * 64), judged_at=NOW)
    assert blocker.observed == f"policy digest {'d' * 64} in {reference().uri}"
    assert blocker.expected == f"policy digest {'c' * 64}"
    assert blocker.remedy.text == "clear b_scope_freeze with everything downstream"


def test_what_is_left_is_counted() -> None:
    """The stack and the number."""
    (blocker,) = GATE.evaluate(counted(Known(3)), judged_at=NOW)
    assert (blocker.resource, blocker.observed, blocker.expected) == ("demo", "3 resources", "0 resources")


@pytest.mark.parametrize(
    ("facts", "resource", "observed"),
    [
        (proof_facts(required_lanes=(), references=()), "m9", "0 required lanes"),
        (proof_facts(references=(reference(),)), "f_residual_scan", "none"),
        (proof_facts(ephemeral_state_counts={}), "demo", "not counted"),
        (proof_facts(targets=()), "targets", "0 targets"),
    ],
)
def test_what_is_missing_is_named(facts: TeardownProofFacts, resource: str, observed: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (resource, observed)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (counted(Absent()), "0 resources"),
        (proof_facts(ephemeral_state_counts={"confluent": Absent(), "demo": Known(0)}), "a number"),
    ],
    ids=["a-target", "a-stack-that-is-left-alone"],
)
def test_what_a_state_must_hold(facts: TeardownProofFacts, expected: str) -> None:
    """Nothing where it was torn down; where it was left alone it only has to be known."""
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.expected == expected


@pytest.mark.parametrize("field", ["scanned", "not_scanned"])
def test_a_proof_says_what_was_looked_at_and_what_was_not(field: str) -> None:
    """Beside nine paid resources that nobody lists, "clean" says too much."""
    facts = proof_facts(**{field: ()})
    (blocker,) = GATE.evaluate(facts, judged_at=facts.observed_at)
    assert blocker.code == "PROOF-LIMITS-MISSING"
    assert blocker.remedy.steps == (Clear("f_residual_scan"),)
