"""As whom a task asks AWS: a role of its environment, whatever the worker itself may be (ID1).

One process serves several environments, so nothing of this is written into its environment variables: botocore gets a
session of its own, and Terraform variables of its own. Both renew the role's session when it ends. What the worker is
serves for one thing alone, and only where the manifest says `identity: from_worker`: to assume the role.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    AssumeRoleWithWebIdentityCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    Credentials,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import CredentialRetrievalError
from botocore.session import Session, get_session
from botocore.utils import FileWebIdentityTokenLoader

from tidegate.models.environment import Environment
from tidegate.settings import settings

TOKEN_FILE, ROLE, SESSION_NAME = "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"
CONTAINER_SOURCE = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
OF_THE_WORKER = (
    *("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION"),
    *(ROLE, TOKEN_FILE, SESSION_NAME, *CONTAINER_SOURCE, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
)
"""Variables that say who and where a worker is. No environment's Terraform takes them from it."""

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_LONGEST_NAME = 64
_PROFILE, _SOURCE = "environment", "worker"


@dataclass(frozen=True, slots=True)
class AwsIdentity:
    """A role, the name of its session, and how it is come by. `region` is where STS is asked.

    `token_file` None: the worker's own role assumes it.
    """

    role_arn: str
    session_name: str
    region: str
    token_file: str | None

    def session(self, config: Config) -> Session:
        """A botocore session that acts as the role. It asks nothing yet; `config` is that of the calls to STS."""
        session = get_session()
        session.register_component("credential_provider", CredentialResolver([_Provider(self, config)]))
        return session

    def variables(self, directory: Path) -> dict[str, str]:
        """What a Terraform needs to act as the role. Writes a file without secrets into `directory` where it is told
        by a profile: what a worker is stands in no variable that Terraform would prefer to a token.
        """
        place = {"AWS_REGION": self.region, "AWS_DEFAULT_REGION": self.region}
        if self.token_file is not None:
            return {**place, ROLE: self.role_arn, TOKEN_FILE: self.token_file, SESSION_NAME: self.session_name}
        config = directory / "aws_config"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        config.write_text(_profiles(self, os.environ), encoding="utf-8")
        nothing = directory / "aws_credentials"
        nothing.write_text("", encoding="utf-8")
        passed = {
            name: os.environ[name] for name in OF_THE_WORKER if name.startswith("AWS_CONTAINER") and name in os.environ
        }
        files = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(nothing)}
        return {**place, **passed, **files, "AWS_PROFILE": _PROFILE}


def identity_of(environment: Environment, session_name: str) -> AwsIdentity:
    """As whom this process acts for an environment: its execution role, or its reader role where it only shows."""
    reader = settings().acts_as == "reader"
    role = environment.reader_arn if reader else environment.role_arn
    name = _NOT_IN_A_NAME.sub("-", session_name)[:_LONGEST_NAME]
    return AwsIdentity(role, name, environment.region, _token_file(environment))


def _token_file(environment: Environment) -> str | None:
    """Where this deployment says, else where the manifest says, else where the worker says; empty: nowhere."""
    if environment.oidc is None:
        return None
    told = settings().token_files.replace("{environment}", environment.name)
    return told or environment.oidc.token_file or os.environ.get(TOKEN_FILE, "")


class _Provider(CredentialProvider):
    """The one way to credentials: the chain that botocore would go through otherwise finds whatever lies about."""

    METHOD = CANONICAL_NAME = "custom-tidegate"

    def __init__(self, identity: AwsIdentity, config: Config) -> None:
        super().__init__()
        self._identity, self._config = identity, config

    def load(self) -> Credentials:
        """Credentials that are fetched when the first request is signed, and again before they end."""
        identity = self._identity
        if identity.token_file is None:
            return DeferredRefreshableCredentials(self._as_worker, "assume-role")
        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
            self._client_creator(get_session()),
            _loader(identity.token_file),
            identity.role_arn,
            extra_args={"RoleSessionName": identity.session_name},
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role-with-web-identity")

    def _as_worker(self) -> Any:
        worker = get_session()
        source = worker.get_credentials()
        if source is None:
            raise CredentialRetrievalError(provider="assume-role", error_msg="the worker has no role of its own")
        fetcher = AssumeRoleCredentialFetcher(
            self._client_creator(worker),
            source,
            self._identity.role_arn,
            extra_args={"RoleSessionName": self._identity.session_name},
        )
        return fetcher.fetch_credentials()

    def _client_creator(self, session: Session) -> Callable[..., Any]:
        def create(service: str, config: Config | None = None, **given: Any) -> Any:
            merged = self._config if config is None else self._config.merge(config)
            return session.create_client(service, region_name=self._identity.region, config=merged, **given)

        return create


def _loader(token_file: str) -> Callable[[], str]:
    if token_file:
        return FileWebIdentityTokenLoader(token_file)

    def without() -> str:
        raise CredentialRetrievalError(
            provider="assume-role-with-web-identity",
            error_msg=f"no token: neither TIDEGATE_TOKEN_FILES nor the manifest's oidc.token_file nor {TOKEN_FILE} "
            "says where it lies",
        )

    return without


def _profiles(identity: AwsIdentity, environ: Mapping[str, str]) -> str:
    """A configuration for AWS's SDKs: the role, and what the worker assumes it as."""
    role = [f"role_arn = {identity.role_arn}", f"role_session_name = {identity.session_name}"]
    lines = [f"region = {identity.region}"]
    if environ.get(TOKEN_FILE) and environ.get(ROLE):
        source = [f"[profile {_SOURCE}]", *lines, f"role_arn = {environ[ROLE]}"]
        source += [f"role_session_name = {identity.session_name}", f"web_identity_token_file = {environ[TOKEN_FILE]}"]
        return "\n".join([*source, f"[profile {_PROFILE}]", *lines, *role, f"source_profile = {_SOURCE}"]) + "\n"
    container = any(environ.get(name) for name in CONTAINER_SOURCE)
    credential_source = "EcsContainer" if container else "Ec2InstanceMetadata"
    return "\n".join([f"[profile {_PROFILE}]", *lines, *role, f"credential_source = {credential_source}"]) + "\n"
