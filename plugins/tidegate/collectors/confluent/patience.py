"""An httpx transport that waits as long as it is told to, and never beyond the deadline of a request.

Confluent limits how often its APIs may be asked: 429 with `X-RateLimit-Reset` and `Retry-After`, both in seconds.
"""

import re
import time
from collections.abc import Callable

import httpx

MOST_ATTEMPTS = 6
"""Of one request. A service that says "again in one second" for ever ends here, also before the deadline."""

DEADLINE = "deadline"
"""The extension of a request that holds its deadline: a moment on the clock of the transport."""

_RETRIED = frozenset({429, 500, 502, 503, 504})
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def told_to_wait(response: httpx.Response) -> float | None:
    """The seconds that an answer asks for, the longer of the two; None when it names none that can be read."""
    texts = (response.headers.get(name, "").strip() for name in ("x-ratelimit-reset", "retry-after"))
    return max((float(text) for text in texts if _SECONDS.fullmatch(text)), default=None)


class PatientTransport(httpx.BaseTransport):
    """Repeats a GET that was refused for now or got no answer, until the deadline that the request names.

    The last answer is given back as it is; the last error is raised. A wait that would end after the deadline is not
    begun.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.inner, self.clock, self.pause = inner, clock, pause

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError."""
        deadline: float = request.extensions[DEADLINE]
        for attempt in range(1, MOST_ATTEMPTS + 1):
            wait = float(2 ** (attempt - 1))
            try:
                response = self.inner.handle_request(request)
            except httpx.TransportError:
                if not self._may_wait(attempt, wait, deadline):
                    raise
            else:
                told = told_to_wait(response)
                wait = wait if told is None else max(told, 1.0)
                if response.status_code not in _RETRIED or not self._may_wait(attempt, wait, deadline):
                    return response
                response.close()
            self.pause(wait)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close the connections below."""
        self.inner.close()

    def _may_wait(self, attempt: int, wait: float, deadline: float) -> bool:
        return attempt < MOST_ATTEMPTS and self.clock() + wait < deadline
