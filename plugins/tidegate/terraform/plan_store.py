"""Saved plans in the work bucket: put with their sha256, fetched for the apply."""

import hashlib
import os
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tidegate.models.observed import Absent, Known, Observed, Unreadable


class PlanStoreUnreachable(Exception):
    """The work bucket did not take or give the plan."""


def put_plan(client: Any, bucket: str, key: str, plan_file: Path) -> str:
    """Store a plan file; returns its `s3://` URI. Raises PlanStoreUnreachable."""
    try:
        client.put_object(Bucket=bucket, Key=key, Body=plan_file.read_bytes(), ChecksumAlgorithm="SHA256")
    except (ClientError, BotoCoreError) as error:
        raise PlanStoreUnreachable(f"s3://{bucket}/{key}: {error}") from error
    return f"s3://{bucket}/{key}"


def fetch_plan(client: Any, uri: str, to: Path) -> Observed[str]:
    """Fetch a plan file to `to`; returns the sha256 of what arrived. The caller compares it with the guarded one."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        content: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        said = error.response["Error"]
        return Absent() if said["Code"] == "NoSuchKey" else Unreadable(f"{uri}: {said['Code']}: {said.get('Message')}")
    except BotoCoreError as error:
        return Unreadable(f"{uri}: {error}")
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    with os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return Known(hashlib.sha256(content).hexdigest())
