"""A plan works in the environment's region and nowhere else: the guards look there alone for what it made.

Since version 6 of the AWS provider each resource may name a region of its own; a provider of the root always could.
"""

from collections.abc import Iterator

from tidegate.gates.rules_remedies import AUTHOR, root_of
from tidegate.models.blocker import Blocker
from tidegate.models.observed import Known
from tidegate.models.plan import Plan, RegionUse
from tidegate.models.remedy import Clear, Person, Remedy


def region_blockers(plan: Plan, region: str) -> Iterator[Blocker]:
    """Block for each other region, and where nobody can tell before the apply."""
    for use in plan.regions:
        if not isinstance(use.region, Known):
            yield _blocker(plan, use, "PLAN-REGION-UNREADABLE", "nobody can tell where this would be", region)
        elif use.region.value != region:
            yield _blocker(plan, use, "PLAN-REGION-MISMATCH", "the plan leaves the region of the environment", region)


def _blocker(plan: Plan, use: RegionUse, code: str, summary: str, region: str) -> Blocker:
    named = use.region.value if isinstance(use.region, Known) else "known after the apply"
    return Blocker(
        code=code,
        summary=summary,
        resource=use.first,
        observed=named if use.count == 1 else f"{named}, and so for {use.count - 1} more",
        expected=region,
        remedy=Remedy.of(
            Person(AUTHOR, f"take the region of its own out of {root_of(plan.stack)}"),
            Clear(),
        ),
    )
