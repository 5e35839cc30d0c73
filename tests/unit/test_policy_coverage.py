"""Policy as data: one policy judges plan and live inventory, and nothing that is scanned escapes it (CO1, CO2, TD5)."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from factories_world import inventory, live, plan_facts, planned, posture_facts, residual_facts
from manifests import COMMITTED
from tidegate.collectors.aws.inventory import ANSWERED_BY, LISTINGS, PLAN_ONLY
from tidegate.environments import ManifestError, load, load_policies
from tidegate.gates import network_posture, plan_guard, residual_scan
from tidegate.gates.rules_forbidden import judge
from tidegate.models.observed import Absent, Known, UnknownUntilApply
from tidegate.models.policy import PolicyException
from tidegate.settings import settings

ENVIRONMENT = load("dev_min")
POLICIES = load_policies(ENVIRONMENT)
FORBIDDEN = {kind for rule in POLICIES.forbidden.rules for kind in rule.types}
TODAY = date(2026, 11, 21)
HOURLY = {
    "NAT gateways": "aws_nat_gateway",
    "NAT instances and machines": "aws_instance",
    "dedicated hosts": "aws_ec2_host",
    "application, network and gateway load balancers": "aws_lb",
    "classic load balancers": "aws_elb",
    "ECS services": "aws_ecs_service",
    "standalone tasks": "aws_ecs_task",
    "Auto Scaling groups": "aws_autoscaling_group",
    "EKS clusters": "aws_eks_cluster",
    "EKS node groups": "aws_eks_node_group",
    "EKS Fargate profiles": "aws_eks_fargate_profile",
    "MSK": "aws_msk_cluster",
    "RDS clusters": "aws_rds_cluster",
    "manual RDS snapshots": "aws_db_snapshot",
    "manual cluster snapshots": "aws_db_cluster_snapshot",
    "elastic addresses": "aws_eip",
    "volumes": "aws_ebs_volume",
    "volume snapshots": "aws_ebs_snapshot",
    "interface endpoints": "aws_vpc_endpoint",
    "transit gateways": "aws_ec2_transit_gateway",
    "VPN connections": "aws_vpn_connection",
    "firewalls": "aws_networkfirewall_firewall",
    "OpenSearch": "aws_opensearch_domain",
    "ElastiCache": "aws_elasticache_cluster",
    "Redshift": "aws_redshift_cluster",
}


def test_every_live_subject_is_forbidden_or_says_why_not() -> None:
    assert set(LISTINGS) == (FORBIDDEN | set(POLICIES.forbidden.watched)) & set(LISTINGS)
    assert not FORBIDDEN & set(POLICIES.forbidden.watched), "forbidden and watched at once"


def test_every_type_of_the_policy_is_looked_for_live_or_says_why_not() -> None:
    assert {*FORBIDDEN, *POLICIES.forbidden.watched} <= {*LISTINGS, *ANSWERED_BY, *PLAN_ONLY}
    assert set(PLAN_ONLY) <= FORBIDDEN
    assert all(len(reason) > 10 for reason in PLAN_ONLY.values())


def test_watched_types_are_those_that_demo_leaves_behind_or_no_stack_may_hold() -> None:
    stacks = POLICIES.allowed_types.stacks
    others = {kind for name, kinds in stacks.items() if name != "demo" for kind in kinds}
    assert (set(POLICIES.forbidden.watched) - set(stacks["demo"])) & others == {"aws_dynamodb_table"}, "the lock table"


@pytest.mark.parametrize("kind", HOURLY.values(), ids=list(HOURLY))
def test_what_is_billed_by_the_hour_is_forbidden(kind: str) -> None:
    assert kind in FORBIDDEN
    assert ANSWERED_BY.get(kind, kind) in LISTINGS


@pytest.mark.parametrize("rule", POLICIES.forbidden.rules, ids=lambda rule: rule.id)
def test_the_same_rule_judges_plan_and_live(rule) -> None:
    """A rule with a condition is met by a value that fulfils it; each says the same rule."""
    values = {"greater_than": 1, "equals": "DAEMON", "not_equals": "Interface"}
    attributes = {rule.condition.attribute: Known(values[rule.condition.operator])} if rule.condition else {}
    kind = next(each for each in rule.types if each not in PLAN_ONLY)
    only = {"forbidden": (rule,), "exceptions": (), "today": TODAY}
    plan = plan_facts(planned(f"{kind}.x", "create", attributes=attributes), **only, allowed_types=(kind,))
    found = inventory(live(kind, "x", attributes=attributes))
    for gate, facts, code in (
        (plan_guard.GATE, plan, "FORBIDDEN-RESOURCE"),
        (network_posture.GATE, posture_facts(inventory=found, **only), "FORBIDDEN-LIVE"),
        (residual_scan.GATE, residual_facts(inventory=found, **only), "FORBIDDEN-LIVE"),
    ):
        said = [each for each in gate.evaluate(facts, judged_at=facts.observed_at) if rule.id in each.summary]
        assert [each.code for each in said] == [code], gate.id


@pytest.mark.parametrize("rule", POLICIES.forbidden.in_plans, ids=lambda rule: rule.id)
def test_a_rule_for_plans_blocks_a_build_and_nothing_live(rule) -> None:
    """The account may have it for others; a build may not make it."""
    attributes = {rule.condition.attribute: Known(_beyond(rule.condition))} if rule.condition else {}
    for kind in rule.types:
        plan = plan_facts(
            planned(f"{kind}.x", "create", attributes=attributes),
            forbidden=POLICIES.forbidden.plan_rules,
            exceptions=(),
            today=TODAY,
            allowed_types=(kind,),
        )
        said = plan_guard.GATE.evaluate(plan, judged_at=plan.observed_at)
        told = [it.code for it in said if it.summary.startswith(f"rule {rule.id}:")]
        assert told == ["FORBIDDEN-RESOURCE"], kind
        assert rule not in POLICIES.forbidden.rules


def _beyond(condition) -> object:
    return condition.value + 1 if condition.operator == "greater_than" else condition.value


def test_a_database_as_aws_makes_it_is_fine() -> None:
    """What nobody sets is unknown before the apply, and at the least that AWS takes after it."""
    rules = tuple(rule for rule in POLICIES.forbidden.in_plans if "aws_db_instance" in rule.types)
    at_rest = {
        "iops": 3000,
        "storage_throughput": 125,
        "max_allocated_storage": 0,
        "performance_insights_retention_period": 7,
        "database_insights_mode": "standard",
        "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
    }
    assert {rule.condition.attribute for rule in rules} == set(at_rest)
    unset = {name: Absent() if name == "max_allocated_storage" else UnknownUntilApply() for name in at_rest}
    for attributes in ({name: Known(value) for name, value in at_rest.items()}, unset):
        verdict = judge("aws_db_instance", attributes, key="x", rules=rules, exceptions=(), today=TODAY)
        assert [it for it in verdict.findings if it.outcome != "unknown"] == []
        assert {it.rule.when_unknown for it in verdict.findings} <= {"recheck_live"}


@pytest.mark.parametrize(
    ("expires", "codes"),
    [
        pytest.param(TODAY, set(), id="last-day"),
        pytest.param(TODAY - timedelta(days=1), {"FORBIDDEN-LIVE", "EXCEPTION-EXPIRED"}, id="expired"),
    ],
)
def test_an_exception_ends(expires: date, codes: set[str]) -> None:
    exception = PolicyException(
        rule="NAT-GATEWAY", resource="x", owner="me", reason="for a demonstration", expires=expires
    )
    facts = posture_facts(
        live("aws_nat_gateway", "x"), forbidden=POLICIES.forbidden.rules, exceptions=(exception,), today=TODAY
    )
    assert {each.code for each in network_posture.GATE.evaluate(facts, judged_at=facts.observed_at)} == codes


@pytest.mark.parametrize("gone", ["rule", "resource", "owner", "reason", "expires"])
def test_an_exception_without_a_part_is_an_error_of_the_manifest(
    gone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {
        "rule": "NAT-GATEWAY",
        "resource": "x",
        "owner": "me",
        "reason": "for a demonstration",
        "expires": "2026-12-01",
    }
    given = ", ".join(f"{name}: {value}" for name, value in parts.items() if name != gone)
    manifest = COMMITTED.read_text(encoding="utf-8")
    (tmp_path / "dev_min.yaml").write_text(manifest.replace("exceptions: []", f"exceptions:\n  - {{{given}}}"))
    monkeypatch.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(tmp_path))
    settings.cache_clear()
    with pytest.raises(ManifestError, match=re.escape(f"exceptions.0.{gone}")):
        load("dev_min")


@pytest.mark.parametrize("blank", ["rule", "resource", "owner"])
def test_an_exception_with_a_blank_part_is_an_error_too(blank: str) -> None:
    parts = {"rule": "R", "resource": "x", "owner": "me", "reason": "for a demonstration", "expires": "2026-12-01"}
    with pytest.raises(ValueError, match=blank):
        PolicyException.model_validate({**parts, blank: " "})


def test_a_database_may_stand_with_its_stack_and_not_after_it() -> None:
    """TD5: after a teardown every database counts, tagged or not; before it demo has one."""
    standing = {rule.id for rule in POLICIES.forbidden.standing_rules}
    assert {rule.id for rule in POLICIES.forbidden.rules} - standing == {"LEFT-DATABASE"}
    stranger = live("aws_db_instance", "left-behind", tags={})
    posture = posture_facts(stranger, forbidden=POLICIES.forbidden.standing_rules)
    assert network_posture.GATE.evaluate(posture, judged_at=posture.observed_at) == ()
    residual = residual_facts(stranger, forbidden=POLICIES.forbidden.rules)
    (blocker,) = residual_scan.GATE.evaluate(residual, judged_at=residual.observed_at)
    assert (blocker.code, "left-behind" in blocker.resource) == ("FORBIDDEN-LIVE", True)
