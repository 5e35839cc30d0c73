"""The canonical form: the same content has the same digest, and whatever was touched is found out."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tidegate.evidence.canonical import digest_of, document_digest, plain, seal, unseal
from tidegate.models.observed import Absent, Known


@dataclass(frozen=True)
class Fact:
    """A fact with one inside."""

    name: str
    inner: tuple[Any, ...] = ()


class Model(BaseModel):
    """A model whose field has another name outside."""

    schema_: str = Field(alias="schema")
    amount: Decimal = Decimal("30.00")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Decimal("30.10"), "30.10", id="decimal-keeps-its-digits"),
        pytest.param(Decimal("0.0000002"), "0.0000002", id="decimal-of-a-millionth-without-exponent"),
        pytest.param(datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC), "2026-02-13T20:14:27Z", id="time-in-utc-with-z"),
        pytest.param(
            datetime(2026, 2, 13, 21, 14, 27, tzinfo=timezone(timedelta(hours=1))),
            "2026-02-13T20:14:27Z",
            id="time-of-another-zone-in-utc",
        ),
        pytest.param(date(2026, 2, 13), "2026-02-13", id="date"),
        pytest.param((1, (2, "x")), [1, [2, "x"]], id="tuples-are-lists"),
        pytest.param({1: {"a": None}}, {"1": {"a": None}}, id="keys-are-text"),
        pytest.param(True, True, id="true-is-not-one"),
        pytest.param(0.5, 0.5, id="float"),
        pytest.param(Known("x"), {"value": "x", "kind": "known"}, id="known"),
        pytest.param(Absent(), {"kind": "absent"}, id="absent"),
        pytest.param(Fact("a", (Fact("b"),)), {"name": "a", "inner": [{"name": "b", "inner": []}]}, id="nested-facts"),
        pytest.param(Model(schema="s"), {"schema": "s", "amount": "30.00"}, id="model-by-its-outer-names"),
        pytest.param({"m": Model(schema="s")}, {"m": {"schema": "s", "amount": "30.00"}}, id="model-inside"),
    ],
)
def test_plain(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    "value",
    [{1, 2}, b"x", object(), Fact, {"deep": [{1}]}, datetime(2026, 2, 13), [datetime(2026, 2, 13)]],  # noqa: DTZ001
)
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="no canonical form for"):
        plain(value)


def test_a_digest_is_that_of_rfc_8785() -> None:
    # the canonical text written by hand: sorted by UTF-16 units, no blanks, numbers as ECMAScript prints them
    text = '{"1":"30.10","a":[1,0.5,true,null,"é"],"b":1e+21}'
    value = {"b": 1e21, "a": (1.0, 0.5, True, None, "é"), 1: Decimal("30.10")}
    assert digest_of(value) == hashlib.sha256(text.encode()).hexdigest()


def test_order_of_keys_does_not_matter_and_order_of_items_does() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of([1, 2]) != digest_of([2, 1])


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 2**60, "\ud800"])
def test_what_json_cannot_carry_is_refused_and_not_rounded(value: Any) -> None:
    with pytest.raises(ValueError, match=r"JCS|domain|codepoints|NaN"):
        digest_of({"value": value})


def test_a_document_does_not_digest_its_own_digest() -> None:
    document = {"a": 1, "b": {"digest": "kept"}}
    assert document_digest({**document, "digest": "whatever"}) == digest_of(document)
    assert document_digest({**document, "b": {"digest": "other"}}) != digest_of(document)


def test_sealed_and_unsealed() -> None:
    document = {"z": "ä", "a": [1, 2.5, None, True]}
    content = seal(document)
    assert content.endswith(b"}\n")
    assert "ä" in content.decode()
    assert unseal(content) == {**document, "digest": digest_of(document)}


def test_sealing_again_replaces_an_older_digest() -> None:
    assert unseal(seal({"a": 1, "digest": "old"}))["digest"] == digest_of({"a": 1})


def test_layout_of_the_text_does_not_matter_when_unsealing() -> None:
    document = json.loads(seal({"a": 1, "b": 2}))
    assert unseal(json.dumps(document).encode()) == document


SEALED = seal({"status": "pass", "n": 1})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(SEALED.replace(b'"pass"', b'"fail"'), "digest does not match", id="a-value-changed"),
        pytest.param(SEALED.replace(b'"n"', b'"m"'), "digest does not match", id="a-name-changed"),
        pytest.param(SEALED.replace(b"{", b'{"more": 1,', 1), "digest does not match", id="a-field-added"),
        pytest.param(b'{"status": "pass"}', "digest does not match", id="no-digest"),
        pytest.param(b'{"digest": null}', "digest does not match", id="digest-null"),
        pytest.param(b"[]", "expected a JSON object, found list", id="a-list"),
        pytest.param(b"null", "expected a JSON object, found NoneType", id="null"),
        pytest.param(b"", "Expecting value", id="nothing"),
        pytest.param(SEALED[:-10], "Unterminated string|Expecting", id="cut-short"),
        pytest.param(b"\xff\xfe\xff", "codec can't decode", id="not-text"),
        pytest.param(b'{"n": 1e999, "digest": "x"}', "not representable", id="a-number-beyond-json"),
    ],
)
def test_what_cannot_be_unsealed(content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        unseal(content)
