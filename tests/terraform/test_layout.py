"""Every root and module has the standard files, is formatted, documented, and locked for every platform."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hcl_tests import ROOT_FILES
from tidegate.settings import settings
from tidegate.terraform.program import find_program

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"
ROOTS = sorted(path.parent for path in TERRAFORM.glob("*/backend.tf"))
MODULES = sorted(path for path in (TERRAFORM / "modules").iterdir() if path.is_dir())

MODULE_FILES = {"README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf"}

# hashicorp/aws 5.100.0 as published: `init` from a mirror would record the first one only.
LINUX_AMD64 = "h1:edXOJWE4ORX8Fm+dpVpICzMZJat4AX0VRCAy/xkcOc0="
DARWIN_ARM64 = "h1:Ijt7pOlB7Tr7maGQIqtsLFbl7pSMIj06TVdkoSBcYOw="
PUBLISHED_ZIPS = 15

Reader = Callable[..., list[Any]]
each_root = pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
each_directory = pytest.mark.parametrize("directory", [*ROOTS, *MODULES], ids=lambda path: path.name)


def test_the_roots_of_aws_are_there() -> None:
    assert {"core", "confluent", "demo", "lake", "features", "serving"} <= {path.name for path in ROOTS}


def test_formatted() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    result = subprocess.run(
        [*find_program(settings().terraform).command, "fmt", "-check", "-recursive", "-diff", str(TERRAFORM)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment | {"CHECKPOINT_DISABLE": "1"},
    )
    assert result.returncode == 0, f"run `terraform fmt -recursive include/terraform`\n{result.stdout}{result.stderr}"


@each_root
def test_root_has_the_standard_files(root: Path) -> None:
    assert {path.name for path in root.iterdir()} >= ROOT_FILES


@each_module
def test_module_has_exactly_the_standard_files(module: Path) -> None:
    assert {path.name for path in module.iterdir()} == MODULE_FILES


@each_directory
def test_variables_and_outputs_stand_in_their_files(directory: Path, blocks: Reader) -> None:
    astray = [
        str(block)
        for block in blocks(directory)
        if (block.kind, block.path.name) not in {("variable", "variables.tf"), ("output", "outputs.tf")}
        and (block.kind in {"variable", "output"} or block.path.name in {"variables.tf", "outputs.tf"})
    ]
    assert astray == []


@each_directory
def test_variables_are_typed_and_documented(directory: Path, blocks: Reader) -> None:
    variables = blocks(directory, "variable")
    assert variables
    poor = [str(each) for each in variables if not (each.argument("type") and each.argument("description"))]
    assert poor == []


@each_directory
def test_outputs_are_documented(directory: Path, blocks: Reader) -> None:
    outputs = blocks(directory, "output")
    assert outputs
    assert [str(each) for each in outputs if not (each.argument("value") and each.argument("description"))] == []


@each_directory
def test_versions_are_pinned(directory: Path, code: Callable[[Path], str]) -> None:
    text = code(directory)
    assert 'required_version = ">= 1.11.0, < 2.0"' in text
    if "hashicorp/aws" in text:
        assert 'version = ">= 5.100, < 7.0"' in text
    if "confluentinc/confluent" in text:
        assert 'version = "~> 2.0"' in text


@each_root
def test_the_backend_is_partial(root: Path, blocks: Reader) -> None:
    [terraform] = [block for block in blocks(root, "terraform") if block.path.name == "backend.tf"]
    assert terraform.body.strip() == 'backend "s3" {}'


@each_root
def test_no_lock_file_admits_a_stand_in(root: Path) -> None:
    text = (root / ".terraform.lock.hcl").read_text("utf-8")
    assert "standin" not in text


@pytest.mark.parametrize("name", ["core", "confluent", "demo", "lake", "features", "serving"])
def test_lock_file_fits_every_platform(name: str) -> None:
    text = (TERRAFORM / name / ".terraform.lock.hcl").read_text("utf-8")
    assert 'version     = "5.100.0"' in text
    assert LINUX_AMD64 in text
    assert DARWIN_ARM64 in text
    assert len(set(re.findall(r'"zh:[0-9a-f]{64}"', text))) == PUBLISHED_ZIPS


@each_root
def test_no_endpoint_or_key_is_written_down(root: Path, blocks: Reader) -> None:
    # The Confluent provider reads its endpoint from nowhere else: a variable, null unless the sandbox sets it.
    confluent = [each for each in blocks(root, "provider") if each.labels == ("confluent",)]
    assert [each.body.strip() for each in confluent] == ["endpoint = var.confluent_endpoint"] * len(confluent)
    others = [each for each in blocks(root, "provider") if each not in confluent]
    text = "\n".join(each.body for each in [*others, *blocks(root, "terraform")])
    given = re.findall(r"^\s*(endpoints?|access_key|secret_key|token|profile|shared_\w+)\b", text, re.MULTILINE)
    assert given == []


@each_root
def test_the_provider_refuses_other_accounts(root: Path, blocks: Reader) -> None:
    for provider in blocks(root, "provider"):
        if provider.labels == ("aws",):
            assert provider.argument("region") == "var.region"
            assert provider.argument("allowed_account_ids") == "[var.account_id]"
