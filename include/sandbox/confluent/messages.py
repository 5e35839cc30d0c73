"""Requests and replies of the fake Confluent API (labelled stand-in), and the paging that its lists share."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.confluent.problems import ApiProblem, invalid

LONGEST_TOKEN = 255


@dataclass(frozen=True, slots=True)
class Request:
    """One call: `path` is decoded, `query` has one value per name, `credentials` come from Basic authentication."""

    method: str
    path: str
    query: Mapping[str, str]
    body: bytes
    credentials: tuple[str, str] | None

    def json(self) -> dict[str, Any]:
        """Return the body as an object. Raises ApiProblem (400) when it is none."""
        try:
            content = json.loads(self.body)
        except ValueError as error:
            raise ApiProblem(400, "invalid_request", "the body is not JSON") from error
        if not isinstance(content, dict):
            raise ApiProblem(400, "invalid_request", "the body must be an object")
        return content


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; `content` None is an empty body."""

    status: int
    content: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def page(
    request: Request, base_url: str, rows: Sequence[Mapping[str, Any]], *, default: int, largest: int, cap: int
) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    """Return one page of `rows` and its `metadata`, with `next` while there is more.

    `cap` limits the page whatever the caller asked for. Raises ApiProblem (400) for a size or a token that is wrong.
    """
    size = _whole(request.query.get("page_size", str(default)), "page_size", 1, largest)
    start = _offset(request.query.get("page_token"), len(rows))
    end = start + min(size, cap)
    url = base_url + request.path
    metadata: dict[str, Any] = {"first": url, "total_size": len(rows)}
    if end < len(rows):
        token = base64.urlsafe_b64encode(f"from-{end}".encode()).decode()
        metadata["next"] = f"{url}?{urlencode({**request.query, 'page_token': token})}"
    return list(rows[start:end]), metadata


def _whole(text: str, name: str, smallest: int, largest: int) -> int:
    if not text.isdecimal() or not smallest <= int(text) <= largest:
        raise invalid(f"{name} must be between {smallest} and {largest}")
    return int(text)


def _offset(token: str | None, rows: int) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode() if len(token) <= LONGEST_TOKEN else ""
    except (binascii.Error, UnicodeError):
        text = ""
    number = text.removeprefix("from-")
    if not text.startswith("from-") or not number.isdecimal() or int(number) > rows:
        raise invalid("page_token is not one that this API gave")
    return int(number)
