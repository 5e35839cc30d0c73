"""A timer that hands the sensor's deadline, and what it wants to remember, back to it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent


class LookAgainTrigger(BaseTrigger):
    """Fires once after `seconds`.

    Its event is the deadline (aware UTC, ISO 8601) until which the sensor may wait, and what the look before gave it to
    keep (JSON, a few kilobytes at most; None: nothing).
    """

    def __init__(self, seconds: int, deadline: str, kept: dict[str, Any] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seconds = seconds
        self.deadline = deadline
        self.kept = kept

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, with which the triggerer makes it again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "seconds": self.seconds,
            "deadline": self.deadline,
            "kept": self.kept,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep, then fire."""
        await asyncio.sleep(self.seconds)
        yield TriggerEvent({"deadline": self.deadline, "kept": self.kept})  # type: ignore[no-untyped-call]


def deadline_of(event: object) -> datetime | None:
    """The deadline that an event of this trigger carries; None when there is none that can be read."""
    try:
        return datetime.fromisoformat(event["deadline"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None


def kept_of(event: object) -> Any:
    """What an event of this trigger carries besides the deadline; None when there is nothing."""
    return event.get("kept") if isinstance(event, dict) else None
