"""Write-once storage (EV1): create what does not exist, read, list; never overwrite, never delete.

StoreError
  + AlreadyExists      somebody wrote this key before
  + NotThere           there is no such key
  + StoreUnreachable   no usable answer; nothing may mutate without evidence
    + WriteUnconfirmed   the write may be done all the same: neither its answer nor the object can be seen
"""

import hashlib
import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tidegate.answers import NO_ANSWER, ask, error_code, said
from tidegate.conditional import WRITE_ID, ask_conditionally, is_refused, may_be_done
from tidegate.models.redaction import without_secrets

PAGE = 1000
"""So many keys S3 lists at a time."""

_NOT_THERE = frozenset({"404", "NoSuchKey"})


class StoreError(Exception):
    """Something about evidence storage; `key` names the object."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(f"{key}: {without_secrets(detail)}" if detail else key)
        self.key = key


class AlreadyExists(StoreError):
    """The key is taken."""


class NotThere(StoreError):
    """The key does not exist."""


class StoreUnreachable(StoreError):
    """The store did not answer, or refused."""


class WriteUnconfirmed(StoreUnreachable):
    """Whether the object was written is not known."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it lies in the store. `sha256` is over its bytes, `version_id` is None outside S3."""

    key: str
    uri: str
    version_id: str | None
    sha256: str


class EvidenceStore(Protocol):
    """Where evidence lies."""

    def create(self, key: str, content: bytes) -> StoredObject:
        """Write a new object. Raises AlreadyExists, StoreUnreachable."""
        ...

    def read(self, key: str) -> tuple[StoredObject, bytes]:
        """Read an object. Raises NotThere, StoreUnreachable."""
        ...

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        """All keys with a prefix, sorted; only those behind `after`, if given. Raises StoreUnreachable."""
        ...

    def page(self, prefix: str, after: str = "", most: int = PAGE) -> tuple[tuple[str, ...], bool]:
        """The first of those keys, `PAGE` at most, and whether there are more: one request. Raises StoreUnreachable."""
        ...


class LocalStore:
    """Evidence below a directory, as the mirror in `runs/`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, key: str, content: bytes) -> StoredObject:
        """Write a new file and make it durable; a crash leaves no half file under the key."""
        path = self._root / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnreachable(key, f"{type(error).__name__}: {error.strerror}") from error
        scratch = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        try:
            with scratch.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.link(scratch, path)
        except FileExistsError as error:
            raise AlreadyExists(key) from error
        except OSError as error:
            raise StoreUnreachable(key, f"{type(error).__name__}: {error.strerror}") from error
        finally:
            scratch.unlink(missing_ok=True)
        return StoredObject(key, f"file:{key}", None, hashlib.sha256(content).hexdigest())

    def read(self, key: str) -> tuple[StoredObject, bytes]:
        """Read a file."""
        try:
            content = (self._root / key).read_bytes()
        except FileNotFoundError as error:
            raise NotThere(key) from error
        except OSError as error:
            raise StoreUnreachable(key, f"{type(error).__name__}: {error.strerror}") from error
        return StoredObject(key, f"file:{key}", None, hashlib.sha256(content).hexdigest()), content

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        """Files whose key starts with the prefix."""
        directory = self._root / prefix.rpartition("/")[0]
        found: list[str] = []

        def unreadable(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise StoreUnreachable(prefix, f"{type(error).__name__}: {error.strerror}") from error

        for folder, _, names in os.walk(directory, onerror=unreadable):
            below = Path(folder).relative_to(self._root)
            found += [(below / name).as_posix() for name in names if not name.startswith(".")]
        return tuple(sorted(key for key in found if key.startswith(prefix) and key > after))

    def page(self, prefix: str, after: str = "", most: int = PAGE) -> tuple[tuple[str, ...], bool]:
        """The first files of `keys`."""
        found = self.keys(prefix, after)
        return found[:most], len(found) > most


class S3Store:
    """Evidence in the environment's evidence bucket. The client is passed in (a boto3 S3 client)."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def create(self, key: str, content: bytes) -> StoredObject:
        """Conditional put: `If-None-Match: *`, checked by SHA-256 on the way.

        A write whose answer was lost is found again by its own id, so AlreadyExists always means another write.
        """
        write_id = uuid.uuid4().hex
        try:
            answer = ask_conditionally(
                self._client.put_object,
                Bucket=self._bucket,
                Key=key,
                Body=content,
                IfNoneMatch="*",
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                Metadata={WRITE_ID: write_id},
            )
        except NO_ANSWER as error:
            if not is_refused(error) and not may_be_done(error):
                raise StoreUnreachable(key, said(error)) from None  # its own text is not redacted
            answer = self._own_write(key, write_id, error)
        return StoredObject(key, self.uri(key), answer.get("VersionId"), hashlib.sha256(content).hexdigest())

    def _own_write(self, key: str, write_id: str, error: Exception) -> Any:
        """What S3 says of the object, where this very write made it. Raises AlreadyExists, StoreUnreachable,
        WriteUnconfirmed.
        """
        try:
            found = ask(self._client.head_object, Bucket=self._bucket, Key=key)
        except NO_ANSWER as unseen:
            if error_code(unseen) in _NOT_THERE:
                raise StoreUnreachable(key, said(error)) from None
            raise WriteUnconfirmed(key, f"{said(error)}; it may be written all the same: {said(unseen)}") from None
        if found.get("Metadata", {}).get(WRITE_ID) != write_id:
            raise AlreadyExists(key) from error
        return found

    def read(self, key: str) -> tuple[StoredObject, bytes]:
        """Read the newest version of an object."""
        try:
            answer = ask(self._client.get_object, Bucket=self._bucket, Key=key)
            content: bytes = ask(answer["Body"].read)
        except NO_ANSWER as error:
            if error_code(error) == "NoSuchKey":
                raise NotThere(key) from error
            raise StoreUnreachable(key, said(error)) from None
        stored = StoredObject(key, self.uri(key), answer.get("VersionId"), hashlib.sha256(content).hexdigest())
        return stored, content

    def keys(self, prefix: str, after: str = "") -> tuple[str, ...]:
        """All keys with the prefix, over all pages."""
        start = {"StartAfter": after} if after else {}
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, **start)
        try:
            found = ask(lambda: [item["Key"] for page in pages for item in page.get("Contents", [])])
        except NO_ANSWER as error:
            raise StoreUnreachable(prefix, said(error)) from None
        return tuple(sorted(found))

    def page(self, prefix: str, after: str = "", most: int = PAGE) -> tuple[tuple[str, ...], bool]:
        """One list."""
        start = {"StartAfter": after} if after else {}
        try:
            answer = ask(self._client.list_objects_v2, Bucket=self._bucket, Prefix=prefix, MaxKeys=most, **start)
            return tuple(item["Key"] for item in answer.get("Contents", [])), bool(answer["IsTruncated"])
        except NO_ANSWER as error:
            raise StoreUnreachable(prefix, said(error)) from None

    def uri(self, key: str) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self._bucket}/{key}"
