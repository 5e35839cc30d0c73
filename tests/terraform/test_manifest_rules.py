"""The validations of the HCL against the same table as the manifest's validator: the same verdict on every row."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from manifest_rules import ROWS, Row
from standins import three_stacks
from tidegate.models.names import derived_names
from tidegate.settings import settings
from tidegate.terraform.program import find_program
from tidegate.terraform.variables import FromTheRun, stack_variables

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"
JUDGED = tuple(row for row in ROWS if row.hcl and not row.only_manifest)

ENVIRONMENT = three_stacks()
GIVEN_BY_THE_RUN = FromTheRun(platform_run="platform_1", confluent_endpoint="https://api.example.com")
FITTING: dict[str, dict[str, Any]] = {
    **{name: stack_variables(ENVIRONMENT, name, GIVEN_BY_THE_RUN) for name in ("core", "confluent", "demo")},
    "modules/network": {
        "name": "n",
        "region": "eu-west-2",
        "vpc_cidr": "10.42.0.0/20",
        "availability_zones": ["eu-west-2a"],
    },
}


def run_of(number: int, row: Row) -> str:
    """One run of `terraform test`; JSON is HCL, but for what begins a template."""
    values = "\n".join(
        f"    {name} = {json.dumps(value).replace('${', '$${')}"
        for name, value in (FITTING[row.root] | row.hcl).items()
    )
    expected = f"  expect_failures = [var.{row.refused_by}]\n" if row.refused_by else ""
    return f'run "row_{number}" {{\n  command = plan\n{expected}  variables {{\n{values}\n  }}\n}}\n'


@pytest.mark.timeout(600)
@pytest.mark.parametrize("root", sorted(FITTING))
def test_the_code_and_the_manifest_agree(root: str, tmp_path: Path) -> None:
    """Only the variables are taken: neither a provider nor a state is needed to validate them."""
    (tmp_path / "variables.tf").write_bytes((TERRAFORM / root / "variables.tf").read_bytes())
    rows = {f"row_{number}": row for number, row in enumerate(JUDGED) if row.root == root}
    runs = "".join(run_of(number, row) for number, row in enumerate(JUDGED) if row.root == root)
    (tmp_path / "rules.tftest.hcl").write_text(runs, "utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}

    def terraform(*arguments: str) -> str:
        ended = subprocess.run(
            [*find_program(settings().terraform).command, *arguments],
            cwd=tmp_path,
            env=environment | {"CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        return ended.stdout + ended.stderr

    terraform("init", "-backend=false", "-no-color")
    said = terraform("test", "-json")
    results = {
        event["test_run"]["run"]: event["test_run"]["status"]
        for event in map(json.loads, filter(lambda line: line.startswith("{"), said.splitlines()))
        if event["type"] == "test_run" and event["test_run"].get("progress") == "complete"
    }
    assert set(results) == set(rows), said
    assert [rows[name].id for name, status in results.items() if status != "pass"] == []


NAME = re.compile(r'^\s*(?:name|identifier|family|display_name) += "?([^"\n]*)"?$', re.MULTILINE)
GIVEN = re.compile(r"^(var\.\w+|this|main|start|task|runtime|[A-Za-z]+|opt-in-status|each\.key|LockID)$")


def test_every_name_that_the_code_makes_has_its_length_checked(blocks: Callable[..., list[Any]]) -> None:
    """A resource with a new name is either in `derived_names` or named here with its reason."""
    made = {
        match
        for directory in ("core", "confluent", "demo", "modules/container_service", "modules/runtime_database")
        for block in blocks(TERRAFORM / directory, "resource") + blocks(TERRAFORM / directory, "module")
        for match in NAME.findall(block.body)
    }
    known = {
        "local.alert_topic": "alert topic",
        "local.name": "cluster of demo",
        "${local.name}-${each.key}": "service account and API key at Confluent",
        "${local.name}-runtime": "database of demo",
        "${local.name}-tasks": "security group of demo's tasks",
        "${var.name}-start": "IAM role that starts the tasks of demo",
        "${var.name}-task": "IAM role of the tasks of demo",
        "${var.name}-database": "security group of demo's database",
        "/aws/rds/instance/${var.name}/postgresql": "log group of demo's database",
        "${local.parameter_prefix}/${each.key}": "parameter of Confluent",
        "${var.parameter_prefix}/${each.key}": "parameter of demo",
    }
    assert {name for name in made if not GIVEN.match(name)} == set(known)
    assert set(known.values()) <= {each.what for each in derived_names("p", "e")}
