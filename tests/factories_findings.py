"""Open findings, asked for live: they stand unless a test says otherwise. Each takes changes by keyword."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from factories_residual import owned
from factories_world import NO_FINDINGS, PREFIX, REGION, live
from tidegate.models.findings import FINDING_RULE, Finding, FindingFacts, FindingLook
from tidegate.models.observed import Known
from tidegate.models.ownership import OwnedState, Owners

SINCE = datetime(2026, 11, 20, 22, 15, tzinfo=UTC)
FIRST = "m9_20261120T221500Z"


def finding(type: str = "aws_iam_role", id: str = f"{PREFIX}-demo-runtime", **changes: Any) -> Finding:
    """A role that still answered after its destroy."""
    found = Finding(
        type=type,
        id=id,
        region=REGION,
        since=SINCE,
        seen_by=FIRST,
        code="RESOURCE-STILL-THERE",
        held_by="demo",
    )
    return replace(found, **changes)


def finding_look(found: Finding | None = None, **changes: Any) -> FindingLook:
    """It still answers."""
    of = found or finding()
    look = FindingLook(finding=of, there=Known(live(of.type, of.id)), rules=(FINDING_RULE,))
    return replace(look, **changes)


def owners(*states: OwnedState) -> Owners:
    """Who may hold what stands; nobody does."""
    return Owners(
        states=states or (owned("core"), owned("demo")),
        region=REGION,
        tags={"project": "fraud-platform", "environment": "dev_min"},
        name_prefix=PREFIX,
        dedicated=False,
    )


def finding_facts(*looks: FindingLook, **changes: Any) -> FindingFacts:
    """What earlier runs saw standing, as it is now."""
    facts = replace(NO_FINDINGS, looks=Known(looks), owners=owners() if looks else None)
    return replace(facts, **changes)
