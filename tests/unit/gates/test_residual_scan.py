"""RESIDUAL-SCAN: nothing is left over, nothing preserved is missing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from factories_world import (
    NOW,
    PREFIX,
    TODAY,
    exception,
    inventory,
    live,
    preserve_item,
    residual_facts,
    state_resource,
)
from tidegate.gates.residual_scan import GATE
from tidegate.models.facts import Coverage
from tidegate.models.inventory import LiveResource, ResidualFacts
from tidegate.models.observed import Absent, Known, UnknownUntilApply, Unreadable

DARK = Unreadable("AccessDenied")
TAGS = {"project": "fraud-platform", "lifecycle": "ephemeral", "team": "fraud"}
OURS = live(tags=TAGS)
CLUSTER = f"arn:aws:ecs:eu-west-2:123456789012:cluster/{PREFIX}-runtime"


def nat(**changes: Any) -> LiveResource:
    return live("aws_nat_gateway", "nat-1", **changes)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(residual_facts(), [], id="nothing-left"),
        pytest.param(residual_facts(live()), [], id="the-vpc-of-somebody-else"),
        pytest.param(residual_facts(OURS), ["RESIDUAL-RESOURCE"], id="left-over-by-its-tags"),
        pytest.param(residual_facts(live(tags={"project": "fraud-platform"})), [], id="one-tag-is-not-enough"),
        pytest.param(residual_facts(live(tags=TAGS | {"lifecycle": "persistent"})), [], id="tagged-as-persistent"),
        pytest.param(residual_facts(live(id=f"{PREFIX}-vpc")), ["RESIDUAL-RESOURCE"], id="left-over-by-its-name"),
        pytest.param(
            residual_facts(live("aws_ecs_cluster", CLUSTER)), ["RESIDUAL-RESOURCE"], id="by-the-end-of-its-arn"
        ),
        pytest.param(
            residual_facts(live("aws_ecs_cluster", f"arn:aws:ecs:eu-west-2:1:{PREFIX}-a:*")),
            ["RESIDUAL-RESOURCE"],
            id="an-arn-that-ends-in-a-star",
        ),
        pytest.param(residual_facts(live(id=f"old-{PREFIX}")), [], id="the-prefix-in-the-middle-of-a-name"),
        pytest.param(residual_facts(live(id="vpc-1"), environment_tags={}), [], id="no-tags-to-know-by-match-nothing"),
        pytest.param(residual_facts(live("aws_s3_bucket", f"{PREFIX}-x")), [], id="a-type-that-core-holds"),
        pytest.param(
            residual_facts(OURS, preserve_set=(preserve_item(type="aws_vpc", id="vpc-0other"),)), [], id="preserved"
        ),
        pytest.param(
            residual_facts(OURS, preserve_set=(preserve_item(type="aws_subnet", id="vpc-0other"),)),
            ["RESIDUAL-RESOURCE"],
            id="preserved-is-something-else-with-its-id",
        ),
        pytest.param(residual_facts(OURS, ephemeral_types=()), ["EPHEMERAL-TYPES-MISSING"], id="nothing-is-ephemeral"),
        *(
            pytest.param(
                residual_facts(live(tags=TAGS, status=word)), ["RESIDUAL-DELETING"], id=f"on-its-way-out-{word}"
            )
            for word in ("deleting", "DELETING", "draining", "shutting-down", "DEPROVISIONING", "INACTIVE-draining")
        ),
        pytest.param(residual_facts(live(status="deleting")), [], id="on-its-way-out-and-not-ours"),
        pytest.param(residual_facts(live(tags=TAGS, status="pending")), ["RESIDUAL-RESOURCE"], id="on-its-way-in"),
    ],
)
def test_left_over(facts: ResidualFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(residual_facts(nat()), ["FORBIDDEN-LIVE"], id="whoever-made-it"),
        pytest.param(residual_facts(nat(status="deleting")), ["RESIDUAL-DELETING"], id="on-its-way-out"),
        pytest.param(
            residual_facts(nat(), exceptions=(exception("NAT-GATEWAY", "nat-1"),)), [], id="excepted-on-its-last-day"
        ),
        pytest.param(
            residual_facts(nat(), exceptions=(exception("NAT-GATEWAY", "nat-1", TODAY - timedelta(days=1)),)),
            ["FORBIDDEN-LIVE", "EXCEPTION-EXPIRED"],
            id="excepted-until-yesterday",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_service", f"{PREFIX}-api", attributes={"desired_count": Known(1)})),
            ["FORBIDDEN-LIVE", "RESIDUAL-RESOURCE"],
            id="forbidden-and-left-over",
        ),
        pytest.param(
            residual_facts(
                live("aws_ecs_service", f"{PREFIX}-api", attributes={"desired_count": Known(1)}, status="DRAINING")
            ),
            ["RESIDUAL-DELETING"],
            id="forbidden-left-over-and-draining-is-said-once",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_service", attributes={"desired_count": UnknownUntilApply()})),
            ["FORBIDDEN-UNKNOWN"],
            id="an-unknown-value",
        ),
        pytest.param(
            residual_facts(live("aws_ecs_service")), ["FORBIDDEN-UNREADABLE"], id="nobody-looked-at-the-count"
        ),
        pytest.param(residual_facts(forbidden=()), ["FORBIDDEN-RULES-MISSING"], id="no-rules-forbid-nothing"),
    ],
)
def test_forbidden(facts: ResidualFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        pytest.param(
            residual_facts(inventory=inventory(coverage=(), expected_coverage=())), ["COVERAGE-EMPTY"], id="no-scan"
        ),
        pytest.param(residual_facts(inventory=inventory(coverage=())), ["COVERAGE-GAP"] * 2, id="two-gaps"),
        pytest.param(
            residual_facts(
                inventory=inventory(
                    expected_coverage=("aws_eip@eu-west-2",),
                    coverage=(Coverage(subject="aws_eip@eu-west-2", status="unreadable", reason="AccessDenied"),),
                )
            ),
            ["SUBJECT-UNREADABLE"],
            id="one-type-could-not-be-scanned",
        ),
        pytest.param(
            residual_facts(destroyed_still_there=Known((state_resource(),))),
            ["RESOURCE-STILL-THERE"],
            id="still-answers",
        ),
        pytest.param(residual_facts(destroyed_still_there=DARK), ["STILL-THERE-UNREADABLE"], id="nobody-could-ask"),
        pytest.param(
            residual_facts(preserved_missing=Known((preserve_item(),))), ["PRESERVED-MISSING"], id="state-bucket-gone"
        ),
        pytest.param(
            residual_facts(preserved_missing=DARK), ["PRESERVED-CHECK-UNREADABLE"], id="survival-not-readable"
        ),
        pytest.param(residual_facts(preserved_missing=Absent()), ["PRESERVED-CHECK-MISSING"], id="survival-not-asked"),
        pytest.param(
            residual_facts(preserved_missing=UnknownUntilApply()), ["PRESERVED-CHECK-UNKNOWN"], id="survival-not-known"
        ),
        pytest.param(
            residual_facts(persistent_serial_after={"core": Known(5)}), ["PERSISTENT-STATE-MOVED"], id="core-moved"
        ),
        pytest.param(
            residual_facts(persistent_serial_after={"core": DARK}),
            ["PERSISTENT-STATE-UNREADABLE"],
            id="core-not-readable",
        ),
        pytest.param(
            residual_facts(persistent_serial_after={"core": UnknownUntilApply()}),
            ["PERSISTENT-STATE-UNKNOWN"],
            id="core-not-known",
        ),
        pytest.param(residual_facts(persistent_serial_after={}), ["PERSISTENT-STATE-MISSING"], id="core-not-looked-at"),
        pytest.param(residual_facts(persistent_serial_before={}), ["PERSISTENT-STATE-MISSING"], id="core-not-frozen"),
    ],
)
def test_scan_and_survivors(facts: ResidualFacts, codes: Sequence[str]) -> None:
    assert [blocker.code for blocker in GATE.evaluate(facts, judged_at=NOW)] == codes


@pytest.mark.parametrize(
    ("facts", "clears"),
    [
        pytest.param(
            residual_facts(nat(status="deleting"), destroyed_still_there=Known((state_resource(),))), True, id="waits"
        ),
        pytest.param(residual_facts(OURS), False, id="a-resource-at-rest-stays"),
        pytest.param(residual_facts(nat(status="deleting"), preserved_missing=DARK), False, id="one-lasting-is-enough"),
    ],
)
def test_only_deletion_is_waited_for(facts: ResidualFacts, clears: bool) -> None:
    assert GATE.may_clear_by_itself(GATE.evaluate(facts, judged_at=NOW)) is clears


def test_one_on_its_way_out_does_not_hide_the_next() -> None:
    """Every resource of the inventory is judged, in its order."""
    going = live(id="vpc-going", tags=TAGS, status="deleting")
    found = GATE.evaluate(residual_facts(live(status="deleting"), going, OURS, nat()), judged_at=NOW)
    assert [blocker.code for blocker in found] == ["RESIDUAL-DELETING", "RESIDUAL-RESOURCE", "FORBIDDEN-LIVE"]


@pytest.mark.parametrize(
    ("facts", "resource", "expected"),
    [
        (
            residual_facts(inventory=inventory(coverage=(), expected_coverage=())),
            "inventory",
            "one subject for each scanned type and region",
        ),
        (residual_facts(ephemeral_types=()), "ephemeral types", "the types that ephemeral stacks may hold"),
        (residual_facts(destroyed_still_there=DARK), "destroy-set", "none of them answers"),
        (residual_facts(preserved_missing=DARK), "preserve-set", "every item answers"),
        (residual_facts(persistent_serial_after={"core": Known(5)}), "core", "serial 4"),
        (residual_facts(persistent_serial_before={}), "core", "a serial from the freeze of the scope"),
    ],
)
def test_where_and_what_was_expected(facts: ResidualFacts, resource: str, expected: str) -> None:
    (blocker,) = GATE.evaluate(facts, judged_at=NOW)
    assert blocker.resource == resource
    assert expected in blocker.expected
