"""The functions' packages hold their source, and the source does what its root says, against moto."""

import importlib.util
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

TERRAFORM = Path(__file__).resolve().parents[2] / "include" / "terraform"
PACKAGES = sorted(TERRAFORM.glob("*/function/*.zip"))
HERE = "eu-west-2"


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", HERE)
    with mock_aws():
        yield


def module_of(root: str, name: str) -> ModuleType:
    """The function's module, read as Lambda reads it: its clients are made once."""
    spec = importlib.util.spec_from_file_location(name, TERRAFORM / root / "function" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.stem)
def test_a_package_holds_its_source_and_nothing_else(package: Path) -> None:
    source = package.with_suffix(".py")
    with zipfile.ZipFile(package) as file:
        assert file.namelist() == [source.name]
        assert file.read(source.name) == source.read_bytes(), "pack it again, as the root's README says"


def test_every_root_with_a_function_names_its_package_and_handler() -> None:
    assert [path.stem for path in PACKAGES] == ["build", "score"]
    for package in PACKAGES:
        text = (package.parents[1] / "main.tf").read_text("utf-8")
        assert f'"${{path.module}}/function/{package.name}"' in text
        assert f'"{package.stem}.handler"' in text


def test_build_asks_for_the_day_before_and_says_so(moto: None, monkeypatch: pytest.MonkeyPatch) -> None:
    athena, sqs = boto3.client("athena"), boto3.client("sqs")
    athena.create_work_group(Name="w", Configuration={"ResultConfiguration": {"OutputLocation": "s3://results/"}})
    queue = sqs.create_queue(QueueName="built")["QueueUrl"]
    for name, value in {"QUERY": "SELECT ?", "DATABASE": "d", "WORKGROUP": "w", "BUILT_QUEUE": queue}.items():
        monkeypatch.setenv(name, value)
    built = module_of("features", "build").handler({"time": "2026-03-01T03:00:00Z"}, None)
    assert built["day"] == "2026-02-28"
    asked = athena.get_query_execution(QueryExecutionId=built["query"])["QueryExecution"]
    assert (asked["Query"], asked["WorkGroup"]) == ("SELECT ?", "w")
    assert asked["QueryExecutionContext"] == {"Database": "d"}
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"]) == built


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/c-1", 200, {"customer_id": "c-1", "events": "3"}),
        ("/c-2", 404, {"error": "unknown customer"}),
        ("/", 404, {"error": "unknown customer"}),
    ],
)
def test_score_answers_with_what_is_known(
    moto: None, monkeypatch: pytest.MonkeyPatch, path: str, status: int, body: dict[str, Any]
) -> None:
    table = boto3.resource("dynamodb").create_table(
        TableName="online",
        KeySchema=[{"AttributeName": "customer_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "customer_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.put_item(Item={"customer_id": "c-1", "events": 3})
    monkeypatch.setenv("TABLE", "online")
    answer = module_of("serving", "score").handler({"rawPath": path}, None)
    assert (answer["statusCode"], json.loads(answer["body"])) == (status, body)
