"""Command lines that delete: only for ids that AWS itself makes, and the id is one argument, whatever it holds."""

import shlex

import pytest

from tidegate.gates import rules_deletion
from tidegate.gates.rules_deletion import deleting_command
from unit_ids import ALB, IDS


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
