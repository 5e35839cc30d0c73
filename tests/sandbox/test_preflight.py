"""`tidegate preflight` against the sandbox: what is there, what is missing, what cannot be seen; and it only reads."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from manifests import COMMITTED, without_kafka
from sandbox.testing import Sandbox, running_sandbox
from tidegate.settings import PROJECT

pytestmark = pytest.mark.timeout(180)
READS = ("Get", "List", "Head", "Describe", "Assume", "View")


def preflight(sandbox: Sandbox, directory: Path, **more: str) -> tuple[int, str]:
    """Exit status and what was printed, as people call it."""
    here = {"PYTHONPATH": str(PROJECT / "plugins"), "COLUMNS": "600", "HOME": str(sandbox.directory)}
    here |= {"TIDEGATE_ENVIRONMENTS_DIR": str(directory), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    environment = sandbox.applied_to(here)
    environment |= {name: value for name, value in more.items() if value}
    for name in [name for name, value in more.items() if not value]:
        environment.pop(name, None)
    ended = subprocess.run(
        [sys.executable, "-m", "tidegate.cli", "preflight", "dev_min"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def enforced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose owner did what `tidegate policy` says."""
    with running_sandbox(tmp_path_factory.mktemp("enforced"), "--environment", "dev_min") as running:
        yield running


@pytest.fixture
def sandbox(enforced: Sandbox) -> Sandbox:
    """The same as on the first day."""
    enforced.admin.reset()
    return enforced


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """The manifests' directory, with one region and without Kafka."""
    return without_kafka(tmp_path / "environments")


def test_an_empty_account_is_ready_and_nothing_is_changed(sandbox: Sandbox, manifest: Path) -> None:
    position = sandbox.admin.journal_position()
    status, said = preflight(sandbox, manifest)
    assert status == 0, said
    assert "role, credentials, region" in said
    assert "what the execution role may do, and its boundary" in said
    assert said.count("not there yet: M1 makes it") == 4
    assert "not there yet: M2 makes it; confirm its mail within 48 hours" in said
    assert "each question costs 0.01 USD" in said
    assert "dev_min: 0 missing, 0 that could not be read, 3 to be looked at elsewhere" in said
    calls = [(call.service, call.operation) for call in sandbox.admin.calls(position)]
    assert len(calls) > 8
    assert [call for call in calls if not str(call[1]).startswith(READS)] == []
    assert not any(service == "ce" for service, _ in calls)


def test_what_is_missing_is_said_with_the_way_to_get_it(sandbox: Sandbox, manifest: Path) -> None:
    path = manifest / COMMITTED.name
    path.write_text(path.read_text("utf-8").replace("eu-west-2", "eu-central-1"), "utf-8")
    status, said = preflight(sandbox, manifest, AWS_REGION="eu-central-1", AWS_DEFAULT_REGION="")
    assert status == 1, said
    assert "REGION-UNPRICED" in said
    assert "tidegate prices refresh --region=eu-central-1 --environment dev_min" in said


def test_a_role_that_is_not_as_its_owner_was_asked_to_make_it(sandbox: Sandbox, manifest: Path) -> None:
    sandbox.client("iam").delete_role_permissions_boundary(RoleName="fraud-platform-dev-min-execution")
    status, said = preflight(sandbox, manifest)
    assert status == 1, said
    assert "EXECUTION-ROLE-UNBOUNDED" in said
    assert "tidegate policy dev_min --owner" in said


def test_a_bucket_that_is_not_as_it_must_be(sandbox: Sandbox, manifest: Path) -> None:
    sandbox.client("s3").create_bucket(
        Bucket="fraud-platform-dev-min-work", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"}
    )
    status, said = preflight(sandbox, manifest)
    assert status == 1, said
    assert "work bucket fraud-platform-dev-min-work" in said
    assert "trigger dev_min.m1_backend_bootstrap" in said


def test_with_keys_of_a_person_nothing_else_is_asked(sandbox: Sandbox, manifest: Path) -> None:
    position = sandbox.admin.journal_position()
    keys = {"AWS_ACCESS_KEY_ID": "AKIA" + "X" * 16, "AWS_SECRET_ACCESS_KEY": "s" * 40}
    status, said = preflight(sandbox, manifest, **keys, AWS_WEB_IDENTITY_TOKEN_FILE="", AWS_ROLE_ARN="")
    assert status == 2, said
    assert "STATIC-KEY-FOUND" in said
    assert "not asked: the caller is not the environment's role" in said
    assert "s" * 40 not in said
    assert {call.service for call in sandbox.admin.calls(position)} <= {"sts"}


def test_what_an_api_refuses_to_tell_is_no_pass(sandbox: Sandbox, manifest: Path) -> None:
    with sandbox.admin.fault(service="budgets", kind="access_denied"):
        status, said = preflight(sandbox, manifest)
    assert status == 2, said
    assert "BUDGET-UNREADABLE" in said


def test_kafka_without_a_locked_provider(sandbox: Sandbox, tmp_path: Path) -> None:
    """On AWS the committed lock counts, and it lacks the provider; the sandbox brings its stand-in."""
    directory = tmp_path / "environments"
    directory.mkdir()
    (directory / COMMITTED.name).write_bytes(COMMITTED.read_bytes())
    _, said = preflight(sandbox, directory, TIDEGATE_STAND_IN_MIRROR="")
    assert "lock file of confluent names the provider of Confluent" in said
    assert "terraform providers lock in include/terraform/confluent" in said
    assert "connection confluent_default holds a Cloud API key" in said
    assert "Confluent has a payment method" in said
