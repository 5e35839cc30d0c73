"""`tidegate policy --owner`, run with bash as printed: once it puts everything right, twice it changes nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.iam.owner import OWNER_ROLE
from sandbox.testing import Sandbox, running_sandbox
from tidegate.environments import load, load_policies
from tidegate.models.execution_role import ExecutionRole, role_of

PROJECT = Path(__file__).resolve().parents[2]
OTHERS = "somebody-elses-audience"
READER = "arn:aws:iam::123456789012:role/fraud-platform-dev-min-reader"


@pytest.fixture(scope="module")
def role() -> ExecutionRole:
    environment = load("dev_min")
    return role_of(environment, load_policies(environment))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, role: ExecutionRole) -> Iterator[Sandbox]:
    """An account whose identity provider serves others, and not this environment yet."""
    directory = tmp_path_factory.mktemp("owner") / "sandbox"
    with running_sandbox(directory, "--environment", "dev_min") as sandbox:
        iam = sandbox.client("iam")
        provider = {"OpenIDConnectProviderArn": role.provider_arn}
        iam.add_client_id_to_open_id_connect_provider(**provider, ClientID=OTHERS)
        iam.remove_client_id_from_open_id_connect_provider(**provider, ClientID=role.audience)
        name = READER.rpartition("/")[2]
        iam.detach_role_policy(RoleName=name, PolicyArn=READER.replace(":role/", ":policy/"))
        iam.delete_role(RoleName=name)
        yield sandbox


def run_as_owner(sandbox: Sandbox, role: ExecutionRole) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "tidegate.cli", "policy", "dev_min", "--owner"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT / "plugins")},
    ).stdout
    account = role.arn.split(":")[4]
    environment = sandbox.applied_to(os.environ) | {
        "AWS_ROLE_ARN": f"arn:aws:iam::{account}:role/{OWNER_ROLE}",
        "PATH": f"{PROJECT / '.venv-aws' / 'bin'}:{os.environ['PATH']}",
    }
    ran = subprocess.run(
        ["bash", "-c", printed], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_provider_is_shared_and_nothing_is_taken_off_it(shared: Sandbox, role: ExecutionRole) -> None:
    run_as_owner(shared, role)
    run_as_owner(shared, role)
    iam = shared.client("iam")
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=role.provider_arn)
    assert sorted(provider["ClientIDList"]) == sorted([OTHERS, role.audience])
    assert {it["PolicyArn"] for it in iam.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"]} == {
        *role.policies
    }


def test_the_api_servers_role_reads_and_nothing_else(shared: Sandbox, role: ExecutionRole) -> None:
    run_as_owner(shared, role)
    iam = shared.client("iam")
    assert role.reader is not None
    assert role.reader.arn == READER
    attached = iam.list_attached_role_policies(RoleName=role.reader.name)["AttachedPolicies"]
    assert [it["PolicyArn"] for it in attached] == [role.reader.policy_arn]
    [statement] = json.loads(role.reader.policy)["Statement"]
    assert all(action.startswith(("s3:Get", "s3:List")) for action in statement["Action"])
    trust = iam.get_role(RoleName=role.reader.name)["Role"]["AssumeRolePolicyDocument"]
    assert trust == json.loads(role.reader.trust)
