"""Deletes a state lock that was judged, byte for byte that one (ST6). The digest beside it is never touched."""

from tidegate.answers import NO_ANSWER, ask, error_code, explain
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.locks import DYNAMODB, digest_of_lock, information_of, lock_file, lock_item
from tidegate.collectors.aws.reading import text
from tidegate.collectors.aws.stack_backend import BackendSettings
from tidegate.conditional import ask_conditionally, is_refused, may_be_done
from tidegate.models.state import StateLock

IAM_ACTIONS: tuple[str, ...] = ("dynamodb:DeleteItem", "dynamodb:GetItem", "s3:DeleteObject", "s3:GetObject")

_GONE = frozenset({"NoSuchKey", "404"})


class LockNotReleased(Exception):
    """The lock is as it was, or another one: what lies there is not what was judged, or AWS refused."""


def delete_judged_lock(clients: Clients, settings: BackendSettings, judged: StateLock) -> None:
    """Delete the lock that was judged. One that is gone by now is released. Raises LockNotReleased."""
    where = settings.lock_id if judged.kind == DYNAMODB else f"s3://{settings.bucket}/{settings.lockfile_key}"
    if not judged.sha256:
        raise LockNotReleased(f"{where}: nobody noted what was judged")
    try:
        if judged.kind == DYNAMODB:
            _delete_item(clients, settings, judged)
        else:
            _delete_file(clients, settings, judged)
    except NO_ANSWER as error:
        if error_code(error) in _GONE:
            return
        if not is_refused(error) and not may_be_done(error):
            raise LockNotReleased(explain(where, error)) from error
        if not _is_gone(clients, settings, judged, where, error):
            reason = f"{where} changed while it was to be released" if is_refused(error) else explain(where, error)
            raise LockNotReleased(reason) from error


def _is_gone(clients: Clients, settings: BackendSettings, judged: StateLock, where: str, error: Exception) -> bool:
    """Is there no lock any more? The answer to the delete may have been lost. Raises LockNotReleased: not known."""
    try:
        if judged.kind == DYNAMODB:
            return lock_item(clients, settings) is None
        lock_file(clients, settings)
        return False
    except NO_ANSWER as unseen:
        if error_code(unseen) in _GONE:
            return True
        said = f"{explain(where, error)}; it may be released all the same"
        raise LockNotReleased(f"{said}: {explain('reading it back', unseen)}") from unseen


def _delete_item(clients: Clients, settings: BackendSettings, judged: StateLock) -> None:
    item = lock_item(clients, settings)
    if item is None:
        return
    content = information_of(item)
    _same(settings.lock_id, content, judged)
    table, key = clients.dynamodb_in(settings.region), {"LockID": {"S": settings.lock_id}}
    if "Info" not in item:
        condition = "attribute_exists(LockID) AND attribute_not_exists(Info)"
        ask(table.delete_item, TableName=settings.lock_table, Key=key, ConditionExpression=condition)
        return
    ask(
        table.delete_item,
        TableName=settings.lock_table,
        Key=key,
        ConditionExpression="Info = :judged",
        ExpressionAttributeValues={":judged": item["Info"]},
    )


def _delete_file(clients: Clients, settings: BackendSettings, judged: StateLock) -> None:
    content, answer = lock_file(clients, settings)
    _same(settings.lockfile_key, content, judged)
    etag = text(answer, "ETag")
    s3 = clients.s3_in(settings.region)
    ask_conditionally(s3.delete_object, Bucket=settings.bucket, Key=settings.lockfile_key, IfMatch=etag)


def _same(where: str, content: bytes | None, judged: StateLock) -> None:
    if digest_of_lock(content) != judged.sha256:
        raise LockNotReleased(f"{where} is not the lock that was judged any more")
