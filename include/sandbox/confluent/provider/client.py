"""A small client of the fake Confluent API for the stand-in provider: Basic authentication, JSON, a few retries."""

import base64
import http.client
import ipaddress
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 30.0
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


class ProviderProblem(Exception):
    """What Terraform shows as an error; `status` is the API's, 0 when there was no answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Key:
    """An API key and its secret."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"Key({self.id})"


def require_loopback(url: str, what: str) -> None:
    """Raise ProviderProblem unless `url` is http to a literal loopback address: this is not Confluent's provider."""
    parts = urllib.parse.urlsplit(url)
    try:
        loopback = ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "http" or not loopback:
        raise ProviderProblem(
            f"STAND-IN provider for confluentinc/confluent: {what} {url!r} is not http to a loopback address. This is "
            "not Confluent's provider and talks to nothing else."
        )


class Client:
    """Calls the control plane at `endpoint` with the Cloud key, and clusters where they say, with keys of their own."""

    def __init__(self, endpoint: str, cloud_key: Key, max_retries: int) -> None:
        require_loopback(endpoint, "endpoint")
        self._endpoint = endpoint
        self._cloud_key = cloud_key
        self._max_retries = max_retries

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        *,
        base: str | None = None,
        key: Key | None = None,
    ) -> dict[str, Any]:
        """Return the answer's object, {} when it is empty. Raises ProviderProblem.

        429 and 5xx are tried again, as the real provider does; a connection that breaks is not, because a call that
        makes something may have made it.
        """
        if base is not None:
            require_loopback(base, "rest_endpoint")
        url = (base or self._endpoint).rstrip("/") + urllib.parse.quote(path) + _query(query)
        for attempt in range(self._max_retries + 1):
            try:
                return self._once(method, url, body, key or self._cloud_key)
            except urllib.error.HTTPError as error:
                if attempt < self._max_retries and (error.code == 429 or error.code >= 500):
                    time.sleep(_pause(attempt, error.headers.get("Retry-After")))
                    continue
                raise ProviderProblem(f"{method} {path}: {_explained(error)}", error.code) from error
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise ProviderProblem(f"{method} {path}: no whole answer: {type(error).__name__}: {error}") from error
        raise AssertionError("the last attempt returns or raises")

    def find(self, path: str, query: Mapping[str, str] | None = None, *gone: int) -> dict[str, Any] | None:
        """GET something of the control plane; None for a status that means that it is gone. Raises ProviderProblem."""
        try:
            return self.call("GET", path, query=query)
        except ProviderProblem as problem:
            if problem.status in (gone or (404,)):
                return None
            raise

    def _once(self, method: str, url: str, body: object, key: Key) -> dict[str, Any]:
        basic = base64.b64encode(f"{key.id}:{key.secret}".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {basic}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            content = answer.read()
        return dict(json.loads(content)) if content else {}


def _query(query: Mapping[str, str] | None) -> str:
    return "?" + urllib.parse.urlencode(query) if query else ""


def _pause(attempt: int, retry_after: str | None) -> float:
    asked = float(retry_after) if retry_after and retry_after.isdecimal() else FIRST_PAUSE_SECONDS * 2.0**attempt
    return min(asked, LONGEST_PAUSE_SECONDS)


def _explained(error: urllib.error.HTTPError) -> str:
    text = error.read().decode("utf-8", "replace")
    try:
        content = json.loads(text)
        detail = content["errors"][0]["detail"] if "errors" in content else content["message"]
    except (ValueError, KeyError, IndexError, TypeError):
        detail = text[:200]
    return f"{error.code} {error.reason}: {detail}"
