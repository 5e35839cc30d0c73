"""The calls made to the fake Confluent API, in order (labelled stand-in for its audit log). No key, no body."""

import threading
from collections import deque
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

CAPACITY = 20_000


class ConfluentCall(BaseModel):
    """One call. `status` is None when the connection was closed without an answer."""

    model_config = ConfigDict(frozen=True)

    seq: int
    time: datetime
    method: str
    path: str
    query: dict[str, str]
    status: int | None
    fault: str | None

    @property
    def mutating(self) -> bool:
        """True when the call may have changed something."""
        return self.method != "GET"


class ConfluentJournal:
    """The latest calls, numbered from 1 without gaps; the oldest are dropped beyond CAPACITY."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[ConfluentCall] = deque(maxlen=CAPACITY)
        self._last = 0

    def record(self, method: str, path: str, query: dict[str, str], status: int | None, fault: str | None) -> None:
        """Write one call down."""
        with self._lock:
            self._last += 1
            self._calls.append(
                ConfluentCall(
                    seq=self._last,
                    time=datetime.now(UTC),
                    method=method,
                    path=path,
                    query=query,
                    status=status,
                    fault=fault,
                )
            )

    def since(self, seq: int) -> dict[str, object]:
        """Return the calls after number `seq`, the last number, and whether some of them were already dropped."""
        with self._lock:
            calls = [call.model_dump(mode="json") for call in self._calls if call.seq > seq]
            return {"last": self._last, "dropped": seq < self._last - len(self._calls), "calls": calls}
