"""The execution role's documents as Terraform renders them: each fits into what IAM takes, whatever the names.

The real provider renders them without asking AWS: a root of nothing but the documents, and what they refer to.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.environments import load
from tidegate.settings import settings
from tidegate.terraform import process
from tidegate.terraform.cli_config import write
from tidegate.terraform.program import find_program
from tidegate.terraform.variables import core_variables

INCLUDE = Path(__file__).resolve().parents[2] / "include"
CORE = INCLUDE / "terraform" / "core"
MANAGED, INLINE, ATTACHED = 6144, 10240, 10
"""IAM's quotas in characters without white space, and how many managed policies a role takes."""

ROOT = """
locals {
  name               = "${var.project}-${replace(var.environment, "_", "-")}"
  oidc_provider_arn  = "arn:aws:iam::${var.account_id}:oidc-provider/${trimprefix(var.oidc_provider_url, "https://")}"
  environment_prefix = dirname(var.parameter_prefix)
  alert_topic_arn    = "arn:aws:sns:${var.region}:${var.account_id}:${local.name}-alerts"
}

provider "aws" {
  region                      = var.region
  access_key                  = "nobody"
  secret_key                  = "nobody"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  skip_region_validation      = true
}

output "managed" {
  value = local.execution_documents
}

output "inline" {
  value = data.aws_iam_policy_document.execution.minified_json
}
"""
LONGEST = {
    "project": "p" * 31,
    "environment": "e" * 21,
    "region": "ap-southeast-1",
    "state_bucket": "s" * 63,
    "evidence_bucket": "v" * 63,
    "work_bucket": "w" * 63,
    "lock_table": "t" * 255,
    "execution_role_name": "r" * 64,
    "budget_name": "b" * 100,
    "oidc_provider_url": "https://" + "o" * 247,
    "parameter_prefix": f"/{'p' * 31}/{'e' * 21}/core",
}
"""The longest that each may be, by AWS or by the manifest's own rules."""
MANIFESTS = sorted(path.stem for path in (INCLUDE / "environments").glob("*.yaml"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of the documents alone."""
    directory = tmp_path_factory.mktemp("documents")
    for name in ("terraform.tf", "variables.tf", ".terraform.lock.hcl"):
        (directory / name).write_text((CORE / name).read_text("utf-8"), "utf-8")
    for path in CORE.glob("execution_policy*.tf"):
        resources = re.compile(r"^resource .*?^}\n", re.MULTILINE | re.DOTALL)
        (directory / path.name).write_text(resources.sub("", path.read_text("utf-8")), "utf-8")
    (directory / "main.tf").write_text(ROOT, "utf-8")
    return directory


@pytest.fixture(scope="module")
def rendered(root: Path) -> Callable[[dict[str, Any]], dict[str, str]]:
    """Return a function that renders every document with these variables; the inline one is called `inline`."""
    settings.cache_clear()
    environment = process.child_environment(os.environ, write(root / "terraform.rc", settings().provider_mirrors), "")

    def terraform(*arguments: str) -> str:
        ended = process.run(
            [*find_program(settings().terraform).command, *arguments],
            cwd=root,
            environment=environment,
            logs=root / "logs" / arguments[0],
            deadline_seconds=240,
        )
        said = ended.output.read_text("utf-8")
        assert ended.returncode == 0, said + ended.errors.read_text("utf-8")
        return said

    terraform("init", "-lockfile=readonly", "-no-color")

    def render(variables: dict[str, Any]) -> dict[str, str]:
        (root / "terraform.tfvars.json").write_text(json.dumps(variables), "utf-8")
        terraform("plan", "-out=saved", "-no-color")
        outputs = json.loads(terraform("show", "-json", "saved"))["planned_values"]["outputs"]
        return {**outputs["managed"]["value"], "inline": outputs["inline"]["value"]}

    return render


@pytest.mark.parametrize(
    "variables",
    [
        *(pytest.param(core_variables(load(name)), id=name) for name in MANIFESTS),
        pytest.param({**core_variables(load(MANIFESTS[0])), **LONGEST}, id="longest-names"),
    ],
)
def test_every_document_fits(rendered: Any, variables: dict[str, Any]) -> None:
    documents = rendered(variables)
    sizes = {name: len(re.sub(r"\s", "", text)) for name, text in documents.items()}
    assert set(sizes) == {"backend", "core", "demo", "guards", "inline"}
    assert len(sizes) - 1 <= ATTACHED - 2, "leave room for what the account's owner attaches"
    assert {name: size for name, size in sizes.items() if size > (INLINE if name == "inline" else MANAGED)} == {}
    assert {name: len(text) for name, text in documents.items()} == sizes, "the length that Terraform checks"
