"""The bounded journal of the sandbox's fault proxy: the calls made, in order. Labelled stand-in for CloudTrail."""

import threading
from collections import deque
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from sandbox.calls import Call

CAPACITY = 20_000
KEY_KIND_LENGTH = 4


class Entry(BaseModel):
    """One call. `status` is None when no answer was given; `key_kind` is the first letters of the access key id."""

    model_config = ConfigDict(frozen=True)

    seq: int
    time: datetime
    service: str
    operation: str
    resource: str
    mutating: bool
    status: int | None
    fault: str | None
    key_kind: str | None


class Journal:
    """The latest calls, numbered from 1 without gaps; the oldest are dropped beyond CAPACITY."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=capacity)
        self._last = 0

    def record(self, call: Call, status: int | None, fault: str | None) -> None:
        """Write one call down."""
        with self._lock:
            self._last += 1
            self._entries.append(
                Entry(
                    seq=self._last,
                    time=datetime.now(UTC),
                    service=call.service,
                    operation=call.operation,
                    resource=call.resource,
                    mutating=call.mutating,
                    status=status,
                    fault=fault,
                    key_kind=call.access_key_id[:KEY_KIND_LENGTH] if call.access_key_id else None,
                )
            )

    def since(self, seq: int) -> dict[str, object]:
        """Return the calls after number `seq`, the last number, and whether some of them were already dropped."""
        with self._lock:
            entries = [entry.model_dump(mode="json") for entry in self._entries if entry.seq > seq]
            oldest_kept = self._last - len(self._entries)
            return {"last": self._last, "dropped": seq < oldest_kept, "calls": entries}
