"""One GET to Confluent Cloud: Basic auth with a Cloud API key, a deadline, a largest size, errors without secrets."""

import base64
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from tidegate.answers import MalformedAnswer
from tidegate.collectors.confluent.patience import PatientTransport, told_to_wait
from tidegate.models.confluent import CloudKey
from tidegate.models.redaction import redacted

PATIENCE_SECONDS = 90.0
"""For all requests of one read together, waits included."""
TIMEOUT = httpx.Timeout(20.0, connect=10.0)
LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of one page after decoding; 10,000 lines take about a third of it."""
_LARGEST_ERROR = 64 * 1024
_UNUSABLE = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError)


class NoAnswer(Exception):
    """Confluent gave no usable answer; the text says what came instead, without secrets."""


class ConfluentApi:
    """Confluent Cloud at one endpoint, with one key. Use as a context manager.

    Redirects are not followed, and no other origin is ever asked: the key goes nowhere else.
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
        self.clock, self.deadline = clock, clock() + PATIENCE_SECONDS
        token = base64.b64encode(f"{key.key}:{key.secret}".encode()).decode()
        self._secrets = tuple(text for text in (key.secret, token, key.key) if text)
        try:
            self.origin = httpx.URL(endpoint)
            inner = transport or httpx.HTTPTransport()
        except (httpx.InvalidURL, OSError, ValueError) as error:
            raise NoAnswer(self._said(f"{type(error).__name__}: {error}")) from error
        self._client = httpx.Client(
            auth=httpx.BasicAuth(key.key, key.secret),
            transport=PatientTransport(inner, self.deadline, clock=clock, pause=pause),
            timeout=TIMEOUT,
            headers={"Accept": "application/json"},
            follow_redirects=False,
        )

    def __enter__(self) -> "ConfluentApi":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, url: httpx.URL) -> Any:
        """The JSON document behind an address of this origin, numbers with a point as Decimal. Raises NoAnswer."""
        try:
            with self._client.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    raise NoAnswer(self._refusal(response))
                content = self._body(response, LARGEST_ANSWER)
        except _UNUSABLE as error:
            raise NoAnswer(self._said(f"{type(error).__name__}: {error}")) from error
        try:
            return json.loads(content, parse_float=Decimal, parse_constant=_refuse)
        except (ValueError, ArithmeticError, RecursionError) as error:
            raise NoAnswer("the answer is not JSON; it may have been cut off") from error

    def url(self, path: str, **params: str) -> httpx.URL:
        """An address below the endpoint."""
        return self.origin.copy_with(path=self.origin.path.rstrip("/") + path, params=params)

    def same_origin(self, text: str) -> httpx.URL:
        """An address that an answer names, provided that it is one of this origin. Raises MalformedAnswer."""
        try:
            url = self.origin.join(text)
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

    def _body(self, response: httpx.Response, largest: int) -> bytes:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > largest:
                raise NoAnswer(f"the answer is larger than {largest} bytes")
            if self.clock() > self.deadline:
                raise NoAnswer(f"the answer was not complete after {PATIENCE_SECONDS:.0f} seconds")
        return bytes(content)

    def _refusal(self, response: httpx.Response) -> str:
        """`401 user_unauthenticated: ...`, and how long to wait where the answer says so."""
        status = f"{response.status_code} {response.reason_phrase}".strip()
        try:
            first = json.loads(self._body(response, _LARGEST_ERROR))["errors"][0]
            status = f"{response.status_code} {first.get('code', '')}: {first.get('detail', '')}"
        except (NoAnswer, *_UNUSABLE, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            pass  # an HTML page, nothing, or half of something: the status alone has to do
        wait = told_to_wait(response)
        patience = "" if wait is None else f" (asks to wait {wait:.0f} s; at most {PATIENCE_SECONDS:.0f} s are waited)"
        return self._said(status) + patience

    def _said(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "****")
        return redacted(text)


def _refuse(constant: str) -> None:
    raise ValueError(constant)
