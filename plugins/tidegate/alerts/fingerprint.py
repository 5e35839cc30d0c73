"""When a finding is still the same: a digest over what it says, without what moves by itself."""

import hashlib
import json
import re
from collections.abc import Iterable

from tidegate.gates.registry import by_id
from tidegate.models.blocker import Blocker

_EACH_CALL = (
    (re.compile(r"(?i)\b(?:x-amz-|x-amzn-|extended )?(?:request|host)[ _-]?id(?:-2)?\W{0,3}[\w+/=-]+"), ""),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), ""),
    (re.compile(r"(\bassumed-role/[\w+=,.@-]+/|\bARO[A-Z0-9]+:)[\w+=,.@-]+"), r"\1"),
    (re.compile(r"(?i)\bencoded authorization failure message:? *[\w+/=-]*"), ""),
    (re.compile(r" \(reached max retries: \d+\)"), ""),
    (re.compile(r" \(after \d+ retries\)"), ""),
    (re.compile(r"\.attempt\d+\b"), ""),
    (re.compile(r"\b(?:m1|m2|m9|stop|release|audit|hourly|extend)_\d{8}T\d{6}Z(?:__try\d+)?\b"), ""),
    (re.compile(r"(\bcost_stop__\d+|\bttl__\w+?__\d{8}T\d{6}Z)__\d+\b"), r"\1"),
)
"""What differs in each call or run and means nothing: request ids, sessions and retries of AWS, attempts, ids of runs,
and what stands for it."""

_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?")


def steady(text: str) -> str:
    """The text without what is new in each call or run."""
    for pattern, kept in _EACH_CALL:
        text = pattern.sub(kept, text)
    return text


def fingerprint(gate: str, blocker: Blocker) -> str:
    """sha256 of gate, code, resource, expected and observed, as 64 hex digits.

    Where `observed` is a measurement (`Gate.measured_codes`), it counts for nothing, nor does a date in `expected`.
    """
    observed, expected = blocker.observed, blocker.expected
    if blocker.code == "FACTS-STALE" or blocker.code in by_id(gate).measured_codes:
        observed, expected = "", _DATE.sub("", expected)
    return digest((gate, blocker.code, *(steady(part) for part in (blocker.resource, expected, observed))))


def digest(parts: Iterable[str]) -> str:
    """sha256 over texts in this order, as 64 hex digits."""
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()
