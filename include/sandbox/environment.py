"""The `env` file of the sandbox (a labelled stand-in; never imported by product code): write it, and read it back.

    export AWS_ENDPOINT_URL=http://127.0.0.1:41233
    unset AWS_CA_BUNDLE

No access key is ever set, and none is unset: the product has to notice a static key by itself.
"""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

SESSION_NAME = "tidegate-sandbox"
ENDPOINT_SUFFIXES = ("", "_S3", "_STS", "_DYNAMODB", "_IAM")
_EXPORT = re.compile(r"export ([A-Za-z_][A-Za-z0-9_]*)=(.*)")
_UNSET = re.compile(r"unset ([A-Za-z_][A-Za-z0-9_]*)")


class Environment(dict[str, str]):
    """The variables to set, as a plain dict, and in `unset` the names to remove."""

    unset: list[str]

    def __init__(self, values: dict[str, str], unset: list[str]) -> None:
        super().__init__(values)
        self.unset = unset

    def applied_to(self, base: dict[str, str]) -> dict[str, str]:
        """Return `base` as a shell would have it after sourcing the file."""
        return {name: value for name, value in base.items() if name not in self.unset} | self


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the sandbox answers."""

    aws: str
    admin: str
    confluent: str


@dataclass(frozen=True, slots=True)
class Files:
    """What the sandbox made for its users."""

    token: Path
    connections: Path
    provider_mirror: Path
    tokens: Path | None = None
    """One for each environment, under its name. None: there are no environments."""


def sandbox_environment(addresses: Addresses, region: str, role_arn: str, files: Files) -> Environment:
    """Return the environment of a process that uses the sandbox with web identity and nothing else.

    Confluent knows no web identity: its key lies in a file that only its owner can read, and Airflow finds it there as
    a connection.
    """
    secrets = {"connections_file_path": str(files.connections.resolve())}
    values = {
        "TIDEGATE_PROFILE": "sandbox",
        "TIDEGATE_SANDBOX_ADMIN": addresses.admin,
        "TIDEGATE_STAND_IN_MIRROR": str(files.provider_mirror.resolve()),
        "TIDEGATE_CONFLUENT_ENDPOINT": addresses.confluent,
        "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
        "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(secrets),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ROLE_ARN": role_arn,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(files.token.resolve()),
        "AWS_ROLE_SESSION_NAME": SESSION_NAME,
        "AWS_S3_USE_PATH_STYLE": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if files.tokens is not None:
        values["TIDEGATE_TOKEN_FILES"] = str(files.tokens.resolve() / "{environment}")
    values |= {f"AWS_ENDPOINT_URL{suffix}": addresses.aws for suffix in ENDPOINT_SUFFIXES}
    # Its SDKs put the account before the name, and nothing can stand before an address.
    values["AWS_ENDPOINT_URL_S3_CONTROL"] = addresses.aws.replace("127.0.0.1", "localhost")
    return Environment(values, unset=["AWS_CA_BUNDLE"])


def render(environment: Environment) -> str:
    """Return the text to source from a POSIX shell."""
    lines = ["# Made by the sandbox; source it from a POSIX shell. It holds no access key."]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines += [f"unset {name}" for name in environment.unset]
    return "\n".join(lines) + "\n"


def read_env(path: Path) -> Environment:
    """Read an `env` file. Raises ValueError naming the first line that is neither export, unset, comment nor blank."""
    values: dict[str, str] = {}
    unset: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if match := _EXPORT.fullmatch(line):
            values[match[1]] = "".join(shlex.split(match[2]))
        elif match := _UNSET.fullmatch(line):
            unset.append(match[1])
        else:
            raise ValueError(f"{path}, line {number}: expected 'export NAME=value' or 'unset NAME'")
    return Environment(values, unset)
