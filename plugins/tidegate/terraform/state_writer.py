"""Writes a state object as Terraform does: under both locks, onto exactly the version that was judged, with its digest.

`terraform state push` would do for a newer serial; it cannot put an older version back, nor mend a state whose digest
does not fit, and between its look and its write it knows of no version. So this writes itself, and is stricter.
"""

import getpass
import hashlib
import json
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegate.answers import NO_ANSWER, ask, error_code, explain
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.stack_backend import BackendSettings
from tidegate.models.unsaved import ObjectVersion

IAM_ACTIONS: tuple[str, ...] = (
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "s3:DeleteObject",
    "s3:PutObject",
)


class StateNotWritten(Exception):
    """The state is as it was. The text says why: somebody holds the lock, it moved, or AWS refused."""


@dataclass(frozen=True, slots=True)
class Operation:
    """For what the lock is taken, as a person reads it in the lock: `push` or `restore`."""

    name: str
    now: datetime


def write_state(
    clients: Clients, settings: BackendSettings, body: bytes, *, over: ObjectVersion | None, operation: Operation
) -> str:
    """Write a state over exactly this version (None: there is no object), under the lock; returns the new version id.

    Raises StateNotWritten. After it, only the digest may be missing: then the text says so.
    """
    s3: Any = clients.s3_in(settings.region)
    condition = {"IfNoneMatch": "*"} if over is None else {"IfMatch": over.etag}
    encryption = {"ServerSideEncryption": "AES256"} if settings.encrypt else {}
    where = f"s3://{settings.bucket}/{settings.key}"
    with _held(clients, settings, operation):
        try:
            _unmoved(s3, settings, over)
            answer = ask(
                s3.put_object,
                Bucket=settings.bucket,
                Key=settings.key,
                Body=body,
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                **condition,
                **encryption,
            )
        except NO_ANSWER as error:
            if error_code(error) not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise StateNotWritten(explain(f"PutObject {where}", error)) from error
            answer = _written_before(s3, settings, body)  # botocore asks again when an answer is lost
        try:
            ask(
                clients.dynamodb_in(settings.region).put_item,
                TableName=settings.lock_table,
                Item={
                    "LockID": {"S": settings.digest_id},
                    "Digest": {"S": hashlib.md5(body, usedforsecurity=False).hexdigest()},
                },
            )
        except NO_ANSWER as error:
            raise StateNotWritten(
                f"{where} is written, and its digest is not: {explain(f'PutItem {settings.digest_id}', error)}"
            ) from error
    return str(answer.get("VersionId"))


def _written_before(s3: Any, settings: BackendSettings, body: bytes) -> Any:
    """The object when it is ours already. Raises StateNotWritten: then somebody else wrote."""
    where = f"s3://{settings.bucket}/{settings.key}"
    try:
        answer = ask(s3.get_object, Bucket=settings.bucket, Key=settings.key)
        found: bytes = ask(answer["Body"].read)
    except NO_ANSWER as error:
        raise StateNotWritten(explain(f"GetObject {where}", error)) from error
    if found != body:
        raise StateNotWritten(f"{where} moved while it was to be written")
    return answer


def _unmoved(s3: Any, settings: BackendSettings, over: ObjectVersion | None) -> None:
    """The same version, not only the same content. Where there was no object, the condition of the write says it."""
    if over is None:
        return
    found = ask(s3.head_object, Bucket=settings.bucket, Key=settings.key).get("VersionId")
    if found != over.version_id:
        raise StateNotWritten(f"the state moved: its version is {found}, judged was {over.version_id}")


@contextmanager
def _held(clients: Clients, settings: BackendSettings, operation: Operation) -> Iterator[None]:
    """Both locks, as Terraform takes them: lock file first, then the item. Released is only what was taken here."""
    information = json.dumps(
        {
            "ID": str(uuid.uuid4()),
            "Operation": f"state-{operation.name}",
            "Info": "",
            "Who": f"{getpass.getuser()}@{socket.gethostname()}",
            "Version": "tidegate",
            "Created": operation.now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "Path": settings.lock_id,
        }
    )
    s3, table = clients.s3_in(settings.region), clients.dynamodb_in(settings.region)
    etag = _take_file(s3, settings, information) if settings.use_lockfile else None
    try:
        _take_item(table, settings, information)
        try:
            yield
        finally:
            _give_back(
                table.delete_item,
                TableName=settings.lock_table,
                Key={"LockID": {"S": settings.lock_id}},
                ConditionExpression="Info = :ours",
                ExpressionAttributeValues={":ours": {"S": information}},
            )
    finally:
        if etag is not None:
            _give_back(s3.delete_object, Bucket=settings.bucket, Key=settings.lockfile_key, IfMatch=etag)


def _take_file(s3: Any, settings: BackendSettings, information: str) -> str:
    try:
        answer = ask(
            s3.put_object,
            Bucket=settings.bucket,
            Key=settings.lockfile_key,
            Body=information.encode(),
            ContentType="application/json",
            IfNoneMatch="*",
        )
    except NO_ANSWER as error:
        raise StateNotWritten(_refused(f"lock file {settings.lockfile_key}", error, "PreconditionFailed")) from error
    return str(answer["ETag"])


def _take_item(table: Any, settings: BackendSettings, information: str) -> None:
    try:
        ask(
            table.put_item,
            TableName=settings.lock_table,
            Item={"LockID": {"S": settings.lock_id}, "Info": {"S": information}},
            ConditionExpression="attribute_not_exists(LockID)",
        )
    except NO_ANSWER as error:
        raise StateNotWritten(_refused(f"lock {settings.lock_id}", error, "ConditionalCheckFailedException")) from error


def _refused(what: str, error: Exception, held: str) -> str:
    return f"somebody holds the {what}" if error_code(error) == held else explain(f"taking the {what}", error)


def _give_back(delete: Any, **wanted: Any) -> None:
    """A lock that is left behind is found and judged by the next run; it never hides how the write ended."""
    try:
        ask(delete, **wanted)
    except NO_ANSWER:
        return
