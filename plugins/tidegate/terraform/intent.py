"""Intent records: which terraform was started for a stack, where, and whether it may still be running.

Written before the process is spawned, completed with its pid, closed when it ended. Terraform may outlive its worker;
the next try reads the record and never starts a second one beside a live one (ADR 10).
"""

import json
import socket
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import TypeAdapter

from tidegate.answers import NO_ANSWER, ask, error_code, explain
from tidegate.models.authorization import Intent
from tidegate.models.observed import Absent, Known, Observed, Unreadable, shown
from tidegate.models.state import ApplyEnd
from tidegate.terraform import process

_RECORDED = TypeAdapter(ApplyEnd)


class IntentUnwritable(Exception):
    """The intent record cannot be stored, so terraform must not start."""


@dataclass(frozen=True, slots=True)
class IntentOwner:
    """Which task try is about to run terraform."""

    execution_id: str
    dag_id: str
    run_id: str
    task_id: str
    try_number: int


class IntentLog:
    """The intent record of one stack, in the environment's work bucket."""

    def __init__(
        self, client: Any, bucket: str, environment: str, stack: str, *, silence: timedelta = timedelta(hours=1)
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._stack = stack
        self._silence = silence
        self._key = f"intents/{environment}/{stack}.json"
        self._apply_key = f"intents/{environment}/{stack}.apply.json"
        """The newest apply keeps a record of its own: a later plan of the stack must not hide how it ended."""

    def open(self, operation: str, owner: IntentOwner, now: datetime, plan_sha256: str | None = None) -> dict[str, Any]:
        """Record that terraform is about to start; an apply names its plan. Raises IntentUnwritable."""
        record = {
            "id": uuid.uuid4().hex,
            "stack": self._stack,
            "operation": operation,
            "execution_id": owner.execution_id,
            "dag_id": owner.dag_id,
            "run_id": owner.run_id,
            "task_id": owner.task_id,
            "try_number": owner.try_number,
            "host": socket.gethostname(),
            "pid": None,
            "create_time": None,
            "started_at": now.isoformat(),
            "heartbeat_at": now.isoformat(),
            "ended_at": None,
            "returncode": None,
            "plan_sha256": plan_sha256,
        }
        self._write(record)
        return record

    def nothing_unfinished(self) -> None:
        """Make sure that opening a record replaces none that is still needed. Raises IntentUnwritable."""
        found = self.unfinished()
        if not isinstance(found, Known | Absent) or (isinstance(found, Known) and found.value.hinders_a_look):
            raise IntentUnwritable(f"{self._key}: a terraform was not seen to end, its record stays: {shown(found)}")

    def planned_again(self, now: datetime) -> None:
        """Note that a plan for people was made after an apply that nobody saw end. Raises IntentUnwritable."""
        match self._read(self._apply_key):
            case Known(record) if record.get("ended_at") is None and not record.get("planned_again_at"):
                self._put(self._apply_key, {**record, "planned_again_at": now.isoformat()})
            case _:
                pass

    def started(self, record: dict[str, Any], started: process.Started) -> None:
        """Add the pid. Raises IntentUnwritable."""
        record |= {"pid": started.pid, "create_time": started.create_time}
        self._write(record)

    def beat(self, record: dict[str, Any], now: datetime) -> None:
        """Say that the worker still watches its terraform. Raises IntentUnwritable."""
        record |= {"heartbeat_at": now.isoformat()}
        self._write(record)

    def ended(self, record: dict[str, Any], returncode: int, now: datetime) -> None:
        """Close the record. Raises IntentUnwritable."""
        record |= {"ended_at": now.isoformat(), "returncode": returncode}
        self._write(record)

    def read(self) -> Observed[dict[str, Any]]:
        """The newest record, open or closed."""
        return self._read(self._key)

    def last_apply(self) -> Observed[ApplyEnd]:
        """How the newest apply of the stack ended. Absent: none is recorded."""
        match self._read(self._apply_key):
            case Known(record):
                try:
                    again = record.get("planned_again_at") is not None
                    return Known(_RECORDED.validate_python({**record, "task": _task(record), "planned_again": again}))
                except (KeyError, ValueError) as error:
                    return Unreadable(f"{self._apply_key}: {type(error).__name__}, not the record of an apply")
            case other:
                return other

    def last_apply_record(self) -> Observed[dict[str, Any]]:
        """The record of the newest apply as it lies there. Absent: none is recorded."""
        return self._read(self._apply_key)

    def _read(self, key: str) -> Observed[dict[str, Any]]:
        try:
            answer = ask(self._client.get_object, Bucket=self._bucket, Key=key)
            record = json.loads(ask(answer["Body"].read))
        except NO_ANSWER as error:
            return Absent() if error_code(error) == "NoSuchKey" else Unreadable(explain(key, error))
        except ValueError as error:
            return Unreadable(f"{key}: {error}")
        return Known(record) if isinstance(record, dict) else Unreadable(f"{key}: not an object")

    def unfinished(self) -> Observed[Intent]:
        """A terraform that may still be running. Absent: none was started, or the last one was seen to end."""
        match self.read():
            case Known(record):
                return self._judge(record)
            case other:
                return other

    def _judge(self, record: dict[str, Any]) -> Observed[Intent]:
        try:
            if record["ended_at"] is not None:
                return Absent()
            return Known(
                Intent(
                    id=record["id"],
                    stack=record["stack"],
                    operation=record["operation"],
                    execution_id=record["execution_id"],
                    task=_task(record),
                    host=record["host"],
                    liveness=self._liveness(record),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            return Unreadable(f"{self._key}: {type(error).__name__}: {error}")

    def _liveness(self, record: dict[str, Any]) -> Literal["live", "dead", "unknown"]:
        """On another host nobody can look at the process. After a silence longer than any terraform may run, with its
        session's credentials long expired, it is dead all the same (ST6).
        """
        found = liveness(record)
        heard = datetime.fromisoformat(record.get("heartbeat_at", record["started_at"]))
        return "dead" if found == "unknown" and datetime.now(UTC) - heard > self._silence else found

    def _write(self, record: dict[str, Any]) -> None:
        for key in (self._key, self._apply_key) if record["operation"] == "apply" else (self._key,):
            self._put(key, record)

    def _put(self, key: str, record: dict[str, Any]) -> None:
        try:
            ask(
                self._client.put_object,
                Bucket=self._bucket,
                Key=key,
                Body=json.dumps(record, indent=2).encode(),
                ContentType="application/json",
            )
        except NO_ANSWER as error:
            raise IntentUnwritable(explain(key, error)) from None  # its own text is not redacted


def _task(record: dict[str, Any]) -> str:
    return f"{record['dag_id']}/{record['run_id']}/{record['task_id']} try {record['try_number']}"


def liveness(record: dict[str, Any]) -> Literal["live", "dead", "unknown"]:
    """Is the recorded process alive? Only its own host can tell; from elsewhere it is unknown."""
    if record["host"] != socket.gethostname():
        return "unknown"
    if record["pid"] is None:
        return "live" if process.find_marked(record["id"]) else "dead"
    return "live" if process.alive(int(record["pid"]), float(record["create_time"])) else "dead"
