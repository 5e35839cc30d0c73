"""Writes the secrets that docker-compose.yaml mounts, each once: python3 -m workbench.compose_secrets

Needs nothing but Python and PYTHONPATH=include. Compose mounts a secret with the owner and the mode that its file has
on the host, while Airflow is another user in its container: 0600 would shut it out. So the files can be read by all,
and their directory lets nobody but its owner in.
"""

import argparse
import base64
import json
import os
import secrets
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from workbench.places import PROJECT

DIRECTORY = PROJECT / "secrets"
PASSWORD, CONNECTION = "postgres_password", "sql_alchemy_conn"


class HalfADatabase(Exception):
    """The password and the connection would not fit each other; the text is one clear sentence."""


def write(directory: Path) -> list[str]:
    """Make the secrets that are missing, and leave the others as they are. Returns the names of the new ones."""
    if (directory / CONNECTION).exists() and not (directory / PASSWORD).exists():
        raise HalfADatabase(f"{CONNECTION} is there without {PASSWORD}: restore {PASSWORD}, or remove {CONNECTION} too")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    makers: dict[str, Callable[[], str]] = {
        PASSWORD: lambda: secrets.token_urlsafe(32),
        CONNECTION: lambda: _connection((directory / PASSWORD).read_text(encoding="utf-8").strip()),
        "fernet_key": lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "jwt_secret": lambda: secrets.token_hex(32),
        "api_secret_key": lambda: secrets.token_hex(32),
        "airflow_passwords.json": lambda: json.dumps({"admin": secrets.token_urlsafe(18)}),
    }
    return [name for name, make in makers.items() if _write_once(directory / name, make)]


def _connection(password: str) -> str:
    return f"postgresql+psycopg2://airflow:{quote(password, safe='')}@postgres:5432/airflow"


def _write_once(path: Path, make: Callable[[], str]) -> bool:
    """Without a newline at the end, because Airflow takes what it reads as it is; whole or not at all."""
    if path.exists():
        return False
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "w", encoding="ascii") as file:
        file.write(make())
    unfinished.chmod(0o444)
    unfinished.rename(path)
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 when every secret is there, 1 when they do not fit each other."""
    parser = argparse.ArgumentParser(prog="workbench.compose_secrets", description=__doc__.partition("\n")[0])
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="default: secrets/ of the project")
    directory = parser.parse_args(argv).directory
    try:
        made = write(directory)
    except HalfADatabase as error:
        print(f"tidegate: {error}", file=sys.stderr)
        return 1
    print(f"new: {', '.join(made)}" if made else "all secrets are there already")
    print(f"login admin, password in {directory.name}/airflow_passwords.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
