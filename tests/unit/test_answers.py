"""The one seam to botocore: an answer, or an exception that every caller expects."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.parsers import ResponseParserError

from standins import LEAKY, NO_TOKEN_FILE, SECRET, aws_error
from tidegate.answers import NO_ANSWER, MalformedAnswer, ask, error_code, explain, said


def raising(error: Exception) -> Callable[[], Any]:
    def operation() -> Any:
        raise error

    return operation


def test_an_answer_is_passed_on() -> None:
    assert ask(lambda a, *, b: (a, b), 1, b=2) == (1, 2)


@pytest.mark.parametrize(
    "error",
    [
        aws_error("AccessDenied"),
        EndpointConnectionError(endpoint_url="https://s3"),
        NoCredentialsError(),
        NO_TOKEN_FILE,
        PermissionError(13, "Permission denied", "token"),
    ],
)
def test_what_keeps_aws_from_answering_is_raised_as_it_is(error: Exception) -> None:
    with pytest.raises(NO_ANSWER) as raised:
        ask(raising(error))
    assert raised.value is error


@pytest.mark.parametrize("crash", [ResponseParserError("x"), ValueError("x"), KeyError("x"), RuntimeError("expired")])
def test_a_crash_of_botocore_is_a_malformed_answer(crash: Exception) -> None:
    with pytest.raises(MalformedAnswer, match=type(crash).__name__):
        ask(raising(crash))


def test_a_defect_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        ask(raising(ZeroDivisionError()))


def test_the_code_is_that_of_aws() -> None:
    assert error_code(aws_error("SlowDown")) == "SlowDown"
    assert error_code(aws_error("")) == "without code"
    assert error_code(NO_TOKEN_FILE) == ""


@pytest.mark.parametrize(
    ("error", "text", "with_operation"),
    [
        (aws_error("AccessDenied", "PutObject"), "AccessDenied: as told", "PutObject answered AccessDenied: as told"),
        (MalformedAnswer("a is missing"), *["malformed answer: a is missing"] * 2),
        (NO_TOKEN_FILE, *["FileNotFoundError: [Errno 2] No such file or directory: 'web-identity/token'"] * 2),
    ],
)
def test_an_error_in_one_line(error: Exception, text: str, with_operation: str) -> None:
    assert explain("a/key", error) == f"a/key: {text}"
    assert said(error) == with_operation


def test_no_secret_is_said() -> None:
    for error in (aws_error("SignatureDoesNotMatch", message=LEAKY), OSError(LEAKY)):
        assert SECRET not in explain("a", error) + said(error)
