"""A plan stays in the environment's region."""

from typing import Any

import pytest

from factories_world import plan, plan_facts
from tidegate.gates import plan_guard
from tidegate.models.observed import Known, UnknownUntilApply
from tidegate.models.plan import RegionUse

HOME = plan_facts().aws_region


def use(region: Any, count: int = 1) -> RegionUse:
    return RegionUse(region=region, first="aws_vpc.far", count=count)


@pytest.mark.parametrize(
    ("uses", "codes", "observed"),
    [
        ((), [], ""),
        ((use(Known(HOME), 9),), [], ""),
        ((use(Known("us-west-2")),), ["PLAN-REGION-MISMATCH"], "us-west-2"),
        ((use(Known("us-west-2"), 3),), ["PLAN-REGION-MISMATCH"], "us-west-2, and so for 2 more"),
        ((use(UnknownUntilApply()),), ["PLAN-REGION-UNREADABLE"], "known after the apply"),
        ((use(Known(HOME)), use(Known("us-west-2"))), ["PLAN-REGION-MISMATCH"], "us-west-2"),
    ],
)
def test_the_region_of_a_plan(uses: tuple[RegionUse, ...], codes: list[str], observed: str) -> None:
    facts = plan_facts(plan=Known(plan(regions=uses)))
    found = list(plan_guard.blockers(facts))
    assert [blocker.code for blocker in found] == codes
    assert all((it.observed, it.expected, it.resource) == (observed, HOME, "aws_vpc.far") for it in found)
