"""Who holds the lock on a state (ST4, ST6): DynamoDB item and S3 lock file, as Terraform wrote them."""

import re
from datetime import UTC, datetime

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import ask, field, json_of, observe, optional, text_of
from tidegate.collectors.aws.stack_backend import BackendSettings, backend_settings
from tidegate.models.environment import Environment
from tidegate.models.observed import Absent, Known, Observed, Unreadable
from tidegate.models.state import StateLock

IAM_ACTIONS: tuple[str, ...] = ("dynamodb:GetItem", "s3:GetObject", "s3:ListBucket")

DYNAMODB, LOCKFILE = "dynamodb", "s3-lockfile"


def read_state_locks(clients: Clients, environment: Environment, stack: str) -> Observed[tuple[StateLock, ...]]:
    """Every lock held on a stack's state now, of both kinds, whichever of them the stack uses.

    An empty tuple is an answer: nobody holds it. Absent: there is no lock table. A missing bucket is Unreadable,
    because then nobody can say.
    """
    settings = backend_settings(environment, stack)
    in_table, in_bucket = _dynamodb_lock(clients, settings), _lockfile(clients, settings)
    if not isinstance(in_table, Known):
        return in_table
    if isinstance(in_bucket, Unreadable):
        return in_bucket
    in_file = in_bucket.value if isinstance(in_bucket, Known) else None
    return Known(tuple(lock for lock in (in_table.value, in_file) if lock is not None))


def _dynamodb_lock(clients: Clients, settings: BackendSettings) -> Known[StateLock | None] | Absent | Unreadable:
    """Known(None): the table holds no lock on the state. Absent: there is no table."""

    def read() -> StateLock | None:
        answer = ask(
            clients.dynamodb_in(settings.region).get_item,
            TableName=settings.lock_table,
            Key={"LockID": {"S": settings.lock_id}},
            ConsistentRead=True,
        )
        # DynamoDB leaves `Item` out when there is none; the metadata tells an answer from a truncated one.
        field(answer, "ResponseMetadata", dict)
        item = optional(answer, "Item", dict)
        return None if item is None else parse_lock(field(item, "Info.S", str), DYNAMODB)

    call = f"GetItem {settings.lock_id} of table {settings.lock_table}"
    return observe(call, read, absent=["ResourceNotFoundException"])


def _lockfile(clients: Clients, settings: BackendSettings) -> Known[StateLock] | Absent | Unreadable:
    def read() -> StateLock:
        s3 = clients.s3_in(settings.region)
        answer = ask(s3.get_object, Bucket=settings.bucket, Key=settings.lockfile_key)
        return parse_lock(text_of(answer), LOCKFILE)

    return observe(f"GetObject s3://{settings.bucket}/{settings.lockfile_key}", read, absent=["NoSuchKey"])


def parse_lock(text: str, kind: str) -> StateLock:
    """Terraform's lock information. Raises MalformedAnswer; a lock that nobody can read is still a lock."""
    document = json_of(text, "the lock is held, and its information")
    return StateLock(
        id=field(document, "ID", str),
        operation=field(document, "Operation", str),
        who=field(document, "Who", str),
        created=_moment(field(document, "Created", str)),
        kind=kind,
    )


def _moment(text: str) -> datetime | None:
    """An RFC 3339 time with Go's nanoseconds, as aware UTC to the microsecond; None when it is not one."""
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # a year 1 may have no UTC
        return None
