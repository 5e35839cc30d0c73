"""The pages of the first and the last day: every command is one of AWS, and nothing that core holds is forgotten."""

import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from tidegate import environments

PROJECT = Path(__file__).resolve().parents[2]
LEAVE = PROJECT / "docs" / "runbooks" / "leave-for-good.md"
BEFORE = PROJECT / "docs" / "before-the-first-run.md"

GOES_BY = {
    "aws_budgets_budget": "aws budgets delete-budget",
    "aws_dynamodb_table": "aws dynamodb delete-table",
    "aws_iam_openid_connect_provider": "aws iam delete-open-id-connect-provider",
    "aws_iam_policy": "aws iam delete-policy",
    "aws_iam_role": "aws iam delete-role",
    "aws_iam_role_policy": "aws iam delete-role-policy",
    "aws_iam_role_policy_attachment": "aws iam detach-role-policy",
    "aws_s3_bucket": "aws s3api delete-bucket",
    "aws_s3_bucket_policy": "aws s3api delete-bucket-policy",
    "aws_sns_topic": "aws sns delete-topic",
    "aws_ssm_parameter": "aws ssm delete-parameters",
}
WITH_ITS_OWNER = ("aws_s3_bucket_", "aws_sns_topic_")
"""A setting goes with the bucket or topic that it belongs to."""


def commands(path: Path) -> Iterator[str]:
    """The command lines of AWS in the fenced blocks of a page."""
    for block in re.findall(r"^ *```\n(.*?)^ *```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.strip().startswith("aws ") and not line.strip().startswith("aws s3 "):
                yield line.strip()


@pytest.mark.parametrize("command", [*commands(LEAVE), *commands(BEFORE)])
def test_every_command_is_one_of_aws(command: str) -> None:
    _, service, operation, *rest = command.split()
    model = botocore.session.get_session().get_service_model("s3" if service == "s3api" else service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    assert shape is not None
    given = {part.removeprefix("--").removeprefix("no-") for part in rest if part.startswith("--")} - {"query"}
    assert given <= {xform_name(name, "-") for name in shape.members}
    assert {xform_name(name, "-") for name in shape.required_members} <= given


def test_there_are_commands_to_look_at() -> None:
    assert len(list(commands(LEAVE))) > 10
    assert len(list(commands(BEFORE))) == 1


def test_nothing_that_core_holds_is_left_behind() -> None:
    held = environments.load_policies(environments.load("dev_min")).allowed_types.stacks["core"]
    assert {kind for kind in held if kind not in GOES_BY and not kind.startswith(WITH_ITS_OWNER)} == set()
    text = LEAVE.read_text("utf-8")
    assert {command for command in GOES_BY.values() if f"{command} " not in text} == set()


def test_every_bucket_and_the_table_are_named() -> None:
    environment, text = environments.load("dev_min"), LEAVE.read_text("utf-8")
    named = (environment.backend.bucket, environment.evidence.bucket, environment.work.bucket)
    for name in (*named, environment.backend.lock_table, environment.role_name, environment.budget.name):
        assert name in text
    assert environment.alert_topic_arn in text


@pytest.mark.parametrize(
    "words",
    [
        "IAM access to billing",
        "Cost Explorer is enabled",
        "management account",
        "payment method",
        "48 hours",
        "Mail scanners",
        "Quotas",
        "tidegate preflight",
        "tidegate manifest check",
        "tidegate prices refresh",
    ],
)
def test_the_page_before_the_first_run_names_every_switch(words: str) -> None:
    assert words in BEFORE.read_text("utf-8")


def test_every_finding_has_a_row_and_every_test_is_there() -> None:
    text = (PROJECT / "docs" / "first-day.md").read_text("utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if re.match(r"\| [0-9WC]", line)]
    numbered = {name.strip("| ") for row in rows for name in row[0].split(",")}
    assert numbered == {*map(str, range(1, 24)), *(f"W{n}" for n in range(1, 9)), *(f"C{n}" for n in range(1, 5))}
    tests = {path.strip(" |") for row in rows for path in row[-1].split(",")}
    assert len(tests) > 15
    assert [path for path in sorted(tests) if not (PROJECT / path).exists()] == []
