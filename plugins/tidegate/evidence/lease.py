"""The run lease: one lane run per environment at a time.

One object, changed only by conditional puts (`If-None-Match: *` for the first, `If-Match: <etag>` afterwards), so that
of two takers one wins. Who is refused reads it again: the answer to its own put may have been lost. It expires when
its holder stops renewing it; Terraform's state lock stays the last line.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tidegate.answers import NO_ANSWER, ask, error_code, explain
from tidegate.conditional import ask_conditionally, is_refused
from tidegate.evidence.canonical import seal, unseal
from tidegate.models.control import Lease, LeaseHolder
from tidegate.models.observed import Absent, Known, Observed, Unreadable

_TRIES = 4
"""How often a release is tried while other tasks of the same run renew the lease."""


class RunLease:
    """The lease of one environment, seen by one DAG run."""

    def __init__(self, client: Any, bucket: str, environment: str, *, seconds: int) -> None:
        self._client = client
        self._bucket = bucket
        self._key = f"control/{environment}/lease.json"
        self._length = timedelta(seconds=seconds)

    def acquire(self, *, dag_id: str, run_id: str, execution_id: str, now: datetime) -> Lease:
        """Take or renew the lease. Never raises for what S3 answers; a lease that cannot be read is not ours."""
        current, etag = self._read()
        if isinstance(current, Unreadable):
            return Lease(ours=False, holder=current)
        ours = LeaseHolder(
            dag_id=dag_id,
            run_id=run_id,
            execution_id=execution_id,
            acquired_at=now,
            heartbeat_at=now,
            expires_at=now + self._length,
        )
        if isinstance(current, Known):
            holder = current.value
            if (holder.dag_id, holder.run_id) == (dag_id, run_id):
                ours = replace(ours, acquired_at=holder.acquired_at)
            elif holder.expires_at > now:
                return Lease(ours=False, holder=current)
        refusal = self._write(ours, etag)
        if refusal is None:
            return Lease(ours=True, holder=Known(ours))
        now_there = self._read()[0]
        if refusal != "lost the race":  # it may be written all the same, when no answer came
            lost = Lease(ours=False, holder=Unreadable(refusal))
            return Lease(ours=True, holder=now_there) if now_there == Known(ours) else lost
        return Lease(ours=_is_held(now_there, dag_id, run_id, now), holder=now_there)

    def check(self, *, dag_id: str, run_id: str, now: datetime) -> Lease:
        """Look without taking: ours only when this run holds it and it has not expired."""
        current, _ = self._read()
        return Lease(ours=_is_held(current, dag_id, run_id, now), holder=current)

    def release(self, *, dag_id: str, run_id: str, now: datetime) -> bool:
        """Let it expire now, when it is ours. True when it is not ours any more afterwards."""
        for _ in range(_TRIES):
            current, etag = self._read()
            if isinstance(current, Unreadable):
                return False
            if not isinstance(current, Known) or (current.value.dag_id, current.value.run_id) != (dag_id, run_id):
                return True
            released = replace(current.value, heartbeat_at=now, expires_at=now)
            if current.value == released or self._write(released, etag) is None:
                return True
        return False

    def _read(self) -> tuple[Observed[LeaseHolder], str | None]:
        try:
            answer = ask(self._client.get_object, Bucket=self._bucket, Key=self._key)
            record = unseal(ask(answer["Body"].read))
            holder = LeaseHolder(
                dag_id=record["dag_id"],
                run_id=record["run_id"],
                execution_id=record["execution_id"],
                acquired_at=datetime.fromisoformat(record["acquired_at"]),
                heartbeat_at=datetime.fromisoformat(record["heartbeat_at"]),
                expires_at=datetime.fromisoformat(record["expires_at"]),
            )
            if None in {holder.acquired_at.tzinfo, holder.heartbeat_at.tzinfo, holder.expires_at.tzinfo}:
                raise ValueError("a time without a zone")
            return Known(holder), answer["ETag"]
        except NO_ANSWER as error:
            return Absent() if error_code(error) == "NoSuchKey" else Unreadable(explain(self._key, error)), None
        except (KeyError, TypeError, ValueError, json.JSONDecodeError) as error:
            return Unreadable(f"{self._key}: {type(error).__name__}: {error}"), None

    def _write(self, holder: LeaseHolder, etag: str | None) -> str | None:
        """None when written, "lost the race", or what S3 said."""
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        record = {
            "dag_id": holder.dag_id,
            "run_id": holder.run_id,
            "execution_id": holder.execution_id,
            "acquired_at": holder.acquired_at.isoformat(),
            "heartbeat_at": holder.heartbeat_at.isoformat(),
            "expires_at": holder.expires_at.isoformat(),
        }
        try:
            put = self._client.put_object
            ask_conditionally(put, Bucket=self._bucket, Key=self._key, Body=seal(record), **condition)
        except NO_ANSWER as error:
            return "lost the race" if is_refused(error) else explain(self._key, error)
        return None


def _is_held(current: Observed[LeaseHolder], dag_id: str, run_id: str, now: datetime) -> bool:
    """By this run, in whichever of its tasks, and not expired."""
    if not isinstance(current, Known):
        return False
    holder = current.value
    return (holder.dag_id, holder.run_id) == (dag_id, run_id) and holder.expires_at > now
