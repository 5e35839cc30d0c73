"""SSM parameters by name and type, never by value."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tidegate.collectors.aws.parameters import IAM_ACTIONS, read_parameters
from tidegate.models.contract import Parameter
from tidegate.models.observed import Known, Unreadable

PREFIX = "/fraud-platform/dev_min/kafka/"


def put(clients: Any, name: str, type: str = "SecureString") -> None:
    clients.ssm.put_parameter(Name=name, Value="s3cret", Type=type)


def test_names_and_types(aws: Any) -> None:
    put(aws, f"{PREFIX}producer/api_key")
    put(aws, f"{PREFIX}bootstrap_address", "String")
    put(aws, "/fraud-platform/dev_min/kafka2/x")
    put(aws, "/fraud-platform/dev_min/core/topic")
    found = read_parameters(aws, PREFIX)
    assert found == Known(
        (
            Parameter(name=f"{PREFIX}bootstrap_address", type="String"),
            Parameter(name=f"{PREFIX}producer/api_key", type="SecureString"),
        )
    )
    assert "s3cret" not in repr(found)


def test_none_is_an_answer(aws: Any) -> None:
    assert read_parameters(aws, PREFIX) == Known(())


def test_every_page(aws: Any) -> None:
    for number in range(60):
        put(aws, f"{PREFIX}{number:02}")
    found = read_parameters(aws, PREFIX)
    assert isinstance(found, Known)
    assert len(found.value) == 60


def test_only_the_declared_action_is_called(aws: Any, script: Any, let_through: object) -> None:
    asked = script(aws.ssm)("DescribeParameters", let_through).asked
    for operation in ("GetParameter", "GetParameters", "GetParametersByPath"):
        script(aws.ssm)(operation, AssertionError(operation))
    read_parameters(aws, PREFIX)
    assert [operation for operation, _ in asked] == ["DescribeParameters"]
    assert IAM_ACTIONS == ("ssm:DescribeParameters",)


@pytest.mark.parametrize(
    "answer",
    [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeParameters"),
        ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "DescribeParameters"),
        {},
        {"Parameters": None},
        {"Parameters": [{"Name": f"{PREFIX}x"}]},
        {"Parameters": [{"Type": "SecureString"}]},
        {"Parameters": [{"Name": "", "Type": "SecureString"}]},
    ],
    ids=["denied", "throttled", "no-list", "null", "no-type", "no-name", "blank"],
)
def test_what_cannot_be_read_is_not_none(aws: Any, script: Any, answer: Any) -> None:
    script(aws.ssm)("DescribeParameters", answer)
    found = read_parameters(aws, PREFIX)
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"DescribeParameters {PREFIX}: ")
