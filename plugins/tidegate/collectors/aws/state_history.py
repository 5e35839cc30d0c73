"""The versions of a state object beside the digest that the lock table holds for it (hashicorp/terraform#20708)."""

import hashlib
from typing import Any

from tidegate.answers import NO_ANSWER
from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, ask, field, observe, optional, text
from tidegate.collectors.aws.stack_backend import BackendSettings, backend_settings
from tidegate.collectors.aws.state_object import state_content
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.state import HistoryVersion, StateDigest

IAM_ACTIONS: tuple[str, ...] = (
    "dynamodb:GetItem",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
)

MOST_VERSIONS = 50
"""Looked at, newest first: what fits the digest was written a moment before or after it."""


def read_digest(clients: Clients, environment: Environment, stack: str) -> Observed[str]:
    """The MD5 that the lock table holds for a state. Absent: it holds none, or there is no table."""
    settings = backend_settings(environment, stack)

    def read() -> str | None:
        answer = ask(
            clients.dynamodb_in(settings.region).get_item,
            TableName=settings.lock_table,
            Key={"LockID": {"S": settings.digest_id}},
            ConsistentRead=True,
        )
        field(answer, "ResponseMetadata", dict)
        item = optional(answer, "Item", dict)
        return None if item is None else field(item, "Digest.S", str)

    found = observe(f"GetItem {settings.digest_id} of table {settings.lock_table}", read, ["ResourceNotFoundException"])
    if not isinstance(found, Known):
        return found
    return Known(found.value) if found.value else Absent()


def read_history(
    clients: Clients, environment: Environment, stack: str, most: int = MOST_VERSIONS
) -> Observed[tuple[HistoryVersion, ...]]:
    """The newest versions of a stack's state object, newest first. Absent: there is no such object.

    One that is no state, or that cannot be read, says so in place of its serial.
    """
    settings = backend_settings(environment, stack)
    s3: Any = clients.s3_in(settings.region)

    def read() -> tuple[HistoryVersion, ...]:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=settings.bucket, Prefix=settings.key)
        listed = [it for it in _versions(pages) if it.get("Key") == settings.key]
        newest = sorted(listed, key=lambda it: (bool(it.get("IsLatest")), it["LastModified"]), reverse=True)
        return tuple(_version(s3, settings, it) for it in newest[:most])

    found = observe(f"ListObjectVersions s3://{settings.bucket}/{settings.key}", read)
    return Absent() if found == Known(()) else found


def check_digest(clients: Clients, environment: Environment, stack: str) -> Observed[StateDigest]:
    """The digest and the object when they do not fit each other. Absent: they fit, or there is no digest to fit."""
    digest = read_digest(clients, environment, stack)
    if not isinstance(digest, Known):
        return digest
    newest = read_history(clients, environment, stack, most=1)
    if isinstance(newest, Unreadable):
        return newest
    current = newest.value[0] if isinstance(newest, Known) and newest.value[0].is_latest else None
    if current is not None and current.md5 == Known(digest.value):
        return Absent()
    if current is not None and not isinstance(current.md5, Known):
        return Unreadable(f"version {current.version_id} of the state cannot be read, so its digest is not known")
    history = read_history(clients, environment, stack)
    versions = history.value if isinstance(history, Known) else ()
    return Known(
        StateDigest(
            digest=digest.value,
            current=Known(current) if current is not None else Absent(),
            fitting=tuple(it for it in versions if it.md5 == Known(digest.value)),
            looked_at=len(versions),
        )
    )


def _versions(pages: Any) -> list[Any]:
    """Every version of every page; a page without any leaves the list out."""
    found: list[Any] = []
    try:
        for page in pages:
            field(page, "ResponseMetadata", dict)
            found += optional(page, "Versions", list) or []
    except (ValueError, TypeError, LookupError) as error:
        raise MalformedAnswer(f"the list of versions cannot be used ({type(error).__name__})") from error
    return found


def _version(s3: Any, settings: BackendSettings, listed: Any) -> HistoryVersion:
    version_id = text(listed, "VersionId")
    md5: Observed[str]
    serial: Observed[int]
    lineage: Observed[str]
    try:
        answer = ask(s3.get_object, Bucket=settings.bucket, Key=settings.key, VersionId=version_id)
        body: bytes = ask(lambda: answer["Body"].read())
        md5 = Known(hashlib.md5(body, usedforsecurity=False).hexdigest())
    except NO_ANSWER as error:
        md5 = serial = lineage = Unreadable(f"GetObject version {version_id}: {error}")
    else:
        try:
            content = state_content(body)
            serial, lineage = Known(content.serial), Known(content.lineage)
        except MalformedAnswer as error:
            serial = lineage = Unreadable(str(error))
    return HistoryVersion(
        version_id=version_id,
        modified=listed["LastModified"],
        size=field(listed, "Size", int),
        is_latest=field(listed, "IsLatest", bool),
        serial=serial,
        lineage=lineage,
        md5=md5,
    )
