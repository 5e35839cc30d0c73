"""What the account owner does before tidegate: trust an OIDC provider and make the execution role.

Labelled stand-in for that owner; never imported by product code. It uses web identity, as everything else here.
"""

import json

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from sandbox.options import account_and_role
from sandbox.web_identity import AUDIENCE, ISSUER, ISSUER_HOST, SUBJECT

THUMBPRINT = "0" * 40
OWNER_ROLE = "sandbox-account-owner"


def seed_execution_role(endpoint: str, region: str, role_arn: str, token: str) -> None:
    """Create the OIDC provider and the role of `role_arn` in that ARN's account; nothing else."""
    account, role_name = account_and_role(role_arn)
    sts = boto3.client("sts", endpoint_url=endpoint, region_name=region, config=Config(signature_version=UNSIGNED))
    owner = sts.assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{account}:role/{OWNER_ROLE}", RoleSessionName="seed", WebIdentityToken=token
    )["Credentials"]
    iam = boto3.client(
        "iam",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=owner["AccessKeyId"],
        aws_secret_access_key=owner["SecretAccessKey"],
        aws_session_token=owner["SessionToken"],
    )
    provider = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=[AUDIENCE], ThumbprintList=[THUMBPRINT])
    iam.create_role(
        RoleName=role_name,
        Path=_path(role_arn),
        AssumeRolePolicyDocument=json.dumps(_trust(provider["OpenIDConnectProviderArn"])),
        Description="Execution role of the sandbox, made by the stand-in for the account owner",
    )


def _path(role_arn: str) -> str:
    return role_arn.partition(":role")[2].rpartition("/")[0] + "/"


def _trust(provider_arn: str) -> dict[str, object]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{ISSUER_HOST}:aud": AUDIENCE, f"{ISSUER_HOST}:sub": SUBJECT}},
            }
        ],
    }
