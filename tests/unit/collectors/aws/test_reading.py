"""How AWS answers become observations."""

from itertools import count

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from tidegate.collectors.aws import reading
from tidegate.collectors.aws.reading import (
    MalformedAnswer,
    NotThere,
    ask,
    every,
    field,
    json_of,
    names,
    observe,
    optional,
    redacted,
    storable,
    text,
)
from tidegate.models.observed import Absent, Known, Unreadable

BUSY_CODES = ("ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "Throttling", "SlowDown")


def raising(error):
    def read():
        raise error

    return read


def test_a_value_is_known():
    assert observe("GetThing", lambda: 7) == Known(7)


def test_there_is_none():
    assert observe("GetThing", raising(NotThere())) == Absent()


def test_a_code_that_means_none_is_absent(aws_error):
    assert observe("GetThing", raising(aws_error("NoSuchThing")), absent=["NoSuchThing"]) == Absent()


def test_access_denied_is_never_absent(aws_error):
    seen = observe("GetThing a", raising(aws_error("AccessDenied", "not you")), absent=["NoSuchThing"])
    assert seen == Unreadable("GetThing a: AccessDenied: not you")


def test_throttling_says_how_often_it_was_tried(aws_error):
    seen = observe("GetThing", raising(aws_error("ThrottlingException", "Rate exceeded", retries=3)))
    assert seen == Unreadable("GetThing: ThrottlingException: Rate exceeded (after 3 retries)", transient=True)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        *((ClientError({"Error": {"Code": code, "Message": "slow down"}}, "GetThing"), True) for code in BUSY_CODES),
        (ClientError({"Error": {}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "GetThing"), True),
        (ClientError({"Error": {}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "GetThing"), False),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetThing"), False),
        (ReadTimeoutError(endpoint_url="https://x"), True),
        (ConnectionClosedError(endpoint_url="https://x"), True),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), True),
        (NoCredentialsError(), False),
        (MalformedAnswer("field is missing"), False),
        (FileNotFoundError(2, "No such file or directory"), False),
    ],
)
def test_only_a_busy_service_and_a_cut_off_connection_may_be_asked_again(error, transient):
    seen = observe("GetThing", raising(error))
    assert isinstance(seen, Unreadable)
    assert seen.transient is transient


def test_an_error_without_code_and_message_is_still_unreadable(aws_error):
    assert observe("GetThing", raising(aws_error("", ""))) == Unreadable("GetThing: without code: no message")


def test_no_connection_and_no_time(refused_connection):
    timeout = ReadTimeoutError(endpoint_url="https://sts.example")
    for error, name in ((refused_connection, "EndpointConnectionError"), (timeout, "ReadTimeoutError")):
        seen = observe("GetThing", raising(error))
        assert isinstance(seen, Unreadable)
        assert seen.reason.startswith(f"GetThing: {name}: ")


def test_a_missing_token_file_is_unreadable():
    seen = observe("GetThing", raising(FileNotFoundError(2, "No such file", "/token")))
    assert isinstance(seen, Unreadable)
    assert "FileNotFoundError" in seen.reason


@pytest.mark.parametrize(
    "crash", [ResponseParserError("x"), ValueError("x"), TypeError("x"), AttributeError("x"), RuntimeError("expired")]
)
def test_an_answer_that_botocore_cannot_use_is_malformed(crash):
    seen = observe("GetThing", lambda: ask(raising(crash)))
    assert seen == Unreadable(f"GetThing: malformed answer: botocore cannot use the answer ({type(crash).__name__})")


def test_a_defect_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        observe("GetThing", lambda: 1 // 0)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        pytest.param({}, "a.b is missing", id="no-parent"),
        pytest.param({"a": {}}, "a.b is missing", id="missing"),
        pytest.param({"a": {"b": None}}, "a.b is null, expected str", id="null"),
        pytest.param({"a": {"b": 1}}, "a.b is int, expected str", id="other-type"),
        pytest.param({"a": []}, "a.b is missing", id="parent-is-a-list"),
        pytest.param("text", "a.b is missing", id="not-an-answer"),
    ],
)
def test_a_field_is_there_and_of_its_type_or_malformed(answer, complaint):
    with pytest.raises(MalformedAnswer, match=complaint):
        field(answer, "a.b", str)


def test_a_truth_value_is_no_number():
    with pytest.raises(MalformedAnswer, match="expected int"):
        field({"a": True}, "a", int)


def test_an_optional_field_may_be_missing_but_not_null():
    assert optional({}, "a", str) is None
    with pytest.raises(MalformedAnswer, match="null"):
        optional({"a": None}, "a", str)


def test_every_page_is_read():
    assert every(iter([{"Items": [1]}, {"Items": []}, {"Items": [2]}]), "Items") == [1, 2]


def test_a_page_without_its_list_is_malformed():
    with pytest.raises(MalformedAnswer, match="Items is missing"):
        every(iter([{"Items": [1]}, {"message": "half an ans"}]), "Items")


def test_pages_without_end_are_malformed(monkeypatch):
    monkeypatch.setattr(reading, "MOST_PAGES", 3)
    endless = ({"Items": [n], "NextToken": f"t{n}"} for n in count())
    with pytest.raises(MalformedAnswer, match="3 pages and no end"):
        every(endless, "Items")
    assert next(endless)["Items"] == [3]


@pytest.mark.parametrize(
    "page",
    [
        pytest.param({"NextToken": []}, id="token-is-a-list"),
        pytest.param({"Marker": 0}, id="token-is-a-number"),
        pytest.param({"IsTruncated": True}, id="truncated-without-token"),
        pytest.param({"IsTruncated": False, "Marker": "m"}, id="token-and-not-truncated"),
        pytest.param({"IsTruncated": "false"}, id="truncated-is-text"),
    ],
)
def test_a_page_that_is_unclear_about_the_next_one_is_malformed(page):
    with pytest.raises(MalformedAnswer):
        every(iter([{"Items": [], **page}]), "Items")


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_a_blank_name_is_no_name(value):
    with pytest.raises(MalformedAnswer, match="blank"):
        text({"a": {"b": value}}, "a.b")
    with pytest.raises(MalformedAnswer, match="blank"):
        names(iter([{"Items": ["x", value]}]), "Items")


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", {"a": ["\ud800"]}, {"\ud800": 1}, [10**30]])
def test_what_evidence_cannot_hold(value):
    assert not storable(value)
    if isinstance(value, str | int):
        with pytest.raises(MalformedAnswer, match="evidence"):
            field({"a": value}, "a", type(value))


@pytest.mark.parametrize("value", [2**53 - 1, "Grüße 😀", {"a": [1.5, None, True]}])
def test_what_evidence_can_hold(value):
    assert storable(value)


@pytest.mark.parametrize("content", ["", "{", "[" * 20_000, "NaN", '{"a": Infinity}'])
def test_text_that_is_no_json(content):
    with pytest.raises(MalformedAnswer, match="the lock is not JSON"):
        json_of(content, "the lock")


def test_a_code_with_half_a_letter_can_be_kept(aws_error):
    seen = observe("GetThing", raising(aws_error("\ud800", "\ud800")))
    assert storable(seen.reason)


def test_secrets_are_taken_out_of_messages():
    key_id = "A" + "SIA" + "X" * 16
    shown = redacted(
        f"key {key_id} at https://user:word@host/ X-Amz-Security-Token=abc eyJhbGci.eyJzdWIi.c2ln\nmore\nleft out"
    )
    assert shown == "key ASIA**** at https://host/ X-Amz-Security-Token=**** (token) more"


def test_long_messages_are_cut():
    assert len(redacted("x" * 5000)) == 300
