"""What the account owner does before tidegate: trust an OIDC provider, make the execution role, say what it may do.

Labelled stand-in for that owner; never imported by product code. It uses web identity, as everything else here.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.iam.owner import OWNER_ROLE
from sandbox.options import account_and_role
from sandbox.web_identity import SANDBOX, Holder

THUMBPRINT = "0" * 40
COMMAND_SECONDS = 60


class SeedFailed(Exception):
    """The owner cannot do what is asked for; the text is one sentence for the user."""


class RoleDocument(BaseModel):
    """A policy by its ARN."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    arn: str
    document: dict[str, Any]


class RoleTrust(BaseModel):
    """The role, and who may assume it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    arn: str
    trust: dict[str, Any]


class ReaderDocuments(BaseModel):
    """The role of whoever only shows what happened."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: RoleTrust
    policy: RoleDocument


class RoleDocuments(BaseModel):
    """What `tidegate policy` prints."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: RoleTrust
    boundary: RoleDocument
    policies: tuple[RoleDocument, ...]
    reader: ReaderDocuments | None = None


def holder_of(trust: Mapping[str, Any]) -> Holder | None:
    """Return whose token a trust policy takes; None where it trusts a role."""
    for statement in trust["Statement"]:
        claims = statement.get("Condition", {}).get("StringEquals", {})
        for key, subject in claims.items():
            if key.endswith(":sub"):
                issuer = key.removesuffix(":sub")
                return Holder(f"https://{issuer}", claims[f"{issuer}:aud"], subject)
    return None


def printed_role_documents(environment: str) -> RoleDocuments:
    """Run `tidegate policy` as the owner would, and read what it prints. Raises SeedFailed."""
    command = [sys.executable, "-m", "tidegate.cli", "policy", environment]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    if ended.returncode != 0:
        raise SeedFailed(f"tidegate policy {environment} ended with {ended.returncode}: {ended.stderr.strip()}")
    try:
        return RoleDocuments.model_validate_json(ended.stdout)
    except ValidationError as error:
        raise SeedFailed(f"tidegate policy {environment} printed something else: {error}") from error


class Owner:
    """The account's owner, signed in."""

    def __init__(self, endpoint: str, region: str, role_arn: str, token: str) -> None:
        self._endpoint, self._region, self._role_arn, self._token = endpoint, region, role_arn, token
        self._account, self._role = account_and_role(role_arn)

    @cached_property
    def _iam(self) -> Any:
        unsigned = Config(signature_version=UNSIGNED)
        sts = boto3.client("sts", endpoint_url=self._endpoint, region_name=self._region, config=unsigned)
        session = sts.assume_role_with_web_identity(
            RoleArn=f"arn:aws:iam::{self._account}:role/{OWNER_ROLE}",
            RoleSessionName="seed",
            WebIdentityToken=self._token,
        )["Credentials"]
        return boto3.client(
            "iam",
            endpoint_url=self._endpoint,
            region_name=self._region,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    def make_role(self) -> None:
        """Make the OIDC provider and the role in its ARN's account; nothing else."""
        self._make(self._role_arn, _trust(self._provider(SANDBOX), SANDBOX))

    def apply(self, documents: RoleDocuments) -> None:
        """Make the environment's roles: trust, boundary and policies, and whoever may assume them."""
        self._make_trusted(documents.role)
        for policy in (documents.boundary, *documents.policies):
            self._make_policy(policy)
        self._iam.put_role_permissions_boundary(RoleName=self._role, PermissionsBoundary=documents.boundary.arn)
        for policy in documents.policies:
            self._iam.attach_role_policy(RoleName=self._role, PolicyArn=policy.arn)
        if documents.reader is not None:
            self._make_trusted(documents.reader.role)
            self._make_policy(documents.reader.policy)
            _, name = account_and_role(documents.reader.role.arn)
            self._iam.attach_role_policy(RoleName=name, PolicyArn=documents.reader.policy.arn)

    def _make_trusted(self, role: RoleTrust) -> None:
        """A role, and before it the identity provider or the worker's role that its trust names."""
        holder = holder_of(role.trust)
        if holder is not None:
            self._provider(holder)
        for statement in role.trust["Statement"]:
            worker = statement["Principal"].get("AWS")
            if worker is not None:
                self._make(worker, _trust(self._provider(SANDBOX), SANDBOX))
        self._make(role.arn, role.trust)

    def _make(self, role_arn: str, trust: Mapping[str, Any]) -> None:
        _, name = account_and_role(role_arn)
        self._iam.create_role(
            RoleName=name,
            Path=_path(role_arn),
            AssumeRolePolicyDocument=json.dumps(trust),
            Description="Made by the sandbox's stand-in for the account owner",
        )

    def _make_policy(self, policy: RoleDocument) -> None:
        name = policy.arn.rpartition("/")[2]
        self._iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(policy.document))

    def _provider(self, holder: Holder) -> str:
        """The ARN of an identity provider, which environments of one account share."""
        arn = f"arn:aws:iam::{self._account}:oidc-provider/{holder.issuer.removeprefix('https://')}"
        known = {each["Arn"] for each in self._iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]}
        if arn not in known:
            self._iam.create_open_id_connect_provider(
                Url=holder.issuer, ClientIDList=[holder.audience], ThumbprintList=[THUMBPRINT]
            )
        else:
            self._iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=holder.audience)
        return arn


def _path(role_arn: str) -> str:
    return role_arn.partition(":role")[2].rpartition("/")[0] + "/"


def _trust(provider_arn: str, holder: Holder) -> dict[str, Any]:
    issuer = holder.issuer.removeprefix("https://")
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{issuer}:aud": holder.audience, f"{issuer}:sub": holder.subject}},
            }
        ],
    }
