"""STATE-OWNERSHIP."""

import pytest

from factories_guardrails import NOW, owned, ownership_facts
from factories_world import state_resource
from tidegate.gates.state_ownership import GATE
from tidegate.models.observed import Absent, Unreadable
from tidegate.models.ownership import OwnershipFacts

VPC = state_resource("aws_vpc.this", "vpc-1")
BUCKET = state_resource("aws_s3_bucket.this", "tfstate")
POLICY = state_resource("aws_s3_bucket_policy.this", "tfstate")
_READ = "a state that can be read"
CORE = owned("core", BUCKET, POLICY)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(ownership_facts(), [], id="each-its-own"),
        pytest.param(ownership_facts(CORE, owned("demo", VPC)), [], id="one-id-of-two-types-in-one-state"),
        pytest.param(
            ownership_facts(owned("core", VPC), owned("demo", state_resource("aws_vpc.this", "vpc-2"))),
            [],
            id="the-same-address-is-another-resource",
        ),
        pytest.param(ownership_facts(CORE, owned("demo")), [], id="demo-is-empty"),
        pytest.param(ownership_facts(CORE, owned("demo", resources=Absent())), [], id="demo-has-no-state"),
        pytest.param(
            ownership_facts(owned("core", VPC), owned("demo", VPC)), ["RESOURCE-OWNED-TWICE"], id="two-owners"
        ),
        pytest.param(
            ownership_facts(CORE, owned("demo", state_resource("aws_s3_bucket.mine", "tfstate"))),
            ["RESOURCE-OWNED-TWICE"],
            id="under-another-address",
        ),
        pytest.param(
            ownership_facts(owned("core", BUCKET), owned("demo", POLICY)),
            ["RESOURCE-OWNED-TWICE"],
            id="a-part-of-it-in-another-state",
        ),
        pytest.param(
            ownership_facts(owned("core", resources=Absent()), owned("demo", VPC)), ["STATE-MISSING"], id="no-core"
        ),
        pytest.param(
            ownership_facts(CORE, owned("demo", resources=Unreadable("403"))), ["STATE-UNREADABLE"], id="unreadable"
        ),
        pytest.param(ownership_facts(CORE), ["OWNERSHIP-INCOMPLETE"], id="a-stack-left-out"),
        pytest.param(
            ownership_facts(CORE, owned("demo", VPC), owned("demo", VPC)), ["OWNERSHIP-INCOMPLETE"], id="read-twice"
        ),
        pytest.param(ownership_facts(expected_stacks=()), ["OWNERSHIP-INCOMPLETE"], id="no-stack-at-all"),
        pytest.param(
            ownership_facts(CORE, owned("demo", state_resource("aws_vpc.this", " "))), ["RESOURCE-ID-BLANK"], id="no-id"
        ),
    ],
)
def test_blockers(facts: OwnershipFacts, codes: list[str]) -> None:
    """The codes, in order, and no other."""
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


def test_both_owners_are_named() -> None:
    """Where to remove it."""
    (blocker,) = GATE.evaluate(ownership_facts(owned("core", VPC), owned("demo", VPC)), judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (
        "vpc-1",
        "core: aws_vpc.this (aws_vpc), demo: aws_vpc.this (aws_vpc)",
    )
    assert "<root of core> or <root of demo>" in blocker.remedy.text


def test_an_id_with_one_owner_does_not_hide_the_next() -> None:
    """In the order of the states: the first resource is fine, the second is not."""
    core, demo = owned("core", BUCKET, VPC), owned("demo", VPC)
    (blocker,) = GATE.evaluate(ownership_facts(core, demo), judged_at=NOW)
    assert (blocker.code, blocker.resource) == ("RESOURCE-OWNED-TWICE", "vpc-1")


@pytest.mark.parametrize(
    ("facts", "resource", "observed", "expected"),
    [
        (ownership_facts(expected_stacks=()), "stacks", "0 stacks", "the state of every stack"),
        (ownership_facts(CORE), "demo", "looked at 0 times", "the state of every stack"),
        (ownership_facts(CORE, owned("demo"), owned("demo")), "demo", "looked at 2 times", "the state of every stack"),
        (
            ownership_facts(CORE, owned("demo", resources=Unreadable("403"))),
            "demo",
            "unreadable: 403",
            _READ + ", or none",
        ),
        (ownership_facts(owned("core", resources=Absent()), owned("demo", VPC)), "core", "none", _READ),
    ],
)
def test_where_and_both_sides(facts: OwnershipFacts, resource: str, observed: str, expected: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert (blocker.resource, blocker.observed) == (resource, observed)
    assert blocker.expected.partition(" of the manifest")[0] == expected


def test_a_blank_id_in_two_states_is_called_blank() -> None:
    blank = state_resource("aws_vpc.this", "")
    found = GATE.evaluate(ownership_facts(owned("core", blank), owned("demo", blank)), judged_at=NOW)
    assert ("RESOURCE-OWNED-TWICE", "(blank id)") in [(blocker.code, blocker.resource) for blocker in found]
