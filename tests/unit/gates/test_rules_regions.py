"""A night beyond the regions of the manifest: what has to be looked at, what was not, and what stands there."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from factories_control import intent
from factories_residual import audit_residual_facts, owned, standing
from factories_world import NOW, PREFIX, REGION, RULES, inventory, live, state_resource
from tidegate.gates.audit_residual import GATE
from tidegate.models.blocker import Blocker
from tidegate.models.facts import Coverage
from tidegate.models.inventory import Inventory, LiveResource, NotScanned
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.policy import PolicyException
from tidegate.models.residual import AuditResidualFacts

FAR = "ap-southeast-2"
KINDS = ("aws_nat_gateway", "aws_ecs_service")
HOME = inventory()
TAGS = {"project": "fraud-platform", "lifecycle": "ephemeral"}
NAT = live("aws_nat_gateway", "nat-1", region=FAR)
OPT_IN = "scan: AuthFailure: AWS was not able to validate the provided access credentials"


def read(*kinds: str, region: str = FAR) -> tuple[Coverage, ...]:
    return tuple(Coverage(subject=f"{kind}@{region}", status="read") for kind in kinds)


def dark(subject: str, reason: str = "AccessDenied: no", transient: bool = False) -> Coverage:
    return Coverage(subject=subject, status="unreadable", reason=reason, transient=transient)


def far(*resources: LiveResource, coverage: tuple[Coverage, ...] = read(*KINDS), **changes: Any) -> Inventory:
    """A scan of home and of one region beyond."""
    given: dict[str, Any] = {
        "coverage": (*HOME.coverage, *coverage),
        "expected_coverage": (*HOME.expected_coverage, *(each.subject for each in coverage)),
        "beyond": (FAR,),
    }
    return inventory(*resources, **(given | changes))


def night(scan: Inventory | None = None, **changes: Any) -> AuditResidualFacts:
    given: dict[str, Any] = {"enabled_regions": Known((FAR, REGION)), "standing_rules": RULES}
    return audit_residual_facts(inventory=scan or far(), **(given | changes))


def by_day(scan: Inventory, **changes: Any) -> AuditResidualFacts:
    """The same while a platform run is open."""
    return standing(inventory=scan, enabled_regions=Known((FAR, REGION)), standing_rules=RULES, **changes)


def found(facts: AuditResidualFacts) -> tuple[Blocker, ...]:
    return GATE.evaluate(facts, judged_at=NOW)


def said(facts: AuditResidualFacts) -> list[tuple[str, str]]:
    return [(blocker.code, blocker.resource) for blocker in found(facts)]


def test_a_night_that_looked_into_every_enabled_region_is_clean() -> None:
    assert said(night()) == []
    assert said(by_day(far())) == []


@pytest.mark.parametrize(
    ("enabled", "code"),
    [(Unreadable("403"), "ENABLED-REGIONS-UNREADABLE")],
)
def test_a_list_of_regions_that_nobody_has(enabled: Any, code: str) -> None:
    (blocker,) = found(night(HOME, enabled_regions=enabled))
    assert (blocker.code, blocker.transient) == (code, False)
    assert "allow the execution role" in blocker.remedy.text


def test_a_list_that_a_busy_service_owes_is_waited_for() -> None:
    (blocker,) = found(night(HOME, enabled_regions=Unreadable("Throttling", transient=True)))
    assert (blocker.code, blocker.transient) == ("ENABLED-REGIONS-UNREADABLE", True)


def test_a_manifest_may_want_its_own_regions_only() -> None:
    assert said(night(HOME, enabled_regions=Absent(), standing_rules=())) == []


def test_an_enabled_region_that_was_left_out() -> None:
    facts = night(enabled_regions=Known((FAR, REGION, "sa-east-1")))
    assert said(facts) == [("ENABLED-REGION-LEFT-OUT", "sa-east-1")]


def test_a_type_that_was_left_out_beyond() -> None:
    assert said(night(far(coverage=read("aws_nat_gateway")))) == [("COVERAGE-GAP", f"aws_ecs_service@{FAR}")]


@pytest.mark.parametrize(
    ("coverage", "limits"),
    [
        pytest.param((), (f"*@{FAR}",), id="a-closed-region"),
        pytest.param(read("aws_nat_gateway"), (f"aws_ecs_service@{FAR}",), id="a-closed-type"),
    ],
)
def test_what_is_named_as_not_looked_at_is_no_hole(coverage: tuple[Coverage, ...], limits: Sequence[str]) -> None:
    named = tuple(NotScanned(subject=subject, reason="closed") for subject in limits)
    assert said(night(far(coverage=coverage, not_scanned=named))) == []


def test_at_home_nothing_is_excused() -> None:
    """What is named there as not looked at is a hole all the same."""
    scan = far(not_scanned=(NotScanned(subject=f"aws_ecs_service@{REGION}", reason="closed"),))
    without = tuple(each for each in scan.coverage if each.subject != f"aws_ecs_service@{REGION}")
    assert said(night(replace(scan, coverage=without))) == [("COVERAGE-GAP", f"aws_ecs_service@{REGION}")]


@pytest.mark.parametrize(("transient", "way"), [(True, "wait until the service answers again"), (False, "allow the")])
def test_what_cannot_be_read_beyond_has_a_way_out_of_its_own(transient: bool, way: str) -> None:
    coverage = (*read("aws_nat_gateway"), dark(f"aws_ecs_service@{FAR}", transient=transient))
    (blocker,) = found(night(far(coverage=coverage)))
    assert (blocker.code, blocker.resource) == ("SUBJECT-UNREADABLE", f"aws_ecs_service@{FAR}")
    assert blocker.transient is transient
    assert blocker.remedy.text.startswith(way)
    assert "set audit.regions in include/environments/<environment>.yaml to scan_regions" in blocker.remedy.text


def test_a_whole_region_that_cannot_be_read_is_said_once() -> None:
    assert said(night(far(coverage=(dark(f"*@{FAR}"),)))) == [("SUBJECT-UNREADABLE", f"*@{FAR}")]


def test_what_cannot_be_read_at_home_keeps_its_own_way_out() -> None:
    spoiled = (HOME.coverage[0], dark(HOME.coverage[1].subject), *read(*KINDS))
    (blocker,) = found(night(replace(far(), coverage=spoiled)))
    assert (blocker.code, blocker.resource) == ("SUBJECT-UNREADABLE", HOME.coverage[1].subject)
    assert "audit.regions" not in blocker.remedy.text


def test_a_region_that_refuses_the_session() -> None:
    (blocker,) = found(night(far(coverage=(dark(f"*@{FAR}", OPT_IN),))))
    assert (blocker.code, blocker.resource) == ("REGION-DISABLED", FAR)
    assert "AWS_STS_REGIONAL_ENDPOINTS=regional" in blocker.remedy.text
    assert "enable-region" not in blocker.remedy.text


def test_without_rules_nothing_beyond_can_be_judged() -> None:
    assert said(night(standing_rules=())) == [
        ("FORBIDDEN-RULES-MISSING", "include/policies/forbidden.yaml"),
    ]


def test_what_is_forbidden_beyond_is_found_with_and_without_a_platform_run() -> None:
    named = ("FORBIDDEN-LIVE", f"aws_nat_gateway nat-1 {FAR}")
    assert said(night(far(NAT), forbidden=())) == [named]
    assert said(by_day(far(NAT), forbidden=())) == [named]


def test_at_home_the_standing_rules_are_another_lanes() -> None:
    at_home = live("aws_nat_gateway", "nat-1")
    assert said(night(far(at_home), forbidden=())) == []
    assert said(by_day(far(at_home), forbidden=())) == []


def test_what_is_forbidden_beyond_and_on_its_way_out() -> None:
    going = live("aws_nat_gateway", "nat-1", region=FAR, status="deleting")
    assert said(by_day(far(going))) == [("RESIDUAL-DELETING", f"aws_nat_gateway nat-1 {FAR}")]


def test_an_exception_covers_beyond_as_at_home() -> None:
    rule = next(rule.id for rule in RULES if "aws_nat_gateway" in rule.types)
    granted = PolicyException(
        rule=rule, resource="nat-1", owner="somebody", reason="needed for a while", expires=NOW.date()
    )
    assert said(by_day(far(NAT), exceptions=(granted,), forbidden=())) == []


def test_an_orphan_beyond_is_one_finding_though_it_is_forbidden_too() -> None:
    ours = live("aws_nat_gateway", "nat-1", region=FAR, tags=TAGS)
    assert said(by_day(far(ours))) == [("FORBIDDEN-LIVE", f"aws_nat_gateway nat-1 {FAR}")]


def test_an_orphan_beyond() -> None:
    ours = live(id="vpc-9", region=FAR, tags=TAGS)
    assert said(by_day(far(ours))) == [("ORPHAN-BESIDE-STACKS", f"aws_vpc vpc-9 {FAR}")]
    assert said(by_day(far(ours), states=(owned("core"), owned("demo", state_resource(id="vpc-9"))))) == [
        ("ORPHAN-BESIDE-STACKS", f"aws_vpc vpc-9 {FAR}")
    ], "a state means the one at home"


def test_what_is_left_beyond_after_a_teardown() -> None:
    ours = live("aws_ecs_cluster", f"{PREFIX}-runtime", region=FAR)
    assert said(night(far(ours))) == [("RESIDUAL-RESOURCE", f"aws_ecs_cluster {PREFIX}-runtime {FAR}")]


def test_what_is_forbidden_beyond_is_told_while_an_apply_is_under_way() -> None:
    intents = {"demo": Known(intent(liveness="live"))}
    assert said(by_day(far(NAT), intents=intents)) == [("FORBIDDEN-LIVE", f"aws_nat_gateway nat-1 {FAR}")]
