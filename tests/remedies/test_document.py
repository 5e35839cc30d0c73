"""docs/remedies.md is what the scenarios and the gates say, and every command that a gate can offer is one."""

import json
import subprocess
from typing import Any

import pytest

from remedies.document import PAGE, page
from remedies.scenarios import SCENARIOS
from stage import PROJECT
from tidegate.gates import rules_scope
from tidegate.gates.rules_deletion import deleting_command
from tidegate.gates.spend_after_zero import _what_spends
from tidegate.models.remedy import Command

PYTHON_OF_THE_CLI = PROJECT / ".venv-aws" / "bin" / "python"
PARSE = """
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
from botocore.client import BaseClient
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

def only_checked(client, operation, parameters):
    model = client._service_model.operation_model(operation)
    report = ParamValidator().validate(parameters, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    return {}

BaseClient._make_api_call = only_checked
refused = []
for argv in json.load(sys.stdin):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            status = create_clidriver().main(argv)
        except SystemExit as error:
            status = error.code
    if status:
        refused.append([argv, said.getvalue()])
print(json.dumps(refused))
"""


def parsed(commands: list[list[str]]) -> Any:
    """What the AWS CLI's own parser refuses; no call is made."""
    ran = subprocess.run(
        [str(PYTHON_OF_THE_CLI), "-c", PARSE],
        input=json.dumps(commands),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={"AWS_DEFAULT_REGION": "eu-west-2", "PATH": "/usr/bin:/bin"},
    )
    return json.loads(ran.stdout)


def commands() -> list[list[str]]:
    from datetime import date

    from unit_ids import IDS

    found = [deleting_command(kind, id_, "eu-west-2") for kind, id_ in IDS.items()]
    (question, *_) = _what_spends(date(2026, 2, 13), date(2026, 2, 14)).steps
    assert isinstance(question, Command)
    found.append(question.argv)
    found += [
        ("aws", "rds", operation, option, "a-name", *rules_scope._LIFTED, "--region", "eu-west-2")
        for operation, option in rules_scope._LIFTING.values()
    ]
    found.append(("aws", "account", "enable-region", "--region-name", "ap-east-1"))
    assert all(found)
    return [list(argv[1:]) for argv in found if argv]


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


def test_no_code_is_open_and_every_scenario_is_named() -> None:
    text = page()
    assert "| open |" not in text
    assert all(f"| {it.name} |" in text for it in SCENARIOS)


def test_the_cli_takes_every_command() -> None:
    assert parsed(commands()) == []


@pytest.mark.parametrize(
    "argv",
    [
        ["ec2", "delete-nat-gateway", "--region", "eu-west-2"],
        ["ec2", "delete-nat-gateways", "--nat-gateway-id", "nat-0123456789abcdef0"],
        ["ec2", "delete-nat-gateway", "--nat-gateway", "nat-0123456789abcdef0", "--all"],
    ],
)
def test_and_refuses_what_is_none(argv: list[str]) -> None:
    assert [refused for refused, _said in parsed([argv])] == [argv]
