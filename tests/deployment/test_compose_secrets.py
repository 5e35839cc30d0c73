"""The secrets of docker-compose.yaml: made once, usable, and out of reach for others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from deployment.reading import PROJECT, compose, services
from workbench import compose_secrets

NAMES = {
    "postgres_password",
    "sql_alchemy_conn",
    "fernet_key",
    "jwt_secret",
    "api_secret_key",
    "airflow_passwords.json",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with fresh secrets."""
    compose_secrets.write(tmp_path / "secrets")
    return tmp_path / "secrets"


def _contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text("ascii") for path in directory.iterdir()}


def test_makes_what_compose_mounts(directory: Path) -> None:
    mounted = {PROJECT / secret["file"] for secret in compose()["secrets"].values()}
    assert mounted == {compose_secrets.DIRECTORY / name for name in NAMES}
    assert set(_contents(directory)) == NAMES


def test_only_the_owner_gets_at_them(directory: Path) -> None:
    assert oct(directory.stat().st_mode & 0o777) == "0o700"


def test_the_user_of_the_container_may_read_them_and_nobody_may_write(directory: Path) -> None:
    assert {oct(path.stat().st_mode & 0o777) for path in directory.iterdir()} == {"0o444"}


def test_an_open_directory_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    compose_secrets.write(tmp_path)
    assert oct(tmp_path.stat().st_mode & 0o777) == "0o700"


def test_a_narrow_umask_does_not_shut_the_container_out(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        compose_secrets.write(tmp_path / "secrets")
    finally:
        os.umask(before)
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "secrets").iterdir()} == {"0o444"}


def test_nothing_follows_a_secret(directory: Path) -> None:
    assert [name for name, content in _contents(directory).items() if content != content.strip()] == []


def test_a_second_call_changes_nothing(directory: Path) -> None:
    before = _contents(directory)
    assert compose_secrets.write(directory) == []
    assert _contents(directory) == before


def test_makes_only_what_is_missing(directory: Path) -> None:
    before = _contents(directory)
    (directory / "jwt_secret").unlink()
    assert compose_secrets.write(directory) == ["jwt_secret"]
    after = _contents(directory)
    assert {name for name in NAMES if before[name] != after[name]} == {"jwt_secret"}


def test_what_an_interrupted_call_left_is_replaced(directory: Path) -> None:
    (directory / "jwt_secret").unlink()
    (directory / ".jwt_secret.new").write_text("half")
    compose_secrets.write(directory)
    assert set(_contents(directory)) == NAMES
    assert len((directory / "jwt_secret").read_text("ascii")) == 64


def test_no_two_deployments_share_a_secret(directory: Path, tmp_path: Path) -> None:
    compose_secrets.write(tmp_path / "another")
    here, there = _contents(directory), _contents(tmp_path / "another")
    assert [name for name in NAMES if here[name] == there[name]] == []


def test_the_connection_fits_the_database_service(directory: Path) -> None:
    url = make_url((directory / "sql_alchemy_conn").read_text("ascii"))
    database = services()["postgres"]["environment"]
    assert (url.username, url.database) == (database["POSTGRES_USER"], database["POSTGRES_DB"])
    assert (url.host, url.port, url.drivername) == ("postgres", 5432, "postgresql+psycopg2")
    assert url.password == (directory / "postgres_password").read_text("ascii")


def test_a_password_of_ones_own_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "postgres_password").write_text("a@b/c d\n")
    compose_secrets.write(tmp_path)
    assert make_url((tmp_path / "sql_alchemy_conn").read_text("ascii")).password == "a@b/c d"


def test_the_keys_are_of_the_kind_that_airflow_takes(directory: Path) -> None:
    assert Fernet((directory / "fernet_key").read_bytes()).encrypt(b"")
    assert {len((directory / name).read_text("ascii")) for name in ("jwt_secret", "api_secret_key")} == {64}


def test_every_user_of_airflow_has_a_password(directory: Path) -> None:
    users = services()["api-server"]["environment"]["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")
    passwords = json.loads((directory / "airflow_passwords.json").read_text("ascii"))
    assert set(passwords) == {user.partition(":")[0] for user in users}
    assert min(map(len, passwords.values())) >= 24


def test_a_connection_without_its_password_is_refused(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "postgres_password").unlink()
    assert compose_secrets.main(["--directory", str(directory)]) == 1
    assert capsys.readouterr().err == (
        "tidegate: sql_alchemy_conn is there without postgres_password: "
        "restore postgres_password, or remove sql_alchemy_conn too\n"
    )
    assert not (directory / "postgres_password").exists()


def test_runs_without_any_package_and_says_no_secret(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "workbench.compose_secrets", "--directory", str(tmp_path / "secrets")],
        env={"PYTHONPATH": str(PROJECT / "include")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert set(_contents(tmp_path / "secrets")) == NAMES
    assert "login admin, password in secrets/airflow_passwords.json" in done.stdout
    password = json.loads((tmp_path / "secrets" / "airflow_passwords.json").read_text("ascii"))["admin"]
    assert [secret for secret in (*_contents(tmp_path / "secrets").values(), password) if secret in done.stdout] == []


def test_git_does_not_take_them() -> None:
    lines = (PROJECT / ".gitignore").read_text("utf-8").splitlines()
    assert {"secrets/", ".env"} <= set(lines)
