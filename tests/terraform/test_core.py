"""What core promises: it adopts what was there, protects it, and does not change from run to run."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tidegate.environments import load, load_policies

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"
CORE = TERRAFORM / "core"
SECURE_BUCKET = TERRAFORM / "modules" / "secure_bucket"

VARIABLES = {
    "account_id",
    "region",
    "project",
    "environment",
    "state_bucket",
    "evidence_bucket",
    "work_bucket",
    "lock_table",
    "evidence_retention_days",
    "work_expiry_days",
    "execution_role_name",
    "budget_name",
    "budget_limit_usd",
    "budget_thresholds_usd",
    "alert_email",
    "parameter_prefix",
}
OUTPUTS = {
    "alert_topic_arn",
    "budget_name",
    "evidence_bucket",
    "work_bucket",
    "execution_role_arn",
    "parameter_prefix",
}
EVERY_BUCKET = {
    "aws_s3_bucket.this",
    "aws_s3_bucket_server_side_encryption_configuration.this",
    "aws_s3_bucket_public_access_block.this",
    "aws_s3_bucket_policy.this",
}
BUCKETS = {
    "state_bucket": EVERY_BUCKET | {"aws_s3_bucket_versioning.this[0]"},
    "evidence_bucket": EVERY_BUCKET
    | {"aws_s3_bucket_versioning.this[0]", "aws_s3_bucket_object_lock_configuration.this[0]"},
    "work_bucket": EVERY_BUCKET | {"aws_s3_bucket_lifecycle_configuration.this[0]"},
}
BOOTSTRAPPED = {f"module.{bucket}.{address}" for bucket, addresses in BUCKETS.items() for address in addresses} | {
    "aws_dynamodb_table.locks",
}
PROTECTED = {
    CORE: {
        "aws_budgets_budget.monthly",
        "aws_dynamodb_table.locks",
        "aws_sns_topic.alerts",
    },
    SECURE_BUCKET: {address.removesuffix("[0]") for addresses in BUCKETS.values() for address in addresses},
}

Reader = Callable[..., list[Any]]


def test_variables(blocks: Reader) -> None:
    # Only what has a default may go beyond what the lanes pass.
    required = {each.labels[0] for each in blocks(CORE, "variable") if each.argument("default") is None}
    assert required == VARIABLES


def test_outputs(blocks: Reader) -> None:
    assert {each.labels[0] for each in blocks(CORE, "output")} == OUTPUTS


def test_everything_bootstrapped_is_imported(blocks: Reader) -> None:
    assert {each.argument("to") for each in blocks(CORE, "import")} == BOOTSTRAPPED


@pytest.mark.parametrize("directory", PROTECTED, ids=lambda path: path.name)
def test_protected_resources_cannot_be_destroyed(directory: Path, blocks: Reader) -> None:
    resources = {each.address: each for each in blocks(directory, "resource")}
    assert PROTECTED[directory] <= resources.keys()
    bare = [name for name in PROTECTED[directory] if "    prevent_destroy = true\n" not in resources[name].body + "\n"]
    assert bare == []


def test_nothing_in_a_secure_bucket_is_left_unprotected(blocks: Reader) -> None:
    assert {each.address for each in blocks(SECURE_BUCKET, "resource")} == PROTECTED[SECURE_BUCKET]


def test_buckets_get_their_kind(blocks: Reader) -> None:
    modules = {each.labels[0]: each for each in blocks(CORE, "module")}
    settings = ("versioned", "deny_version_deletion", "object_lock_days", "expiry_days")
    assert {name: [modules[name].argument(setting) for setting in settings] for name in BUCKETS} == {
        "state_bucket": ["true", "true", None, None],
        "evidence_bucket": ["true", "true", "var.evidence_retention_days", None],
        "work_bucket": [None, None, None, "var.work_expiry_days"],
    }


def test_no_tag_of_a_run(code: Callable[[Path], str]) -> None:
    text = code(CORE)
    assert "platform_run" not in text
    assert re.search(r"\b(timestamp|plantimestamp|uuid)\(", text) is None
    assert 'lifecycle   = "persistent"' in text


def test_the_budget_counts_real_spend(blocks: Reader) -> None:
    [budget] = [each for each in blocks(CORE, "resource") if each.address == "aws_budgets_budget.monthly"]
    for setting in (
        r'limit_unit +\= "USD"',
        r'time_unit +\= "MONTHLY"',
        r"include_credit = false",
        r"include_refund = false",
        r'notification_type +\= "ACTUAL"',
        r'comparison_operator +\= "GREATER_THAN"',
        r'threshold_type +\= "ABSOLUTE_VALUE"',
        r"subscriber_sns_topic_arns = \[aws_sns_topic\.alerts\.arn\]",
    ):
        assert re.search(setting, budget.body), setting


def test_a_stranger_cannot_publish_alerts(blocks: Reader) -> None:
    [policy] = [each for each in blocks(CORE, "data") if each.address == "aws_iam_policy_document.alerts"]
    assert '"budgets.amazonaws.com"' in policy.body
    assert re.search(r'variable = "aws:SourceAccount"\s+values +\= \[var\.account_id\]', policy.body)


def test_the_readme_tells_bootstrap_what_the_module_says(code: Callable[[Path], str]) -> None:
    readme = (CORE / "README.md").read_text("utf-8")
    documents = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", readme, re.DOTALL)]
    [bucket_policy, lifecycle] = documents
    [rule] = lifecycle["Rules"]
    module = code(SECURE_BUCKET)
    for statement in bucket_policy["Statement"]:
        assert f'sid       = "{statement["Sid"]}"' in module
        assert f'"{statement["Action"]}"' in module
    assert f'id     = "{rule["ID"]}"' in module
    days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    assert f"days_after_initiation = {days}" in module


def test_role_and_identity_provider_are_let_go_of_and_nothing_else(blocks: Reader) -> None:
    released = {each.argument("from") for each in blocks(CORE, "removed")}
    assert released == {
        "aws_iam_openid_connect_provider.lanes",
        "aws_iam_role.execution",
        "aws_iam_role_policy.execution",
        "aws_iam_policy.execution",
        "aws_iam_role_policy_attachment.execution",
    }
    assert released == set(load_policies(load("dev_min")).allowed_types.released["core"])
    assert all("destroy = false" in each.body for each in blocks(CORE, "removed"))
    assert [each.address for each in blocks(CORE, "resource") if each.address.startswith("aws_iam_")] == []
