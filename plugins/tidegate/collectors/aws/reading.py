"""How an AWS answer becomes an observation: a value, nothing, or "could not look, because".

    observe("GetBucketPolicy logs", lambda: ask(s3.get_bucket_policy, Bucket="logs"), absent=["NoSuchBucketPolicy"])

Nothing here judges, and nothing that AWS answers makes it raise. Only a defect in our own code does.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

from tidegate.answers import NO_ANSWER, MalformedAnswer, ask, error_code, explain
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


class NotThere(Exception):
    """An answer was read, and it says that there is none. `observe` makes it Absent."""


def observe(call: str, read: Callable[[], T], absent: Collection[str] = ()) -> Known[T] | Absent | Unreadable:
    """Read something and say what came of it; `call` names it to people, e.g. `GetBucketPolicy my-bucket`.

    AWS error codes in `absent` mean that there is none. Every other error, no answer in time and a malformed answer
    are Unreadable.
    """
    try:
        return Known(read())
    except NotThere:
        return Absent()
    except NO_ANSWER as error:
        return Absent() if error_code(error) in absent else Unreadable(explain(call, error))


def pages(paginated: Iterable[R]) -> Iterator[R]:
    """Every page of a botocore paginator; raises as `ask` does."""
    remaining = iter(paginated)
    while True:
        try:
            page = ask(next, remaining)
        except StopIteration:
            return
        yield page


def text_of(answer: Any) -> str:
    """The text of the object in an answer of GetObject. Raises as `ask`, and MalformedAnswer when it is no UTF-8."""
    content: bytes = ask(lambda: answer["Body"].read())
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedAnswer("the body is not UTF-8") from error


def every(paginated: Iterable[object], key: str) -> list[Any]:
    """The items below `key` of all pages. A page without that list is malformed, not empty."""
    return [item for page in pages(paginated) for item in field(page, key, list)]


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
    return value


def _mapping(node: object, path: str) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise MalformedAnswer(f"{path} is missing")
    return node
