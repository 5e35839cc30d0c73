"""What core promises: it adopts what was there, protects it, and does not change from run to run."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
    "oidc_provider_url",
    "oidc_audience",
    "oidc_subject",
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
    "aws_iam_openid_connect_provider.lanes",
    "aws_iam_role.execution",
}
PROTECTED = {
    CORE: {
        "aws_budgets_budget.monthly",
        "aws_dynamodb_table.locks",
        "aws_iam_openid_connect_provider.lanes",
        "aws_iam_policy.execution",
        "aws_iam_role.execution",
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


def statements(body: str) -> dict[str, tuple[bool, set[str]]]:
    """Return sid -> (denies, actions) of a policy document."""
    found = {}
    for part in re.split(r"^  statement \{\n", body, flags=re.MULTILINE)[1:]:
        [sid] = re.findall(r'^    sid +\= "(.+)"$', part, re.MULTILINE)
        [actions] = re.findall(r"^    actions +\= \[([^\]]*)\]", part, re.MULTILINE)
        found[sid] = ('"Deny"' in part, set(re.findall(r'"([^"]+)"', actions)))
    return found


@pytest.fixture
def execution_policy(blocks: Reader) -> dict[str, tuple[bool, set[str]]]:
    """The statements of all documents of the role."""
    documents = [it for it in blocks(CORE, "data") if it.address.startswith("aws_iam_policy_document.execution")]
    found = [statements(document.body) for document in documents]
    together = {sid: statement for each in found for sid, statement in each.items()}
    assert len(together) == sum(len(each) for each in found), "two statements of one name"
    return together


def test_the_role_cannot_make_what_is_forbidden(execution_policy: dict[str, tuple[bool, set[str]]]) -> None:
    allowed = {action for denies, actions in execution_policy.values() if not denies for action in actions}
    assert allowed
    forbidden = re.compile(
        r"(?:.*:)?\*"
        r"|ec2:(?:Create\*|CreateNat|Allocate|Associate(?!RouteTable)|Run|Request).*"
        r"|(?:autoscaling|elasticloadbalancing|redshift):(?!Describe).*"
        r"|(?:eks|kafka|es|elasticache|apprunner|globalaccelerator|redshift-serverless):(?!Describe|List).*"
        r"|(?:airflow|lightsail):(?!Get|List).*"
        r"|iam:(?:Attach|CreateUser|CreateAccessKey|CreateLoginProfile|CreatePolicy).*"
    )
    own = {"iam:AttachRolePolicy", "iam:CreatePolicy", "iam:CreatePolicyVersion"}
    assert {action for action in allowed if forbidden.fullmatch(action)} == own


def test_the_role_attaches_to_itself_and_only_what_is_its_own(blocks: Reader) -> None:
    [policy] = [each for each in blocks(CORE, "data") if each.address == "aws_iam_policy_document.execution"]
    [making] = [part for part in policy.body.split("\n  statement {\n") if '"iam:CreatePolicy"' in part]
    assert "resources = local.execution_policy_arns" in making
    [attaching] = [part for part in policy.body.split("\n  statement {\n") if '"iam:AttachRolePolicy"' in part]
    assert "resources = [local.execution_role_arn]" in attaching
    assert re.search(r'variable = "iam:PolicyARN"\s+values +\= local\.execution_policy_arns', attaching)
    assert 'test     = "ArnEquals"' in attaching
    others = [it for it in blocks(CORE, "data") if it.address.startswith("aws_iam_policy_document.execution_")]
    assert [it.address for it in others if re.search(r'"iam:(?:Attach|Create|Detach)\w*Policy', it.body)] == []


def test_the_role_cannot_erase_history(execution_policy: dict[str, tuple[bool, set[str]]]) -> None:
    allowed = {action for denies, actions in execution_policy.values() if not denies for action in actions}
    denied = {action for denies, actions in execution_policy.values() if denies for action in actions}
    never = {"s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:DeleteBucket", "dynamodb:DeleteTable"}
    assert never <= denied
    assert never.isdisjoint(allowed)
    assert sorted(action for action in allowed if re.fullmatch(r"(s3|dynamodb):(Delete\*|\*)", action)) == []
    assert execution_policy["ObjectsDelete"] == (False, {"s3:DeleteObject"})


def test_objects_are_deleted_only_where_they_may_be(blocks: Reader) -> None:
    [policy] = [each for each in blocks(CORE, "data") if each.address == "aws_iam_policy_document.execution_backend"]
    [part] = [part for part in policy.body.split("\n  statement {\n") if '"s3:DeleteObject"]' in part]
    assert 'resources = ["${local.state_arn}/*.tflock", "${local.work_arn}/*"]' in part


def test_the_readme_tells_bootstrap_what_the_module_says(code: Callable[[Path], str]) -> None:
    readme = (CORE / "README.md").read_text("utf-8")
    documents = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", readme, re.DOTALL)]
    [bucket_policy, lifecycle, trust] = documents
    [rule] = lifecycle["Rules"]
    module = code(SECURE_BUCKET)
    for statement in bucket_policy["Statement"]:
        assert f'sid       = "{statement["Sid"]}"' in module
        assert f'"{statement["Action"]}"' in module
    assert f'id     = "{rule["ID"]}"' in module
    days = rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    assert f"days_after_initiation = {days}" in module
    assert [statement["Action"] for statement in trust["Statement"]] == ["sts:AssumeRoleWithWebIdentity"]
