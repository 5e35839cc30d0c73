"""The costs API over real sockets: what a transport in memory cannot show."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from factories_confluent import ENDPOINT, KEY, TOKEN, Clock, line
from tidegate.collectors.confluent.api import ConfluentApi
from tidegate.collectors.confluent.costs import read_bill
from tidegate.models.observed import Known, Unreadable

START, END = date(2026, 2, 1), date(2026, 2, 14)


@contextmanager
def served(answer: Any) -> Iterator[tuple[str, list[Any]]]:
    """A server on loopback whose every GET and CONNECT is given to `answer(handler)`; its address, and who asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            answer(self)

        def do_CONNECT(self) -> None:
            self.do_GET()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def give(handler: Any, content: bytes, *, length: int | None = None, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(content) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)


def document(*lines: Any, **metadata: Any) -> bytes:
    return json.dumps({"kind": "CostList", "metadata": metadata, "data": lines}).encode()


def read(endpoint: str) -> Any:
    clock = Clock()
    with ConfluentApi(endpoint, KEY, clock=clock, pause=clock.pause) as api:
        return read_bill(api, START, END)


def test_pages_over_the_wire() -> None:
    def answer(handler: Any) -> None:
        second = "page_token=2" in handler.path
        host = f"http://{handler.headers['Host']}"
        give(
            handler,
            document(line(2), total_size=2)
            if second
            else document(line(1), total_size=2, next=f"{host}/billing/v1/costs?page_token=2"),
        )

    with served(answer) as (endpoint, asked):
        found = read(endpoint)
    assert isinstance(found, Known)
    assert len(found.value.days) == 2
    assert {token for _, token in asked} == {f"Basic {TOKEN}"}
    assert base64.b64decode(TOKEN).decode() == f"{KEY.key}:{KEY.secret}"


def test_a_body_that_ends_early() -> None:
    with served(lambda handler: give(handler, document(line(1)), length=100_000)) as (endpoint, _):
        found = read(endpoint)
    assert isinstance(found, Unreadable)
    assert "RemoteProtocolError" in found.reason


def test_a_redirect_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        served(lambda handler: give(handler, document(line(1)))) as (elsewhere, asked),
        served(lambda handler: give(handler, b"", status=302, Location=elsewhere)) as (endpoint, _),
    ):
        found = read(endpoint)
    assert isinstance(found, Unreadable)
    assert "302 Found" in found.reason
    assert asked == []


def test_the_stand_in_is_asked_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        served(lambda handler: give(handler, b"{}")) as (proxy, asked),
        served(lambda handler: give(handler, document(line(1)))) as (endpoint, _),
    ):
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        found = read(endpoint)
    assert isinstance(found, Known)
    assert asked == []


def test_a_proxy_of_the_environment_is_asked_for_a_tunnel_and_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confluent is asked by TLS, through the proxy if there is one. This proxy lets nobody through."""
    with served(lambda handler: give(handler, b"", status=403)) as (proxy, asked):
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("https_proxy", proxy.replace("//", "//worker:hunter2@"))
        found = read(ENDPOINT)
    assert isinstance(found, Unreadable)
    assert "ProxyError: 403 Forbidden (by the proxy of HTTPS_PROXY)" in found.reason
    assert set(asked) == {("confluent.example:443", None)}
    assert "hunter2" not in found.reason


def test_nobody_listens() -> None:
    with served(lambda handler: None) as (endpoint, _):
        pass
    found = read(endpoint)
    assert isinstance(found, Unreadable)
    assert "ConnectError" in found.reason
