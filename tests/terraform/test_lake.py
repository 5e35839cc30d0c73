"""What lake, features and serving promise: data that nothing removes, and beside it what costs nothing at rest."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from lake_stage import MANIFEST
from tidegate.environments import load, load_policies
from tidegate.models.environment import Environment

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"
LAKE, FEATURES, SERVING = (TERRAFORM / name for name in ("lake", "features", "serving"))
MODULES = {"lake": {"secure_bucket"}, "features": {"function"}, "serving": {"function"}}
FORBIDDEN = (
    r"\baws_(vpc|subnet|nat_gateway|lb|alb|elb|eip|instance|ecs|db|rds)\b",
    r"\bprevent_destroy\b",
    r"\bprovisioned_concurrent_executions\b",
    r"\bread_capacity\b",
)

Reader = Callable[..., list[Any]]
each_ephemeral = pytest.mark.parametrize("root", [FEATURES, SERVING], ids=lambda path: path.name)
each_root = pytest.mark.parametrize("root", [LAKE, FEATURES, SERVING], ids=lambda path: path.name)


@pytest.fixture(scope="module")
def environment() -> Environment:
    return Environment.model_validate(YAML(typ="safe").load(MANIFEST.read_text("utf-8")))


def resources(blocks: Reader, root: Path) -> list[Any]:
    """Those of a root and of the modules that it uses."""
    directories = [root, *(TERRAFORM / "modules" / name for name in MODULES[root.name])]
    return [block for directory in directories for block in blocks(directory, "resource")]


@each_root
def test_modules(root: Path, blocks: Reader) -> None:
    used = {each.argument("source").strip('"') for each in blocks(root, "module")}
    assert used == {f"../modules/{name}" for name in MODULES[root.name]}


@each_root
def test_the_allowed_types_are_those_that_the_code_makes(root: Path, blocks: Reader) -> None:
    allowed = load_policies(load("dev_min")).allowed_types.stacks[root.name]
    # secure_bucket can lock objects; no bucket of lake asks for it.
    made = {each.labels[0] for each in resources(blocks, root)} - {"aws_s3_bucket_object_lock_configuration"}
    assert list(allowed) == sorted(made)


def test_nothing_removes_the_data(blocks: Reader) -> None:
    for resource in resources(blocks, LAKE):
        assert re.search(r"lifecycle \{\n\s+prevent_destroy = true\n", resource.body) or resource.labels == (
            "aws_s3_bucket_policy",
            "this",
        ), resource


def test_whoever_queries_gets_the_settings_of_the_workgroup(blocks: Reader) -> None:
    [workgroup] = [each for each in blocks(LAKE, "resource") if each.labels[0] == "aws_athena_workgroup"]
    assert "enforce_workgroup_configuration    = true" in workgroup.body
    assert "bytes_scanned_cutoff_per_query     = var.scan_limit_gb" in workgroup.body


@each_ephemeral
@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_nothing_costs_at_rest_or_stays(root: Path, pattern: str, code: Callable[[Path], str]) -> None:
    for directory in (root, TERRAFORM / "modules" / "function"):
        assert re.findall(pattern, code(directory)) == []


@each_ephemeral
def test_the_stack_takes_of_lake_what_lake_hands_over(root: Path, environment: Environment, blocks: Reader) -> None:
    taken = environment.stacks[root.name].outputs
    assert {address.partition(".")[0] for address in taken.values()} == {"lake"}
    handed_over = {each.labels[0] for each in blocks(LAKE, "output")}
    assert {address.partition(".")[2] for address in taken.values()} <= handed_over
    declared = {each.labels[0]: each for each in blocks(root, "variable")}
    assert all(declared[name].argument("default") is None for name in taken)


@each_root
def test_what_the_manifest_gives_is_what_the_root_declares(
    root: Path, environment: Environment, blocks: Reader
) -> None:
    entry = environment.stacks[root.name]
    groups = {
        "common": {"account_id", "region", "project", "environment"},
        "platform_run": {"platform_run"},
        "parameters": {"parameter_prefix"},
        "boundary": {"permissions_boundary_arn"},
    }
    given = {*entry.outputs, *entry.params, *entry.variables}.union(*(groups[name] for name in entry.inputs))
    declared = {each.labels[0]: each for each in blocks(root, "variable")}
    assert given <= set(declared)
    assert {name for name, each in declared.items() if each.argument("default") is None} <= given
    assert set(entry.required_outputs) <= {each.labels[0] for each in blocks(root, "output")}


@each_ephemeral
def test_every_role_stays_within_the_boundary_and_is_one_of_the_stack(root: Path, blocks: Reader) -> None:
    roles = [each for each in resources(blocks, root) if each.labels[0] == "aws_iam_role"]
    assert roles
    for role in roles:
        assert role.argument("permissions_boundary") == "var.permissions_boundary_arn"
        assert role.argument("name") in {"var.name", '"${local.name}-schedule"'}
    for module in blocks(root, "module"):
        assert module.argument("name").startswith('"${local.name}-')


@each_ephemeral
def test_the_address_and_the_schedule_are_nobodys_by_default(root: Path, blocks: Reader) -> None:
    for resource in blocks(root, "resource"):
        if resource.labels[0] == "aws_lambda_function_url":
            assert resource.argument("authorization_type") == '"AWS_IAM"'
        if resource.labels[0] == "aws_scheduler_schedule":
            assert resource.argument("state") == 'var.schedule_enabled ? "ENABLED" : "DISABLED"'
            [switch] = [each for each in blocks(root, "variable") if each.labels[0] == "schedule_enabled"]
            assert switch.argument("default") == "false"


def test_logs_end(blocks: Reader) -> None:
    [group] = [each for each in blocks(TERRAFORM / "modules" / "function", "resource") if "log_group" in each.labels[0]]
    assert group.argument("retention_in_days") == "var.log_retention_days"
