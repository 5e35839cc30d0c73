"""Where boto or Airflow would find a static AWS key on this machine (ID1). Keys are looked for, never kept.

Files are read with our own `open`, because the parsers of botocore take a file that they may not read for an empty one.
"""

import configparser
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tidegate.models.identity import StaticKey
from tidegate.models.observed import Known, Observed, Unreadable, shown

IAM_ACTIONS: tuple[str, ...] = ()

KEY_OPTIONS = ("aws_access_key_id", "aws_secret_access_key")
_AIRFLOW_PREFIX = "AIRFLOW_CONN_"
_AWS_CONNECTION_TYPES = {"aws", "amazon_web_services", "s3", "emr"}
_ACCESS_KEY = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,}")


class _Unusable(Exception):
    """A place that may hold a key and cannot be read."""


def find_static_keys() -> Known[tuple[StaticKey, ...]] | Unreadable:
    """Every static key that the environment and the files of this process offer to boto or Airflow.

    Unreadable when one of the places cannot be read: then nobody knows.
    """
    try:
        found = [*_in_environment(), *_in_files(), *_in_properties_file(), *_in_airflow_variables()]
    except _Unusable as error:
        return Unreadable(str(error))
    return Known(tuple(found))


def merged(
    here: Known[tuple[StaticKey, ...]] | Unreadable, airflow: Observed[tuple[StaticKey, ...]]
) -> Known[tuple[StaticKey, ...]] | Unreadable:
    """Both findings as one; Unreadable when either is. Keys that were found all the same show in the reason."""
    both = (here, airflow)
    keys = tuple(key for observed in both if isinstance(observed, Known) for key in observed.value)
    unknown = [shown(observed) for observed in both if isinstance(observed, Unreadable)]
    if not unknown:
        return Known(keys)
    return Unreadable("; ".join([*unknown, *(f"found: {key.what} in {key.where}" for key in keys)]))


def _in_environment() -> Iterator[StaticKey]:
    temporary = os.environ.get("AWS_ACCESS_KEY_ID", "").startswith("ASIA") and os.environ.get("AWS_SESSION_TOKEN")
    what = "a copied session key, which nothing renews" if temporary else "a static key"
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        if os.environ.get(name):
            yield StaticKey(where=f"environment variable {name}", what=what)


def _in_files() -> Iterator[StaticKey]:
    legacy = (os.environ["BOTO_CONFIG"],) if "BOTO_CONFIG" in os.environ else ("/etc/boto.cfg", "~/.boto")
    for given in (
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials",
        os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config",
        *legacy,
    ):
        path = _expanded(given)
        for section, options in _sections(path, _content(path)):
            names = [name for name in KEY_OPTIONS if options.get(name)]
            if names:
                yield StaticKey(where=f"{path} [{section}]", what=" and ".join(names))


def _in_properties_file() -> Iterator[StaticKey]:
    """AWS_CREDENTIAL_FILE: the format of the first EC2 tools, which botocore still reads."""
    if given := os.environ.get("AWS_CREDENTIAL_FILE"):
        path = _expanded(given)
        names = {line.partition("=")[0].strip() for line in _content(path).splitlines()}
        for name in sorted(names & {"AWSAccessKeyId", "AWSSecretKey"}):
            yield StaticKey(where=str(path), what=name)


def _in_airflow_variables() -> Iterator[StaticKey]:
    for name, value in os.environ.items():
        if name.startswith(_AIRFLOW_PREFIX) and value.strip():
            yield from _in_connection(name, value.strip())


def _in_connection(name: str, value: str) -> Iterator[StaticKey]:
    try:
        connection = json.loads(value) if value.startswith("{") else _connection_from_url(value)
    except ValueError as error:
        raise _Unusable(f"environment variable {name} is not a connection ({type(error).__name__})") from None
    kind = str(connection.get("conn_type") or "").lower().replace("-", "_")
    login = str(connection.get("login") or "")
    signs = []
    if kind in _AWS_CONNECTION_TYPES and (login or connection.get("password")):
        signs.append("login or password of an AWS connection")
    elif _ACCESS_KEY.fullmatch(login):
        signs.append("login is an access key id")
    signs += sorted(set(_key_options(connection)))
    if signs:
        yield StaticKey(where=f"environment variable {name}", what=", ".join(signs))


def _connection_from_url(value: str) -> dict[str, Any]:
    url = urlsplit(value)
    return {
        "conn_type": url.scheme,
        "login": unquote(url.username or ""),
        "password": url.password,
        "extra": dict(parse_qsl(url.query, keep_blank_values=True)),
    }


def _key_options(node: Any) -> Iterator[str]:
    """Names of key options with a value, at any depth, also inside JSON text (Airflow's `extra` may be either)."""
    if isinstance(node, str) and node.lstrip().startswith("{"):
        try:
            node = json.loads(node)
        except ValueError:
            return
    if isinstance(node, dict):
        for name, value in node.items():
            if str(name).lower() in KEY_OPTIONS and value:
                yield str(name).lower()
            yield from _key_options(value)
    elif isinstance(node, list):
        for value in node:
            yield from _key_options(value)


def _expanded(given: str) -> Path:
    return Path(os.path.expanduser(os.path.expandvars(given)))


def _content(path: Path) -> str:
    """The text of a file, empty when there is none (boto does not mind either). Raises _Unusable."""
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise _Unusable(f"{path} may hold a static key and cannot be read ({type(error).__name__})") from error


def _sections(path: Path, content: str) -> Iterator[tuple[str, dict[str, str]]]:
    parser = configparser.RawConfigParser(default_section="")
    try:
        parser.read_string(content)
    except configparser.Error as error:
        # Without the error's own text and without its cause: they quote the offending line.
        raise _Unusable(f"{path} may hold a static key and cannot be parsed ({type(error).__name__})") from None
    for section in parser.sections():
        yield section, dict(parser.items(section))
