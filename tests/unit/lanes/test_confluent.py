"""Where Confluent Cloud is, and who gets its key."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from standins import dev_min, three_stacks
from tidegate.lanes.confluent import confluent_api, confluent_endpoint, http_client
from tidegate.models.confluent import CloudKey
from tidegate.models.environment import Confluent, Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.settings import settings
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
    assert isinstance(confluent_endpoint(dev_min()[0], "aws"), Unreadable), "a manifest without an account"
    other = with_section(endpoint="https://api.eu.example")
    assert confluent_endpoint(other, "aws") == Known("https://api.eu.example")


@pytest.mark.parametrize(
    "endpoint", ["http://api.example", "https://key:secret@api.example", "https://api.example/", "api.example", ""]
)
def test_an_endpoint_is_https_and_holds_no_secret(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        Confluent(api_key_connection="c", endpoint=endpoint)


@pytest.mark.parametrize("slash", ["", "/"])
def test_in_the_sandbox_it_is_the_stand_in(monkeypatch: pytest.MonkeyPatch, slash: str) -> None:
    given(monkeypatch, STAND_IN + slash)
    assert confluent_endpoint(with_section(), "sandbox") == Known(STAND_IN)


def test_a_sandbox_never_reaches_the_real_one() -> None:
    found = confluent_endpoint(with_section(), "sandbox")
    assert isinstance(found, Unreadable)
    assert VARIABLE in found.reason


def test_production_never_reaches_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, STAND_IN)
    assert isinstance(confluent_endpoint(with_section(), "aws"), Unreadable)


def asked(world: Any, credentials: Observed[CloudKey]) -> Any:
    run = world.run("m9", "e_confluent.orphans", environment=three_stacks(), cloud_key=lambda _connection: credentials)
    with confluent_api(run) as api:
        return api


def test_an_api_that_may_be_asked(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, STAND_IN)
    found = asked(world, Known(CREDENTIALS))
    assert isinstance(found, Known)
    assert found.value.endpoint == STAND_IN
    assert found.value.http.is_closed, "the client lives as long as the block"
    for secret in ("the-key", "the-secret"):
        assert secret not in repr(found)


def test_without_an_endpoint_nobody_is_asked(world: Any) -> None:
    assert isinstance(asked(world, Known(CREDENTIALS)), Unreadable)


def test_without_credentials_nobody_is_asked(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, STAND_IN)
    assert asked(world, Absent()) == Unreadable("credentials of Confluent Cloud: none")


def test_the_client_authenticates_and_follows_no_redirect() -> None:
    with http_client("sandbox", "the-key", "the-secret") as http:
        assert isinstance(http.auth, httpx.BasicAuth)
        assert (http.follow_redirects, http.trust_env, http.timeout) == (False, False, httpx.Timeout(20))
    with http_client("aws", "the-key", "the-secret") as http:
        assert http.trust_env is True


def environ_of(world: Any, tmp_path: Path, stack: str, credentials: Observed[CloudKey]) -> Any:
    run = world.run("m9", "a_readiness", environment=three_stacks(), cloud_key=lambda _connection: credentials)
    run.intents = lambda _stack: None
    return run.terraform(Workspace("dev_min", stack, tmp_path)).environ


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
    assert world.said == ["no credentials of Confluent Cloud: none"]
