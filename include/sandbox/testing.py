"""What tests need of the sandbox (labelled stand-in; never imported by product code).

with running_sandbox(tmp_path) as sandbox:
    sandbox.client("s3").list_buckets()
    with sandbox.admin.fault(service="s3", kind="access_denied"): ...
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import httpx
from botocore.config import Config

from sandbox.children import clean_environment
from sandbox.client import SandboxClient
from sandbox.confluent.credentials import FILE_NAME as CONNECTIONS
from sandbox.confluent.credentials import CloudKey, read_cloud_key
from sandbox.environment import Environment, read_env
from sandbox.iam.owner import OWNER_ROLE
from sandbox.options import account_and_role

COMMAND_SECONDS = 120
CONFLUENT_SECONDS = 20
NO_RETRIES = Config(retries={"total_max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=20)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox, and how to reach it."""

    directory: Path
    env: Environment
    admin: SandboxClient
    enforces_iam: bool = False

    def client(
        self, service: str, config: Config = NO_RETRIES, region: str | None = None, *, as_owner: bool = True
    ) -> Any:
        """Return a boto3 client that got its credentials through the default chain from nothing but the env file.

        Where IAM is enforced it is the account's owner who asks, unless `as_owner` is false.
        """
        environment = self.applied_to(os.environ) | (self._as_owner() if self.enforces_iam and as_owner else {})
        with mock.patch.dict(os.environ, environment, clear=True):
            session = boto3.Session()
            credentials = session.get_credentials()
            if credentials is None:
                raise LookupError("the env file gives no credentials")
            credentials.get_frozen_credentials()
            make_client: Any = session.client  # its stubs know no service given as a variable
            return make_client(service, config=config, region_name=region)

    def _as_owner(self) -> dict[str, str]:
        account, _ = account_and_role(self.env["AWS_ROLE_ARN"])
        return {"AWS_ROLE_ARN": f"arn:aws:iam::{account}:role/{OWNER_ROLE}"}

    @property
    def cloud_key(self) -> CloudKey:
        """The Cloud API key of the fake Confluent organization."""
        return read_cloud_key(self.directory / CONNECTIONS)

    def confluent(self, *, cloud_key: CloudKey | None = None) -> httpx.Client:
        """Return a client of the fake Confluent API with the sandbox's Cloud key, or another one."""
        known = cloud_key or self.cloud_key
        return httpx.Client(
            base_url=self.env["TIDEGATE_CONFLUENT_ENDPOINT"],
            auth=(known.key, known.secret),
            trust_env=False,
            timeout=CONFLUENT_SECONDS,
        )

    def applied_to(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return `base` without the machine's AWS settings, after sourcing the env file."""
        return self.env.applied_to({name: value for name, value in base.items() if not name.startswith("AWS_")})


def supervisor(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m sandbox.supervisor` and return its status and what it said."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox.supervisor", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
        env=clean_environment(),
        check=False,
    )


@contextmanager
def running_sandbox(directory: Path, *arguments: str) -> Iterator[Sandbox]:
    """Keep a sandbox running inside the `with` block, and stop it whatever happens. Raises RuntimeError."""
    try:
        started = supervisor("start", "--directory", directory, *arguments)
        if started.returncode != 0:
            raise RuntimeError(started.stderr)
        env = read_env(directory / "env")
        with SandboxClient(env["TIDEGATE_SANDBOX_ADMIN"]) as admin:
            yield Sandbox(directory, env, admin, enforces_iam="--environment" in arguments)
    finally:
        supervisor("stop", "--directory", directory)
