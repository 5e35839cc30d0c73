"""Lists of Confluent Cloud's control plane, page by page: all of a list, or why it could not be read.

Nothing here judges, nothing retries, and nothing that Confluent answers makes it raise. A list that is cut short,
paged to another host or without an end is unreadable: half a list must never look like a whole one.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from tidegate.models.observed import Known, Unreadable
from tidegate.models.redaction import redacted

DEADLINE_SECONDS = 120
"""For one list, all pages together. One answer has the deadline of the client."""
MOST_PAGES = 1000
PAGE_SIZE = 100

_WAITS = ("retry-after", "x-ratelimit-reset")

M = TypeVar("M", bound=BaseModel)


class Http(Protocol):
    """What asks: `httpx.Client` with Basic authentication that follows no redirect."""

    def get(self, url: httpx.URL) -> httpx.Response:
        """Raises httpx.HTTPError."""
        ...


class _Metadata(BaseModel):
    next: str | None = None
    total_size: int | None = None


class _Page(BaseModel):
    data: list[dict[str, Any]]
    metadata: _Metadata


class _Error(BaseModel):
    code: str = ""
    detail: str = ""


class _Errors(BaseModel):
    errors: list[_Error]


class _NoList(Exception):
    """An answer that is no whole page; the text says why."""


@dataclass(frozen=True, slots=True)
class ConfluentApi:
    """Confluent Cloud at an endpoint: a base URL without a slash at its end. Credentials are the client's."""

    http: Http
    endpoint: str

    def every(
        self, path: str, model: type[M], query: Mapping[str, str] | None = None
    ) -> Known[tuple[M, ...]] | Unreadable:
        """All items of a list such as `/iam/v2/service-accounts`."""
        try:
            return Known(self._every(path, model, query or {}))
        except (_NoList, httpx.HTTPError, httpx.InvalidURL) as error:
            said = str(error) if isinstance(error, _NoList) else f"{type(error).__name__}: {redacted(str(error))}"
            return Unreadable(f"GET {path}: {said}")

    def _every(self, path: str, model: type[M], query: Mapping[str, str]) -> tuple[M, ...]:
        url: httpx.URL | None = httpx.URL(self.endpoint + path, params={"page_size": str(PAGE_SIZE), **query})
        until = time.monotonic() + DEADLINE_SECONDS
        asked: set[httpx.URL] = set()
        items: list[M] = []
        while url is not None:
            if url in asked or len(asked) == MOST_PAGES:
                raise _NoList(f"{len(asked)} pages and no end")
            if time.monotonic() > until:
                raise _NoList(f"{len(asked)} pages and no end within {DEADLINE_SECONDS} seconds")
            asked.add(url)
            page = _page(self.http.get(url))
            items += [_item(model, each) for each in page.data]
            following = _next(url, page.metadata.next)
            if following is None and len(items) < (page.metadata.total_size or 0):
                raise _NoList(f"{len(items)} items, and total_size is {page.metadata.total_size}")
            url = following
        return tuple(items)


def _page(answer: httpx.Response) -> _Page:
    if answer.status_code != httpx.codes.OK:
        raise _NoList(_refusal(answer))
    try:
        return _Page.model_validate_json(answer.content)
    except ValidationError as error:
        raise _NoList(f"the answer is no list: {error.error_count()} fields do not fit") from error


def _item(model: type[M], item: dict[str, Any]) -> M:
    try:
        return model.model_validate(item)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors(include_url=False)[:3])
        raise _NoList(f"an item does not fit: {places}") from error


def _next(url: httpx.URL, given: str | None) -> httpx.URL | None:
    """The address of the next page, on the same origin: credentials go nowhere else."""
    if not given:
        return None
    following = url.join(given)
    if (following.scheme, following.host, following.port) != (url.scheme, url.host, url.port):
        raise _NoList(f"the next page is on another host, {redacted(following.host) or 'none'}")
    return following


def _refusal(answer: httpx.Response) -> str:
    """`429 too_many_requests: slow down (retry-after 30)`."""
    try:
        errors = _Errors.model_validate_json(answer.content).errors
    except ValidationError:
        errors = []
    said = "; ".join(": ".join(part for part in (each.code, each.detail) if part) for each in errors[:2])
    waits = ", ".join(f"{name} {answer.headers[name]}" for name in _WAITS if name in answer.headers)
    return redacted(" ".join(part for part in (str(answer.status_code), said, f"({waits})" if waits else "") if part))
