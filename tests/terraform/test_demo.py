"""What demo promises: nothing that costs by the hour by surprise, nobody let in, nothing left, no hidden hand-over."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.environments import load

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"
DEMO = TERRAFORM / "demo"
MODULES = [TERRAFORM / "modules" / name for name in ("network", "container_service", "runtime_database")]

VARIABLES = {
    "account_id",
    "permissions_boundary_arn",
    "region",
    "project",
    "environment",
    "platform_run",
    "vpc_cidr",
    "availability_zone_count",
    "runtime_database_enabled",
    "ecs_desired_count",
    "log_retention_days",
    "contract_source",
    "core_state",
    "confluent_state",
    "state_use_path_style",
    "upstream_contract",
}
OUTPUTS = {"vpc_id", "subnet_ids", "ecs_cluster_name", "database_identifier", "parameter_prefix", "contract_source"}
DEFAULTS = {
    "availability_zone_count": "2",
    "ecs_desired_count": "0",
    "runtime_database_enabled": "true",
    "state_use_path_style": "false",
    "confluent_state": "null",
    "upstream_contract": "null",
}
FORBIDDEN = (
    r"\baws_nat_gateway\b",
    r"\baws_(lb|alb|elb)\b",
    r"\baws_(lb|alb)_",
    r"\baws_eip\b",
    r"\baws_autoscaling_",
    r"\baws_appautoscaling_",
    r"\baws_launch_",
    r"\baws_(spot_)?instance\b",
    r"\baws_(eks|msk|mskconnect|elasticache|opensearch|redshift|ec2_transit_gateway)_",
    r"\baws_rds_cluster",
    r'"Interface"',
    r'"GatewayLoadBalancer"',
    r"hashicorp/random",
    r"\bprevent_destroy\b",
)

Reader = Callable[..., list[Any]]
each_directory = pytest.mark.parametrize("directory", [DEMO, *MODULES], ids=lambda path: path.name)


def test_variables(blocks: Reader) -> None:
    variables = {each.labels[0]: each for each in blocks(DEMO, "variable")}
    assert variables.keys() == VARIABLES
    assert {name: variables[name].argument("default") for name in DEFAULTS} == DEFAULTS


def test_outputs(blocks: Reader) -> None:
    assert {each.labels[0] for each in blocks(DEMO, "output")} == OUTPUTS


def test_every_module_in_use_is_looked_at(blocks: Reader) -> None:
    used = {each.argument("source").strip('"').removeprefix("../modules/") for each in blocks(DEMO, "module")}
    assert used == {path.name for path in MODULES}


@each_directory
@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_nothing_forbidden(directory: Path, pattern: str, code: Callable[[Path], str]) -> None:
    assert re.findall(pattern, code(directory)) == []


@each_directory
def test_nobody_is_let_in_from_outside(directory: Path, blocks: Reader) -> None:
    for resource in blocks(directory, "resource"):
        if resource.labels[0] == "aws_vpc_security_group_ingress_rule":
            assert resource.argument("referenced_security_group_id"), resource
            assert "cidr_ipv" not in resource.body, resource
        if resource.labels[0] in {"aws_security_group", "aws_default_security_group"}:
            assert not re.search(r"\b(ingress|egress)\b", resource.body), resource


@each_directory
def test_logs_end(directory: Path, blocks: Reader) -> None:
    groups = [each for each in blocks(directory, "resource") if each.labels[0] == "aws_cloudwatch_log_group"]
    assert [each.argument("retention_in_days") for each in groups] == ["var.log_retention_days"] * len(groups)


def test_the_database_leaves_nothing_and_knows_no_password(blocks: Reader) -> None:
    module = TERRAFORM / "modules" / "runtime_database"
    [database] = [each for each in blocks(module, "resource") if each.labels[0] == "aws_db_instance"]
    settings = {
        "instance_class": '"db.t4g.micro"',
        "allocated_storage": "20",
        "storage_type": '"gp3"',
        "storage_encrypted": "true",
        "multi_az": "false",
        "publicly_accessible": "false",
        "manage_master_user_password": "true",
        "deletion_protection": "false",
        "skip_final_snapshot": "true",
        "backup_retention_period": "0",
        "delete_automated_backups": "true",
    }
    assert {name: database.argument(name) for name in settings} == settings
    assert database.argument("password") is None


@each_directory
def test_no_password_is_asked_for_or_given_away(directory: Path, blocks: Reader) -> None:
    named = [*blocks(directory, "variable"), *blocks(directory, "output")]
    assert [str(each) for each in named if "password" in each.labels[0]] == []


def test_tags(blocks: Reader) -> None:
    text = "\n".join(each.body for each in blocks(DEMO, "locals"))
    [tags] = re.findall(r"^  tags = \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL)
    assert dict(re.findall(r"^    (\w+) += (.+)$", tags, re.MULTILINE)) == {
        "project": "var.project",
        "environment": "var.environment",
        "stack": '"demo"',
        "lifecycle": '"ephemeral"',
        "platform_run": "var.platform_run",
    }


def test_upstream_state_is_read_only_when_no_contract_is_given(blocks: Reader) -> None:
    states = {each.labels[1]: each for each in blocks(DEMO, "data") if each.labels[0] == "terraform_remote_state"}
    assert {name: state.argument("count") for name, state in states.items()} == {
        "core": "var.upstream_contract == null ? 1 : 0",
        "confluent": "var.upstream_contract == null && var.confluent_state != null ? 1 : 0",
    }
    assert all("postcondition {" in state.body for state in states.values())


@pytest.mark.parametrize("stack", ["core", "confluent"])
def test_what_demo_reads_upstream_gives(blocks: Reader, stack: str) -> None:
    text = "\n".join(each.body for each in blocks(DEMO, "locals"))
    [needed] = re.findall(rf"^  {stack}_outputs += \[(.*)\]$", text, re.MULTILINE)
    read = set(re.findall(r'"(\w+)"', needed))
    [contract] = [each for each in blocks(DEMO, "variable") if each.labels[0] == "upstream_contract"]
    object_of = rf"^    {stack} += (?:optional\()?object\(\{{\n(.*?)^    \}}\)"
    [part] = re.findall(object_of, contract.body, re.MULTILINE | re.DOTALL)
    assert read == set(re.findall(r"^      (\w+) += string$", part, re.MULTILINE))
    assert read <= {each.labels[0] for each in blocks(TERRAFORM / stack, "output")}
    assert read == set(load("dev_min").stacks[stack].required_outputs)


def test_contract_source_is_one_of_two_and_manual_needs_values(blocks: Reader) -> None:
    [source] = [each for each in blocks(DEMO, "variable") if each.labels[0] == "contract_source"]
    assert 'contains(["remote_state", "manual"], var.contract_source)' in source.body
    assert 'var.contract_source != "manual" || var.upstream_contract != null' in source.body
    assert source.argument("default") is None
