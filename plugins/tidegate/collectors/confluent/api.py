"""One GET to Confluent Cloud: Basic auth with a Cloud API key, a deadline, a largest size, errors without secrets."""

import base64
import json
import time
from collections.abc import Callable
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx

from tidegate.answers import MalformedAnswer
from tidegate.collectors.confluent.patience import DEADLINE, PatientTransport, told_to_wait
from tidegate.models.confluent import CloudKey
from tidegate.models.redaction import redacted

PATIENCE_SECONDS = 90.0
"""For all requests of one read together, waits included: the pages of one list, or the whole bill of a month.

Every read has its own: where several lists are read, a slow one takes nothing from those after it, and they may take
this long each.
"""
TIMEOUT = httpx.Timeout(20.0, connect=10.0)
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of one page after decoding; 10,000 lines take about a third of it."""
_LARGEST_ERROR = 64 * 1024
_CUT_OFF = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
_UNUSABLE = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)


class NoAnswer(Exception):
    """Confluent gave no usable answer; the text says what came instead, without secrets.

    `transient`: it was busy, or the connection was cut off: asking again later may well give one. `status` is the HTTP
    status of a refusal; None: there was no whole answer.
    """

    def __init__(self, text: str, *, transient: bool = False, status: int | None = None) -> None:
        super().__init__(text)
        self.transient = transient
        self.status = status


class ConfluentApi:
    """Confluent Cloud at one endpoint, with one key. Use as a context manager.

    Redirects are not followed, and no other origin is ever asked: the key goes nowhere else. A proxy that the
    environment names only passes TLS on, see `proxy_for`. Opening raises NoAnswer where endpoint or proxy are none.
    """

    def __init__(
        self,
        endpoint: str,
        key: CloudKey,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        token = base64.b64encode(f"{key.key}:{key.secret}".encode()).decode()
        self._secrets = tuple(text for text in (key.secret, token, key.key) if text)
        try:
            self.origin = httpx.URL(endpoint)
            proxy = None if transport else proxy_for(self.origin)
            inner = transport or httpx.HTTPTransport(proxy=proxy)
        except (httpx.InvalidURL, OSError, ValueError) as error:
            raise NoAnswer(self._said(f"{type(error).__name__}: {error}")) from error
        self._way = " (by the proxy of HTTPS_PROXY)" if proxy else ""
        self._client = httpx.Client(
            auth=httpx.BasicAuth(key.key, key.secret),
            transport=PatientTransport(inner, clock=clock, pause=pause),
            timeout=TIMEOUT,
            headers={"Accept": "application/json"},
            follow_redirects=False,
        )

    def __enter__(self) -> "ConfluentApi":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def deadline(self) -> float:
        """The moment on `clock` by which a read that begins now has to end. Every read takes its own."""
        return self.clock() + PATIENCE_SECONDS

    def get(self, url: httpx.URL, deadline: float) -> Any:
        """The JSON document behind an address of this origin, numbers with a point as Decimal. Raises NoAnswer."""
        try:
            with self._client.stream("GET", url, extensions={DEADLINE: deadline}) as response:
                if response.status_code != httpx.codes.OK:
                    busy = response.status_code == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error
                    refusal = self._refusal(response, deadline)
                    raise NoAnswer(refusal, transient=busy, status=response.status_code)
                content = self._body(response, LARGEST_ANSWER, deadline)
        except _UNUSABLE as error:
            cut_off = isinstance(error, _CUT_OFF)
            raise NoAnswer(self._said(f"{type(error).__name__}: {error}") + self._way, transient=cut_off) from error
        try:
            return json.loads(content, parse_float=Decimal, parse_constant=_refuse)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise NoAnswer("the answer is not JSON; it may have been cut off") from error

    def url(self, path: str, **params: str) -> httpx.URL:
        """An address below the endpoint. Raises NoAnswer when none can be made of this."""
        try:
            return self.origin.copy_with(path=self.origin.path.rstrip("/") + path, params=params)
        except (httpx.InvalidURL, ValueError) as error:
            raise NoAnswer(self._said(f"{type(error).__name__}: {error}")) from error

    def same_origin(self, page: httpx.URL, text: str) -> httpx.URL:
        """An address that an answer names, seen from its own, on this origin. Raises MalformedAnswer for another."""
        try:
            url = page.join(text)
        except (httpx.InvalidURL, ValueError) as error:
            raise MalformedAnswer("the address of the next page cannot be read") from error
        if (url.scheme, url.host, url.port, url.userinfo) != (
            self.origin.scheme,
            self.origin.host,
            self.origin.port,
            b"",
        ):
            raise MalformedAnswer("the next page lies with another host")
        return url

    def _body(self, response: httpx.Response, largest: int, deadline: float) -> bytes:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > largest:
                raise NoAnswer(f"the answer is larger than {largest} bytes")
            if self.clock() > deadline:
                raise NoAnswer(f"the answer was not complete after {PATIENCE_SECONDS:.0f} seconds")
        return bytes(content)

    def _refusal(self, response: httpx.Response, deadline: float) -> str:
        """`401 user_unauthenticated: ...`, and how long to wait where the answer says so."""
        said = response.reason_phrase
        try:
            first = json.loads(self._body(response, _LARGEST_ERROR, deadline))["errors"][0]
            said = ": ".join(str(first[name]) for name in ("code", "detail") if first.get(name)) or said
        except (NoAnswer, *_UNUSABLE, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            pass  # an HTML page, nothing, or half of something: the status alone has to do
        wait = told_to_wait(response)
        patience = "" if wait is None else f" (asks to wait {wait:.0f} s; at most {PATIENCE_SECONDS:.0f} s are waited)"
        return self._said(f"{response.status_code} {said}".strip()) + patience

    def _said(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "****")
        return redacted(text)


def proxy_for(endpoint: httpx.URL) -> httpx.Proxy | None:
    """The proxy that the environment names, read as AWS's clients read it: HTTPS_PROXY, unless NO_PROXY has the host.

    It tunnels TLS, and so never sees the key. None for a loopback address, whatever the environment says, and for an
    endpoint without TLS. Raises NoAnswer, without its address, which may hold a password, when it is no proxy.
    """
    if endpoint.scheme != "https" or is_loopback(endpoint.host) or proxy_bypass(endpoint.netloc.decode("ascii")):
        return None
    given = getproxies().get("https")
    if not given:
        return None
    try:
        proxy = httpx.Proxy(given if "://" in given else f"http://{given}")
    except (httpx.InvalidURL, ValueError):
        proxy = None
    if proxy is None or proxy.url.scheme not in ("http", "https") or not proxy.url.host:
        raise NoAnswer("HTTPS_PROXY is not the address of a proxy: http or https, a host, a port")
    return proxy


def is_loopback(host: str) -> bool:
    """Is this the machine itself? Of names only `localhost`: no other is sure to stay here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse(constant: str) -> None:
    raise ValueError(constant)
