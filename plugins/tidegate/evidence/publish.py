"""Publishes documents as numbered attempts and reads the newest one back. A rerun adds, never overwrites (EV1, EV5)."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from tidegate.evidence.canonical import seal, unseal
from tidegate.evidence.layout import Place, attempt_of
from tidegate.evidence.store import AlreadyExists, EvidenceStore, StoredObject, StoreUnreachable


@dataclass(frozen=True, slots=True)
class Published:
    """A document that is in the store, with the digest it carries."""

    stored: StoredObject
    attempt: int
    document: dict[str, Any]

    @property
    def digest(self) -> str:
        """The document's own digest."""
        return str(self.document["digest"])


def publish(
    place: Place, build: Callable[[int], dict[str, Any]], local: EvidenceStore, remote: EvidenceStore | None
) -> Published:
    """Write the next attempt, to S3 first and then to the local mirror; without `remote` only locally (M1).

    `build` gets the attempt number and returns the document without digest. Raises StoreUnreachable; then the local
    mirror holds the document all the same, so that a person can read what could not be stored.
    """
    for attempt in count(_next_free(local, place.local)):
        content = seal(build(attempt))
        try:
            stored = (remote or local).create((place.remote_key if remote else place.local_key)(attempt), content)
        except AlreadyExists:
            continue
        except StoreUnreachable:
            if remote is not None:
                local.create(place.local_key(attempt), content)
            raise
        if remote is not None:
            local.create(place.local_key(attempt), content)
        return Published(stored, attempt, unseal(content))
    raise AssertionError("count() never ends")


def newest(store: EvidenceStore, stem: str) -> tuple[StoredObject, bytes] | None:
    """The newest attempt of a document, or None when there is none. Raises StoreUnreachable."""
    attempts = {n: key for key in store.keys(f"{stem}.") if (n := attempt_of(stem, key)) is not None}
    return store.read(attempts[max(attempts)]) if attempts else None


def _next_free(local: EvidenceStore, stem: str) -> int:
    return max((n for key in local.keys(f"{stem}.") if (n := attempt_of(stem, key)) is not None), default=0) + 1
