"""The lock table of the backend, exactly as `include/terraform/core/README.md` says. Core adds the tags."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tidegate.collectors.aws.clients import Clients
from tidegate.collectors.aws.reading import ask, error_code, field, optional
from tidegate.terraform.bootstrap_steps import Outcome, Part, Refused, current

IAM_ACTIONS: tuple[str, ...] = (
    "dynamodb:CreateTable",
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:UpdateContinuousBackups",
    "dynamodb:UpdateTable",
)

LOCK_KEY = "LockID"
POLL_SECONDS, POLLS = 2, 60
"""A new table is ACTIVE, and its backups can be switched on, within seconds; two minutes is the end of patience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """What the table must be. `pause` waits so many seconds between two looks."""

    name: str
    pause: Callable[[float], None] = time.sleep


def table_parts(clients: Clients, spec: TableSpec) -> list[Part]:
    """Everything to ensure for the table, in order. Nothing is called before a part is performed."""
    table = _Table(clients, spec)
    label = f"lock table {spec.name}"
    return [
        Part(label, table.ensure_table),
        Part(f"{label}: deletion protection", table.ensure_deletion_protection),
        Part(f"{label}: encryption", table.ensure_encryption),
        Part(f"{label}: point-in-time recovery", table.ensure_recovery),
    ]


class _Table:
    def __init__(self, clients: Clients, spec: TableSpec) -> None:
        self._clients = clients
        self._spec = spec

    def _described(self) -> dict[str, Any]:
        return field(ask(self._clients.dynamodb.describe_table, TableName=self._spec.name), "Table", dict)

    def ensure_table(self) -> Outcome:
        table = current(self._described, "ResourceNotFoundException")
        if table is None:
            self._create()
            self._wait_until_active()
            return "created"
        keys = field(table, "KeySchema", list)
        if keys != [{"AttributeName": LOCK_KEY, "KeyType": "HASH"}]:
            found = ", ".join(f"{field(k, 'AttributeName', str)} {field(k, 'KeyType', str)}" for k in keys)
            raise Refused(f"its key is {found}, expected {LOCK_KEY} HASH; a key cannot be changed")
        self._wait_until_active()
        return "kept"

    def _create(self) -> None:
        try:
            ask(
                self._clients.dynamodb.create_table,
                TableName=self._spec.name,
                KeySchema=[{"AttributeName": LOCK_KEY, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": LOCK_KEY, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
                DeletionProtectionEnabled=True,
                SSESpecification={"Enabled": True},
            )
        except ClientError as error:
            # Made just now: by us, when the answer was lost, or by somebody else. The next looks judge what it is.
            if error_code(error) != "ResourceInUseException":
                raise

    def ensure_deletion_protection(self) -> Outcome:
        if self._is_protected():
            return "kept"
        self._update(self._is_protected, DeletionProtectionEnabled=True)
        return "corrected"

    def _is_protected(self) -> bool:
        return bool(optional(self._described(), "DeletionProtectionEnabled", bool))

    def ensure_encryption(self) -> Outcome:
        """With a key of the account, as core has it; without this, AWS's own key encrypts."""
        if self._is_encrypted():
            return "kept"
        self._update(self._is_encrypted, SSESpecification={"Enabled": True})
        return "corrected"

    def _is_encrypted(self) -> bool:
        status = optional(self._described().get("SSEDescription") or {}, "Status", str)
        return status in ("ENABLED", "ENABLING", "UPDATING")

    def _update(self, is_done: Callable[[], bool], **change: Any) -> None:
        """Change the table. One that is being changed already may be so by this very request, its answer lost."""
        try:
            ask(self._clients.dynamodb.update_table, TableName=self._spec.name, **change)
        except ClientError as error:
            if error_code(error) != "ResourceInUseException":
                raise
            self._wait_until_active()
            if not is_done():
                raise
        self._wait_until_active()

    def ensure_recovery(self) -> Outcome:
        answer = ask(self._clients.dynamodb.describe_continuous_backups, TableName=self._spec.name)
        path = "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus"
        if field(answer, path, str) == "ENABLED":
            return "kept"
        self._polled(self._switch_recovery_on, "backups cannot be switched on yet")
        return "created"

    def _switch_recovery_on(self) -> bool:
        try:
            ask(
                self._clients.dynamodb.update_continuous_backups,
                TableName=self._spec.name,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        except ClientError as error:
            # AWS prepares backups for a while after a table was made.
            if error_code(error) == "ContinuousBackupsUnavailableException":
                return False
            raise
        return True

    def _wait_until_active(self) -> None:
        self._polled(lambda: field(self._described(), "TableStatus", str) == "ACTIVE", "it is not ACTIVE")

    def _polled(self, done: Callable[[], bool], otherwise: str) -> None:
        """Look until it is done. Raises Refused at the end of patience."""
        for _ in range(POLLS):
            if done():
                return
            self._spec.pause(POLL_SECONDS)
        raise Refused(f"{otherwise} after {POLLS * POLL_SECONDS} seconds")
