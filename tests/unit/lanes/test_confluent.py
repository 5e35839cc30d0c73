"""Where Confluent Cloud is, and who gets its key."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from standins import dev_min, three_stacks
from tidegate.lanes.confluent import confluent_api, confluent_endpoint
from tidegate.models.confluent import CloudKey
from tidegate.models.environment import Confluent, Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.settings import settings
from tidegate.terraform.process import child_environment
from tidegate.terraform.workspace import Workspace

STAND_IN = "http://127.0.0.1:9"
VARIABLE = "TIDEGATE_CONFLUENT_ENDPOINT"
CREDENTIALS = CloudKey(key="the-key", secret="the-secret")
NAMES = ("CONFLUENT_CLOUD_API_KEY", "CONFLUENT_CLOUD_API_SECRET")


def given(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv(VARIABLE, endpoint)
    settings.cache_clear()


def with_section(**section: str) -> Environment:
    return dev_min()[0].model_copy(update={"confluent": Confluent(api_key_connection="c", **section)})


def test_in_production_it_is_the_manifests() -> None:
    assert confluent_endpoint(with_section(), "aws") == Known("https://api.confluent.cloud")
    other = with_section(endpoint="https://api.eu.example")
    assert confluent_endpoint(other, "aws") == Known("https://api.eu.example")


@pytest.mark.parametrize(
    "endpoint", ["http://api.example", "https://key:secret@api.example", "https://api.example/", "api.example", ""]
)
def test_an_endpoint_is_https_and_holds_no_secret(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        Confluent(api_key_connection="c", endpoint=endpoint)


@pytest.mark.parametrize("profile", ["aws", "sandbox"])
def test_a_manifest_without_an_account(monkeypatch: pytest.MonkeyPatch, profile: Any) -> None:
    given(monkeypatch, STAND_IN if profile == "sandbox" else "")
    found = confluent_endpoint(dev_min()[0].model_copy(update={"confluent": None}), profile)
    assert found == Unreadable("the manifest names no account at Confluent Cloud (section confluent)")


@pytest.mark.parametrize("slash", ["", "/"])
def test_in_the_sandbox_it_is_the_stand_in(monkeypatch: pytest.MonkeyPatch, slash: str) -> None:
    given(monkeypatch, STAND_IN + slash)
    assert confluent_endpoint(with_section(), "sandbox") == Known(STAND_IN)


@pytest.mark.parametrize("address", ["http://localhost:9", "http://[::1]:9", "https://127.0.0.1:9"])
def test_loopback_has_several_names(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    given(monkeypatch, address)
    assert confluent_endpoint(with_section(), "sandbox") == Known(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://api.confluent.cloud",
        "http://10.0.0.1:5055",
        "http://127.0.0.1.example",
        "http://x.localhost",
        "http://127.0.0.1@elsewhere.example",
        "ftp://127.0.0.1",
        "127.0.0.1:5055",
        "http://[::",
    ],
)
def test_a_sandbox_never_reaches_the_real_one(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    given(monkeypatch, address)
    said = f"the sandbox has no {VARIABLE} on loopback; it never asks Confluent itself"
    assert confluent_endpoint(with_section(), "sandbox") == Unreadable(said)


def test_production_never_reaches_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, STAND_IN)
    assert confluent_endpoint(with_section(), "aws") == Unreadable(f"{VARIABLE} is set outside of the sandbox")


def asked(world: Any, credentials: Observed[CloudKey], **changes: Any) -> Any:
    given = {"environment": three_stacks(), "cloud_key": lambda _connection: credentials, **changes}
    run = world.run("m9", "e_confluent.orphans", **given)
    with confluent_api(run) as api:
        return api


def test_an_api_that_may_be_asked(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, STAND_IN)
    found = asked(world, Known(CREDENTIALS))
    assert isinstance(found, Known)
    assert str(found.value.origin) == STAND_IN
    with pytest.raises(RuntimeError, match="has been closed"):  # the client lives as long as the block
        found.value.get(found.value.url("/x"), found.value.deadline())
    for secret in ("the-key", "the-secret"):
        assert secret not in repr(found)


def test_without_an_endpoint_nobody_is_asked(world: Any) -> None:
    assert isinstance(asked(world, Known(CREDENTIALS)), Unreadable)


def test_without_credentials_nobody_is_asked(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, STAND_IN)
    assert asked(world, Absent()) == Unreadable(
        "credentials of Confluent Cloud: Airflow has no connection confluent_default, "
        "which confluent.api_key_connection names"
    )
    assert asked(world, Unreadable("no database")) == Unreadable("credentials of Confluent Cloud: no database")


def test_with_a_proxy_that_is_none_nobody_is_asked(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, "")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("https_proxy", "socks5://worker:hunter2@proxy.example")
    assert asked(world, Known(CREDENTIALS), profile="aws") == Unreadable(
        "Confluent Cloud at https://api.confluent.cloud: "
        "HTTPS_PROXY is not the address of a proxy: http or https, a host, a port"
    )


def environ_of(world: Any, tmp_path: Path, stack: str, credentials: Observed[CloudKey]) -> Any:
    run = world.run("m9", "a_readiness", environment=three_stacks(), cloud_key=lambda _connection: credentials)
    run.intents = lambda _stack: None
    terraform = run.terraform(Workspace("dev_min", stack, tmp_path))
    return child_environment(terraform.environ, tmp_path / "terraform.rc", "", terraform.secrets)


def test_only_the_messaging_stacks_terraform_gets_the_key(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAMES[0], "the-workers-own")
    for stack in ("core", "demo"):
        environ = environ_of(world, tmp_path, stack, Unreadable("nobody asks"))
        assert not set(NAMES) & set(environ)
    assert world.said == []
    environ = environ_of(world, tmp_path, "confluent", Known(CREDENTIALS))
    assert (environ[NAMES[0]], environ[NAMES[1]]) == ("the-key", "the-secret")


def test_without_a_key_none_is_made_up(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMES[0], "the-workers-own")
    assert not set(NAMES) & set(environ_of(world, tmp_path, "confluent", Absent()))
    assert world.said == [
        "no credentials of Confluent Cloud: Airflow has no connection confluent_default, "
        "which confluent.api_key_connection names"
    ]
