"""Command lines that delete: only for ids that AWS itself makes, and the id is one argument, whatever it holds."""

import shlex

import pytest

from tidegate.gates import rules_deletion
from tidegate.gates.rules_deletion import deleting_command

ALB = "arn:aws:elasticloadbalancing:eu-west-2:123456789012:loadbalancer/app/quick-test-alb/0123456789abcdef"
IDS = {
    "automated backup": "db-ABCDEFGHIJKLMNOPQRSTUVWX01",
    "aws_autoscaling_group": "fleet of mine",
    "aws_cloudwatch_log_group": "/aws/rds/instance/fraud-platform-dev-min-demo/postgresql",
    "aws_db_cluster_snapshot": "before-upgrade-2026",
    "aws_db_instance": "fraud-platform-dev-min-demo-runtime",
    "aws_db_snapshot": "before-upgrade",
    "aws_ebs_snapshot": "snap-0123456789abcdef0",
    "aws_ebs_volume": "vol-0123456789abcdef0",
    "aws_ecs_cluster": "fraud-platform-dev-min-demo",
    "aws_eip": "eipalloc-0123456789abcdef0",
    "aws_eks_cluster": "trial",
    "aws_elasticache_cluster": "cache-1",
    "aws_elb": "classic-1",
    "aws_instance": "i-0123456789abcdef0",
    "aws_kms_key": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "aws_lb": ALB,
    "aws_nat_gateway": "nat-0123456789abcdef0",
    "aws_opensearch_domain": "search",
    "aws_rds_cluster": "aurora-1",
    "aws_redshift_cluster": "warehouse",
    "aws_ssm_parameter": "/fraud-platform/dev_min/kafka/secret",
    "aws_vpc_endpoint": "vpce-0123456789abcdef0",
    "aws_vpn_connection": "vpn-0123456789abcdef0",
}


def test_every_type_is_tried() -> None:
    assert set(IDS) == set(rules_deletion._DELETIONS)


@pytest.mark.parametrize("kind", sorted(IDS))
def test_an_id_of_aws_is_one_argument_and_the_region_is_named(kind: str) -> None:
    argv = deleting_command(kind, IDS[kind], "eu-west-2")
    assert argv is not None
    assert argv[0] == "aws"
    assert argv[-2:] == ("--region", "eu-west-2")
    assert argv.count(IDS[kind]) == 1
    assert "{}" not in argv
    assert tuple(shlex.split(shlex.join(argv))) == argv


@pytest.mark.parametrize("kind", sorted(IDS))
@pytest.mark.parametrize("hostile", ["x; rm -rf ~", "$(reboot)", "--all", "a\nb", "", "`id`", "../../etc", "nat-XYZ é"])
def test_a_name_without_the_shape_of_aws_is_put_into_no_command(kind: str, hostile: str) -> None:
    assert deleting_command(kind, hostile, "eu-west-2") is None


@pytest.mark.parametrize("kind", ["aws_db_snapshot", "aws_db_cluster_snapshot"])
@pytest.mark.parametrize("id_", ["rds:runtime-2026-11-29-01-39", "awsbackup:job-1a2b"])
def test_rds_deletes_no_snapshot_that_a_service_of_aws_took(kind: str, id_: str) -> None:
    assert deleting_command(kind, id_, "eu-west-2") is None


def test_an_unknown_type_has_no_command() -> None:
    assert deleting_command("aws_quantum_computer", "qc-1", "eu-west-2") is None


def test_a_balancer_of_another_partition_or_kind_is_none_of_ours() -> None:
    assert deleting_command("aws_lb", ALB.replace("/app/", "/classic/"), "eu-west-2") is None
    assert deleting_command("aws_lb", ALB + "/listener", "eu-west-2") is None
