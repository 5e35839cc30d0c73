"""Conditional writes, and what their answers prove.

S3 and DynamoDB write an object only if it is as expected. Two answers are easily misread:

    412, or ConditionalCheckFailedException   the object is not as expected; botocore sends a request again when its
                                              answer is lost, and is then refused by its own write
    409 ConditionalRequestConflict            another request for the same object is under way; nothing is decided

So whoever is refused reads the object back and looks for its own write. Source: the S3 user guide, "Add preconditions
to S3 operations with conditional requests".
"""

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from botocore.exceptions import ClientError

from tidegate.answers import ask, error_code

P = ParamSpec("P")
R = TypeVar("R")

WRITE_ID = "tidegate-write"
"""The field of an S3 object's metadata with which a write knows its own object again: two writes may have the same
bytes, and never the same id.
"""

PAUSES = (0.05, 0.2, 0.8)
"""Seconds before a request is sent again after a conflict; after the last one the conflict is the answer."""

_REFUSED = frozenset({"PreconditionFailed", "ConditionalCheckFailedException"})
_SERVER_ERRORS = 500


def ask_conditionally(operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Ask, and ask again, within bounds, while S3 answers that a conflicting request is under way. Raises
    `NO_ANSWER`.
    """
    for seconds in PAUSES:
        try:
            return ask(operation, *args, **kwargs)
        except ClientError as error:
            if error_code(error) != "ConditionalRequestConflict":
                raise
        time.sleep(seconds)
    return ask(operation, *args, **kwargs)


def is_refused(error: Exception) -> bool:
    """Did the service say that the object is not as the condition has it? By whose write, it does not say."""
    return error_code(error) in _REFUSED


def may_be_done(error: Exception) -> bool:
    """May the write have been done although it ended in this error?

    True unless the service refused the first request that it was sent: an answer that never came, one of a broken
    server, and any answer to a request that was sent again prove nothing about the request before.
    """
    if not isinstance(error, ClientError):
        return True
    answer = error.response.get("ResponseMetadata", {})
    return (answer.get("HTTPStatusCode") or 0) >= _SERVER_ERRORS or bool(answer.get("RetryAttempts"))
