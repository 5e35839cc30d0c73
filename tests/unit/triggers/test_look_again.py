"""The triggerer makes a trigger again from what it serialised; its event gives the deadline back."""

import asyncio
import importlib
from datetime import UTC, datetime
from typing import Any

import pytest

from tidegate.triggers.look_again import LookAgainTrigger, deadline_of, kept_of

DEADLINE = datetime(2026, 2, 13, 20, 14, 27, tzinfo=UTC)


def test_it_survives_the_way_through_the_database() -> None:
    path, arguments = LookAgainTrigger(7, DEADLINE.isoformat(), {"a": ["b"]}).serialize()
    module, _, name = path.rpartition(".")
    again = getattr(importlib.import_module(module), name)(**arguments)
    assert again.serialize() == (path, {"seconds": 7, "deadline": DEADLINE.isoformat(), "kept": {"a": ["b"]}})


def test_it_fires_once_with_the_deadline() -> None:
    async def events() -> list[Any]:
        return [event.payload async for event in LookAgainTrigger(0, DEADLINE.isoformat(), {"a": 1}).run()]

    fired = asyncio.run(events())
    assert len(fired) == 1
    assert deadline_of(fired[0]) == DEADLINE
    assert kept_of(fired[0]) == {"a": 1}


@pytest.mark.parametrize("event", [None, {}, {"deadline": None}, {"deadline": "soon"}, "x", 3])
def test_an_event_without_a_deadline_gives_none(event: object) -> None:
    assert deadline_of(event) is None
    assert kept_of(event) is None
