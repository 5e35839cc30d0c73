"""Writes a state object as Terraform does: under both locks, onto exactly the version that was judged, with its digest.

`terraform state push` would do for a newer serial; it cannot put an older version back, nor mend a state whose digest
does not fit, and between its look and its write it knows of no version. So this writes itself, and is stricter.
"""

import getpass
import hashlib
import json
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tidegate.answers import NO_ANSWER, ask, explain
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.stack_backend import BackendSettings
from tidegate.conditional import ask_conditionally, is_refused, may_be_done
from tidegate.models.unsaved import ObjectVersion

IAM_ACTIONS: tuple[str, ...] = (
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:PutObject",
)


class StateNotWritten(Exception):
    """The state is as it was, or the text says that this is not known. It says why: somebody holds the lock, the state
    moved, or AWS refused.
    """


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
            answer = ask_conditionally(
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
            if not is_refused(error) and not may_be_done(error):
                raise StateNotWritten(explain(f"PutObject {where}", error)) from error
            answer = _written_before(s3, settings, body, error)
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


def _written_before(s3: Any, settings: BackendSettings, body: bytes, error: Exception) -> Any:
    """The object when it is ours already, for the answer to the write may have been lost. Raises StateNotWritten."""
    where = f"s3://{settings.bucket}/{settings.key}"
    try:
        answer = ask(s3.get_object, Bucket=settings.bucket, Key=settings.key)
        found: bytes = ask(answer["Body"].read)
    except NO_ANSWER as unseen:
        said = f"{explain(f'PutObject {where}', error)}; it may be written all the same"
        raise StateNotWritten(f"{said}: {explain('GetObject', unseen)}") from unseen
    if found == body:
        return answer
    if is_refused(error):
        raise StateNotWritten(f"{where} moved while it was to be written") from error
    raise StateNotWritten(explain(f"PutObject {where}", error)) from error


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
        try:
            _take_item(table, settings, information)
            yield
        finally:  # also when it is not known whether the item was taken: the condition spares everybody else's
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
    """Take the lock file; gives its ETag. A lock whose answer was lost is known by what it holds."""
    where = {"Bucket": settings.bucket, "Key": settings.lockfile_key}
    body, what = information.encode(), f"lock file {settings.lockfile_key}"
    try:
        put = s3.put_object
        return str(ask_conditionally(put, **where, Body=body, ContentType="application/json", IfNoneMatch="*")["ETag"])
    except NO_ANSWER as error:
        found = _read_back(lambda: s3.get_object(**where), what, error)
        if _read_back(lambda: found["Body"].read(), what, error) == body:
            return str(found["ETag"])
        raise StateNotWritten(_refused(what, error)) from error


def _take_item(table: Any, settings: BackendSettings, information: str) -> None:
    """Take the lock in the table, likewise."""
    key, what = {"LockID": {"S": settings.lock_id}}, f"lock {settings.lock_id}"
    try:
        ask(
            table.put_item,
            TableName=settings.lock_table,
            Item={**key, "Info": {"S": information}},
            ConditionExpression="attribute_not_exists(LockID)",
        )
    except NO_ANSWER as error:
        look = {"TableName": settings.lock_table, "Key": key, "ConsistentRead": True}
        found = _read_back(lambda: table.get_item(**look), what, error)
        if found.get("Item", {}).get("Info") != {"S": information}:
            raise StateNotWritten(_refused(what, error)) from error


def _read_back(look: Callable[[], Any], what: str, error: Exception) -> Any:
    """What lies there after a write that was not confirmed. Raises StateNotWritten where there was no need to look, or
    nothing can be seen.
    """
    if not is_refused(error) and not may_be_done(error):
        raise StateNotWritten(_refused(what, error)) from error
    try:
        return ask(look)
    except NO_ANSWER as unseen:
        raise StateNotWritten(f"{_refused(what, error)}; {explain('reading it back', unseen)}") from error


def _refused(what: str, error: Exception) -> str:
    return f"somebody holds the {what}" if is_refused(error) else explain(f"taking the {what}", error)


def _give_back(delete: Any, **wanted: Any) -> None:
    """A lock that is left behind is found and judged by the next run; it never hides how the write ended."""
    try:
        ask(delete, **wanted)
    except NO_ANSWER:
        return
