"""A client of Confluent Cloud: which way its requests go, and what an endpoint or a proxy must be."""

from typing import Any

import httpx
import pytest

from factories_confluent import ENDPOINT, KEY, TOKEN, Clock, opened
from tidegate.collectors.confluent.api import TIMEOUT, ConfluentApi, NoAnswer, proxy_for

PROXY = "http://proxy.example:3128"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "request_method")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a machine without a proxy."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Transport(httpx.MockTransport):
    """Answers with an empty document; remembers through which proxy it was to go."""

    made: list[Any]

    def __init__(self, proxy: httpx.Proxy | None = None) -> None:
        super().__init__(lambda _: httpx.Response(200, json={}))
        self.made.append(proxy)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The proxies of all transports that a client made for itself."""
    Transport.made = []
    monkeypatch.setattr(httpx, "HTTPTransport", Transport)
    return Transport.made


def ask(endpoint: str) -> None:
    with ConfluentApi(endpoint, KEY) as client:
        client.get(client.url("/x"), client.deadline())


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_the_proxy_of_the_environment_is_used(made: list[Any], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, PROXY)
    ask(ENDPOINT)
    (proxy,) = made
    assert str(proxy.url) == PROXY


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:9",
        "https://127.0.0.1:9",
        "https://127.8.8.8",
        "https://localhost:9",
        "https://LOCALHOST",
        "https://[::1]:9",
        "http://confluent.example",
    ],
)
def test_loopback_and_what_is_in_clear_never_go_by_a_proxy(
    made: list[Any], monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, PROXY)
    ask(endpoint)
    assert made == [None]


@pytest.mark.parametrize(
    ("value", "bypassed"),
    [
        ("confluent.example", True),
        (".example", True),
        ("other.example, confluent.example", True),
        ("*", True),
        ("other.example", False),
        ("", False),
    ],
)
def test_hosts_without_a_proxy(monkeypatch: pytest.MonkeyPatch, value: str, bypassed: bool) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", value)
    assert (proxy_for(httpx.URL(ENDPOINT)) is None) is bypassed


@pytest.mark.parametrize(
    ("variable", "value", "url"),
    [
        ("HTTPS_PROXY", "proxy.example:3128", "http://proxy.example:3128"),
        ("HTTPS_PROXY", "https://proxy.example", "https://proxy.example"),
        ("HTTPS_PROXY", "", None),
        ("HTTP_PROXY", PROXY, None),
        ("ALL_PROXY", PROXY, None),
    ],
)
def test_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, url: str | None) -> None:
    monkeypatch.setenv(variable, value)
    found = proxy_for(httpx.URL(ENDPOINT))
    assert (None if found is None else str(found.url)) == url


def test_a_proxy_has_a_login_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://worker:hunter2@proxy.example:3128")
    found = proxy_for(httpx.URL(ENDPOINT))
    assert found is not None
    assert (str(found.url), found.raw_auth) == (PROXY, (b"worker", b"hunter2"))


@pytest.mark.parametrize(
    "value",
    ["socks5://u:hunter2@proxy.example", "ftp://u:hunter2@p", "http://[::hunter2", "http://:3128", "http://p:x"],
)
def test_what_is_no_proxy_is_said_without_its_address(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(NoAnswer) as told:
        ConfluentApi(ENDPOINT, KEY)
    assert str(told.value) == "HTTPS_PROXY is not the address of a proxy: http or https, a host, a port"


@pytest.mark.parametrize("endpoint", ["https://[::", "https://a b", "nonsense", ""])
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    clock = Clock()
    with pytest.raises(NoAnswer), ConfluentApi(endpoint, KEY, clock=clock, pause=clock.pause) as client:
        client.get(client.url("/billing/v1/costs"), client.deadline())


def test_each_request_is_authenticated_and_has_a_time() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={})

    with opened(answer) as client:
        assert client.get(client.url("/x", a="b"), client.deadline()) == {}
    (request,) = asked
    assert (str(request.url), request.headers["authorization"]) == (f"{ENDPOINT}/x?a=b", f"Basic {TOKEN}")
    assert request.extensions["timeout"] == TIMEOUT.as_dict()
    assert httpx.Timeout(20.0, connect=10.0) == TIMEOUT


def test_a_redirect_is_not_followed() -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(302, headers={"location": "https://elsewhere.example/"})

    with opened(answer) as client, pytest.raises(NoAnswer, match="302 Found"):
        client.get(client.url("/x"), client.deadline())
    assert len(asked) == 1


def test_a_client_shows_nothing_of_its_key() -> None:
    with opened(lambda _: httpx.Response(200, json={})) as client:
        for secret in (KEY.key, KEY.secret, TOKEN):
            assert secret not in repr(client)
