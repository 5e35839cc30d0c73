"""Two environments in two accounts, each under a role of its own, on one worker; with IAM, STS and a real Terraform.

The second one has no token: the worker's own role assumes its role, as on managed Airflow.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ruamel.yaml import YAML

from manifests import COMMITTED
from sandbox.testing import Sandbox, running_sandbox
from tidegate.aws_identity import OF_THE_WORKER, identity_of
from tidegate.collectors.aws.clients import Clients
from tidegate.environments import load
from tidegate.settings import settings
from tidegate.terraform.cli_config import write
from tidegate.terraform.process import child_environment
from tidegate.terraform.program import find_program

FIRST, SECOND = "dev_min", "other_min"
ACCOUNT = "210987654321"
WORKER = f"arn:aws:iam::{ACCOUNT}:role/airflow-worker"
ROOT = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

data "aws_caller_identity" "me" {}

resource "aws_ssm_parameter" "first" {
  name  = "%(prefix)s/demo/first"
  type  = "String"
  value = "1"
}

resource "aws_ssm_parameter" "second" {
  name  = "%(prefix)s/demo/second"
  type  = "String"
  value = aws_ssm_parameter.first.value
}

output "arn" {
  value = data.aws_caller_identity.me.arn
}
"""


def _other(directory: Path) -> None:
    yaml = YAML(typ="rt")
    document: Any = yaml.load(COMMITTED.read_text("utf-8"))
    document |= {"name": SECOND, "account_id": ACCOUNT, "role_name": "other-execution", "identity": "from_worker"}
    del document["oidc"]
    document["worker"] = {"role_arn": WORKER}
    for section, name in (("backend", "tfstate"), ("evidence", "evidence"), ("work", "work")):
        document[section]["bucket"] = f"other-{name}"
    with (directory / f"{SECOND}.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(document, file)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that plays both accounts."""
    directory = tmp_path_factory.mktemp("environments")
    (directory / COMMITTED.name).write_bytes(COMMITTED.read_bytes())
    _other(directory)
    with pytest.MonkeyPatch.context() as process:
        process.setenv("TIDEGATE_ENVIRONMENTS_DIR", str(directory))
        settings.cache_clear()
        with running_sandbox(
            tmp_path_factory.mktemp("sandbox"), "--environment", FIRST, "--environment", SECOND
        ) as sandbox:
            yield sandbox
    settings.cache_clear()


@pytest.fixture
def worker(both: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """This process as a worker of both: its own role is of neither environment."""
    for name in OF_THE_WORKER:
        monkeypatch.delenv(name, raising=False)
    for name, value in (both.env | {"AWS_ROLE_ARN": WORKER, "AWS_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    both.admin.clear_faults()
    return both


def caller(environment: str, session: str = "m2_x.task") -> str:
    arn: str = Clients.acting_for(load(environment), session).sts.get_caller_identity()["Arn"]
    return arn


def test_each_environment_acts_in_its_own_account(worker: Sandbox) -> None:
    assert caller(FIRST) == "arn:aws:sts::123456789012:assumed-role/fraud-platform-dev-min-execution/m2_x.task"
    assert caller(SECOND) == f"arn:aws:sts::{ACCOUNT}:assumed-role/other-execution/m2_x.task"


def test_the_worker_itself_may_do_nothing(worker: Sandbox) -> None:
    own = Clients.from_environment("eu-west-2")
    assert ":assumed-role/airflow-worker/" in own.sts.get_caller_identity()["Arn"]
    for ask in (own.s3.list_buckets, lambda: own.ssm.get_parameters_by_path(Path="/")):
        with pytest.raises(ClientError, match="AccessDenied"):
            ask()


def test_a_role_that_trusts_somebody_else_is_not_assumed(worker: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/other-execution")
    with pytest.raises(ClientError, match="AccessDenied"):
        caller(SECOND)


def test_one_environment_reads_nothing_of_the_other(worker: Sandbox) -> None:
    owner = worker.client("s3")
    for name in (FIRST, SECOND):
        bucket = load(name).evidence.bucket
        if bucket not in {each["Name"] for each in owner.list_buckets()["Buckets"]}:
            owner.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    with pytest.raises(ClientError, match="AccessDenied"):
        Clients.acting_for(load(FIRST), "task").s3.list_objects_v2(Bucket=load(SECOND).evidence.bucket)


def test_the_api_server_reads_evidence_and_can_become_nothing_else(
    worker: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = load(FIRST)
    owner = worker.client("s3")
    if environment.evidence.bucket not in {each["Name"] for each in owner.list_buckets()["Buckets"]}:
        place = {"LocationConstraint": environment.region}
        owner.create_bucket(Bucket=environment.evidence.bucket, CreateBucketConfiguration=place)
    tokens = worker.directory / "reader_tokens"
    monkeypatch.setenv("TIDEGATE_ACTS_AS", "reader")
    monkeypatch.setenv("TIDEGATE_TOKEN_FILES", str(tokens / "{environment}"))
    settings.cache_clear()
    shown = Clients.acting_for(environment, "pages")
    assert shown.sts.get_caller_identity()["Arn"].endswith(":assumed-role/fraud-platform-dev-min-reader/pages")
    assert shown.s3.list_objects_v2(Bucket=environment.evidence.bucket)["KeyCount"] == 0
    with pytest.raises(ClientError, match="AccessDenied"):
        shown.s3.put_object(Bucket=environment.evidence.bucket, Key="control/x", Body=b"x")
    monkeypatch.setenv("TIDEGATE_ACTS_AS", "execution")
    settings.cache_clear()
    with pytest.raises(ClientError, match="AccessDenied"):
        Clients.acting_for(environment, "pages").sts.get_caller_identity()


@pytest.mark.parametrize(("name", "operation"), [(FIRST, "AssumeRoleWithWebIdentity"), (SECOND, "AssumeRole")])
@pytest.mark.timeout(300)
def test_terraform_acts_as_the_role_for_longer_than_its_first_session(
    worker: Sandbox, tmp_path: Path, name: str, operation: str
) -> None:
    environment = load(name)
    (tmp_path / "main.tf").write_text(ROOT % {"prefix": environment.parameter_prefix}, "utf-8")
    worker_variables = {key: value for key, value in os.environ.items() if key not in OF_THE_WORKER}
    variables = worker_variables | identity_of(environment, "m2_x.apply").variables(tmp_path / "work")
    environ = child_environment(variables, write(tmp_path / "terraform.rc", settings().provider_mirrors), "")

    def terraform(*arguments: str) -> str:
        done = subprocess.run(
            [*find_program(settings().terraform).command, *arguments],
            cwd=tmp_path,
            env=environ,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    terraform("init", "-input=false")
    since = worker.admin.journal_position()
    with (
        worker.admin.fault(service="sts", operation=operation, kind="short_session", seconds=3),
        worker.admin.fault(service="ssm", operation="PutParameter", kind="delay", seconds=4),
    ):
        terraform("apply", "-auto-approve", "-input=false")
    calls = [call.operation for call in worker.admin.calls(since)]
    first, second = (place for place, made in enumerate(calls) if made == "PutParameter")
    assert operation in calls[:first]
    assert operation in calls[first:second], "the session had ended between the two"
    expected = f"arn:aws:sts::{environment.account_id}:assumed-role/{environment.role_name}/m2_x.apply"
    assert terraform("output", "-raw", "arn") == expected
