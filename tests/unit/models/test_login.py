"""Under which names a stack's terraform may get a credential: none that would change what it is or who it acts as."""

from typing import Any

import pytest
from pydantic import ValidationError

from tidegate.models.login import ConnectionVariables
from tidegate.models.stack import Stack

ENTRY = {"root": "x", "lifecycle": "ephemeral", "destroyable": True, "state_key": "e/x.tfstate"}


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "DATADOG_API_KEY", "SNOWFLAKE_PASSWORD", "SNOWFLAKE_USER", "OKTA_CLIENT_ID", "TF_VAR_api_token"],
)
def test_credentials(name: str) -> None:
    assert ConnectionVariables(password=name).names == (name,)


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "LD_PRELOAD",
        "LD_SECRET",
        "PATH",
        "HOME",
        "HTTPS_PROXY",
        "NO_PROXY",
        "https_proxy",
        "TF_TOKEN",
        "TF_LOG",
        "TF_REATTACH_PROVIDERS",
        "TF_CLI_ARGS_KEY",
        "TF_VAR_Big",
        "TF_VAR_",
        "GODEBUG",
        "SSL_CERT_FILE",
        "PYTHON_TOKEN",
        "CONFLUENT_CLOUD_API_KEY",
        "TIDEGATE_TOKEN",
        "GITHUB_TOKEN\n",
        "github_token",
        "",
    ],
)
def test_no_other_names(name: str) -> None:
    with pytest.raises(ValidationError, match="must be TF_VAR_<variable>"):
        ConnectionVariables(password=name)


def test_something_is_taken() -> None:
    with pytest.raises(ValidationError, match="name a variable for login"):
        ConnectionVariables()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"connections": {"a": {"password": "X_TOKEN"}, "b": {"login": "X_TOKEN"}}}, "two of them give the same"),
        ({"connections": {"a": {"login": "X_TOKEN", "password": "X_TOKEN"}}}, "two of them give the same"),
        (
            {"connections": {"a": {"password": "TF_VAR_size"}}, "variables": {"size": 1}},
            "size is given by another field already",
        ),
    ],
)
def test_a_variable_has_one_value(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Stack.model_validate(ENTRY | more)


def test_variables_of_the_root_among_them() -> None:
    given = {"a": {"login": "X_USER", "password": "TF_VAR_api_token"}}
    assert Stack.model_validate(ENTRY | {"connections": given}).secret_variables == ("api_token",)
