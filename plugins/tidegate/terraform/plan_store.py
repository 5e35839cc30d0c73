"""Saved plans in the work bucket: put with their sha256, fetched for the apply."""

import hashlib
import os
from pathlib import Path
from typing import Any

from tidegate.answers import NO_ANSWER, ask, error_code, explain
from tidegate.models.observed import Absent, Known, Observed, Unreadable


class PlanStoreUnreachable(Exception):
    """The work bucket did not take or give the plan."""


def put_plan(client: Any, bucket: str, key: str, plan_file: Path) -> str:
    """Store a plan file; returns its `s3://` URI. Raises PlanStoreUnreachable."""
    content = plan_file.read_bytes()
    try:
        ask(client.put_object, Bucket=bucket, Key=key, Body=content, ChecksumAlgorithm="SHA256")
    except NO_ANSWER as error:
        raise PlanStoreUnreachable(explain(f"s3://{bucket}/{key}", error)) from None  # its own text is not redacted
    return f"s3://{bucket}/{key}"


def fetch_plan(client: Any, uri: str, to: Path) -> Observed[str]:
    """Fetch a plan file to `to`; returns the sha256 of what arrived. The caller compares it with the guarded one."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        answer = ask(client.get_object, Bucket=bucket, Key=key)
        content: bytes = ask(answer["Body"].read)
    except NO_ANSWER as error:
        return Absent() if error_code(error) == "NoSuchKey" else Unreadable(explain(uri, error))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return Known(hashlib.sha256(content).hexdigest())
