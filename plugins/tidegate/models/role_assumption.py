"""Who may assume the roles of an environment (ID1): holders of a token, or the role of a worker."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _exact(value: str) -> str:
    if "*" in value:
        raise ValueError("must be one exact value; a wildcard would trust strangers")
    return value


_RoleArn = Annotated[str, Field(pattern=r"^arn:aws:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}$")]


class Oidc(BaseModel):
    """The identity provider whose tokens may assume the roles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shared: Literal[True] = True
    """There is one provider per account and URL: all environments share its owner's, and no stack owns it (ADR 38)."""
    provider_url: Annotated[str, Field(pattern=r"^https://[^/?#\s]+(/[^?#\s]*[^/?#\s])?$", max_length=255)]
    """Without query and without trailing slash: IAM tells providers apart by it, letter by letter."""
    audience: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_exact)]
    subject: Annotated[str, Field(min_length=1), AfterValidator(_exact)]
    """Of the workers' tokens: they may assume the execution role."""
    reader_subject: Annotated[str, Field(min_length=1), AfterValidator(_exact)] | None = None
    """Of the API server's tokens: they may assume the reader role. None: there is no such role."""
    token_file: Annotated[str, Field(pattern=r"^/[^\s]+$")] | None = None
    """Where the token lies on a worker. None: where the worker's AWS_WEB_IDENTITY_TOKEN_FILE says."""


class Worker(BaseModel):
    """The role that a worker has already, on managed Airflow, in a pod or on an instance."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role_arn: _RoleArn
    """It may assume the execution role."""
    reader_arn: _RoleArn | None = None
    """The API server's own role, which may assume the reader role. None: there is no such role."""
