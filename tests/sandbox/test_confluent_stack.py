"""The stack confluent, its very HCL, from init to destroy: real Terraform and AWS provider, stand-ins behind them."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from confluent_bench import CHANGES, FAILED, NO_CHANGES, Bench, bench
from sandbox.confluent.mirror import SOURCE, VERSION
from sandbox.testing import Sandbox
from tidegate.settings import settings
from tidegate.terraform.workspace import lock_of, locked_providers

pytestmark = pytest.mark.timeout(600)

STACK = Path(__file__).resolve().parents[2] / "include" / "terraform" / "confluent"
PREFIX = "/fraud-platform/dev_min/kafka"
PARAMETERS = {
    f"{PREFIX}/bootstrap_servers",
    *(f"{PREFIX}/{role}/{part}" for role in ("producer", "consumer", "operator") for part in ("api_key", "api_secret")),
}


@pytest.fixture
def it(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The stack as tidegate copies it, but with its state beside it."""
    for name in ("TIDEGATE_PROFILE", "TIDEGATE_STAND_IN_MIRROR"):
        monkeypatch.setenv(name, sandbox.env[name])
    settings.cache_clear()
    root = tmp_path / "confluent"
    shutil.copytree(STACK, root, ignore=shutil.ignore_patterns(".terraform", "tests"))
    (root / "backend.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    (root / ".terraform.lock.hcl").write_text(lock_of(STACK))
    variables = {
        "account_id": "123456789012",
        "region": "eu-west-2",
        "project": "fraud-platform",
        "environment": "dev_min",
        "platform_run": "platform_20260213T201427Z",
        "confluent_endpoint": sandbox.env["TIDEGATE_CONFLUENT_ENDPOINT"],
    }
    (root / "terraform.tfvars.json").write_text(json.dumps(variables))
    return bench(sandbox, root)


def parameters(sandbox: Sandbox) -> dict[str, str]:
    """The parameters of the stack, decrypted; all of them must be SecureString."""
    found = sandbox.client("ssm").get_parameters_by_path(Path=PREFIX, Recursive=True, WithDecryption=True)["Parameters"]
    assert {each["Type"] for each in found} <= {"SecureString"}
    return {each["Name"]: each["Value"] for each in found}


def secrets_of(it: Bench) -> set[str]:
    """Every secret that the state holds."""
    keys = [each for address, each in it.resources().items() if address.startswith("confluent_api_key.")]
    found = {str(each["attributes"]["secret"]) for each in keys}
    assert len(found) == 3
    return found


def ids(things: Mapping[str, list[dict[str, Any]]], kind: str) -> set[str]:
    return {each["id"] for each in things[kind]}


def test_from_nothing_through_a_fault_drift_and_rotation_to_nothing(it: Bench, sandbox: Sandbox) -> None:
    said = it.terraform("init", "-lockfile=readonly")
    assert said.status == 0, said.text
    assert locked_providers(STACK) == {SOURCE: VERSION, "registry.terraform.io/hashicorp/aws": "5.100.0"}

    # Refused in the middle of the apply: it fails, and the next one finishes.
    first = it.plan()
    assert (first.status, "STAND-IN provider" in first.text) == (CHANGES, True), first.text
    with sandbox.admin.confluent_fault("refuse", path="/acls", method="POST", skip=2):
        broken = it.apply()
    assert broken.status == FAILED
    assert 0 < len(sandbox.admin.confluent_identities()["acls"]) < 9
    second = it.plan()
    assert second.status == CHANGES
    applied = it.apply()
    assert applied.status == 0, applied.text
    assert it.plan().status == NO_CHANGES

    state = sandbox.admin.confluent_state()
    assert {kind: len(things) for kind, things in state.items()} == {
        "environments": 2,  # one is the organization's own
        "clusters": 1,
        "service_accounts": 3,
        "api_keys": 3,
        "role_bindings": 1,
        "topics": 2,
        "acls": 9,
    }
    before = parameters(sandbox)
    assert before.keys() == PARAMETERS
    secrets = secrets_of(it)
    assert {before[f"{PREFIX}/{role}/api_secret"] for role in ("producer", "consumer", "operator")} == secrets
    assert before[f"{PREFIX}/bootstrap_servers"].endswith(".confluent.example:9092")

    # Somebody deletes a topic in the console; the same plan brings it back and rotates the keys.
    [topic] = [each["id"] for each in state["topics"] if each["name"] == "fraud.decisions"]
    assert sandbox.admin.remove_confluent("topics", topic)
    rotation = it.plan("-var=api_key_generation=2")
    assert rotation.status == CHANGES, rotation.text
    assert 'confluent_kafka_topic.this["fraud.decisions"] will be created' in rotation.text
    rotated = it.apply()
    assert rotated.status == 0, rotated.text
    now = sandbox.admin.confluent_state()
    assert ids(now, "api_keys").isdisjoint(ids(state, "api_keys"))
    assert len(now["api_keys"]) == 3
    assert ids(now, "service_accounts") == ids(state, "service_accounts")
    assert ids(now, "acls") == ids(state, "acls")
    after = parameters(sandbox)
    assert {after[f"{PREFIX}/{role}/api_key"] for role in ("producer", "consumer", "operator")} == ids(now, "api_keys")
    secrets |= secrets_of(it)
    assert len(secrets) == 6

    # Outputs are names and ids; nothing that terraform said holds a secret.
    outputs = it.terraform("output", "-json").text
    assert set(json.loads(outputs)["parameter_names"]["value"].values()) == PARAMETERS
    said_in_all = "".join([first.text, broken.text, second.text, applied.text, rotation.text, rotated.text, outputs])
    cloud_key_secret = it.environment["CONFLUENT_CLOUD_API_SECRET"]
    assert not [secret for secret in (*secrets, cloud_key_secret) if secret in said_in_all]
    assert cloud_key_secret not in (it.root / "terraform.tfstate").read_text("utf-8")

    destroyed = it.plan("-destroy", "-var=api_key_generation=2")
    assert destroyed.status == CHANGES
    assert it.apply().status == 0
    assert it.resources() == {}
    left = sandbox.admin.confluent_state()
    assert [each["display_name"] for each in left.pop("environments")] == ["default"]
    assert not any(left.values()), left
    assert parameters(sandbox) == {}
