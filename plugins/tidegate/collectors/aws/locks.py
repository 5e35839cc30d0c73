"""Who holds the lock on a state (ST4, ST6): DynamoDB item and S3 lock file, as Terraform wrote them."""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import MalformedAnswer, ask, field, json_of, observe, optional, storable
from tidegate.collectors.aws.stack_backend import BackendSettings, backend_settings
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.state import StateLock

IAM_ACTIONS: tuple[str, ...] = ("dynamodb:GetItem", "s3:GetObject", "s3:ListBucket")

DYNAMODB, LOCKFILE = "dynamodb", "s3-lockfile"
_SAYS = {"ID": "id", "Who": "holder", "Created": "time"}
"""What a whole lock says."""


def read_state_locks(clients: Clients, environment: Environment, stack: str) -> Observed[tuple[StateLock, ...]]:
    """Every lock held on a stack's state now, of both kinds, whichever of them the stack uses.

    An empty tuple is an answer: nobody holds it. Absent: there is no lock table. A missing bucket is Unreadable,
    because then nobody can say. A lock that is damaged is a lock all the same, and says what is wrong with it.
    """
    settings = backend_settings(environment, stack)
    in_table, in_bucket = _dynamodb_lock(clients, settings), _lockfile(clients, settings)
    if not isinstance(in_table, Known):
        return in_table
    if isinstance(in_bucket, Unreadable):
        return in_bucket
    in_file = in_bucket.value if isinstance(in_bucket, Known) else None
    return Known(tuple(lock for lock in (in_table.value, in_file) if lock is not None))


def lock_item(clients: Clients, settings: BackendSettings) -> dict[str, Any] | None:
    """The item of the lock in the table, never that of the digest; None without one. Raises as `ask` does."""
    answer = ask(
        clients.dynamodb_in(settings.region).get_item,
        TableName=settings.lock_table,
        Key={"LockID": {"S": settings.lock_id}},
        ConsistentRead=True,
    )
    # DynamoDB leaves `Item` out when there is none; the metadata tells an answer from a truncated one.
    field(answer, "ResponseMetadata", dict)
    return optional(answer, "Item", dict)


def information_of(item: dict[str, Any]) -> bytes | None:
    """What Terraform wrote into the item; None where it holds no text of that name."""
    info = item.get("Info")
    text = info.get("S") if isinstance(info, dict) else None
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else None


def lock_file(clients: Clients, settings: BackendSettings) -> tuple[bytes, Any]:
    """The lock file, and the answer that it came in. Raises as `ask` does, with NoSuchKey without one."""
    answer = ask(clients.s3_in(settings.region).get_object, Bucket=settings.bucket, Key=settings.lockfile_key)
    body: bytes = ask(lambda: answer["Body"].read())
    return body, answer


def _dynamodb_lock(clients: Clients, settings: BackendSettings) -> Known[StateLock | None] | Absent | Unreadable:
    """Known(None): the table holds no lock on the state. Absent: there is no table."""

    def read() -> StateLock | None:
        item = lock_item(clients, settings)
        return None if item is None else parse_lock(information_of(item), DYNAMODB)

    call = f"GetItem {settings.lock_id} of table {settings.lock_table}"
    return observe(call, read, absent=["ResourceNotFoundException"])


def _lockfile(clients: Clients, settings: BackendSettings) -> Known[StateLock] | Absent | Unreadable:
    call = f"GetObject s3://{settings.bucket}/{settings.lockfile_key}"
    return observe(call, lambda: parse_lock(lock_file(clients, settings)[0], LOCKFILE), absent=["NoSuchKey"])


def digest_of_lock(content: bytes | None) -> str:
    """sha256 of what a lock holds; that of an item without information is all zeros."""
    return hashlib.sha256(content).hexdigest() if content is not None else "0" * 64


def parse_lock(content: bytes | None, kind: str) -> StateLock:
    """Terraform's lock information (None: the item has none). One that nobody can read is still a lock."""
    document: dict[str, Any] = {}
    damage = ""
    if content is None:
        damage = "it is an item without information"
    elif not content.strip():
        damage = "it is empty"
    else:
        try:
            found = json_of(content.decode("utf-8"), "the lock")
            document = found if isinstance(found, dict) else {}
            damage = "" if isinstance(found, dict) else "it is not an object of JSON"
        except (MalformedAnswer, UnicodeDecodeError):
            damage = "it is not JSON"
    said = {name: _said(document, name) for name in ("ID", "Operation", "Who", "Created")}
    if not damage:
        lacking = [word for name, word in _SAYS.items() if not said[name]]
        created = _moment(said["Created"])
        lacking += ["time"] if said["Created"] and created is None else []
        damage = f"it says no {' and no '.join(lacking)}" if lacking else ""
    return StateLock(
        id=said["ID"],
        operation=said["Operation"],
        who=said["Who"],
        created=_moment(said["Created"]),
        kind=kind,
        damage=damage,
        sha256=digest_of_lock(content),
    )


def _said(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) and value.strip() and storable(value) else ""


def _moment(text: str) -> datetime | None:
    """An RFC 3339 time with Go's nanoseconds, as aware UTC to the microsecond; None when it is not one."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # a year 1 may have no UTC
        return None
