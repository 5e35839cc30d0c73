"""Sealed bytes are compared with those that lie in the store, so their form may never change."""

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tidegate.evidence.canonical import plain, seal


def test_every_byte_of_a_sealed_document() -> None:
    digest = hashlib.sha256('{"a":[1,null],"z":"ä"}'.encode()).hexdigest()
    assert seal({"z": "ä", "a": [1, None]}).decode() == (
        f'{{\n  "a": [\n    1,\n    null\n  ],\n  "digest": "{digest}",\n  "z": "ä"\n}}\n'
    )


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time is not UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "EAST-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_times_are_in_utc_wherever_the_machine_stands() -> None:
    moment = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)
    assert moment.astimezone().isoformat() == "2026-02-14T05:14:27+09:00"
    assert plain(moment) == "2026-02-13T20:14:27Z"


def test_what_has_no_form_is_named() -> None:
    with pytest.raises(TypeError, match=r"^no canonical form for set$"):
        plain({"a": {1}})
