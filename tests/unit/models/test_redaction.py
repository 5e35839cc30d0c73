"""What others wrote becomes evidence only without the secrets in it (ID4)."""

import pytest
from pydantic import TypeAdapter

from factories_world import NOW
from tidegate.models.facts import CollectorBroken
from tidegate.models.observed import Unreadable
from tidegate.models.redaction import redacted, without_secrets

KEY_ID = "A" + "SIA" + "X" * 16
JWT = "eyJhbGci.eyJzdWIi.c2ln"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"key {KEY_ID} is not valid", "key ASIA**** is not valid"),
        (f"the token {JWT} has expired", "the token (token) has expired"),
        ("https://user:word@host/path", "https://host/path"),
        ("X-Amz-Security-Token=abc next", "X-Amz-Security-Token=**** next"),
        ('{"aws_session_token": "abc", "a": 1}', '{"aws_session_token": "****", "a": 1}'),
        ("aws_secret_access_key = abc", "aws_secret_access_key = ****"),
        ('"SecretAccessKey":"abc"', '"SecretAccessKey":"****"'),
        ("password: abc, user: x", "password: ****, user: x"),
        ("Authorization: Bearer abc", "Authorization: Bearer ****"),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=a/b/c, Signature=0f",
            "Authorization: AWS4-HMAC-SHA256 Credential=****, Signature=****",
        ),
        (
            "PutObject answered AccessDenied: not you\nsecond line",
            "PutObject answered AccessDenied: not you\nsecond line",
        ),
        ("s3://bucket/key@v1: no credentials found", "s3://bucket/key@v1: no credentials found"),
        ('module.a.aws_db_instance.b["c"]: 3 to add', 'module.a.aws_db_instance.b["c"]: 3 to add'),
    ],
)
def test_only_secrets_are_taken_out(text: str, left: str) -> None:
    assert without_secrets(text) == left
    assert without_secrets(left) == left


def test_a_message_is_shortened_as_well() -> None:
    assert redacted(f"one {KEY_ID}\ntwo\nthree") == "one ASIA**** two"
    assert len(redacted("x" * 5000)) == 300


def test_what_could_not_be_read_holds_no_secret() -> None:
    """Whoever makes one, wherever the text came from, also when it is read back from the evidence."""
    assert Unreadable("x: password=s3cr3t").reason == "x: password=****"
    assert TypeAdapter(Unreadable).validate_python({"reason": "password=s3cr3t"}).reason == "password=****"


def test_a_crash_of_a_collector_holds_no_secret() -> None:
    assert CollectorBroken(observed_at=NOW, error="KeyError: password=s3cr3t").error == "KeyError: password=****"
