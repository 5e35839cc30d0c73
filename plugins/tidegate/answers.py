"""What comes of asking AWS, for whoever asks: an answer, or one of `NO_ANSWER` and its text for people.

The one seam between botocore and the rest: collectors, evidence, intent records and plans all ask through here.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from tidegate.models.redaction import redacted

P = ParamSpec("P")
R = TypeVar("R")

PARSER_CRASHES = (ResponseParserError, ValueError, TypeError, AttributeError, AssertionError, LookupError, RuntimeError)
"""What botocore raises when an answer does not have the service's shape (RuntimeError: credentials come expired)."""

_BUSY = frozenset(
    {
        "AccountSetupInProgressException",
        "InvalidServerlessCacheStateFault",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RegionSetupInProgressException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes with which AWS's services say: too many calls, or not ready yet: ask later."""

_BUSY_STATUSES = frozenset({429, 500, 502, 503, 504})

_CUT_OFF = (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)


class MalformedAnswer(Exception):
    """An answer lacks a field, or a field has another type than the service documents."""


NO_ANSWER = (ClientError, BotoCoreError, MalformedAnswer, OSError)
"""What `ask` raises. OSError: the web identity token file is missing or may not be read."""


def ask(operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a botocore operation. Raises `NO_ANSWER`."""
    try:
        return operation(*args, **kwargs)
    except (ClientError, BotoCoreError, OSError):
        raise
    except PARSER_CRASHES as error:
        raise MalformedAnswer(f"botocore cannot use the answer ({type(error).__name__})") from error


def error_code(error: Exception) -> str:
    """AWS's code, e.g. `AccessDenied`; for answers without a body the HTTP status; empty when AWS did not answer."""
    if not isinstance(error, ClientError):
        return ""
    return redacted(str(error.response.get("Error", {}).get("Code") or "without code"))


def is_transient(error: Exception) -> bool:
    """Was the service only busy, or the connection cut off? Then the same question may be answered a little later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return error_code(error) in _BUSY or (isinstance(status, int) and status in _BUSY_STATUSES)
    return isinstance(error, _CUT_OFF)


def explain(call: str, error: Exception) -> str:
    """One line for people: the call, the code, the message; without secrets."""
    return f"{call}: {_message(error)}"


def said(error: Exception) -> str:
    """The same with the operation that AWS answered: `PutObject answered AccessDenied: ...`."""
    return f"{error.operation_name} answered {_message(error)}" if isinstance(error, ClientError) else _message(error)


def _message(error: Exception) -> str:
    if not isinstance(error, ClientError):
        name = "malformed answer" if isinstance(error, MalformedAnswer) else type(error).__name__
        return f"{name}: {redacted(str(error))}"
    message = redacted(str(error.response.get("Error", {}).get("Message") or "no message"))
    retries = error.response.get("ResponseMetadata", {}).get("RetryAttempts") or 0
    return f"{error_code(error)}: {message}" + (f" (after {retries} retries)" if retries else "")
