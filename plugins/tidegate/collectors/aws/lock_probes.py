"""Takes a real state lock and releases it, in both ways Terraform does, on a name that no stack uses (ST2).

    first taker  -> acquired
    second taker -> must be refused
    release      -> must be gone

Whatever breaks in the middle, the release is tried: the names are new each time, so nobody else's lock is touched.
Each taking writes an id of its own, so that one whose answer was lost is not taken for another taker's.
"""

import json
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

from botocore.exceptions import ClientError

from tidegate.answers import NO_ANSWER
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import ask, error_code, field, observe, optional
from tidegate.conditional import WRITE_ID, ask_conditionally, is_refused, may_be_done
from tidegate.models.backend import LockProbe
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable

IAM_ACTIONS: tuple[str, ...] = (
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
)

PROBE_FOLDER = "tidegate-lock-probe"


def probe_dynamodb_lock(clients: Clients, environment: Environment) -> Observed[LockProbe]:
    """Take and release a lock in the lock table. Absent when there is no table."""
    return _probed(_DynamoDbLock(clients, environment), absent=["ResourceNotFoundException"])


def probe_lockfile(clients: Clients, environment: Environment) -> Observed[LockProbe]:
    """Take and release a lock file in the state bucket. Absent when there is no bucket."""
    return _probed(_LockFile(clients, environment), absent=["NoSuchBucket"])


def _probed(lock: "_DynamoDbLock | _LockFile", absent: list[str]) -> Observed[LockProbe]:
    taken = observe(f"taking lock {lock.name}", lock.take, absent)
    if isinstance(taken, Absent):
        return taken
    refused: Observed[bool] = Known(False)
    if taken == Known(True):
        second = observe(f"taking lock {lock.name} again", lock.take)
        refused = Known(not second.value) if isinstance(second, Known) else second
    # Also after an unusable answer: the lock may have been written all the same.
    released = observe(f"releasing lock {lock.name}", lock.release)
    for part in (taken, refused, released):
        if isinstance(part, Unreadable):
            left = "" if isinstance(released, Known) else f"; {lock.name} may be left behind"
            return Unreadable(part.reason + left)
    return Known(
        LockProbe(
            mechanism=lock.mechanism,
            acquired=taken == Known(True),
            second_refused=refused == Known(True),
            released=released == Known(True),
        )
    )


class _DynamoDbLock:
    mechanism: Literal["dynamodb"] = "dynamodb"

    def __init__(self, clients: Clients, environment: Environment) -> None:
        self._clients = clients
        self._table = environment.backend.lock_table
        self.name = f"{environment.backend.bucket}/{PROBE_FOLDER}/{uuid4()}"

    def take(self) -> bool:
        information = _information(self.name)
        try:
            ask(
                self._clients.dynamodb.put_item,
                TableName=self._table,
                Item={"LockID": {"S": self.name}, "Info": {"S": information}},
                ConditionExpression="attribute_not_exists(LockID)",
            )
        except NO_ANSWER as error:
            if not is_refused(error) and not may_be_done(error):
                raise
            if self._found() == {"S": information}:
                return True
            if is_refused(error):
                return False
            raise
        return True

    def _found(self) -> Any:
        key = {"LockID": {"S": self.name}}
        answer = ask(self._clients.dynamodb.get_item, TableName=self._table, Key=key, ConsistentRead=True)
        return (optional(answer, "Item", dict) or {}).get("Info")

    def release(self) -> bool:
        key = {"LockID": {"S": self.name}}
        ask(self._clients.dynamodb.delete_item, TableName=self._table, Key=key)
        answer = ask(self._clients.dynamodb.get_item, TableName=self._table, Key=key, ConsistentRead=True)
        field(answer, "ResponseMetadata", dict)
        return optional(answer, "Item", dict) is None


class _LockFile:
    mechanism: Literal["s3-lockfile"] = "s3-lockfile"

    def __init__(self, clients: Clients, environment: Environment) -> None:
        self._clients = clients
        self._bucket = environment.backend.bucket
        self._key = f"{PROBE_FOLDER}/{uuid4()}.tflock"
        self.name = f"s3://{self._bucket}/{self._key}"

    def take(self) -> bool:
        write_id = str(uuid4())
        try:
            ask_conditionally(
                self._clients.s3.put_object,
                Bucket=self._bucket,
                Key=self._key,
                Body=_information(self.name).encode(),
                ContentType="application/json",
                IfNoneMatch="*",
                Metadata={WRITE_ID: write_id},
            )
        except NO_ANSWER as error:
            if not is_refused(error) and not may_be_done(error):
                raise
            if self._write_id() == write_id:
                return True
            if is_refused(error):
                return False
            raise
        return True

    def _write_id(self) -> str | None:
        """Of the lock file that lies there; None when there is none."""
        try:
            answer = ask(self._clients.s3.head_object, Bucket=self._bucket, Key=self._key)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchKey"):
                return None
            raise
        return (optional(answer, "Metadata", dict) or {}).get(WRITE_ID)

    def release(self) -> bool:
        ask(self._clients.s3.delete_object, Bucket=self._bucket, Key=self._key)
        try:
            ask(self._clients.s3.head_object, Bucket=self._bucket, Key=self._key)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchKey"):
                return True
            raise
        return False


def _information(path: str) -> str:
    """What Terraform writes into a lock, so that whoever meets a probe's lock can read it."""
    return json.dumps(
        {
            "ID": str(uuid4()),
            "Operation": "tidegate-lock-probe",
            "Info": "",
            "Who": "tidegate",
            "Version": "",
            "Created": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "Path": path,
        }
    )
