"""Faults of the sandbox, a labelled stand-in for AWS on a bad day: what to spoil, how, and how many times."""

import itertools
import re
import threading
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.calls import Call
from sandbox.errors import Answer, Protocol, error_answer

Kind = Literal[
    "refuse",
    "delay",
    "throttle",
    "truncate",
    "expired_token",
    "access_denied",
    "explicit_deny",
    "error",
    "lose",
    "error_after",
    "short_session",
]
"""How a call is spoiled. `lose` and `error_after` let it be done first: its answer is dropped, or an error instead.
`short_session` is for STS: the session that it gives says that it ends after `seconds`.
"""

DEFAULT_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 600.0


class Fault(BaseModel):
    """Spoil the calls that match. `times` counts down; without it the fault stays until it is removed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str = Field(
        min_length=1, description="as in the credential scope: s3, dynamodb, elasticloadbalancing; * for all"
    )
    kind: Kind
    operation: str | None = None
    region: str | None = Field(default=None, description="as the call is signed for")
    resource: str | None = Field(default=None, description="a part of the URL's path or of the body")
    times: int | None = Field(default=None, ge=1)
    seconds: float = Field(default=DEFAULT_DELAY_SECONDS, gt=0, le=LONGEST_DELAY_SECONDS)
    status: int | None = Field(default=None, ge=400, le=599)
    code: str | None = None

    def matches(self, call: Call, target: str, body: bytes) -> bool:
        """True when this call is one to spoil."""
        if self.service not in {"*", call.service}:
            return False
        if self.operation is not None and self.operation != call.operation:
            return False
        if self.region is not None and self.region != call.region:
            return False
        return (
            self.resource is None
            or self.resource in call.resource
            or self.resource in target
            or (self.resource.encode() in body)
        )


class FaultBook:
    """The faults in force, oldest first; the first that matches a call is used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: dict[int, Fault] = {}
        self._left: dict[int, int] = {}
        self._hits: dict[int, int] = {}

    def add(self, fault: Fault) -> int:
        """Put a fault in force and return its id."""
        with self._lock:
            number = next(self._ids)
            self._faults[number] = fault
            self._hits[number] = 0
            if fault.times is not None:
                self._left[number] = fault.times
            return number

    def remove(self, number: int | None = None) -> int:
        """Remove one fault, or all; return how many were removed."""
        with self._lock:
            numbers = list(self._faults) if number is None else [n for n in (number,) if n in self._faults]
            for each in numbers:
                del self._faults[each]
                del self._hits[each]
                self._left.pop(each, None)
            return len(numbers)

    def take(self, call: Call, target: str, body: bytes) -> Fault | None:
        """Return the fault for this call, and count it; None when the call is to go through."""
        with self._lock:
            for number, fault in self._faults.items():
                if self._left.get(number) == 0 or not fault.matches(call, target, body):
                    continue
                self._hits[number] += 1
                if number in self._left:
                    self._left[number] -= 1
                return fault
            return None

    def listing(self) -> list[dict[str, object]]:
        """Return every fault with its id, how often it was used and how often it may still be."""
        with self._lock:
            return [
                {"id": number, **fault.model_dump(), "hits": self._hits[number], "left": self._left.get(number)}
                for number, fault in self._faults.items()
            ]


def with_short_session(answer: Answer, seconds: float, now: datetime) -> Answer:
    """Return STS's answer with another end of the session."""
    ends = (now + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = re.sub(rb"(?<=<Expiration>)[^<]+", ends.encode(), answer.body)
    return Answer(answer.status, answer.headers, body)


def spoiled_answer(fault: Fault, call: Call, protocol: Protocol) -> Answer:
    """Return the error answer of every kind that answers with an error."""
    status, code, message = _error(fault, call, protocol)
    return error_answer(protocol, fault.status or status, fault.code or code, f"{message} (made by the sandbox)")


def _error(fault: Fault, call: Call, protocol: Protocol) -> tuple[int, str, str]:
    match fault.kind:
        case "throttle":
            status, code = {
                Protocol.S3: (503, "SlowDown"),
                Protocol.EC2: (503, "RequestLimitExceeded"),
                Protocol.JSON: (400, "ThrottlingException"),
                Protocol.REST_JSON: (429, "ThrottlingException"),
            }.get(protocol, (400, "Throttling"))
            return status, code, "Rate exceeded"
        case "expired_token":
            code = "ExpiredTokenException" if protocol.is_json or call.service == "sts" else "ExpiredToken"
            status = 403 if protocol is Protocol.QUERY and call.service != "sts" else 400
            return status, code, "The security token included in the request is expired"
        case "access_denied" | "explicit_deny":
            code = "AccessDeniedException" if protocol.is_json else "AccessDenied"
            if protocol is Protocol.EC2:
                code = "UnauthorizedOperation"
            denied = " with an explicit deny in a service control policy" if fault.kind == "explicit_deny" else ""
            return 403, code, f"not authorized to perform: {call.service}:{call.operation}{denied}"
        case _:
            return 500, "InternalError", "An internal error occurred"
