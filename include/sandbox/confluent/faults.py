"""Faults of the fake Confluent API, a labelled stand-in for Confluent on a bad day: what to spoil, how, how often."""

import itertools
import threading
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.confluent.messages import Reply, Request
from sandbox.confluent.problems import ApiProblem, forbidden, throttled, unauthenticated

Kind = Literal["refuse", "delay", "truncate", "half_page", "unauthorized", "forbidden", "throttle", "error"]

LONGEST_SECONDS = 600.0
RATE_LIMIT = 10


class ConfluentFault(BaseModel):
    """Spoil the calls that match. The first `skip` of them go through; `times` counts down, without it the fault stays.

    refuse: the connection is closed without an answer      truncate: half of the answer's bytes, then closed
    half_page: half of a list's rows and no `next`          unauthorized, forbidden, throttle, error: 401, 403, 429, 500
    delay: `seconds` later                                  throttle: `seconds` is the X-RateLimit-Reset
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    path: str = Field(default="", description="a part of the path: /billing/, /acls; empty for every call")
    method: str | None = None
    skip: int = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=1)
    seconds: float = Field(default=1.0, gt=0, le=LONGEST_SECONDS)

    def matches(self, request: Request) -> bool:
        """True when this call is one to spoil."""
        return self.path in request.path and self.method in (None, request.method)

    def problem(self) -> ApiProblem | None:
        """Return the refusal of a fault that answers by itself; None for the others."""
        match self.kind:
            case "unauthorized":
                return unauthenticated()
            case "forbidden":
                return forbidden()
            case "throttle":
                return throttled(RATE_LIMIT, round(self.seconds))
            case "error":
                return ApiProblem(500, "internal_server_error", "An internal error occurred (made by the sandbox)")
            case _:
                return None


def half_page(reply: Reply) -> Reply:
    """Return a list's answer with half of its rows, as if that were all; `total_size` still tells."""
    if reply.content is None or not isinstance(reply.content.get("data"), list):
        return reply
    rows = reply.content["data"]
    metadata = {name: value for name, value in reply.content.get("metadata", {}).items() if name != "next"}
    return Reply(reply.status, reply.content | {"data": rows[: len(rows) // 2], "metadata": metadata}, reply.headers)


@dataclass(slots=True)
class _Entry:
    fault: ConfluentFault
    skip: int
    left: int | None
    hits: int = 0


class ConfluentFaultBook:
    """The faults in force, oldest first; the first that takes a call is used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._entries: dict[int, _Entry] = {}

    def add(self, fault: ConfluentFault) -> int:
        """Put a fault in force and return its id."""
        with self._lock:
            number = next(self._ids)
            self._entries[number] = _Entry(fault, fault.skip, fault.times)
            return number

    def remove(self, number: int | None = None) -> int:
        """Remove one fault, or all; return how many were removed."""
        with self._lock:
            numbers = list(self._entries) if number is None else [n for n in (number,) if n in self._entries]
            for each in numbers:
                del self._entries[each]
            return len(numbers)

    def take(self, request: Request) -> ConfluentFault | None:
        """Return the fault for this call, and count it; None when the call is to go through."""
        with self._lock:
            for entry in self._entries.values():
                if entry.left == 0 or not entry.fault.matches(request):
                    continue
                if entry.skip:
                    entry.skip -= 1
                    continue
                entry.hits += 1
                if entry.left is not None:
                    entry.left -= 1
                return entry.fault
            return None

    def listing(self) -> list[dict[str, object]]:
        """Return every fault with its id, how often it was used and how often it may still be."""
        with self._lock:
            return [
                {"id": number, **entry.fault.model_dump(), "hits": entry.hits, "left": entry.left}
                for number, entry in self._entries.items()
            ]
