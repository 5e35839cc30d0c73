"""The canonical form of evidence and its digest (RFC 8785; Decimal as string, times UTC with Z)."""

import hashlib
import json
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import rfc8785
from pydantic import BaseModel


def plain(value: Any) -> Any:
    """The JSON form of facts and models. Raises TypeError for anything that has no defined form."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump(by_alias=True))
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("no canonical form for a time without a zone")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")  # never with an exponent: what reads amounts refuses one
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"no canonical form for {type(value).__name__}")


def digest_of(value: Any) -> str:
    """sha256 of the canonical form, as 64 hex digits."""
    return hashlib.sha256(rfc8785.dumps(plain(value))).hexdigest()


def document_digest(document: dict[str, Any]) -> str:
    """The digest that a document carries about itself: over everything but its field `digest`."""
    return digest_of({key: value for key, value in document.items() if key != "digest"})


def seal(document: dict[str, Any]) -> bytes:
    """The document with its digest, as readable UTF-8 JSON that ends in a newline."""
    sealed = {**document, "digest": document_digest(document)}
    return (json.dumps(sealed, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def unseal(content: bytes) -> dict[str, Any]:
    """Parse a sealed document. Raises ValueError when it is not JSON, not an object, or does not match its digest."""
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError(f"expected a JSON object, found {type(document).__name__}")
    if document.get("digest") != document_digest(document):
        raise ValueError("the digest does not match the content")
    return cast(dict[str, Any], document)
