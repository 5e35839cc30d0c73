"""The Cloud API key of the sandbox's fake Confluent organization (labelled stand-in): random, made at every start.

It lies in a file that only its owner can read, and nowhere else: not in the env file, an argument, a log or a state.
The file is one of Airflow's local secrets backend, so that the product finds the key where production has it: in an
Airflow connection.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "airflow_connections.json"
CONNECTION = "confluent_default"
"""As `confluent.api_key_connection` of the manifest names it."""

ONLY_OWNER = 0o600


@dataclass(frozen=True, slots=True)
class CloudKey:
    """A key id and its secret."""

    key: str
    secret: str

    def __repr__(self) -> str:
        return f"CloudKey({self.key})"


def new_cloud_key() -> CloudKey:
    """Return a key that nobody had before."""
    return CloudKey("SANDBOX" + secrets.token_hex(5).upper(), secrets.token_urlsafe(48))


def write_cloud_key(path: Path, cloud_key: CloudKey) -> None:
    """Write the key as login and password of the connection; the file belongs to its owner from its first byte on."""
    connection = {"conn_type": "generic", "login": cloud_key.key, "password": cloud_key.secret}
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, ONLY_OWNER), "w", encoding="ascii") as file:
        json.dump({CONNECTION: connection}, file)


def read_cloud_key(path: Path) -> CloudKey:
    """Read a key that write_cloud_key wrote."""
    connection = json.loads(path.read_text(encoding="ascii"))[CONNECTION]
    return CloudKey(connection["login"], connection["password"])
