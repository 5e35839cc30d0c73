"""The stand-in provider under a real Terraform: what it says, refuses, keeps, replaces and imports."""

import json
from pathlib import Path

import pytest

from confluent_bench import CHANGES, FAILED, NO_CHANGES, Bench, bench
from sandbox.confluent.mirror import SOURCE, VERSION
from sandbox.confluent.provider.provider import RESOURCES
from sandbox.testing import Sandbox
from tidegate.settings import settings
from tidegate.terraform.stand_in import lock_of

pytestmark = pytest.mark.timeout(180)

ROOT = """
terraform {
  required_providers {
    confluent = {
      source  = "confluentinc/confluent"
      version = "~> 2.0"
    }
  }
}
variable "endpoint" { type = string }
variable "name" { default = "dev" }
variable "zone" { default = "SINGLE_ZONE" }
variable "partitions" { default = 3 }
provider "confluent" {
  endpoint    = var.endpoint
  max_retries = 4
}
data "confluent_organization" "this" {}
resource "confluent_environment" "this" { display_name = var.name }
resource "confluent_kafka_cluster" "this" {
  display_name = "dev"
  availability = var.zone
  cloud        = "AWS"
  region       = "eu-west-2"
  basic {}
  environment { id = confluent_environment.this.id }
}
resource "confluent_service_account" "this" { display_name = "dev" }
resource "confluent_api_key" "this" {
  owner {
    id          = confluent_service_account.this.id
    kind        = confluent_service_account.this.kind
    api_version = confluent_service_account.this.api_version
  }
  managed_resource {
    id          = confluent_kafka_cluster.this.id
    kind        = confluent_kafka_cluster.this.kind
    api_version = confluent_kafka_cluster.this.api_version
    environment { id = confluent_environment.this.id }
  }
}
resource "confluent_kafka_topic" "this" {
  topic_name       = "orders"
  partitions_count = var.partitions
  rest_endpoint    = confluent_kafka_cluster.this.rest_endpoint
  config           = { "retention.ms" = "1000" }
  kafka_cluster { id = confluent_kafka_cluster.this.id }
  credentials {
    key    = confluent_api_key.this.id
    secret = confluent_api_key.this.secret
  }
}
output "organization" { value = data.confluent_organization.this.id }
"""


@pytest.fixture
def it(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An initialised root with one of nearly everything."""
    for name in ("TIDEGATE_PROFILE", "TIDEGATE_STAND_IN_MIRROR"):
        monkeypatch.setenv(name, sandbox.env[name])
    settings.cache_clear()
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text(ROOT)
    (root / "terraform.tfvars.json").write_text(json.dumps({"endpoint": sandbox.env["TIDEGATE_CONFLUENT_ENDPOINT"]}))
    (root / ".terraform.lock.hcl").write_text("")
    (root / ".terraform.lock.hcl").write_text(lock_of(root))
    made = bench(sandbox, root)
    said = made.terraform("init", "-lockfile=readonly")
    assert said.status == 0, said.text
    assert f"v{VERSION}" in said.text
    return made


def test_it_says_on_every_plan_that_it_is_a_stand_in(it: Bench) -> None:
    assert "STAND-IN provider for confluentinc/confluent" in it.plan().text
    assert VERSION in it.terraform("version").text


def test_terraform_reads_the_schema_as_it_is_written(it: Bench) -> None:
    found = json.loads(it.terraform("providers schema", "-json").text)["provider_schemas"][SOURCE]
    assert found["resource_schemas"].keys() == RESOURCES.keys()
    key = found["resource_schemas"]["confluent_api_key"]["block"]
    assert key["attributes"]["secret"] == {
        "type": "string",
        "description_kind": "plain",
        "computed": True,
        "sensitive": True,
    }
    assert (key["block_types"]["owner"]["min_items"], key["block_types"]["owner"]["max_items"]) == (1, 1)
    assert found["resource_schemas"]["confluent_kafka_topic"]["version"] == 2


@pytest.mark.parametrize("endpoint", ["https://api.confluent.cloud", "http://10.0.0.1"])
def test_another_endpoint_stops_the_plan(it: Bench, endpoint: str) -> None:
    said = it.plan(f"-var=endpoint={endpoint}")
    assert said.status == FAILED
    assert "is not http to a loopback address" in " ".join(said.text.replace("│", "").split())


def test_a_wrong_key_stops_the_plan(it: Bench) -> None:
    it.environment["CONFLUENT_CLOUD_API_SECRET"] = "somebody-elses"
    said = it.plan()
    assert said.status == FAILED
    assert "401 UNAUTHORIZED: Valid authentication credentials must be provided" in said.text


def test_changes_in_place_replacements_and_drift(it: Bench, sandbox: Sandbox) -> None:
    it.done()
    assert it.plan().status == NO_CHANGES
    assert it.plan("-var=zone=LOW").status == NO_CHANGES  # another word for the same
    in_place = it.plan("-var=name=renamed", "-var=partitions=5")
    assert "0 to add, 2 to change, 0 to destroy" in in_place.text
    assert it.apply().status == 0
    [topic] = sandbox.admin.confluent_state()["topics"]
    assert topic["partitions"] == 5
    assert "# forces replacement" in it.plan("-var=name=renamed", "-var=partitions=2").text
    sandbox.admin.remove_confluent("topics", topic["id"])
    drifted = it.plan("-var=name=renamed", "-var=partitions=5")
    assert "1 to add, 0 to change, 0 to destroy" in drifted.text
    secret = it.resources()["confluent_api_key.this"]["attributes"]["secret"]
    assert secret not in drifted.text + in_place.text
    assert it.plan("-destroy").status == CHANGES
    assert it.apply().status == 0
    assert not any(sandbox.admin.confluent_identities().values())


def test_what_was_made_in_part_is_kept_and_made_anew(it: Bench, sandbox: Sandbox) -> None:
    """The cluster is made, and the look at it is refused: the state must know it, or it would be an orphan."""
    assert it.plan().status == CHANGES
    with sandbox.admin.confluent_fault("refuse", path="/cmk/v2/clusters/", method="GET"):
        assert it.apply().status == FAILED
    [cluster] = sandbox.admin.confluent_state()["clusters"]
    kept = it.resources()["confluent_kafka_cluster.this"]
    assert (kept["status"], kept["attributes"]["id"]) == ("tainted", cluster["id"])
    it.done()
    [other] = sandbox.admin.confluent_state()["clusters"]
    assert other["id"] != cluster["id"]
    assert it.plan().status == NO_CHANGES


def test_a_throttle_is_waited_for_and_a_storm_is_an_error(it: Bench, sandbox: Sandbox) -> None:
    with sandbox.admin.confluent_fault("throttle", path="/org/", times=2, seconds=0.4):
        assert it.plan().status == CHANGES
    with sandbox.admin.confluent_fault("throttle", path="/org/", seconds=0.4):
        said = it.plan()
    assert said.status == FAILED
    assert "429 TOO MANY REQUESTS: Too Many Requests" in said.text


def test_an_import(it: Bench, sandbox: Sandbox) -> None:
    it.done()
    identity = it.resources()["confluent_kafka_cluster.this"]["attributes"]["id"]
    environment = it.resources()["confluent_environment.this"]["attributes"]["id"]
    assert it.terraform("state rm", "confluent_kafka_cluster.this").status == 0
    said = it.terraform("import", "confluent_kafka_cluster.this", f"{environment}/{identity}")
    assert said.status == 0, said.text
    assert it.plan().status == NO_CHANGES
