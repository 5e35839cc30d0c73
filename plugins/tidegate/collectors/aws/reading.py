"""How an AWS answer becomes an observation: a value, nothing, or "could not look, because".

    observe("GetBucketPolicy logs", lambda: ask(s3.get_bucket_policy, Bucket="logs"), absent=["NoSuchBucketPolicy"])

Nothing here judges, and nothing that AWS answers makes it raise. Only a defect in our own code does.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

from tidegate.answers import NO_ANSWER, MalformedAnswer, ask, error_code, explain, is_transient
from tidegate.models.observed import Absent, Known, Unreadable
from tidegate.models.redaction import redacted

__all__ = [
    "MalformedAnswer",
    "NotThere",
    "ask",
    "error_code",
    "every",
    "explain",
    "field",
    "observe",
    "optional",
    "pages",
    "redacted",
    "text_of",
]

R = TypeVar("R")
T = TypeVar("T")

MOST_PAGES = 1000
"""A listing with more pages is a service that goes round in circles with ever new tokens."""

_TOKENS = ("NextToken", "nextToken", "nextPageToken", "NextMarker", "nextMarker", "Marker", "PaginationToken")
"""Where the services that are listed here put the token of the next page."""

_LARGEST = 2**53 - 1


class NotThere(Exception):
    """An answer was read, and it says that there is none. `observe` makes it Absent."""


def observe(call: str, read: Callable[[], T], absent: Collection[str] = ()) -> Known[T] | Absent | Unreadable:
    """Read something and say what came of it; `call` names it to people, e.g. `GetBucketPolicy my-bucket`.

    AWS error codes in `absent` mean that there is none. Every other error, no answer in time and a malformed answer
    are Unreadable; so is a throttled call or one that was cut off, and it says that it may be asked again.
    """
    try:
        return Known(read())
    except NotThere:
        return Absent()
    except NO_ANSWER as error:
        if error_code(error) in absent:
            return Absent()
        return Unreadable(explain(call, error), transient=is_transient(error))


def pages(paginated: Iterable[R]) -> Iterator[R]:
    """Every page of a botocore paginator; raises as `ask` does. Ends after MOST_PAGES, with MalformedAnswer."""
    remaining = iter(paginated)
    for _ in range(MOST_PAGES):
        try:
            page = ask(next, remaining)
        except StopIteration:
            return
        _say_what_follows(page)
        yield page
    raise MalformedAnswer(f"{MOST_PAGES} pages and no end")


def _say_what_follows(page: object) -> None:
    """Refuse a page that contradicts itself about a next one: botocore would take it for the last."""
    tokens = [optional(page, name, str) for name in _TOKENS]
    truncated = optional(page, "IsTruncated", bool)
    if truncated is not None and truncated is not any(tokens):
        raise MalformedAnswer("IsTruncated and the token of the next page contradict each other")


def refuse_next_page(answer: object) -> None:
    """For a call that the service does not page: raises MalformedAnswer when the answer says that there is more."""
    if any(optional(answer, name, str) for name in _TOKENS):
        raise MalformedAnswer("there is a next page, and no way to ask for it")


def text_of(answer: Any) -> str:
    """The text of the object in an answer of GetObject. Raises as `ask`, and MalformedAnswer when it is no UTF-8."""
    content: bytes = ask(lambda: answer["Body"].read())
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedAnswer("the body is not UTF-8") from error


def json_of(text: str, what: str) -> Any:
    """The document in a text; `what` names it to people. Raises MalformedAnswer, also for NaN and endless nesting."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer(f"{what} is not JSON") from error


def every(paginated: Iterable[object], key: str) -> list[Any]:
    """The items below `key` of all pages. A page without that list is malformed, not empty."""
    return [item for page in pages(paginated) for item in field(page, key, list)]


def names(paginated: Iterable[object], key: str) -> list[str]:
    """The names or ARNs below `key` of all pages; each a text, and none blank."""
    return [text({key: item}, key) for item in every(paginated, key)]


def field(answer: object, path: str, kind: type[T]) -> T:
    """The value at a dotted path, of exactly this type. Raises MalformedAnswer when it is missing, null or other."""
    value = optional(answer, path, kind)
    if value is None:
        raise MalformedAnswer(f"{path} is missing")
    return value


def optional(answer: object, path: str, kind: type[T]) -> T | None:
    """The value at a dotted path, or None where the last key is missing. A null or another type is malformed."""
    *parents, last = path.split(".")
    node = answer
    for parent in parents:
        node = _mapping(node, path).get(parent)
    mapping = _mapping(node, path)
    if last not in mapping:
        return None
    value = mapping[last]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        shown = "null" if value is None else type(value).__name__
        raise MalformedAnswer(f"{path} is {shown}, expected {kind.__name__}")
    if isinstance(value, str | int) and not storable(value):
        raise MalformedAnswer(f"{path} is a value that evidence cannot hold")
    return value


def text(answer: object, path: str) -> str:
    """The text at a dotted path: a name, an id, a status, which is never blank. Raises MalformedAnswer."""
    value = field(answer, path, str)
    if not value.strip():
        raise MalformedAnswer(f"{path} is blank")
    return value


def storable(value: object) -> bool:
    """Can evidence hold it (RFC 8785)? Not a whole number beyond 2**53, and not half of a character."""
    match value:
        case str():
            return value.isascii() or value.encode("utf-8", "replace") == value.encode("utf-8", "surrogatepass")
        case int():
            return abs(value) <= _LARGEST
        case dict():
            return all(storable(key) and storable(item) for key, item in value.items())
        case list():
            return all(map(storable, value))
        case _:
            return True


def _mapping(node: object, path: str) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise MalformedAnswer(f"{path} is missing")
    return node
