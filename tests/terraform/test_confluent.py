"""What confluent promises: no secret leaves but into a SecureString, the smallest cluster, access from one variable."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONFLUENT = Path(__file__).resolve().parents[2] / "include" / "terraform" / "confluent"

VARIABLES = {
    "account_id",
    "region",
    "project",
    "environment",
    "platform_run",
    "confluent_endpoint",
    "api_key_generation",
    "topics",
}
OUTPUTS = {
    "environment_id",
    "cluster_id",
    "service_account_ids",
    "api_key_ids",
    "topic_names",
    "parameter_prefix",
    "parameter_names",
}
TYPES = {
    "aws_ssm_parameter",
    "confluent_api_key",
    "confluent_environment",
    "confluent_kafka_acl",
    "confluent_kafka_cluster",
    "confluent_kafka_topic",
    "confluent_role_binding",
    "confluent_service_account",
    "terraform_data",
}
SECRET = re.compile(r"\.secret\b")

Reader = Callable[..., list[Any]]


def test_variables(blocks: Reader) -> None:
    variables = {each.labels[0]: each for each in blocks(CONFLUENT, "variable")}
    assert variables.keys() == VARIABLES
    assert variables["confluent_endpoint"].argument("default") == "null"
    assert variables["api_key_generation"].argument("default") == "1"


def test_outputs_hold_no_secret(blocks: Reader) -> None:
    outputs = {each.labels[0]: each for each in blocks(CONFLUENT, "output")}
    assert outputs.keys() == OUTPUTS
    assert [name for name, each in outputs.items() if SECRET.search(each.body) or ".value }" in each.body] == []


def test_types(blocks: Reader) -> None:
    assert {each.labels[0] for each in blocks(CONFLUENT, "resource")} == TYPES


def test_a_secret_goes_into_the_parameter_and_to_the_clusters_own_resources_only(blocks: Reader) -> None:
    users = {each.labels[0] for each in blocks(CONFLUENT, "resource") if SECRET.search(each.body)}
    assert users == {"aws_ssm_parameter", "confluent_kafka_acl", "confluent_kafka_topic"}
    [parameter] = [each for each in blocks(CONFLUENT, "resource") if each.labels[0] == "aws_ssm_parameter"]
    assert parameter.argument("type") == '"SecureString"'


def test_no_key_is_given_in_the_provider_or_in_a_variable(code: Callable[[Path], str]) -> None:
    assert re.findall(r"\b(?:cloud|kafka)_api_(?:key|secret)\b", code(CONFLUENT)) == []


def test_the_cluster_is_the_smallest_and_can_be_destroyed(blocks: Reader) -> None:
    [cluster] = [each for each in blocks(CONFLUENT, "resource") if each.labels[0] == "confluent_kafka_cluster"]
    assert re.search(r"^  basic \{\n    max_ecku = 1\n  \}$", cluster.body, re.MULTILINE)
    assert cluster.argument("availability") == '"SINGLE_ZONE"'
    assert cluster.argument("deletion_protection") is None


def test_a_rotation_moves_everybody_over_before_the_old_key_goes(blocks: Reader) -> None:
    [key] = [each for each in blocks(CONFLUENT, "resource") if each.labels[0] == "confluent_api_key"]
    lifecycle = re.findall(r"^  lifecycle \{\n(.*?)^  \}", key.body, re.MULTILINE | re.DOTALL)[0]
    assert re.search(r"create_before_destroy += true", lifecycle)
    assert re.search(r"replace_triggered_by += \[terraform_data\.api_key_generation\]", lifecycle)


def test_nothing_asks_for_schema_registry_or_survives_a_destroy(code: Callable[[Path], str]) -> None:
    assert re.findall(r"stream_governance|schema_registry|prevent_destroy|deletion_protection", code(CONFLUENT)) == []
